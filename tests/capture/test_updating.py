"""The same file again, with other cells: records are brought up to date, and what people corrected by hand stays."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from ripeline.base import clock
from ripeline.capture.imports import queries, trial, undoing
from ripeline.capture.models import ImportPolicy
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions import answers
from ripeline.leads.doubles import merging
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.capture.importing import begun, counts, csv, imported
from tests.cast import MONDAY, by, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_it_passes")]

FIRST = csv("E-mail,Name,Title,Size,Created", "a@x.example,Ann,,38,2026-05-10", "b@x.example,Bo,Nurse,40,2026-05-11")
LATER = csv(
    "E-mail,Name,Title,Size,Created", "a@x.example,Anna,Dentist,39,2026-05-10", "b@x.example,Bo,Nurse,40,2026-05-11"
)


@pytest.fixture
def as_it_passes() -> Iterator[None]:
    milliseconds = itertools.count()
    with clock.at(lambda: MONDAY + timedelta(milliseconds=next(milliseconds))):
        yield


def says() -> tuple[Any, ...]:
    lead = Lead.objects.get(email="a@x.example")
    return lead.name, lead.title, lead.custom["size"]


def corrected(ada: User) -> Lead:
    """Ann, whose name Ada has corrected."""
    lead = Lead.objects.get(email="a@x.example")
    leads.edit(lead.pk, by(ada), fields={"name": "Ann-Marie"})
    return lead


def test_changed_cells_change_fields_and_the_rest_is_unchanged() -> None:
    imported(FIRST)
    run = imported(LATER)
    assert counts(run) == (0, 1, 1, 0)
    assert says() == ("Anna", "Dentist", "39")
    entry = Activity.objects.get(kind="imported")
    assert (entry.data["before"]["name"], entry.data["after"]["name"]) == ("Ann", "Anna")
    assert counts(imported(LATER)) == (0, 0, 2, 0)


TWICE = csv(
    "Id,E-mail,Name,Company,Phone,Created",
    "crm-3,nils@x.example,Nils Berg,Barber Bros,,2026-05-10",
    "crm-9,NILS@x.example,Hugo Vaz,Bakery,+44 20 7183 8750,2026-05-11",
    "crm-4,ann@x.example,Ann Lind,Salon,,2026-05-10",
    "crm-5,ann@x.example,Ann C. Lind,Salon Nord,,2026-05-11",
)


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_one_address_under_two_names_in_a_file_is_pointed_out_and_the_first_name_stays(size: int) -> None:
    run = imported(TWICE, size=size)
    nils = Lead.objects.get(email__istartswith="nils")
    assert (nils.name, nils.company, nils.phone) == ("Nils Berg", "Barber Bros", "+442071838750")
    assert list(queries.remarks(run)) == [
        (3, "“Hugo Vaz” has the address or id of “Nils Berg” in row 2, whose name stays: are they two people?"),
        (5, "Row 4 is the same person and says something else, which stays: name, company"),
    ]
    assert queries.remarked(run)[0].startswith("One row has the address or id of an earlier row, but another name")
    imported(TWICE, size=size)
    nils.refresh_from_db()
    assert (nils.name, nils.company) == ("Nils Berg", "Barber Bros")


def test_two_rows_of_one_person_change_nothing_when_they_come_again() -> None:
    assert counts(imported(TWICE)) == (2, 2, 0, 0)
    assert counts(imported(TWICE)) == (0, 0, 4, 0)
    assert Lead.objects.get(email="ann@x.example").company == "Salon"


def test_what_somebody_corrected_by_hand_stays_and_the_result_says_so(ada: User) -> None:
    imported(FIRST)
    corrected(ada)
    run = imported(LATER)
    assert counts(run) == (0, 1, 1, 0)
    assert says() == ("Ann-Marie", "Dentist", "39")
    assert list(queries.remarks(run)) == [(2, "Somebody corrected this here, and it stays: name")]
    assert counts(imported(LATER)) == (0, 0, 2, 0)


def test_a_correction_that_was_taken_back_is_none(ada: User) -> None:
    imported(FIRST)
    lead = corrected(ada)
    leads.undo(Activity.objects.get(lead_id=lead.pk, kind="edited").pk, by(ada))
    imported(LATER)
    assert says() == ("Anna", "Dentist", "39")


def test_what_somebody_chose_between_two_records_stays_until_they_are_two_again(ada: User) -> None:
    imported(FIRST)
    ann, bo = (Lead.objects.get(email=f"{name}@x.example") for name in "ab")
    merging.merge(survivor_id=ann.pk, duplicate_id=bo.pk, by=by(ada), takes={"name"})
    later = csv("E-mail,Name,Title,Size,Created", "a@x.example,Anna,Dentist,39,2026-05-10")
    imported(later)
    assert says() == ("Bo", "Dentist", "38"), "chosen: Bo's name and Ann's size; nobody chose a title"
    merging.unmerge(duplicate_id=bo.pk, by=by(ada))
    imported(csv("E-mail,Name,Title,Size,Created", "a@x.example,Anna,Dentist,41,2026-05-10"))
    assert says() == ("Anna", "Dentist", "41")


def test_records_that_were_merged_without_a_choice_follow_the_file(ada: User) -> None:
    imported(FIRST)
    ann, bo = (Lead.objects.get(email=f"{name}@x.example") for name in "ab")
    merging.merge(survivor_id=ann.pk, duplicate_id=bo.pk, by=by(ada))
    imported(csv("E-mail,Name,Title,Size,Created", "a@x.example,Anna,Dentist,39,2026-05-10"))
    assert says() == ("Anna", "Dentist", "39")


def test_a_file_that_comes_again_after_a_merge_counts_nobody_as_having_come_again(ada: User) -> None:
    imported(FIRST)
    ann, bo = (Lead.objects.get(email=f"{name}@x.example") for name in "ab")
    merging.merge(survivor_id=ann.pk, duplicate_id=bo.pk, by=by(ada))
    imported(FIRST)
    assert Enquiry.objects.count() == 2
    assert not Activity.objects.filter(kind="enquired").exists()
    timing = csv("E-mail,Name,Timing,Created", "b@x.example,Bo,Later,2026-05-11")
    run = imported(timing, mapping=MAPPED, actor=ada)
    assert counts(run) == (0, 1, 0, 0)
    assert {each.lead_id: each.said for each in Enquiry.objects.all()} == {ann.pk: {}, bo.pk: {"timeline": "Later"}}
    assert Activity.objects.get(kind="answered").lead_id == ann.pk
    undoing.ask(actor=ada, run_id=run.pk)
    undoing.go_on(run.pk, lambda _: None, lambda: False)
    assert said() == [{}, {}]


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (ImportPolicy.FILE, ("Ann-Marie", "Dentist", "39")),
        (ImportPolicy.EMPTY, ("Ann-Marie", "Dentist", "38")),
        (ImportPolicy.ALWAYS, ("Anna", "Dentist", "39")),
        (ImportPolicy.NEWEST, ("Ann-Marie", "Dentist", "38")),
    ],
)
def test_whose_word_stays_is_chosen(ada: User, policy: str, said: tuple[str, ...]) -> None:
    imported(FIRST)
    corrected(ada)
    imported(LATER, policy=policy)
    assert says() == said


def test_a_newer_row_wins_by_its_date(ada: User) -> None:
    imported(FIRST)
    corrected(ada)
    newer = csv("E-mail,Name,Size,Created", "a@x.example,Anna,39,2026-05-20")
    imported(newer, policy=ImportPolicy.NEWEST)
    assert says() == ("Ann-Marie", "", "39"), "the correction is of this very day, the size of the tenth"


def test_no_state_is_set_back(ada: User) -> None:
    imported(FIRST)
    lead = Lead.objects.get(email="a@x.example")
    leads.open_opportunity(lead.pk, by(ada), next=soon())
    imported(LATER)
    assert Lead.objects.get(pk=lead.pk).state == "opportunity"


WAS = csv("E-mail,Name,Timing,Created", "a@x.example,Ann,Later,2026-05-10", "b@x.example,Bo,No plans yet,2026-05-11")
UNMAPPED = {"E-mail": "email", "Name": "name", "Timing": "ignore", "Created": "captured_at"}
MAPPED = UNMAPPED | {"Timing": "answer:timeline"}


def said() -> list[Any]:
    return [each.said for each in Enquiry.objects.order_by("captured_at")]


def test_a_column_that_is_mapped_to_a_question_the_next_time_adds_its_answers_to_the_enquiries_that_are_here() -> None:
    imported(WAS, mapping=UNMAPPED)
    run = imported(WAS, mapping=MAPPED)
    assert counts(run) == (0, 2, 0, 0)
    assert said() == [{"timeline": "Later"}, {"timeline": "No plans yet"}]
    assert [each.answers for each in Enquiry.objects.all()] == [{}, {}], "nothing that was said later is learnt from"
    ann = Lead.objects.get(email="a@x.example")
    assert Activity.objects.get(kind="answered", lead_id=ann.pk).data["answers"] == {"timeline": [None, "Later"]}
    assert counts(imported(WAS, mapping=MAPPED)) == (0, 0, 2, 0)
    assert Activity.objects.filter(kind="answered").count() == 2


def test_rows_without_a_date_have_their_answers_added_too() -> None:
    file = csv("E-mail,Name,Timing", "a@x.example,Ann,Later")
    undated = {"E-mail": "email", "Name": "name", "Timing": "ignore"}
    imported(file, mapping=undated)
    assert counts(imported(file, mapping=undated | {"Timing": "answer:timeline"})) == (0, 1, 0, 0)
    assert said() == [{"timeline": "Later"}]


@pytest.mark.parametrize(
    ("policy", "result", "is_remarked"),
    [
        (ImportPolicy.FILE, ["Within a month", "Later"], True),
        (ImportPolicy.EMPTY, ["Within a month", "No plans yet"], False),
        (ImportPolicy.ALWAYS, ["Later", "Later"], False),
        (ImportPolicy.NEWEST, ["Within a month", "No plans yet"], False),
    ],
)
def test_whose_answer_stays_is_chosen_as_for_any_field(
    policy: str, result: list[str], is_remarked: bool, ada: User
) -> None:
    imported(WAS, mapping=MAPPED)
    ann = Enquiry.objects.order_by("captured_at").first()
    assert ann
    mended = {"timeline": "Within a month"}
    assert answers.correct(lead_id=ann.lead_id, enquiry_id=ann.pk, by=by(ada), answers=mended)
    again = csv("E-mail,Name,Timing,Created", "a@x.example,Ann,Later,2026-05-10", "b@x.example,Bo,Later,2026-05-11")
    run = imported(again, mapping=MAPPED, policy=policy)
    assert [each["timeline"] for each in said()] == result
    assert bool(list(queries.remarks(run))) == is_remarked


def test_an_import_that_is_taken_back_takes_the_answers_that_it_added(ada: User) -> None:
    imported(WAS, mapping=UNMAPPED)
    run = imported(WAS, mapping=MAPPED, actor=ada)
    bo = Enquiry.objects.get(lead__email="b@x.example")
    answers.correct(lead_id=bo.lead_id, enquiry_id=bo.pk, by=by(ada), answers={"timeline": "Later"})
    undoing.ask(actor=ada, run_id=run.pk)
    undoing.go_on(run.pk, lambda _: None, lambda: False)
    assert said() == [{}, {"timeline": "Later"}], "what somebody has said since stays"
    assert list(Activity.objects.filter(kind="answered").values_list("origin", flat=True)) == ["test"]


def test_a_dry_run_says_which_answers_would_be_added(ada: User) -> None:
    imported(WAS, mapping=UNMAPPED)
    tried = trial.attempt(lambda: begun(WAS, mapping=MAPPED), actor=ada)
    assert (tried.updated, tried.changed) == (2, 2)
    change = tried.changes[0]
    assert (change.field, change.before, change.after) == ("When should it be in place?", "", "Later")
    assert said() == [{}, {}]


def deal(amount: str, currency: str, **more: Any) -> tuple[Decimal | None, str]:
    """What Ann's deal is after a file that says so."""
    imported(csv("E-mail,Amount,Currency", f"a@x.example,{amount},{currency}"), **more)
    lead = Lead.objects.get(email="a@x.example")
    return lead.amount, lead.currency


