"""The record: accounts, leads, who they are, their enquiries and opportunities, who may be the same."""

from datetime import timedelta

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q

from ripeline.base.clock import now
from ripeline.leads.words.plain import Plain
from ripeline.migrations.tables.making import USER, one_of, own_id, table

STATES = [
    ("new", "New"),
    ("qualifying", "Qualifying"),
    ("working", "Working"),
    ("opportunity", "Opportunity"),
    ("nurture", "Nurture"),
    ("won", "Won"),
    ("lost", "Lost"),
    ("disqualified", "Disqualified"),
]
MOMENTS = [
    ("first_contact", "First contact"),
    ("follow_up", "Follow up"),
    ("promise", "You promised"),
    ("meeting", "Meeting"),
    ("keep_in_touch", "Keep in touch"),
    ("reopened", "Re-opened"),
    ("qualify", "To qualify"),
]
IDENTITIES = [
    ("email", "E-mail"),
    ("external", "External id"),
    ("natural", "Row of an import"),
    ("phone", "Telephone and name"),
]
DEALS = [("open", "Open"), ("won", "Won"), ("lost", "Lost")]
OPEN = ["new", "qualifying", "working", "opportunity", "nurture"]
CLOSED = ["won", "lost", "disqualified"]
IS_HERE = Q(merged_into__isnull=True)
IS_OPEN = Q(merged_into__isnull=True, state__in=OPEN)

