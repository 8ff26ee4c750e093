"""Putting leaking leads back to work: the likeliest first, so many a day for each person over the coming weeks.

Asked for by an action, worked by the worker in batches, each one transaction; gone on with where it broke off; taken
back whole. Open leads are given a new date, those let go a new episode with whoever had them, each with one entry.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, QuerySet

from ripeline.base import clock
from ripeline.base.claiming import claimed
from ripeline.insight import leakage
from ripeline.insight.leakage import Asked
from ripeline.insight.models import Recovered, Recovery, RecoveryState
from ripeline.leads import rules
from ripeline.leads.decisions import bulk, deciding
from ripeline.leads.decisions.deciding import By, LeadError, Next
from ripeline.leads.finding import leaks
from ripeline.leads.finding.leaks import Leak
from ripeline.leads.finding.sight import visible
from ripeline.leads.models import FARTHEST_NEXT, Lead, NextKind, State
from ripeline.leads.rules import NotAllowed, Verb
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Responsible, ResponsibleKind, User
from ripeline.people.working_time import Calendar
from ripeline.ripeness import queries as ripeness
from ripeline.routing import queries as routing
from ripeline.routing import rules as routing_rules
from ripeline.science.spread import spread
from ripeline.timeline import actions as timeline
from ripeline.worklist import keeping

log = logging.getLogger(__name__)

DAYS = 250  # working days over which they are spread at most, and within the 400 days of a next date
LEAST, MOST = 1, 50  # a day, for each person
PACES = (3, 5, 10, 20)  # that the page offers
BATCH = 500
_WORK = "ripeline recovery"
_WAITING = (RecoveryState.QUEUED, RecoveryState.RUNNING, RecoveryState.UNDOING)
_KEPT_KINDS = (NextKind.PROMISE, NextKind.MEETING)
_BROKE = "Something broke on our side; the log says what. What was planned so far stays; ask again for the rest."


class RecoveryError(ValueError):
    """What cannot be asked for, in words; `field` is its name."""

    def __init__(self, text: str, field: str) -> None:
        super().__init__(text)
        self.field = field


def chosen(actor: User, asked: Asked, ways: Collection[Leak]) -> QuerySet[Lead]:
    """The leads that leak in these ways and are the actor's to have planned anew: whoever may hand them on."""
    now = clock.now()
    mine = rules.findable(actor) & visible(actor, Verb.REASSIGN)
    return leakage.of(actor, asked).filter(mine, leaks.any_of(tuple(ways), now))


def ask(*, actor: User, key: str, asked: Asked, ways: Collection[Leak], per_day: int) -> Recovery:
    """Put the leads that leak in these ways back to work. The same request again is the same one."""
    if not leakage.may_recover(actor):
        raise NotAllowed("Leads are put back to work by whoever sells them, their leader, or an administrator.")
    if not ways:
        raise RecoveryError("Choose at least one kind.", "leaks")
    if not LEAST <= per_day <= MOST:
        raise RecoveryError(f"Between {LEAST} and {MOST} a day, please.", "per_day")
    with transaction.atomic():
        run, is_new = Recovery.objects.get_or_create(
            key=f"{actor.pk.hex[:24]}:{key}"[:64],
            defaults={
                "asked": asked.query(), "leaks": sorted(str(leak) for leak in ways), "per_day": per_day,
                "asked_by": actor, "asked_at": clock.now(),
            },
        )  # fmt: skip
        if is_new:
            people_actions.audit(actor=actor, verb="leads.recover", target=str(run.pk), query=run.asked)
            timeline.wake_worker()
    return run


def of(actor: User, run_id: int) -> Recovery | None:
    """One that the actor asked for."""
    return Recovery.objects.select_related("asked_by").filter(pk=run_id, asked_by=actor).first()


def latest(actor: User) -> Recovery | None:
    """The last one that the actor asked for."""
    return Recovery.objects.filter(asked_by=actor).order_by("-pk").first()


def cancel(*, actor: User, run_id: int) -> None:
    """Stop after the present batch; what is planned so far stays, and can be taken back."""
    pending = Recovery.objects.filter(pk=run_id, asked_by=actor)
    if not pending.filter(state=RecoveryState.QUEUED).update(state=RecoveryState.CANCELLED, ended_at=clock.now()):
        pending.filter(state=RecoveryState.RUNNING).update(cancel_asked=True)


