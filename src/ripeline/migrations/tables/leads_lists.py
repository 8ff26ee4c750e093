"""How leads are looked at, and worked many at once."""

from django.db import models
from django.db.models import Q

from ripeline.base.clock import now
from ripeline.migrations.tables.making import USER, one_of, own_id, table

AUDIENCES = [("mine", "Only me"), ("team", "One team"), ("everybody", "Everybody")]
VERBS = [
    ("give", "Give to somebody"),
    ("next", "Set the next date"),
    ("nurture", "Leave to Keep in touch"),
    ("close", "Let go"),
    ("reopen", "Take up again"),
]
BATCHES = [
    ("queued", "Waiting"),
    ("running", "Under way"),
    ("done", "Done"),
    ("cancelled", "Cancelled"),
    ("failed", "Broke off"),
    ("undo_queued", "Waiting to be taken back"),
    ("undoing", "Being taken back"),
    ("undone", "Taken back"),
]

TABLES = [
    table(
        "RecordView",
        "record_view",
        {
            "id": own_id(),
            "viewed_at": models.DateTimeField(default=now),
            "lead": models.ForeignKey("ripeline.lead", models.CASCADE, db_index=False),
            "owner": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
            "viewer": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
        },
        models.Index(fields=["owner", "-viewed_at"], name="record_view_of_owner"),
        models.Index(fields=["lead", "-viewed_at"], name="record_view_of_lead"),
    ),
    table(
        "SavedView",
        "saved_view",
        {
            "id": own_id(),
            "name": models.CharField(max_length=60),
            "query": models.CharField(max_length=2000, blank=True),
            "created_at": models.DateTimeField(default=now),
            "user": models.ForeignKey(USER, models.CASCADE, related_name="+", db_index=False),
            "audience": models.CharField(choices=AUDIENCES, max_length=10, default="mine"),
            "removed_at": models.DateTimeField(null=True),
            "team": models.ForeignKey("ripeline.team", models.CASCADE, null=True, related_name="+", db_index=False),
        },
        models.UniqueConstraint(fields=["user", "name"], condition=Q(removed_at__isnull=True), name="saved_view_once"),
        one_of("audience", AUDIENCES, name="saved_view_audience"),
        models.CheckConstraint(
            condition=Q(audience="team", team__isnull=False) | (~Q(audience="team") & Q(team__isnull=True)),
            name="saved_view_of_a_team",
        ),
    ),
    table(
        "DefaultView",
        "default_view",
        {
            "user": models.OneToOneField(USER, models.CASCADE, primary_key=True, serialize=False, related_name="+"),
            "view": models.ForeignKey("ripeline.savedview", models.CASCADE, related_name="+"),
        },
    ),
    table(
        "Batch",
        "lead_batch",
        {
            "id": own_id(),
            "verb": models.CharField(choices=VERBS, max_length=10),
            "state": models.CharField(choices=BATCHES, max_length=12, default="queued"),
            "key": models.CharField(max_length=64),
            "query": models.CharField(max_length=2000, blank=True, default=""),
            "is_ticked": models.BooleanField(default=False),
            "terms": models.JSONField(default=dict),
            "zone": models.CharField(max_length=64, default="UTC"),
            "total": models.PositiveIntegerField(null=True),
            "position": models.PositiveIntegerField(default=0),
            "done": models.PositiveIntegerField(default=0),
            "undone": models.PositiveIntegerField(default=0),
            "left": models.JSONField(default=dict),
            "cancel_asked": models.BooleanField(default=False),
            "problem": models.TextField(blank=True, default=""),
            "created_at": models.DateTimeField(default=now),
            "began_at": models.DateTimeField(null=True),
            "ended_at": models.DateTimeField(null=True),
            "asked_by": models.ForeignKey(USER, models.PROTECT, related_name="+"),
        },
        models.Index(fields=["state", "created_at"], name="lead_batch_waiting"),
        models.UniqueConstraint(fields=["asked_by", "key"], name="lead_batch_once"),
        one_of("verb", VERBS, name="lead_batch_verb"),
        one_of("state", BATCHES, name="lead_batch_state"),
    ),
    table(
        "BatchItem",
        "lead_batch_item",
        {
            "id": models.BigAutoField(primary_key=True, serialize=False),
            "number": models.PositiveIntegerField(),
            "lead_id": models.UUIDField(),
            "outcome": models.CharField(max_length=10, blank=True, default=""),
            "activity_id": models.UUIDField(null=True),
            "batch": models.ForeignKey("ripeline.batch", models.CASCADE, related_name="items", db_index=False),
        },
        models.UniqueConstraint(fields=["batch", "number"], name="lead_batch_item_once"),
    ),
]
