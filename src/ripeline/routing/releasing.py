"""Leads that wait are handed to whoever has time: from the queue the best first, from Keep in touch at their moment."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import inf
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from ripeline.base import clock
from ripeline.catalog.rules import HAND_RAISERS, UNANSWERED
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.bulk import Gift
from ripeline.leads.decisions.deciding import By, Next
from ripeline.leads.models import FARTHEST_NEXT, NextKind, State
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Company, Responsible, ResponsibleKind, User
from ripeline.people.working_time import MORNING, Calendar
from ripeline.routing import queries, rules, turns, worth
from ripeline.routing.rules import Route, Seller, Why, Wish
from ripeline.science.choice import FRESH_DAYS
from ripeline.science.spread import spread

BATCH = 1000

# Who waits in a queue: those whose day has come (what somebody promised before all, then who asked for us and has heard
# from nobody, then the likeliest), then those whose date the planner chose because nobody had time. What an SDR is
# qualifying stays with them, and for a while so does what nobody has begun with; a committed date waits for its day.
_FIRST = f"('{NextKind.FIRST_CONTACT}', '{NextKind.QUALIFY}')"
_ASKING = ", ".join(f"'{source_type}'" for source_type in HAND_RAISERS)
_WAITING = f"""
WITH picked AS (
    SELECT lead.*, lead.next_at < %(by)s AS is_due,
           (lead.touches = 0 AND lead.next_kind IN {_FIRST} AND lead.episode_at >= %(fresh)s
            AND (source.source_type IN ({_ASKING}) OR lead.next_note = '{UNANSWERED}')) IS TRUE AS is_asking
    FROM lead
    JOIN responsible ON responsible.id = lead.responsible_id AND responsible.kind = 'queue'
    LEFT JOIN score ON score.lead_id = lead.id
    LEFT JOIN source ON source.id = lead.source_id
    WHERE {worth.OPEN} AND lead.state <> '{State.QUALIFYING}' AND (lead.next_at < %(by)s OR NOT lead.next_committed)
      AND (lead.state <> '{State.NEW}' OR lead.state_at <= CASE
           WHEN source.source_type IN ({_ASKING}) THEN %(asked_since)s::timestamptz ELSE %(new_since)s::timestamptz END
      ) IS NOT FALSE  -- without such moments: whoever waits
    ORDER BY lead.next_at < %(by)s DESC, lead.next_committed DESC, is_asking DESC,
             COALESCE(score.p_30, %(average)s) DESC, lead.next_at, lead.id
    LIMIT %(limit)s
)
SELECT {worth.COLUMNS}, lead.is_due, lead.is_asking, lead.next_kind, lead.next_note, lead.next_committed,
       lead.account_id, lead.responsible_id
FROM picked AS lead {worth.JOINS}
"""  # noqa: S608


@dataclass(frozen=True)
class Waiting:
    """A lead in a queue, and what a contact with it would be worth."""

    lead_id: UUID
    is_due: bool
    is_asking: bool  # for us, and has heard from nobody
    kind: str
    note: str
    is_committed: bool
    account_id: UUID | None
    queue_id: UUID
    worth: float

    def next(self, forward: datetime) -> Next | None:
        """What is to be done with it now; None: what was to be done anyhow."""
        if self.kind == NextKind.QUALIFY:
            return Next(forward, NextKind.FIRST_CONTACT, self.note)
        return None if self.is_due else Next(forward, self.kind, self.note)

    @property
    def has_to(self) -> bool:
        """Whether somebody promised to be in touch by now, whatever it is worth."""
        return self.is_due and self.is_committed

    def rank(self) -> tuple[bool, bool, bool, float, UUID]:
        """The first to be handed out sorts first."""
        return (not self.is_due, not self.is_committed, not self.is_asking, -self.worth, self.lead_id)


# Along `lead_due`, one place in it for each of the few who are no people: an array of them, the planner scans for.
_WAITS = f"""
SELECT EXISTS (
    SELECT FROM responsible AS r CROSS JOIN LATERAL (
        SELECT FROM lead WHERE lead.responsible_id = r.id AND {worth.OPEN} AND lead.next_at < %(by)s
        ORDER BY lead.next_at LIMIT 1
    ) AS due WHERE r.kind = '{ResponsibleKind.PROGRAMME}' AND r.is_active
), EXISTS (
    SELECT FROM responsible AS r CROSS JOIN LATERAL (
        SELECT FROM lead WHERE lead.responsible_id = r.id AND {worth.OPEN} AND lead.state <> '{State.QUALIFYING}'
        ORDER BY lead.next_at LIMIT 1
    ) AS waiting WHERE r.kind = '{ResponsibleKind.QUEUE}'
)
"""  # noqa: S608


def hand_out(firm: Company) -> None:
    """`return_due` and `release`, before somebody's day is planned; one short question where nothing waits."""
    calendar = working_time.calendar_of(None, of_company=firm)
    is_due, is_queued = _waits(by=calendar.end_of(calendar.day(clock.now())))
    if is_due:
        return_due()
    if is_due or is_queued:
        release()


