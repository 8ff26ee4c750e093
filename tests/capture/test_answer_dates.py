"""A date that answers a question is understood as people write it, at every door; in a file nothing is guessed."""

from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.capture.arriving import asking
from ripeline.capture.arriving.keeping import RefusedError
from ripeline.capture.cells import dates
from ripeline.capture.cells.text import BadValueError
from ripeline.capture.columns.mapping import MappingError
from ripeline.capture.doors import doors, hooks, machines, submissions
from ripeline.capture.doors.drafts import FormDraft
from ripeline.capture.doors.machines import Entry
from ripeline.capture.doors.proof import Proof
from ripeline.capture.doors.submissions import Sent
from ripeline.capture.in_person import cards
from ripeline.capture.in_person.card import Card
from ripeline.capture.models import DoorKind, ImportRemark
from ripeline.catalog import standard
from ripeline.catalog.models import Question
from ripeline.catalog.standard import AnswerError
from ripeline.leads.models import Enquiry
from ripeline.people import keys
from ripeline.people.models import Company, User
from tests.capture.importing import begun, csv, imported
from tests.cast import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]


@pytest.fixture(autouse=True)
def until(ada: User) -> Question:
    Company.objects.update(country="GB")
    return standard.keep(actor=ada, label="Bound until?", answer_type="date", meaning="other")


@pytest.mark.parametrize(
    ("text", "in_britain", "in_america"),
    [
        ("2027-11-27", "2027-11-27", "2027-11-27"),
        ("27.11.2027", "2027-11-27", "2027-11-27"),
        ("27/11/2027", "2027-11-27", "2027-11-27"),
        ("11/27/2027", "2027-11-27", "2027-11-27"),
        ("3/4/2027", "2027-04-03", "2027-03-04"),
        ("3.4.2027", "2027-04-03", "2027-04-03"),
        ("27 Nov 2027", "2027-11-27", "2027-11-27"),
        ("November 27, 2027", "2027-11-27", "2027-11-27"),
        ("27. November 2027", "2027-11-27", "2027-11-27"),
        ("27.11.38", "2038-11-27", "2038-11-27"),
        ("27.11.1975", "1975-11-27", "1975-11-27"),
        ("27.11.75", "1975-11-27", "1975-11-27"),
    ],
)
def test_a_day_is_read_as_the_companys_country_writes_it(
    until: Question, text: str, in_britain: str, in_america: str
) -> None:
    for country, day in (("GB", in_britain), ("US", in_america)):
        Company.objects.update(country=country)
        assert asking.taken(until, [text]) == day


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("31.2.2027", "not in the calendar"), ("2027-02-31", "not in the calendar"), ("soon", "is not a date"),
        ("46353", "is not a date"), ("13/13/2027", "no month 13"),
    ],
)  # fmt: skip
def test_what_is_no_day_is_said_in_words(until: Question, text: str, said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        asking.taken(until, [text])


@given(st.dates(date(1930, 1, 1), date(2200, 1, 1)))
def test_a_day_written_in_any_way_is_that_day(day: date) -> None:
    now = MONDAY
    for text, order in ((f"{day:%d.%m.%Y}", None), (f"{day:%d/%m/%Y}", True), (f"{day:%m/%d/%Y}", False)):
        assert dates.day(text, now=now, day_first=order) == day
    assert dates.day(f"{day.day} {day:%B} {day:%Y}", now=now) == day


@given(st.text(max_size=30))
def test_any_text_is_a_day_or_refused_in_words(text: str) -> None:
    with suppress(BadValueError):
        assert isinstance(dates.day(text, now=MONDAY), date)


def by_form(key: str, text: str, mona: User) -> None:
    door = doors.keep_form(
        actor=mona,
        draft=FormDraft(name="Quote", source_type="quote_request", title="A quote", questions=[(key, False)]),
    )
    fields = {"email": ["a@x.example"], f"q-{key}": [text]}
    submissions.take(door=door, sent=Sent(proof=Proof(uuid4(), timedelta(minutes=1)), fields=fields, address=""))


def by_program(key: str, text: str, ada: User) -> None:
    issued = keys.issue(actor=ada, name="Web shop", scopes=["capture"])[0]
    machines.take(key=issued, entry=Entry(fields={"email": "a@x.example"}, answers={key: text}))


def by_hook(key: str, text: str, ada: User) -> None:
    mapping = {"email": "email", f"q-{key}": "until"}
    hook = hooks.keep_hook(actor=ada, name="Lead ads", source_type="social", mapping=mapping)
    hooks.take_hook(door=hook, payload={"email": "a@x.example", "until": text}, address="")


def by_card(key: str, text: str, ada: User) -> None:
    card = Card(key="a", fields={"email": "a@x.example"}, answers={key: text})
    cards.take(actor=ada, door=cards.built_in(DoorKind.CARD), card=card)


def by_import(key: str, text: str, ada: User) -> None:
    imported(csv(f"Email,{key}", f"a@x.example,{text}"))


@pytest.mark.parametrize("come", [by_form, by_program, by_hook, by_card, by_import])
def test_every_door_understands_it(come: Any, until: Question, ada: User) -> None:
    come(until.key, "27.11.2027", ada)
    assert Enquiry.objects.get().answers == {until.key: "2027-11-27"}


def test_a_program_is_told_beside_the_field(until: Question, ada: User) -> None:
    with pytest.raises(RefusedError) as refused:
        by_program(until.key, "31.2.2027", ada)
    assert "not in the calendar" in refused.value.errors[f"answers.{until.key}"]


def test_a_file_is_read_in_the_order_of_its_column_whatever_the_company_writes(until: Question) -> None:
    file = csv(f"Email,{until.key}", "a@x.example,11/27/2027", "b@x.example,3/4/2027", "c@x.example,46353")
    run = imported(file)
    found = [each.answers.get(until.key) for each in Enquiry.objects.order_by("lead__email")]
    assert found == ["2027-11-27", "2027-03-04", "2026-11-27"]
    assert not ImportRemark.objects.filter(run=run).exists()


def test_a_column_that_could_be_either_is_asked_about(until: Question) -> None:
    file = csv(f"Email,{until.key}", "a@x.example,3/4/2027", "b@x.example,5/6/2027")
    with pytest.raises(MappingError, match="could be day first or month first"):
        begun(file)


def test_a_cell_against_the_order_of_its_column_is_kept_in_its_words(until: Question) -> None:
    run = imported(csv(f"Email,{until.key}", "a@x.example,27/11/2027", "b@x.example,28/11/2027", "c@x.example,soon"))
    found = [each.answers for each in Enquiry.objects.order_by("lead__email")]
    assert found == [{until.key: "2027-11-27"}, {until.key: "2027-11-28"}, {}]
    (remark,) = ImportRemark.objects.filter(run=run)
    assert "“soon” does not fit" in remark.text
