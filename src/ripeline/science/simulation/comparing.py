"""Policies side by side on the same worlds: what each brings, with intervals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from ripeline.science.gate import FloatArray
from ripeline.science.market import WON
from ripeline.science.simulation.engine import Policy, Run, run
from ripeline.science.simulation.oracle import Oracle
from ripeline.science.simulation.planner import Ripeline
from ripeline.science.simulation.simple import CallEveryone, NewestFirst, Points, Shoebox, Weights
from ripeline.science.simulation.world import World

LEVEL = 0.95
"""How often the intervals hold the mean over all markets of this law."""

TRIES = 6
"""93 % of those who convert are reached by call 6 (Velocify): so many tries without an answer are enough."""

LEFT_ALONE = 120.0
"""Days without an attempt after which an open lead counts as dropped: a green lead hears from us three times a year."""

Maker = Callable[[World], Policy]
MEASURES = (
    "wins_per_100", "share_of_oracle", "effective_follow_up", "first_response_hours", "touches_per_win",
    "minutes_per_win", "dropped",
)  # fmt: skip
"""What is measured of a policy; see `measure`."""

# Points as the grid chose them on seeds of their own, see `tuning`: the half-life of what leads do, how much it counts,
# the pause between attempts, and points for each week of waiting.
TUNED = Weights(half_life_days=30.0, doing=3.0, pause_days=1.0, waiting=0.0)

POLICIES: Mapping[str, Maker] = {
    "shoebox": lambda _: Shoebox(),
    "call-everyone": lambda _: CallEveryone(),
    "newest-first": lambda _: NewestFirst(),
    "points": lambda _: Points(weights=TUNED),
    "ripeline": lambda _: Ripeline(),
    "oracle": Oracle,
}


def measure(world: World, result: Run, *, oracle: Run) -> dict[str, float]:
    """The figures of one run; NaN where there is nothing to divide by.

    - `wins_per_100`: of 100 leads.
    - `share_of_oracle`: of the clairvoyant's wins, from 0 to 1.
    - `effective_follow_up`: the share of leads with whom somebody spoke, or who were tried at least six times.
    - `first_response_hours`: the median wait for the first attempt, of the leads that were ever tried.
    - `touches_per_win`, `minutes_per_win`: attempts and minutes on all leads, for each win.
    - `dropped`: of 100 leads, those with no outcome whom nobody tried in the last 120 days of their year.
    """
    n = max(len(result.outcome), 1)
    wins, best = int(np.sum(result.outcome == WON)), int(np.sum(oracle.outcome == WON))
    effective = (result.conversations > 0) | (result.attempts >= TRIES)
    alone = (result.outcome == 0) & (result.last_after < world.market.law.horizon - LEFT_ALONE)
    tried = result.first_after[result.attempts > 0]
    return {
        "wins_per_100": 100 * wins / n,
        "share_of_oracle": wins / best if best else np.nan,
        "effective_follow_up": float(effective.sum()) / n,
        "first_response_hours": float(np.median(tried)) * 24 if len(tried) else np.nan,
        "touches_per_win": float(result.attempts.sum()) / wins if wins else np.nan,
        "minutes_per_win": float(result.minutes.sum()) / wins if wins else np.nan,
        "dropped": 100 * float(alone.sum()) / n,
    }


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison:
    """What was measured: for each policy and measure one figure for each seed."""

    tightness: float
    found: Mapping[str, Mapping[str, FloatArray]]

    def rows(self) -> Iterator[dict[str, float | str | None]]:
        """One plain object for each policy: the mean over the seeds of each measure, with its interval.

        None stands for what cannot be said: no win to divide by, nobody tried, one seed and so no interval.
        """
        for name, measures in self.found.items():
            row: dict[str, float | str | None] = {"policy": name, "tightness": round(self.tightness, 4)}
            for key in MEASURES:
                mean, low, high = interval(measures[key])
                row |= {key: _plain(mean), f"{key}_low": _plain(low), f"{key}_high": _plain(high)}
            yield row

    def more_wins(self, policy: str, other: str) -> tuple[float, float, float]:
        """How many more wins a policy brings than another, as a share: pair by pair, mean and interval."""
        mine, theirs = self.found[policy]["wins_per_100"], self.found[other]["wins_per_100"]
        scale = max(float(theirs.mean()), 1e-9)
        mean, low, high = interval(mine - theirs)
        return mean / scale, low / scale, high / scale


def compare(
    worlds: Sequence[World], policies: Mapping[str, Maker], *, on_run: Callable[[str, int], None] = lambda *_: None
) -> Comparison:
    """Each policy on each world; `on_run` is told which policy and world comes next."""

    def told(at: int) -> Callable[[str], None]:
        return lambda name: on_run(name, at)

    return together([measured(world, policies, on_run=told(at)) for at, world in enumerate(worlds)])


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One world: for each policy and measure a figure. Plain, so that it can be kept and gone on with."""

    tightness: float
    found: Mapping[str, Mapping[str, float]]


def measured(
    world: World, policies: Mapping[str, Maker], *, on_run: Callable[[str], None] = lambda _: None
) -> Measured:
    """Each policy on one world; `on_run` is told which policy comes next."""
    on_run("oracle")
    best = run(world, Oracle(world))
    found: dict[str, dict[str, float]] = {}
    for name, make in policies.items():
        if name != "oracle":
            on_run(name)
        result = best if name == "oracle" else run(world, make(world))
        found[name] = measure(world, result, oracle=best)
    return Measured(tightness=world.tightness(), found=found)


def together(parts: Sequence[Measured]) -> Comparison:
    """Worlds on which the same policies were run, as one comparison."""
    policies = parts[0].found if parts else {}
    return Comparison(
        tightness=float(np.mean([part.tightness for part in parts])) if parts else 0.0,
        found={
            name: {key: np.array([part.found[name][key] for part in parts]) for key in MEASURES} for name in policies
        },
    )


def interval(values: FloatArray, *, level: float = LEVEL) -> tuple[float, float, float]:
    """Mean over the seeds and its Student interval; NaN where it is not finite, and for the ends of a single seed."""
    mean = float(values.mean()) if len(values) and np.all(np.isfinite(values)) else np.nan
    if len(values) < 2 or np.isnan(mean):
        return mean, np.nan, np.nan
    half = float(stdtrit(len(values) - 1, 0.5 + level / 2) * values.std(ddof=1) / np.sqrt(len(values)))
    return mean, mean - half, mean + half


def _plain(value: float) -> float | None:
    return None if not np.isfinite(value) else round(value, 4)
