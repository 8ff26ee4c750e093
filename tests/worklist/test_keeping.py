"""Nothing is left lying: the shoebox count, planning anew what is overdue, taking up again what was let go."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.db import connection

from ripeline.base import clock
from ripeline.catalog import queries as catalog
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.models import Lead, NextKind, State
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import Absence, Responsible, User
from ripeline.routing.actions import rescue, return_due
from ripeline.timeline.models import Activity
from ripeline.worklist.actions import plan_for, recycle, replan_overdue
from ripeline.worklist.queries import shoebox
from tests.cast import MONDAY, MakeLead, by

pytestmark = pytest.mark.django_db

LAST_MONTH = MONDAY - timedelta(days=31)


def forgotten(user: User | None, make_lead: MakeLead, count: int = 1) -> list[Lead]:
    with clock.at(LAST_MONTH):
        return [make_lead(user, name=f"Lead {number}") for number in range(count)]


def test_a_lead_five_working_days_late_is_not_in_the_shoebox_and_six_days_late_it_is(
    alice: User, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        lead = make_lead(alice)
    for days, count in ((0, 0), (4, 0), (7, 0), (8, 1), (30, 1)):
        assert shoebox(MONDAY + timedelta(days=days)) == count, days
    with clock.at(MONDAY):
        leads.close(lead.pk, by(alice), reason=catalog.reason("not_a_fit"))
    assert shoebox(MONDAY + timedelta(days=30)) == 0


def test_leads_of_somebody_who_left_or_of_a_paused_programme_are_in_the_shoebox(
    alice: User, make_lead: MakeLead
) -> None:
    lead, nurtured = make_lead(alice), make_lead(alice)
    leads.nurture(nurtured.pk, by(alice), next=Next(clock.now() + timedelta(days=90)))
    assert shoebox() == 0
    Responsible.objects.filter(code=people.KEEP_IN_TOUCH).update(is_active=False)
    assert shoebox() == 1
    with connection.cursor() as cursor:
        cursor.execute('UPDATE "user" SET is_active = false WHERE id = %s', [alice.pk])
    assert shoebox() == 2
    assert rescue() == 2  # and the credit for the other
    assert (rescue(), shoebox()) == (0, 1)
    assert Lead.objects.get(pk=lead.pk).responsible == people.built_in(people.QUALIFY)


def test_who_is_away_for_long_needs_somebody_who_covers(alice: User, bob: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        make_lead(alice)
        make_lead(alice, due=timedelta(days=60))
        away = Absence.objects.create(user=alice, first_day=date(2026, 6, 1), last_day=date(2026, 6, 14))
        assert shoebox() == 1
        away.cover = bob
        away.save()
        assert shoebox() == 0
        people_actions.set_active(actor=people.system(), user=bob, active=False)
        assert shoebox() == 1


def test_after_a_holiday_the_list_is_planned_anew_by_value_and_nothing_is_in_the_shoebox(
    alice: User, make_lead: MakeLead
) -> None:
    forgotten(alice, make_lead, 100)
    with clock.at(MONDAY):
        assert shoebox() == 100
        assert replan_overdue() == 100
        assert shoebox() == 0
        assert replan_overdue() == 0
        days = Counter(at.date() for at in Lead.objects.values_list("next_at", flat=True) if at)
    assert sorted(days.values(), reverse=True) == [15, 15, 15, 15, 15, 15, 10]
    assert all(day.weekday() < 5 for day in days)
    assert Activity.objects.filter(kind="replanned").count() == 100


def test_one_of_those_moves_can_be_taken_back_like_any_decision(alice: User, make_lead: MakeLead) -> None:
    (lead,) = forgotten(alice, make_lead)
    with clock.at(MONDAY):
        replan_overdue()
        leads.undo(Activity.objects.get(kind="replanned").pk, by(alice))
    assert Lead.objects.get(pk=lead.pk).next_at == lead.next_at


def test_a_date_that_somebody_chose_is_never_moved_and_stands_on_today(alice: User, make_lead: MakeLead) -> None:
    promised, meeting, free = forgotten(alice, make_lead, 3)
    with clock.at(LAST_MONTH):
        leads.set_next(promised.pk, by(alice), next=Next(LAST_MONTH + timedelta(days=2), committed=True))
        leads.set_next(meeting.pk, by(alice), next=Next(LAST_MONTH + timedelta(days=2), NextKind.MEETING))
    with clock.at(MONDAY):
        assert replan_overdue() == 1
        day = plan_for(alice)
    assert [row.lead for row in day.rows] == [*sorted([promised, meeting], key=lambda x: x.pk), free]


def test_opening_today_after_a_holiday_shows_a_day_not_a_pile(alice: User, make_lead: MakeLead) -> None:
    forgotten(alice, make_lead, 60)
    with clock.at(MONDAY):
        day = plan_for(alice)
        assert day.total == 11
        assert replan_overdue() == 0
        assert shoebox() == 0


def test_what_she_works_on_today_does_not_move_under_her_hands(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY - timedelta(days=4)):
        make_lead(alice)
    with clock.at(MONDAY):
        before = [(row.lead.pk, row.lead.next_at) for row in plan_for(alice).rows]
        assert replan_overdue() == 0
        assert [(row.lead.pk, row.lead.next_at) for row in plan_for(alice).rows] == before


def test_a_queue_that_nobody_worked_is_spread_as_well(alice: User, make_lead: MakeLead) -> None:
    forgotten(None, make_lead, 40)
    with clock.at(MONDAY):
        assert replan_overdue() == 40
        assert shoebox() == 0


def test_what_was_lost_a_year_ago_comes_back_a_few_at_a_time_with_the_reason(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY - timedelta(days=366)):
        for _ in range(10):
            leads.close(make_lead(alice).pk, by(alice), reason=catalog.reason("bought_elsewhere"))
        leads.close(make_lead(alice).pk, by(alice), reason=catalog.reason("asked_to_stop"))
    with clock.at(MONDAY):
        assert recycle() == 3  # a fifth of the fifteen contacts her day holds
        assert recycle() == 0
    lead = Lead.objects.filter(state=State.NURTURE)[0]
    assert (lead.episode, lead.owner, lead.next_kind) == (2, alice, NextKind.REOPENED)
    with clock.at(MONDAY + timedelta(days=1)):
        assert return_due() == 3
        (why, *_) = [row.why for row in plan_for(alice).rows]
        assert why == "Re-opened: Bought elsewhere in May 2025; worth another look."
        assert recycle() == 3
    assert Lead.objects.filter(state=State.LOST, close_reason__code="asked_to_stop").count() == 1


def test_what_was_lost_yesterday_stays_lost(alice: User, lead: Lead) -> None:
    leads.close(lead.pk, by(alice), reason=catalog.reason("no_budget"))
    assert recycle() == 0
