"""Append-only activities keyed by lead id, and the reactions they cause."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from ripeline.base import clock
from ripeline.base.fields import primary_key
from ripeline.people.models import User
from ripeline.timeline.hits import HitKind, Who
from ripeline.timeline.kinds import SEEN


class Activity(models.Model):
    """Something that happened to a lead. UNIQUE(lead_id, origin, event_key): an event counts once (I3).

    `origin` says where the fact came from (web, import:…, worker), `event_key` names it there. `body` is what somebody
    wrote (a note, a mail): shown only to those who may read it; `data` holds what anyone who sees the entry may see.
    """

    id = primary_key()
    lead_id = models.UUIDField()
    kind = models.CharField(max_length=40)
    origin = models.CharField(max_length=60)
    event_key = models.CharField(max_length=120)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    is_private = models.BooleanField(default=False)
    body = models.TextField(blank=True, default="")
    data = models.JSONField(default=dict)
    import_run_id = models.UUIDField(null=True)  # the import that brought it, by which it can be taken back

    class Meta:
        db_table = "activity"
        constraints = [models.UniqueConstraint(fields=["lead_id", "origin", "event_key"], name="activity_once")]
        indexes = [
            models.Index(fields=["lead_id", "-occurred_at", "-id"], name="activity_of_lead"),
            models.Index(
                fields=["import_run_id", "lead_id"], name="activity_of_import", condition=Q(import_run_id__isnull=False)
            ),
            models.Index(  # small: who ripens although their date stays, for worklist.forward
                fields=["recorded_at", "lead_id"], name="activity_ripened", condition=Q(kind="ripened")
            ),
            models.Index(  # small: who has stopped our mail, or agreed to it, and when
                fields=["lead_id", "occurred_at"],
                name="activity_consent",
                condition=Q(kind__in=["agreed", "unsubscribed"]),
            ),
            models.Index(  # small: who came again
                fields=["lead_id", "occurred_at"], name="activity_enquired", condition=Q(kind="enquired")
            ),
        ]


RIPE = "ripe"  # kind of a reaction that looks for a place on somebody's day: no activity is called so


class Reaction(models.Model):
    """What is still to be done about an activity; the worker deletes the row when it is done."""

    id = models.BigAutoField(primary_key=True)
    activity_id = models.UUIDField()
    lead_id = models.UUIDField()
    kind = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, default="")

    class Meta:
        db_table = "reaction"
        indexes = [
            models.Index(fields=["due_at", "id"], name="reaction_due"),
            models.Index(  # what must not wait for the others, nor be looked for among them
                fields=["due_at", "id"], name="reaction_seen", condition=Q(kind__in=SEEN)
            ),
            models.Index(fields=["due_at", "id"], name="reaction_apart", condition=Q(kind__in=(RIPE, "recognised"))),
        ]


class Visitor(models.Model):
    """That a visitor is a lead, since when, and how we know: a row each time somebody else turned out to sit there.

    Strongly: they said so (a form, our own site's sign-in). Weakly: they came by a link made for that lead, and mails
    are forwarded; so it counts from then on, and only until somebody says who they are. Who a hit belongs to is decided
    in one place, `storing.WHOSE`. Visitors whom nobody knows have no row.
    """

    id = models.BigAutoField(primary_key=True)
    visitor_id = models.UUIDField()
    lead_id = models.UUIDField()
    since = models.DateTimeField()
    is_strong = models.BooleanField()
    how = models.CharField(max_length=20)  # form, api, mail …
    linked_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "visitor"
        constraints = [
            models.UniqueConstraint(fields=["visitor_id", "lead_id", "since", "is_strong"], name="visitor_link_once")
        ]
        indexes = [
            models.Index(fields=["lead_id"], name="visitor_of_lead"),
            models.Index(fields=["linked_at"], name="visitor_linked"),
        ]


class Hit(models.Model):
    """Something that happened on a site, raw, as the intake took it: by visitor, partitioned by month.

    The event's id is a UUIDv7 made where it happened, and the table is partitioned by it: so a partition is a month,
    and the primary key makes an event count once however late it is sent again. `who` and `page_kind` are derived from
    the rest and can be decided anew (`visits.reclassify`).
    """

    pk = models.CompositePrimaryKey("visitor_id", "event_id")
    visitor_id = models.UUIDField()
    event_id = models.UUIDField()
    site_id = models.SmallIntegerField()  # 0: a tracked link or a pixel
    kind = models.TextField()
    page_kind = models.TextField()
    who = models.TextField()
    has_consent = models.BooleanField()  # without, the visitor is one page view
    occurred_at = models.DateTimeField()  # by our clock
    received_at = models.DateTimeField()
    lead_id = models.UUIDField(null=True)
    host = models.TextField()
    path = models.TextField()
    network = models.TextField()
    agent = models.TextField()
    marks = models.TextField()
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "hit"
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=[kind.value for kind in HitKind]), name="hit_kind"),
            models.CheckConstraint(condition=models.Q(who__in=[who.value for who in Who]), name="hit_who"),
        ]
        indexes = [BrinIndex(fields=["received_at"], name="hit_received", pages_per_range=16, autosummarize=True)]


class Engagement(models.Model):
    """The days on which a lead did something lately: a bit a day, bit 0 is `day` (counted from 1970, UTC).

    Derived from the timeline as it is written, see `counting`; can be counted anew at any time.
    """

    lead_id = models.UUIDField(primary_key=True)
    day = models.IntegerField()
    reading = models.BigIntegerField(default=0)
    product = models.BigIntegerField(default=0)
    prices = models.BigIntegerField(default=0)
    download = models.BigIntegerField(default=0)

    class Meta:
        db_table = "engagement"
