"""A rep's day: planned once, kept while one works it, mended when somebody else's decision changed it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.base.reading import read
from ripeline.leads import rules as lead_rules
from ripeline.leads.finding import rows as lead_rows
from ripeline.leads.models import CLOSED_STATES, Lead
from ripeline.people import working_time
from ripeline.people.models import Company, User
from ripeline.people.working_time import Calendar
from ripeline.routing import actions as routing
from ripeline.routing import prices
from ripeline.timeline.models import Activity
from ripeline.worklist import belief, keeping, queries, rules
from ripeline.worklist.dates import say
from ripeline.worklist.day import Day, Row
from ripeline.worklist.deciding import Fact
from ripeline.worklist.models import Belief, Plan, PlanItem
from ripeline.worklist.reasons import why
from ripeline.worklist.rules import Candidate, Choice, Chosen


@dataclass(frozen=True)
class _Desk:
    """Whose day it is, and what planning it needs. `day`: today, or the next working day."""

    user: User
    firm: Company
    now: datetime
    calendar: Calendar
    today: date
    day: date
    mine: Sequence[UUID]

    @property
    def by(self) -> datetime:
        return self.calendar.end_of(self.day)

    def candidates(self, *, urgent_since: datetime | None = None) -> list[Candidate]:
        return queries.candidates(self.user, self.mine, by=self.by, now=self.now, urgent_since=urgent_since)

    def has(self, lead: Lead) -> bool:
        """Whether a lead is still theirs to work, and due."""
        is_due = lead.next_at is not None and lead.next_at < self.by
        return is_due and lead.responsible_id in self.mine and lead_rules.is_open(lead)


def _desk(user: User) -> _Desk:
    now, firm = clock.now(), working_time.company()
    calendar = working_time.calendar_of(user, of_company=firm)
    today = calendar.day(now)
    day = calendar.working_day(today)
    return _Desk(user, firm, now, calendar, today, day, queries.responsibles(user, today, day))


def plan_for(user: User) -> Day:
    """The day's list: made when first asked for, then kept. Who is no longer theirs or due drops out, and what cannot
    wait comes in. On a day that is not worked it is the next working day's.

    A list that stands is only read: nothing is locked or chosen where nothing has changed.
    """
    desk = _desk(user)
    plan, items = _planned(desk)
    leads = _leads(items)
    if plan and items and _stands(plan, desk, items, leads):
        return _day(plan, desk, items, leads, belief.of(desk.user))
    believed = belief.of(desk.user) if items else _gather(desk, is_new=True)
    with transaction.atomic():
        plan, items = _locked(desk)
        if not items:
            items = _fill(plan, desk, [])
        elif _is_of_before(plan, desk):
            items = _anew(plan, desk, items)
        else:
            items = _mend(plan, desk, items)
    return _day(plan, desk, items, _leads(items), believed)


def replan(user: User) -> Day:
    """Choose what is left of the day anew; what is done stays done."""
    desk = _desk(user)
    believed = _gather(desk, is_new=False)
    with transaction.atomic():
        plan, items = _locked(desk)
        items = _anew(plan, desk, items)
    return _day(plan, desk, items, _leads(items), believed)


def forget_plans(*, before: date) -> int:
    """Remove the plans of days before; how many. What came of them is on the timeline."""
    old = Plan.objects.filter(day__lt=before)
    PlanItem.objects.filter(plan__in=old).delete()
    return old.delete()[0]


def _gather(desk: _Desk, *, is_new: bool) -> Belief | None:
    """Before a day is planned: what is overdue has new dates, and what waits for this day is here.

    The schedule does the same in the night; so a day is right also where no worker runs. Gives what is believed.
    """
    responsible = prices.current(desk.user).responsible
    believed = belief.current(desk.user)
    if is_new:  # else nothing disappears from a list while it is worked
        keeping.replan_of(responsible, desk.calendar, desk.today, now=desk.now)
    routing.hand_out(desk.firm)
    return believed


def _planned(desk: _Desk) -> tuple[Plan | None, list[PlanItem]]:
    """The plan of the day, if there is one, and what stands on it."""
    plan = next(iter(read(Plan, "WHERE user_id = %s AND day = %s", [desk.user.pk, desk.day])), None)
    return plan, _items(plan) if plan else []


def _items(plan: Plan) -> list[PlanItem]:
    return read(PlanItem, "WHERE plan_id = %s ORDER BY position, id", [plan.pk])


# Two tabs do not plan at once: who comes second waits here, and finds the plan of the first.
_LOCK = """
INSERT INTO plan (id, user_id, day, planned_at, minutes, due)
VALUES (%(id)s, %(user)s, %(day)s, %(now)s, %(minutes)s, 0)
ON CONFLICT (user_id, day) DO UPDATE SET day = plan.day RETURNING *
"""


def _locked(desk: _Desk) -> tuple[Plan, list[PlanItem]]:
    """The plan of the day, made if it is not there, and what stands on it; locked."""
    given = {
        "id": new_id(),
        "user": desk.user.pk,
        "day": desk.day,
        "now": desk.now,
        "minutes": desk.user.minutes_per_day,
    }
    (plan,) = Plan.objects.raw(_LOCK, given)
    is_new = plan.pk == given["id"]
    return plan, [] if is_new else _items(plan)


def _is_of_before(plan: Plan, desk: _Desk) -> bool:
    """Whether it was made on a day off before its day: its sentences are of then."""
    return desk.calendar.day(plan.planned_at) != desk.today


def _stands(plan: Plan, desk: _Desk, items: Sequence[PlanItem], leads: Mapping[UUID, Lead]) -> bool:
    """Whether the list is right as it is: all who wait on it are still due, nobody else cannot wait, it is full."""
    waiting = [item for item in items if not item.done_at]
    if _is_of_before(plan, desk) or _gone(waiting, desk, leads):
        return False
    urgent = queries.urgent(desk.user, desk.mine, by=desk.by, now=desk.now, since=plan.planned_at)
    if urgent - {item.lead_id for item in items} or queries.outdated(plan.pk):
        return False
    has_room = plan.minutes - sum(item.minutes for item in items) >= min(rules.MINUTES.values())
    return not has_room or queries.due_count(desk.mine, by=desk.by) <= len(waiting)


def _anew(plan: Plan, desk: _Desk, items: Sequence[PlanItem]) -> list[PlanItem]:
    done = [item for item in items if item.done_at]
    plan.items.filter(done_at=None).delete()
    plan.minutes = desk.user.minutes_per_day
    return _fill(plan, desk, done)


def _fill(plan: Plan, desk: _Desk, done: Sequence[PlanItem]) -> list[PlanItem]:
    """Choose the list beside what is done, and note what it was chosen from."""
    there = {item.lead_id for item in done}
    left = plan.minutes - sum(item.minutes for item in done)
    candidates = [c for c in desk.candidates() if c.lead_id not in there]
    choice = rules.plan(candidates, now=desk.now, budget=left)
    plan.due = max(queries.due_count(desk.mine, by=desk.by), len(choice.items))
    items = _put(plan, desk, done, choice.items, [])
    plan.planned_at = clock.now()  # what is put on it later came in during the day
    plan.save()
    return items


def _mend(plan: Plan, desk: _Desk, items: Sequence[PlanItem]) -> list[PlanItem]:
    """Drop what is not theirs or due any more, tick what they settled elsewhere, add what cannot wait, fill up."""
    waiting = [item for item in items if not item.done_at]
    gone = _gone(waiting, desk, _leads(waiting))
    ticked = _tick_own(gone, plan, desk)
    dropped = [item for item in gone if item not in ticked]
    plan.items.filter(pk__in=[item.pk for item in dropped]).delete()
    kept = [item for item in items if item not in dropped]
    _say_anew(plan, desk, kept)
    there = {item.lead_id for item in kept}
    urgent = [c for c in desk.candidates(urgent_since=plan.planned_at) if c.lead_id not in there]
    left = plan.minutes - sum(item.minutes for item in kept)
    first = rules.plan(urgent, now=desk.now, budget=plan.minutes, at_least_one=False)
    left -= first.minutes
    rest = Choice()
    if left >= min(rules.MINUTES.values()):
        there |= {c.lead_id for c in urgent}
        more = [c for c in desk.candidates() if c.lead_id not in there]
        rest = rules.plan(more, now=desk.now, budget=left, at_least_one=False)
    if not first.items and not rest.items:
        return kept
    done, waits = [i for i in kept if i.done_at], [i for i in kept if not i.done_at]
    return _put(plan, desk, done, first.items, waits, rest.items)


def _say_anew(plan: Plan, desk: _Desk, items: Sequence[PlanItem]) -> None:
    """Whoever has another score by now stands there with it; their place is kept."""
    outdated = queries.outdated(plan.pk)
    candidates = queries.these(desk.user, outdated) if outdated else {}
    said = [item for item in items if not item.done_at and item.lead_id in candidates]
    for item in said:
        candidate = candidates[item.lead_id]
        item.why = why(candidate, Fact(item.decided), now=desk.now, calendar=desk.calendar)
        item.tag, item.said_at = candidate.tag, desk.now
    PlanItem.objects.bulk_update(said, ["why", "tag", "said_at"])


def _gone(waiting: Sequence[PlanItem], desk: _Desk, leads: Mapping[UUID, Lead]) -> list[PlanItem]:
    """Those that are not theirs or due any more."""
    return [item for item in waiting if item.lead_id not in leads or not desk.has(leads[item.lead_id])]


def _tick_own(gone: Sequence[PlanItem], plan: Plan, desk: _Desk) -> list[PlanItem]:
    """Those that the person settled somewhere else than on Today: done is done."""
    if not gone:
        return []
    leads = Lead.objects.in_bulk([item.lead_id for item in gone])
    decisions = {pk: lead.decision_id for pk, lead in leads.items() if lead.decision_id}
    own = set(
        Activity.objects.filter(
            pk__in=decisions.values(), actor=desk.user, recorded_at__gte=plan.planned_at
        ).values_list("pk", flat=True)
    )
    ticked = [item for item in gone if decisions.get(item.lead_id) in own]
    for item in ticked:
        lead = leads[item.lead_id]
        item.done_at, item.activity_id = desk.now, lead.decision_id
        item.result = _settled(lead, desk)
    PlanItem.objects.bulk_update(ticked, ["done_at", "activity_id", "result"])
    return ticked


def _settled(lead: Lead, desk: _Desk) -> str:
    if lead.state in CLOSED_STATES or lead.next_at is None:
        return lead.get_state_display().lower()
    return f"next {say(lead.next_at, now=desk.now, calendar=desk.calendar)}"


def _put(
    plan: Plan, desk: _Desk, before: Sequence[PlanItem], first: Sequence[Chosen], after: Sequence[PlanItem],
    last: Sequence[Chosen] = (),
) -> list[PlanItem]:  # fmt: skip
    """Write what was chosen: what cannot wait goes before what stood there, the rest behind it."""
    new = [
        PlanItem(
            id=new_id(), plan=plan, lead_id=c.candidate.lead_id, position=0, tag=c.candidate.tag, value=c.value,
            why=why(c.candidate, c.decided, now=desk.now, calendar=desk.calendar), minutes=c.candidate.minutes,
            decided=c.decided, said_at=desk.now,
        )
        for c in [*first, *last]
    ]  # fmt: skip
    items = [*before, *new[: len(first)], *after, *new[len(first) :]]
    for position, item in enumerate(items, start=1):
        item.position = position
    PlanItem.objects.bulk_create(new)
    PlanItem.objects.bulk_update([*before, *after], ["position"])
    return items


def _leads(items: Iterable[PlanItem]) -> dict[UUID, Lead]:
    """The leads of a list, with what its rows show and the rules read."""
    return lead_rows.whole([item.lead_id for item in items])


def _beside(lead: Lead, colleague: Lead | None) -> str:
    """Their colleague's name, where somebody of the same company stands before them."""
    return "" if colleague is None or colleague.pk == lead.pk else str(colleague)


def _day(
    plan: Plan, desk: _Desk, items: Collection[PlanItem], leads: Mapping[UUID, Lead], believed: Belief | None
) -> Day:
    listed = [(item, leads[item.lead_id]) for item in items if item.lead_id in leads]
    first: dict[UUID, Lead] = {}
    for _, lead in listed:
        if lead.account_id:
            first.setdefault(lead.account_id, lead)
    rows = [
        Row(item, lead, desk.now, desk.calendar, beside=_beside(lead, first.get(lead.account_id or lead.pk)))
        for item, lead in listed
    ]
    is_over = bool(rows) and all(row.is_done for row in rows)
    return Day(
        plan=plan,
        now=desk.now,
        calendar=desk.calendar,
        rows=rows,
        belief=believed,
        moved=queries.moved([i.activity_id for i in items if i.activity_id]) if is_over else {},
        ripening=queries.ripening_next(desk.mine, after=desk.by) if is_over or not rows else (),
        has_leads=bool(rows) or queries.has_leads(desk.mine),
    )
