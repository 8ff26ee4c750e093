r"""Which buying stage a lead is in: awareness, interest, consideration or decision, if it buys at all.

A Bayes filter. Before anything was seen, the stages of a lead that will buy follow from when it will be ripe:

.. math:: P(\text{decision}) = \rho P_\infty + P_{30} \min(a, w) / 30, \quad
          P(\text{consideration}) = P_{30}, \quad P(\text{interest}) = P_{90} - P_{30},

awareness the rest of P(ever), where ρ is the share that is ripe on arrival, a the days since we last knew, and w the
days that a ripe one stays so. What was seen since then multiplies each by its likelihood (`signals.log_likelihood`).

Who asks for a quote, a demonstration or a call is seldom only aware: it multiplies each stage by how likely one in it
asks, to a power that halves with the days since.

Somebody who knows the lead may say which stage it is in. Then that stage has their chance of being right, the others
share the rest, and only what the lead does afterwards counts, for as long as signals are remembered: so what they say
holds until the lead itself says clearly otherwise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ripeline.science import gate
from ripeline.science.engagement import Seen
from ripeline.science.gate import FloatArray, IntArray
from ripeline.science.prior import MONTH
from ripeline.science.recheck_rules import DEFAULT_RULES
from ripeline.science.signals import (
    BUYING,
    COMPARING,
    DEFAULT_SIGNALS,
    INTEREST,
    RESTING,
    RIPE,
    Signals,
    log_likelihood,
    of_asking,
)

STAGES = BUYING
AWARENESS, INTERESTED, CONSIDERATION, DECISION = range(4)
_STATES = [RESTING, INTEREST, COMPARING, RIPE]
_FLOOR = 0.02
"""No stage is ruled out before anything was seen."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Inferred:
    """The buying stages of n leads.

    Attributes
    ----------
    stage : ndarray of int, shape (n,)
        The likeliest, as a position in `STAGES`.
    p : ndarray, shape (n, 4)
        How likely each is, if the lead buys.
    """

    stage: IntArray
    p: FloatArray

    @property
    def chance(self) -> FloatArray:
        """How likely the likeliest is, shape (n,)."""
        return np.take_along_axis(self.p, self.stage[:, None], axis=1)[:, 0]


def infer(
    *,
    p_30: ArrayLike,
    p_90: ArrayLike,
    p_ever: ArrayLike,
    curve: ArrayLike,
    known_days: ArrayLike,
    seen: Seen,
    said: ArrayLike = -1,
    asked_days: ArrayLike = np.inf,
    trust: float = 1.0,
    signals: Signals | None = None,
) -> Inferred:
    """The buying stage of n leads.

    Parameters
    ----------
    p_30, p_90, p_ever : array_like, shape (n,)
        P(ripe within so many days), P(ever buys), without what was seen.
    curve : array_like of str, shape (n,)
        Keys of the curves they ripen by.
    known_days : array_like, shape (n,)
        Days since we last knew how things are.
    seen : Seen
        What they did; where somebody said the stage, since then.
    said : array_like of int, shape (n,)
        The stage that somebody said, as a position in `STAGES`; -1 where nobody did.
    asked_days : array_like, shape (n,)
        Days since they asked for a quote, a demonstration or a call; infinite where they did not, or where somebody
        said the stage since.
    trust : float
        θ, how far signals are believed.

    Returns
    -------
    Inferred

    Examples
    --------
    An average lead, the same after two days with prices, and the same where somebody had said otherwise:

    >>> from ripeline.science.engagement import seen
    >>> done = seen([[0, 0, 0, 0], [0, 0, 3, 0], [0, 0, 0, 0]], ago=[0, 0, 0], since=[40, 40, 1])
    >>> found = infer(p_30=[0.04] * 3, p_90=[0.12] * 3, p_ever=[0.42] * 3, curve=["even"] * 3, known_days=[40] * 3,
    ...               seen=done, said=[-1, -1, 1])
    >>> [STAGES[at] for at in found.stage]
    ['awareness', 'decision', 'interest']
    """
    signals = signals or DEFAULT_SIGNALS
    month = gate.vector("p_30", p_30, low=0.0, high=1.0)
    n = len(month)
    quarter = np.maximum(gate.vector("p_90", p_90, n=n, low=0.0, high=1.0), month)
    ever = np.maximum(gate.vector("p_ever", p_ever, n=n, low=0.0, high=1.0), quarter)
    kind = gate.codes("curve", curve, keys=DEFAULT_RULES.kinds, n=n)
    since = np.minimum(gate.vector("known_days", known_days, n=n, low=0.0), DEFAULT_RULES.window_days[kind])
    decision = DEFAULT_RULES.ripe_on_arrival[kind] * ever + month / MONTH * since
    before = (
        np.column_stack([ever - quarter, quarter - month, month, decision]) + _FLOOR * np.maximum(ever, 1e-9)[:, None]
    )
    before /= before.sum(axis=1, keepdims=True)
    stage = gate.vector("said", said, n=n, low=-1, high=3).astype(np.int64)
    told = np.flatnonzero(stage >= 0)
    before[told] = (1.0 - signals.corrector_right) / 3
    before[told, stage[told]] = signals.corrector_right
    likely = trust * log_likelihood(seen.counts, days=seen.days, pages=seen.pages, n=n, signals=signals)
    log_p = np.log(before) + (likely + of_asking(asked_days, n=n, signals=signals))[_STATES].T
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return Inferred(stage=p.argmax(axis=1), p=p)
