"""Working a question: step by step, by one process at a time, through whatever breaks off.

A step is one way of following up in one simulated year; what a finished year found is kept with the row, so that a
question that was cancelled, or whose process died, goes on with the next year.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection

from ripeline.base import clock
from ripeline.base.claiming import claimed
from ripeline.science.market_law import Law
from ripeline.science.simulation import own
from ripeline.science.simulation.comparing import POLICIES, Maker, Measured, interval, measured, together
from ripeline.science.simulation.simple import Points, Weights
from ripeline.science.simulation.tuning import TRAINING_SEEDS
from ripeline.science.simulation.world import World
from ripeline.simulation.models import SimulationRun, SimulationState
from ripeline.simulation.rules import MARKETS, MONTHS, Figures

log = logging.getLogger(__name__)

_WORK = "ripeline simulation run"
TRIES = 3  # times that a question is begun without getting a year further
DELIVERED = "points-delivered"
"""Points as they are sold; `points` are those at their best in this very market."""

STEPS = 1 + MARKETS * (len(POLICIES) + 1)
"""Settling the points, and every policy in every year."""

_BROKEN_OFF = f"The process that worked it ended {TRIES} times before it got on, so it is not begun again."
_BROKE = "Something broke on our side; the log says what. What was found so far is kept: ask again to go on."


class _StoppedError(Exception):
    """The worker is to stop, or somebody asked to cancel."""


def work(run_id: int, *, is_stopping: Callable[[], bool] = lambda: False) -> bool:
    """Bring a question to its end; False if another process works it, it had ended before, or `is_stopping` said so."""
    with claimed(_WORK, run_id) as is_ours:
        if not is_ours or is_stopping() or not _begin(run_id):
            return False
        run = SimulationRun.objects.get(pk=run_id)
        if run.begun > TRIES:
            return _end(run_id, SimulationState.FAILED, problem=_BROKEN_OFF)
        try:
            answer = _answer(run, is_stopping)
        except _StoppedError:
            if SimulationRun.objects.filter(pk=run_id, cancel_asked=True).exists():
                return _end(run_id, SimulationState.CANCELLED)
            SimulationRun.objects.filter(pk=run_id).update(begun=0)  # it was asked to make room, and did not break off
            return False
        except Exception:
            if not connection.is_usable():
                raise  # the database is gone: gone on with once it is back
            log.exception("A simulation failed")
            return _end(run_id, SimulationState.FAILED, problem=_BROKE)
        SimulationRun.objects.filter(pk=run_id).update(answer=answer, done=STEPS, steps=STEPS)
        return _end(run_id, SimulationState.DONE)


def _begin(run_id: int) -> bool:
    waiting = SimulationRun.objects.filter(pk=run_id, state__in=(SimulationState.QUEUED, SimulationState.RUNNING))
    run = waiting.first()
    if run is None:
        return False
    run.state, run.begun, run.began_at = SimulationState.RUNNING, run.begun + 1, clock.now()
    run.steps, run.done = STEPS, _steps_done(run.kept)
    run.kept["began_with"] = run.done
    run.save(update_fields=["state", "begun", "began_at", "steps", "done", "kept"])
    return True


def _end(run_id: int, state: SimulationState, *, problem: str = "") -> bool:
    SimulationRun.objects.filter(pk=run_id).update(
        state=state, problem=problem, ended_at=clock.now(), cancel_asked=False
    )
    return True


def _steps_done(kept: Mapping[str, Any]) -> int:
    return bool(kept.get("weights")) + len(kept.get("years", [])) * (len(POLICIES) + 1)


def _answer(run: SimulationRun, is_stopping: Callable[[], bool]) -> dict[str, Any]:
    """Every year that is still missing, and what they come to together."""
    figures = Figures.from_json(run.figures)
    law = own.law_of(mix=figures.mix, buys=figures.buys_of_100 / 100, closing=figures.closing_of_100 / 100)

    def step(done: int) -> None:
        cancelled = SimulationRun.objects.filter(pk=run.pk, cancel_asked=True).exists()
        if cancelled or is_stopping():
            raise _StoppedError
        SimulationRun.objects.filter(pk=run.pk).update(done=min(done, STEPS))

    if "weights" not in run.kept:
        step(0)
        weights = own.tuned([_world(law, figures, seed) for seed in TRAINING_SEEDS])
        run.kept |= {"weights": vars(weights), "years": []}
        _keep(run)
    policies = _policies(Weights(**run.kept["weights"]))
    for at in range(len(run.kept["years"]), MARKETS):
        _year(run, _world(law, figures, at + 1), policies, step)
    return answer([Measured(**year) for year in run.kept["years"]], run.kept["weights"])


def _year(run: SimulationRun, world: World, policies: Mapping[str, Maker], step: Callable[[int], None]) -> None:
    done, began = _steps_done(run.kept), time.monotonic()

    def next_one(_: str) -> None:
        nonlocal done
        step(done)
        done += 1

    found = measured(world, policies, on_run=next_one)
    run.kept["years"].append({"tightness": found.tightness, "found": _plain(found.found)})
    run.kept["took"] = [*run.kept.get("took", []), round(time.monotonic() - began, 1)]
    _keep(run)


def _keep(run: SimulationRun) -> None:
    run.begun = 0  # it got on
    SimulationRun.objects.filter(pk=run.pk).update(kept=run.kept, begun=0, done=_steps_done(run.kept))


def _plain(found: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
    """Without what JSON does not have."""
    return {name: {key: v if v == v else None for key, v in each.items()} for name, each in found.items()}


def _unplain(found: Mapping[str, Mapping[str, float | None]]) -> dict[str, dict[str, float]]:
    """Back again, in an order of its own (PostgreSQL keeps none): NaN where nothing can be said."""
    nan = float("nan")
    return {name: {key: nan if v is None else v for key, v in found[name].items()} for name in sorted(found)}


def _world(law: Law, figures: Figures, seed: int) -> World:
    size = figures.size
    return World.make(
        law, seed=seed, months=MONTHS, leads_per_month=size.leads_per_month, reps=size.reps,
        minutes_per_day=float(figures.minutes_per_day),
    )  # fmt: skip


def _policies(weights: Weights) -> dict[str, Maker]:
    found: dict[str, Maker] = {}
    for name, make in POLICIES.items():
        if name == "points":
            found[DELIVERED] = lambda _: Points()
            found["points"] = lambda _: Points(weights=weights)
        else:
            found[name] = make
    return found


def answer(years: list[Measured], weights: Mapping[str, float]) -> dict[str, Any]:
    """The years together: a row for each policy, and Ripeline beside each other one, pair by pair."""
    found = together([Measured(tightness=year.tightness, found=_unplain(year.found)) for year in years])
    beside = {}
    for name in found.found:
        if name != "ripeline":
            more, less = found.found["ripeline"]["wins_per_100"], found.found[name]["wins_per_100"]
            mean, low, high = (round(v, 4) for v in interval(more - less))
            beside[name] = {"mean": mean, "low": low, "high": high}
    return {"rows": list(found.rows()), "beside": beside, "tightness": found.tightness, "weights": dict(weights)}
