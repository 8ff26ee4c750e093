"""A question that is answered in a second: two simulated years of few leads."""

import pytest

from ripeline.science.simulation import own, world
from ripeline.science.simulation.comparing import POLICIES
from ripeline.simulation import rules, working
from ripeline.simulation.rules import Figures

QUICK = 2  # simulated years


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same work, with fewer and smaller years."""
    monkeypatch.setattr(own, "LEADS", 40)
    monkeypatch.setattr(world, "WORKING_DAYS", 1)
    for module in (working, rules):
        monkeypatch.setattr(module, "MARKETS", QUICK)
    monkeypatch.setattr(working, "STEPS", 1 + QUICK * (len(POLICIES) + 1))
    monkeypatch.setattr(working, "MONTHS", 2)
    monkeypatch.setattr(working, "TRAINING_SEEDS", (901,))


@pytest.fixture
def figures() -> Figures:
    return Figures(
        leads_per_month=80.0, reps=2, minutes_per_day=60, buys_of_100=45.0, closing_of_100=33.0,
        mix={"trade_show": 60.0, "quote_request": 40.0},
    )  # fmt: skip
