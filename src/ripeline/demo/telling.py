"""The story is carried out: every happening by the action that people and the worker use, at its own moment.

Decisions about different leads do not touch each other, so those of a stretch of time are made together: of what comes
next for each lead, always the most frequent sort in one go (`leads.decisions.bulk`), with the clock set to each one's
moment as its turn comes. So the record is what it would be had each been made alone, and making it takes a tenth of
the time.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from ripeline.capture.arriving import admission
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import CloseReason, CloseState
from ripeline.demo.happening import Happening, Verb
from ripeline.leads.decisions import actions, bulk
from ripeline.leads.decisions.bulk import Gift, Recycled
from ripeline.leads.decisions.deciding import By, Changes
from ripeline.leads.models import Lead
from ripeline.people.models import Responsible, User

ORIGIN = "demo"
_TICK = timedelta(milliseconds=1)
_V = TypeVar("_V")


class Time:
    """The demo's present moment. Each look at it is a little later, so that what is made in one go keeps its order."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def __call__(self) -> datetime:
        self._moment += _TICK
        return self._moment

    def go(self, moment: datetime) -> None:
        """It is now `moment`."""
        self._moment = moment.astimezone(UTC)


class Telling:
    """Carries happenings out, in the order of each lead's own story."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self.told_of = 0  # how many have come so far
        self._waiting: dict[UUID, list[Happening]] = {}
        self._keys = 0
        self._reasons = {reason.code: reason for reason in catalog.reasons()}

    def expect(self, lead_id: UUID, happenings: list[Happening]) -> None:
        """What will happen to a lead, in its order."""
        self._waiting[lead_id] = happenings[::-1]

    def take_over(self, desks: Sequence[User], responsibles: Sequence[Responsible]) -> None:
        """Where a lead has been given to somebody outside the story, the rest of its story is theirs."""
        planned = {pk: waiting[-1].actor.pk for pk, waiting in self._waiting.items() if waiting}
        owned = Lead.objects.filter(pk__in=planned, owner__isnull=False).values_list("pk", "owner_id")
        place = {user.pk: at for at, user in enumerate(desks)}
        for lead_id, owner in owned:
            if planned[lead_id] in place and owner in place and planned[lead_id] != owner:
                at = place[owner]
                self._waiting[lead_id] = [
                    _by_another(each, desks[at], responsibles[at])
                    for each in self._waiting[lead_id]
                    if each.verb != Verb.GIVE
                ]

    def tell(self, until: datetime) -> None:
        """Carry out everything that happens before a moment."""
        ready: dict[_Sort, dict[UUID, Happening]] = defaultdict(dict)

        def bring_forward(lead_id: UUID) -> None:
            """What comes next for a lead joins the others of its sort; nothing more, and it is forgotten."""
            waiting = self._waiting[lead_id]
            if waiting and waiting[-1].at < until:
                each = waiting.pop()
                ready[_sort(each)][lead_id] = each
            elif not waiting:
                del self._waiting[lead_id]

        for lead_id in list(self._waiting):
            bring_forward(lead_id)
        while ready:
            sort = max(ready, key=lambda each: len(ready[each]))
            group = ready.pop(sort)
            getattr(self, f"_{sort.verb}")(group, next(iter(group.values())))
            for lead_id in group:
                bring_forward(lead_id)

    def _by(self, actor: User) -> By:
        self._keys += 1
        return By(actor, ORIGIN, f"story:{self._keys}")

    def _each(self, group: Mapping[UUID, Happening]) -> Iterator[tuple[UUID, Happening]]:
        """One by one, each at its moment."""
        for lead_id, each in group.items():
            self._time.go(each.at)
            yield lead_id, each

    def _decide(self, group: Mapping[UUID, Happening], like: Happening, kind: str, change: Any, facts: Any) -> None:
        def at_its_moment(lead: Lead) -> dict[str, Any]:
            self._time.go(group[lead.pk].at)
            return dict(facts(group[lead.pk]))

        bulk.decide_many(
            group.keys(), self._by(like.actor), kind=kind, facts=at_its_moment,
            change=lambda lead: change(lead, group[lead.pk]), body=lambda lead: group[lead.pk].body,
        )  # fmt: skip

    # --- the verbs

    def _touch(self, group: Mapping[UUID, Happening], like: Happening) -> None:
        def change(lead: Lead, each: Happening) -> Changes:
            assert each.next
            return actions.touched(lead, reached=each.reached, next=each.next)

        def facts(each: Happening) -> dict[str, Any]:
            return {"outcome": each.disposition, "disposition": each.disposition, "reached": each.reached}

        self._decide(group, like, like.kind, change, facts)

    def _rest(self, group: Mapping[UUID, Happening], like: Happening) -> None:
        def change(lead: Lead, each: Happening) -> Changes:
            assert each.next
            assert each.to
            return actions.nurtured(lead, programme=each.to, next=each.next)

        def facts(each: Happening) -> dict[str, Any]:
            return {"disposition": "green_later", "note": each.next.note if each.next else ""}

        self._decide(group, like, "nurtured", change, facts)

    def _close(self, group: Mapping[UUID, Happening], like: Happening) -> None:
        if like.more.get("deal"):
            for lead_id, each in self._each(group):
                actions.close(lead_id, self._by(each.actor), reason=self._reasons[each.kind], body=each.body)
            return

        def change(lead: Lead, each: Happening) -> Changes:
            return actions.closed(lead, reason=self._reasons[each.kind], actor=each.actor)

        def facts(each: Happening) -> dict[str, Any]:
            return {"reason": each.kind, "label": self._reasons[each.kind].label}

        for state in (CloseState.LOST, CloseState.DISQUALIFIED):
            if these := {pk: each for pk, each in group.items() if self._reasons[each.kind].state == state}:
                self._decide(these, like, state, change, facts)

    def _return(self, group: Mapping[UUID, Happening], like: Happening) -> None:
        gifts = {pk: Gift(each.to, _why(each)) for pk, each in group.items() if each.to}
        latest = max(each.at for each in group.values())
        bulk.return_many(self._dated(group, gifts), self._by(like.actor), by=latest + timedelta(days=1))

    def _give(self, group: Mapping[UUID, Happening], like: Happening) -> None:
        gifts = {pk: Gift(each.to, _by_hand(each), each.next) for pk, each in group.items() if each.to}
        bulk.give_many(self._dated(group, gifts), self._by(like.actor))

    def _reopen(self, group: Mapping[UUID, Happening], like: Happening) -> None:
        again = {pk: Recycled(each.to, each.next, each.body) for pk, each in group.items() if each.to and each.next}
        bulk.reopen_many(self._dated(group, again), self._by(like.actor))

    def _opportunity(self, group: Mapping[UUID, Happening], _: Happening) -> None:
        for lead_id, each in self._each(group):
            assert each.next
            actions.open_opportunity(
                lead_id, self._by(each.actor), next=each.next, amount=each.amount, currency="GBP", body=each.body,
                disposition="meeting_set" if each.more["stage"] == "Needs agreed" else "still_working", **each.more,
            )  # fmt: skip

    def _win(self, group: Mapping[UUID, Happening], _: Happening) -> None:
        won = _reason_won(self._reasons)
        for lead_id, each in self._each(group):
            actions.win(lead_id, self._by(each.actor), reason=won, amount=each.amount, currency="GBP")

    def _note(self, group: Mapping[UUID, Happening], _: Happening) -> None:
        for lead_id, each in self._each(group):
            actions.note(lead_id, self._by(each.actor), text=each.body, **each.more)

    def _come(self, group: Mapping[UUID, Happening], _: Happening) -> None:
        for _lead_id, each in self._each(group):
            admission.admit([each.more["arrival"]], actor=each.actor, origin=ORIGIN)

    def _dated(self, group: Mapping[UUID, Happening], what: dict[UUID, _V]) -> "_AtItsMoment[_V]":
        return _AtItsMoment(self._time, group, what)


class _AtItsMoment(dict[UUID, _V]):
    """What is to be done with each lead; asked for one, it sets the clock to that one's moment."""

    def __init__(self, time: Time, group: Mapping[UUID, Happening], what: dict[UUID, _V]) -> None:
        super().__init__(what)
        self._time, self._group = time, group

    def __getitem__(self, lead_id: UUID) -> _V:
        self._time.go(self._group[lead_id].at)
        return super().__getitem__(lead_id)


class _Sort(NamedTuple):
    """What can be done in one go: the same verb by the same person."""

    verb: Verb
    kind: str
    actor: UUID
    is_deal: bool


def _sort(each: Happening) -> _Sort:
    kind = "" if each.verb == Verb.CLOSE else each.kind
    return _Sort(each.verb, kind, each.actor.pk, bool(each.more.get("deal")))


def _by_another(each: Happening, user: User, responsible: Responsible) -> Happening:
    return replace(
        each,
        actor=each.actor if each.actor.is_system else user,
        to=responsible if each.verb == Verb.RETURN else each.to,
    )


def _why(each: Happening) -> dict[str, Any]:
    assert each.to
    return {"rule": "owner" if each.to.user_id else "queue", "to": each.to.name}


def _by_hand(each: Happening) -> dict[str, Any]:
    assert each.to
    return {"rule": "by_hand", "to": each.to.name, "by": each.actor.name}


def _reason_won(reasons: Mapping[str, CloseReason]) -> CloseReason:
    return next(reason for reason in reasons.values() if reason.state == CloseState.WON)
