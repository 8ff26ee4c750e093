"""The product's own fit, judged on rows that it has not seen: by folds, or on what came after a day.

Figures are those of `metrics`: `uno_c` and `ibs` of survival, `eo_30` and `eo_90` expected ÷ actual counts, or `auc`
and `brier` where only a label is known.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from ripeline.science import metrics
from ripeline.science.errors import InputError, NoEventsError, SeparationError
from ripeline.science.features import Encoder
from ripeline.science.gate import BoolArray, FloatArray
from ripeline.science.kaplan_meier import kaplan_meier
from ripeline.science.learning import COEFFICIENT_SD, WINS_ALONE, Belief, Learned, learn
from ripeline.science.mixture_cure import survival
from ripeline.science.outcomes import HORIZON, NEVER, RIPE, Outcomes, known, observe

COUNTED = (30.0, 90.0)
"""Days within which expected and actual ripe ones are compared."""

DAYS = (5.0, 160.0)
"""Of the integrated Brier score."""

Table = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What came out; a figure that does not apply, or could not be had, is None.

    Attributes
    ----------
    n, events : int
        Rows used, and of them ripe.
    fit_seconds : float
        Of one fit on all rows, or on those before the split.
    shape : str
        The shape of time that was chosen.
    """

    n: int
    events: int
    fit_seconds: float
    shape: str
    uno_c: float | None = None
    ibs: float | None = None
    eo_30: float | None = None
    eo_90: float | None = None
    auc: float | None = None
    brier: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Dated:
    """A table whose rows have days; every array has shape (n,), days on one scale, NaN for never."""

    table: Table
    start: FloatArray
    ripe_at: FloatArray
    never_at: FloatArray
    censor: float

    def __len__(self) -> int:
        return len(self.start)

    def horizon(self, rows: BoolArray, *, as_of: float) -> float:
        """A year, or as long as it took for 99 of 100 of these rows to ripen that had by a day."""
        took = (self.ripe_at - self.start)[rows & (self.ripe_at <= as_of) & (self.ripe_at >= self.start)]
        longest = float(np.quantile(took, 0.99)) if len(took) else 0.0
        return float(max(HORIZON, np.ceil(longest)))


def learn_from(data: Dated, rows: BoolArray, *, as_of: float) -> tuple[Encoder, Learned]:
    """Fit what was known of these rows on a day.

    Raises
    ------
    NoEventsError
        No row had begun by then.

    Examples
    --------
    >>> data = _example()
    >>> encoder, learned = learn_from(data, data.start < 90.0, as_of=90.0)
    >>> [feature.key for feature in encoder.features]
    ['asked=no', 'asked=yes']
    >>> bool(learned.fit.coefficients[1] > learned.fit.coefficients[0])
    True
    """
    table = {name: values[rows] for name, values in data.table.items()}
    seen = observe(
        data.start[rows],
        ripe_at=data.ripe_at[rows],
        never_at=data.never_at[rows],
        as_of=as_of,
        horizon=data.horizon(rows, as_of=as_of),
    )
    if not len(seen.outcomes):
        raise NoEventsError("start", "no row had begun by the day looked at")
    encoder = Encoder.of({name: values[seen.kept] for name, values in table.items()})
    design = encoder.design({name: values[seen.kept] for name, values in table.items()}, n=len(seen.outcomes))
    belief = Belief.even(
        level=WINS_ALONE, sd=COEFFICIENT_SD / encoder.scale, centre=encoder.centre, horizon=seen.outcomes.horizon
    )
    return encoder, learn(design, seen.outcomes, belief=belief, pace=True)


def by_folds(data: Dated, *, folds: int = 5, seed: int = 1, ibs_days: tuple[float, float] = DAYS) -> Evaluation:
    """Each fold predicted from the others.

    Raises
    ------
    InputError, NoEventsError
        Fewer rows than folds; none that had begun.

    Examples
    --------
    >>> found = by_folds(_example())
    >>> found.n, bool(found.uno_c > 0.6), 0.8 < found.eo_90 < 1.25
    (600, True, True)
    """
    rows = np.ones(len(data), dtype=np.bool_)
    started = time.process_time()
    _, whole = learn_from(data, rows, as_of=data.censor)
    seconds = time.process_time() - started
    judged = [
        _judge(data, *learn_from(data, train, as_of=data.censor), ~train, ibs_days)
        for train in _folds(len(data), folds, seed)
    ]
    return _sum_up(data, judged, seconds, whole.shape)


def after(data: Dated, day: float, *, ibs_days: tuple[float, float] = DAYS) -> Evaluation:
    """Rows begun on a day or later, predicted from what was known on that day of those before.

    Raises
    ------
    NoEventsError
        No row had begun by then, or none began later.

    Examples
    --------
    >>> found = after(_example(), 120.0)
    >>> bool(found.uno_c > 0.6), found.auc is None
    (True, True)
    """
    train = data.start < day
    started = time.process_time()
    encoder, learned = learn_from(data, train, as_of=day)
    seconds = time.process_time() - started
    return _sum_up(data, [_judge(data, encoder, learned, ~train, ibs_days)], seconds, learned.shape)


@dataclass(frozen=True, kw_only=True)
class _Judged:
    n: int
    uno_c: float | None
    ibs: float | None
    expected: tuple[float, ...]
    actual: tuple[float, ...]


