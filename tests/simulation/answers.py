"""Answers with figures that one can check by head."""

from decimal import Decimal

from ripeline.people.models import User
from ripeline.science.simulation.comparing import MEASURES
from ripeline.simulation import actions
from ripeline.simulation.models import SimulationRun, SimulationState
from ripeline.simulation.rules import Figures

WINS = {
    "ripeline": 16.0, "points": 15.8, "points-delivered": 13.0, "call-everyone": 12.0, "newest-first": 9.0,
    "shoebox": 1.2, "oracle": 20.0,
}  # fmt: skip


def answered(actor: User, *, wins: dict[str, float] = WINS, tie: float = 0.5) -> SimulationRun:
    """A question that is done, with figures that one can check by head."""
    figures = Figures(
        leads_per_month=100.0,
        reps=2,
        minutes_per_day=90,
        buys_of_100=45.0,
        closing_of_100=33.0,
        mix={"trade_show": 1.0},
    )
    run = actions.ask(actor=actor, figures=figures, worth=Decimal(10_000), currency="EUR")
    rows = []
    for policy, of_100 in wins.items():
        row: dict[str, object] = {"policy": policy, "tightness": 0.3}
        for key in MEASURES:
            row |= {key: 0.5, f"{key}_low": 0.4, f"{key}_high": 0.6}
        rows.append(row | {"wins_per_100": of_100, "wins_per_100_low": of_100 - 1, "wins_per_100_high": of_100 + 1})
    beside = {
        name: {"mean": 16 - of_100, "low": 16 - of_100 - tie, "high": 16 - of_100 + tie}
        for name, of_100 in wins.items()
        if name != "ripeline"
    }
    answer = {"rows": rows, "beside": beside, "tightness": 0.3, "weights": {}}
    SimulationRun.objects.filter(pk=run.pk).update(state=SimulationState.DONE, answer=answer, steps=1, done=1)
    run.refresh_from_db()
    return run