TABLES = [
    table(
        "Account",
        "account",
        {
            "id": own_id(),
            "key": models.CharField(max_length=200, unique=True),
            "name": models.CharField(max_length=200),
            "domain": models.CharField(max_length=190, blank=True, default=""),
            "created_at": models.DateTimeField(default=now),
            "owner": models.ForeignKey(USER, models.PROTECT, null=True, related_name="accounts"),
            "named": models.CharField(max_length=200, blank=True, default="", db_default=""),
        },
        GinIndex(
            models.Func(
                Plain("name"),
                models.F("name"),
                arg_joiner=" || ' ' || ",
                output_field=SearchVectorField(),
                template="to_tsvector('simple'::regconfig, %(expressions)s)",
            ),
            name="account_words",
        ),
        models.Index(fields=["named"], name="account_named"),
    ),
    table(
        "Lead",
        "lead",
        {
            "id": own_id(),
            "name": models.CharField(max_length=200, blank=True, default=""),
            "title": models.CharField(max_length=200, blank=True, default=""),
            "email": models.CharField(max_length=254, blank=True, default=""),
            "phone": models.CharField(max_length=40, blank=True, default=""),
            "company": models.CharField(max_length=200, blank=True, default=""),
            "reference": models.CharField(max_length=254, blank=True, default=""),
            "country": models.CharField(max_length=2, blank=True, default=""),
            "language": models.CharField(max_length=10, blank=True, default=""),
            "custom": models.JSONField(default=dict),
            "search": models.TextField(blank=True, default=""),
            "captured_at": models.DateTimeField(),
            "episode": models.PositiveSmallIntegerField(default=1),
            "episode_at": models.DateTimeField(),
            "amount": models.DecimalField(null=True, max_digits=14, decimal_places=2),
            "currency": models.CharField(max_length=3, blank=True, default=""),
            "state": models.CharField(choices=STATES, max_length=12, default="new"),
            "state_at": models.DateTimeField(default=now),
            "next_at": models.DateTimeField(null=True),
            "next_set_at": models.DateTimeField(null=True),
            "next_kind": models.CharField(choices=MOMENTS, max_length=14, blank=True, default=""),
            "next_note": models.CharField(max_length=300, blank=True, default=""),
            "next_committed": models.BooleanField(default=False),
            "closed_at": models.DateTimeField(null=True),
            "won_before_captured": models.BooleanField(default=False),
            "first_touch_at": models.DateTimeField(null=True),
            "last_touch_at": models.DateTimeField(null=True),
            "last_reached_at": models.DateTimeField(null=True),
            "touches": models.PositiveIntegerField(default=0),
            "unanswered": models.PositiveSmallIntegerField(default=0),
            "decision_id": models.UUIDField(null=True),
            "created_at": models.DateTimeField(default=now),
            "import_run_id": models.UUIDField(null=True),
            "account": models.ForeignKey(
                "ripeline.account", models.PROTECT, null=True, related_name="leads", db_index=False
            ),
            "close_reason": models.ForeignKey("ripeline.closereason", models.PROTECT, null=True, db_index=False),
            "closed_by": models.ForeignKey(USER, models.PROTECT, null=True, related_name="+", db_index=False),
            "merged_into": models.ForeignKey("ripeline.lead", models.PROTECT, null=True, related_name="merged"),
            "owner": models.ForeignKey(USER, models.PROTECT, null=True, related_name="leads", db_index=False),
            "responsible": models.ForeignKey(
                "ripeline.responsible", models.PROTECT, related_name="leads", db_index=False
            ),
            "source": models.ForeignKey("ripeline.source", models.PROTECT, null=True, db_index=False),
        },
        models.Index(fields=["responsible", "next_at", "id"], condition=IS_OPEN, name="lead_due"),
        models.Index(fields=["account"], name="lead_at_account"),
        models.Index(fields=["phone"], condition=~Q(phone=""), name="lead_phone"),
        GinIndex(SearchVector("search", config="simple"), name="lead_search"),
        GinIndex(fields=["custom"], opclasses=["jsonb_path_ops"], name="lead_custom"),
        models.Index(fields=["import_run_id", "id"], condition=Q(import_run_id__isnull=False), name="lead_of_batch"),
        models.Index(
            fields=["owner", "closed_at"],
            condition=Q(merged_into__isnull=True, state="disqualified"),
            name="lead_disqualified",
        ),
        models.Index(
            fields=["-closed_at"], condition=Q(merged_into__isnull=True, state__in=["won", "lost"]), name="lead_ended"
        ),
        models.Index(
            fields=["owner", "-captured_at", "-id"],
            include=("responsible", "source", "state"),
            condition=IS_HERE,
            name="lead_newest_of_owner",
        ),
        models.Index(fields=["owner", "next_at", "id"], condition=IS_OPEN, name="lead_next_of_owner"),
        models.Index(fields=["responsible", "owner"], condition=IS_HERE, name="lead_with_desk"),
        models.Index(
            fields=["next_at", "id"], include=("owner", "responsible"), condition=IS_OPEN, name="lead_next_of_all"
        ),
        models.Index(
            fields=["-captured_at", "-id"],
            include=("owner", "responsible", "state"),
            condition=IS_HERE,
            name="lead_newest_of_all",
        ),
        models.Index(
            fields=["state", "-captured_at", "-id"],
            include=("owner", "responsible"),
            condition=IS_HERE,
            name="lead_newest_in_state",
        ),
        models.Index(
            fields=["source", "-captured_at", "-id"],
            include=("owner", "responsible", "state"),
            condition=IS_HERE,
            name="lead_newest_from_source",
        ),
        one_of("state", STATES, name="lead_state"),
        models.CheckConstraint(
            condition=Q(merged_into__isnull=False)
            | Q(state__in=CLOSED)
            | Q(
                close_reason__isnull=True,
                closed_at__isnull=True,
                closed_by__isnull=True,
                next_at__isnull=False,
                next_at__lte=F("next_set_at") + timedelta(days=400),
                next_set_at__isnull=False,
            ),
            name="lead_open_has_next",
        ),
        models.CheckConstraint(
            condition=Q(merged_into__isnull=False)
            | Q(state__in=OPEN)
            | Q(close_reason__isnull=False, closed_at__isnull=False, closed_by__isnull=False, next_at__isnull=True),
            name="lead_closed_has_reason",
        ),
        models.CheckConstraint(condition=IS_HERE | ~Q(merged_into=F("id")), name="lead_not_merged_into_itself"),
        models.CheckConstraint(condition=Q(episode__gte=1), name="lead_episode_counts_from_one"),
    ),
    table(
        "Identity",
        "identity",
        {
            "id": models.BigAutoField(primary_key=True, serialize=False),
            "kind": models.CharField(choices=IDENTITIES, max_length=10),
            "key": models.CharField(max_length=254),
            "created_at": models.DateTimeField(default=now),
            "lead": models.ForeignKey("ripeline.lead", models.CASCADE, related_name="identities"),
            "import_run_id": models.UUIDField(null=True),
        },
        models.Index(
            fields=["import_run_id", "lead"], condition=Q(import_run_id__isnull=False), name="identity_of_import"
        ),
        models.UniqueConstraint(fields=["kind", "key"], name="identity_one_person"),
        one_of("kind", IDENTITIES, name="identity_kind"),
    ),
    table(
        "Block",
        "lead_block",
        {
            "pk": models.CompositePrimaryKey(
                "lead_id", "key", primary_key=True, blank=True, editable=False, serialize=False
            ),
            "lead_id": models.UUIDField(),
            "key": models.BigIntegerField(),
        },
        models.Index(fields=["key", "lead_id"], name="lead_block_shared"),
    ),
    table(
        "PossibleDuplicate",
        "possible_duplicate",
        {
            "id": own_id(),
            "lead_id": models.UUIDField(),
            "other_id": models.UUIDField(),
            "points": models.PositiveSmallIntegerField(),
            "evidence": models.JSONField(default=list),
            "found_at": models.DateTimeField(default=now),
            "dismissed_at": models.DateTimeField(null=True),
            "dismissed_by": models.ForeignKey(USER, models.PROTECT, null=True, related_name="+", db_index=False),
        },
        models.Index(fields=["other_id"], name="possible_duplicate_other"),
        models.Index(fields=["-points", "id"], condition=Q(dismissed_at__isnull=True), name="possible_duplicate_open"),
        models.UniqueConstraint(fields=["lead_id", "other_id"], name="possible_duplicate_once"),
        models.CheckConstraint(condition=Q(lead_id__lt=F("other_id")), name="possible_duplicate_ordered"),
        models.CheckConstraint(
            condition=Q(dismissed_at__isnull=True) | Q(dismissed_by__isnull=False),
            name="possible_duplicate_dismissed_by",
        ),
    ),
    table(
        "Enquiry",
        "enquiry",
        {
            "id": own_id(),
            "episode": models.PositiveSmallIntegerField(default=1),
            "door": models.CharField(max_length=20),
            "landing_page": models.CharField(max_length=500, blank=True, default=""),
            "message": models.TextField(blank=True, default=""),
            "answers": models.JSONField(default=dict),
            "captured_at": models.DateTimeField(),
            "import_run_id": models.UUIDField(null=True),
            "created_at": models.DateTimeField(default=now),
            "campaign": models.ForeignKey("ripeline.campaign", models.PROTECT, null=True, db_index=False),
            "captured_by": models.ForeignKey(USER, models.PROTECT, null=True, related_name="+", db_index=False),
            "lead": models.ForeignKey("ripeline.lead", models.CASCADE, related_name="enquiries", db_index=False),
            "source": models.ForeignKey("ripeline.source", models.PROTECT, null=True, db_index=False),
            "trail": models.JSONField(default=dict),
            "place": models.CharField(max_length=200, blank=True, default=""),
            "amended": models.JSONField(default=dict),
        },
        models.Index(fields=["lead", "captured_at"], name="enquiry_of_lead"),
        models.Index(fields=["campaign", "lead"], condition=Q(campaign__isnull=False), name="enquiry_of_campaign"),
    ),
    table(
        "Opportunity",
        "opportunity",
        {
            "id": own_id(),
            "key": models.CharField(max_length=120),
            "name": models.CharField(max_length=200, blank=True, default=""),
            "product": models.CharField(max_length=200, blank=True, default=""),
            "amount": models.DecimalField(null=True, max_digits=14, decimal_places=2),
            "currency": models.CharField(max_length=3, blank=True, default=""),
            "stage": models.CharField(max_length=40, blank=True, default=""),
            "expected_close": models.DateField(null=True),
            "state": models.CharField(choices=DEALS, max_length=5, default="open"),
            "opened_at": models.DateTimeField(),
            "closed_at": models.DateTimeField(null=True),
            "lead": models.ForeignKey("ripeline.lead", models.CASCADE, related_name="opportunities", db_index=False),
        },
        models.UniqueConstraint(fields=["lead", "key"], name="opportunity_once"),
        one_of("state", DEALS, name="opportunity_state"),
        models.CheckConstraint(
            condition=Q(closed_at__isnull=True, state="open") | (~Q(state="open") & Q(closed_at__isnull=False)),
            name="opportunity_closed_when",
        ),
    ),
]
