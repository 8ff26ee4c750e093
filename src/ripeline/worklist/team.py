"""What there is to know today for whoever leads: a few facts about their team, or of everybody for an administrator.

Counts of leads and who is away; nothing about how anybody works. Each fact leads to the leads behind it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.db import connection

from ripeline.base import clock
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Absence, Responsible, ResponsibleKind, Role, User
from ripeline.ripeness.rules import RIPE_FROM
from ripeline.routing import worth
from ripeline.worklist.rules import FRESH, HAND_RAISERS

MOST = 1000  # leads counted of each sort

_ASKING = ", ".join(f"'{source_type}'" for source_type in HAND_RAISERS)
_COUNTS = f"""
SELECT (SELECT count(*) FROM (
            SELECT 1 FROM lead JOIN source ON source.id = lead.source_id
            WHERE lead.responsible_id = ANY(%(desks)s) AND {worth.OPEN} AND lead.next_at < %(by)s AND lead.touches = 0
              AND source.source_type IN ({_ASKING}) AND lead.episode_at >= %(fresh)s LIMIT {MOST}) AS asked),
       (SELECT count(*) FROM (
            SELECT 1 FROM lead WHERE lead.responsible_id = ANY(%(desks)s) AND {worth.OPEN}
              AND lead.next_at < %(today)s LIMIT {MOST}) AS late),
       (SELECT count(*) FROM (
            SELECT 1 FROM score JOIN lead ON lead.id = score.lead_id
            WHERE score.p_30 >= %(ripe)s AND {worth.OPEN} AND lead.state <> 'opportunity'
              AND (lead.responsible_id = ANY(%(desks)s) OR lead.owner_id = ANY(%(people)s)) LIMIT {MOST}) AS ripe),
       (SELECT count(*) FROM (
            SELECT 1 FROM lead JOIN responsible ON responsible.id = lead.responsible_id
            WHERE responsible.kind = '{ResponsibleKind.QUEUE}' AND {worth.OPEN} AND lead.next_at < %(by)s
            LIMIT {MOST}) AS queued)
"""  # noqa: S608


@dataclass(frozen=True)
class Fact:
    """One thing to know, and the query of the list of leads behind it ("" where there is none)."""

    words: str
    query: str = ""


def facts(user: User) -> list[Fact]:
    """What whoever leads may want to know today; [] for others, and where nobody is led."""
    if user.role == Role.ADMIN:
        led, view = people.people().filter(is_active=True), "all"
    elif user.role == Role.LEADER and user.team_id:
        led, view = people.people().filter(is_active=True, team=user.team_id), "team"
    else:
        return []
    members = list(led.filter(role__in=people.SELLERS))
    now, calendar = clock.now(), working_time.calendar_of(user)
    today = calendar.day(now)
    asked, late, ripe, queued = _counts(
        [m.pk for m in members], now=now, today=calendar.at(today, time(0)), by=calendar.end_of(today)
    )
    found = [
        Fact(
            f"{_many(asked, 'request')} {_have(asked)} heard from nobody yet."
            if asked
            else "Every request is answered.",
            f"view={view}&due=today" if asked else "",
        ),
        Fact(
            f"{_many(late, 'lead')} {_have(late)} a date that has passed." if late else "Nobody is overdue.",
            f"view={view}&due=overdue" if late else "",
        ),
    ]
    if ripe:
        found.append(Fact(f"{_many(ripe, 'lead')} {_be(ripe)} likely ready within a month.", f"view={view}&ripe=ripe"))
    if queued:
        found.append(Fact(f"{_many(queued, 'lead')} {_be(queued)} due in the queue.", "view=queue"))
    away = Absence.objects.filter(user__in=members, first_day__lte=today, last_day__gte=today)
    for absence in away.select_related("user", "cover").order_by("user__name"):
        covers = f"{absence.cover.name} covers" if absence.cover else "nobody covers"
        found.append(Fact(f"{absence.user.name} is away until {absence.last_day:%A} {absence.last_day.day}; {covers}."))
    return found


def _counts(members: Collection[UUID], *, now: datetime, today: datetime, by: datetime) -> tuple[int, int, int, int]:
    desks = Responsible.objects.filter(user__in=members).values_list("pk", flat=True)
    given: dict[str, Any] = {
        "desks": list(desks), "people": list(members), "by": by, "today": today, "fresh": now - FRESH, "ripe": RIPE_FROM
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, given)
        asked, late, ripe, queued = cursor.fetchone()
    return asked, late, ripe, queued


def _many(count: int, what: str) -> str:
    return f"{'1,000 or more' if count >= MOST else f'{count:,}'} {what}{'' if count == 1 else 's'}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _be(count: int) -> str:
    return "is" if count == 1 else "are"
