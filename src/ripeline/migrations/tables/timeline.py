"""Activities and the reactions they leave; visitors, their hits, and what leads did by day."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models
from django.db.models import Q

from ripeline.base.clock import now
from ripeline.migrations.tables.making import USER, own_id, table

# Django cannot say PARTITION BY. Months are made by timeline.partitions, and have the same indexes; what fits none of
# them lies in the default one. Few of the rows are in hit_of_link (links for everybody, found by their code) and in
# hit_tried (what machines did with the links made for one person).
_HIT = """
CREATE TABLE hit (
    visitor_id uuid NOT NULL, event_id uuid NOT NULL, site_id smallint NOT NULL,
    kind text NOT NULL, page_kind text NOT NULL, who text NOT NULL, has_consent boolean NOT NULL,
    occurred_at timestamptz NOT NULL, received_at timestamptz NOT NULL, lead_id uuid,
    host text NOT NULL, path text NOT NULL, network text NOT NULL, agent text NOT NULL, marks text NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (visitor_id, event_id),
    CONSTRAINT hit_kind CHECK (kind IN ('view', 'download', 'event', 'click', 'open')),
    CONSTRAINT hit_who CHECK (who IN ('human', 'bot', 'scanner', 'staff'))
) PARTITION BY RANGE (event_id);
CREATE TABLE hit_other PARTITION OF hit DEFAULT;
CREATE INDEX hit_received ON hit USING brin (received_at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX hit_of_link ON hit ((data->>'code')) WHERE kind = 'click' AND data->>'code' IS NOT NULL;
CREATE INDEX hit_tried ON hit (lead_id) WHERE lead_id IS NOT NULL AND who <> 'human' AND kind <> 'open';
"""

_HIT_AS_DJANGO_SEES_IT = table(
    "Hit",
    "hit",
    {
        "pk": models.CompositePrimaryKey(
            "visitor_id", "event_id", primary_key=True, blank=True, editable=False, serialize=False
        ),
        "visitor_id": models.UUIDField(),
        "event_id": models.UUIDField(),
        "site_id": models.SmallIntegerField(),
        "kind": models.TextField(),
        "page_kind": models.TextField(),
        "who": models.TextField(),
        "has_consent": models.BooleanField(),
        "occurred_at": models.DateTimeField(),
        "received_at": models.DateTimeField(),
        "lead_id": models.UUIDField(null=True),
        "host": models.TextField(),
        "path": models.TextField(),
        "network": models.TextField(),
        "agent": models.TextField(),
        "marks": models.TextField(),
        "data": models.JSONField(default=dict),
    },
    BrinIndex(fields=["received_at"], autosummarize=True, pages_per_range=16, name="hit_received"),
    models.CheckConstraint(condition=Q(kind__in=["view", "download", "event", "click", "open"]), name="hit_kind"),
    models.CheckConstraint(condition=Q(who__in=["human", "bot", "scanner", "staff"]), name="hit_who"),
)

TABLES = [
    table(
        "Activity",
        "activity",
        {
            "id": own_id(),
            "lead_id": models.UUIDField(),
            "kind": models.CharField(max_length=40),
            "origin": models.CharField(max_length=60),
            "event_key": models.CharField(max_length=120),
            "occurred_at": models.DateTimeField(),
            "recorded_at": models.DateTimeField(default=now),
            "is_private": models.BooleanField(default=False),
            "body": models.TextField(blank=True, default=""),
            "data": models.JSONField(default=dict),
            "actor": models.ForeignKey(USER, models.PROTECT, related_name="+", db_index=False),
            "import_run_id": models.UUIDField(null=True),
        },
        models.Index(fields=["lead_id", "-occurred_at", "-id"], name="activity_of_lead"),
        models.Index(
            fields=["import_run_id", "lead_id"], condition=Q(import_run_id__isnull=False), name="activity_of_import"
        ),
        models.Index(fields=["lead_id", "occurred_at"], condition=Q(kind="enquired"), name="activity_enquired"),
        models.Index(fields=["recorded_at", "lead_id"], condition=Q(kind="ripened"), name="activity_ripened"),
        models.Index(
            fields=["lead_id", "occurred_at"], condition=Q(kind__in=["agreed", "unsubscribed"]), name="activity_consent"
        ),
        models.UniqueConstraint(fields=["lead_id", "origin", "event_key"], name="activity_once"),
    ),
    table(
        "Reaction",
        "reaction",
        {
            "id": models.BigAutoField(primary_key=True, serialize=False),
            "activity_id": models.UUIDField(),
            "lead_id": models.UUIDField(),
            "kind": models.CharField(max_length=40),
            "created_at": models.DateTimeField(default=now),
            "due_at": models.DateTimeField(default=now),
            "attempts": models.PositiveSmallIntegerField(default=0),
            "error": models.TextField(blank=True, default=""),
        },
        models.Index(fields=["due_at", "id"], name="reaction_due"),
        models.Index(
            fields=["due_at", "id"],
            condition=Q(kind__in=("visited", "downloaded", "used", "clicked")),
            name="reaction_seen",
        ),
        models.Index(fields=["due_at", "id"], condition=Q(kind__in=("ripe", "recognised")), name="reaction_apart"),
    ),
    table(
        "Visitor",
        "visitor",
        {
            "id": models.BigAutoField(primary_key=True, serialize=False),
            "visitor_id": models.UUIDField(),
            "lead_id": models.UUIDField(),
            "since": models.DateTimeField(),
            "is_strong": models.BooleanField(),
            "how": models.CharField(max_length=20),
            "linked_at": models.DateTimeField(default=now),
        },
        models.Index(fields=["lead_id"], name="visitor_of_lead"),
        models.Index(fields=["linked_at"], name="visitor_linked"),
        models.UniqueConstraint(fields=["visitor_id", "lead_id", "since", "is_strong"], name="visitor_link_once"),
    ),
    migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RunSQL(_HIT, "DROP TABLE hit")],
        state_operations=[_HIT_AS_DJANGO_SEES_IT],
    ),
    table(
        "Engagement",
        "engagement",
        {
            "lead_id": models.UUIDField(primary_key=True, serialize=False),
            "day": models.IntegerField(),
            "reading": models.BigIntegerField(default=0),
            "product": models.BigIntegerField(default=0),
            "prices": models.BigIntegerField(default=0),
            "download": models.BigIntegerField(default=0),
        },
    ),
]
