"""Learning from outcomes: what was believed before, and what is believed after, with the shape of time chosen by test.

The belief before is the Rule of 45: a level, what each fact does to it, and when buyers ripen, each with its doubt. A
fit (`mixture_cure`) turns outcomes into a belief after. Which shape of time serves best, pieces or Weibull, alike for
all leads or depending on their facts, is decided by the prequential log score: at each of a few past days, how probable
did the shape, fitted on what was known then, make what happened until the next?

References
----------
Dawid, A. P. (1984). Present position and potential developments: some personal views: statistical theory: the
prequential approach. JRSS A 147, 278-292.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from ripeline.science import gate
from ripeline.science.errors import InputError, NotConvergedError
from ripeline.science.gate import FloatArray, IntArray
from ripeline.science.latency import Latency, Pieces, Weibull
from ripeline.science.mixture_cure import Fit, Gaussian, Rows, Shape, fit, independent, likelihood
from ripeline.science.outcomes import HORIZON, RIPE, Outcomes

WINS_ALONE = 0.15
"""P(ever) where only wins are recorded: 45 % of leads buy, of which a third from us."""

COEFFICIENT_SD = 0.2
"""Of a feature's effect in log-odds, a standard deviation of the feature: few facts move a lead by more."""

TIED_SD = 0.5
"""How far the shapes of different kinds of source differ in what is wrong with the belief about them."""

ENOUGH_FOR_PACE = 1000
"""Wins before facts may act on when, not only on who."""

ENOUGH_TO_CHOOSE = 30
"""Wins before the shape of time is chosen by test; pieces until then."""

_DAYS_TESTED = (0.4, 0.55, 0.7, 0.85)  # when these shares of the wins had been seen
_MOST_TESTED = 50_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Belief:
    """What is believed before any outcome.

    Attributes
    ----------
    log_odds, log_odds_sd : float
        The average lead's, of ever ripening.
    mean, sd, centre : ndarray, shape (p,)
        What each column of the design does to the log-odds, how sure that is, and the average row.
    shares : tuple of ndarray, each shape (cuts,)
        For each stratum the share of its buyers that is ripe at each of `cuts`: rising from 0 to 1.
    cuts : tuple of float
        Ends of the pieces in days; the last is the horizon.
    """

    log_odds: float
    log_odds_sd: float
    mean: FloatArray
    sd: FloatArray
    centre: FloatArray
    shares: tuple[FloatArray, ...]
    cuts: tuple[float, ...]

    @classmethod
    def even(
        cls, *, level: float, sd: FloatArray, centre: FloatArray, horizon: float = HORIZON, level_sd: float = 1.0
    ) -> "Belief":
        """An even pace over the horizon, and no opinion on which way any fact points."""
        cuts = cuts_over(horizon)
        return cls(
            log_odds=float(logit(gate.number("level", level, low=1e-6, high=1 - 1e-6))),
            log_odds_sd=level_sd,
            mean=np.zeros(len(sd)),
            sd=sd,
            centre=centre,
            shares=(np.array(cuts) / horizon,),
            cuts=cuts,
        )


def cuts_over(horizon: float) -> tuple[float, ...]:
    """The ends of the pieces for any horizon: those of a year, stretched beyond it, cut off below it.

    Examples
    --------
    >>> cuts_over(40.0)
    (0.0, 3, 7, 14, 21, 30, 40.0)
    >>> cuts_over(730.0)[:3]
    (0.0, 6.0, 14.0)
    """
    year = Pieces().cuts
    if horizon > year[-1]:
        return tuple(cut * horizon / year[-1] for cut in year)
    return (*(cut for cut in year if cut < horizon * 0.98), horizon)


