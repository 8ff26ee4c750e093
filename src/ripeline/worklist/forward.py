"""What comes forward: a lead that ripens, and where there is room whoever is worth the minutes by now.

Dates that the planner set are moved to today, the best first and as many as fit; the reason stands on the timeline. A
date that a person chose stays, and so does that of a lead for which a day of better ones has no place: the record says
that the lead ripens all the same, and so does its owner's Today.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from ripeline.base import clock
from ripeline.base.statements import prepared_rows
from ripeline.leads import rules as lead_rules
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.bulk import Gift
from ripeline.leads.decisions.deciding import By, Next
from ripeline.leads.finding import rows as lead_rows
from ripeline.leads.models import Lead, NextKind, State
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Responsible, ResponsibleKind, Role, User
from ripeline.ripeness.rules import RIPE_FROM, percent
from ripeline.routing import prices, turns, worth
from ripeline.routing import queries as routing
from ripeline.routing import rules as routing_rules
from ripeline.timeline import actions as timeline
from ripeline.worklist import queries

SOON = timedelta(days=14)  # a date that somebody chose within these is left without a word
LATELY = timedelta(days=90)  # what was said longer ago is not repeated
MOST = 5000  # leads looked at in one go, the likeliest first

# Leads whose date lies ahead and who are likely ready, or whose owner has minutes to spare; whoever holds them for the
# owner. An opportunity is ripe whatever its score says.
_AHEAD = f"""
WITH picked AS (
    SELECT lead.*, held.kind AS held_by, score.p_30 FROM lead JOIN score ON score.lead_id = lead.id
    JOIN responsible AS held ON held.id = lead.responsible_id
    WHERE {worth.OPEN} AND lead.state <> '{State.OPPORTUNITY}' AND lead.next_at >= %(by)s
      AND lead.next_kind NOT IN ('{NextKind.PROMISE}', '{NextKind.MEETING}')
      AND held.kind <> '{ResponsibleKind.QUEUE}' AND lead.owner_id IS NOT NULL
      AND (score.p_30 >= %(ripe)s OR (lead.owner_id = ANY(%(idle)s) AND NOT lead.next_committed))
      AND (%(ids)s::uuid[] IS NULL OR lead.id = ANY(%(ids)s))
    ORDER BY score.p_30 DESC, lead.id LIMIT {MOST}
)
SELECT {worth.COLUMNS}, lead.owner_id, lead.next_at, lead.next_kind, lead.next_note, lead.next_committed,
       lead.next_set_at
FROM picked AS lead {worth.JOINS}
"""  # noqa: S608
# The same of what waits in the queues, where inside sales has minutes to spare.
_QUEUED = f"""
WITH picked AS (
    SELECT lead.* FROM lead JOIN score ON score.lead_id = lead.id
    WHERE lead.responsible_id = ANY(%(queues)s) AND {worth.OPEN} AND lead.next_at >= %(by)s AND NOT lead.next_committed
      AND lead.next_kind NOT IN ('{NextKind.PROMISE}', '{NextKind.MEETING}')
    ORDER BY score.p_30 DESC, lead.id LIMIT {MOST}
)
SELECT {worth.COLUMNS}, %(taker)s::uuid, lead.next_at, lead.next_kind, lead.next_note, lead.next_committed,
       lead.next_set_at
FROM picked AS lead {worth.JOINS}
"""  # noqa: S608


_READY = """
SELECT lead.id FROM lead JOIN score ON score.lead_id = COALESCE(lead.merged_into_id, lead.id)
WHERE lead.id = ANY(%(ids)s::uuid[]) AND score.p_30 >= %(ripe)s::float8
"""


@dataclass(frozen=True)
class _Ahead:
    """A lead whose date lies ahead, and whose minutes it would take: its owner's, or those of inside sales."""

    standing: worth.Standing
    taker_id: UUID
    next_at: datetime
    kind: str
    note: str
    is_committed: bool
    set_at: datetime

    @property
    def is_ripe(self) -> bool:
        return (self.standing.p_30 or 0.0) >= RIPE_FROM


