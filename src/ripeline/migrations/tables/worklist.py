"""Today: plans, and what is believed of them."""

from django.db import models
from django.db.models.functions import Now

from ripeline.base.clock import now
from ripeline.migrations.tables.making import USER, own_id, table

TABLES = [
    table(
        "Plan",
        "plan",
        {
            "id": own_id(),
            "day": models.DateField(),
            "planned_at": models.DateTimeField(default=now),
            "minutes": models.PositiveSmallIntegerField(default=0),
            "due": models.PositiveIntegerField(default=0),
            "user": models.ForeignKey(USER, models.CASCADE, db_index=False),
        },
        models.UniqueConstraint(fields=["user", "day"], name="plan_one_a_day"),
    ),
    table(
        "Belief",
        "belief",
        {
            "user": models.OneToOneField(USER, models.CASCADE, primary_key=True, serialize=False, related_name="+"),
            "made_at": models.DateTimeField(default=now),
            "open": models.PositiveIntegerField(),
            "since": models.DateField(),
            "n": models.PositiveIntegerField(),
            "buyers": models.PositiveIntegerField(),
            "buyers_low": models.PositiveIntegerField(),
            "buyers_high": models.PositiveIntegerField(),
            "ours": models.PositiveIntegerField(),
            "ours_low": models.PositiveIntegerField(),
            "ours_high": models.PositiveIntegerField(),
            "won": models.PositiveIntegerField(),
            "soon": models.PositiveIntegerField(),
            "quarter": models.PositiveIntegerField(),
            "contacts": models.FloatField(),
            "contacts_so_far": models.FloatField(),
        },
    ),
    table(
        "PlanItem",
        "plan_item",
        {
            "id": own_id(),
            "lead_id": models.UUIDField(),
            "position": models.PositiveIntegerField(),
            "tag": models.CharField(max_length=12),
            "why": models.TextField(),
            "value": models.FloatField(),
            "minutes": models.PositiveSmallIntegerField(),
            "done_at": models.DateTimeField(null=True),
            "result": models.CharField(max_length=160, blank=True, default=""),
            "activity_id": models.UUIDField(null=True),
            "plan": models.ForeignKey("ripeline.plan", models.CASCADE, related_name="items", db_index=False),
            "decided": models.CharField(max_length=12, default=""),
            "said_at": models.DateTimeField(db_default=Now()),
        },
        models.UniqueConstraint(fields=["plan", "lead_id"], name="plan_item_once"),
    ),
]