@dataclass(frozen=True, eq=False, kw_only=True)
class Learned:
    """What is believed after the outcomes.

    Attributes
    ----------
    fit : Fit
    belief : Belief
        What was believed before.
    log_scores : mapping of str to float
        Of each shape of time that was tried, per event; empty where there was too little to choose by.
    doubt : float
        How far the best two shapes are apart on the average lead's log-odds of ripening within the horizon. The choice
        is by the near future, and says little about the months that nobody has lived through yet.
    """

    fit: Fit
    belief: Belief
    log_scores: Mapping[str, float]
    doubt: float = 0.0

    @property
    def shape(self) -> str:
        """The shape of time that was chosen."""
        return _name(self.fit.shape)

    @property
    def mostly_prior(self) -> float:
        """Posterior ÷ prior sd of the average lead's log-odds: near 1 the outcomes have said little as yet."""
        return self.log_odds_sd / self.belief.log_odds_sd

    @property
    def log_odds_sd(self) -> float:
        """Of the average lead's log-odds, with the doubt about the shape of time."""
        return float(np.hypot(self.fit.sd[0], self.doubt))

    def log_odds(self, design: FloatArray) -> FloatArray:
        """η of rows, shape (n,)."""
        return self.fit.log_odds(design, self.belief.centre)

    def hazard(self, design: FloatArray, age: FloatArray, stratum: IntArray | None = None) -> FloatArray:
        """H of rows at their ages, shape (n,)."""
        at = np.zeros(len(age), dtype=np.int64) if stratum is None else stratum
        return self.fit.hazard(design, self.belief.centre, age, at)


def learn(
    design: NDArray[np.floating],
    outcomes: Outcomes,
    *,
    belief: Belief,
    stratum: IntArray | None = None,
    weight: FloatArray | None = None,
    pace: bool = False,
) -> Learned:
    """Learn from outcomes.

    Parameters
    ----------
    design : ndarray, shape (n, p)
    outcomes : Outcomes
        Of n episodes. None need have ripened: then the belief falls as far as the time without ripening justifies.
    belief : Belief
    stratum : ndarray of int, shape (n,), optional
        Which of the belief's shapes each follows.
    weight : ndarray, shape (n,), optional
        How much each counts; see `drift.recency`.
    pace : bool
        Whether facts may act on when, too, given enough outcomes.

    Returns
    -------
    Learned

    Raises
    ------
    InputError, NotFiniteError, UnknownKeyError
        Shapes that differ, no rows, a weight below 0, NaN, a stratum that the belief does not have.
    NotConvergedError
        No shape of time could be fitted.

    Examples
    --------
    A thousand leads of whom nearly all buyers came within weeks; the belief was an even year:

    >>> from ripeline.science import truth
    >>> true = truth.simulate(1000, rng=np.random.default_rng(1), log_odds=-1.5, effects=[0.8],
    ...                       pace=truth.weibull(1.5, 20.0))
    >>> seen = true.seen(as_of=270.0)
    >>> belief = Belief.even(level=0.15, sd=np.array([0.2]), centre=np.zeros(1))
    >>> learned = learn(true.design[seen.kept], seen.outcomes, belief=belief)
    >>> bool(learned.fit.coefficients[0] > 0.4), learned.mostly_prior < 0.3, sorted(learned.log_scores)
    (True, True, ['pieces', 'weibull'])
    """
    design, stratum, weight = _checked(design, outcomes, belief, stratum, weight)
    shapes = _shapes(belief, outcomes, pace=pace)
    scores: dict[str, float] = {}
    if outcomes.events >= ENOUGH_TO_CHOOSE and np.ptp(outcomes.start) > 0:
        scores = log_scores(design, outcomes, shapes, belief=belief, stratum=stratum, weight=weight)
    best = max(scores, key=lambda name: scores[name]) if scores else _name(shapes[0])
    ordered = sorted(shapes, key=lambda shape: _name(shape) != best)
    fits: list[Fit] = []
    for shape in ordered:
        with suppress(NotConvergedError):
            fits.append(fit_as(design, outcomes, shape, belief=belief, stratum=stratum, weight=weight))
        if len(fits) == (2 if scores else 1):
            break
    if not fits:
        raise NotConvergedError("none of the shapes of time could be fitted")
    most = 0 if stratum is None else int(np.bincount(stratum).argmax())
    ever = [_ever(found, most, outcomes.horizon) for found in fits]
    return Learned(fit=fits[0], belief=belief, log_scores=scores, doubt=abs(ever[0] - ever[-1]))


