"""A rep's day as it was planned, so that the list stays put while one works it."""

from django.db import models
from django.db.models.functions import Now

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

    class Meta:
        db_table = "plan"
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="plan_one_a_day")]


class Belief(models.Model):
    """What becomes of the leads that somebody has had since a day, as it was reckoned in the night: `worklist.belief`.

    Of `n` leads: how many buy from someone within a year, how many from us, how many have bought from us already.
    """

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField(default=clock.now)
    open = models.PositiveIntegerField()  # leads they had in hand then
    since = models.DateField()
    n = models.PositiveIntegerField()
    buyers = models.PositiveIntegerField()
    buyers_low = models.PositiveIntegerField()
    buyers_high = models.PositiveIntegerField()
    ours = models.PositiveIntegerField()
    ours_low = models.PositiveIntegerField()
    ours_high = models.PositiveIntegerField()
    won = models.PositiveIntegerField()
    soon = models.PositiveIntegerField()  # buyers within a month
    quarter = models.PositiveIntegerField()  # within three
    contacts = models.FloatField()  # that a lead takes; measured, or as planned
    contacts_so_far = models.FloatField()

    class Meta:
        db_table = "belief"

    @property
    def words(self) -> str:
        """The line over Today."""
        return (
            f"Of the {self.n:,} leads you have had since {self.since:%B}, about {self.buyers:,} will buy from someone"
            f" and {self.ours:,} should be yours{self.already}. Most are still green, and that is normal."
        )

    @property
    def already(self) -> str:
        """The end of "19 should be yours": ", of which you have won 5 already"; "" before the first."""
        return f", of which you have won {self.won:,} already" if self.won else ""

    @property
    def uncertainty(self) -> str:
        """How sure that is, when, and for how much work; for who wants to know."""
        return (
            f"Within a year: between {self.buyers_low:,} and {self.buyers_high:,} buyers, {self.ours_low:,} to"
            f" {self.ours_high:,} of them yours (four times in five). About {self.soon:,} within a month and"
            f" {self.quarter:,} within three. It takes about {self.contacts:.0f} contacts a lead; so far each has had"
            f" {self.contacts_so_far:.1f}."
        )


class PlanItem(models.Model):
    id = primary_key()
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="items", db_index=False)
    lead_id = models.UUIDField()
    position = models.PositiveIntegerField()
    tag = models.CharField(max_length=12)  # what decided it: promise, ripe, turning, green …
    why = models.TextField()  # the sentence
    said_at = models.DateTimeField(db_default=Now())  # when it was: by a score that is newer it is said anew
    decided = models.CharField(max_length=12, default="")  # worklist.deciding.Fact: what of it decided
    value = models.FloatField()
    minutes = models.PositiveSmallIntegerField()
    done_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=160, blank=True, default="")  # "meeting Thu", shown on the done row
    activity_id = models.UUIDField(null=True)  # what did it, for undo

    class Meta:
        db_table = "plan_item"
        constraints = [models.UniqueConstraint(fields=["plan", "lead_id"], name="plan_item_once")]
