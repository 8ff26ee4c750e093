"""Rows of one file that are one person: what the file says first stays, broken off or not, however long it is."""

import pytest

from ripeline.capture.columns import twice
from ripeline.capture.columns.row import Row
from ripeline.capture.imports import actions, queries, runs, taking
from ripeline.capture.models import ImportRun
from ripeline.leads.knowing import identity
from ripeline.leads.knowing.identity import Key
from ripeline.leads.models import Lead
from ripeline.timeline.models import Activity
from tests.capture.importing import again, begun, counts, csv, imported

HEAD = "E-mail,Name,Phone,Company,Job title,Size"
TWO = csv(
    HEAD,
    "ann@x.example,Ann Lee,+4930111111,Helio,,small",
    "bo@x.example,Bo Ek,,,,",
    "ann@x.example,Ann Lee,+4930222222,Nordic,CEO,large",
    "bo@x.example,Bo Ek,+4930333333,,,",
    "ann@x.example,Ann Lee,+4930222222,Helio,CEO,small",
)


def said(seen: twice.Seen, number: int, name: str, email: str) -> str:
    key = identity.email(email)
    assert isinstance(key, Key)
    row = Row(row=number, values={"name": name})
    before = seen.before(row, (key,))
    seen.keep()
    return twice.other_name(row, before) if before else ""


def test_another_name_is_remarked_on_as_far_back_as_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twice, "REMEMBERED", 2)
    seen = twice.Seen()
    assert said(seen, 2, "Nils Berg", "a@x.example") == ""
    assert "in row 2" in said(seen, 3, "Hugo Vaz", "a@x.example")
    assert said(seen, 4, "Ann Lee", "b@x.example") == ""
    assert said(seen, 5, "Bo Ek", "c@x.example") == ""
    assert said(seen, 6, "Hugo Vaz", "a@x.example") == "", "row 2 is forgotten by now"


def test_rows_that_did_not_go_in_are_not_remembered() -> None:
    seen, key = twice.Seen(), identity.email("a@x.example")
    assert key
    seen.before(Row(row=2, values={"name": "Ann"}), (key,))
    seen.begin()  # the database refused one of them; they come once more, by halves
    assert seen.before(Row(row=2, values={"name": "Ann"}), (key,)) is None


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize("policy", ["file", "always"])
def test_what_the_file_says_first_stays_and_the_same_file_changes_nothing(size: int, policy: str) -> None:
    run = imported(TWO, size=size, policy=policy)
    assert counts(run) == (2, 2, 1, 0)
    ann, bo = (Lead.objects.get(email=f"{name}@x.example") for name in ("ann", "bo"))
    assert (ann.phone, ann.company, ann.title, ann.custom) == ("+4930111111", "Helio", "CEO", {"size": "small"})
    assert bo.phone == "+4930333333", "what was missing is added"
    entries = Activity.objects.count()
    for _ in range(2):
        assert counts(imported(TWO, size=size, policy=policy)) == (0, 0, 5, 0)
    assert Activity.objects.count() == entries, "no field went back and forth"


@pytest.mark.django_db
def test_the_result_says_how_many_people_the_file_says_different_things_of() -> None:
    run = imported(TWO, size=2)
    assert [sentence for _, sentence in queries.remarks(run)] == [
        "Row 2 is the same person and says something else, which stays: phone, company, size",
        "Row 2 is the same person and says something else, which stays: phone",
    ]
    assert queries.remarked(run) == [
        "One person is in several rows that say different things: look at row 4. What the file says first stays; what "
        "was missing was added."
    ]


@pytest.mark.django_db
def test_another_file_still_brings_the_record_up_to_date() -> None:
    imported(TWO)
    run = imported(csv(HEAD, "ann@x.example,Ann Lee,+4930444444,,,"))
    assert counts(run) == (0, 1, 0, 0)
    assert Lead.objects.get(email="ann@x.example").phone == "+4930444444"


@pytest.mark.django_db
def test_by_their_dates_the_newest_row_of_the_file_knows_best() -> None:
    file = csv(
        "E-mail,Phone,Created", "a@x.example,+4930111111,2026-05-01", "a@x.example,+4930222222,2026-05-09",
        "a@x.example,+4930333333,2026-05-05",
    )  # fmt: skip
    run = imported(file, policy="newest", size=1)
    assert Lead.objects.get().phone == "+4930222222"
    assert queries.remarked(run) == []


