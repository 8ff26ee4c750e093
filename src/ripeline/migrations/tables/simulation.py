"""Figures put into the simulated market."""

from django.db import models
from django.db.models import F, Q

from ripeline.base.clock import now
from ripeline.migrations.tables.making import USER, one_of, table

RUNS = [
    ("queued", "Waiting"),
    ("running", "Running"),
    ("done", "Done"),
    ("cancelled", "Cancelled"),
    ("failed", "Failed"),
]

TABLES = [
    table(
        "SimulationRun",
        "simulation_run",
        {
            "id": models.AutoField(primary_key=True, serialize=False),
            "digest": models.CharField(max_length=64, unique=True),
            "figures": models.JSONField(default=dict),
            "origins": models.JSONField(default=dict),
            "worth": models.DecimalField(max_digits=14, decimal_places=2),
            "currency": models.CharField(max_length=3),
            "state": models.CharField(choices=RUNS, max_length=9, default="queued"),
            "asked_at": models.DateTimeField(default=now),
            "began_at": models.DateTimeField(null=True),
            "ended_at": models.DateTimeField(null=True),
            "begun": models.PositiveSmallIntegerField(default=0),
            "steps": models.PositiveSmallIntegerField(default=0),
            "done": models.PositiveSmallIntegerField(default=0),
            "cancel_asked": models.BooleanField(default=False),
            "problem": models.TextField(blank=True, default=""),
            "kept": models.JSONField(default=dict),
            "answer": models.JSONField(null=True),
            "asked_by": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
        },
        models.Index(fields=["-asked_at", "-id"], name="simulation_run_latest"),
        one_of("state", RUNS, name="simulation_run_state"),
        models.CheckConstraint(condition=Q(done__lte=F("steps")), name="simulation_run_not_past_its_end"),
        models.CheckConstraint(
            condition=~Q(state="done") | Q(answer__isnull=False), name="simulation_run_done_has_answer"
        ),
        models.CheckConstraint(condition=Q(worth__gte=0), name="simulation_run_worth"),
    ),
]
