r"""The mixture-cure fit: who ripens (incidence) and when (latency), at the mode of the posterior, by Newton's method.

With π = σ(η), η = b_0 + (x − x̄)·b, and the cumulative hazard H = exp(z·g) H_θ(t) of those who will ripen, an episode
adds

    ripe at t       log π + log h(t) − H(t)
    open at t       log(1 − π + π e^{−H(t)})  =  softplus(η − H) − softplus(η)
    known never     log(1 − π)

and one observed only from age u on takes away the second line at u (left truncation). With w = σ(η − H) for open, 1 for
ripe, 0 for never, and v = w(1 − w) for open: ∂/∂η = w − π, ∂/∂H = −w, ∂²/∂η² = v − π(1 − π), ∂²/∂η∂H = −v, ∂²/∂H² = v.
The prior is Gaussian in all parameters. The posterior is not concave everywhere: where its curvature points the wrong
way Newton's step takes the absolute curvature, and a step that does not gain is halved.

References
----------
Farewell, V. T. (1982). The use of mixture models for the analysis of survival data with long-term survivors.
Biometrics 38, 1041-1046.
Sy, J. P. and Taylor, J. M. G. (2000). Estimation in a Cox proportional hazards cure model. Biometrics 56, 227-236.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ripeline.science.errors import InputError, NotConvergedError
from ripeline.science.gate import FloatArray, IntArray
from ripeline.science.latency import Latency, Sums
from ripeline.science.outcomes import NEVER, OPEN, RIPE, Outcomes

SEGMENT = 1 << 13
"""Rows handled at a time: they and what is made of them stay in the processor's cache."""

SAMPLE = 20_000
"""Rows on which Newton's method warms up."""

_MOST = 30.0  # |η| and H beyond this change nothing
_TOGETHER = 8  # factors multiplied before their logarithm is taken


@dataclass(frozen=True, eq=False, kw_only=True)
class Gaussian:
    """A Gaussian belief about parameters.

    Attributes
    ----------
    mean : ndarray, shape (q,)
    precision : ndarray, shape (q, q)
        The inverse of the covariance; 0 for what nothing is believed of.
    """

    mean: FloatArray
    precision: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Shape:
    """Which parameters a fit has, in this order: b_0, b (p), then θ of each stratum, then g (pz).

    Attributes
    ----------
    p : int
        Columns of the design that act on who ripens.
    latency : Latency
    strata : int
        Each has its own θ.
    late : tuple of int
        Columns of the design that act on when, too; the same for all strata.
    """

    p: int
    latency: Latency
    strata: int = 1
    late: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        return 1 + self.p + self.strata * self.latency.size + len(self.late)

    def theta(self, parameters: FloatArray) -> FloatArray:
        """θ of each stratum, shape (strata, latency.size)."""
        start = 1 + self.p
        return parameters[start : start + self.strata * self.latency.size].reshape(self.strata, -1)

    def theta_at(self, stratum: int) -> slice:
        """Where θ of a stratum stands."""
        start = 1 + self.p + stratum * self.latency.size
        return slice(start, start + self.latency.size)

    @property
    def late_at(self) -> slice:
        """Where g stands."""
        return slice(self.size - len(self.late), self.size)


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """The mode of the posterior.

    Attributes
    ----------
    shape : Shape
    parameters : ndarray, shape (q,)
    covariance : ndarray, shape (q, q)
        Inverse of the negative Hessian at the mode.
    log_likelihood, log_posterior : float
        Up to the prior's constant.
    passes : int
        Over all rows.
    """

    shape: Shape
    parameters: FloatArray
    covariance: FloatArray
    log_likelihood: float
    log_posterior: float
    passes: int

    @property
    def intercept(self) -> float:
        """b_0."""
        return float(self.parameters[0])

    @property
    def coefficients(self) -> FloatArray:
        """b, shape (p,)."""
        return self.parameters[1 : 1 + self.shape.p]

    @property
    def sd(self) -> FloatArray:
        """Standard deviation of each parameter."""
        return np.sqrt(np.diag(self.covariance))

    def log_odds(self, design: FloatArray, centre: FloatArray) -> FloatArray:
        """η of rows, shape (n,)."""
        result: FloatArray = design @ self.coefficients + (self.intercept - float(centre @ self.coefficients))
        return result

    def hazard(self, design: FloatArray, centre: FloatArray, time: FloatArray, stratum: IntArray) -> FloatArray:
        """H of rows at their ages, shape (n,)."""
        theta = self.shape.theta(self.parameters)
        result = np.zeros(len(time))
        for at in range(self.shape.strata):
            rows = stratum == at
            result[rows] = self.shape.latency.cumulative(theta[at], time[rows])
        if self.shape.late:
            columns = list(self.shape.late)
            result *= np.exp((design[:, columns] - centre[columns]) @ self.parameters[self.shape.late_at])
        return result


