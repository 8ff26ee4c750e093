"""A later file that says won or lost of who is open here, against what somebody here decided, was told or asked."""

from datetime import date, timedelta

import pytest

from ripeline.base import clock
from ripeline.capture.imports import queries
from ripeline.catalog import queries as catalog
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions import closing
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.doubles import merging
from ripeline.leads.models import Lead, NextKind
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from ripeline.worklist import actions as worklist
from tests.capture.importing import csv, imported, outcomes
from tests.cast import MONDAY, MakeLead, by, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

HEAD = "Name,E-mail,Status,Owner"
LOST = csv(HEAD, "Ann,ann@x.example,lost,")


def open_ann() -> Lead:
    imported(csv(HEAD, "Ann,ann@x.example,open,Alice"))
    return Lead.objects.get(name="Ann")


def after(days: int) -> clock.at:
    return clock.at(MONDAY + timedelta(days=days))


def state() -> str:
    return Lead.objects.get(merged_into=None).state


def test_a_meeting_that_alice_noted_yesterday_outlives_a_file_without_days(alice: User) -> None:
    ann = open_ann()
    with after(1):
        worklist.record_outcome(ann.pk, by(alice), outcome="meeting_set", next_text="in 2 weeks")
        planned = Lead.objects.get(pk=ann.pk).next_at
    with after(2):
        run = imported(LOST)
    ann.refresh_from_db()
    assert (ann.state, ann.next_at) == ("working", planned)
    assert list(queries.remarks(run)) == [
        (2, "Says lost; here it is Working, and stays so: note the outcome on the record")
    ]


@pytest.mark.parametrize("kind", ["call", "email", "meeting"])
def test_whom_somebody_tried_to_reach_stays_open(alice: User, kind: str) -> None:
    ann = open_ann()
    with after(1):
        leads.touch(ann.pk, by(alice), kind=kind, reached=kind != "call", next=soon())
    with after(2):
        imported(LOST)
    assert state() == "working"


def test_whom_carol_handed_to_bob_stays_his(alice: User, bob: User, carol: User) -> None:
    ann = open_ann()
    with after(1):
        leads.give(ann.pk, by(carol), to=people.responsible_of(bob), why={"rule": "by hand"}, next=soon())
    with after(2):
        imported(LOST)
    ann.refresh_from_db()
    assert (ann.state, ann.owner) == ("working", bob)


def test_a_closing_that_alice_took_back_does_not_come_again_with_the_file_of_every_night(alice: User) -> None:
    open_ann()
    with after(1):
        imported(LOST)
    assert state() == "lost"
    with clock.at(MONDAY + timedelta(days=1, minutes=2)):
        leads.undo(Activity.objects.get(kind="lost").pk, by(alice))
    for night in (2, 3):
        with after(night):
            imported(LOST)
    assert state() == "working"


SINCE = "Name,E-mail,Status,Status since"


def test_whom_alice_took_back_to_work_stays_open_though_their_row_changes_until_it_says_something_else(
    alice: User,
) -> None:
    ann = open_ann()
    with after(1):
        imported(csv(SINCE, "Ann,ann@x.example,lost,2026-06-01"))
    assert state() == "lost"
    with after(2):
        closing.reopen(ann.pk, by(alice), to=people.responsible_of(alice), next=soon())
    for night, word in ((4, "lost"), (5, "verloren"), (6, "Closed lost")):
        with after(night):
            day = (MONDAY + timedelta(days=night - 1)).date()
            run = imported(csv(SINCE, f"Ann,ann@x.example,{word},{day}"))
        assert state() == "new"
        assert list(queries.remarks(run)) == [
            (2, "Says lost, as before; Alice took Ann back to work on 3 Jun 2026, and the lead stays open")
        ]
        assert "until the file says something else" in " ".join(queries.remarked(run))
    with after(8):
        imported(csv(SINCE, "Ann,ann@x.example,in progress,2026-06-08"))
        imported(csv(SINCE, "Ann,ann@x.example,lost,2026-06-09"))
    assert state() == "lost"


def test_who_is_said_to_be_something_else_than_before_is_news(alice: User) -> None:
    ann = open_ann()
    with after(1):
        imported(csv(SINCE, "Ann,ann@x.example,lost,2026-06-01"))
    with after(2):
        closing.reopen(ann.pk, by(alice), to=people.responsible_of(alice), next=soon())
    with after(4):
        imported(csv(SINCE, "Ann,ann@x.example,won,2026-06-04"))
    assert state() == "won"


def test_a_deal_of_before_somebody_took_its_lead_back_to_work_does_not_close_it(alice: User) -> None:
    ann = open_ann()
    head = "E-mail,Product,Status,Closed on"
    with after(1):
        outcomes(csv(head, "ann@x.example,Boat,lost,2026-06-01"))
        assert state() == "lost"
    with after(2):
        closing.reopen(ann.pk, by(alice), to=people.responsible_of(alice), next=soon())
    with after(3):
        run = outcomes(csv(head, "ann@x.example,Yacht,lost,2026-06-02"))
    assert state() == "new"
    assert any("stays open" in text for _, text in queries.remarks(run))


