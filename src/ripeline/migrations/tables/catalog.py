"""Sources, campaigns, assets, close reasons, own fields, questions, sites and what their pages are."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from ripeline.base.clock import now
from ripeline.migrations.tables.making import USER, one_of, own_id, table

SOURCE_TYPES = [
    ("quote_request", "Quote request"),
    ("demo_request", "Demo request"),
    ("contact_form", "Contact form"),
    ("trial", "Trial"),
    ("inbound_call", "Inbound call"),
    ("referral", "Referral"),
    ("partner", "Partner"),
    ("webinar", "Webinar"),
    ("trade_show", "Trade show"),
    ("course", "Course"),
    ("content_download", "Content download"),
    ("organic_search", "Organic search"),
    ("paid_search", "Paid search"),
    ("display", "Display advertising"),
    ("social", "Social media"),
    ("email", "E-mail"),
    ("direct", "Direct traffic"),
    ("purchased_list", "Bought list"),
    ("other", "Other or unknown"),
]
STAGES = [
    ("awareness", "Awareness"),
    ("interest", "Interest"),
    ("consideration", "Consideration"),
    ("decision", "Decision"),
]
ENDS = [("won", "Won"), ("lost", "Lost"), ("disqualified", "Disqualified")]
FIELD_TYPES = [("text", "Text"), ("number", "Number"), ("date", "Date"), ("boolean", "Yes or no")]
ANSWERS = [
    ("text", "A short text"),
    ("long_text", "A longer text"),
    ("choice", "One of a list"),
    ("choices", "Any of a list"),
    ("number", "A number"),
    ("date", "A date"),
    ("yes_no", "Yes or no"),
    ("consent", "A consent"),
]
MEANINGS = [
    ("need", "What they need"),
    ("authority", "Their part in the decision"),
    ("timeline", "When they want it"),
    ("budget", "Their budget"),
    ("product", "Which product"),
    ("consent", "What they agree to"),
    ("other", "Something else"),
]
PAGE_KINDS = [
    ("pricing", "Prices"),
    ("contact", "Contact or demo"),
    ("product", "Product"),
    ("proof", "Customers' stories"),
    ("blog", "Blog and guides"),
    ("support", "Help and documentation"),
    ("careers", "Careers"),
    ("legal", "Legal"),
    ("home", "Home page"),
    ("other", "Other"),
]

TABLES = [
    table(
        "Source",
        "source",
        {
            "id": own_id(),
            "key": models.CharField(max_length=160, unique=True),
            "name": models.CharField(max_length=160),
            "source_type": models.CharField(choices=SOURCE_TYPES, max_length=20, default="other"),
            "created_at": models.DateTimeField(default=now),
        },
        one_of("source_type", SOURCE_TYPES, name="source_type_known"),
    ),
    table(
        "Campaign",
        "campaign",
        {
            "id": own_id(),
            "key": models.CharField(max_length=160, unique=True),
            "name": models.CharField(max_length=160),
            "cost": models.DecimalField(null=True, max_digits=14, decimal_places=2),
            "currency": models.CharField(max_length=3, blank=True, default=""),
            "created_at": models.DateTimeField(default=now),
            "source": models.ForeignKey("ripeline.source", models.PROTECT, null=True),
        },
    ),
    table(
        "Asset",
        "asset",
        {
            "id": own_id(),
            "title": models.CharField(max_length=160),
            "url": models.CharField(max_length=1000, blank=True, default=""),
            "filename": models.CharField(max_length=120, blank=True, default=""),
            "size": models.PositiveIntegerField(default=0),
            "is_active": models.BooleanField(default=True),
            "created_at": models.DateTimeField(default=now),
            "created_by": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
            "pains": ArrayField(default=list, base_field=models.CharField(max_length=120), size=None),
            "persona": models.CharField(max_length=120, blank=True, default=""),
            "stage": models.CharField(choices=STAGES, max_length=13, blank=True, default=""),
        },
        models.CheckConstraint(condition=~Q(filename="", url=""), name="asset_lies_somewhere"),
        one_of("stage", STAGES, name="asset_stage", or_none=True),
    ),
    table(
        "AssetContent",
        "asset_content",
        {
            "asset": models.OneToOneField(
                "ripeline.asset", models.CASCADE, primary_key=True, serialize=False, related_name="content"
            ),
            "content": models.BinaryField(),
        },
    ),
    table(
        "CountedLink",
        "counted_link",
        {
            "code": models.CharField(primary_key=True, max_length=12, serialize=False),
            "name": models.CharField(max_length=120),
            "address": models.CharField(max_length=1000),
            "tells": models.BooleanField(default=True),
            "is_active": models.BooleanField(default=True),
            "created_at": models.DateTimeField(default=now),
            "campaign": models.ForeignKey(
                "ripeline.campaign", models.PROTECT, null=True, related_name="+", db_index=False
            ),
            "created_by": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
        },
    ),
    table(
        "CloseReason",
        "close_reason",
        {
            "id": own_id(),
            "code": models.CharField(max_length=40, unique=True),
            "label": models.CharField(max_length=80),
            "state": models.CharField(choices=ENDS, max_length=12),
            "recycle_days": models.PositiveSmallIntegerField(null=True),
            "is_active": models.BooleanField(default=True),
            "position": models.PositiveSmallIntegerField(default=100),
        },
        one_of("state", ENDS, name="close_reason_state"),
    ),
    table(
        "CustomField",
        "custom_field",
        {
            "id": own_id(),
            "key": models.CharField(max_length=63, unique=True),
            "label": models.CharField(max_length=120),
            "field_type": models.CharField(choices=FIELD_TYPES, max_length=10, default="text"),
            "is_learnt_from": models.BooleanField(default=False),
            "position": models.PositiveSmallIntegerField(default=100),
        },
        one_of("field_type", FIELD_TYPES, name="custom_field_type"),
        models.CheckConstraint(condition=~Q(key=""), name="custom_field_key_given"),
    ),
    table(
        "Question",
        "question",
        {
            "id": own_id(),
            "key": models.CharField(max_length=40, unique=True),
            "label": models.CharField(max_length=200),
            "help": models.CharField(max_length=300, blank=True, default=""),
            "answer_type": models.CharField(choices=ANSWERS, max_length=10, default="text"),
            "options": models.JSONField(default=list),
            "meaning": models.CharField(choices=MEANINGS, max_length=10, default="other"),
            "is_active": models.BooleanField(default=True),
            "position": models.PositiveSmallIntegerField(default=100),
            "purpose": models.CharField(max_length=40, blank=True, default=""),
            "spoken": models.JSONField(default=dict, db_default={}),
        },
        one_of("answer_type", ANSWERS, name="question_answer_type"),
        one_of("meaning", MEANINGS, name="question_meaning"),
        models.CheckConstraint(condition=~Q(key=""), name="question_key_given"),
    ),
    table(
        "Site",
        "site",
        {
            "id": models.SmallAutoField(primary_key=True, serialize=False),
            "host": models.CharField(max_length=190, unique=True),
            "key": models.CharField(max_length=24, unique=True),
            "created_at": models.DateTimeField(default=now),
        },
    ),
    table(
        "PageRule",
        "page_rule",
        {
            "id": models.BigAutoField(primary_key=True, serialize=False),
            "position": models.PositiveSmallIntegerField(),
            "pattern": models.CharField(max_length=200),
            "kind": models.CharField(choices=PAGE_KINDS, max_length=10),
        },
        one_of("kind", PAGE_KINDS, name="page_rule_kind"),
        ordering=["position", "id"],
    ),
    table(
        "TriedHost",
        "tried_host",
        {
            "id": models.BigAutoField(primary_key=True, serialize=False),
            "host": models.CharField(max_length=190, unique=True),
            "times": models.PositiveIntegerField(default=1),
            "last_at": models.DateTimeField(default=now),
        },
    ),
    table(
        "Tracking",
        "tracking",
        {
            "id": models.SmallIntegerField(primary_key=True, default=1, serialize=False),
            "own_networks": ArrayField(default=list, base_field=models.TextField(), size=None),
            "months_kept": models.PositiveSmallIntegerField(default=13),
            "version": models.PositiveIntegerField(default=1),
            "applied": models.PositiveIntegerField(default=1),
        },
        models.CheckConstraint(condition=Q(id=1), name="tracking_is_one"),
        models.CheckConstraint(condition=Q(months_kept__range=(1, 60)), name="tracking_months_kept"),
    ),
]
