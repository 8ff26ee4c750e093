"""What was expected of a set of episodes: by the model in use, by the Rule of 45, and by who expects an early rush."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ripeline.ripeness import queries as ripeness
from ripeline.ripeness.episodes import SOURCE_TYPES, Episodes
from ripeline.science.gate import FloatArray, IntArray
from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_PRIOR
from ripeline.science.terms import UNKNOWN, YES, Term, contributions, encode


@dataclass(frozen=True, eq=False)
class Expected:
    """Σ π over episodes for each curve of time, divided by their number: P(ripe by an age) of their average."""

    weights: FloatArray  # shape (curves,)

    def at(self, ages: FloatArray) -> FloatArray:
        """The share expected to have ripened by these ages."""
        shares = np.stack([one.share(ages) for one in DEFAULT_CURVES.all])
        result: FloatArray = self.weights @ shares
        return result


class Belief:
    """What the model in use says of each of n episodes when it begins: reads the model once, then answers for any set.

    As long as no model has been fitted, that is the editable prior by source type, and by whether an episode is an old
    lead taken up again: what is known of every episode, open or closed.
    """

    def __init__(self, episodes: Episodes) -> None:
        terms = ripeness.prior_terms()
        self._ever, self._curve = _by_kind(terms)
        self._kind = episodes.source_type * 2 + (episodes.number > 1)

    def of(self, rows: IntArray) -> Expected:
        """The expectation of some of them, by their positions; of none, the average lead's."""
        weights = np.zeros(len(DEFAULT_CURVES.all))
        if not len(rows):
            weights[0] = expit(DEFAULT_PRIOR.log_odds)
            return Expected(weights)
        found = self._kind[rows]
        np.add.at(weights, self._curve[found], self._ever[found])
        return Expected(weights / len(rows))


def _by_kind(terms: tuple[Term, ...]) -> tuple[FloatArray, IntArray]:
    """π and curve of each source type, new and taken up again: positions as in `Belief`."""
    types = [kind for kind in SOURCE_TYPES for _ in (False, True)]
    again = [answer for _ in SOURCE_TYPES for answer in (UNKNOWN, YES)]
    signals = {"reopened": again} if any(term.key == "reopened" for term in terms) else {}
    facts = encode(terms, source_type=types, signals=signals, curves=DEFAULT_CURVES)
    return expit(DEFAULT_PRIOR.log_odds + contributions(facts.design, terms).sum(axis=1)), facts.curve


def rule_of_45(ages: FloatArray) -> FloatArray:
    """Of all who come, how many the Rule of 45 lets ripen by these ages: 45 of 100 in a year, spread over it."""
    return expit(DEFAULT_PRIOR.log_odds) * DEFAULT_CURVES["even"].share(ages)


def early_rush(ages: FloatArray) -> FloatArray:
    """The same 45 of 100, but half of them within the first weeks: what people assume who stop asking after a month."""
    return expit(DEFAULT_PRIOR.log_odds) * DEFAULT_CURVES["front_loaded"].share(ages)