@dataclass(frozen=True, eq=False, kw_only=True)
class _Segment:
    """Rows that share status, stratum and piece."""

    rows: slice
    status: int
    stratum: int
    piece: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows:
    """Episodes sorted for summing: by status, stratum and piece; those with a late entry once more, counted off."""

    x: FloatArray
    weight: FloatArray | None
    by: FloatArray
    segments: tuple[_Segment, ...]

    @classmethod
    def of(
        cls,
        design: NDArray[np.floating],
        outcomes: Outcomes,
        shape: Shape,
        *,
        centre: FloatArray,
        stratum: IntArray | None = None,
        weight: FloatArray | None = None,
        sample: int | None = None,
    ) -> "Rows":
        """The rows of a design; `sample` takes that many of them, evenly."""
        status = outcomes.code
        time, group = outcomes.time, np.zeros(len(outcomes), dtype=np.int64) if stratum is None else stratum
        origin = np.arange(len(outcomes))
        late = outcomes.entry > 0
        if late.any():
            status = np.append(status, np.full(int(late.sum()), OPEN, dtype=np.int8))
            time, group = np.append(time, outcomes.entry[late]), np.append(group, group[late])
            origin = np.append(origin, origin[late])
            ones = np.ones(len(outcomes)) if weight is None else weight
            weight = np.append(ones, -ones[late])
        piece, by = shape.latency.place(time)
        key = (status.astype(np.int64) * shape.strata + group) * shape.latency.pieces + piece
        order = np.argsort(key.astype(np.int16), kind="stable")
        if sample is not None and sample < len(order):
            order = order[np.linspace(0, len(order) - 1, sample).astype(np.int64)]
        x = np.empty((len(order), shape.p + 1))
        x[:, 0] = 1.0
        np.subtract(design[origin[order]], centre, out=x[:, 1:])
        return cls(
            x=x,
            weight=None if weight is None else weight[order],
            by=by[order],
            segments=tuple(_segments(key[order], shape)),
        )

    def __len__(self) -> int:
        return len(self.by)


def _segments(key: IntArray, shape: Shape) -> Iterator[_Segment]:
    edges = np.flatnonzero(np.diff(key)) + 1
    for first, last in zip(np.append(0, edges), np.append(edges, len(key)), strict=True):
        if first == last:
            continue
        rest, piece = divmod(int(key[first]), shape.latency.pieces)
        status, stratum = divmod(rest, shape.strata)
        for start in range(int(first), int(last), SEGMENT):
            rows = slice(start, min(start + SEGMENT, int(last)))
            yield _Segment(rows=rows, status=status, stratum=stratum, piece=piece)


@dataclass(frozen=True, eq=False, kw_only=True)
class Surface:
    """Value, gradient and Hessian of the log likelihood at a point."""

    value: float
    gradient: FloatArray
    hessian: FloatArray