def undo(*, actor: User, run_id: int) -> Recovery | None:
    """Take back what was planned, where nobody has changed it since."""
    ended = (RecoveryState.DONE, RecoveryState.CANCELLED, RecoveryState.FAILED)
    with transaction.atomic():
        run = Recovery.objects.select_for_update().filter(pk=run_id, asked_by=actor).first()
        if run is not None and run.state in ended:
            run.state, run.cancel_asked, run.looked_at, run.stayed = RecoveryState.UNDOING, False, 0, 0
            run.total = Recovered.objects.filter(recovery=run, undone=False).count()
            run.save()
            timeline.wake_worker()
    return run


def waiting() -> Sequence[int]:
    """Those that a worker is to work, the oldest first."""
    return list(Recovery.objects.filter(state__in=_WAITING).order_by("pk").values_list("pk", flat=True))


def is_queued() -> bool:
    """Whether one has not been begun."""
    return Recovery.objects.filter(state=RecoveryState.QUEUED).exists()


def work(run_id: int, *, is_stopping: Callable[[], bool] = lambda: False) -> bool:
    """Bring one to its end; False if another process works it, it had ended before, or `is_stopping` said so."""
    with claimed(_WORK, run_id) as is_ours:
        if not is_ours or is_stopping():
            return False
        run = Recovery.objects.select_related("asked_by").get(pk=run_id)
        if run.state not in _WAITING:
            return False
        try:
            finished = _take_back(run, is_stopping) if run.state == RecoveryState.UNDOING else _plan(run, is_stopping)
        except Exception as problem:
            if not connection.is_usable():
                raise  # the database is gone: gone on with once it is back
            log.exception("Putting leads back to work failed")
            said = str(problem) if isinstance(problem, LeadError | NotAllowed) else _BROKE
            _end(run, RecoveryState.FAILED, problem=said)
            return True
        return finished


def _end(run: Recovery, state: RecoveryState, *, problem: str = "") -> None:
    Recovery.objects.filter(pk=run.pk).update(
        state=state, ended_at=clock.now(), problem=problem, cancel_asked=False
    )  # fmt: skip


@dataclass(frozen=True)
class _Place:
    """A lead, who is to have it, when, and why."""

    lead_id: UUID
    was_lost: bool
    to: Responsible
    at: datetime
    kind: str
    note: str


def _plan(run: Recovery, is_stopping: Callable[[], bool]) -> bool:
    """Give dates, batch by batch, the likeliest first. Those given before are no leaks any more, so it goes on.

    Gone on with, those of the first look who got none and are not found any more stayed as they are; each counts once.
    """
    Recovery.objects.filter(pk=run.pk).update(state=RecoveryState.RUNNING)
    places, later = _places(run)
    before = Recovered.objects.filter(recovery=run).count()
    here = before + len(places) + later
    total = max(run.total or 0, here)
    Recovery.objects.filter(pk=run.pk).update(
        total=total, stayed=total - here, looked_at=before + total - here, left_for_later=later
    )  # fmt: skip
    for start in range(0, len(places), BATCH):
        if is_stopping():
            return False
        if Recovery.objects.filter(pk=run.pk, cancel_asked=True).exists():
            _end(run, RecoveryState.CANCELLED)
            return True
        _give(run, places[start : start + BATCH])
    _end(run, RecoveryState.DONE)
    return True