def test_an_amount_that_somebody_corrected_keeps_its_currency(ada: User) -> None:
    assert deal("500", "EUR") == (500, "EUR")
    leads.edit(Lead.objects.get().pk, by(ada), fields={"amount": Decimal(700)})
    assert deal("900", "USD") == (700, "EUR")
    assert deal("900", "USD", policy="always") == (900, "USD")


def test_a_missing_currency_is_added_from_the_same_amount_and_from_no_other() -> None:
    assert deal("500", "EUR") == (500, "EUR")
    Lead.objects.update(currency="")
    assert deal("900", "USD", policy="empty") == (500, "")
    assert deal("500", "USD", policy="empty") == (500, "USD")


@pytest.mark.django_db
@pytest.mark.parametrize(("policy", "stays"), [("file", True), ("always", False)])
def test_what_somebody_emptied_by_hand_stays_empty_and_the_result_says_so(ada: User, policy: str, stays: bool) -> None:
    file = csv("E-mail,Name,Job title,Company,Hall", "ann@x.example,Ann Lee,CEO,Helio,7")
    imported(file)
    lead = Lead.objects.get()
    leads.edit(lead.pk, by(ada), fields={"title": "", "company": ""})
    run = imported(file.replace(b"Hall\n", b"Hall,Row\n").replace(b",7\n", b",7,1\n"), name="later.csv", policy=policy)
    lead.refresh_from_db()
    assert (lead.title, lead.company) == (("", "") if stays else ("CEO", "Helio"))
    assert any("company" in said.lower() for _, said in queries.remarks(run)) is stays