def test_what_ripeline_planned_or_handed_out_by_itself_is_nobodys_decision(alice: User, bob: User) -> None:
    ann = open_ann()
    with after(1):
        leads.set_next(ann.pk, by(people.system()), next=soon(), kind="replanned")
        leads.give(ann.pk, by(people.system()), to=people.responsible_of(bob), why={"rule": "round"}, next=soon())
    with after(2):
        imported(LOST)
    assert state() == "lost"


@pytest.mark.parametrize("column", ["Last modified", "Last activity date"])
def test_that_a_record_was_changed_there_is_no_newer_word_than_a_promise_here(alice: User, column: str) -> None:
    ann = open_ann()
    with after(10):
        promised = Next(clock.now() + timedelta(days=20), NextKind.FOLLOW_UP, "promised", True)
        leads.set_next(ann.pk, by(alice), next=promised)
    with after(14):
        day = (MONDAY + timedelta(days=13)).date()
        imported(csv(f"Name,E-mail,Status,{column}", f"Ann,ann@x.example,lost,{day}"))
    assert state() == "working"


def test_whom_alice_reopened_is_not_closed_by_each_change_of_their_record_there(alice: User) -> None:
    ann = open_ann()
    with after(10):
        closing.close(ann.pk, by(alice), reason=catalog.reason("no_project"))
        closing.reopen(ann.pk, by(alice), to=people.responsible_of(alice), next=soon())
    for day in (14, 16):
        with after(day):
            changed = (MONDAY + timedelta(days=day - 1)).date()
            imported(csv("Name,E-mail,Status,Last modified", f"Ann,ann@x.example,lost,{changed}"))
    assert state() == "new"


@pytest.mark.parametrize("column", ["Became a customer date", "Last activity date"])
def test_who_was_a_customer_years_ago_and_asks_for_a_quote_now_waits_for_an_answer(
    alice: User, make_lead: MakeLead, column: str
) -> None:
    ann = make_lead(alice, name="Ann", email="ann@x.example", message="Please quote")
    with after(1):
        imported(csv(f"Name,E-mail,Lifecycle stage,{column}", "Ann,ann@x.example,Customer,2020-03-01"))
    ann.refresh_from_db()
    assert (ann.state, ann.closed_at) == ("new", None)


def test_a_deal_of_before_their_request_is_kept_beside_it_and_one_of_after_it_answers_it(
    alice: User, make_lead: MakeLead
) -> None:
    ann = make_lead(alice, name="Ann", email="ann@x.example", message="Please quote")
    with after(1):
        outcomes(csv("Email,Deal Stage,Close Date,Amount", "ann@x.example,Closed Won,2020-03-01,500"))
    ann.refresh_from_db()
    assert (ann.state, ann.closed_at, ann.opportunities.count()) == ("new", None, 1)
    with after(30):
        outcomes(csv("Email,Deal Stage,Close Date,Amount", "ann@x.example,Closed Won,2026-06-20,700"))
    ann.refresh_from_db()
    assert ann.closed_at is not None
    assert (ann.state, ann.closed_at.date()) == ("won", date(2026, 6, 20))
    assert ann.closed_at >= ann.captured_at


def test_who_asked_today_is_not_won_in_may(alice: User, make_lead: MakeLead) -> None:
    make_lead(alice, name="Ann", email="ann@x.example", captured=timedelta(minutes=30))
    imported(csv("Name,E-mail,Status,Status since", "Ann,ann@x.example,won,2026-05-20"))
    assert state() == "new"


def test_what_was_merged_into_a_lead_speaks_for_it_too(alice: User, make_lead: MakeLead) -> None:
    imported(csv("Name,E-mail,Owner", "Ann,ann@x.example,Alice"))
    ann = Lead.objects.get()
    with after(1):
        other = make_lead(alice, name="Ann B", email="ann@private.example", captured=timedelta(hours=1))
        merging.merge(survivor_id=ann.pk, duplicate_id=other.pk, by=by(people.system()))
    with after(2):
        imported(LOST)
    assert state() == "new", "the request that was merged in is still to be answered"
    with after(3):
        imported(csv("Name,E-mail,Status,Status since", "Ann,ann@x.example,lost,2026-05-20"))
    assert state() == "new"


def test_who_was_merged_by_hand_stays_open(alice: User) -> None:
    ann = open_ann()
    imported(csv(HEAD, "Ann B,ann@private.example,open,Alice"))
    with after(1):
        merging.merge(survivor_id=ann.pk, duplicate_id=Lead.objects.get(name="Ann B").pk, by=by(alice))
    with after(2):
        imported(LOST)
    assert state() == "working"
