"""A rep's Today on the real database: made once a day, kept while one works it, finite."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ripeline.base import clock
from ripeline.base.settled import look
from ripeline.capture.in_person import booths, cards
from ripeline.capture.in_person.booths import BoothDraft
from ripeline.capture.in_person.card import Card
from ripeline.catalog.models import Source
from ripeline.leads import rules
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.models import Lead, NextKind
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import Absence, Role, User
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness.models import Score
from ripeline.worklist.actions import plan_for, record_outcome, replan, undo
from ripeline.worklist.day import Day
from ripeline.worklist.models import Plan, PlanItem
from tests.cast import MONDAY, MakeLead, MakeUser, by

pytestmark = pytest.mark.django_db


def names(day: Day) -> list[str]:
    return [row.lead.name for row in day.rows]


def minutes(user: User, count: int) -> None:
    people_actions.change_user(actor=people.system(), user=user, minutes_per_day=count)


def test_alice_sees_who_is_due_with_the_reason_and_nobody_elses_leads(
    alice: User, mallory: User, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        make_lead(alice, name="Priya Raman")
        make_lead(alice, name="Later On", due=timedelta(days=3))
        make_lead(mallory, name="Not Hers")
        day = plan_for(alice)
    assert names(day) == ["Priya Raman"]
    assert day.rows[0].why == "Came to us yesterday at 10:00; nobody has been in touch yet."
    assert (day.rows[0].tag, day.rows[0].label) == ("green", "Green")
    assert day.headline == "One person today, about 8 minutes"


def test_the_list_stays_put_while_it_is_worked(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        for number in range(20):
            make_lead(alice, name=f"Lead {number}")
        first = plan_for(alice)
        assert (first.total, first.plan.due) == (11, 20)  # eleven first contacts of eight minutes in ninety
        assert names(plan_for(alice)) == names(first)
        record_outcome(first.rows[0].lead.pk, by(alice), outcome="reached")
        again = plan_for(alice)
        assert names(again) == names(first)
        assert (again.done, again.rows[0].is_done, again.rows[0].result) == (1, True, again.rows[0].result)
        assert again.headline == "Ten people more today, about 80 minutes"


def test_when_all_is_done_the_day_is_over_and_says_what_it_moved(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        for number in range(3):
            make_lead(alice, name=f"Lead {number}")
        coming = make_lead(alice, name="Next Week", due=timedelta(days=3))
        ids = [row.lead.pk for row in plan_for(alice).rows]
        record_outcome(ids[0], by(alice), outcome="meeting_set", next_text="thu 14:00")
        record_outcome(ids[1], by(alice), outcome="reached")
        record_outcome(ids[2], by(alice), outcome="not_a_fit")
        day = plan_for(alice)
    assert day.is_over
    assert day.headline == "Done for today"
    assert day.moved_words == "One meeting set, one reached, one found not to fit."
    assert coming in day.ripening or not day.ripening  # ranked by ripeness where there are scores


def test_what_is_no_longer_hers_drops_out_and_what_cannot_wait_comes_in(
    alice: User, bob: User, carol: User, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        given_away = make_lead(alice, name="Given Away")
        kept = make_lead(alice, name="Kept")
        plan_for(alice)
        leads.give(given_away.pk, by(carol), to=people.responsible_of(bob), why={"rule": "by_hand"})
        quote = Source.objects.create(key="quote", name="Quote form", source_type="quote_request")
        make_lead(alice, name="Asked Just Now", source_id=quote.pk, captured=timedelta(minutes=5))
        promised = make_lead(alice, name="Promised", due=timedelta(days=9))
        leads.set_next(promised.pk, by(alice), next=Next(MONDAY, NextKind.PROMISE, committed=True))
        day = plan_for(alice)
    assert names(day) == ["Asked Just Now", "Promised", "Kept"]
    assert day.rows[0].why == "Asked for a quote today at 09:55; nobody has called yet."
    assert kept.pk == day.rows[2].lead.pk


def test_who_has_another_score_than_when_the_day_was_planned_stands_where_they_stood_with_the_new_one(
    alice: User, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        for name in ("Priya Raman", "Ken Abe"):
            make_lead(alice, name=name)
        ripeness.rescore()
        before = plan_for(alice)
        assert {row.tag for row in before.rows} == {"green"}
    turned = before.rows[1].lead.pk
    with clock.at(MONDAY + timedelta(hours=2)):
        likely = {"p_30": 0.3, "p_30_low": 0.2, "p_30_high": 0.4, "scored_at": clock.now()}
        Score.objects.filter(pk=turned).update(**likely)
        day = plan_for(alice)
        assert names(day) == names(before)
        assert [row.tag for row in day.rows] == ["green", "ripe"]
        assert "Likely ready within a month (30 %, between 20 and 40)" in day.rows[1].why
        assert day.rows[0].why == before.rows[0].why
        record_outcome(turned, by(alice), outcome="reached")
    with clock.at(MONDAY + timedelta(hours=3)):
        Score.objects.filter(pk=turned).update(p_30=0.01, scored_at=clock.now())
        assert plan_for(alice).rows[1].why == day.rows[1].why, "what is done says what was known when it was done"


def test_who_was_hot_when_met_is_on_the_list_at_once_until_somebody_has_called(
    alice: User, mona: User, make_lead: MakeLead
) -> None:
    with clock.at(MONDAY):
        make_lead(alice, name="From The Morning")
        booth = booths.keep_booth(actor=mona, draft=BoothDraft(name="Dental Expo", place="Hall 7"))
        plan_for(alice)
    with clock.at(MONDAY + timedelta(hours=2)):
        for name, heat in (("Priya Raman", "hot"), ("Ken Abe", "later")):
            cards.take(actor=alice, door=booth, card=Card(key=name, fields={"name": name}, heat=heat))
        day = plan_for(alice)
        assert names(day) == ["Priya Raman", "From The Morning"]
        assert (day.rows[0].why, day.rows[0].label) == (
            "Hot when met at Hall 7; nobody has called yet.",
            "Hot when met",
        )
        record_outcome(day.rows[0].lead.pk, by(alice), outcome="no_answer")
    with clock.at(MONDAY + timedelta(hours=3)):
        hotter = Card(key="Ken Abe", fields={"name": "Ken Abe"}, heat="hot")
        cards.take(actor=alice, door=booth, card=hotter)
        assert names(plan_for(alice)) == ["Priya Raman", "Ken Abe", "From The Morning"]
        cards.take(actor=alice, door=booth, card=Card(key="Ken Abe", fields={"name": "Ken Abe"}, heat="later"))
        assert "Ken Abe" not in names(plan_for(alice))


def test_a_list_that_grows_says_who_came_in_and_since_when(alice: User, make_lead: MakeLead) -> None:
    quote = Source.objects.create(key="quote", name="Quote form", source_type="quote_request")
    with clock.at(MONDAY):
        make_lead(alice, name="From The Morning")
        assert plan_for(alice).came_in == ""
    with clock.at(MONDAY + timedelta(hours=2)):
        for name in ("Priya Raman", "Ken Abe"):
            make_lead(alice, name=name, source_id=quote.pk, captured=timedelta(minutes=5))
        day = plan_for(alice)
        assert day.came_in == f"Two new since 10:00: {names(day)[0]} and {names(day)[1]}."
        record_outcome(day.rows[0].lead.pk, by(alice), outcome="reached")
        assert plan_for(alice).came_in == f"One new since 10:00: {names(day)[1]}."
        for number in range(4):
            make_lead(alice, name=f"Caller {number}", source_id=quote.pk, captured=timedelta(minutes=5))
        assert "Five new since 10:00: " in plan_for(alice).came_in
        assert plan_for(alice).came_in.endswith(" and two more.")
        assert replan(alice).came_in == ""


def test_what_she_settled_on_the_record_page_is_done_here_too(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        lead = make_lead(alice)
        plan_for(alice)
        leads.set_next(lead.pk, by(alice), next=Next(MONDAY + timedelta(days=8), committed=True))
        (row,) = plan_for(alice).rows
    assert (row.is_done, row.result) == (True, "next in 8 days, 9 June 10:00")


def test_replanning_keeps_what_is_done_and_chooses_the_rest_anew(alice: User, make_lead: MakeLead) -> None:
    minutes(alice, 24)
    with clock.at(MONDAY):
        for number in range(3):
            make_lead(alice, name=f"Lead {number}")
        day = plan_for(alice)
        record_outcome(day.rows[0].lead.pk, by(alice), outcome="reached")
        quick = make_lead(alice, name="Overdue Promise", due=timedelta(days=1))
        leads.set_next(quick.pk, by(alice), next=Next(MONDAY, NextKind.PROMISE))
        day = replan(alice)
    assert names(day)[:2] == [day.rows[0].lead.name, "Overdue Promise"]
    assert day.done == 1
    assert day.total == 2  # the promise takes ten of the sixteen minutes left, and a first contact eight


def test_on_a_day_off_the_next_working_day_is_offered_and_it_says_so(alice: User, make_lead: MakeLead) -> None:
    saturday = MONDAY - timedelta(days=2)
    with clock.at(saturday):
        make_lead(alice, name="Due On Monday", due=timedelta(days=2))
        day = plan_for(alice)
        assert names(day) == ["Due On Monday"]
        assert day.day_off == "You do not work today: this is the list for Monday, 1 June."
        assert day.headline == "One person on Monday, about 8 minutes"
    with clock.at(MONDAY):
        assert plan_for(alice).headline == "One person today, about 8 minutes"
    assert Plan.objects.filter(user=alice).count() == 1


def test_bob_sees_the_leads_of_alice_while_he_covers_for_her(alice: User, bob: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        Absence.objects.create(user=alice, first_day=MONDAY.date(), last_day=MONDAY.date(), cover=bob)
        make_lead(alice)
        (row,) = plan_for(bob).rows
        assert row.why.startswith("For Alice, who is away: came to us")
        record_outcome(row.lead.pk, by(bob), outcome="reached")
        assert plan_for(bob).is_over


def test_who_is_covered_from_monday_is_on_the_list_from_monday_and_can_be_opened_whenever_on_it(
    alice: User, bob: User, make_lead: MakeLead
) -> None:
    """On a Sunday the list is Monday's, but the leads are not Bob's to work yet."""
    sunday, monday = MONDAY - timedelta(days=1), MONDAY.date()
    Absence.objects.create(user=alice, first_day=monday, last_day=monday, cover=bob)
    with clock.at(sunday):
        lead = make_lead(alice, name="Alices Customer")
        make_lead(bob, name="Bobs Own")
        assert names(plan_for(User.objects.get(pk=bob.pk))) == ["Bobs Own"]
    with clock.at(MONDAY):
        now = User.objects.get(pk=bob.pk)
        assert sorted(names(plan_for(now))) == ["Alices Customer", "Bobs Own"]
        assert rules.may(now, rules.Verb.WORK, Lead.objects.get(pk=lead.pk))


def test_who_is_back_on_monday_is_not_on_mondays_list_of_who_covered(
    alice: User, bob: User, make_lead: MakeLead
) -> None:
    sunday = MONDAY - timedelta(days=1)
    Absence.objects.create(user=alice, first_day=sunday.date(), last_day=sunday.date(), cover=bob)
    with clock.at(sunday):
        make_lead(alice)
        assert names(plan_for(bob)) == []


def test_three_reps_who_were_added_after_an_import_have_a_today(make_user: MakeUser, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        for ahead in range(60):
            make_lead(due=timedelta(days=ahead), captured=timedelta(days=400))
        reps = [make_user(name, Role.REP) for name in ("dora", "emil", "fay")]
        days = [plan_for(rep) for rep in reps]
    assert [day.total for day in days] == [11, 11, 11]
    assert Lead.objects.filter(owner=None).count() == 15


def test_an_sdr_works_the_queue(sam: User, make_lead: MakeLead) -> None:
    lead = make_lead(name="To Qualify", responsible=people.built_in(people.QUALIFY))
    people_actions.change_user(actor=people.system(), user=sam, weight=0)
    assert names(plan_for(sam)) == ["To Qualify"]
    record_outcome(lead.pk, by(sam), outcome="reached")
    assert Lead.objects.get(pk=lead.pk).state == "qualifying"


def test_an_empty_today_is_filled_as_soon_as_there_is_somebody(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        assert plan_for(alice).headline == "Nobody to call today"
        assert plan_for(alice).chosen == "Nobody is due, so nobody is here."
        make_lead(alice, due=timedelta(days=9))
        assert plan_for(alice).chosen == "Nobody is due, so nobody is here. Every lead of yours has its date."
        make_lead(alice)
        assert plan_for(alice).total == 1


def test_a_mistake_is_taken_back_and_the_row_is_open_again(alice: User, lead: Lead) -> None:
    plan_for(alice)
    done = record_outcome(lead.pk, by(alice), outcome="not_a_fit")
    assert undo(done.activity_id, by(alice)) == "Priya: taken back."
    (row,) = plan_for(alice).rows
    assert (row.is_done, row.result) == (False, "")


def test_opening_the_day_again_asks_little_however_long_the_list(alice: User, make_lead: MakeLead) -> None:
    for _ in range(12):
        make_lead(alice)
    plan_for(alice)
    with look(), CaptureQueriesContext(connection) as queries:  # as a page does
        plan_for(alice)
    assert len(queries) <= 8, [q["sql"][:90] for q in queries]


@pytest.mark.django_db(transaction=True)
def test_two_tabs_opened_at_once_make_one_plan(
    alice: User, make_lead: MakeLead, in_threads: Callable[..., list[BaseException]]
) -> None:
    for _ in range(20):
        make_lead(alice)
    started = Barrier(3)

    def open_tab() -> None:
        started.wait()
        plan_for(alice)

    assert in_threads(open_tab, open_tab, open_tab) == []
    assert Plan.objects.count() == 1
    assert PlanItem.objects.count() == 11
    assert sorted(PlanItem.objects.values_list("position", flat=True)) == list(range(1, 12))
