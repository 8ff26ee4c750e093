"""Whose turn it is, and what a minute of each is worth."""

from django.db import models

from ripeline.base.clock import now
from ripeline.migrations.tables.making import USER, table

TABLES = [
    table(
        "Turn",
        "turn",
        {
            "user": models.OneToOneField(USER, models.CASCADE, primary_key=True, serialize=False, related_name="+"),
            "credit": models.IntegerField(default=0),
            "day": models.DateField(null=True),
            "filled": models.PositiveIntegerField(default=0),
            "taken": models.PositiveIntegerField(default=0),
            "week": models.DateField(null=True),
            "least": models.JSONField(null=True),
            "least_day": models.DateField(null=True),
        },
    ),
    table(
        "Price",
        "price",
        {
            "responsible": models.OneToOneField(
                "ripeline.responsible", models.CASCADE, primary_key=True, serialize=False, related_name="+"
            ),
            "per_minute": models.FloatField(),
            "longest_days": models.PositiveSmallIntegerField(),
            "pace_days": models.PositiveSmallIntegerField(),
            "leads": models.PositiveIntegerField(),
            "minutes": models.FloatField(),
            "planned": models.FloatField(),
            "minutes_per_day": models.PositiveSmallIntegerField(),
            "made_at": models.DateTimeField(default=now),
        },
    ),
    table(
        "TypicalAmount",
        "typical_amount",
        {
            "currency": models.CharField(primary_key=True, max_length=3, serialize=False),
            "amount": models.DecimalField(max_digits=14, decimal_places=2),
            "n": models.PositiveIntegerField(),
            "is_won": models.BooleanField(),
            "made_at": models.DateTimeField(default=now),
        },
    ),
]
