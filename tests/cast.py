"""The cast. Alice owns the lead, Bob is on her team, Carol leads the team, Mallory must be refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.leads.decisions import birth
from ripeline.leads.decisions.deciding import By, Next
from ripeline.leads.knowing import identity
from ripeline.leads.models import Lead, NextKind, State
from ripeline.people import actions, queries
from ripeline.people.models import Responsible, Role, Team, User

MakeUser = Callable[..., User]
MakeLead = Callable[..., Lead]


@pytest.fixture
def make_user(db: None) -> MakeUser:
    """Add somebody: `make_user("alice", Role.REP, team)`."""

    def make(name: str, role: str, team: Team | None = None, **changes: Any) -> User:
        user = actions.add_user(
            actor=queries.system(),
            email=f"{name}@example.com",
            name=name.title(),
            role=role,
            team=team,
            password=PASSWORD,
        )
        return actions.change_user(actor=queries.system(), user=user, **changes) if changes else user

    return make


PASSWORD = "ripe-tomatoes-in-may"


@pytest.fixture
def north(db: None) -> Team:
    return actions.add_team(actor=queries.system(), name="North")


@pytest.fixture
def south(db: None) -> Team:
    return actions.add_team(actor=queries.system(), name="South")


@pytest.fixture
def alice(make_user: MakeUser, north: Team) -> User:
    """A rep: the lead is hers."""
    return make_user("alice", Role.REP, north)


@pytest.fixture
def bob(make_user: MakeUser, north: Team) -> User:
    """A rep on Alice's team."""
    return make_user("bob", Role.REP, north)


@pytest.fixture
def carol(make_user: MakeUser, north: Team) -> User:
    """The leader of Alice's team."""
    return make_user("carol", Role.LEADER, north)


@pytest.fixture
def mallory(make_user: MakeUser, south: Team) -> User:
    """A rep of another team, who must be refused."""
    return make_user("mallory", Role.REP, south)


@pytest.fixture
def sam(make_user: MakeUser, north: Team) -> User:
    """An SDR."""
    return make_user("sam", Role.SDR, north)


@pytest.fixture
def mona(make_user: MakeUser) -> User:
    """A marketer."""
    return make_user("mona", Role.MARKETER)


@pytest.fixture
def ada(make_user: MakeUser) -> User:
    """An administrator."""
    return make_user("ada", Role.ADMIN)


@pytest.fixture
def make_lead(db: None) -> MakeLead:
    """Bear a lead: `make_lead(alice, name="Priya Raman")`, `make_lead()` for one in the Qualify queue."""

    def make(
        owner: User | None = None,
        *,
        responsible: Responsible | None = None,
        due: timedelta = timedelta(),
        state: str = State.NEW,
        captured: timedelta = timedelta(days=1),
        source_id: Any = None,
        message: str = "",
        **person: Any,
    ) -> Lead:
        with transaction.atomic():
            who = birth.Person(**({"name": "Priya Raman", "email": f"{uuid4().hex[:12]}@northgate.example"} | person))
            lead_id = new_id()
            account = next(iter(birth.accounts([who]).values()), None)
            if key := identity.email(who.email):
                identity.claim({key: lead_id})
            holder = responsible or (queries.responsible_of(owner) if owner else queries.built_in(queries.QUALIFY))
            birth.bear(
                [
                    birth.Birth(
                        id=lead_id,
                        person=who,
                        context=birth.Context(
                            door="by_hand",
                            captured_at=clock.now() - captured,
                            source_id=source_id,
                            message=message,
                            event_key=uuid4().hex,
                        ),
                        account_id=account.pk if account else None,
                        responsible_id=holder.pk,
                        owner_id=owner.pk if owner else None,
                        why={"rule": "own"},
                        state=State(state),
                        next=Next(clock.now() + due, NextKind.FIRST_CONTACT),
                    )
                ],
                actor=queries.system(),
                origin="test",
            )
        return Lead.objects.select_related("owner", "responsible__user").get(pk=lead_id)

    return make


@pytest.fixture
def lead(alice: User, make_lead: MakeLead) -> Lead:
    """Alice's lead."""
    return make_lead(alice)


def by(user: User) -> By:
    """A fresh request of this person's."""
    return By(user, "test")


def soon(**ahead: float) -> Next:
    """A next moment: `soon(days=3)`."""
    return Next(clock.now() + timedelta(**(ahead or {"days": 7})))


MONDAY = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)  # a working Monday morning
