"""Leads at birth, on the real database: who gets them, how many queries it takes, and two batches at once."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.models import Account, Lead, State
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import Absence, Role, User
from ripeline.routing import turns
from ripeline.routing.actions import Newcomer, route_batch
from ripeline.routing.models import Turn
from ripeline.routing.rules import Route
from tests.cast import MONDAY, MakeUser

pytestmark = pytest.mark.django_db


def bear(routes: list[Route]) -> None:
    moment = clock.now()
    Lead.objects.bulk_create(
        Lead(
            id=new_id(), name="Priya Raman", captured_at=moment, episode_at=moment, state=State.NEW,
            responsible_id=r.responsible_id, owner_id=r.owner_id, **Next(moment).changes(),
        )
        for r in routes
    )  # fmt: skip


def arrive(*newcomers: Newcomer) -> list[Route]:
    with transaction.atomic():
        routes = route_batch(newcomers)
        bear(routes)
    return routes


def test_before_anybody_is_there_a_lead_goes_to_the_qualify_queue() -> None:
    (route,) = arrive(Newcomer())
    assert route.responsible_id == people.built_in(people.QUALIFY).pk
    assert route.owner_id is None
    assert route.why["because"] == "nobody"


def test_an_owner_seller_gets_their_own_leads(ada: User) -> None:
    (route,) = arrive(Newcomer())
    assert route.owner_id == ada.pk


def test_alice_and_bob_take_turns_and_their_leader_takes_none(alice: User, bob: User, carol: User, sam: User) -> None:
    routes = [route for _ in range(4) for route in arrive(Newcomer())]
    assert Counter(r.owner_id for r in routes) == {alice.pk: 2, bob.pk: 2}


def test_who_has_as_many_as_they_can_look_after_is_left_in_peace(make_user: MakeUser) -> None:
    dora = make_user("dora", Role.REP, lead_cap=3)
    routes = arrive(*[Newcomer()] * 5)
    assert [r.owner_id for r in routes] == [dora.pk] * 3 + [None] * 2
    assert arrive(Newcomer())[0].why["because"] == "no_room"


def test_who_gets_room_gets_the_next_lead_and_who_had_far_too_many_some_seconds_later(make_user: MakeUser) -> None:
    dora, emil = make_user("dora", Role.REP, lead_cap=3), make_user("emil", Role.REP, lead_cap=3)

    def hand_on(user: User, n: int) -> None:
        some = Lead.objects.filter(owner=user).order_by("pk").values_list("pk", flat=True)[:n]
        Lead.objects.filter(pk__in=list(some)).update(responsible=people.built_in(people.QUALIFY), owner=None)

    def next_goes_to() -> User | None:
        (route,) = arrive(Newcomer())
        return User.objects.filter(pk=route.owner_id).first()

    with clock.at(MONDAY):
        arrive(*[Newcomer(own=dora.pk)] * 3, *[Newcomer(own=emil.pk)] * (3 + turns.FAR))
        assert next_goes_to() is None
        hand_on(dora, 1)
        assert next_goes_to() == dora
        hand_on(emil, 2 + turns.FAR)
        assert next_goes_to() is None
        User.objects.filter(pk=emil.pk).update(lead_cap=6)
        assert next_goes_to() == emil, "another cap counts at once"
        User.objects.filter(pk=emil.pk).update(lead_cap=3)
        assert next_goes_to() is None
    with clock.at(MONDAY + turns.FAR_FOR):
        assert next_goes_to() == emil


def test_the_fallback_is_whom_the_company_chose_while_they_are_here(alice: User, make_user: MakeUser) -> None:
    system = people.system()
    people_actions.set_company(actor=system, fallback=people.responsible_of(alice))
    people_actions.change_user(actor=system, user=alice, weight=0)
    assert arrive(Newcomer())[0].owner_id == alice.pk
    people_actions.set_active(actor=system, user=alice, active=False)
    assert arrive(Newcomer())[0].responsible_id == people.built_in(people.QUALIFY).pk


def test_who_looks_after_the_company_gets_its_people(alice: User, bob: User) -> None:
    helio = Account.objects.create(key="d:helio.example", name="Helio Optics", owner=bob)
    routes = arrive(*[Newcomer(account_id=helio.pk)] * 3)
    assert {r.owner_id for r in routes} == {bob.pk}
    assert routes[0].why == {"rule": "account_owner", "to": "Bob", "account": "Helio Optics"}


def test_a_reps_own_lead_stays_theirs_even_at_anothers_account(alice: User, bob: User) -> None:
    helio = Account.objects.create(key="d:helio.example", name="Helio Optics", owner=bob)
    (route,) = arrive(Newcomer(account_id=helio.pk, own=alice.pk))
    assert (route.owner_id, route.why["rule"]) == (alice.pk, "own")


def test_nobody_is_given_leads_while_away(alice: User, bob: User) -> None:
    with clock.at(MONDAY):
        Absence.objects.create(user=alice, first_day=MONDAY.date(), last_day=MONDAY.date(), cover=bob)
        assert {r.owner_id for r in arrive(*[Newcomer()] * 4)} == {bob.pk}


def test_old_leads_wait_in_the_queue_until_their_day(alice: User) -> None:
    with clock.at(MONDAY):
        later, tomorrow = arrive(
            Newcomer(due=MONDAY + timedelta(days=9)), Newcomer(due=MONDAY + timedelta(days=1))
        )  # fmt: skip
    assert later.why == {"rule": "fallback", "to": "Qualify", "because": "not_due", "until": "2026-06-10"}
    assert tomorrow.owner_id == alice.pk


def test_what_comes_on_friday_and_is_due_on_monday_is_given_out_at_once(alice: User) -> None:
    friday = MONDAY - timedelta(days=3)
    with clock.at(friday):
        (route,) = arrive(Newcomer(due=MONDAY))
    assert route.owner_id == alice.pk


def test_a_thousand_leads_cost_as_many_queries_as_one(alice: User, bob: User) -> None:
    costs = []
    for n in (1, 1, 1000):  # who is here is read with the first
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            route_batch([Newcomer()] * n)
        costs.append(len(queries))
    assert costs[1] == costs[2] <= 8


def test_nothing_to_route_asks_nothing() -> None:
    assert route_batch([]) == []


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_never_exceed_anybodys_cap(
    make_user: MakeUser, in_threads: Callable[..., list[BaseException]]
) -> None:
    for name in ("dora", "emil", "fay"):
        make_user(name, Role.REP, lead_cap=20)
    started = Barrier(4)

    def import_some() -> None:
        started.wait()
        for _ in range(5):
            arrive(*[Newcomer()] * 7)

    assert in_threads(*[import_some] * 4) == []
    in_hand = Counter(Lead.objects.values_list("responsible__code", "owner__name"))
    assert in_hand == {(None, "Dora"): 20, (None, "Emil"): 20, (None, "Fay"): 20, ("qualify", None): 80}


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_the_place_of_somebody_who_has_had_all_of_their_week(
    make_user: MakeUser, in_threads: Callable[..., list[BaseException]]
) -> None:
    dora = make_user("dora", Role.REP, intake_cap=2)
    assert [route.owner_id for route in arrive(*[Newcomer()] * 3)] == [dora.pk, dora.pk, None]
    routes: list[Route] = []

    def arrive_meanwhile() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        routes.extend(arrive(Newcomer()))

    with transaction.atomic():
        Turn.objects.select_for_update().get(user=dora)
        assert in_threads(arrive_meanwhile) == []
    assert [route.why["because"] for route in routes] == ["no_room"]


@pytest.mark.django_db(transaction=True)
def test_a_place_in_turn_that_others_have_moved_meanwhile_stays_where_they_put_it(
    make_user: MakeUser, in_threads: Callable[..., list[BaseException]]
) -> None:
    dora, emil = make_user("dora", Role.REP, intake_cap=2), make_user("emil", Role.REP, intake_cap=9)
    arrive(*[Newcomer()] * 4)  # Dora has had all of her week
    before = Turn.objects.get(user=dora)
    with transaction.atomic():
        assert [route.owner_id for route in route_batch([Newcomer()] * 2)] == [emil.pk] * 2
        raised = in_threads(lambda: Turn.objects.filter(user=dora).update(credit=before.credit + 5))
    assert raised == []
    assert Turn.objects.get(user=dora).credit == before.credit + 5
