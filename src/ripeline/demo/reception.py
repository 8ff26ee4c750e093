"""Who the market sends, as people: made up, and let in by the one way in for every door."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ripeline.capture.arriving import admission
from ripeline.capture.arriving.admission import Arrival, Result
from ripeline.demo import doors, words
from ripeline.demo.arriving import Inflow
from ripeline.demo.people import Somebody
from ripeline.demo.scene import Stage
from ripeline.demo.telling import ORIGIN, Time
from ripeline.leads.models import Lead
from ripeline.people.models import User


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the market says is known of somebody, beside how they come."""

    seniority: str = ""
    has_phone: bool = True
    names_practice: bool = True
    says_something: bool = True

    @classmethod
    def of(cls, inflow: Inflow, place: int) -> "Known":
        """What is known of the one in this place."""
        signals = inflow.market.arrivals.signals
        return cls(
            seniority=next((key for key in signals if key.startswith("title_") and signals[key][place]), ""),
            has_phone=bool(signals["phone"][place]),
            names_practice=bool(signals["company"][place]),
            says_something=bool(signals["message"][place]),
        )


@dataclass(frozen=True)
class Newcomer:
    """Somebody at the door: who they are, what is true of them, and how they come."""

    who: Somebody
    facts: dict[str, str]
    arrival: Arrival
    kind: str  # of source


def newcomer(stage: Stage, known: Known, *, kind: str, at: datetime, campaign: str, landing_page: str) -> Newcomer:
    """Make up somebody who comes by a kind of source."""
    called = kind == "inbound_call"
    who = stage.people.somebody(
        seniority=known.seniority,
        has_phone=known.has_phone or called,
        names_practice=known.names_practice,
        has_email=not (called and stage.random.random() < 0.6),
    )
    facts = stage.words.facts(who)
    says = known.says_something and kind in stage.words.kinds
    soon = words.soon(stage.calendar.day(at))
    met_by, own = _met_by(stage, kind)
    arrival = doors.first(
        who, kind=kind, at=at, campaign=campaign, landing_page=landing_page, met_by=met_by, own=own,
        message=stage.words.say(f"message.{kind}", facts, soon=soon) if says else "", custom=_custom(stage, who),
    )  # fmt: skip
    return Newcomer(who, facts, arrival, kind)


def _met_by(stage: Stage, kind: str) -> tuple[User | None, bool]:
    """Who of ours took the card or the call, and whether the lead is then theirs."""
    staff = stage.staff
    if kind in ("trade_show", "course", "referral", "partner"):
        user = stage.random.choice(staff.desks)
        return user, user.pk != staff.sdr.pk and stage.random.random() < 0.4
    return (staff.sdr if kind == "inbound_call" else None), False


def _custom(stage: Stage, who: Somebody) -> dict[str, Any]:
    """What a form or a talk brought up about the practice, of about half of them."""
    if stage.random.random() < 0.5:
        return {}
    return {"chairs": who.practice.chairs, "sites": who.practice.sites}


def admit(newcomers: Sequence[Newcomer], stage: Stage, time: Time) -> Iterable[tuple[Newcomer, UUID, UUID | None]]:
    """Let people in, by the door that is set up for how they come, else all together: (who, lead, owner) of each."""
    ids: dict[int, UUID] = {}
    for place, each in enumerate(newcomers):
        if door := stage.entrance.door_of(each.kind, each.arrival.campaign):
            ids[place] = stage.entrance.let_in(each.kind, door, each.arrival, time.go)
    time.go(newcomers[-1].arrival.context.captured_at + timedelta(seconds=1))
    rest = [place for place in range(len(newcomers)) if place not in ids]
    admitted = admission.admit(
        [newcomers[place].arrival for place in rest], actor=stage.staff.system, origin=ORIGIN
    ) if rest else []  # fmt: skip
    for place, found in zip(rest, admitted, strict=True):
        assert found.result is Result.CREATED, found
        assert found.lead_id is not None
        ids[place] = found.lead_id
    owners = dict(Lead.objects.filter(pk__in=ids.values()).values_list("pk", "owner_id"))
    for place, newcomer in enumerate(newcomers):
        yield newcomer, ids[place], owners[ids[place]]
