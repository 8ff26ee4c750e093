"""Somebody leaves, or is away for long: everything they look after finds somebody first, and says so."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction

from ripeline.base import clock
from ripeline.catalog import queries as catalog
from ripeline.leads.decisions.actions import close, give, nurture, set_next, undo
from ripeline.leads.decisions.deciding import LeadError, Next, NotUndoable
from ripeline.leads.doubles import merging
from ripeline.leads.models import Account, Lead
from ripeline.leads.rules import Verb, may
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.actions import PeopleError
from ripeline.people.models import Absence, Company, Role, User
from ripeline.routing.actions import Newcomer, deactivate, rescue, route_batch
from ripeline.routing.queries import places
from ripeline.routing.rules import words
from ripeline.timeline.models import Activity
from ripeline.worklist.queries import shoebox
from tests.cast import MONDAY, MakeLead, MakeUser, by, soon
from tests.routing.test_at_birth import bear

pytestmark = pytest.mark.django_db


def last_entry(lead: Lead) -> Activity:
    return Activity.objects.filter(lead_id=lead.pk).latest("recorded_at", "id")


def test_alice_leaves_and_her_leads_go_to_those_who_have_room(
    ada: User, alice: User, bob: User, make_lead: MakeLead
) -> None:
    leads = [make_lead(alice) for _ in range(5)]
    assert deactivate(actor=ada, user=alice) == 5
    for lead in leads:
        lead.refresh_from_db()
        assert (lead.owner, lead.responsible.user) == (bob, bob)
    assert words(last_entry(leads[0]).data["why"]) == "Alice no longer takes leads; Bob was next in turn."
    assert not User.objects.get(pk=alice.pk).is_active


def test_or_to_whom_the_administrator_named(ada: User, carol: User, alice: User, bob: User, lead: Lead) -> None:
    assert deactivate(actor=ada, user=alice, to=people.responsible_of(carol)) == 1
    lead.refresh_from_db()
    assert lead.owner == carol
    assert words(last_entry(lead).data["why"]) == "Alice no longer takes leads; given to Carol by hand."


def test_leads_wait_in_the_queue_where_nobody_has_room_and_whoever_works_it_may(
    ada: User, alice: User, sam: User, lead: Lead
) -> None:
    for full in (ada, sam):
        people_actions.change_user(actor=ada, user=full, lead_cap=0)
    assert deactivate(actor=ada, user=alice) == 1
    lead = Lead.objects.select_related("owner", "responsible__user").get(pk=lead.pk)
    assert (lead.responsible, lead.owner) == (people.built_in(people.QUALIFY), None)
    assert may(sam, Verb.WORK, lead)


def test_what_is_kept_in_touch_with_for_her_stays_there(ada: User, alice: User, bob: User, lead: Lead) -> None:
    nurture(lead.pk, by(alice), next=soon(days=60))
    helio = Account.objects.create(key="d:helio.example", name="Helio Optics", owner=alice)
    assert deactivate(actor=ada, user=alice, to=people.responsible_of(bob)) == 1
    lead.refresh_from_db()
    helio.refresh_from_db()
    assert (lead.owner, lead.responsible) == (bob, people.built_in(people.KEEP_IN_TOUCH))
    assert helio.owner == bob


def test_the_last_administrator_stays_and_so_do_their_leads(ada: User, bob: User, make_lead: MakeLead) -> None:
    lead = make_lead(ada)
    with pytest.raises(PeopleError):
        deactivate(actor=ada, user=ada)
    lead.refresh_from_db()
    assert (lead.responsible.user, User.objects.get(pk=ada.pk).is_active) == (ada, True)


def test_nothing_goes_to_somebody_who_has_left(ada: User, alice: User, bob: User, lead: Lead) -> None:
    deactivate(actor=ada, user=bob)
    with pytest.raises(LeadError, match="Bob cannot take over"):
        deactivate(actor=ada, user=alice, to=people.responsible_of(bob))
    assert Lead.objects.get(pk=lead.pk).responsible.user == alice


def test_a_fallback_who_leaves_is_no_fallback_any_more(ada: User, alice: User) -> None:
    people_actions.set_company(actor=ada, fallback=people.responsible_of(alice))
    deactivate(actor=ada, user=alice)
    assert Company.objects.get().fallback == people.built_in(people.QUALIFY)


def test_leads_of_somebody_switched_off_behind_our_back_are_found_a_home_once(
    alice: User, bob: User, lead: Lead
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE \"user\" SET is_active = false WHERE email = 'alice@example.com'")
    assert rescue() == 1
    assert rescue() == 0
    assert Lead.objects.get(pk=lead.pk).owner == bob


def test_nothing_comes_back_to_somebody_who_has_left(
    ada: User, carol: User, alice: User, bob: User, make_lead: MakeLead
) -> None:
    given, closed, one, other = (make_lead(who) for who in (alice, alice, bob, alice))
    handed = give(given.pk, by(carol), to=people.responsible_of(bob), why={"rule": "by_hand"})
    lost = close(closed.pk, by(alice), reason=catalog.reason("no_budget"))
    merging.merge(survivor_id=one.pk, duplicate_id=other.pk, by=by(ada))
    deactivate(actor=ada, user=alice)
    for decision in (handed, lost):
        with pytest.raises(NotUndoable, match="Alice no longer takes leads"):
            undo(decision.activity_id, by(ada))
    assert merging.unmerge(duplicate_id=other.pk, by=by(ada)).responsible == people.built_in(people.QUALIFY)
    assert shoebox() == 0


def test_who_goes_to_marketing_leaves_their_leads_to_those_who_follow_up(
    ada: User, alice: User, bob: User, mona: User, make_lead: MakeLead
) -> None:
    held, kept = make_lead(alice), make_lead(alice)
    nurture(kept.pk, by(alice), next=soon(days=60))
    people_actions.change_user(actor=ada, user=alice, role=Role.MARKETER)
    assert shoebox() == 1
    assert rescue() == 2
    assert (rescue(), shoebox()) == (0, 0)
    assert Lead.objects.get(pk=held.pk).responsible.user == bob
    assert Lead.objects.get(pk=kept.pk).owner is None
    assert {r.user for r in people.assignable()} == {None, ada, bob}


def test_a_fallback_in_marketing_is_none(ada: User, mona: User) -> None:
    people_actions.set_company(actor=ada, fallback=people.responsible_of(mona))
    assert places()[0].user_id is None


@pytest.mark.parametrize("covered", [False, True])
def test_a_date_of_somebody_long_away_is_kept_by_another_unless_somebody_covers(
    alice: User, bob: User, make_user: MakeUser, make_lead: MakeLead, covered: bool
) -> None:
    fay = make_user("fay", Role.REP, alice.team)
    with clock.at(MONDAY - timedelta(days=7)):
        promised, green = make_lead(alice), make_lead(alice, due=timedelta(days=7))
        set_next(promised.pk, by(alice), next=Next(MONDAY, note="send the study", committed=True))
    with clock.at(MONDAY):
        Absence.objects.create(
            user=alice, first_day=MONDAY.date(), last_day=MONDAY.date() + timedelta(days=13),
            cover=fay if covered else None,
        )  # fmt: skip
        assert rescue() == (0 if covered else 1)
        assert rescue() == 0
    promised.refresh_from_db()
    green.refresh_from_db()
    assert (promised.owner, green.responsible.user) == (alice, alice)
    if not covered:
        assert promised.responsible.user in (bob, fay)
        assert "is away until 14 June 2026 and nobody covers" in words(last_entry(promised).data["why"])


def test_a_short_absence_changes_nothing(alice: User, bob: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY - timedelta(days=7)):
        promised = make_lead(alice)
        set_next(promised.pk, by(alice), next=Next(MONDAY, committed=True))
    with clock.at(MONDAY):
        Absence.objects.create(user=alice, first_day=MONDAY.date(), last_day=MONDAY.date() + timedelta(days=4))
        assert rescue() == 0


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_make_each_other_go_at_once_leave_one(
    ada: User, make_user: MakeUser, in_threads: Callable[..., list[BaseException]]
) -> None:
    bea = make_user("bea", Role.ADMIN)
    started = Barrier(2)

    def demote(actor: User, user: User) -> None:
        started.wait()
        people_actions.change_user(actor=actor, user=user, role=Role.REP)

    (refused,) = in_threads(lambda: demote(ada, bea), lambda: demote(bea, ada))
    assert isinstance(refused, PeopleError)
    assert User.objects.filter(role=Role.ADMIN, is_system=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_nobody_is_left_behind_when_leads_arrive_while_somebody_leaves(
    ada: User, alice: User, bob: User, make_lead: MakeLead, in_threads: Callable[..., list[BaseException]]
) -> None:
    people_actions.change_user(actor=ada, user=bob, intake_cap=100)
    for _ in range(20):
        make_lead(alice)
    started = Barrier(3)

    def arrive() -> None:
        started.wait()
        for _ in range(10):
            with transaction.atomic():
                bear(route_batch([Newcomer()] * 3))

    def leave() -> None:
        started.wait()
        deactivate(actor=ada, user=alice)

    assert in_threads(arrive, leave, arrive) == []
    assert Lead.objects.count() == 80
    assert not Lead.objects.filter(responsible__user=alice).exists()
    assert Lead.objects.filter(responsible__user=bob).count() == 80
