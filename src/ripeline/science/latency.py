r"""When those who will ripen do so: the cumulative hazard H(t) and its parameters θ, in pieces or after Weibull.

    pieces    h(t) = exp θ_k in piece k          H = Σ_k exp θ_k · (days spent in piece k)
    Weibull   h(t) = H κ / t, κ = exp θ_1        H = exp(θ_0 + κ log(t / τ)),   τ = 365 days

A row's ∂H/∂θ is a combination of just two columns, 1 and ℓ (days spent in the last piece; log(t / τ)), with factors
that are the same for all rows that end in one piece. So the fit sums over rows only against 1, ℓ and ℓ², piece by
piece, and the families turn those `Sums` into gradient and Hessian: the cost does not grow with the number of pieces.

References
----------
Friedman, M. (1982). Piecewise exponential models for survival data with covariates. Annals of Statistics 10, 101-113.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ripeline.science.gate import FloatArray, IntArray

CUTS = (0.0, 3, 7, 14, 21, 30, 45, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330, 365)
"""Ends of the pieces over a year, in days: narrow where much happens."""

SCALE = 365.0
"""τ, in days: it only keeps the Weibull's numbers near 1."""

STEP_SD, LAST_SD = 0.5, 0.3
"""Of the log hazard, from one piece to the next and in the last one. It is the end of the horizon that holds the walk:
so a rush of early wins is taken for a front-loaded shape, not for ever more wins to come. Measured on 17 cutoffs of a
public record and on simulated small data (`ripeline bench ripening`)."""

YEAR_SD, POWER_SD = 0.5, 1.0
"""Of both parameters of the Weibull: log H after a year, and the log of its power."""

EARLIEST = 0.01
"""Days: log(t / τ) is taken of no less."""


@dataclass(eq=False, kw_only=True)
class Sums:
    """What the rows of one stratum add up to, by piece k; G is the part of ∂H/∂θ that differs from row to row.

    Attributes
    ----------
    events : ndarray, shape (k,)
        Σ weights of the rows that are events.
    events_by : ndarray, shape (k,)
        Their Σ ℓ.
    first : ndarray, shape (k, 3)
        Σ ∂ℓ/∂H · G against 1, ℓ, ℓ².
    second : ndarray, shape (k, 3)
        Σ ∂²ℓ/∂H² · G² against 1, ℓ, ℓ².
    cross : ndarray, shape (k, 2, p)
        Σ of the mixed derivatives with the linear predictors, times G, against 1 and ℓ.
    """

    events: FloatArray
    events_by: FloatArray
    first: FloatArray
    second: FloatArray
    cross: FloatArray

    @classmethod
    def nothing(cls, pieces: int, columns: int) -> "Sums":
        return cls(
            events=np.zeros(pieces),
            events_by=np.zeros(pieces),
            first=np.zeros((pieces, 3)),
            second=np.zeros((pieces, 3)),
            cross=np.zeros((pieces, 2, columns)),
        )


@dataclass(frozen=True, eq=False)
class Slope:
    """Gradient (k,), Hessian (k, k) and mixed Hessian with the linear predictors (k, p) in θ."""

    gradient: FloatArray
    hessian: FloatArray
    cross: FloatArray


class Latency(Protocol):
    """A family of hazards."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def pieces(self) -> int:
        """In how many pieces rows end."""

    @property
    def size(self) -> int:
        """Parameters θ of one stratum."""

    def place(self, time: FloatArray) -> tuple[IntArray, FloatArray]:
        """For each age the piece it ends in, and ℓ."""

    def hazard(self, theta: FloatArray, piece: int, by: FloatArray) -> tuple[FloatArray, FloatArray | float]:
        """H of rows that end in this piece, and G."""

    def log_hazard(self, theta: FloatArray, piece: int, by: FloatArray, weight: FloatArray) -> float:
        """Σ weight · log h of events that end in this piece."""

    def slope(self, theta: FloatArray, sums: Sums) -> Slope:
        """What the sums say in terms of θ."""

    def cumulative(self, theta: FloatArray, time: FloatArray) -> FloatArray:
        """H at any ages."""

    def even_year(self, horizon: float) -> FloatArray:
        """θ of buyers who ripen at the same pace all through the horizon."""

    def precision(self) -> FloatArray:
        """The prior's precision matrix of θ around its mean."""


