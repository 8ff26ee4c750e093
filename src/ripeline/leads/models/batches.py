"""One thing done with many leads at once."""

from django.db import models

from ripeline.base import clock
from ripeline.base.fields import one_of, primary_key
from ripeline.people.models import User


class BatchVerb(models.TextChoices):
    """What can be done with many leads at once."""

    GIVE = "give", "Give to somebody"
    NEXT = "next", "Set the next date"
    NURTURE = "nurture", "Leave to Keep in touch"
    CLOSE = "close", "Let go"
    REOPEN = "reopen", "Take up again"


class BatchState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Under way"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Broke off"
    UNDO_QUEUED = "undo_queued", "Waiting to be taken back"
    UNDOING = "undoing", "Being taken back"
    UNDONE = "undone", "Taken back"


class Batch(models.Model):
    """One thing done with many leads at once. Each piece commits together with `position`."""

    id = primary_key()
    verb = models.CharField(max_length=10, choices=BatchVerb.choices)
    state = models.CharField(max_length=12, choices=BatchState.choices, default=BatchState.QUEUED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=64)  # of the request: sent twice it is one
    query = models.CharField(max_length=2000, blank=True, default="")  # the list it was asked on
    is_ticked = models.BooleanField(default=False)  # leads ticked one by one; else all that the query finds
    terms = models.JSONField(default=dict)  # to whom, when, why
    zone = models.CharField(max_length=64, default="UTC")  # whose midnight "today" is in the query
    total = models.PositiveIntegerField(null=True)  # leads, once they are written down
    position = models.PositiveIntegerField(default=0)  # of the items, how far it is
    done = models.PositiveIntegerField(default=0)
    undone = models.PositiveIntegerField(default=0)
    left = models.JSONField(default=dict)  # reason → how many were left as they are
    cancel_asked = models.BooleanField(default=False)
    problem = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lead_batch"
        constraints = [
            models.UniqueConstraint(fields=["asked_by", "key"], name="lead_batch_once"),
            one_of("verb", BatchVerb, name="lead_batch_verb"),
            one_of("state", BatchState, name="lead_batch_state"),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="lead_batch_waiting")]


class BatchItem(models.Model):
    """A lead of a batch: what became of it, and the decision that undo takes back."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items", db_index=False)
    number = models.PositiveIntegerField()
    lead_id = models.UUIDField()
    outcome = models.CharField(max_length=10, blank=True, default="")
    activity_id = models.UUIDField(null=True)

    class Meta:
        db_table = "lead_batch_item"
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="lead_batch_item_once")]
