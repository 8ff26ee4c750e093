"""The next date that an outcome suggests: when a contact will be worth its minutes again, on a day with room for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from ripeline.base import clock
from ripeline.leads.models import Lead, NextKind
from ripeline.people import working_time
from ripeline.people.models import User
from ripeline.people.working_time import MORNING, Calendar
from ripeline.ripeness import queries as ripeness
from ripeline.routing import prices
from ripeline.routing.worth import AVERAGE_P_30, DAY, MINUTES
from ripeline.science.recheck import next_contact
from ripeline.worklist import queries
from ripeline.worklist.dates import say


class Outcome(StrEnum):
    """What came of a contact. The order of the first eight is that of their keys on the screen."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    STILL_WORKING = "still_working"
    MEETING_SET = "meeting_set"
    GREEN_LATER = "green_later"
    BOUGHT_ELSEWHERE = "bought_elsewhere"
    NOT_A_FIT = "not_a_fit"
    WRONG_PERSON = "wrong_person"
    WON = "won"
    SNOOZE = "snooze"


LABELS = {
    Outcome.REACHED: "Reached",
    Outcome.NO_ANSWER: "No answer",
    Outcome.STILL_WORKING: "Still working on it",
    Outcome.MEETING_SET: "Meeting set",
    Outcome.GREEN_LATER: "Green, later",
    Outcome.BOUGHT_ELSEWHERE: "Bought elsewhere",
    Outcome.NOT_A_FIT: "Not a fit",
    Outcome.WRONG_PERSON: "Wrong person",
    Outcome.WON: "Won",
    Outcome.SNOOZE: "Snooze",
}
CLOSING = frozenset({Outcome.BOUGHT_ELSEWHERE, Outcome.NOT_A_FIT, Outcome.WRONG_PERSON, Outcome.WON})

ATTEMPTS = 6  # 93 % of those who convert are reached by the sixth call (Velocify, a vendor)
SEVERAL_DAYS = 4  # working days among which the one with most room is taken: the optimum is flat
EARLY, LATE = time(9, 30), time(14, 30)  # attempts alternate between them; noon divides them


@dataclass(frozen=True)
class Suggestion:
    """When to look again after an outcome, in words too; `at` is None where the outcome closes the lead.

    `offer`: what else might be better ("keep_in_touch"), with `offer_words` to ask with; only done with consent.
    """

    at: datetime | None
    words: str = ""
    kind: str = NextKind.FOLLOW_UP
    note: str = ""
    offer: str = ""
    offer_words: str = ""


def suggest_next(lead: Lead, outcome: str, *, user: User, now: datetime | None = None) -> Suggestion:
    """What `record_outcome` will do if nothing else is said, for the screen to show beforehand."""
    outcome, moment = Outcome(outcome), now or clock.now()
    if outcome in CLOSING:
        return Suggestion(None)
    calendar = working_time.calendar_of(user)
    if outcome is Outcome.MEETING_SET:
        at = calendar.at(calendar.after(calendar.day(moment), 1))
        return Suggestion(at, say(at, now=moment, calendar=calendar), note="agree on the time of the meeting")
    at = _moment(lead, outcome, moment, calendar)
    kind = NextKind.KEEP_IN_TOUCH if outcome is Outcome.GREEN_LATER else NextKind.FOLLOW_UP
    said = Suggestion(at, say(at, now=moment, calendar=calendar), kind, lead.next_note if _waits(outcome) else "")
    tried = lead.unanswered + 1
    if outcome is Outcome.NO_ANSWER and tried >= ATTEMPTS:
        words = (
            f"{tried} attempts without an answer. Of those who buy, 93 % are reached by the sixth; "
            f"let Keep in touch look after {lead}?"
        )
        return Suggestion(at, said.words, kind, said.note, "keep_in_touch", words)
    return said


def _waits(outcome: Outcome) -> bool:
    """Whether nothing was learnt, so that the reason for the next contact stays what it was."""
    return outcome in (Outcome.NO_ANSWER, Outcome.SNOOZE)


_DISPOSITIONS = {Outcome.SNOOZE: "snoozed"}


def _moment(lead: Lead, outcome: Outcome, now: datetime, calendar: Calendar) -> datetime:
    score = ripeness.of([lead.pk]).get(lead.pk)
    known = max(lead.episode_at, lead.last_reached_at) if lead.last_reached_at else lead.episode_at
    price = prices.of(lead)
    days = next_contact(
        [score.p_30 if score else AVERAGE_P_30],
        disposition=_DISPOSITIONS.get(outcome, outcome.value),
        kind=score.curve if score else "even",
        attempts=[lead.unanswered + 1 if outcome is Outcome.NO_ANSWER else 0],
        ever_reached=[lead.last_reached_at is not None],
        days_unseen=[max((now - known) / DAY, 0.0)],
        price=price.per_minute,
        longest_days=price.longest_days,
    ).days
    day = _with_room(lead, calendar, calendar.day(now) + timedelta(days=int(days[0])), now)
    return calendar.at(day, _other_time(now, calendar) if outcome is Outcome.NO_ANSWER else MORNING)


def _other_time(now: datetime, calendar: Calendar) -> time:
    """Another time of day than this attempt's."""
    return LATE if now.astimezone(calendar.zone).hour < 12 else EARLY


def _with_room(lead: Lead, calendar: Calendar, day: date, now: datetime) -> date:
    """The first of a few working days from `day` on that is not full, so that dates do not all fall on one."""
    ahead = (calendar.working_day(day) - calendar.day(now)).days
    days = calendar.coming(day, min(SEVERAL_DAYS, 1 + ahead // 5))  # only a distant date may move by days
    if len(days) == 1 or lead.responsible.user is None:
        return days[0]
    taken = queries.due_by_day(
        lead.responsible_id, calendar, since=calendar.at(days[0], time(0)), until=calendar.end_of(days[-1])
    )
    capacity = max(int(lead.responsible.user.minutes_per_day / MINUTES), 1)
    return next((d for d in days if taken.get(d, 0) < capacity), min(days, key=_load(taken)))


def _load(taken: dict[date, int]) -> Callable[[date], int]:
    return lambda day: taken.get(day, 0)