def _give(run: Recovery, places: Sequence[_Place]) -> None:
    """One batch and its account, or nothing."""
    by = By(run.asked_by, "web", f"recover:{run.pk}")
    asked = Asked.parse(run.asked_by, dict(parse_qsl(run.asked)))
    with transaction.atomic():
        ids = [place.lead_id for place in places]
        bulk.hold(ids)  # what somebody has worked on since it was looked for leaks no more, and is left alone
        leaking = chosen(run.asked_by, asked, [Leak(leak) for leak in run.leaks])
        still = set(leaking.filter(pk__in=ids).values_list("pk", flat=True))
        nexts = {
            place.lead_id: Next(place.at, place.kind, place.note)
            for place in places
            if place.lead_id in still and not place.was_lost
        }
        again = {
            place.lead_id: bulk.Recycled(place.to, Next(place.at, NextKind.REOPENED, place.note), place.note)
            for place in places
            if place.lead_id in still and place.was_lost
        }
        made = bulk.replan_many(nexts, by, verb=Verb.REASSIGN, passed_too=True)
        made += bulk.reopen_many(again, by, verb=Verb.REASSIGN)
        Recovered.objects.bulk_create(
            [Recovered(recovery=run, lead_id=done.lead.pk, activity_id=done.activity_id) for done in made],
            ignore_conflicts=True,
        )
        last = max((place.at.date() for place in places), default=None)
        if last and (run.last_day is None or last > run.last_day):
            run.last_day = last
        Recovery.objects.filter(pk=run.pk).update(
            looked_at=F("looked_at") + len(places), stayed=F("stayed") + len(places) - len(made), last_day=run.last_day
        )  # fmt: skip


