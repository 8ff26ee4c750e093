"""What is leaking: leads that nobody is really following up, each kind by one rule, which the page of it shows.

Conditions on the lead's own columns, so that a figure and the list of leads behind it are the same question. Left out
everywhere are those that have their day: somebody named the date, or they were put back to work, and it lies ahead. Who
came with a file waits for the first day that the file's leads were spread over, but who had asked us something.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import F, Q

from ripeline.catalog import queries as catalog
from ripeline.catalog.rules import HAND_RAISERS, UNANSWERED
from ripeline.leads.models import IS_OPEN, NextKind, State
from ripeline.leads.rules import Verb
from ripeline.science.choice import FRESH_DAYS

ENOUGH = 6  # tries: 93 % of those who convert are reached by call 6 (Velocify, a vendor)
WAITS = timedelta(days=7)  # for a first try
QUIET = timedelta(days=30)  # without a try or a talk
THAT_DAY = timedelta(days=1)  # a first day is not past while it lasts
LATE = timedelta(days=7)  # past its date; about five working days, as in the shoebox count
UNSTATED = "lost_unstated"  # let go without a reason
AT_ONCE = timedelta(minutes=5)  # a file's lead is closed in the transaction that brings it, or on a day before


class Leak(StrEnum):
    UNTOUCHED = "untouched"
    GIVEN_UP = "given_up"
    STALLED = "stalled"
    OVERDUE = "overdue"


LABELS: Mapping[Leak, str] = {
    Leak.UNTOUCHED: "Never touched",
    Leak.GIVEN_UP: "Given up too early",
    Leak.STALLED: "Stalled",
    Leak.OVERDUE: "Overdue",
}
RULES: Mapping[Leak, str] = {
    Leak.UNTOUCHED: (
        f"Came more than {WAITS.days} days ago, and nobody has tried to reach them. Who came with a file: once"
        " the first day they were given is past, unless the file says that they had asked us something."
    ),
    Leak.GIVEN_UP: (
        f"Never reached, with fewer than {ENOUGH} tries, and then silence for {QUIET.days} days; or let go so,"
        " without a reason, by somebody here."
    ),
    Leak.STALLED: f"We had talked, or a deal is open, and nothing has happened for {QUIET.days} days.",
    Leak.OVERDUE: f"Their next date passed more than {LATE.days} days ago.",
}
NEEDS: Mapping[Leak, Verb] = {  # what one must be able to see of a lead to ask for it
    Leak.UNTOUCHED: Verb.SEE_OUTCOMES,
    Leak.GIVEN_UP: Verb.SEE_OUTCOMES,
    Leak.STALLED: Verb.SEE_OUTCOMES,
    Leak.OVERDUE: Verb.SEE_NEXT,
}
BY_FILE = "by_file"  # asked for like a leak, and none: see `lost_by_file`
UNANSWERED_YET = "unanswered"  # nor is this one: see `unanswered`
ASKED = (*Leak, BY_FILE, UNANSWERED_YET)
FRESH = timedelta(days=FRESH_DAYS)  # for so long a request is one
_FIRST = (NextKind.FIRST_CONTACT, NextKind.QUALIFY)
_TALKING = (State.QUALIFYING.value, State.WORKING.value)
_AT_WORK = (State.NEW.value, State.QUALIFYING.value, State.WORKING.value)  # Keep in touch is somebody's decision


_BY_FILE = Q(import_run_id__isnull=False, touches=0, closed_at__lt=F("created_at") + AT_ONCE)


def lost_by_file() -> Q:
    """Who came with a file that had them lost already, and did not say why: others let them go, we do not know when
    is too early.
    """
    return Q(merged_into__isnull=True, state=State.LOST, close_reason__in=_unstated()) & _BY_FILE


def unanswered(now: datetime) -> Q:
    """Who asked for us within the last two weeks, and has heard from nobody."""
    asked_for_us = [source.pk for source in catalog.sources() if source.source_type in HAND_RAISERS]
    return IS_OPEN & Q(touches=0, source__in=asked_for_us, episode_at__gte=now - FRESH)


def _unstated() -> list[UUID]:
    """The reason of those let go without one: as its id, for which there is an index."""
    return [pk for pk, reason in catalog.reasons_of(()).items() if reason.code == UNSTATED]


def label(asked: str) -> str:
    """What a list that is narrowed so is called."""
    if asked == UNANSWERED_YET:
        return "Asked for us, heard from nobody yet"
    return "Lost by their file" if asked == BY_FILE else LABELS[Leak(asked)]


def needs(asked: str) -> Verb:
    """What one must be able to see of a lead to ask for it."""
    return NEEDS[Leak(asked)] if asked in LABELS else Verb.SEE_OUTCOMES


def asked_for(asked: str, now: datetime) -> Q:
    """The leads of a list that is narrowed so."""
    if asked == UNANSWERED_YET:
        return unanswered(now)
    return lost_by_file() if asked == BY_FILE else condition(Leak(asked), now)


def condition(leak: Leak, now: datetime) -> Q:
    """The leads that leak so at this moment."""
    dated = (NextKind.REOPENED, NextKind.PROMISE, NextKind.MEETING)
    has_its_day = Q(next_at__gte=now) & (Q(next_committed=True) | Q(next_kind__in=dated))
    here = Q(merged_into__isnull=True)
    match leak:
        case Leak.UNTOUCHED:
            first = Q(next_kind__in=_FIRST, next_at__gte=now - THAT_DAY, next_committed=False)
            came = here & Q(state__in=_AT_WORK, touches=0, episode_at__lt=now - WAITS)
            return came & ~has_its_day & ~(Q(import_run_id__isnull=False) & first & ~Q(next_note=UNANSWERED))
        case Leak.GIVEN_UP:
            unreached = here & Q(touches__lt=ENOUGH, last_reached_at__isnull=True)
            silent = Q(state__in=_AT_WORK, touches__gt=0, last_touch_at__lt=now - QUIET) & ~has_its_day
            let_go = Q(state=State.LOST, close_reason__in=_unstated())
            return unreached & (silent | (let_go & ~_BY_FILE))
        case Leak.STALLED:
            # Inside sales' talks, too: handed over, a lead stays in Qualifying until its rep has tried.
            talked = Q(state__in=_TALKING, last_reached_at__isnull=False) | Q(state=State.OPPORTUNITY)
            quiet = Q(last_touch_at__lt=now - QUIET) | Q(last_touch_at__isnull=True, state_at__lt=now - QUIET)
            return here & talked & quiet & ~has_its_day
    return IS_OPEN & Q(next_at__lt=now - LATE)


def any_of(leaks: "list[Leak] | tuple[Leak, ...]", now: datetime) -> Q:
    """Those that leak in at least one of these ways."""
    found = Q(pk__in=[])
    for leak in leaks:
        found |= condition(leak, now)
    return found
