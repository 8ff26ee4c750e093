"""Doors and what came through them; exports."""

from django.db import models
from django.db.models import Q

from ripeline.base.clock import now
from ripeline.migrations.tables.making import USER, one_of, own_id, table

DOORS = [
    ("form", "Form"),
    ("api", "Program"),
    ("hook", "Web hook"),
    ("booth", "Booth"),
    ("card", "Card file"),
    ("signature", "Signature"),
    ("call", "Telephone"),
]
KNOWN = [
    ("skip", "What they have not answered yet"),
    ("more", "What they have not answered yet, and the next of your questions instead of the rest"),
    ("alike", "Everything, like everybody"),
]
LANGUAGES = [("en", "English"), ("de", "German")]
SUBMISSIONS = [("taken", "Came in"), ("held", "Held back"), ("discarded", "Discarded")]
FORMATS = [("csv", "CSV"), ("xlsx", "Excel")]
EXPORTS = [
    ("queued", "Waiting"),
    ("running", "Being written"),
    ("done", "Done"),
    ("cancelled", "Cancelled"),
    ("failed", "Broke off"),
]

TABLES = [
    table(
        "Door",
        "door",
        {
            "id": own_id(),
            "kind": models.CharField(choices=DOORS, max_length=10),
            "name": models.CharField(max_length=120),
            "slug": models.SlugField(max_length=60, unique=True),
            "title": models.CharField(max_length=160),
            "intro": models.CharField(max_length=1000, blank=True, default=""),
            "verb": models.CharField(max_length=40),
            "thanks": models.CharField(max_length=1000),
            "redirect_url": models.CharField(max_length=500, blank=True, default=""),
            "fields": models.JSONField(default=dict),
            "questions": models.JSONField(default=list),
            "style": models.JSONField(default=dict),
            "sites": models.JSONField(default=list),
            "is_active": models.BooleanField(default=True),
            "created_at": models.DateTimeField(default=now),
            "campaign": models.ForeignKey("ripeline.campaign", models.PROTECT, null=True, db_index=False),
            "created_by": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
            "source": models.ForeignKey("ripeline.source", models.PROTECT, db_index=False),
            "mapping": models.JSONField(default=dict),
            "first_day": models.DateField(null=True),
            "last_day": models.DateField(null=True),
            "notes": models.JSONField(default=list),
            "place": models.CharField(max_length=160, blank=True, default=""),
            "known": models.CharField(choices=KNOWN, max_length=8, default="skip"),
            "gives": models.ForeignKey("ripeline.asset", models.PROTECT, null=True, related_name="+", db_index=False),
            "language": models.CharField(choices=LANGUAGES, max_length=2, default="en", db_default="en"),
            "privacy_url": models.CharField(max_length=500, blank=True, default="", db_default=""),
        },
        one_of("kind", DOORS, name="door_kind"),
        one_of("known", KNOWN, name="door_known"),
        one_of("language", LANGUAGES, name="door_language"),
    ),
    table(
        "Submission",
        "submission",
        {
            "id": models.UUIDField(primary_key=True, editable=False, serialize=False),
            "state": models.CharField(choices=SUBMISSIONS, max_length=10),
            "content": models.JSONField(),
            "trail": models.JSONField(default=dict),
            "address": models.CharField(max_length=64),
            "why": models.CharField(max_length=200, blank=True, default=""),
            "lead_id": models.UUIDField(null=True),
            "received_at": models.DateTimeField(default=now),
            "door": models.ForeignKey("ripeline.door", models.PROTECT, db_index=False),
            "captured_by": models.ForeignKey(USER, models.PROTECT, null=True, related_name="+", db_index=False),
        },
        models.Index(fields=["door", "-received_at"], name="submission_of_door"),
        models.Index(fields=["address", "-received_at"], name="submission_from"),
        models.Index(fields=["lead_id"], condition=Q(lead_id__isnull=False), name="submission_of_lead"),
        one_of("state", SUBMISSIONS, name="submission_state"),
    ),
    table(
        "DoorDay",
        "door_day",
        {
            "id": models.BigAutoField(primary_key=True, serialize=False),
            "day": models.DateField(),
            "seen": models.PositiveIntegerField(default=0),
            "refused": models.PositiveIntegerField(default=0),
            "door": models.ForeignKey("ripeline.door", models.CASCADE, db_index=False),
        },
        models.UniqueConstraint(fields=["door", "day"], name="door_day_once"),
    ),
    table(
        "TriedSite",
        "tried_site",
        {
            "id": models.BigAutoField(primary_key=True, serialize=False),
            "site": models.CharField(max_length=300),
            "times": models.PositiveIntegerField(default=1),
            "last_at": models.DateTimeField(default=now),
            "door": models.ForeignKey("ripeline.door", models.CASCADE, db_index=False),
        },
        models.UniqueConstraint(fields=["door", "site"], name="tried_site_once"),
    ),
    table(
        "Export",
        "lead_export",
        {
            "id": own_id(),
            "query": models.CharField(max_length=2000, blank=True, default=""),
            "lead_ids": models.JSONField(null=True),
            "file_format": models.CharField(choices=FORMATS, max_length=4, default="csv"),
            "filename": models.CharField(max_length=80),
            "zone": models.CharField(max_length=64, default="UTC"),
            "state": models.CharField(choices=EXPORTS, max_length=10, default="queued"),
            "rows": models.PositiveIntegerField(null=True),
            "position": models.PositiveIntegerField(default=0),
            "size": models.BigIntegerField(default=0),
            "cancel_asked": models.BooleanField(default=False),
            "problem": models.TextField(blank=True, default=""),
            "created_at": models.DateTimeField(default=now),
            "began_at": models.DateTimeField(null=True),
            "ended_at": models.DateTimeField(null=True),
            "expires_at": models.DateTimeField(null=True),
            "asked_by": models.ForeignKey(USER, models.CASCADE, related_name="+"),
        },
        models.Index(fields=["state", "created_at"], name="lead_export_waiting"),
        one_of("file_format", FORMATS, name="lead_export_format"),
        one_of("state", EXPORTS, name="lead_export_state"),
    ),
    table(
        "ExportPiece",
        "lead_export_piece",
        {
            "id": models.BigAutoField(verbose_name="ID", primary_key=True, serialize=False, auto_created=True),
            "number": models.PositiveIntegerField(),
            "content": models.BinaryField(),
            "export": models.ForeignKey("ripeline.export", models.CASCADE, db_index=False),
        },
        models.UniqueConstraint(fields=["export", "number"], name="lead_export_piece_once"),
    ),
]
