"""What Today is made of: who is due, what stands on a plan, how much lies in the shoebox."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from ripeline.base import clock
from ripeline.base.statements import prepared_rows
from ripeline.catalog.rules import UNANSWERED
from ripeline.leads.models import IS_OPEN, Lead, NextKind
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Responsible, ResponsibleKind, Role, User
from ripeline.people.working_time import Calendar
from ripeline.ripeness.rules import RIPE_FROM
from ripeline.routing import queries as routing
from ripeline.routing import worth
from ripeline.routing.rules import LONG_AWAY
from ripeline.timeline.models import Activity
from ripeline.worklist.rules import FRESH, HAND_RAISERS, Candidate

DATED, ASKED, BEST = 200, 100, 300  # candidates read at most, of each sort
RIPENED = 10  # of those who became likely ready since the day was planned, so many wait on it at a time
_KINDS = f"('{NextKind.PROMISE}', '{NextKind.MEETING}')"
_FIRST = f"('{NextKind.FIRST_CONTACT}', '{NextKind.QUALIFY}')"
_ASKING = ", ".join(f"'{source_type}'" for source_type in HAND_RAISERS)

# Who is due with these responsibles before a moment: dates that somebody chose, requests that nobody has answered, who
# became likely ready or was brought forward since the day was planned, and the likeliest of the rest. Each part is read
# along `lead_due` and bounded, however many leads are in hand.
_DUE = f"lead.responsible_id = ANY(%(mine)s) AND {worth.OPEN} AND lead.next_at < %(by)s"
_DATED = f"""
    SELECT lead.id FROM lead WHERE {_DUE} AND (lead.next_committed OR lead.next_kind IN {_KINDS})
    ORDER BY lead.next_at, lead.id LIMIT {DATED}
"""  # noqa: S608
_ASKED = f"""
    SELECT lead.id FROM lead LEFT JOIN source ON source.id = lead.source_id
    WHERE {_DUE} AND lead.touches = 0 AND lead.next_kind IN {_FIRST}
      AND (source.source_type IN ({_ASKING}) OR lead.next_note = '{UNANSWERED}') AND lead.episode_at >= %(fresh)s
    ORDER BY lead.episode_at DESC, lead.id LIMIT {ASKED}
"""  # noqa: S608
_RIPENED = f"""
    SELECT lead.id FROM lead JOIN score ON score.lead_id = lead.id
    WHERE {_DUE} AND score.p_30 >= {RIPE_FROM}
      AND GREATEST(lead.next_set_at, score.scored_at) > %(since)s::timestamptz
    ORDER BY score.p_30 DESC, lead.id LIMIT {RIPENED}
"""  # noqa: S608
_BEST = f"""
    SELECT lead.id FROM lead LEFT JOIN score ON score.lead_id = lead.id WHERE {_DUE}
    ORDER BY COALESCE(score.p_30, %(average)s) DESC, lead.next_at, lead.id LIMIT {BEST}
"""  # noqa: S608
_FACTS = f"""
SELECT {worth.COLUMNS}, lead.next_at, lead.next_kind, lead.next_note, lead.next_committed, lead.captured_at,
       COALESCE(source.name, ''), COALESCE(source.source_type, ''), score.p_30_low, score.p_30_high,
       COALESCE(score.reasons, '[]'::jsonb), CASE WHEN responsible.user_id <> %(me)s THEN responsible.name ELSE '' END,
       COALESCE(deal.amount, lead.amount), COALESCE(NULLIF(deal.currency, ''), lead.currency), deal.opened_at,
       deal.expected_close, lead.episode, lead.account_id
FROM picked JOIN lead ON lead.id = picked.id
JOIN responsible ON responsible.id = lead.responsible_id
LEFT JOIN source ON source.id = lead.source_id {worth.JOINS}
"""  # noqa: S608
# What Keep in touch looks after for somebody and hands back to them by then.
_RETURNING = f"""
    SELECT lead.id FROM lead JOIN responsible ON responsible.id = lead.responsible_id AND responsible.kind = 'programme'
    WHERE lead.owner_id = %(me)s AND {worth.OPEN} AND lead.next_at < %(by)s ORDER BY lead.next_at, lead.id LIMIT {BEST}