def likelihood(parameters: FloatArray, rows: Rows, shape: Shape) -> Surface:
    """Value, gradient (q,) and exact Hessian (q, q) of the log likelihood, in one pass over the rows.

    Examples
    --------
    One known never to ripen, at even odds:

    >>> from ripeline.science.latency import Weibull
    >>> from ripeline.science.outcomes import known
    >>> shape = Shape(p=0, latency=Weibull())
    >>> rows = Rows.of(np.empty((1, 0)), known([0]), shape, centre=np.empty(0))
    >>> at = likelihood(np.zeros(shape.size), rows, shape)
    >>> round(at.value, 4), at.gradient.tolist(), float(at.hessian[0, 0])
    (-0.6931, [-0.5, 0.0, 0.0], -0.25)
    """
    late = [1 + column for column in shape.late]
    theta = shape.theta(parameters)
    b, g = parameters[: 1 + shape.p], parameters[shape.late_at]
    sums = [Sums.nothing(shape.latency.pieces, 1 + shape.p + len(late)) for _ in range(shape.strata)]
    gradient, hessian, value = np.zeros(shape.size), np.zeros((shape.size, shape.size)), 0.0
    who, when = slice(0, 1 + shape.p), shape.late_at
    for part in rows.segments:
        x, by = rows.x[part.rows], rows.by[part.rows]
        weight = np.ones(len(by)) if rows.weight is None else rows.weight[part.rows]
        eta = np.clip(x @ b, -_MOST, _MOST)
        odds = np.exp(eta)
        share = odds / (1.0 + odds)
        curve = share / (1.0 + odds)  # π(1 − π)
        if part.status == NEVER:
            value += _log_product(1.0 / (1.0 + odds), rows.weight, weight)
            gradient[who] -= (weight * share) @ x
            hessian[who, who] -= (x * (weight * curve)[:, None]).T @ x
            continue
        z = x[:, late]
        faster = np.exp(np.clip(z @ g, -_MOST, _MOST)) if late else 1.0
        h, spread = shape.latency.hazard(theta[part.stratum], part.piece, by)
        h, spread = h * faster, spread * faster
        into = sums[part.stratum]
        if part.status == RIPE:
            w, v = weight, None
            value += _log_product(share, rows.weight, weight) - float(weight @ h)
            value += shape.latency.log_hazard(theta[part.stratum], part.piece, by, weight)
            into.events[part.piece] += weight.sum()
            into.events_by[part.piece] += weight @ by
            if late:
                value += float(weight @ (z @ g))
                gradient[when] += weight @ z
        else:
            left = odds * np.exp(-np.minimum(h, 700.0))
            value += _log_product((1.0 + left) / (1.0 + odds), rows.weight, weight)
            w = left / (1.0 + left)
            v = weight * w / (1.0 + left)
            w = weight * w
        gradient[who] += (w - weight * share) @ x
        bend = -weight * curve if v is None else v - weight * curve
        hessian[who, who] += (x * bend[:, None]).T @ x
        _add(into, part.piece, by, x, z if late else None, w, v, h, spread)
        if late:
            gradient[when] -= (w * h) @ z
            hessian[when, when] += (z * (((0.0 if v is None else v * h) - w) * h)[:, None]).T @ z
            if v is not None:
                hessian[who, when] -= (x * (v * h)[:, None]).T @ z
    for stratum, into in enumerate(sums):
        at = shape.theta_at(stratum)
        slope = shape.latency.slope(theta[stratum], into)
        gradient[at], hessian[at, at] = slope.gradient, slope.hessian
        hessian[at, who] = slope.cross[:, : 1 + shape.p]
        hessian[at, when] = slope.cross[:, 1 + shape.p :]
    upper = [(who, when), *((shape.theta_at(s), part) for s in range(shape.strata) for part in (who, when))]
    for first, second in upper:
        hessian[second, first] = hessian[first, second].T
    return Surface(value=value, gradient=gradient, hessian=hessian)


def _add(
    into: Sums,
    piece: int,
    by: FloatArray,
    x: FloatArray,
    z: FloatArray | None,
    w: FloatArray,
    v: FloatArray | None,
    h: FloatArray,
    spread: FloatArray | float,
) -> None:
    """Add a segment to what its stratum sums up."""
    pull = w * spread
    basis = np.stack([np.ones(len(by)), by])
    into.first[piece] -= pull.sum(), pull @ by, (pull * by) @ by
    if v is not None:
        bend = v * spread
        twice = bend * spread
        into.second[piece] += twice.sum(), twice @ by, (twice * by) @ by
        into.cross[piece, :, : x.shape[1]] -= (basis * bend) @ x
    if z is not None:
        both = -pull if v is None else (v * h - w) * spread
        into.cross[piece, :, x.shape[1] :] += (basis * both) @ z


def _log_product(factors: FloatArray, weighted: FloatArray | None, weight: FloatArray) -> float:
    """Σ weight · log factor; without weights a few factors share one logarithm."""
    if weighted is not None:
        return float(weight @ np.log(factors))
    whole = len(factors) // _TOGETHER * _TOGETHER
    together = np.multiply.reduce(factors[:whole].reshape(_TOGETHER, -1), axis=0)
    return float(np.log(together).sum() + np.log(factors[whole:]).sum())


