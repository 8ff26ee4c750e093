"""A record that another system made of somebody is no request of theirs, and what was done there has been done."""

from datetime import timedelta

import pytest

from ripeline.capture.imports import queries, trial
from ripeline.catalog.rules import UNDATED
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.capture.importing import begun, csv, imported
from tests.cast import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

PEOPLE = "Person - ID,Person - Name,Person - Email - Work,Person - Person created,Person - Last activity date"


def day(ago: int) -> str:
    return str((MONDAY - timedelta(days=ago)).date())


def ann() -> Lead:
    return Lead.objects.get(name="Ann")


def test_the_day_on_which_another_system_made_a_record_reopens_nobody(alice: User) -> None:
    imported(csv("Name,E-mail,Status,Status since", f"Ann,ann@x.example,won,{day(200)}"))
    imported(csv(PEOPLE, f"7,Ann,ann@x.example,{day(3)},"))
    assert ann().state == "won"
    assert Enquiry.objects.filter(lead=ann()).count() == 1


def test_a_lead_and_the_contact_that_it_became_are_one_enquiry(alice: User) -> None:
    imported(
        csv(
            "Lead ID,Last Name,Company,Email,Lead Status,Lead Owner,Create Date",
            f"00Q1,Kern,K,k@x.example,New,,{day(90)}",
        )
    )
    imported(
        csv("Contact ID,Last Name,Account Name,Email,Contact Owner,Created Date", f"0031,Kern,K,k@x.example,,{day(40)}")
    )
    assert Enquiry.objects.filter(lead__email="k@x.example").count() == 1


def test_a_dry_run_says_who_would_be_taken_up_again(alice: User) -> None:
    imported(csv("Name,E-mail,Status,Status since", f"Ann,ann@x.example,lost,{day(200)}"))
    fair = csv("Name,E-mail,Date,Where from", f"Ann,ann@x.example,{day(3)},Fair")
    tried = trial.attempt(lambda: begun(fair), actor=alice)
    assert list(tried.remarks) == [
        "One row is of somebody closed here who came to us again since, row 2. Their lead would be taken up again."
    ]
    assert [text for _, text in queries.remarks(imported(fair))] == [
        "Was closed here, and came to us again since: taken up again"
    ]


def test_who_had_ended_elsewhere_was_never_taken_up() -> None:
    imported(csv("Name,E-mail,Status,Created,Status since", f"Ann,ann@x.example,lost,{day(900)},{day(800)}"))
    assert not Activity.objects.filter(lead_id=ann().pk, kind="reopened").exists()


def test_with_whom_somebody_was_in_touch_there_the_next_step_is_a_follow_up(alice: User) -> None:
    imported(csv("Name,E-mail,Owner,Letzter Kontakt,Erstellt am", f"Ann,ann@x.example,Alice,{day(31)},{day(60)}"))
    assert (ann().next_kind, ann().next_note) == ("follow_up", "Last in touch, elsewhere, on 1 May 2026")


def test_who_came_at_a_time_that_nobody_knows_is_not_said_to_have_come_today(alice: User) -> None:
    imported(csv("Name,E-mail,Owner", "Ann,ann@x.example,Alice"))
    assert (ann().next_kind, ann().next_note) == ("first_contact", UNDATED)
