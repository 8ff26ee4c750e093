r"""The Rule-of-45 prior: what is believed about a lead before the company has outcomes of its own.

A mixture-cure view, after Boag (1949) and Farewell (1982). A lead is an eventual buyer, from anyone, with probability

.. math:: \pi = \sigma(b_0 + \sum_j \beta_j (x_j - \bar x_j)), \qquad b_0 = \operatorname{logit} 0.45

and a buyer ripens by day t with probability F(t), the curve of its kind of source. Terms are centred on the typical
lead, so that b_0 stays the average lead's whatever the means of the terms, and β(x − x̄) is what each fact adds to it.
After `a` days without ripening the odds of being a buyer have shrunk by S(a) = 1 − F(a), whence

.. math:: P(\text{ever} \mid a) = \sigma(\eta + \log S(a)), \qquad
          P(\text{30 d} \mid a) = P(\text{ever} \mid a)\,\frac{F(a + 30) - F(a)}{S(a)}

Past the horizon nothing is expected (a zero tail): such a lead starts a new episode, its clock at 0, as an old lead.

References
----------
Boag, J. W. (1949). Maximum likelihood estimates of the proportion of patients cured by cancer therapy. Journal of the
Royal Statistical Society B 11, 15-53.
Farewell, V. T. (1982). The use of mixture models for the analysis of survival data with long-term survivors.
Biometrics 38, 1041-1046.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtri

from ripeline.science import gate
from ripeline.science.assumptions import Assumptions
from ripeline.science.curves import Curve, Curves
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.terms import Term, contributions, typical

MONTH = 30.0
"""Days in "within a month", as in P(ripe within 30 days)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is believed of the average lead.

    Attributes
    ----------
    log_odds, log_odds_sd : float
        b_0 ~ N(log_odds, log_odds_sd²), the log-odds of ever buying.
    closing_won, closing_lost : float
        The closing ratio c ~ Beta(won, lost): add to them the decided opportunities of one's own.
    """

    log_odds: float
    log_odds_sd: float
    closing_won: float
    closing_lost: float

    def __post_init__(self) -> None:
        gate.number("log_odds", self.log_odds, low=-20, high=20)
        gate.number("log_odds_sd", self.log_odds_sd, low=0, high=10)
        gate.number("closing_won", self.closing_won, low=1e-6)
        gate.number("closing_lost", self.closing_lost, low=1e-6)

    @property
    def closing(self) -> float:
        """The expected closing ratio."""
        return self.closing_won / (self.closing_won + self.closing_lost)

    @property
    def closing_sd(self) -> float:
        """One standard deviation of the closing ratio."""
        return float(np.sqrt(self.closing * (1 - self.closing) / (self.closing_won + self.closing_lost + 1)))


@dataclass(frozen=True, eq=False, kw_only=True)
class Scores:
    """What is expected of n leads, each not yet ripe at its age; every array has shape (n,) unless said otherwise.

    Attributes
    ----------
    log_odds, log_odds_sd : ndarray
        η at capture and its standard deviation: stored with the curve and the day of capture, the rest follows.
    p_ever, p_ever_low, p_ever_high : ndarray
        P(ever buys, from anyone), with its interval.
    p_30, p_30_low, p_30_high : ndarray
        P(ripe within 30 days), likewise. Never above p_ever.
    p_win, p_win_low, p_win_high : ndarray
        P(buys from us) = p_ever times the closing ratio.
    window : ndarray of int, shape (n, 2)
        First and last day from now of the shortest stretch holding half of the chance that remains.
    concentrated : ndarray of bool
        The window is shorter than a third of what remains of the year, so that naming it says something. (If every day
        were alike it would be half: then say "any time in the coming months".)
    design, terms :
        What was scored, for the reasons.
    """

    log_odds: FloatArray
    log_odds_sd: FloatArray
    p_ever: FloatArray
    p_ever_low: FloatArray
    p_ever_high: FloatArray
    p_30: FloatArray
    p_30_low: FloatArray
    p_30_high: FloatArray
    p_win: FloatArray
    p_win_low: FloatArray
    p_win_high: FloatArray
    window: IntArray
    concentrated: BoolArray
    design: NDArray[np.floating]
    terms: tuple[Term, ...]

    @cached_property
    def contributions(self) -> FloatArray:
        """β(x − x̄) in log-odds, shape (n, k): they add up to log_odds − b_0. Made when first asked for."""
        return contributions(self.design, self.terms)


def score(
    design: ArrayLike,
    terms: Sequence[Term],
    *,
    age_days: ArrayLike,
    curve: str | ArrayLike,
    prior: Prior | None = None,
    curves: Curves | None = None,
    shifts: ArrayLike = 0.0,
    covariance: FloatArray | None = None,
    log_odds_of_win: float | None = None,
    log_odds_of_win_sd: float | None = None,
    level: float = 0.8,
) -> Scores:
    """What is expected of n leads that have not ripened yet.

    Parameters
    ----------
    design : array_like, shape (n, k)
        From `terms.encode`.
    terms : sequence of Term
        k terms, in the order of the columns.
    age_days : array_like, shape (n,)
        Days since the episode began, 0 or more. At the horizon and past it everything is 0: start a new episode then.
    curve : str or array_like, shape (n,)
        Key or positions in `curves`.
    prior, curves : optional
        By default those of `prior.toml`.
    shifts : array_like, shape (curves,), optional
        What following a curve adds to the log-odds: see `model`.
    covariance : ndarray, shape (k + 1, k + 1), optional
        Of b_0 and the terms' means, where outcomes have tied them together; by default they are independent.
    log_odds_of_win, log_odds_of_win_sd : float, optional
        The average lead's log-odds of buying from us, and their doubt, where they were learnt from wins alone; by
        default p_win is p_ever times the closing ratio.
    level : float
        How likely the intervals are to hold the truth.

    Returns
    -------
    Scores

    Raises
    ------
    InputError, NotFiniteError, UnknownKeyError
        Shapes that differ, negative ages, NaN, unknown curves.

    Notes
    -----
    Intervals speak of the *probability*: how far our belief may be off. That of p_ever takes quantiles of η; those of
    p_30 and p_win use the delta method on the logit scale, with the curve's `shape_sd` and the closing ratio's
    uncertainty added.

    Examples
    --------
    An empty installation ranks a quote request above a white paper:

    >>> from ripeline.science.terms import encode
    >>> sources = ["quote_request", "content_download"]
    >>> facts = encode(DEFAULT_TERMS, source_type=sources, signals={}, curves=DEFAULT_CURVES)
    >>> scores = score(facts.design, DEFAULT_TERMS, age_days=[0, 0], curve=facts.curve)
    >>> scores.p_ever.round(2).tolist(), scores.p_30.round(2).tolist()
    ([0.7, 0.32], [0.3, 0.03])
    """
    prior, curves = prior or DEFAULT_PRIOR, curves or DEFAULT_CURVES
    facts = gate.matrix("design", design, columns=len(terms))
    n = len(facts)
    age = gate.vector("age_days", age_days, n=n, low=0.0)
    kind = curves.codes(curve, n=n)
    z = float(ndtri(0.5 + gate.number("level", level, low=0.0, high=1 - 1e-9) / 2))
    log_odds, sd = _predictor(facts, terms, prior, covariance)
    log_odds = log_odds + gate.vector("shifts", shifts, n=len(curves.all))[kind]

    by_now = curves.share(kind, age)
    left = 1.0 - by_now
    with np.errstate(divide="ignore"):
        still = log_odds + np.log(left)
    p_ever, p_ever_low, p_ever_high = expit(still), expit(still - z * sd), expit(still + z * sd)

    in_month = np.divide(curves.share(kind, age + MONTH) - by_now, left, out=np.zeros(n), where=left > 0)
    p_30 = p_ever * in_month
    p_30_sd = np.hypot((1 - p_ever) * sd, (1 - in_month) * curves.shape_sd[kind]) / np.maximum(1 - p_30, 1e-12)
    p_30_low, p_30_high = _around(p_30, z * p_30_sd)

    if log_odds_of_win is None:
        p_win = p_ever * prior.closing
        p_win_sd = np.hypot((1 - p_ever) * sd, prior.closing_sd / prior.closing) / (1 - p_win)
    else:
        p_win = np.minimum(expit(still - prior.log_odds + log_odds_of_win), p_ever)
        of_level = prior.log_odds_sd if log_odds_of_win_sd is None else log_odds_of_win_sd
        p_win_sd = np.sqrt(np.maximum(sd**2 - prior.log_odds_sd**2, 0.0) + of_level**2)
    p_win_low, p_win_high = _around(p_win, z * p_win_sd)

    window = curves.window(kind, age)
    return Scores(
        log_odds=log_odds,
        log_odds_sd=sd,
        p_ever=p_ever,
        p_ever_low=p_ever_low,
        p_ever_high=p_ever_high,
        p_30=p_30,
        p_30_low=np.minimum(p_30_low, p_ever_low),
        p_30_high=np.minimum(p_30_high, p_ever_high),
        p_win=p_win,
        p_win_low=np.minimum(p_win_low, p_ever_low),
        p_win_high=np.minimum(p_win_high, p_ever_high),
        window=window,
        concentrated=(window[:, 1] - window[:, 0]) * 3 < curves.horizon - age,
        design=facts,
        terms=tuple(terms),
    )


def ripe_within(
    log_odds: ArrayLike, *, age_days: ArrayLike, curve: str | ArrayLike, days: float, curves: Curves | None = None
) -> FloatArray:
    """P(ripe within so many days | not ripe by its age) for n leads, from their stored log-odds.

    Parameters
    ----------
    log_odds : array_like, shape (n,)
        η at capture, `Scores.log_odds`.
    age_days, curve, curves
        As in `score`.
    days : float
        From now, 0 or more. The horizon or more gives P(ever).

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    The average lead of the even year, by the quarter, the half-year and ever:

    >>> average = DEFAULT_PRIOR.log_odds
    >>> [ripe_within([average], age_days=0, curve="even", days=days).round(3).item() for days in (91, 182, 365)]
    [0.125, 0.26, 0.45]
    """
    curves = curves or DEFAULT_CURVES
    odds = gate.vector("log_odds", log_odds, low=-500.0, high=500.0)
    age = gate.vector("age_days", age_days, n=len(odds), low=0.0)
    kind = curves.codes(curve, n=len(odds))
    by_now = curves.share(kind, age)
    by_then = curves.share(kind, age + gate.number("days", days, low=0.0))
    odds = np.exp(odds)
    ripe: FloatArray = odds * (by_then - by_now) / (1.0 + odds * (1.0 - by_now))
    return ripe


def _around(p: FloatArray, reach: FloatArray) -> tuple[FloatArray, FloatArray]:
    """An interval around a probability that reaches equally far to both sides in log-odds."""
    centre = logit(p)
    return expit(centre - reach), expit(centre + reach)


def _predictor(
    facts: NDArray[np.floating], terms: Sequence[Term], prior: Prior, covariance: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """η and its standard deviation for each lead."""
    mean = np.array([term.mean for term in terms])
    if covariance is None:
        covariance = np.diag([prior.log_odds_sd**2, *(term.sd**2 for term in terms)])
    of_mean, shared, among = covariance[0, 0], 2.0 * covariance[0, 1:], covariance[1:, 1:]
    independent = np.diag(among).copy() if not np.any(among - np.diag(np.diag(among))) else None
    centre = typical(terms)
    log_odds, spread = np.empty(len(facts)), np.empty(len(facts))
    for rows in gate.blocks(len(facts)):
        off = facts[rows] - centre
        log_odds[rows] = off @ mean
        if independent is not None:
            spread[rows] = off @ shared + np.square(off, out=off) @ independent
        else:
            spread[rows] = off @ shared + np.einsum("ij,ij->i", off @ among, off)
    return prior.log_odds + log_odds, np.sqrt(np.maximum(of_mean + spread, 0.0))


_TERM_COLUMNS: dict[str, type] = {
    **dict.fromkeys(("key", "label", "kind", "group", "curve", "present", "absent"), str),
    **dict.fromkeys(("mean", "sd", "typical"), float),
}


def load(path: Path) -> tuple[Prior, Curves, tuple[Term, ...]]:
    """The average lead, the curves and the terms of a file like `prior.toml`.

    Raises
    ------
    AssumptionError
        A value is missing, has no basis, or makes no sense.
    """
    with Assumptions(path) as file:
        ratio = file.number("closing.ratio", low=0.001, high=0.999)
        worth = file.number("closing.worth", low=0.1, high=1e6)
        prior = Prior(
            log_odds=float(logit(file.number("average_lead.p_ever", low=0.001, high=0.999))),
            log_odds_sd=file.number("average_lead.log_odds_sd", low=0.0, high=10.0),
            closing_won=ratio * worth,
            closing_lost=(1 - ratio) * worth,
        )
        even = _curve_through(file, "even")
        front_loaded = Curve.early(
            "front_loaded",
            share=file.number("curves.front_loaded.early_share", low=0, high=1),
            mean_days=file.number("curves.front_loaded.early_mean_days", low=0.1, high=365),
            rest=even,
            shape_sd=file.number("curves.front_loaded.shape_sd", low=0, high=10),
            basis=file.basis("curves.front_loaded.early_share"),
        )
        curves = Curves([even, front_loaded, _curve_through(file, "old")])
        terms = tuple(Term(**row) for row in file.rows("term", _TERM_COLUMNS))
        gate.codes("term: curve", [term.curve for term in terms if term.curve], keys=curves.keys)
    return prior, curves, terms


def _curve_through(file: Assumptions, key: str) -> Curve:
    return Curve.through(
        key,
        days=file.numbers(f"curves.{key}.days", low=0, high=3650),
        share=file.numbers(f"curves.{key}.ripe", low=0, high=100),
        shape_sd=file.number(f"curves.{key}.shape_sd", low=0, high=10),
        basis=file.basis(f"curves.{key}.ripe"),
    )


DEFAULT_PRIOR, DEFAULT_CURVES, DEFAULT_TERMS = load(Path(__file__).with_name("prior.toml"))
