"""Leaking leads put back to work: what was asked, how far it is, and what it decided, so that it can be undone."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from ripeline.base import clock
from ripeline.base.fields import one_of
from ripeline.people.models import User


class RecoveryState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Being planned"
    DONE = "done", "Back to work"
    CANCELLED = "cancelled", "Stopped"
    FAILED = "failed", "Broke off"
    UNDOING = "undoing", "Being taken back"
    UNDONE = "undone", "Taken back"


class Recovery(models.Model):
    """One time that somebody put leaking leads back to work, the likeliest first, so many a day for each person."""

    id = models.AutoField(primary_key=True)
    key = models.CharField(max_length=64, unique=True)  # of the request: sent twice, it is one
    asked = models.CharField(max_length=300, blank=True, default="")  # leakage.Asked, as an address's query
    leaks = ArrayField(models.CharField(max_length=12))
    per_day = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=9, choices=RecoveryState.choices, default=RecoveryState.QUEUED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    cancel_asked = models.BooleanField(default=False)
    problem = models.TextField(blank=True, default="")
    total = models.PositiveIntegerField(null=True)  # leads found, of which some may stay as they are
    looked_at = models.PositiveIntegerField(default=0)
    left_for_later = models.PositiveIntegerField(default=0)  # beyond the days that are planned
    last_day = models.DateField(null=True)  # the latest date given
    stayed = models.PositiveIntegerField(default=0)  # of those looked at: changed meanwhile, so left alone

    class Meta:
        db_table = "recovery"
        constraints = [
            one_of("state", RecoveryState, name="recovery_state"),
            models.CheckConstraint(condition=models.Q(per_day__gte=1, per_day__lte=50), name="recovery_per_day"),
        ]
        indexes = [models.Index(fields=["asked_by", "-id"], name="recovery_of")]

    @property
    def moved(self) -> int:
        """How many of those looked at were put back to work; of an undo, back to where they were."""
        return self.looked_at - self.stayed


class Recovered(models.Model):
    """A lead that was put back to work: the decision that did it."""

    id = models.BigAutoField(primary_key=True)
    recovery = models.ForeignKey(Recovery, on_delete=models.CASCADE, db_index=False)
    lead_id = models.UUIDField()
    activity_id = models.UUIDField()
    undone = models.BooleanField(default=False)

    class Meta:
        db_table = "recovered"
        constraints = [models.UniqueConstraint(fields=["recovery", "lead_id"], name="recovered_once")]
