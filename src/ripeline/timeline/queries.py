"""Reading the timeline."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min

from ripeline.base import clock
from ripeline.base.reading import read
from ripeline.people.models import User
from ripeline.timeline.hits import HitKind, Who
from ripeline.timeline.models import Activity, Hit, Reaction, Visitor


def of_lead(
    lead_ids: Collection[UUID],
    *,
    reader: User,
    reads_text: bool,
    kinds: Collection[str] | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 30,
) -> Sequence[Activity]:
    """One page of a person's timeline, newest first (`lead_ids`: the lead and what was merged into it).

    Another's private note is left out; where `reads_text` is false, what others wrote (`body`) comes back empty.
    Of the `kinds` asked for comes also that one was taken back.
    `before` is the (occurred_at, id) of the last entry already shown.
    """
    those = f"activity.lead_id IN ({', '.join(['%s'] * len(lead_ids))}) AND (NOT is_private OR actor_id = %s)"
    given: list[Any] = [*lead_ids, reader.pk]
    if kinds is not None:
        those += " AND (activity.kind = ANY(%s) OR (activity.kind = 'undone' AND data->>'kind' = ANY(%s)))"
        given += [list(kinds)] * 2
    if before:
        those += " AND (occurred_at, activity.id) < (%s, %s)"
        given += before
    rest = f"WHERE {those} ORDER BY occurred_at DESC, activity.id DESC LIMIT %s"
    page = read(Activity, rest, [*given, limit], named=("actor",))
    if not reads_text:
        for entry in page:
            if entry.actor_id != reader.pk:
                entry.body = ""
    return page


def taken_back(entries: Collection[Activity]) -> frozenset[UUID]:
    """Which of these entries of a person's timeline were taken back later."""
    given = [list({entry.lead_id for entry in entries}), [str(entry.pk) for entry in entries]]
    rest = "WHERE activity.lead_id = ANY(%s) AND activity.kind = 'undone' AND data->>'of' = ANY(%s)"
    return frozenset(UUID(entry.data["of"]) for entry in read(Activity, rest, given)) if entries else frozenset()


def count(lead_ids: Collection[UUID]) -> int:
    """How many entries there are of these leads."""
    return Activity.objects.filter(lead_id__in=lead_ids).count()


def size() -> int:
    """How many entries the timeline holds, exactly."""
    return Activity.objects.count()


def reaction_backlog() -> tuple[int, float]:
    """(reactions waiting, age of the oldest in seconds)."""
    found = Reaction.objects.aggregate(n=Count("id"), oldest=Min("created_at"))
    lag = (clock.now() - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    return found["n"], max(lag, 0.0)


def lead_of(visitor_id: UUID) -> UUID | None:
    """Who a visitor last said to be, themselves; None while nobody knows."""
    links = Visitor.objects.filter(visitor_id=visitor_id, is_strong=True).order_by("-since", "-id")
    return links.values_list("lead_id", flat=True).first()


def said_by(visitor_id: UUID) -> list[tuple[UUID, datetime]]:
    """Everybody who said to be this visitor, and when."""
    return list(Visitor.objects.filter(visitor_id=visitor_id, is_strong=True).values_list("lead_id", "since"))


def first_visit(visitor_id: UUID, *, after: datetime | None = None) -> Hit | None:
    """The first page that a person saw by this visitor's browser, as far back as raw hits are kept."""
    hits = Hit.objects.filter(visitor_id=visitor_id, who=Who.HUMAN, kind__in=[HitKind.VIEW, HitKind.DOWNLOAD])
    return (hits.filter(occurred_at__gt=after) if after else hits).order_by("occurred_at", "event_id").first()
