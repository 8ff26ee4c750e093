"""When somebody whom one of us has met hears from us: on the day agreed, else by how hot they seemed."""

from datetime import date, datetime, timedelta

from ripeline.base import clock
from ripeline.capture.cells.text import clean
from ripeline.capture.in_person.card import HEATS, HOT_WHEN_MET, LATER_DAYS, WARM_DAYS, Card, Heat
from ripeline.capture.models import Submission
from ripeline.leads.decisions.actions import set_next
from ripeline.leads.decisions.deciding import By, Next
from ripeline.leads.models import IS_OPEN, Lead, NextKind
from ripeline.people import queries as people
from ripeline.people import working_time


def moment(submission: Submission, card: Card) -> tuple[datetime | None, str]:
    """When to be in touch, and why then: hot ones at once, the others as they said."""
    if card.due:
        return card.due, clean(card.note)[:280]
    heat, place = submission.trail.get("heat"), submission.trail.get("place", "")
    if not heat:
        return None, ""
    met = datetime.fromisoformat(submission.content["captured_at"])
    calendar = working_time.calendar_of(submission.captured_by)
    day = calendar.day(met)
    due = {
        Heat.WARM: calendar.at(calendar.after(day, WARM_DAYS)),
        Heat.LATER: calendar.at(_within_a_month(calendar, day)),
    }.get(Heat(heat))
    where = f" at {place}" if place else ""
    return due, f"{HEATS[Heat(heat)][0]} when met{where}."


def is_chosen(submission: Submission, card: Card) -> bool:
    """Whether the moment is whoever met them's own choice, which the planner leaves alone: a day, or at once."""
    return card.due is not None or submission.trail.get("heat") == Heat.HOT


def _within_a_month(calendar: working_time.Calendar, met: date) -> date:
    """The last worked day of the month after they were met: "in a month" is no five weeks, be there holidays."""
    month = [met + timedelta(days=ahead) for ahead in range(LATER_DAYS, LATER_DAYS // 2, -1)]
    return next(filter(calendar.works, month), calendar.working_day(month[0]))


def date_again(submission: Submission, card: Card, agreed: str, *, version: str) -> None:
    """They are hotter, or less so, than was said at first, or another day than the one `agreed` on is theirs.

    What somebody has begun, or a day that somebody has chosen since, stays; unless they were promised an earlier one.
    """
    lead = Lead.objects.filter(IS_OPEN, pk=submission.lead_id).first() if submission.lead_id else None
    if lead is None or lead.next_at is None:
        return
    due, note = moment(submission, card)
    at = max(due or clock.now(), clock.now())
    is_ours = bool(agreed) and lead.next_at == datetime.fromisoformat(agreed)
    is_only_hot = lead.next_note.startswith(HOT_WHEN_MET)
    is_free = (not lead.next_committed or is_only_hot) and (card.due is not None or lead.touches == 0)
    if is_ours or is_free or (card.due and at < lead.next_at):
        kind = NextKind.FOLLOW_UP if lead.touches else NextKind.FIRST_CONTACT
        by = By(people.system(), submission.door.kind, f"dated:{version}")
        set_next(lead.pk, by, next=Next(at, kind, note, is_chosen(submission, card)))
