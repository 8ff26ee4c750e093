"""Putting leads back to work."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from ripeline.base.clock import now
from ripeline.migrations.tables.making import USER, one_of, table

RECOVERIES = [
    ("queued", "Waiting"),
    ("running", "Being planned"),
    ("done", "Back to work"),
    ("cancelled", "Stopped"),
    ("failed", "Broke off"),
    ("undoing", "Being taken back"),
    ("undone", "Taken back"),
]

TABLES = [
    table(
        "Recovery",
        "recovery",
        {
            "id": models.AutoField(primary_key=True, serialize=False),
            "key": models.CharField(max_length=64, unique=True),
            "asked": models.CharField(max_length=300, blank=True, default=""),
            "leaks": ArrayField(base_field=models.CharField(max_length=12), size=None),
            "per_day": models.PositiveSmallIntegerField(),
            "state": models.CharField(choices=RECOVERIES, max_length=9, default="queued"),
            "asked_at": models.DateTimeField(default=now),
            "ended_at": models.DateTimeField(null=True),
            "cancel_asked": models.BooleanField(default=False),
            "problem": models.TextField(blank=True, default=""),
            "total": models.PositiveIntegerField(null=True),
            "looked_at": models.PositiveIntegerField(default=0),
            "left_for_later": models.PositiveIntegerField(default=0),
            "last_day": models.DateField(null=True),
            "stayed": models.PositiveIntegerField(default=0),
            "asked_by": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
        },
        models.Index(fields=["asked_by", "-id"], name="recovery_of"),
        one_of("state", RECOVERIES, name="recovery_state"),
        models.CheckConstraint(condition=Q(per_day__gte=1, per_day__lte=50), name="recovery_per_day"),
    ),
    table(
        "Recovered",
        "recovered",
        {
            "id": models.BigAutoField(primary_key=True, serialize=False),
            "lead_id": models.UUIDField(),
            "activity_id": models.UUIDField(),
            "undone": models.BooleanField(default=False),
            "recovery": models.ForeignKey("ripeline.recovery", models.CASCADE, db_index=False),
        },
        models.UniqueConstraint(fields=["recovery", "lead_id"], name="recovered_once"),
    ),
]
