"""One question put to the simulated market, how far its answer is, and the answer."""

from django.db import models
from django.db.models import F, Q

from ripeline.base import clock
from ripeline.base.fields import one_of
from ripeline.people.models import User


class SimulationState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"


class SimulationRun(models.Model):
    """The market that was asked about, once: `digest` names it, so that the same question has one row and one answer.

    `worth` and `currency` only turn wins into money; they are those of whoever asked last.
    """

    id = models.AutoField(primary_key=True)
    digest = models.CharField(max_length=64, unique=True)
    figures = models.JSONField(default=dict)  # rules.Figures.to_json
    origins = models.JSONField(default=dict)  # where each figure came from, by its name
    worth = models.DecimalField(max_digits=14, decimal_places=2)  # of a won deal
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=SimulationState.choices, default=SimulationState.QUEUED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField(default=clock.now)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    begun = models.PositiveSmallIntegerField(default=0)  # times that a process began it
    steps = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveSmallIntegerField(default=0)
    cancel_asked = models.BooleanField(default=False)
    problem = models.TextField(blank=True, default="")
    kept = models.JSONField(default=dict)  # what is found so far: goes on from there
    answer = models.JSONField(null=True)  # work.answer: rows, comparisons

    class Meta:
        db_table = "simulation_run"
        constraints = [
            one_of("state", SimulationState, name="simulation_run_state"),
            models.CheckConstraint(condition=Q(done__lte=F("steps")), name="simulation_run_not_past_its_end"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(answer__isnull=False), name="simulation_run_done_has_answer"
            ),
            models.CheckConstraint(condition=Q(worth__gte=0), name="simulation_run_worth"),
        ]
        indexes = [models.Index(fields=["-asked_at", "-id"], name="simulation_run_latest")]