def _waits(*, by: datetime) -> tuple[bool, bool]:
    """Whether a programme holds a lead that is due before `by`, and a queue one that somebody may get: else nobody's
    day need be looked at, nor locked."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITS, {"by": by})
        is_due, is_queued = cursor.fetchone()
    return is_due, is_queued


def release() -> int:
    """Hand leads that wait in a queue to sellers for whom they are worth their minutes, the best first; how many.

    Free minutes of a day go to leads that are worth the price of those minutes (`prices`); a full day takes only what
    is worth more than the least on it, and few of those. Nobody gets more than their caps. What is new is first for
    inside sales to look at, where somebody of them is here. Once more on the same day
    changes nothing: what was handed out counts until tomorrow, also when it is done.
    """
    moment = clock.now()
    if not _waits(by=moment)[1]:
        return 0
    firm = working_time.company()
    calendar = working_time.calendar_of(None, of_company=firm)
    day = calendar.working_day(calendar.day(moment))
    week = turns.week(day)
    found = queries.sellers()
    rotation = rules.in_rotation(found.values(), moment)
    if not rotation:
        return 0
    with transaction.atomic(), turns.taken(rotation, week=week) as ready:
        fills = turns.fills(ready, day=day, by=calendar.end_of(day), now=moment)
        if calendar.day(moment) == day:  # what is seen on a day off of the next one is not of that morning
            turns.note_least(fills, day=day)
        places = sum(len(fill.least) for fill in fills.values())
        least = min((fill.least[0] for fill in fills.values() if fill.least), default=0.0)
        first_look = rules.looks_first(found.values(), rotation, day)
        look = _seen_since(calendar, day, moment) if first_look else (None, None)
        found_waiting = _waiting(by=calendar.end_of(day), limit=2 * places + 50, seen_since=look) if places else []
        waiting = [w for w in found_waiting if w.has_to or w.worth >= least][:places]
        if not waiting:
            return 0
        owners = queries.account_owners({w.account_id for w in waiting if w.account_id})
        fallback, queue = queries.places()
        able = [
            replace(s, room=len(fill.least), least=fill.least, free=fill.free)
            for s in ready
            if (fill := fills[s.user_id])
        ]
        routes, credits = rules.choose(
            [_wish(w, owners, len(waiting) - rank) for rank, w in enumerate(waiting)],
            sellers=found, rotation=able, fallback=fallback, queue=queue,
        )  # fmt: skip
        forward = max(calendar.at(day), moment)
        rows = Responsible.objects.in_bulk([route.responsible_id for route in routes])
        gifts = {
            w.lead_id: Gift(rows[route.responsible_id], _why(route), w.next(forward), held_by=w.queue_id)
            for w, route in zip(waiting, routes, strict=True)
            if route.why["rule"] != rules.FALLBACK
        }
        given = bulk.give_many(gifts, By(people.system(), "worker"), skips_busy=True)
        owners_of = [d.lead.owner_id for d in given if d.lead.owner_id]
        turns.note_filled(fills, owners_of, day=day)
        in_turn = (rules.RELEASED, rules.DISPLACES)  # those of their own companies come beside the cap
        new = [d.lead.owner_id for d in given if d.lead.owner_id and gifts[d.lead.pk].why["rule"] in in_turn]
        turns.keep(ready, credits, new, week=week)
    return len(given)


def _seen_since(calendar: Calendar, day: date, now: datetime) -> tuple[datetime, datetime]:
    """(any new lead, one that asked for us): what waits since these moments inside sales has had the time to look at.

    A day that is not worked is nobody's: then it is the morning a working day before the next one.
    """
    at = now.astimezone(calendar.zone).time() if calendar.day(now) == day else MORNING
    return calendar.at(calendar.before(day, rules.FIRST_LOOK_DAYS), at), now - rules.FIRST_LOOK_ASKED


def _why(route: Route) -> Why:
    """Why it was released: to a free minute, or because it is worth more than what fills the day."""
    if route.why["rule"] != rules.ROUND_ROBIN:
        return route.why
    return route.why | {"rule": rules.DISPLACES if route.why.get("full") else rules.RELEASED}


def _wish(waiting: Waiting, owners: dict[UUID, tuple[UUID, str]], value: float) -> Wish:
    owner, account = owners.get(waiting.account_id, (None, "")) if waiting.account_id else (None, "")
    return Wish(
        account_owner=owner, account=account, due=clock.now().date(), value=value,
        worth=inf if waiting.has_to else waiting.worth,
    )  # fmt: skip


def _waiting(*, by: datetime, limit: int, seen_since: tuple[datetime | None, datetime | None]) -> list[Waiting]:
    """The best that wait, in the order in which they are handed out; new ones only if they came before `seen_since`."""
    fresh = clock.now() - timedelta(days=FRESH_DAYS)
    given: dict[str, Any] = {"by": by, "limit": limit, "average": worth.AVERAGE_P_30, "fresh": fresh}
    given |= zip(("new_since", "asked_since"), seen_since, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, given)
        rows = cursor.fetchall()
    standings = [worth.standing(row) for row in rows]
    values = worth.dealt_worth(standings, now=clock.now(), new=[s.learnt() == "new" for s in standings])
    found = []
    for row, value in zip(rows, values, strict=True):
        is_due, is_asking, kind, note, is_committed, account, queue = row[worth.WIDTH :]
        found.append(Waiting(row[0], is_due, is_asking, kind, note, is_committed, account, queue, float(value)))
    return sorted(found, key=Waiting.rank)


def return_due() -> int:
    """Keep in touch hands back the leads whose day has come: to the owner while they take leads, else to the queue.

    The reason for the date stays with it. A day that is full takes back only what is worth more than the least on it,
    and dates that somebody chose; the rest stays in Keep in touch until one of the coming days. How many came back.
    """
    moment, firm = clock.now(), working_time.company()
    calendar = working_time.calendar_of(None, of_company=firm)
    by = calendar.end_of(calendar.day(moment))
    due = _due_in_programmes(by)
    if not due:
        return 0
    sellers = queries.sellers()
    queue = people.built_in(people.QUALIFY)
    rows = {r.user_id: r for r in Responsible.objects.filter(user__in=sellers.keys()).select_related("user")}
    done = 0
    while due:
        waits = _no_room(due, sellers, by=by, now=moment)
        gifts = {}
        for each in due:
            if each.lead_id not in waits:
                to = rows.get(each.owner_id, queue)
                gifts[each.lead_id] = Gift(to, {"rule": "owner" if to.user_id else "queue", "to": to.name})
        returned = len(bulk.return_many(gifts, By(people.system(), "worker"), by=by))
        postponed = _postpone([each for each in due if each.lead_id in waits], sellers, by=by, now=moment)
        done += returned
        if not returned + postponed:
            break
        due = _due_in_programmes(by)
    return done


@dataclass(frozen=True)
class _Due:
    """A lead that a programme looks after and whose day has come."""

    standing: worth.Standing
    owner_id: UUID | None
    kind: str
    note: str
    is_chosen: bool  # the date

    @property
    def lead_id(self) -> UUID:
        return self.standing.lead_id


_DUE = f"""
WITH picked AS (
    SELECT lead.* FROM lead WHERE lead.responsible_id = ANY(%(programmes)s) AND {worth.OPEN} AND lead.next_at < %(by)s
    ORDER BY lead.next_at, lead.id LIMIT {BATCH}
)
SELECT {worth.COLUMNS}, lead.owner_id, lead.next_kind, lead.next_note,
       lead.next_committed OR lead.next_kind IN ('{NextKind.PROMISE}', '{NextKind.MEETING}')