def _ever(found: Fit, stratum: int, horizon: float) -> float:
    """The average lead's log-odds of ripening within the horizon."""
    hazard = found.shape.latency.cumulative(found.shape.theta(found.parameters)[stratum], np.array([horizon]))
    share = expit(found.intercept) * -np.expm1(-hazard[0])
    return float(logit(np.clip(share, 1e-9, 1 - 1e-9)))


def _checked(
    design: NDArray[np.floating],
    outcomes: Outcomes,
    belief: Belief,
    stratum: IntArray | None,
    weight: FloatArray | None,
) -> tuple[NDArray[np.floating], IntArray | None, FloatArray | None]:
    n = len(outcomes)
    if not n:
        raise InputError("outcomes", "there are no leads to learn from")
    design = gate.matrix("design", design, columns=len(belief.mean))
    if len(design) != n:
        raise InputError("design", f"expected {n} rows, got {len(design)}")
    if stratum is not None:
        stratum = gate.codes("stratum", stratum, keys=[str(at) for at in range(len(belief.shares))], n=n)
    return design, stratum, None if weight is None else gate.vector("weight", weight, n=n, low=0.0)


def fit_as(
    design: NDArray[np.floating],
    outcomes: Outcomes,
    shape: Shape,
    *,
    belief: Belief,
    stratum: IntArray | None = None,
    weight: FloatArray | None = None,
) -> Fit:
    """Fit one shape of time under a belief.

    Examples
    --------
    Of ten leads none ripened in half a year, so less is believed than before:

    >>> from ripeline.science.outcomes import observe
    >>> seen = observe([0.0] * 10, ripe_at=float("nan"), as_of=180.0).outcomes
    >>> belief = Belief.even(level=0.15, sd=np.empty(0), centre=np.empty(0))
    >>> found = fit_as(np.empty((10, 0)), seen, Shape(p=0, latency=Weibull()), belief=belief)
    >>> found.intercept < belief.log_odds
    True
    """
    return fit(
        design,
        outcomes,
        shape,
        prior=prior_of(belief, shape),
        centre=belief.centre,
        stratum=stratum,
        weight=weight,
    )


def prior_of(belief: Belief, shape: Shape) -> Gaussian:
    """The belief as a Gaussian over the parameters of a shape of time.

    Examples
    --------
    >>> belief = Belief.even(level=0.15, sd=np.array([0.2]), centre=np.zeros(1))
    >>> gaussian = prior_of(belief, Shape(p=1, latency=Weibull()))
    >>> gaussian.mean[:2].round(2).tolist(), np.diag(gaussian.precision)[:2].round(1).tolist()
    ([-1.73, 0.0], [1.0, 25.0])
    """
    late = list(shape.late)
    if isinstance(shape.latency, Pieces):
        theta = [shape.latency.through(s) for s in belief.shares]
    else:
        middle = [np.interp((0.25, 0.75), s, belief.cuts) for s in belief.shares]
        theta = [Weibull().through_points(at, np.array([0.25, 0.75])) for at in middle]
    pace = shape.latency.precision()
    precision = independent(
        np.array([[1.0 / belief.log_odds_sd**2]]),
        np.diag(1.0 / belief.sd**2),
        *[pace] * shape.strata,
        np.diag(1.0 / belief.sd[late] ** 2),
    )
    for stratum in range(1, shape.strata):
        _tie(precision, shape.theta_at(0), shape.theta_at(stratum))
    mean = np.concatenate([[belief.log_odds], belief.mean, *theta, np.zeros(len(late))])
    return Gaussian(mean=mean, precision=precision)


