"""Who is open here and won or lost in a later file: closed so, counted, taken back with it; never over a decision."""

import pytest

from ripeline.base import clock
from ripeline.capture.columns.looking import Said
from ripeline.capture.imports import actions as capture
from ripeline.capture.imports import queries, trial, undoing
from ripeline.capture.models import ImportMapping, ImportRun
from ripeline.catalog import queries as catalog
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions import closing
from ripeline.leads.models import Lead, Opportunity
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.capture.importing import begun, counts, csv, imported
from tests.capture.test_undoing import passing
from tests.cast import MONDAY, MakeLead, by, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

HEAD = "Name,E-mail,Status,Owner"
OPEN = csv(HEAD, "Ann,ann@x.example,open,Alice", "Bo,bo@x.example,open,Alice", "Cy,cy@x.example,open,Alice")
LATER = csv(HEAD, "Ann,ann@x.example,won,", "Bo,bo@x.example,Lost - no budget,", "Cy,cy@x.example,open,")


def states() -> dict[str, str]:
    return dict(Lead.objects.values_list("name", "state"))


def remarks(run: ImportRun) -> list[tuple[int, str]]:
    return list(queries.remarks(run))


def test_who_is_open_here_is_closed_as_a_later_file_says_and_the_dry_run_counts_them(alice: User) -> None:
    imported(OPEN)
    tried = trial.attempt(lambda: begun(LATER), actor=alice)
    since = (
        "2 rows of who is closed now do not say since when they ended there. They count from the day of this import: 2."
    )
    assert (tried.closed, tried.updated, list(tried.remarks)) == ([("won", 1), ("lost", 1)], 2, [since])
    assert states() == dict.fromkeys(["Ann", "Bo", "Cy"], "working")
    run = imported(LATER)
    assert states() == {"Ann": "won", "Bo": "lost", "Cy": "working"}
    assert (queries.closed(run), queries.remarked(run)) == ([("won", 1), ("lost", 1)], [since])
    assert remarks(run)[0] == (2, "Was open here, and was closed as won, as the file says")
    ann, bo = Lead.objects.get(name="Ann"), Lead.objects.get(name="Bo")
    assert (ann.closed_at, ann.won_before_captured, bo.closed_at) == (MONDAY, False, MONDAY)
    assert bo.close_reason is not None
    assert bo.close_reason.code == "no_budget"
    assert counts(imported(LATER)) == (0, 0, 3, 0), "the same once more is nothing new"


def test_taken_back_with_the_batch_they_are_open_as_before(alice: User) -> None:
    with passing(MONDAY):
        imported(OPEN)
        before = list(Lead.objects.order_by("name").values("state", "responsible", "next_at", "custom", "closed_at"))
        run = imported(LATER)
        taken_back(run)
    after = list(Lead.objects.order_by("name").values("state", "responsible", "next_at", "custom", "closed_at"))
    assert after == before
    assert not Opportunity.objects.exists()


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_taken_back_they_are_open_again_also_where_somebody_has_written_a_note_since(alice: User, outcome: str) -> None:
    with passing(MONDAY):
        imported(csv("Name,E-mail,Status,Owner,Amount", "Ann,ann@x.example,open,Alice,500"))
        before = Lead.objects.values("state", "next_at", "closed_at", "close_reason", "custom").get()
        run = imported(csv("Name,E-mail,Status,Owner,Amount", f"Ann,ann@x.example,{outcome},,500"))
        assert states() == {"Ann": outcome}
        leads.note(Lead.objects.get().pk, by(alice), text="Is that so?")
        taken_back(run)
    assert Lead.objects.values("state", "next_at", "closed_at", "close_reason", "custom").get() == before
    assert not Opportunity.objects.exists()
    assert not Activity.objects.filter(kind=outcome).exists()