@dataclass(frozen=True)
class Pieces:
    """A hazard that is constant in each piece, with a first-order random walk as its prior.

    Parameters
    ----------
    cuts : tuple of float
        From 0, rising; the last piece goes on past the last cut.
    """

    cuts: tuple[float, ...] = CUTS
    name: str = "pieces"

    @property
    def pieces(self) -> int:
        return len(self.cuts) - 1

    @property
    def size(self) -> int:
        return len(self.cuts) - 1

    def place(self, time: FloatArray) -> tuple[IntArray, FloatArray]:
        starts = np.array(self.cuts[:-1])
        piece = np.clip(np.searchsorted(starts, time, side="left") - 1, 0, len(starts) - 1).astype(np.int64)
        return piece, time - starts[piece]

    def hazard(self, theta: FloatArray, piece: int, by: FloatArray) -> tuple[FloatArray, FloatArray | float]:
        rate = np.exp(theta[: piece + 1])
        return by * rate[piece] + float(rate[:piece] @ np.diff(self.cuts)[:piece]), 1.0

    def log_hazard(self, theta: FloatArray, piece: int, by: FloatArray, weight: FloatArray) -> float:  # noqa: ARG002
        return float(theta[piece] * weight.sum())

    def slope(self, theta: FloatArray, sums: Sums) -> Slope:
        rate, width = np.exp(theta), np.diff(self.cuts)
        # A row that ends in piece k has spent the whole width in every piece before it, and ℓ in k itself.
        reach = rate * (width * _after(sums.first[:, 0]) + sums.first[:, 1])
        cross = rate[:, None] * (width[:, None] * _after(sums.cross[:, 0]) + sums.cross[:, 1])
        through = width * _after(sums.second[:, 0]) + sums.second[:, 1]
        hessian = np.triu(np.outer(rate * width, rate * through), 1)
        hessian += hessian.T
        hessian[np.diag_indices(len(rate))] = (
            rate**2 * (width**2 * _after(sums.second[:, 0]) + sums.second[:, 2]) + reach
        )
        return Slope(gradient=reach + sums.events, hessian=hessian, cross=cross)

    def cumulative(self, theta: FloatArray, time: FloatArray) -> FloatArray:
        piece, by = self.place(np.asarray(time, dtype=np.float64))
        rate = np.exp(theta)
        before = np.append(0.0, np.cumsum(rate * np.diff(self.cuts)))
        result: FloatArray = before[piece] + rate[piece] * by
        return result

    def even_year(self, horizon: float) -> FloatArray:
        share = np.minimum(np.array(self.cuts) / horizon, 1.0) * ALMOST_ALL
        return np.log(np.diff(-np.log1p(-share)) / np.diff(self.cuts))

    def through(self, share: FloatArray) -> FloatArray:
        """θ of a curve given by its share ripe at each cut."""
        gone = -np.log1p(-np.asarray(share) * ALMOST_ALL)
        return np.log(np.maximum(np.diff(gone), 1e-9) / np.diff(self.cuts))

    def precision(self) -> FloatArray:
        walk = np.diff(np.eye(self.size), axis=0) / STEP_SD
        last = np.eye(1, self.size, self.size - 1) / LAST_SD
        result: FloatArray = walk.T @ walk + last.T @ last
        return result


ALMOST_ALL = 0.98
"""Of those who ever ripen, the share within the horizon for a hazard that stays finite."""


@dataclass(frozen=True)
class Weibull:
    """A hazard that rises or falls as a power of time."""

    name: str = "weibull"

    @property
    def pieces(self) -> int:
        return 1

    @property
    def size(self) -> int:
        return 2

    def place(self, time: FloatArray) -> tuple[IntArray, FloatArray]:
        return np.zeros(len(time), dtype=np.int64), np.log(np.maximum(time, EARLIEST) / SCALE)

    def hazard(self, theta: FloatArray, piece: int, by: FloatArray) -> tuple[FloatArray, FloatArray | float]:  # noqa: ARG002
        h = np.exp(np.exp(theta[1]) * by + theta[0])
        return h, h

    def log_hazard(self, theta: FloatArray, piece: int, by: FloatArray, weight: FloatArray) -> float:  # noqa: ARG002
        total = float(weight.sum())
        power = np.exp(theta[1])
        return float(total * (theta[0] + theta[1] - np.log(SCALE)) + (power - 1.0) * (weight @ by))

    def slope(self, theta: FloatArray, sums: Sums) -> Slope:
        power = float(np.exp(theta[1]))
        first, second = sums.first[0], sums.second[0]
        events, by = float(sums.events[0]), power * float(sums.events_by[0])
        gradient = np.array([first[0] + events, power * first[1] + events + by])
        mixed = power * (second[1] + first[1])
        hessian = np.array(
            [[second[0] + first[0], mixed], [mixed, power**2 * (second[2] + first[2]) + power * first[1] + by]]
        )
        return Slope(gradient=gradient, hessian=hessian, cross=sums.cross[0] * np.array([[1.0], [power]]))

    def cumulative(self, theta: FloatArray, time: FloatArray) -> FloatArray:
        _, by = self.place(np.asarray(time, dtype=np.float64))
        result: FloatArray = np.exp(np.exp(theta[1]) * by + theta[0])
        return result

    def even_year(self, horizon: float) -> FloatArray:
        return self.through_points(np.array([0.25, 0.75]) * horizon, np.array([0.25, 0.75]))

    def through_points(self, time: FloatArray, share: FloatArray) -> FloatArray:
        """θ of the Weibull through two points of a curve."""
        gone, at = np.log(-np.log1p(-share)), np.log(time / SCALE)
        power = (gone[1] - gone[0]) / (at[1] - at[0])
        return np.array([gone[0] - power * at[0], np.log(power)])

    def precision(self) -> FloatArray:
        return np.diag([1.0 / YEAR_SD**2, 1.0 / POWER_SD**2])


def _after(sums: FloatArray) -> FloatArray:
    """For each piece the sum over the pieces after it."""
    total: FloatArray = np.cumsum(sums[::-1], axis=0)[::-1] - sums
    return total