def fit(
    design: NDArray[np.floating],
    outcomes: Outcomes,
    shape: Shape,
    *,
    prior: Gaussian,
    centre: FloatArray,
    stratum: IntArray | None = None,
    weight: FloatArray | None = None,
    start: FloatArray | None = None,
    most_passes: int = 60,
) -> Fit:
    """The mode of the posterior, and the curvature there.

    Parameters
    ----------
    design : ndarray, shape (n, p)
    outcomes : Outcomes
        Of n episodes.
    shape : Shape
    prior : Gaussian
        Over the parameters in the order of `Shape`.
    centre : ndarray, shape (p,)
        x̄, taken from every row.
    stratum : ndarray of int, shape (n,), optional
    weight : ndarray, shape (n,), optional
        How much each episode counts.
    start : ndarray, shape (q,), optional
        Where to begin; by default the prior's mean.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        Shapes that differ.
    NotConvergedError
        Newton's method did not settle, which with a proper prior should not happen.

    Examples
    --------
    >>> from ripeline.science import truth
    >>> from ripeline.science.latency import Weibull
    >>> true = truth.simulate(5000, rng=np.random.default_rng(1), log_odds=-1.0, effects=[0.5],
    ...                       pace=truth.weibull(1.5, 60.0))
    >>> seen, shape = true.seen(as_of=400.0), Shape(p=1, latency=Weibull())
    >>> weak = Gaussian(mean=np.append([0.0, 0.0], Weibull().even_year(365.0)), precision=0.1 * np.eye(4))
    >>> found = fit(true.design[seen.kept], seen.outcomes, shape, prior=weak, centre=np.zeros(1))
    >>> round(found.intercept, 1), found.coefficients.round(1).tolist(), bool(np.all(found.sd[:2] < 0.05))
    (-1.0, [0.5], True)
    """
    if design.shape != (len(outcomes), shape.p) or prior.mean.shape != (shape.size,):
        raise InputError("design", f"expected {len(outcomes)} rows and {shape.p} columns, got {design.shape}")
    point = prior.mean.copy() if start is None else start.copy()
    rows_of = {"centre": centre, "stratum": stratum, "weight": weight}
    if len(outcomes) > 4 * SAMPLE:
        sample = Rows.of(design, outcomes, shape, sample=SAMPLE, **rows_of)  # type: ignore[arg-type]
        scaled = Gaussian(mean=prior.mean, precision=prior.precision * (len(sample) / len(outcomes)))
        point, _, _ = _climb(point, sample, shape, scaled, most_passes, settled=1e-5)
    rows = Rows.of(design, outcomes, shape, **rows_of)  # type: ignore[arg-type]
    point, surface, passes = _climb(point, rows, shape, prior, most_passes, settled=1e-9)
    off = point - prior.mean
    return Fit(
        shape=shape,
        parameters=point,
        covariance=_inverse(prior.precision - surface.hessian),
        log_likelihood=surface.value,
        log_posterior=surface.value - 0.5 * float(off @ prior.precision @ off),
        passes=passes,
    )


def _climb(
    point: FloatArray, rows: Rows, shape: Shape, prior: Gaussian, most: int, *, settled: float
) -> tuple[FloatArray, Surface, int]:
    """Newton's method; settled when the gain that is still to be expected is below `settled`, in log posterior."""
    surface = likelihood(point, rows, shape)
    value = surface.value - 0.5 * _distance(point, prior)
    for passes in range(1, most + 1):
        gradient = surface.gradient - prior.precision @ (point - prior.mean)
        step, gain = _newton_step(gradient, prior.precision - surface.hessian)
        if gain <= settled * max(1.0, 1e-6 * abs(value)):
            # The last step costs nothing more, and takes away what the way here has left: the order of the rows.
            return point + step, surface, passes
        for _ in range(30):
            there = point + step
            tried = likelihood(there, rows, shape)
            reached = tried.value - 0.5 * _distance(there, prior)
            if np.isfinite(reached) and reached >= value - 1e-12 * abs(value):
                break
            step = step * 0.5
        else:
            return point, surface, passes
        point, surface, value = there, tried, reached
    raise NotConvergedError(f"the fit did not settle within {most} passes")


def _distance(point: FloatArray, prior: Gaussian) -> float:
    off = point - prior.mean
    return float(off @ prior.precision @ off)


def _newton_step(gradient: FloatArray, curvature: FloatArray) -> tuple[FloatArray, float]:
    """The step and what it promises to gain; curvature that points the wrong way is turned round."""
    values, vectors = np.linalg.eigh(curvature)
    values = np.maximum(np.abs(values), 1e-8 * np.abs(values).max())
    along = vectors.T @ gradient
    step = vectors @ (along / values)
    longest = np.abs(step).max()
    if longest > 3.0:
        step *= 3.0 / longest
    return step, 0.5 * float(along @ (along / values))


def _inverse(curvature: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(curvature)
    values = np.maximum(values, 1e-10 * np.abs(values).max())
    result: FloatArray = (vectors / values) @ vectors.T
    return result


def survival(log_odds: FloatArray, hazard: FloatArray) -> FloatArray:
    """P(not ripe by now) of a fresh episode: 1 − π + π e^{−H}.

    Examples
    --------
    At even odds: on the first day, and long after everybody has ripened who will:

    >>> survival(np.zeros(2), np.array([0.0, 500.0])).tolist()
    [1.0, 0.5]
    """
    result: FloatArray = 1.0 + expit(log_odds) * np.expm1(-hazard)
    return result


def independent(*parts: FloatArray) -> FloatArray:
    """A block-diagonal matrix: the joint precision of parameters that are believed to be independent.

    Examples
    --------
    >>> independent(np.array([[2.0]]), np.eye(2)).tolist()
    [[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    size = sum(len(part) for part in parts)
    whole = np.zeros((size, size))
    at = 0
    for part in parts:
        whole[at : at + len(part), at : at + len(part)] = part
        at += len(part)
    return whole