def bring_forward(lead_ids: Collection[UUID] | None = None) -> int:
    """Bring forward who ripens, and whoever is worth the minutes that are left; how many were moved.

    Of these leads, or of all, the queues included where inside sales has minutes to spare. What was done today makes no
    room; once more on a day changes nothing.
    """
    moment, firm = clock.now(), working_time.company()
    calendar = working_time.calendar_of(None, of_company=firm)
    day = calendar.working_day(calendar.day(moment))
    by, tomorrow = calendar.end_of(day), calendar.end_of(calendar.after(day, 1))
    theirs: set[UUID] | None = None
    if lead_ids is not None:  # most of those who come to us again need no place: then nobody's is locked
        worthy = _worthy(_heard(_ahead([], by=tomorrow, ids=lead_ids), now=moment), now=moment)
        lead_ids, theirs = [each.standing.lead_id for _, each in worthy], {each.taker_id for _, each in worthy}
        if not worthy:
            return 0
    sellers = list(routing.sellers().values())
    sellers = [s for s in sellers if not s.away_on(s.today(moment)) and (theirs is None or s.user_id in theirs)]
    with transaction.atomic(), turns.taken(sellers) as ready:
        fills = turns.fills([turns.without_choice(s) for s in ready], day=day, by=by, now=moment)
        if calendar.day(moment) == day:  # see `release`
            turns.note_least(fills, day=day)
        ripe = turns.ripe_fills(ready, by=by, now=moment)
        idle = [user for user, fill in fills.items() if fill.free] if lead_ids is None else []
        ahead = _heard(_ahead(idle, by=tomorrow, ids=lead_ids), now=moment)
        worthy = [pair for pair in _worthy(ahead, now=moment) if pair[1].taker_id in fills]
        chosen = _fitting(worthy, fills, ripe)
        placed = {each.standing.lead_id for each in chosen}
        left_out = [each for _, each in worthy if each.is_ripe and each.standing.lead_id not in placed]
        _say_so(left_out, now=moment)
        if lead_ids is None:
            inside = [s.user_id for s in ready if s.role == Role.SDR]
            chosen += _queued(inside, fills, chosen, due_by=by, by=tomorrow, now=moment)
        names = {s.user_id: s.name for s in ready}
        at = max(calendar.at(day), moment)
        nexts = {each.standing.lead_id: Next(at, each.kind, each.note) for each in chosen}
        whys = {each.standing.lead_id: _why(each, names[each.taker_id]) for each in chosen}
        takers = {each.standing.lead_id: each.taker_id for each in chosen}
        by_worker = By(people.system(), "worker")
        moved = bulk.replan_many(nexts, by_worker, whys=whys, skips_busy=True)
        _hand_back([decision.lead for decision in moved], by=by)
        turns.note_filled(fills, [takers[decision.lead.pk] for decision in moved], day=day)
    return len(moved)


def likely_ready(lead_ids: Collection[UUID]) -> set[UUID]:
    """Those of these leads that are likely ready, or were merged into one that is."""
    return {pk for (pk,) in prepared_rows(_READY, {"ids": list(lead_ids), "ripe": RIPE_FROM})}


def _ahead(idle: Sequence[UUID], *, by: datetime, ids: Collection[UUID] | None) -> list[_Ahead]:
    given: dict[str, Any] = {"idle": list(idle), "by": by, "ripe": RIPE_FROM, "ids": None if ids is None else list(ids)}
    with connection.cursor() as cursor:
        cursor.execute(_AHEAD, given)
        return [_Ahead(worth.standing(row), *row[worth.WIDTH :]) for row in cursor.fetchall()]


def _heard(ahead: Sequence[_Ahead], *, now: datetime) -> list[_Ahead]:
    """Those whose date may move; of the others that ripen the record says so."""
    _say_so([each for each in ahead if each.is_committed and each.next_at > now + SOON], now=now)
    return [each for each in ahead if not each.is_committed]


def _worthy(ahead: Sequence[_Ahead], *, now: datetime) -> list[tuple[float, _Ahead]]:
    """(worth, lead) of those worth their owner's minutes by now: who was just spoken to is not."""
    values = worth.worth([each.standing for each in ahead], now=now).tolist()
    price = prices.of_users({each.taker_id for each in ahead})
    pairs = zip(values, ahead, strict=True)
    return [(value, each) for value, each in pairs if value >= price[each.taker_id].per_minute]


def _fitting(
    worthy: Sequence[tuple[float, _Ahead]], fills: Mapping[UUID, turns.Fill], ripe: Mapping[UUID, turns.Fill]
) -> list[_Ahead]:
    """As many of each owner as fit into today, the best first: who is likely ready also into a full one."""
    theirs: dict[UUID, list[tuple[float, _Ahead]]] = defaultdict(list)
    for value, each in worthy:
        theirs[each.taker_id].append((value, each))
    chosen: list[_Ahead] = []
    for user, found in theirs.items():
        first = turns.fitting(ripe[user], [pair for pair in found if pair[1].is_ripe])
        fill, n = fills[user], len(first)
        left = replace(fill, free=max(fill.free - n, 0), least=fill.least[n:])
        chosen += [*first, *turns.fitting(left, [pair for pair in found if not pair[1].is_ripe])]
    return chosen


