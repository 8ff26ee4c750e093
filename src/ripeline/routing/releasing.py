"""Leads that wait are handed to whoever has time: from the queue the best first, from Keep in touch at their moment."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from ripeline.base import clock
from ripeline.leads import bulk
from ripeline.leads.bulk import Gift
from ripeline.leads.deciding import By, Next
from ripeline.leads.models import IS_OPEN, Lead, NextKind, State
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Responsible, ResponsibleKind
from ripeline.routing import queries, rules, turns, worth
from ripeline.routing.rules import Wish

BATCH = 1000

# Who waits in a queue, the likeliest first: those whose day has come (what somebody promised before all), then those
# whose date the planner chose because nobody had time. What an SDR is qualifying stays with them; a committed date
# waits for its day.
_WAITING = f"""
WITH picked AS (
    SELECT lead.*, lead.next_at < %(by)s AS is_due FROM lead
    JOIN responsible ON responsible.id = lead.responsible_id AND responsible.kind = 'queue'
    LEFT JOIN score ON score.lead_id = lead.id
    WHERE {worth.OPEN} AND lead.state <> '{State.QUALIFYING}' AND (lead.next_at < %(by)s OR NOT lead.next_committed)
    ORDER BY lead.next_at < %(by)s DESC, lead.next_committed DESC, COALESCE(score.p_30, %(average)s) DESC,
             lead.next_at, lead.id
    LIMIT %(limit)s
)
SELECT {worth.COLUMNS}, lead.is_due, lead.next_kind, lead.next_note, lead.next_committed, lead.account_id,
       lead.responsible_id
FROM picked AS lead {worth.JOINS}
"""  # noqa: S608


@dataclass(frozen=True)
class Waiting:
    """A lead in a queue, and what a contact with it would be worth."""

    lead_id: UUID
    is_due: bool
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

    def rank(self) -> tuple[bool, bool, float, UUID]:
        """The first to be handed out sorts first."""
        return (not self.is_due, not self.is_committed, -self.worth, self.lead_id)


def release() -> int:
    """Hand leads that wait in a queue to sellers with time for them today, the best first; how many.

    Each seller gets at most what fits their minutes beside what is due with them already, and their cap. Once more on
    the same day changes nothing: what was handed out counts until tomorrow, also when it is done.
    """
    moment, firm = clock.now(), working_time.company()
    calendar = working_time.calendar_of(None, of_company=firm)
    day = calendar.working_day(calendar.day(moment))
    found = queries.sellers(firm, since=calendar.day(moment))
    rotation = rules.in_rotation(found.values(), moment)
    if not rotation:
        return 0
    with transaction.atomic(), turns.taken(rotation) as ready:
        fills = turns.fills(ready, day=day, by=calendar.end_of(day))
        free = sum(fill.places for fill in fills.values())
        waiting = _waiting(by=calendar.end_of(day), limit=2 * free + 50)[:free] if free else []
        if not waiting:
            return 0
        owners = queries.account_owners({w.account_id for w in waiting if w.account_id})
        fallback, queue = queries.places(firm)
        routes, credits = rules.choose(
            [_wish(w, owners, len(waiting) - rank) for rank, w in enumerate(waiting)],
            sellers=found,
            rotation=[replace(s, room=fills[s.user_id].places) for s in ready],
            fallback=fallback,
            queue=queue,
        )
        forward = max(calendar.at(day), moment)
        rows = Responsible.objects.in_bulk([route.responsible_id for route in routes])
        gifts = {
            w.lead_id: Gift(
                rows[route.responsible_id],
                route.why | ({"rule": rules.RELEASED} if route.why["rule"] == rules.ROUND_ROBIN else {}),
                w.next(forward),
                held_by=w.queue_id,
            )
            for w, route in zip(waiting, routes, strict=True)
            if route.why["rule"] != rules.FALLBACK
        }
        given = bulk.give_many(gifts, By(people.system(), "worker"), skips_busy=True)
        turns.keep(credits)
        turns.note_filled(fills, [d.lead.owner_id for d in given if d.lead.owner_id], day=day)
    return len(given)


def _wish(waiting: Waiting, owners: dict[UUID, tuple[UUID, str]], value: float) -> Wish:
    owner, account = owners.get(waiting.account_id, (None, "")) if waiting.account_id else (None, "")
    return Wish(account_owner=owner, account=account, due=clock.now().date(), value=value)


def _waiting(*, by: datetime, limit: int) -> list[Waiting]:
    """The best that wait, in the order in which they are handed out."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"by": by, "limit": limit, "average": worth.AVERAGE_P_30})
        rows = cursor.fetchall()
    values = worth.worth([worth.standing(row) for row in rows], now=clock.now())
    found = []
    for row, value in zip(rows, values, strict=True):
        is_due, kind, note, is_committed, account, queue = row[worth.WIDTH :]
        found.append(Waiting(row[0], is_due, kind, note, is_committed, account, queue, float(value)))
    return sorted(found, key=Waiting.rank)


def return_due() -> int:
    """Keep in touch hands back the leads whose day has come: to the owner while they take leads, else to the queue.

    The reason for the date stays with it. How many.
    """
    moment, firm = clock.now(), working_time.company()
    calendar = working_time.calendar_of(None, of_company=firm)
    by = calendar.end_of(calendar.day(moment))
    sellers = queries.sellers(firm, since=calendar.day(moment))
    queue = people.built_in(people.QUALIFY)
    rows = {r.user_id: r for r in Responsible.objects.filter(user__in=sellers.keys()).select_related("user")}
    done = 0
    while ids := _due_in_programmes(by):
        gifts = {}
        for lead_id, owner in ids:
            to = rows.get(owner, queue)
            gifts[lead_id] = Gift(to, {"rule": "owner" if to.user_id else "queue", "to": to.name})
        returned = len(bulk.return_many(gifts, By(people.system(), "worker"), by=by))
        done += returned
        if not returned:
            break
    return done


def _due_in_programmes(by: datetime) -> list[tuple[UUID, UUID | None]]:
    """(lead, owner) of a batch of leads that an active programme looks after and whose day has come."""
    programmes = Responsible.objects.filter(kind=ResponsibleKind.PROGRAMME, is_active=True)
    due = Lead.objects.filter(IS_OPEN, responsible__in=list(programmes.values_list("pk", flat=True)), next_at__lt=by)
    return list(due.order_by("next_at", "pk").values_list("pk", "owner")[:BATCH])