def broken_off(content: bytes, *, after: int) -> ImportRun:
    """An import that another process went on with, once so many chunks of a row had gone in."""
    run = begun(content)
    chunks = iter(range(after))
    runs.work(run.pk, is_stopping=lambda: next(chunks, None) is None, size=1)
    assert again(run).position == after
    actions.work(run.pk, size=1)
    return again(run)


@pytest.mark.django_db
def test_broken_off_it_still_knows_whom_the_rows_before_were() -> None:
    names = csv("E-mail,Name", "a@x.example,Nils Berg", "b@x.example,Bo Ek", "a@x.example,Hugo Vaz")
    run = broken_off(names, after=2)
    assert Lead.objects.get(email="a@x.example").name == "Nils Berg"
    assert "Hugo Vaz" in next(sentence for row, sentence in queries.remarks(run) if row == 4)


@pytest.mark.django_db
def test_broken_off_it_ends_as_the_undisturbed_one() -> None:
    run = broken_off(TWO, after=2)
    assert counts(run) == (2, 2, 1, 0)
    assert Lead.objects.get(email="ann@x.example").phone == "+4930111111"
    assert len(list(queries.remarks(run))) == 2


CROSSED = csv(
    HEAD.replace("E-mail", "Lead id,E-mail"),
    "1,bo@x.example,Ann Lee,+4930111111,Wrong,,",  # the id is Ann's, the address is Bo's: refused
    ",bo@x.example,Bo Ek,,Helio,CTO,",
    "1,ann@x.example,Ann Lee,,Nordic,,small",
    ",bo@x.example,Bo Ek,,Kelvin,,",
)


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_row_that_is_refused_has_said_nothing_first(size: int) -> None:
    imported(csv("Lead id,E-mail,Name", "1,ann@x.example,Ann Lee", ",bo@x.example,Bo Ek"))
    run = imported(CROSSED, size=size)
    assert counts(run) == (0, 2, 1, 1)
    ann, bo = (Lead.objects.get(email=f"{name}@x.example") for name in ("ann", "bo"))
    assert (bo.company, bo.title, bo.phone) == ("Helio", "CTO", ""), "the first row of his that went in"
    assert (ann.company, ann.custom) == ("Nordic", {"size": "small"})
    (remark,) = [text for row, text in queries.remarks(run) if row == 5]
    assert "row 3" in remark.lower(), "not the refused row 2"
    again_ = imported(CROSSED, size=size)
    assert counts(again_) == (0, 0, 3, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("content", [CROSSED, TWO])
def test_where_refusals_lead_to_others_each_row_is_admitted_before_the_next_is_read(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As rows of chunks of one are; nobody waits for a file in which each try finds another row to refuse."""
    first = csv("Lead id,E-mail,Name", "1,ann@x.example,Ann Lee", ",bo@x.example,Bo Ek")
    imported(first)
    alone = imported(content, size=1)
    remarks = list(queries.remarks(alone))
    actions.undo(actor=alone.started_by, run_id=alone.pk)
    actions.work(alone.pk)
    monkeypatch.setattr(taking, "_TRIES", 0)
    together = imported(content)
    assert (counts(together), list(queries.remarks(together))) == (counts(alone), remarks)


@pytest.mark.django_db
def test_broken_off_in_a_long_file_it_knows_the_person_of_the_first_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twice, "REMEMBERED", 4)  # addresses, of which the rows before may have had many times as many
    ann, bo = "ann@x.example,Ann Lee,,,CEO,", "bo@x.example,Bo Ek,,,CTO,"
    run = begun(csv(HEAD, ann, *[bo] * 6, ann.replace("CEO", "Intern")))
    chunks = iter(range(7))
    runs.work(run.pk, is_stopping=lambda: next(chunks, None) is None, size=1)
    assert again(run).position == 7
    actions.work(run.pk, size=1)
    assert Lead.objects.get(email="ann@x.example").title == "CEO"
