"""Mail: messages, purposes and their words, consents, suppressions, the servers."""

from django.db import models
from django.db.models import Q

from ripeline.base.clock import now
from ripeline.migrations.tables.making import USER, one_of, own_id, table

MESSAGES = [
    ("waiting", "Waiting"),
    ("sending", "Being handed over"),
    ("sent", "Sent"),
    ("doubt", "In doubt"),
    ("bounced", "Bounced"),
    ("failed", "Not sent"),
    ("stopped", "Held back"),
]
CONSENT = [
    ("pending", "Asked, not confirmed yet"),
    ("given", "Given"),
    ("withdrawn", "Withdrawn"),
    ("declined", "Asked, did not agree"),
]
SCOPES = [("everything", "No mail at all"), ("purposes", "Only mail that answers them")]
REASONS = [
    ("bounced", "Mail came back"),
    ("complained", "They complained"),
    ("unsubscribed", "They unsubscribed from everything"),
    ("by_hand", "Entered here"),
]

TABLES = [
    table(
        "Message",
        "message",
        {
            "id": own_id(),
            "kind": models.CharField(max_length=20),
            "key": models.CharField(max_length=120),
            "lead_id": models.UUIDField(null=True),
            "to_address": models.CharField(max_length=254),
            "to_name": models.CharField(max_length=200, blank=True, default=""),
            "address_hash": models.CharField(max_length=64),
            "purpose": models.CharField(max_length=40, blank=True, default=""),
            "context": models.JSONField(default=dict),
            "stops_when_answered": models.BooleanField(default=False),
            "created_at": models.DateTimeField(default=now),
            "wanted_at": models.DateTimeField(default=now),
            "state": models.CharField(choices=MESSAGES, max_length=8, default="waiting"),
            "due_at": models.DateTimeField(default=now),
            "claimed_by": models.CharField(max_length=32, blank=True, default=""),
            "attempts": models.PositiveSmallIntegerField(default=0),
            "message_id": models.CharField(max_length=200, blank=True, default=""),
            "handed_at": models.DateTimeField(null=True),
            "ended_at": models.DateTimeField(null=True),
            "reason": models.CharField(max_length=20, blank=True, default=""),
            "reply": models.CharField(max_length=300, blank=True, default=""),
            "actor": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
            "provider_id": models.CharField(max_length=200, blank=True, default=""),
        },
        models.Index(fields=["due_at", "id"], condition=Q(state="waiting"), name="message_due"),
        models.Index(fields=["handed_at"], condition=Q(state="sending"), name="message_under_way"),
        models.Index(fields=["state", "-created_at", "-id"], name="message_in_state"),
        models.Index(fields=["-created_at", "-id"], name="message_newest"),
        models.Index(fields=["address_hash", "-created_at"], name="message_to_address"),
        models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="message_at_provider"),
        one_of("state", MESSAGES, name="message_state"),
        models.UniqueConstraint(fields=["lead_id", "kind", "key"], nulls_distinct=False, name="message_once"),
        models.CheckConstraint(
            condition=~Q(state__in=["sending", "sent", "doubt", "bounced"])
            | (Q(handed_at__isnull=False) & ~Q(message_id="")),
            name="message_recorded_first",
        ),
        models.CheckConstraint(condition=~Q(state="stopped") | ~Q(reason=""), name="message_stopped_why"),
    ),
    table(
        "Purpose",
        "purpose",
        {
            "code": models.CharField(primary_key=True, max_length=40, serialize=False),
            "name": models.CharField(max_length=120),
        },
    ),
    table(
        "Wording",
        "purpose_wording",
        {
            "id": models.BigAutoField(verbose_name="ID", primary_key=True, serialize=False, auto_created=True),
            "version": models.PositiveIntegerField(),
            "text": models.TextField(),
            "created_at": models.DateTimeField(default=now),
            "actor": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
            "purpose": models.ForeignKey("ripeline.purpose", models.PROTECT, related_name="wordings", db_index=False),
            "language": models.CharField(max_length=2, blank=True, default="", db_default=""),
            "name": models.CharField(max_length=120, blank=True, default="", db_default=""),
        },
        models.UniqueConstraint(fields=["purpose", "language", "version"], name="purpose_wording_once"),
    ),
    table(
        "Consent",
        "consent",
        {
            "id": own_id(),
            "address_hash": models.CharField(max_length=64),
            "state": models.CharField(choices=CONSENT, max_length=9),
            "since": models.DateTimeField(),
            "lead_id": models.UUIDField(null=True),
            "purpose": models.ForeignKey("ripeline.purpose", models.PROTECT, related_name="+", db_index=False),
            "said_at": models.DateTimeField(null=True),
            "language": models.CharField(max_length=2, blank=True, default="", db_default=""),
        },
        models.UniqueConstraint(fields=["address_hash", "purpose"], name="consent_once"),
        one_of("state", CONSENT, name="consent_state"),
    ),
    table(
        "ConsentEvent",
        "consent_event",
        {
            "id": own_id(),
            "state": models.CharField(choices=CONSENT, max_length=9),
            "at": models.DateTimeField(default=now),
            "how": models.CharField(max_length=120),
            "ip": models.GenericIPAddressField(null=True),
            "user_agent": models.CharField(max_length=300, blank=True, default=""),
            "actor": models.ForeignKey(USER, models.PROTECT, null=True, related_name="+", db_index=False),
            "consent": models.ForeignKey("ripeline.consent", models.CASCADE, related_name="events", db_index=False),
            "wording": models.ForeignKey(
                "ripeline.wording", models.PROTECT, null=True, related_name="+", db_index=False
            ),
            "import_run_id": models.UUIDField(null=True),
            "said_at": models.DateTimeField(null=True),
        },
        models.Index(fields=["consent", "at"], name="consent_event_of"),
        models.Index(fields=["import_run_id"], condition=Q(import_run_id__isnull=False), name="consent_event_import"),
    ),
    table(
        "Suppression",
        "suppression",
        {
            "id": own_id(),
            "address_hash": models.CharField(max_length=64),
            "scope": models.CharField(choices=SCOPES, max_length=10),
            "reason": models.CharField(choices=REASONS, max_length=12),
            "note": models.CharField(max_length=300, blank=True, default=""),
            "at": models.DateTimeField(default=now),
            "lifted_at": models.DateTimeField(null=True),
            "lifted_why": models.CharField(max_length=300, blank=True, default=""),
            "actor": models.ForeignKey(USER, models.PROTECT, null=True, related_name="+", db_index=False),
            "lifted_by": models.ForeignKey(USER, models.PROTECT, null=True, related_name="+", db_index=False),
        },
        models.Index(fields=["-at", "-id"], name="suppression_newest"),
        models.Index(fields=["address_hash", "-at"], name="suppression_of"),
        one_of("scope", SCOPES, name="suppression_scope"),
        one_of("reason", REASONS, name="suppression_reason"),
        models.UniqueConstraint(
            fields=["address_hash", "scope"], condition=Q(lifted_at__isnull=True), name="suppression_once"
        ),
        models.CheckConstraint(condition=Q(lifted_at__isnull=True) | ~Q(lifted_why=""), name="suppression_lifted_why"),
    ),
    table(
        "MailServer",
        "mail_server",
        {
            "id": models.SmallIntegerField(primary_key=True, default=1, serialize=False),
            "key_check": models.CharField(max_length=64),
            "worked_at": models.DateTimeField(null=True),
            "failing_since": models.DateTimeField(null=True),
            "error": models.CharField(max_length=500, blank=True, default=""),
        },
        models.CheckConstraint(condition=Q(id=1), name="mail_server_is_one"),
    ),
    table(
        "BounceBox",
        "bounce_box",
        {
            "id": models.SmallIntegerField(primary_key=True, default=1, serialize=False),
            "name": models.CharField(max_length=300, blank=True, default=""),
            "validity": models.BigIntegerField(default=0),
            "uid": models.BigIntegerField(default=0),
            "looked_at": models.DateTimeField(null=True),
            "failing_since": models.DateTimeField(null=True),
            "error": models.CharField(max_length=500, blank=True, default=""),
        },
        models.CheckConstraint(condition=Q(id=1), name="bounce_box_is_one"),
    ),
]
