r"""What a minute of somebody's day is worth: the price at which the contacts that are worth it fill their minutes.

A lead of hazard h is contacted again once its index reaches the price λ of its minutes (`recheck`). Its life is a
renewal process: a conversation, the pause τ_0(λ) after it, an attempt, which reaches it with probability a, else
further ones after pauses τ_1(λ), τ_2(λ) …, K at most. So it takes, in the long run and per day,

.. math:: \ell(\lambda) = m \frac{\sum_{k < K} (1-a)^k}{\sum_{k < K} (1-a)^k \tau_k(\lambda)}

minutes of m each. That falls with λ, and so does the sum over somebody's leads; the price is where the sum equals the
minutes they have. It is the multiplier of Whittle's relaxation, in which the minutes hold on average: the same number
decides the dates of their leads and whether another lead would be worth more than what they have.

References
----------
Whittle, P. (1988). Restless bandits: activity allocation in a changing world. J. Applied Probability 25A, 287-298.
Ross, S. M. (1996). Stochastic processes, 2nd ed., ch. 3 (renewal reward).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ripeline.science import gate
from ripeline.science.gate import FloatArray
from ripeline.science.recheck import next_contact
from ripeline.science.recheck_rules import DEFAULT_RULES, LATEST, Rules

ATTEMPTS = 6
"""K: after so many silent attempts somebody is left alone for long (93 % of those who convert are reached by call 6:
Velocify, a vendor)."""

DEAREST = 300.0
"""The highest price that is tried, in least prices: above it nothing is worth its minutes."""


def load(
    p_30: ArrayLike,
    *,
    kind: str | ArrayLike,
    disposition: str | ArrayLike = "reached",
    price: ArrayLike | None = None,
    longest_days: ArrayLike | None = None,
    rules: Rules | None = None,
) -> FloatArray:
    """Minutes a day that each of n leads takes in the long run, at a price.

    Parameters
    ----------
    p_30, kind : array_like, shape (n,)
        As in `recheck.next_contact`.
    disposition : str or array_like, shape (n,)
        What their conversations usually end with.
    price, longest_days, rules : optional
        As in `recheck.next_contact`.

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    An average lead takes some seconds a day, and fewer where minutes are dearer:

    >>> load([0.04] * 2, kind="even", price=[0.0125 / 60, 0.05 / 60]).round(2).tolist()
    [0.38, 0.13]
    """
    rules = rules or DEFAULT_RULES
    chance = gate.vector("p_30", p_30, low=0.0, high=1.0)
    known = {"kind": kind, "price": price, "longest_days": longest_days, "rules": rules}
    passed = next_contact(chance, disposition=disposition, **known).days.astype(np.float64)  # type: ignore[arg-type]
    still, contacts, days = 1.0, np.zeros(len(chance)), np.zeros(len(chance))
    pause = passed
    for attempt in range(1, ATTEMPTS + 1):
        contacts += still
        days += still * pause
        still *= 1 - rules.reach
        pause = next_contact(
            chance, disposition="no_answer", attempts=attempt, ever_reached=True, days_unseen=passed, **known  # type: ignore[arg-type]
        ).days.astype(np.float64)  # fmt: skip
        passed = passed + pause
    return rules.minutes * contacts / days


@dataclass(frozen=True, eq=False, kw_only=True)
class Prices:
    """What a minute of each of n people is worth; every array has shape (n,).

    Attributes
    ----------
    price : ndarray
        Usual wins a minute.
    longest_days : ndarray
        Nobody waits longer; more than the rules say where there are more leads than minutes.
    planned : ndarray
        Minutes a day that the leads take at that price. More than there are where even a year is not enough.
    """

    price: FloatArray
    longest_days: FloatArray
    planned: FloatArray


@dataclass(frozen=True, eq=False)
class Sorts:
    """k sorts of leads, and what one of each takes at each of a range of prices: made once, for many people.

    Parameters
    ----------
    p_30, kind, disposition : array_like, shape (k,)
        What a lead of each sort is like, as in `load`.
    rules : Rules
        By default those of `recheck.toml`.

    Examples
    --------
    Few leads, as many as fit, and more than fit, for an hour and a half on five days a week:

    >>> found = Sorts([0.04], ["even"], ["reached"]).clear([[20], [300], [3000]], minutes=[64.3] * 3)
    >>> (60 * found.price).round(3).tolist(), found.longest_days.tolist(), found.planned.round().tolist()
    ([0.004, 0.029, 1.2], [120.0, 120.0, 280.0], [14.0, 64.0, 64.0])
    """

    p_30: ArrayLike
    kind: ArrayLike
    disposition: ArrayLike
    rules: Rules = DEFAULT_RULES

    def __post_init__(self) -> None:
        chance = gate.vector("p_30", self.p_30, low=0.0, high=1.0)
        k, m = len(chance), _PRICES
        prices = np.geomspace(self.rules.least_price, DEAREST * self.rules.least_price, m)
        sort = gate.codes("kind", self.kind, keys=self.rules.kinds, n=k)
        ended = gate.codes("disposition", self.disposition, keys=self.rules.dispositions, n=k)
        flat = load(
            np.repeat(chance, m), kind=np.repeat(sort, m), disposition=np.repeat(ended, m), price=np.tile(prices, k),
            rules=self.rules,
        )  # fmt: skip
        # Days are whole, so that here and there it would rise by a hair.
        object.__setattr__(self, "_loads", np.minimum.accumulate(flat.reshape(k, m), axis=1))
        object.__setattr__(self, "_prices", prices)

    def clear(self, counts: ArrayLike, *, minutes: ArrayLike) -> Prices:
        """The price of a minute of each of n people, who have so many leads of each sort.

        Parameters
        ----------
        counts : array_like, shape (n, k)
            Leads.
        minutes : array_like, shape (n,)
            For these leads on an average day, days off included.

        Returns
        -------
        Prices
        """
        loads: FloatArray = self._loads  # type: ignore[attr-defined]
        prices: FloatArray = self._prices  # type: ignore[attr-defined]
        many = gate.matrix("counts", counts, columns=len(loads)).astype(np.float64)
        free = gate.vector("minutes", minutes, n=len(many), low=0.0)
        planned, places = many @ loads, np.arange(len(prices))
        at = np.array([_crossing(row, limit) for row, limit in zip(planned, free, strict=True)])
        taken = np.array([np.interp(place, places, row) for place, row in zip(at, planned, strict=True)])
        longest = np.full(len(many), min(self.rules.longest_days, float(LATEST)))
        for row in np.flatnonzero((planned > free[:, None]).all(axis=1)):  # the dearest price does not make room either
            wanted = longest[row] * planned[row, -1] / max(free[row], 1e-9)
            longest[row] = min(np.ceil(wanted), LATEST)
            waits = load(
                self.p_30, kind=self.kind, disposition=self.disposition, price=prices[-1], longest_days=longest[row],
                rules=self.rules,
            )  # fmt: skip
            taken[row] = float(many[row] @ waits)
        return Prices(price=np.exp(np.interp(at, places, np.log(prices))), longest_days=longest, planned=taken)


_PRICES = 48  # that are tried


def _crossing(falling: FloatArray, limit: float) -> float:
    """The place, between two, at which a falling row comes down to a limit; its ends where it does not."""
    return float(np.interp(-limit, -falling, np.arange(len(falling))))
