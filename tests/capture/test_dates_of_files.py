"""The day on which somebody wanted to look at a lead again, as a file has it: it is the lead's next date here."""

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.capture.columns.converting import MOST_AHEAD
from ripeline.capture.imports import actions, queries, trial
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import FARTHEST_NEXT, Lead
from ripeline.people import queries as people
from ripeline.people.models import User
from tests.capture.importing import again, begun, counts, csv, imported
from tests.cast import MONDAY, by, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_it_passes")]


@pytest.fixture
def as_it_passes() -> Iterator[None]:
    """A Monday on which time passes."""
    milliseconds = itertools.count()
    with clock.at(lambda: MONDAY + timedelta(milliseconds=next(milliseconds))):
        yield


HEAD = "Name,E-mail,Owner,Status,Wiedervorlage,Nächster Schritt"


def ann() -> Lead:
    return Lead.objects.get(name="Ann")


def test_the_day_that_somebody_chose_there_is_chosen_here_with_its_words(alice: User) -> None:
    day = (MONDAY + timedelta(days=18)).date()
    run = imported(csv(HEAD, f"Ann,ann@x.example,Alice,Angebot,{day},nach Weihnachten melden"))
    lead = ann()
    assert lead.next_at
    assert (lead.next_at.date(), lead.next_committed) == (day, True)
    assert (lead.next_kind, lead.next_note) == ("follow_up", "nach Weihnachten melden")
    assert queries.remarked(run) == [
        "One row says when somebody wanted to look at its lead again: that is its next date here."
    ]


def test_the_same_file_again_changes_nothing_and_a_later_day_in_it_moves_the_lead(alice: User) -> None:
    first, later = (str((MONDAY + timedelta(days=n)).date()) for n in (18, 30))
    file = csv(HEAD, f"Ann,ann@x.example,Alice,,{first},call")
    imported(file)
    assert counts(imported(file)) == (0, 0, 1, 0)
    moved = csv(HEAD, f"Ann,ann@x.example,Alice,,{later},call")
    tried = trial.attempt(lambda: begun(moved), actor=alice)
    assert [(each.lead, each.field, each.after) for each in tried.changes] == [("Ann", "Next date", later)]
    run = imported(moved)
    assert counts(run) == (0, 1, 0, 0)
    assert str(ann().next_at)[:10] == later
    actions.undo(actor=people.system(), run_id=run.pk)
    actions.work(run.pk)
    assert str(ann().next_at)[:10] == first


def test_of_two_files_in_one_moment_the_later_is_the_last(alice: User) -> None:
    first, later = (str((MONDAY + timedelta(days=n)).date()) for n in (18, 30))
    with clock.at(lambda: MONDAY + timedelta(hours=1)):  # which stands still, so that nothing tells the two apart
        for day in (first, later):
            imported(csv(HEAD, f"Ann,ann@x.example,Alice,,{day},call"))
        assert counts(imported(csv(HEAD, f"Ann,ann@x.example,Alice,,{later},call"))) == (0, 0, 1, 0)
        assert counts(imported(csv(HEAD, f"Ann,ann@x.example,Alice,,{first},call"))) == (0, 1, 0, 0)
        assert str(ann().next_at)[:10] == first


def test_what_alice_chose_here_stays(alice: User) -> None:
    imported(csv("Name,E-mail,Owner", "Ann,ann@x.example,Alice"))
    leads.set_next(ann().pk, by(alice), next=soon(days=5))
    run = imported(csv(HEAD, f"Ann,ann@x.example,Alice,,{(MONDAY + timedelta(days=18)).date()},call"))
    lead = ann()
    assert lead.next_at
    assert lead.next_at.date() == (MONDAY + timedelta(days=5)).date()
    assert queries.remarked(run) == [
        "One row has another such day than was chosen here, row 2. What was chosen here stays."
    ]


def test_a_day_that_has_passed_makes_the_lead_due_and_says_so(alice: User) -> None:
    day = (MONDAY - timedelta(days=40)).date()
    run = imported(csv(HEAD, f"Ann,ann@x.example,Alice,,{day},call"))
    lead = ann()
    assert lead.next_at
    assert lead.next_at.date() == MONDAY.date()
    assert lead.next_note == f"Was due on {day.day} {day:%B %Y}: call"
    assert "is due, and says since when" in queries.remarked(run)[0]


def test_a_day_beyond_four_hundred_is_remarked_on_and_kept_as_it_stands(alice: User) -> None:
    assert MOST_AHEAD == FARTHEST_NEXT
    run = imported(csv(HEAD, f"Ann,ann@x.example,Alice,,{(MONDAY + timedelta(days=500)).date()},call"))
    assert not ann().next_committed
    assert "is more than 400 days away" in next(iter(queries.remarks(run)))[1]
    assert set(ann().custom) == {"wiedervorlage", "nachster_schritt"}


def test_nobody_is_reminded_of_who_has_ended_there(alice: User) -> None:
    imported(csv(HEAD, f"Ann,ann@x.example,Alice,gewonnen,{(MONDAY + timedelta(days=18)).date()},"))
    assert (ann().state, ann().next_at) == ("won", None)
    assert "wiedervorlage" in ann().custom


def test_who_is_dated_by_a_file_and_lost_in_a_later_one_is_closed(alice: User) -> None:
    imported(csv(HEAD, f"Ann,ann@x.example,Alice,offen,{(MONDAY + timedelta(days=18)).date()},call"))
    run = imported(csv("Name,E-mail,Status", "Ann,ann@x.example,verloren"))
    assert again(run).updated == 1
    assert ann().state == "lost"


NOTES = "E-mail,Subject,Type,Done,Due date"


def test_what_is_planned_there_is_the_next_date_and_the_nearest_of_several(alice: User) -> None:
    imported(csv("Name,E-mail,Owner", "Ann,ann@x.example,Alice"))
    days = [(MONDAY + timedelta(days=n)).date() for n in (-3, 20, 9)]
    file = csv(
        NOTES, f"ann@x.example,Called,Call,Done,{days[0]}", f"ann@x.example,Write,Task,To do,{days[1]}",
        f"ann@x.example,Demo in Stockholm,Meeting,To do,{days[2]}",
    )  # fmt: skip
    run = imported(file, kind="activities", name="notes.csv")
    assert counts(run) == (1, 1, 1, 0)
    lead = ann()
    assert lead.next_at
    assert lead.next_at.date() == days[2]
    assert (lead.next_kind, lead.next_note, lead.next_committed) == ("meeting", "Demo in Stockholm", True)
    assert counts(imported(file, kind="activities", name="notes.csv")) == (0, 0, 3, 0)
    actions.undo(actor=people.system(), run_id=run.pk)
    actions.work(run.pk)
    assert not ann().next_committed


def test_a_plan_for_who_is_closed_here_stays_out(alice: User) -> None:
    imported(csv("Name,E-mail,Status", "Ann,ann@x.example,won"))
    file = csv(NOTES, f"ann@x.example,Write,Task,To do,{(MONDAY + timedelta(days=9)).date()}")
    (refused,) = queries.rejects(imported(file, kind="activities", name="notes.csv"))
    assert refused.reason.startswith("is a plan there, but its lead is closed here")