def _places(run: Recovery) -> tuple[list[_Place], int]:
    """When each lead comes up, and how many lie beyond the days that are planned."""
    actor = run.asked_by
    asked = Asked.parse(actor, dict(parse_qsl(run.asked)))
    found = chosen(actor, asked, [Leak(leak) for leak in run.leaks]).exclude(
        pk__in=Recovered.objects.filter(recovery=run).values("lead_id")
    )
    rows = list(
        found.order_by("pk").values_list(
            "pk", "state", "responsible_id", "owner_id", "next_kind", "next_note", "last_touch_at", "captured_at"
        )
    )
    takers = _takers({(row[2], row[3]) for row in rows})
    chances = _chances([(row[0], row[1]) for row in rows])
    theirs: dict[UUID, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        theirs[takers[row[2], row[3]].pk if row[1] == State.LOST else row[2]].append(at)
    holders = Responsible.objects.select_related("user").in_bulk(list(theirs))
    coming = _coming(holders.values(), clock.now())
    places, later = [], 0
    for holder_id, members in theirs.items():
        holder = holders[holder_id]
        calendar, days, free = coming[holder_id]
        per_day = _per_day(free, pace=run.per_day * _people(holder))
        when = spread([chances[rows[at][0]] for at in members], per_day=per_day)
        for at, place in zip(members, when.tolist(), strict=True):
            if place >= len(days):
                later += 1
                continue
            places.append((place, -chances[rows[at][0]], _place(rows[at], holder, calendar.at(days[place]), calendar)))
    places.sort(key=lambda each: (each[0], each[1], each[2].lead_id))
    return [place for _, _, place in places], later


class _Days(NamedTuple):
    """The days over which a holder's leads are spread, and how many contacts each still takes (None: any number)."""

    calendar: Calendar
    days: list[date]
    free: list[int] | None


def _coming(holders: Collection[Responsible], now: datetime) -> dict[UUID, _Days]:
    """Of each of them.

    A programme is worked by nobody; what it holds comes to its owner's day only if there is room.
    """
    found: dict[UUID, _Days] = {}
    for holder in holders:
        calendar = working_time.calendar_of(holder.user)
        coming = calendar.coming(calendar.after(calendar.day(now), 1), DAYS)
        days = [day for day in coming if calendar.at(day) <= now + FARTHEST_NEXT - timedelta(days=1)]
        found[holder.pk] = _Days(calendar, days, None)
    worked = [each for each in holders if found[each.pk].days and each.kind != ResponsibleKind.PROGRAMME]
    rooms = keeping.rooms([keeping.Coming(each, found[each.pk].calendar, found[each.pk].days) for each in worked])
    return {pk: each._replace(free=rooms.get(pk)) for pk, each in found.items()}


def _per_day(free: Sequence[int] | None, *, pace: int) -> list[int]:
    """How many each day takes: as many as were asked for, fewer (one at least) where it is full of others already."""
    return [pace] if free is None else [min(pace, each) for each in free]


def _place(row: Sequence[Any], holder: Responsible, at: datetime, calendar: Calendar) -> _Place:
    lead_id, state, _, _, kind, note, touched, captured = row
    if state == State.LOST:
        return _Place(lead_id, True, holder, at, NextKind.REOPENED, "let go without a reason")
    if kind in _KEPT_KINDS:
        return _Place(lead_id, False, holder, at, kind, note)
    since = calendar.day(touched or captured)
    why = f"nothing since {since:%B %Y}" if touched else f"came in {since:%B %Y}, not tried yet"
    return _Place(lead_id, False, holder, at, NextKind.REOPENED, note or why)


def _takers(pairs: Collection[tuple[UUID, UUID | None]]) -> dict[tuple[UUID, UUID | None], Responsible]:
    """Who takes up a lead that was let go: its owner, where they still sell; else the Qualify queue."""
    queue = people.built_in(people.QUALIFY)
    owners = {owner for _, owner in pairs if owner}
    able = Responsible.objects.filter(user__in=owners, is_active=True, user__role__in=people.SELLERS)
    by_user = {each.user_id: each for each in able.select_related("user")}
    return {pair: by_user.get(pair[1], queue) for pair in pairs}


def _chances(leads: Sequence[tuple[UUID, str]]) -> Mapping[UUID, float]:
    """P(ripe within a month) as it is once they are back at work: who has a deal open is ripe, who was let go will be
    scored as an old lead taken up anew."""
    scores = dict(ripeness.all_scores().filter(lead_id__in=[pk for pk, _ in leads]).values_list("lead_id", "p_30"))
    scores |= ripeness.again([pk for pk, state in leads if state == State.LOST])
    return {pk: 1.0 if state == State.OPPORTUNITY else scores.get(pk, 0.0) for pk, state in leads}


def _people(holder: Responsible) -> int:
    """How many people work a responsible's leads: one, or for a queue and a programme whoever takes turns."""
    if holder.kind == ResponsibleKind.REP:
        return 1
    sellers = routing.sellers()
    return max(len(routing_rules.in_rotation(sellers.values(), clock.now())), 1)


def ends(
    actor: User, asked: Asked, ways: Collection[Leak], paces: Sequence[int] = PACES
) -> list[tuple[int, int, date]]:
    """(a day, leads, when the longest list ends) for each pace, as it will be if they are put back now."""
    now, n_of = clock.now(), chosen(actor, asked, ways).order_by().values_list("responsible_id", "owner_id", "state")
    counted = list(n_of.annotate(n=Count("pk")))
    takers = _takers({(desk, owner) for desk, owner, _, _ in counted})
    held: Counter[UUID] = Counter()
    for desk, owner, state, n in counted:
        held[takers[desk, owner].pk if state == State.LOST else desk] += n
    holders = Responsible.objects.select_related("user").in_bulk(list(held))
    coming = _coming(holders.values(), now)
    people_there = {pk: _people(holder) for pk, holder in holders.items()}
    today = working_time.calendar_of(None).day(now)

    def last(pk: UUID, pace: int) -> date:
        _, days, free = coming[pk]
        when = spread([0.0] * held[pk], per_day=_per_day(free, pace=pace * people_there[pk]))
        return days[min(int(when.max()), len(days) - 1)]

    return [(pace, held.total(), max((last(pk, pace) for pk in held), default=today)) for pace in paces]


def _take_back(run: Recovery, is_stopping: Callable[[], bool]) -> bool:
    """Undo each decision that is still the lead's last; the others are left as they are and counted."""
    by = By(run.asked_by, "web", f"recover-undo:{run.pk}")
    while rows := list(Recovered.objects.filter(recovery=run, undone=False).order_by("lead_id")[:50]):
        if is_stopping():
            return False
        stayed = 0
        for row in rows:
            try:
                deciding.undo(row.activity_id, by)
            except LeadError:
                stayed += 1
        with transaction.atomic():
            Recovered.objects.filter(pk__in=[row.pk for row in rows]).update(undone=True)
            Recovery.objects.filter(pk=run.pk).update(
                looked_at=F("looked_at") + len(rows), stayed=F("stayed") + stayed
            )  # fmt: skip
    _end(run, RecoveryState.UNDONE)
    return True