"""  # noqa: S608
CANDIDATES = f"WITH picked AS (({_DATED}) UNION ({_ASKED}) UNION ({_BEST})) {_FACTS}"
COMING = f"WITH picked AS (({_DATED}) UNION ({_ASKED}) UNION ({_BEST}) UNION ({_RETURNING})) {_FACTS}"
URGENT = f"WITH picked AS (({_DATED}) UNION ({_ASKED}) UNION ({_RIPENED})) {_FACTS}"
OF_THESE = f"WITH picked AS (SELECT unnest(%(ids)s::uuid[]) AS id) {_FACTS}"
URGENT_IDS = f"({_DATED}) UNION ({_ASKED}) UNION ({_RIPENED})"


def responsibles(user: User, *days: date) -> list[UUID]:
    """Under which responsibles somebody works: their own, of whom they cover for; SDRs and administrators (who may be
    alone) also the queues.

    `days`: today, and the day whose list it is, where today is not worked. Who is covered must be away on each of them:
    earlier it is not theirs to open yet (`leads.rules.covering`), later it is no longer theirs to work.
    """
    return people.desks(user, set(days), queues=user.role in (Role.SDR, Role.ADMIN))


def candidates(
    user: User,
    mine: Collection[UUID],
    *,
    by: datetime,
    now: datetime,
    urgent_since: datetime | None = None,
    returning: bool = False,
) -> list[Candidate]:
    """Leads due before `by` among which a day is chosen, in one query.

    `urgent_since`: those alone that cannot wait, on a day planned then; `returning`: also what Keep in touch will hand
    back to `user` by `by`.
    """
    sql = URGENT if urgent_since else COMING if returning else CANDIDATES
    with connection.cursor() as cursor:
        cursor.execute(sql, _given(user, mine, by, now, urgent_since))
        return [_candidate(row) for row in cursor.fetchall()]


def these(user: User, lead_ids: Collection[UUID]) -> dict[UUID, Candidate]:
    """The same of these leads, whether or not they are due."""
    given: dict[str, Any] = {"ids": list(lead_ids), "me": user.pk}
    found = [_candidate(row) for row in prepared_rows(OF_THESE, given)]
    return {candidate.lead_id: candidate for candidate in found}


_OUTDATED = """
SELECT item.lead_id FROM plan_item AS item JOIN score ON score.lead_id = item.lead_id
WHERE item.plan_id = %s AND item.done_at IS NULL AND item.decided <> '' AND score.scored_at > item.said_at
"""


def outdated(plan_id: UUID) -> set[UUID]:
    """Those who wait on a plan and have another score than the one that is spoken of there."""
    return {lead_id for (lead_id,) in prepared_rows(_OUTDATED, [plan_id])}


def urgent(user: User, mine: Collection[UUID], *, by: datetime, now: datetime, since: datetime) -> set[UUID]:
    """The ids of those that cannot wait: dates and requests due before `by`, and who became likely ready `since`."""
    return {lead_id for (lead_id,) in prepared_rows(URGENT_IDS, _given(user, mine, by, now, since))}


def _given(
    user: User, mine: Collection[UUID], by: datetime, now: datetime, since: datetime | None = None
) -> dict[str, Any]:
    return {
        "mine": list(mine), "by": by, "me": user.pk, "fresh": now - FRESH, "average": worth.AVERAGE_P_30,
        "since": since,
    }  # fmt: skip


def _candidate(row: Sequence[Any]) -> Candidate:
    (
        next_at, next_kind, note, is_committed, captured_at, source, source_type, low, high, reasons, theirs, amount,
        currency, opened_at, expected_close, episode, account_id,
    ) = row[worth.WIDTH :]  # fmt: skip
    return Candidate(
        standing=worth.standing(row), next_at=next_at, next_kind=next_kind, note=note, is_committed=is_committed,
        captured_at=captured_at, source=source, source_type=source_type, p_30_low=low, p_30_high=high,
        reasons=json.loads(reasons), theirs=theirs, amount=amount, currency=currency, opened_at=opened_at,
        expected_close=expected_close, episode=episode, account_id=account_id,
    )  # fmt: skip


def due_count(mine: Collection[UUID], *, by: datetime) -> int:
    """How many open leads of these responsibles are due before `by`."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM lead WHERE {_DUE}", {"mine": list(mine), "by": by})  # noqa: S608
        count: int = cursor.fetchone()[0]
    return count