FROM picked AS lead {worth.JOINS}
"""  # noqa: S608


def _due_in_programmes(by: datetime) -> list[_Due]:
    """A batch of leads that an active programme looks after and whose day has come."""
    programmes = Responsible.objects.filter(kind=ResponsibleKind.PROGRAMME, is_active=True)
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"programmes": list(programmes.values_list("pk", flat=True)), "by": by})
        return [_Due(worth.standing(row), *row[worth.WIDTH :]) for row in cursor.fetchall()]


def _no_room(due: Sequence[_Due], sellers: Mapping[UUID, Seller], *, by: datetime, now: datetime) -> set[UUID]:
    """Those for whom the day of their owner has no room: it is full, of what is worth more. A year is long enough."""
    wanted: dict[UUID, list[_Due]] = defaultdict(list)
    for each in due:
        if (
            each.owner_id
            and each.owner_id in sellers
            and not each.is_chosen
            and now - each.standing.last_contact() < _LONG
        ):
            wanted[each.owner_id].append(each)
    if not wanted:
        return set()
    rooms = queries.room(list(wanted))
    theirs = [turns.without_choice(replace(sellers[user], room=rooms.get(user, 0))) for user in wanted]
    fills = turns.fills(theirs, day=(by - timedelta(seconds=1)).date(), by=by, now=now)
    waits: set[UUID] = set()
    for user, leads in wanted.items():
        values = worth.worth([each.standing for each in leads], now=now).tolist()
        fits = turns.fitting(fills[user], list(zip(values, [each.lead_id for each in leads], strict=True)))
        waits |= {each.lead_id for each in leads} - set(fits)
    return waits


def _postpone(due: Sequence[_Due], sellers: Mapping[UUID, Seller], *, by: datetime, now: datetime) -> int:
    """Let these stay in Keep in touch until one of their owner's coming working days, the best first; how many.

    Never before `by`, up to which they count as due: an owner far to the east is on the next day already.
    """
    nexts, whys = {}, {}
    for owner in {each.owner_id for each in due if each.owner_id}:
        theirs, seller = [each for each in due if each.owner_id == owner], sellers[owner]
        calendar = working_time.calendar_of(User.objects.get(pk=owner))
        coming = calendar.coming(calendar.day(now) + timedelta(days=1), _WITHIN + 1)
        days = [day for day in coming if by <= calendar.at(day) <= now + FARTHEST_NEXT - timedelta(days=1)]
        if not days:
            continue  # away for a year: whoever covers has them
        values = worth.worth([each.standing for each in theirs], now=now)
        a_day = max(int(seller.minutes // worth.MINUTES) // turns.BEYOND, 1)
        for each, place in zip(theirs, spread(values, per_day=a_day, within=len(days)).tolist(), strict=True):
            nexts[each.lead_id] = Next(calendar.at(days[place]), each.kind, each.note)
            whys[each.lead_id] = {"rule": rules.WAITS, "to": seller.name}
    return len(bulk.replan_many(nexts, By(people.system(), "worker"), whys=whys))


_LONG = timedelta(days=365)  # nobody stays in Keep in touch for longer without a word
_WITHIN = 60  # working days among which those for whom there is no room find one