def _queued(
    inside: Sequence[UUID],
    fills: dict[UUID, turns.Fill],
    chosen: Sequence[_Ahead],
    *,
    due_by: datetime,
    by: datetime,
    now: datetime,
) -> list[_Ahead]:
    """Of what waits in the queues for a later day, as many as inside sales has free minutes for, the best first."""
    given = Counter(each.taker_id for each in chosen)
    free = [user for user in inside for _ in range(fills[user].free - given[user])]
    if not free:
        return []
    queues = list(Responsible.objects.filter(kind=ResponsibleKind.QUEUE, is_active=True).values_list("pk", flat=True))
    places = free[queries.due_count(queues, by=due_by) :]
    if not places:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_QUEUED, {"queues": queues, "by": by, "taker": places[0]})
        ahead = [_Ahead(worth.standing(row), *row[worth.WIDTH :]) for row in cursor.fetchall()]
    price = min(known.per_minute for known in prices.of_users(inside).values())
    values = worth.worth([each.standing for each in ahead], now=now).tolist()
    best = sorted((pair for pair in zip(values, ahead, strict=True) if pair[0] >= price), key=lambda pair: -pair[0])
    return [replace(each, taker_id=user) for (_, each), user in zip(best, places, strict=False)]


def _hand_back(leads: Sequence[Lead], *, by: datetime) -> None:
    """Those that Keep in touch looks after are their owner's again at once."""
    kept = [lead for lead in leads if lead.responsible.kind == ResponsibleKind.PROGRAMME]
    rows = {r.user_id: r for r in Responsible.objects.filter(user__in={lead.owner_id for lead in kept})}
    gifts = {
        lead.pk: Gift(rows[lead.owner_id], {"rule": "owner", "to": rows[lead.owner_id].name})
        for lead in kept
        if lead.owner_id in rows
    }
    bulk.return_many(gifts, By(people.system(), "worker"), by=by)


def _why(each: _Ahead, name: str) -> dict[str, str]:
    if each.is_ripe:
        return {"rule": routing_rules.RIPENED, "chance": percent(each.standing.p_30 or 0.0)}
    return {"rule": routing_rules.ROOM, "to": name}


def _say_so(ripened: Sequence[_Ahead], *, now: datetime) -> None:
    """Note on the record that these ripen and that their date stays all the same, once for each date."""
    system = people.system()
    timeline.record_all(
        [
            timeline.Entry(
                lead_id=each.standing.lead_id, kind="ripened", actor_id=system.pk, origin="worker",
                event_key=f"ripened:{each.set_at.isoformat()}", occurred_at=now,
                data={"chance": percent(each.standing.p_30 or 0.0)} | ({} if each.is_committed else {"full": True}),
            )
            for each in ripened
        ]
    )  # fmt: skip


# Somebody's leads whose date lies ahead, since it was chosen or for want of room, and of which the record said lately
# that they ripen: until a person has decided about it or written down what they think. Of these entries there are few,
# so it is from them that the way leads, by `activity_ripened`.
_EARLY = f"""
WITH said AS MATERIALIZED (
    SELECT lead_id, max(recorded_at) AS at FROM activity
    WHERE kind = 'ripened' AND recorded_at > %(since)s GROUP BY lead_id
)
SELECT lead.id, score.p_30 FROM said JOIN lead ON lead.id = said.lead_id JOIN score ON score.lead_id = lead.id
WHERE lead.owner_id = ANY(%(mine)s) AND {worth.OPEN}
  AND lead.next_at > %(tomorrow)s AND (NOT lead.next_committed OR lead.next_at > %(after)s)
  AND score.p_30 >= %(ripe)s
  AND NOT EXISTS (
    SELECT 1 FROM activity AS answer JOIN "user" AS who ON who.id = answer.actor_id AND NOT who.is_system
    WHERE answer.lead_id = lead.id AND answer.recorded_at > said.at
  )
ORDER BY score.p_30 DESC, lead.id LIMIT %(limit)s
"""  # noqa: S608


def ripening_early(user: User, limit: int = 3) -> list[tuple[Lead, str]]:
    """(lead, its chance in words) of theirs that ripen although their date lies ahead and stays; the likeliest."""
    given: dict[str, Any] = {
        "mine": [user.pk, *lead_rules.covering(user)], "after": clock.now() + SOON,
        "tomorrow": clock.now() + timedelta(days=1), "ripe": RIPE_FROM, "limit": limit, "since": clock.now() - LATELY,
    }  # fmt: skip
    found = dict(prepared_rows(_EARLY, given))
    leads = lead_rows.whole(found)
    return [(leads[pk], percent(chance)) for pk, chance in found.items() if pk in leads]
