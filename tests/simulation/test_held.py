"""The promise is held against what was truly won; where the record is too short, that is said instead."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.catalog import queries as reasons
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import User
from ripeline.simulation import held, words
from ripeline.simulation.models import SimulationRun
from ripeline.simulation.queries import record
from tests.cast import MONDAY, MakeLead, by
from tests.simulation.answers import WINS, answered

ZONE = ZoneInfo("Europe/Lisbon")


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


@pytest.fixture
def came(alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch) -> "Came":
    return Came(alice, make_lead, monkeypatch)


class Came:
    """So many leads that came so many days ago, of which some were won so many days later."""

    def __init__(self, alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch) -> None:
        self.alice, self.make_lead, self.monkeypatch = alice, make_lead, monkeypatch

    def __call__(self, n: int, *, ago: float, won: int = 0, after: float = 60) -> list[Lead]:
        self._on(ago)
        born = [self.make_lead(self.alice, captured=timedelta(), name=f"Priya {at}") for at in range(n)]
        self._on(ago - after)
        for lead in born[:won]:
            leads.win(lead.pk, by(self.alice), reason=reasons.reason("bought_from_us"))
        self._on(0)
        return born

    def _on(self, ago: float) -> None:
        self.monkeypatch.setattr(clock, "now", lambda: MONDAY - timedelta(days=ago))


def said(run: SimulationRun) -> str:
    return " ".join(held.sentences(run, words.lines(run), record(), ZONE))


def rows(run: SimulationRun) -> Sequence[held.Beside]:
    return held.rows(run, words.lines(run), record(), ZONE)


def test_wins_of_leads_that_had_their_year_stand_beside_the_promise(came: Came, carol: User) -> None:
    came(40, ago=400, won=2)
    came(10, ago=100, won=1)
    run = answered(carol)
    assert "You truly won 2 of the 40 leads that came in April 2025, each within a year: 5 of 100" in said(run)
    assert "The simulation wins 16 of 100 with Ripeline and 1.2 with the shoebox" in said(run)
    assert "lies within that" in said(run)  # of 40 leads luck allows up to 17 of 100
    shown = {row.name: (row.leads, row.won, round(row.of_100, 1)) for row in rows(run)}
    assert shown["Simulated: Ripeline"] == (1200, 192, 16)
    assert shown["Simulated: the shoebox"][2] == 1.2
    assert shown["Truly won"] == (40, 2, 5)
    assert shown["Truly won so far"] == (10, 1, 10)
    assert rows(run)[3].note == "came since February 2026, watched for 3 months on average"


@pytest.mark.parametrize(("promised", "verdict"), [(40.0, "lies above that"), (2.0, "You win more than")])
def test_a_promise_that_luck_does_not_explain_is_said_to_be_one(
    came: Came, carol: User, promised: float, verdict: str
) -> None:
    came(30, ago=400, won=6)
    assert verdict in said(answered(carol, wins=WINS | {"ripeline": promised}))


def test_what_was_won_after_a_year_is_not_what_was_promised(came: Came) -> None:
    came(30, ago=720, won=5, after=500)
    found = record().whole
    assert found is not None
    assert (found.n, found.won) == (30, 0)


def test_a_record_that_is_too_short_is_said_to_be_with_when_it_will_not_be(came: Came, carol: User) -> None:
    run = answered(carol)
    assert said(run) == "There is nothing to hold this against yet: no lead came in the last two years."
    assert [row.name for row in rows(run)] == ["Simulated: Ripeline", "Simulated: the shoebox"]
    came(3, ago=90, won=1)
    assert "no lead of the last two years has been here for a year" in said(run)
    assert "Of the 3 that came since March 2026, 1 is won so far, after 3 months on average" in said(run)
    assert "had their year in March 2027" in said(run)
    came(2, ago=400)
    assert "only 2 leads of the last two years have been here for a year" in said(run)
    assert "The simulation wins" not in said(run)


def test_customers_of_before_and_those_taken_up_again_are_nobodys_wins(came: Came, alice: User) -> None:
    born = came(31, ago=400, won=1)
    Lead.objects.filter(pk=born[0].pk).update(won_before_captured=True)
    found = record().whole
    assert found is not None
    assert (found.n, found.won) == (30, 0)


def test_that_an_import_brought_them_is_said_and_so_are_figures_set_by_hand(came: Came, carol: User) -> None:
    born = came(31, ago=400, won=1)
    run = answered(carol)
    assert "import" not in said(run)
    Enquiry.objects.filter(lead__in=[lead.pk for lead in born[:9]]).update(import_run_id=new_id())
    assert "9 of them came in by an import" in said(run)
    run.origins = {"reps": "set by hand"}
    assert "figures set by hand" in said(run)


def test_how_far_a_question_is_is_said_without_a_guess_at_its_end(carol: User) -> None:
    run = answered(carol)
    assert words.pace(run) == ""
    run.kept = {"years": [{}], "took": [41.2]}
    assert words.pace(run) == "1 of 8 years is done, about 41 seconds each"
    run.kept = {"years": [{}, {}, {}], "took": [130.0, 110.0]}
    assert words.pace(run) == "3 of 8 years are done, about 2 minutes each"
