"""Which of several models was right, told by what happened afterwards: pure, in numpy.

Each is asked, on a day gone by, how probable what happened since was: of leads open then and of those that came later,
who ripened when, who was let go for good, who is still open. The logarithm of that is its score; the higher the better.
The measure is proper: saying what one believes is the best that one can do.

References
----------
Dawid, A. P. (1984). Statistical theory: the prequential approach. JRSS A 147, 278-292.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit

from ripeline.ripeness.facts import Captured
from ripeline.science import calibration, metrics
from ripeline.science.errors import NoEventsError
from ripeline.science.gate import BoolArray, FloatArray
from ripeline.science.model import Model
from ripeline.science.outcomes import NEVER, RIPE, Outcomes
from ripeline.science.prior import MONTH

FEWEST = 10  # ripe leads on either side of the day, for a comparison that says anything
SPANS = (60, 90, 120, 180, 270)  # days of later outcomes; the shortest that has enough of them
LAST = 0.2  # … and of a record that ends longer ago, this share of what ripened


@dataclass(frozen=True, eq=False, kw_only=True)
class Judged:
    """How one model did on later outcomes.

    `log_score`: of all that happened, in nats; `expected`, `actual`: how many should have ripened, and did; `auc`: how
    well it told them apart, where that can be said; `bands`: of leads open on the day, what was said for the next 30
    days beside what happened.
    """

    log_score: float
    expected: float
    actual: int
    auc: float | None
    bands: list[dict[str, float]]

    def figures(self) -> dict[str, Any]:
        """Without the bands, to be stored."""
        ratio = calibration.expected_over_actual(self.expected, self.actual)
        return {
            "log_score": round(self.log_score, 3), "expected": round(self.expected, 2), "actual": self.actual,
            "eo": _rounded(ratio.ratio), "eo_low": _rounded(ratio.low), "eo_high": _rounded(ratio.high),
            "auc": _rounded(self.auc),
        }  # fmt: skip


def held_out(outcomes: Outcomes) -> float | None:
    """The day from which on outcomes are kept back to judge by; None where there are too few."""
    ripe = np.sort((outcomes.start + outcomes.time)[outcomes.code == RIPE])
    for span in SPANS:
        day = outcomes.as_of - span
        after = int((ripe > day).sum())
        if after >= FEWEST and len(ripe) - after >= FEWEST:
            return day
    if len(ripe) < 2 * FEWEST:
        return None
    day = float(ripe[-max(FEWEST, int(LAST * len(ripe)))]) - 1.0
    return day if int((ripe <= day).sum()) >= FEWEST else None


def later(outcomes: Outcomes, day: float) -> BoolArray:
    """The episodes of which something was seen after a day."""
    seen: BoolArray = outcomes.time > np.maximum(outcomes.entry, day - outcomes.start)
    return seen


def judge(model: Model, captured: Captured, outcomes: Outcomes, *, day: float, wins_alone: bool) -> Judged:
    """Hold a model against what happened after `day`, of episodes that are `later` than it."""
    odds, curve = odds_of(model, captured, wins_alone=wins_alone)
    since = outcomes.since(day)  # of `later` episodes: none drops out
    share = model.curves.share
    buyer = expit(odds)
    begun = 1.0 - buyer * share(curve, since.entry)
    now = np.minimum(since.time, since.horizon)
    half = np.maximum(now - 0.5, 0.0)
    soon = share(curve, np.minimum(now + 0.5, since.horizon)) - share(curve, half)
    width = np.minimum(now + 0.5, since.horizon) - half
    happened = np.where(
        since.code == RIPE,
        buyer * soon / width,
        np.where(since.code == NEVER, 1.0 - buyer, 1.0 - buyer * share(curve, now)),
    )
    log_score = float(np.sum(np.log(np.maximum(happened, 1e-12)) - np.log(np.maximum(begun, 1e-12))))
    until = np.clip(outcomes.as_of - since.start, since.entry, since.horizon)
    chance = buyer * (share(curve, until) - share(curve, since.entry)) / np.maximum(begun, 1e-12)
    ripe = since.code == RIPE
    return Judged(
        log_score=log_score,
        expected=float(chance.sum()),
        actual=int(ripe.sum()),
        auc=_auc(ripe, chance),
        bands=_bands(odds, curve, since, day, model),
    )


def odds_of(model: Model, captured: Captured, *, wins_alone: bool) -> tuple[FloatArray, Any]:
    """η of the event (ripe, or won where only wins are recorded), and the curve of each lead."""
    facts = model.facts(source_type=captured.source_type, signals=captured.signals, table=captured.table)
    odds = model.score(facts, age_days=np.zeros(len(facts.design))).log_odds
    if wins_alone:
        of_win = model.log_odds_of_win
        if of_win is None:
            of_win = float(logit(expit(model.prior.log_odds) * model.prior.closing))
        odds = odds - model.prior.log_odds + of_win
    return odds, facts.curve


def _bands(odds: FloatArray, curve: Any, since: Outcomes, day: float, model: Model) -> list[dict[str, float]]:
    """Of those open on the day and watched for a month: what was said beside what happened."""
    there = (since.start <= day) & (since.as_of - day >= MONTH)
    if not there.any():
        return []
    age = np.maximum(day - since.start[there], 0.0)
    at = np.maximum(age, since.entry[there])
    by_now = model.curves.share(curve[there], np.minimum(at, since.horizon))
    then = model.curves.share(curve[there], np.minimum(at + MONTH, since.horizon))
    buyer = expit(odds[there])
    said = np.clip(buyer * (then - by_now) / np.maximum(1.0 - buyer * by_now, 1e-12), 0.0, 1.0)
    did = (since.code[there] == RIPE) & (since.time[there] <= at + MONTH)
    found = calibration.calibrate(said, did)
    return [
        {"low": float(low), "high": float(high), "n": int(n), "said": round(float(p), 4), "did": int(k)}
        for low, high, n, p, k in zip(found.low, found.high, found.n, found.said, found.did, strict=True)
    ]


def _auc(did: BoolArray, chance: FloatArray) -> float | None:
    try:
        return metrics.auc(did, chance)
    except NoEventsError:
        return None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def best(scores: Mapping[str, float]) -> str:
    """The name of the highest score; of equal ones the first."""
    return max(scores, key=lambda name: scores[name])
