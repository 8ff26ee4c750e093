"""After a batch: its leads are scored and their first dates spread by value over the coming working days."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from math import ceil
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from django.db.models import QuerySet

from ripeline.base import clock
from ripeline.catalog.rules import UNANSWERED
from ripeline.leads.models import IS_OPEN, Lead, NextKind
from ripeline.people import working_time
from ripeline.people.models import Responsible, ResponsibleKind, User
from ripeline.people.queries import SELLERS
from ripeline.people.working_time import Calendar
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness import queries as scores
from ripeline.routing import actions as routing
from ripeline.science.choice import FRESH_DAYS
from ripeline.science.spread import spread

MINUTES = 8  # a first contact takes about so many
SHARE = 0.5  # of a day's minutes; the other half is for what one has already
DAYS = 120  # working days within which a batch is looked at once, however large: about half a year
BLOCK = 20_000  # leads at a time
_SIZE = 16  # bytes of an id
FIRST = (NextKind.FIRST_CONTACT, NextKind.QUALIFY)
UNTOUCHED = (*FIRST, NextKind.REOPENED, NextKind.FOLLOW_UP)
CAME_AGAIN = ["enquired", "next_set", "reopened"]  # by another door, while their file still went in: they are due then
_FRESH = timedelta(days=FRESH_DAYS)

# Locked in the order of their ids, as leads are everywhere; what somebody has touched meanwhile stays as it is.
_SPREAD = """
WITH held AS (
    SELECT lead.id, given.at FROM lead JOIN unnest(%s::uuid[], %s::timestamptz[]) AS given(id, at) USING (id)
    WHERE NOT lead.next_committed AND lead.touches = 0 AND lead.next_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM activity WHERE activity.lead_id = lead.id AND activity.kind = ANY(%s::text[])
        AND activity.import_run_id IS DISTINCT FROM lead.import_run_id
    )
    ORDER BY lead.id FOR UPDATE OF lead
)
UPDATE lead SET next_at = held.at, next_set_at = %s FROM held WHERE lead.id = held.id
"""


def settle(import_run_id: UUID) -> int:
    """Score the leads of a batch, spread the dates nobody chose, hand out those due now; how many dates were set.

    Who asked us something in the last days and was not answered keeps today's: they come before everybody else.
    Idempotent: once somebody has touched a lead or chosen its date, it stays where it is.
    """
    for block in _blocks(_packed(Lead.objects.filter(IS_OPEN, import_run_id=import_run_id))):
        ripeness.rescore(block)
    waiting = Lead.objects.filter(
        IS_OPEN, import_run_id=import_run_id, touches=0, next_committed=False, next_kind__in=UNTOUCHED
    ).exclude(next_note=UNANSWERED, next_kind__in=FIRST, episode_at__gte=clock.now() - _FRESH)
    count = 0
    for responsible in Responsible.objects.filter(pk__in=waiting.values("responsible")).select_related("user"):
        with transaction.atomic():
            count += _spread(waiting.filter(responsible=responsible), responsible)
    routing.release()
    return count


def _spread(leads: QuerySet[Lead], responsible: Responsible) -> int:
    """Give the leads of one responsible their dates, the likeliest first. Planned dates, so no entry of their own."""
    moment, ids, count = clock.now(), _packed(leads), 0
    calendar = working_time.calendar_of(responsible.user)
    days = calendar.coming(calendar.day(moment), DAYS)
    room = _room(responsible, calendar, days)
    values = np.fromiter(_chances(ids), dtype=np.float64, count=len(ids) // _SIZE)
    places = np.minimum(spread(values, per_day=room, within=DAYS), DAYS - 1)
    moments = [max(calendar.at(day), moment) for day in days]
    with connection.cursor() as cursor:
        for at, block in enumerate(_blocks(ids)):
            theirs = [moments[place] for place in places[at * BLOCK : (at + 1) * BLOCK].tolist()]
            cursor.execute(_SPREAD, [block, theirs, CAME_AGAIN, moment])
            count += cursor.rowcount
    return count


def _packed(leads: QuerySet[Lead]) -> bytes:
    """Their ids in order, in as little memory as there is: a batch may have a million."""
    return b"".join(pk.bytes for pk in leads.order_by("pk").values_list("pk", flat=True).iterator(BLOCK))


def _blocks(ids: bytes) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), BLOCK * _SIZE):
        block = ids[start : start + BLOCK * _SIZE]
        yield [UUID(bytes=block[at : at + _SIZE]) for at in range(0, len(block), _SIZE)]


def _chances(ids: bytes) -> Iterator[float]:
    """How likely each is to be ready within a month; 0 where there is no score."""
    for block in _blocks(ids):
        found = scores.chances(block)
        yield from (found[pk].p_30 if pk in found else 0.0 for pk in block)


def _room(responsible: Responsible, calendar: Calendar, days: Sequence[date]) -> list[int]:
    """How many first contacts each of these days takes beside what is planned on it already."""
    if responsible.kind == ResponsibleKind.REP and responsible.user:
        minutes = responsible.user.minutes_per_day
    else:
        sellers = User.objects.filter(is_active=True, is_system=False, role__in=SELLERS)
        minutes = sum(sellers.values_list("minutes_per_day", flat=True)) or User().minutes_per_day
    most = max(ceil(minutes * SHARE / MINUTES), 1)
    until = calendar.end_of(days[-1])
    planned = Lead.objects.filter(IS_OPEN, responsible=responsible, next_at__lt=until, touches__gt=0)
    taken = Counter(calendar.day(at) for at in planned.values_list("next_at", flat=True) if at)
    return [max(most - taken[day], ceil(most / 5)) for day in days]
