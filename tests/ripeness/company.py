"""A company with a past: leads of two kinds that ripen as the given chances say, made through the real actions."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as reasons
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions import birth
from ripeline.leads.decisions.deciding import By, Next
from ripeline.leads.models import NextKind, State
from ripeline.people import queries as people
from ripeline.people.models import User

Given = Callable[[str, bool], dict[str, Any]]  # of the kind, and whether they ripen


def nothing(kind: str, ripens: bool) -> dict[str, Any]:
    return {}


SOURCES = {"referral": "Referral", "display": "Display advertising"}


def grow(
    owner: User,
    *,
    n: int = 240,
    days: int = 300,
    chance: dict[str, float] | None = None,
    within: int = 60,
    wins_alone: bool = False,
    seed: int = 1,
    person: Given = nothing,
    answers: Given = nothing,
) -> list[UUID]:
    """`n` leads spread over the last `days`, by turns of each kind; of each kind its share ripens within some days."""
    chance = chance or {"referral": 0.6, "display": 0.1}
    random = Random(seed)
    sources = catalog.sources_named(list(SOURCES.values()))
    now, happens, ids = clock.now(), [], []
    for place in range(n):
        kind = list(chance)[place % len(chance)]
        came = now - timedelta(days=days * (1 - place / n), hours=1)
        ripens = random.random() < chance[kind]
        ripe_at = came + timedelta(days=random.uniform(0.5, within))
        with clock.at(came), transaction.atomic():
            lead_id = _bear(owner, sources[SOURCES[kind]].pk, person(kind, ripens), answers(kind, ripens))
        ids.append(lead_id)
        if ripens and ripe_at < now - timedelta(hours=1):
            happens.append((ripe_at, lead_id, random.random() < 0.4))
    for at, lead_id, wins in sorted(happens):
        with clock.at(at):
            _ripen(owner, lead_id, wins=wins, wins_alone=wins_alone)
    return ids


def _ripen(owner: User, lead_id: UUID, *, wins: bool, wins_alone: bool) -> None:
    by = By(owner, "test")
    if wins_alone:
        leads.win(lead_id, by, reason=reasons.reason("bought_from_us"))
        return
    leads.open_opportunity(lead_id, by, next=Next(clock.now() + timedelta(days=7)))
    if wins:
        leads.win(lead_id, By(owner, "test"), reason=reasons.reason("bought_from_us"))
    else:
        leads.close(lead_id, By(owner, "test"), reason=reasons.reason("price"))


def _bear(owner: User, source_id: UUID, person: dict[str, Any], answers: dict[str, Any]) -> UUID:
    lead_id = new_id()
    who = birth.Person(**({"name": "Priya Raman", "email": f"{lead_id.hex}@northgate.example"} | person))
    context = birth.Context(
        door="form", captured_at=clock.now(), source_id=source_id, answers=answers, event_key=lead_id.hex
    )
    birth.bear(
        [
            birth.Birth(
                id=lead_id, person=who, context=context, account_id=None, owner_id=owner.pk,
                responsible_id=people.responsible_of(owner).pk, why={"rule": "own"}, state=State.NEW,
                next=Next(clock.now() + timedelta(days=1), NextKind.FIRST_CONTACT),
            )
        ],
        actor=people.system(), origin="test",
    )  # fmt: skip
    return lead_id