def test_taken_back_what_somebody_decided_about_them_since_stays(alice: User) -> None:
    with passing(MONDAY):
        imported(OPEN)
        run = imported(csv(HEAD, "Ann,ann@x.example,lost,", "Bo,bo@x.example,won,"))
        ann, bo = Lead.objects.get(name="Ann"), Lead.objects.get(name="Bo")
        closing.reopen(ann.pk, by(alice), to=people.responsible_of(alice), next=soon())
        closing.reopen(bo.pk, by(alice), to=people.responsible_of(alice), next=soon())
        closing.close(bo.pk, by(alice), reason=catalog.reason("no_project"))
        decided = list(Lead.objects.order_by("name").values("state", "next_at", "closed_at", "close_reason", "episode"))
        taken_back(run)
    after = list(Lead.objects.order_by("name").values("state", "next_at", "closed_at", "close_reason", "episode"))
    assert after == decided
    assert Opportunity.objects.get().state == "won"


def taken_back(run: ImportRun) -> None:
    capture.undo(actor=people.system(), run_id=run.pk)
    undoing.go_on(run.pk, lambda _: None, lambda: False)


def test_what_somebody_decided_here_is_not_overruled_by_a_file_without_days(alice: User) -> None:
    imported(OPEN)
    ann, bo = Lead.objects.get(name="Ann"), Lead.objects.get(name="Bo")
    leads.set_next(ann.pk, by(alice), next=soon())
    closing.close(bo.pk, by(alice), reason=catalog.reason("no_project"))
    closing.reopen(bo.pk, by(alice), to=people.responsible_of(alice), next=soon())
    run = imported(LATER)
    assert states() == {"Ann": "working", "Bo": "new", "Cy": "working"}
    assert queries.closed(run) == []
    assert remarks(run)[0] == (2, "Says won; here it is Working, and stays so: note the outcome on the record")


@pytest.mark.parametrize(("day", "state"), [("2026-05-01", "working"), ("2026-06-20", "lost")])
def test_of_two_words_with_days_the_later_one_holds(alice: User, day: str, state: str) -> None:
    imported(OPEN)
    with clock.at(MONDAY.replace(month=6, day=10)):
        leads.set_next(Lead.objects.get(name="Ann").pk, by(alice), next=soon())
    with clock.at(MONDAY.replace(month=7, day=1)):
        imported(csv("Name,E-mail,Status,Status since", f"Ann,ann@x.example,lost,{day}"))
    assert states()["Ann"] == state


def test_who_asked_us_themselves_is_not_closed_by_a_list_of_old_customers(alice: User, make_lead: MakeLead) -> None:
    make_lead(alice, name="Ann", email="ann@x.example")
    run = imported(csv("Name,E-mail,Status", "Ann,ann@x.example,Customer", "Di,di@x.example,won"))
    assert states() == {"Ann": "new", "Di": "won"}
    assert [row for row, _ in remarks(run)] == [2]
    imported(csv("Name,E-mail,Status", "Ann,ann@x.example,Customer", "Di,di@x.example,won"))
    assert states()["Ann"] == "new"
    with clock.at(MONDAY.replace(month=MONDAY.month + 1)):
        imported(csv("Name,E-mail,Status", "Ann,ann@x.example,lost"))
    assert states()["Ann"] == "lost", "the file said something else before: its word is news"


def test_they_stay_open_where_somebody_wants_it_so_and_that_is_remembered(alice: User) -> None:
    imported(OPEN)
    run = imported(LATER, said=Said(closes=False))
    assert states() == dict.fromkeys(["Ann", "Bo", "Cy"], "working")
    assert len(remarks(run)) == 2
    for _ in range(3):
        imported(csv(HEAD, "Cy,cy@x.example,lost,"))
        assert states()["Cy"] == "working", "as last time"


def test_an_import_that_was_begun_before_files_closed_anybody_closes_nobody_when_it_goes_on(alice: User) -> None:
    imported(OPEN)
    run = begun(LATER)
    del run.dialect["closes"]
    run.save()
    capture.work(run.pk)
    assert states() == dict.fromkeys(["Ann", "Bo", "Cy"], "working")


def test_a_mapping_remembered_before_files_closed_anybody_leaves_them_open_until_somebody_says_so(alice: User) -> None:
    imported(OPEN)
    ImportMapping.objects.update(told={})
    for _ in range(2):
        imported(LATER)
        assert states() == dict.fromkeys(["Ann", "Bo", "Cy"], "working")
    imported(LATER, said=Said(closes=True))
    assert states()["Ann"] == "won"
    imported(csv(HEAD, "Cy,cy@x.example,lost,"))
    assert states()["Cy"] == "lost", "as last time"