def _judge(
    data: Dated, encoder: Encoder, learned: Learned, rows: BoolArray, ibs_days: tuple[float, float]
) -> _Judged | None:
    seen = observe(
        data.start[rows],
        ripe_at=data.ripe_at[rows],
        never_at=data.never_at[rows],
        as_of=data.censor,
        horizon=learned.belief.cuts[-1],
    )
    outcomes = seen.outcomes
    if not len(outcomes):
        return None
    n = len(outcomes)
    design = encoder.design({name: values[rows][seen.kept] for name, values in data.table.items()}, n=n)
    log_odds = learned.log_odds(design)
    # Who is known never to ripen was watched to the end without ripening.
    ripe = outcomes.code == RIPE
    watched = np.minimum(outcomes.as_of - outcomes.start, outcomes.horizon)
    ages = np.where(outcomes.code == NEVER, np.maximum(watched, outcomes.time), outcomes.time)
    grid = np.arange(ibs_days[0], ibs_days[1] + 1)
    left = np.stack([survival(log_odds, learned.hazard(design, np.full(n, age))) for age in grid], axis=1)
    actual = kaplan_meier(ages, ripe)
    counts = [1.0 - survival(log_odds, learned.hazard(design, np.full(n, age))) for age in COUNTED]
    return _Judged(
        n=n,
        uno_c=_or_none(lambda: metrics.uno_c(ages, ripe, 1.0 - left[:, -1])),
        ibs=metrics.integrated_brier(ages, ripe, left, ages=grid) if ages.max() > grid[-1] else None,
        expected=tuple(float(count.sum()) for count in counts),
        actual=tuple(n * (1.0 - float(actual.at(age))) for age in COUNTED),
    )


def _sum_up(data: Dated, judged: list[_Judged | None], seconds: float, shape: str) -> Evaluation:
    done = [one for one in judged if one]
    if not done:
        raise NoEventsError("start", "no row is left to judge by")
    ratios = []
    for place in range(len(COUNTED)):
        expected, actual = sum(one.expected[place] for one in done), sum(one.actual[place] for one in done)
        ratios.append(expected / actual if actual else None)
    everybody = data.horizon(np.ones(len(data), dtype=np.bool_), as_of=data.censor)
    seen = observe(
        data.start, ripe_at=data.ripe_at, never_at=data.never_at, as_of=data.censor, horizon=everybody
    ).outcomes
    return Evaluation(
        n=len(seen), events=seen.events, fit_seconds=seconds, shape=shape,
        uno_c=_mean([one.uno_c for one in done]), ibs=_mean([one.ibs for one in done]),
        eo_30=ratios[0], eo_90=ratios[1],
    )  # fmt: skip


def by_label(table: Table, label: ArrayLike, *, folds: int = 5, seed: int = 1) -> Evaluation:
    """Each fold predicted from the others, where it is only known who bought, not when.

    Raises
    ------
    NoEventsError, SeparationError
        Nobody bought, or everybody.

    Examples
    --------
    >>> data = _example()
    >>> found = by_label(data.table, np.isfinite(data.ripe_at))
    >>> found.auc > 0.6, found.brier < 0.25, found.uno_c is None
    (True, True, True)
    """
    outcomes = known(label)
    n = len(outcomes)
    if not outcomes.events:
        raise NoEventsError("label", "nobody bought, so there is nothing to learn from")
    if outcomes.events == n:
        raise SeparationError("label", "everybody bought, so there is nothing to tell apart")
    started = time.process_time()
    _label_fit(table, outcomes, np.ones(n, dtype=np.bool_))
    seconds = time.process_time() - started
    truth = (outcomes.code == RIPE).astype(np.float64)
    found: list[tuple[float | None, float]] = []
    for train in _folds(n, folds, seed):
        encoder, learned = _label_fit(table, outcomes, train)
        test = ~train
        chance = expit(learned.log_odds(encoder.design(_rows(table, test), n=int(test.sum()))))
        found.append((_or_none(lambda: metrics.auc(truth[test], chance)), metrics.brier(truth[test], chance)))  # noqa: B023
    return Evaluation(
        n=n, events=outcomes.events, fit_seconds=seconds, shape="none",
        auc=_mean([one for one, _ in found]), brier=_mean([one for _, one in found]),
    )  # fmt: skip


def _label_fit(table: Table, outcomes: Outcomes, train: BoolArray) -> tuple[Encoder, Learned]:
    encoder = Encoder.of(_rows(table, train))
    n = int(train.sum())
    belief = Belief.even(level=WINS_ALONE, sd=COEFFICIENT_SD / encoder.scale, centre=encoder.centre)
    return encoder, learn(encoder.design(_rows(table, train), n=n), outcomes.take(train), belief=belief)


def _rows(table: Table, rows: BoolArray) -> dict[str, NDArray[np.generic]]:
    return {name: values[rows] for name, values in table.items()}


def _folds(n: int, folds: int, seed: int) -> Iterator[BoolArray]:
    """For each fold the rows to learn from."""
    if not 2 <= folds <= n:
        raise InputError("folds", f"must be between 2 and the number of rows, {n}")
    fold = np.random.default_rng(seed).permutation(n) % folds
    for one in range(folds):
        yield fold != one


def _mean(values: list[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else None


def _or_none(figure: Callable[[], float]) -> float | None:
    try:
        return figure()
    except (NoEventsError, SeparationError):
        return None


def _example() -> Dated:
    """A small record for the examples: who asked for a price ripens more often."""
    rng = np.random.default_rng(1)
    start = 180.0 * rng.random(600)
    asked = rng.random(600) < 0.4
    will = rng.random(600) < np.where(asked, 0.5, 0.1)
    ripe = np.where(will, start + rng.exponential(40.0, 600), np.nan)
    never = np.full(600, np.nan)
    return Dated(table={"asked": np.where(asked, "yes", "no")}, start=start, ripe_at=ripe, never_at=never, censor=400.0)
