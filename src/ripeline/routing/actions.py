"""Handing leads out: at birth, when somebody leaves or is away, and to whoever has time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.bulk import Gift
from ripeline.leads.decisions.deciding import By, LeadError, once_more
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Responsible, User
from ripeline.routing import queries, rules, turns
from ripeline.routing.queries import Held
from ripeline.routing.releasing import hand_out, release, return_due
from ripeline.routing.rules import Route, Why, Wish
from ripeline.routing.turns import BusyError

__all__ = ["BusyError", "Newcomer", "deactivate", "hand_out", "release", "rescue", "return_due", "route_batch"]


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """A lead about to be born, as routing sees it.

    `own`: the user whose own lead it is (a rep brought it in, or the file names them); `due`: its next moment;
    `value`: of a contact, or any score: where not all fit, the highest go first.
    """

    account_id: UUID | None = None
    own: UUID | None = None
    due: datetime | None = None
    value: float = 0.0


def route_batch(newcomers: Sequence[Newcomer], *, passes_busy: bool = False) -> list[Route]:
    """Decide who becomes responsible for each of many new leads, in the order given; a handful of queries in all.

    Call it inside the transaction that inserts the leads, as late as possible and after identity was claimed: where
    the rotation decides, the rows of the sellers are locked until commit, so that two batches at once never exceed a
    cap. Where others hand out leads for so long that the transaction must not wait for them, a BusyError says so; then,
    with `passes_busy`, it goes on without those whose rows they hold, if need be to the fallback.

    A lead not due before the day after next takes nobody's place yet: it waits in the Qualify queue (`release` hands it
    out), unless somebody has a standing claim.
    """
    if not newcomers:
        return []
    moment, firm = clock.now(), working_time.company()
    calendar = working_time.calendar_of(None, of_company=firm)
    soon = calendar.end_of(calendar.after(calendar.day(moment), 1))
    owners = queries.account_owners({n.account_id for n in newcomers if n.account_id})
    wishes = []
    for newcomer in newcomers:
        owner, account = owners.get(newcomer.account_id, (None, "")) if newcomer.account_id else (None, "")
        due = newcomer.due or moment
        wishes.append(
            Wish(
                own=newcomer.own, account_owner=owner, account=account, due=calendar.day(due), value=newcomer.value,
                waits=due >= soon,
            )
        )  # fmt: skip
    week = turns.week(calendar.working_day(calendar.day(moment)))
    return _route(wishes, moment=moment, week=week, passes_busy=passes_busy)


def _route(
    wishes: Sequence[Wish], *, moment: datetime, week: date | None = None, passes_busy: bool = False
) -> list[Route]:
    """Choose for wishes under the sellers' locks, and keep everybody's place in turn; `week`: they are new leads."""
    found = queries.sellers()
    fallback, queue = queries.places()
    if all(w.waits or rules.standing(w, found) for w in wishes):
        return rules.choose(wishes, sellers=found, rotation=[], fallback=fallback, queue=queue)[0]
    rotation = rules.in_rotation(found.values(), moment)
    with turns.taken(rotation, week=week, passes_full=True, passes_busy=passes_busy) as ready:
        is_whole = not passes_busy or len(ready) == len(rotation)
        routes, credits = rules.choose(
            wishes, sellers=found, rotation=ready, fallback=fallback, queue=queue, is_whole=is_whole
        )
        in_turn = [route.owner_id for route in routes if week and route.why["rule"] == rules.ROUND_ROBIN]
        turns.keep(ready, credits, filter(None, in_turn), week=week)
    return routes


@once_more
def deactivate(*, actor: User, user: User, to: Responsible | None = None) -> int:
    """Let somebody take leads no longer: all they look after goes to `to`, or by the rules, first; how many leads.

    All or nothing. What Keep in touch looks after for them stays there, credited to who takes over; so do their
    companies. Raises LeadError, PeopleError or NotAllowed, and then nothing has changed.
    """
    if to is not None and (not to.is_active or to.user_id == user.pk):
        raise LeadError(f"{to.name} cannot take over these leads; choose somebody else.")
    firm = working_time.company()
    by = By(actor, "web")
    with transaction.atomic():
        leaving = queries.sellers().get(user.pk)
        bulk.hold([h.lead_id for h in queries.held_by([user.pk])])
        with turns.taken([leaving] if leaving else []):  # whoever hands out leads waits here, or has finished
            if firm.fallback_id and firm.fallback_id == people.responsible_of(user).pk:
                people_actions.set_company(actor=actor, fallback=people.built_in(people.QUALIFY))
            people_actions.set_active(actor=actor, user=user, active=False)
            bulk.move_accounts(of=user, to=to.user if to else None)
            held = queries.held_by([user.pk])
            moved = _pass_on(held, by, to=to, left={user.pk: user.name})
            moved += _pass_credit(user, by, to=to, passed=held)
    return moved


def _pass_on(held: Sequence[Held], by: By, *, to: Responsible | None, left: Mapping[UUID, str]) -> int:
    """Give leads whose responsible left to `to`, or by the rules, the most valuable first."""
    if to is not None:
        whys: list[Why] = [{"rule": rules.BY_HAND, "to": to.name, "left": left[h.user_id]} for h in held]
        gifts = {h.lead_id: Gift(to, why, held_by=h.responsible_id) for h, why in zip(held, whys, strict=True)}
        return len(bulk.give_many(gifts, by))
    if not held:
        return 0
    bulk.hold([h.lead_id for h in held])
    routes = _route(queries.wishes(held, left=left), moment=clock.now())
    rows = Responsible.objects.select_related("user").in_bulk({route.responsible_id for route in routes})
    gifts = {
        h.lead_id: Gift(rows[route.responsible_id], route.why, held_by=h.responsible_id)
        for h, route in zip(held, routes, strict=True)
    }
    return len(bulk.give_many(gifts, by))


def _pass_credit(user: User, by: By, *, to: Responsible | None, passed: Sequence[Held]) -> int:
    """Who takes over is credited with what a queue or a programme looks after; nobody, where the rules decide later.

    Also with what was just `passed` on to a queue, whose people could not work it in the name of who left. How many.
    """
    taking = to.user if to else None
    why = {"rule": rules.BY_HAND if to else rules.FALLBACK, "to": to.name if to else "", "left": user.name}
    credit = replace(by, key=f"{by.key}:credit")  # a second decision about those that were passed on
    made = bulk.change_owner_many(dict.fromkeys(queries.credited_to(user), taking), credit, why=why)
    return len({decision.lead.pk for decision in made} - {h.lead_id for h in passed})


@once_more
def rescue() -> int:
    """Find somebody for leads that nobody could look after: of people who left or whose role follows up none, and dates
    while somebody is long away.

    The credit stays with who is away, and what is not committed waits for them. Idempotent; how many leads.
    """
    moment = clock.now()
    by = By(people.system(), "worker")
    gone = queries.gone()
    rescued = 0
    with transaction.atomic():
        if gone:
            held = queries.held_by(list(gone))
            rescued += _pass_on(held, by, to=None, left=gone)
            for user in people.people().filter(pk__in=gone):
                rescued += _pass_credit(user, by, to=None, passed=held)
        rescued += _stand_in(by, moment=moment)
    return rescued


def _stand_in(by: By, *, moment: datetime) -> int:
    """Committed dates of people who are long away and covered by nobody are kept by somebody else."""
    calendar = working_time.calendar_of(None)
    today = calendar.day(moment)
    away = queries.long_away(calendar, today)
    held = queries.held_by(list(away), committed_before=calendar.end_of(today)) if away else []
    if not held:
        return 0
    bulk.hold([h.lead_id for h in held])
    routes = _route([Wish(due=today, value=h.value) for h in held], moment=moment)
    rows = Responsible.objects.select_related("user").in_bulk({route.responsible_id for route in routes})
    gifts = {}
    for h, route in zip(held, routes, strict=True):
        name, until = away[h.user_id]
        why = {"rule": rules.STANDS_IN, "to": route.why["to"], "away": name, "until": until.isoformat()}
        gifts[h.lead_id] = Gift(rows[route.responsible_id], why, keeps_owner=True, held_by=h.responsible_id)
    return len(bulk.give_many(gifts, by))