def has_leads(mine: Collection[UUID]) -> bool:
    """Whether these responsibles have an open lead at all, whenever it is due."""
    return Lead.objects.filter(IS_OPEN, responsible__in=mine).exists()


class Stretch(NamedTuple):
    """A stretch of time whose days are those of a calendar."""

    calendar: Calendar
    since: datetime
    until: datetime


_DUE_BY_DAY = f"""
SELECT asked.id, found.day, found.n
FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[]) AS asked(id, zone, since, until)
CROSS JOIN LATERAL (  -- of each along `lead_due`
    SELECT (lead.next_at AT TIME ZONE asked.zone)::date AS day, count(*) AS n FROM lead
    WHERE lead.responsible_id = asked.id AND {worth.OPEN} AND lead.next_at >= asked.since AND lead.next_at < asked.until
    GROUP BY 1
) AS found
"""  # noqa: S608


def due_by_days(stretches: Mapping[UUID, Stretch]) -> dict[UUID, dict[date, int]]:
    """How many open leads of each of these responsibles are due on each local day of a stretch of time of their own."""
    found: dict[UUID, dict[date, int]] = {pk: {} for pk in stretches}
    each = list(stretches.values())
    zones = [str(one.calendar.zone) for one in each]
    given: list[Any] = [list(stretches), zones, [one.since for one in each], [one.until for one in each]]
    with connection.cursor() as cursor:
        cursor.execute(_DUE_BY_DAY, given)
        for pk, day, n in cursor.fetchall():
            found[pk][day] = n
    return found


def due_by_day(responsible_id: UUID, calendar: Calendar, *, since: datetime, until: datetime) -> dict[date, int]:
    """The same of one."""
    return due_by_days({responsible_id: Stretch(calendar, since, until)})[responsible_id]


# The shoebox: what constraints cannot say. Overdue for long; with somebody who left or whose role follows up no leads,
# or a paused programme; due with somebody who is away for long and covered by nobody.
_SHOEBOX = f"""
SELECT count(*) FROM (  -- each part along an index of its own, which one condition with OR would not be
    SELECT lead.id FROM lead WHERE {worth.OPEN} AND lead.next_at < %(long_overdue)s
    UNION
    SELECT lead.id FROM lead WHERE {worth.OPEN} AND lead.responsible_id IN (
        SELECT r.id FROM responsible AS r LEFT JOIN "user" AS u ON u.id = r.user_id
        WHERE NOT r.is_active OR NOT COALESCE(u.is_active AND u.role = ANY(%(sellers)s), true)
    )
    UNION
    SELECT lead.id FROM lead
    WHERE {worth.OPEN} AND lead.responsible_id = ANY(%(away)s) AND lead.next_at < %(by)s
) AS found
"""  # noqa: S608


def shoebox(now: datetime | None = None) -> int:
    """The shoebox count: open leads that nobody looks after, whatever the record says. It is driven to 0."""
    moment = now or clock.now()
    calendar = working_time.calendar_of(None)
    today = calendar.day(moment)
    away = Responsible.objects.filter(user__in=routing.long_away(calendar, today).keys())
    with connection.cursor() as cursor:
        cursor.execute(
            _SHOEBOX,
            {
                "long_overdue": calendar.at(calendar.before(today, LONG_AWAY), time(0)),
                "by": calendar.end_of(today),
                "away": list(away.values_list("pk", flat=True)),
                "sellers": list(people.SELLERS),
            },
        )
        count: int = cursor.fetchone()[0]
    return count


