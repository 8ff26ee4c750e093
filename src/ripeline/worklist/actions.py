"""What a rep does on Today: outcomes that set the next date by themselves, and taking them back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.catalog import queries as catalog
from ripeline.leads import queries as lead_queries
from ripeline.leads import rules as lead_rules
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions.deciding import By, Decision, LeadError, Next
from ripeline.leads.models import Lead, NextKind
from ripeline.people import working_time
from ripeline.people.models import User
from ripeline.people.working_time import Calendar
from ripeline.worklist import queries
from ripeline.worklist.dates import When, read, say
from ripeline.worklist.forward import bring_forward, likely_ready
from ripeline.worklist.keeping import recycle, replan_overdue
from ripeline.worklist.models import PlanItem
from ripeline.worklist.planning import forget_plans, plan_for, replan
from ripeline.worklist.suggesting import CLOSING, LABELS, Outcome, Suggestion, suggest_next

__all__ = [
    "LABELS", "Outcome", "Recorded", "Suggestion", "bring_forward", "forget_plans", "likely_ready",
    "plan_for", "record_outcome", "recycle", "replan", "replan_overdue", "suggest_next", "undo",
]  # fmt: skip


@dataclass(frozen=True)
class Recorded:
    """What came of it, in words for the toast and for the done row, and what takes it back."""

    lead: Lead
    activity_id: UUID
    words: str
    result: str


@dataclass(frozen=True)
class _Case:
    """One outcome on its way."""

    lead: Lead
    by: By
    outcome: Outcome
    next: Next | None  # None: it closes the lead
    has_date: bool  # somebody named the date
    day_off: str  # in words, where they named a day off
    note: str
    channel: str
    amount: Decimal | None
    currency: str
    deal_id: UUID | None

    @property
    def moment(self) -> Next:
        assert self.next is not None
        return self.next

    @property
    def facts(self) -> dict[str, str]:
        return {"outcome": self.outcome.value}


def record_outcome(
    lead_id: UUID,
    by: By,
    *,
    outcome: str,
    next_text: str = "",
    note: str = "",
    channel: str = "call",
    to_keep_in_touch: bool = False,
    amount: Decimal | None = None,
    currency: str = "",
    deal_id: UUID | None = None,
) -> Recorded:
    """Note what came of a contact; the next date sets itself unless `next_text` names one in words.

    `channel`: call, email or meeting. `to_keep_in_touch`: after many attempts without an answer, the offer was taken.
    `amount`: of a win; `deal_id`: which of several deals it is. One transaction; the same request again changes
    nothing. Raises NotADate for words that are no date, LeadError for what cannot be, NotAllowed.
    """
    try:
        which = Outcome(outcome)
    except ValueError:
        raise LeadError(f"There is no outcome “{outcome}”.") from None
    if channel not in ("call", "email", "meeting"):
        raise LeadError(f"“{channel}” is not a way to reach somebody here.")
    moment, calendar = clock.now(), working_time.calendar_of(by.actor)
    with transaction.atomic():
        lead = lead_queries.get(lead_id)
        if to_keep_in_touch and which is Outcome.NO_ANSWER:
            _attempt(lead, by, note, channel, moment, calendar)
            which, note = Outcome.GREEN_LATER, ""
        following, named = _next(lead, which, next_text, by.actor, moment, calendar)
        day_off = named.day_off_words if named else ""
        case = _Case(lead, by, which, following, named is not None, day_off, note, channel, amount, currency, deal_id)
        decision = _VERBS[which](case)
        following = case.next
        if decision.repeated and decision.lead.next_at and following:  # say what was done, not what would be now
            following = Next(decision.lead.next_at, decision.lead.next_kind, decision.lead.next_note)
        result = _result(case, decision.lead, following, moment, calendar)
        _tick(by.actor, decision, result, moment, calendar)
    return Recorded(decision.lead, decision.activity_id, f"{_called(lead)}: {_toast(case, result)}", result)


def _attempt(lead: Lead, by: By, note: str, channel: str, now: datetime, calendar: Calendar) -> None:
    """The last attempt before Keep in touch takes over; `undo` takes it back together with that."""
    soon = Next(calendar.at(calendar.after(calendar.day(now), 1)))
    leads.touch(
        lead.pk, replace(by, key=by.key + _ATTEMPT), kind=channel, reached=False, next=soon, disposition="no_answer",
        body=note, data={"outcome": Outcome.NO_ANSWER.value},
    )  # fmt: skip


_ATTEMPT = ":attempt"


def _next(
    lead: Lead, outcome: Outcome, text: str, user: User, now: datetime, calendar: Calendar
) -> tuple[Next | None, When | None]:
    """The next moment, and what was named: that is committed; where nothing is named it is the suggested one."""
    if outcome in CLOSING:
        return None, None
    kind = {Outcome.MEETING_SET: NextKind.MEETING, Outcome.GREEN_LATER: NextKind.KEEP_IN_TOUCH}
    if text.strip():
        when = read(text, now=now, calendar=calendar)
        kept = lead.next_note if outcome in (Outcome.NO_ANSWER, Outcome.SNOOZE) else ""
        return Next(when.at, kind.get(outcome, NextKind.FOLLOW_UP), when.note or kept, committed=True), when
    suggested = suggest_next(lead, outcome, user=user, now=now)
    assert suggested.at is not None
    committed = outcome is Outcome.MEETING_SET  # its time is still to be agreed: tomorrow, whatever else there is
    return Next(suggested.at, suggested.kind, suggested.note, committed=committed), None


def _touch(reached: bool | None) -> Callable[[_Case], Decision]:
    def verb(case: _Case) -> Decision:
        return leads.touch(
            case.lead.pk, case.by, kind="outcome" if reached is None else case.channel, reached=reached,
            next=case.moment, disposition=case.outcome.value, body=case.note, data=case.facts,
        )  # fmt: skip

    return verb


def _green(case: _Case) -> Decision:
    return leads.nurture(case.lead.pk, case.by, next=case.moment, disposition="green_later", body=case.note)


def _snooze(case: _Case) -> Decision:
    kind = case.lead.next_kind if case.lead.next_kind in _KEPT else NextKind.FOLLOW_UP
    moment = case.moment
    return leads.set_next(case.lead.pk, case.by, next=Next(moment.at, kind, moment.note, moment.committed))


_KEPT = (NextKind.PROMISE, NextKind.MEETING, NextKind.FIRST_CONTACT, NextKind.REOPENED, NextKind.QUALIFY)


def _close(case: _Case) -> Decision:
    return leads.close(case.lead.pk, case.by, reason=catalog.reason(case.outcome.value), body=case.note)


def _win(case: _Case) -> Decision:
    reason = catalog.reason("bought_from_us")
    return leads.win(
        case.lead.pk, case.by, reason=reason, amount=case.amount, currency=case.currency, deal_id=case.deal_id
    )


_VERBS: dict[Outcome, Callable[[_Case], Decision]] = {
    Outcome.REACHED: _touch(True),
    Outcome.NO_ANSWER: _touch(False),
    Outcome.STILL_WORKING: _touch(None),
    Outcome.MEETING_SET: _touch(True),
    Outcome.GREEN_LATER: _green,
    Outcome.BOUGHT_ELSEWHERE: _close,
    Outcome.NOT_A_FIT: _close,
    Outcome.WRONG_PERSON: _close,
    Outcome.WON: _win,
    Outcome.SNOOZE: _snooze,
}


def _result(case: _Case, now_is: Lead, following: Next | None, now: datetime, calendar: Calendar) -> str:
    """The outcome as the done row says it."""
    when = say(following.at, now=now, calendar=calendar) if following else ""
    when += f" ({case.day_off})" if case.day_off else ""
    match case.outcome:
        case Outcome.REACHED:
            return f"reached, next {when}"
        case Outcome.NO_ANSWER:
            return f"no answer, again {when}"
        case Outcome.STILL_WORKING:
            return f"still working on it, next {when}"
        case Outcome.MEETING_SET:
            return f"meeting {when}" if case.has_date else f"meeting agreed, its time to be set {when}"
        case Outcome.GREEN_LATER:
            return f"green, back {when}"
        case Outcome.BOUGHT_ELSEWHERE:
            days = catalog.reason(case.outcome.value).recycle_days
            return "bought elsewhere" + (f", another look in {round(days / 30.44)} months" if days else "")
        case Outcome.SNOOZE:
            return f"snoozed, back {when}"
        case Outcome.WON if lead_rules.is_open(now_is):
            return "one deal won, goes on with what else is open"
        case _:
            return LABELS[case.outcome].lower()


def _toast(case: _Case, result: str) -> str:
    match case.outcome:
        case Outcome.MEETING_SET if case.has_date:
            return f"{result}, next step set."
        case Outcome.NOT_A_FIT | Outcome.WRONG_PERSON:
            return f"{result}; let go."
        case _:
            return f"{result}."


def _called(lead: Lead) -> str:
    """How a colleague would call them."""
    return lead.name.split()[0] if lead.name.split() else str(lead)


def _tick(user: User, decision: Decision, result: str, now: datetime, calendar: Calendar) -> None:
    """Done means done: the row on the actor's plan of the day, if it is there."""
    day = calendar.working_day(calendar.day(now))
    PlanItem.objects.filter(plan__user=user, plan__day=day, lead_id=decision.lead.pk).update(
        done_at=now, result=result[:160], activity_id=decision.activity_id
    )


def undo(activity_id: UUID, by: By) -> str:
    """Take an outcome back; its row on the plan is open again. Words for the toast. Raises NotUndoable, NotAllowed."""
    with transaction.atomic():
        decision = leads.undo(activity_id, by)
        attempt = queries.sibling(activity_id, suffix=_ATTEMPT)
        if attempt and attempt == decision.lead.decision_id:
            decision = leads.undo(attempt, replace(by, key=by.key + _ATTEMPT))
        PlanItem.objects.filter(plan__user=by.actor, lead_id=decision.lead.pk, activity_id=activity_id).update(
            done_at=None, result="", activity_id=None
        )
    return f"{_called(decision.lead)}: taken back."
