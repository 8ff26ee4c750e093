"""What was expected of a set of episodes: by the model in use, by the Rule of 45, and by who expects an early rush."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ripeline.ripeness import facts
from ripeline.ripeness import queries as ripeness
from ripeline.ripeness.episodes import Episodes
from ripeline.science.curves import Curves
from ripeline.science.gate import FloatArray, IntArray
from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_PRIOR

SAMPLE = 8_000  # episodes asked about at most: a mean over so many is sure to half a lead in a hundred


@dataclass(frozen=True, eq=False)
class Expected:
    """Σ π over episodes for each curve of time, divided by their number: P(ripe by an age) of their average."""

    weights: FloatArray  # shape (curves,)
    curves: Curves

    def at(self, ages: FloatArray) -> FloatArray:
        """The share expected to have ripened by these ages."""
        shares = np.stack([one.share(ages) for one in self.curves.all])
        result: FloatArray = self.weights @ shares
        return result


class Belief:
    """What the model in use would have said of episodes on the day each began, by what was known of them then.

    Asks it once about `rows` of them (spread evenly where they are very many), then answers for any part of those.
    """

    def __init__(self, found: Episodes, rows: IntArray) -> None:
        model = ripeness.current().model
        asked = rows if len(rows) <= SAMPLE else rows[np.linspace(0, len(rows) - 1, SAMPLE).astype(np.int64)]
        known = facts.at_capture(found.take(asked))
        encoded = model.facts(source_type=known.source_type, signals=known.signals, table=known.table)
        self._curves = model.curves
        self._place = np.full(len(found), -1, dtype=np.int64)
        self._place[asked] = np.arange(len(asked))
        self._curve = encoded.curve
        self._ever = model.score(encoded, age_days=np.zeros(len(asked))).p_ever if len(asked) else np.zeros(0)

    def of(self, rows: IntArray) -> Expected:
        """The expectation of some of them, by their positions; where none of those was asked about, of all."""
        asked = self._place[rows]
        asked = asked[asked >= 0]
        if not len(asked):
            asked = np.arange(len(self._ever))
        weights = np.zeros(len(self._curves.all))
        if not len(asked):
            weights[0] = expit(DEFAULT_PRIOR.log_odds)
            return Expected(weights, self._curves)
        np.add.at(weights, self._curve[asked], self._ever[asked])
        return Expected(weights / len(asked), self._curves)


def rule_of_45(ages: FloatArray) -> FloatArray:
    """Of all who come, how many the Rule of 45 lets ripen by these ages: 45 of 100 in a year, spread over it."""
    share: FloatArray = expit(DEFAULT_PRIOR.log_odds) * DEFAULT_CURVES["even"].share(ages)
    return share


def early_rush(ages: FloatArray) -> FloatArray:
    """The same 45 of 100, but half of them within the first weeks: what people assume who stop asking after a month."""
    share: FloatArray = expit(DEFAULT_PRIOR.log_odds) * DEFAULT_CURVES["front_loaded"].share(ages)
    return share