def _tie(precision: FloatArray, one: slice, other: slice) -> None:
    """Believe that two shapes are off by much the same, so that few leads do not bend the shape of their own kind."""
    between = np.eye(one.stop - one.start) / TIED_SD**2
    precision[one, one] += between
    precision[other, other] += between
    precision[one, other] -= between
    precision[other, one] -= between


def log_scores(
    design: NDArray[np.floating],
    outcomes: Outcomes,
    shapes: tuple[Shape, ...],
    *,
    belief: Belief,
    stratum: IntArray | None = None,
    weight: FloatArray | None = None,
) -> dict[str, float]:
    """The prequential log score of each shape of time, per event; higher is better. One that fails is left out.

    Examples
    --------
    Nobody decides before the third week, and then they do: a step, which no power of time can follow.

    >>> from ripeline.science import truth
    >>> true = truth.simulate(2000, rng=np.random.default_rng(1), log_odds=0.0,
    ...                       pace=truth.stepped([0, 21, 45], [1e-4, 0.1, 1e-3]))
    >>> seen = true.seen(as_of=270.0).outcomes
    >>> belief = Belief.even(level=0.45, sd=np.empty(0), centre=np.empty(0))
    >>> shapes = (Shape(p=0, latency=Pieces()), Shape(p=0, latency=Weibull()))
    >>> found = log_scores(np.empty((len(seen), 0)), seen, shapes, belief=belief)
    >>> found["pieces"] > found["weibull"]
    True
    """
    rows = np.argsort(outcomes.start, kind="stable")
    if len(rows) > _MOST_TESTED:
        rows = rows[np.linspace(0, len(rows) - 1, _MOST_TESTED).astype(np.intp)]
    design, outcomes = design[rows], outcomes.take(rows)
    stratum = None if stratum is None else stratum[rows]
    weight = None if weight is None else weight[rows]
    happened = np.sort((outcomes.start + outcomes.time)[outcomes.code == RIPE])
    days = [float(np.quantile(happened, share)) for share in _DAYS_TESTED]
    scores = {}
    for shape in shapes:
        try:
            found = [
                _score_between(design, outcomes, shape, day, until, belief, stratum, weight)
                for day, until in zip(days, [*days[1:], outcomes.as_of], strict=True)
            ]
        except NotConvergedError:
            continue
        scores[_name(shape)] = sum(found) / max(len(happened), 1)
    return scores


def _score_between(
    design: NDArray[np.floating],
    outcomes: Outcomes,
    shape: Shape,
    day: float,
    until: float,
    belief: Belief,
    stratum: IntArray | None,
    weight: FloatArray | None,
) -> float:
    """The log probability of what happened between two days, under what was learnt by the first."""
    begun = outcomes.start < day
    then = outcomes.take(begun).until(day)
    found = fit_as(
        design[begun],
        then,
        shape,
        belief=belief,
        stratum=None if stratum is None else stratum[begun],
        weight=None if weight is None else weight[begun],
    )
    later = outcomes.until(until)
    seen = (later.start < until) & (later.time > np.maximum(later.entry, day - later.start))
    rows = Rows.of(
        design[seen],
        later.take(seen).since(day),
        shape,
        centre=belief.centre,
        stratum=None if stratum is None else stratum[seen],
    )
    return likelihood(found.parameters, rows, shape).value


def _shapes(belief: Belief, outcomes: Outcomes, *, pace: bool) -> tuple[Shape, ...]:
    families: tuple[Latency, ...] = (Pieces(belief.cuts), Weibull())
    p, strata = len(belief.mean), len(belief.shares)
    shapes = [Shape(p=p, latency=family, strata=strata) for family in families]
    if pace and outcomes.events >= ENOUGH_FOR_PACE:
        shapes += [Shape(p=p, latency=family, strata=strata, late=tuple(range(p))) for family in families]
    return tuple(shapes)


def _name(shape: Shape) -> str:
    return f"{shape.latency.name}{' with pace' if shape.late else ''}"
