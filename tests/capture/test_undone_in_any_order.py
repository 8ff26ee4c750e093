"""Imports taken back in whatever order: what stands is what those that still stand say."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ripeline.capture.imports import actions, undoing
from ripeline.capture.models import ImportRun
from ripeline.catalog.actions import campaigns_named, source_of
from ripeline.catalog.models import Campaign, CustomField, Source, SourceType
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Lead
from ripeline.people.models import User
from tests.capture.importing import again, begun, csv, imported
from tests.capture.test_undoing import as_it_passes, everything, undone, without_its_word
from tests.cast import MakeLead, by
from tests.thoroughness import thorough

__all__ = ["as_it_passes"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_it_passes")]

ANN = "ann@x.example"
COLUMNS = ("Job title", "Company", "Shoe", "Hat")  # two of everybody's, two of the company's own
Step = tuple[str, ...] | int  # a file with these columns, or the undo of the one at this place of those that stand


def a_file(number: int, columns: tuple[str, ...]) -> ImportRun:
    """The next file: it says of Ann what no other does, in these columns."""
    said = [f"{column} {number}" for column in columns]
    return imported(
        csv(",".join(["E-mail", "Name", *columns]), ",".join([ANN, "Ann Lee", *said])), name=f"{number}.csv"
    )


def gone_through(steps: list[Step]) -> dict[int, tuple[str, ...]]:
    """The columns of the files that stand in the end, by their number."""
    standing: dict[int, tuple[ImportRun, tuple[str, ...]]] = {}
    for number, step in enumerate(steps):
        if not isinstance(step, int):
            standing[number] = a_file(number, step), step
        elif standing:
            run, _ = standing.pop(sorted(standing)[step % len(standing)])
            assert undone(run).problem == ""
    return {number: columns for number, (_, columns) in standing.items()}


def says() -> dict[str, str]:
    """What the record says in these columns."""
    lead, labels = Lead.objects.get(email=ANN), dict(CustomField.objects.values_list("key", "label"))
    own = {labels[key]: value for key, value in lead.custom.items()}
    return {"Job title": lead.title, "Company": lead.company, "Shoe": own.get("Shoe", ""), "Hat": own.get("Hat", "")}


def all_that_is_there() -> dict[str, list[Any]]:
    """What stands, but that imports were taken back, and in which order words find somebody."""
    found = without_its_word(everything())
    return found | {"lead": [{**lead, "search": set(lead["search"].split())} for lead in found["lead"]]}


any_steps = st.lists(
    st.one_of(st.lists(st.sampled_from(COLUMNS), unique=True).map(tuple), st.integers(0, 5)), min_size=2, max_size=9
)


@settings(
    max_examples=thorough(20, 400), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=any_steps)
@example(steps=[COLUMNS, COLUMNS, 0, 0])
@example(steps=[COLUMNS, ("Shoe",), COLUMNS, 1, 0, 0])
@example(steps=[("Shoe",), ("Hat",), ("Shoe", "Job title"), 0, 0])
def test_what_stands_is_the_last_word_of_the_files_that_stand(
    alice: User, make_lead: MakeLead, steps: list[Step]
) -> None:
    with transaction.atomic():
        make_lead(alice, name="Ann Lee", email=ANN, title="Clerk")
        before = all_that_is_there()
        standing = gone_through(steps)
        expected = {"Job title": "Clerk", "Company": "", "Shoe": "", "Hat": ""}
        for number, columns in sorted(standing.items()):
            expected |= {column: f"{column} {number}" for column in columns}
        assert says() == expected
        if not standing:
            assert all_that_is_there() == before
        transaction.set_rollback(True)


@settings(
    max_examples=thorough(10, 200), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=any_steps)
@example(steps=[COLUMNS, COLUMNS, 0, 0])
@example(steps=[COLUMNS, ("Hat",), ("Shoe",), 0, 0, 0])
def test_who_only_files_brought_is_here_as_long_as_one_of_them_stands(steps: list[Step]) -> None:
    steps = [
        step if isinstance(step, int) else step or ("Shoe",) for step in steps
    ]  # what only repeats leaves no trace
    with transaction.atomic():
        before = everything()
        standing = gone_through(steps)
        assert Lead.objects.filter(email=ANN).count() == (1 if standing else 0)
        if not standing:
            assert everything() == before
            assert not CustomField.objects.exists()
        transaction.set_rollback(True)


def test_what_somebody_corrected_between_two_files_stays_in_either_order(alice: User, make_lead: MakeLead) -> None:
    for order in ((0, 1), (1, 0)):
        with transaction.atomic():
            lead = make_lead(alice, name="Ann Lee", email=ANN)
            runs = [a_file(1, ("Job title", "Shoe"))]
            leads.edit(lead.pk, by(alice), fields={"title": "Surgeon"})
            runs.append(a_file(2, ("Job title", "Shoe")))
            for place in order:
                undone(runs[place])
            assert says() == {"Job title": "Surgeon", "Company": "", "Shoe": "", "Hat": ""}
            transaction.set_rollback(True)


def test_who_was_brought_by_one_and_worked_on_stays_though_both_are_taken_back(ada: User) -> None:
    runs = [a_file(1, ("Job title",)), a_file(2, ("Job title",))]
    leads.note(Lead.objects.get().pk, by(ada), text="Called back.")
    for run in runs:
        undone(run)
    assert says()["Job title"] == "Job title 1"


def test_a_source_and_a_campaign_that_somebody_made_before_it_started_stay(ada: User) -> None:
    run = begun(csv("E-mail,Name,Source,Campaign", f"{ANN},Ann Lee,Fair 2026,Spring", "bo@y.example,Bo,Web,Summer"))
    source_of("Fair 2026", SourceType.TRADE_SHOW)
    campaigns_named(["Spring"])
    actions.work(run.pk)
    assert undone(again(run)).deleted == 2
    assert [source.name for source in Source.objects.all()] == ["Fair 2026"]
    assert [campaign.name for campaign in Campaign.objects.all()] == ["Spring"]


def test_a_source_that_the_first_file_made_goes_with_the_last_that_used_it() -> None:
    row = csv("E-mail,Name,Source,Created", f"{ANN},Ann Lee,Fair 2026,2026-05-10")
    first = imported(row)
    second = imported(csv("E-mail,Name,Source,Created", "bo@y.example,Bo,Fair 2026,2026-05-10"), name="b.csv")
    undone(first)
    assert Source.objects.get().name == "Fair 2026"
    undone(second)
    assert not Source.objects.exists()


def test_what_taking_it_back_will_do_is_asked_in_as_many_words_for_many_as_for_few() -> None:
    longest = []
    for count in (2, 40):
        rows = [f"p{n}-of-{count}@x.example,Person {n},{{}}" for n in range(count)]
        first = imported(csv("E-mail,Name,Job title", *(row.format("Buyer") for row in rows)), name=f"{count}.csv")
        then = imported(csv("E-mail,Name,Job title", *(row.format("Chief") for row in rows)), name=f"{count} then.csv")
        undone(first)
        with CaptureQueriesContext(connection) as asked:
            expected = undoing.expect(again(then))
        assert (expected.deleted, expected.put_back, expected.kept) == (count, 0, 0)
        longest.append(max(len(query["sql"]) for query in asked.captured_queries))
    assert longest[1] - longest[0] < 500, "no ids are written into it"