def overdue_responsibles(*, before: datetime) -> list[Responsible]:
    """Active people and queues with an open lead due before `before` whose date nobody chose."""
    late = Lead.objects.filter(IS_OPEN, next_at__lt=before, next_committed=False)
    late = late.exclude(next_kind__in=(NextKind.PROMISE, NextKind.MEETING))
    found = Responsible.objects.filter(pk__in=late.values("responsible").distinct(), is_active=True)
    return list(found.exclude(kind=ResponsibleKind.PROGRAMME).select_related("user").order_by("pk"))


_OVERDUE = f"""
WITH picked AS (
    SELECT lead.* FROM lead WHERE lead.responsible_id = %(responsible)s AND {worth.OPEN}
      AND lead.next_at < %(before)s AND NOT lead.next_committed AND lead.next_kind NOT IN {_KINDS}
)
SELECT {worth.COLUMNS}, lead.next_kind, lead.next_note FROM picked AS lead {worth.JOINS}
"""  # noqa: S608


def overdue(responsible_id: UUID, *, before: datetime) -> list[tuple[worth.Standing, str, str]]:
    """(standing, next kind, next note) of one responsible's open leads due before a moment whose date nobody chose."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, {"responsible": responsible_id, "before": before})
        return [(worth.standing(row), *row[worth.WIDTH :]) for row in cursor.fetchall()]


# Lost leads whose reason says when to look again, and that day has come; those let go last come first.
_RECYCLABLE = """
SELECT lead.id, lead.closed_at, close_reason.label FROM lead
JOIN close_reason ON close_reason.id = lead.close_reason_id
WHERE lead.state = 'lost' AND lead.merged_into_id IS NULL AND close_reason.recycle_days IS NOT NULL
  AND lead.closed_at + make_interval(days => close_reason.recycle_days) <= %(now)s
ORDER BY lead.closed_at DESC, lead.id LIMIT %(limit)s
"""


def recyclable(*, now: datetime, limit: int) -> list[tuple[UUID, datetime, str]]:
    """(lead, when it was lost, the reason's words) of lost leads that are worth another look by now."""
    with connection.cursor() as cursor:
        cursor.execute(_RECYCLABLE, {"now": now, "limit": limit})
        return list(cursor.fetchall())


_RIPENING = f"""
SELECT lead.id, score.p_30 FROM lead JOIN score ON score.lead_id = lead.id
WHERE lead.responsible_id = ANY(%(mine)s) AND {worth.OPEN} AND lead.next_at >= %(after)s AND lead.next_at < %(until)s
ORDER BY score.p_30 DESC, lead.next_at, lead.id LIMIT %(limit)s
"""  # noqa: S608


def ripening_next(mine: Collection[UUID], *, after: datetime, limit: int = 3) -> list[Lead]:
    """The likeliest of the leads that come up in the week after a moment, likeliest first."""
    given: dict[str, Any] = {"mine": list(mine), "after": after, "until": after + timedelta(days=7), "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_RIPENING, given)
        ids = [row[0] for row in cursor.fetchall()]
    found = Lead.objects.select_related("account").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def moved(activity_ids: Collection[UUID]) -> dict[str, int]:
    """How often each outcome came of a day's work, by what these entries say."""
    entries = Activity.objects.filter(pk__in=list(activity_ids)).values_list("kind", "data__outcome")
    return dict(Counter(outcome or kind for kind, outcome in entries))


def sibling(activity_id: UUID, *, suffix: str) -> UUID | None:
    """The entry that the same request made beside this one, under its key with a suffix."""
    entry = Activity.objects.filter(pk=activity_id).first()
    if entry is None:
        return None
    found = Activity.objects.filter(lead_id=entry.lead_id, origin=entry.origin, event_key=entry.event_key + suffix)
    return found.values_list("pk", flat=True).first()


def due_at(responsible_id: UUID, at: datetime, *, kind: str) -> int:
    """How many open leads of one responsible have exactly this next moment, of this kind."""
    return Lead.objects.filter(IS_OPEN, responsible=responsible_id, next_at=at, next_kind=kind).count()
