"""A rep's day as it was planned, so that the list stays put while one works it."""

from django.db import models

from ripeline.base import clock
from ripeline.base.fields import primary_key
from ripeline.people.models import User


class Plan(models.Model):
    id = primary_key()
    user = models.ForeignKey(User, on_delete=models.CASCADE, db_index=False)
    day = models.DateField()
    planned_at = models.DateTimeField(default=clock.now)
    minutes = models.PositiveSmallIntegerField(default=0)  # the day's budget when it was planned
    due = models.PositiveIntegerField(default=0)  # leads that were due then, of which these were chosen
    belief = models.JSONField(default=dict)  # what to expect of the leads given since January: worklist.belief

    class Meta:
        db_table = "plan"
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="plan_one_a_day")]


class PlanItem(models.Model):
    id = primary_key()
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="items", db_index=False)
    lead_id = models.UUIDField()
    position = models.PositiveIntegerField()
    tag = models.CharField(max_length=12)  # what decided it: promise, ripe, turning, green …
    why = models.TextField()  # the sentence
    decided = models.CharField(max_length=12, default="")  # worklist.deciding.Fact: what of it decided
    value = models.FloatField()
    minutes = models.PositiveSmallIntegerField()
    done_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=160, blank=True, default="")  # "meeting Thu", shown on the done row
    activity_id = models.UUIDField(null=True)  # what did it, for undo

    class Meta:
        db_table = "plan_item"
        constraints = [models.UniqueConstraint(fields=["plan", "lead_id"], name="plan_item_once")]
