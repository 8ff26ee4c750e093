"""Append-only activities keyed by lead id, and the reactions they cause."""

from django.db import models

from ripeline.base import clock
from ripeline.base.fields import primary_key
from ripeline.people.models import User


class Activity(models.Model):
    """Something that happened to a lead. UNIQUE(lead_id, origin, event_key): an event counts once (I3).

    `origin` says where the fact came from (web, import:…, worker), `event_key` names it there. `body` is what somebody
    wrote (a note, a mail): shown only to those who may read it; `data` holds what anyone who sees the entry may see.
    """

    id = primary_key()
    lead_id = models.UUIDField()
    kind = models.CharField(max_length=40)
    origin = models.CharField(max_length=60)
    event_key = models.CharField(max_length=120)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    is_private = models.BooleanField(default=False)
    body = models.TextField(blank=True, default="")
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "activity"
        constraints = [models.UniqueConstraint(fields=["lead_id", "origin", "event_key"], name="activity_once")]
        indexes = [models.Index(fields=["lead_id", "-occurred_at", "-id"], name="activity_of_lead")]


class Reaction(models.Model):
    """What is still to be done about an activity; the worker deletes the row when it is done."""

    id = models.BigAutoField(primary_key=True)
    activity_id = models.UUIDField()
    lead_id = models.UUIDField()
    kind = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, default="")

    class Meta:
        db_table = "reaction"
        indexes = [models.Index(fields=["due_at", "id"], name="reaction_due")]
