r"""What visits, downloads and replies say: how much likelier they make it that a lead is ripe, or about to be.

A lead is ripe, or comparing (it will be ripe within a month), or resting. In each state a person who can be seen does
things of kind j at a Poisson rate λ_j; one who cannot be seen leaves only what machines do in their name, and replies.
With counts c_j that decay with a half-life (O(1) per event) and the exposure E that has decayed alike,

.. math:: L_s = \Big( m \prod_{j} \lambda_{sj}^{c_j} e^{-\lambda_{sj} E}
                + (1 - m) \prod_j \lambda_{0j}^{c_j} e^{-\lambda_{0j} E} \Big)^{\theta}.

A visit is a day on which they were there, and says more by what was looked at: where that is known, its rate is λ times
the share of such pages in that state. Counts are made of `Days` (`engagement`), so that they are the same in whatever
order events come.

Bayes' rule then gives P(ripe within 30 days | what they did) and the factor on the odds of being ripe now, which
`recheck.contact_value` takes. θ says how far signals are believed: 1 as the table says, 0 not at all, below 0 they
mislead. It is learnt: each conversation finds somebody ripe or not, and was said to be so likely.

References
----------
Azar, Y., Horvitz, E., Lubetzky, E., Peres, Y., Shahaf, D. (2018). Tractable near-optimal policies for crawling. PNAS
115, 8099-8103 (change signals as noisy hints).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from ripeline.science import gate
from ripeline.science.assumptions import Assumptions
from ripeline.science.gate import BoolArray, FloatArray
from ripeline.science.prior import MONTH

RESTING, INTEREST, COMPARING, RIPE = 0, 1, 2, 3
STATES = ("resting", "interest", "comparing", "ripe")
BUYING = ("awareness", "interest", "consideration", "decision")
_POWERS: FloatArray = np.linspace(-0.5, 2.5, 25)


@dataclass(frozen=True, eq=False, kw_only=True)
class Signals:
    """The assumptions of the model, from `signals.toml`.

    Attributes
    ----------
    kinds : tuple of str, length k
    per_day : ndarray, shape (4, k)
        λ: resting, interest, comparing, ripe. With an interest, nobody is ripe within a month.
    pages : tuple of str, length m
        What can be looked at on a visit.
    page_share : ndarray, shape (4, m)
        Of a hundred visits in each state.
    person : ndarray of bool, shape (k,)
        Needs a person who can be seen.
    seen, machine_per_day, memory_days, window_days, trust_sd : float
        m; λ_0 of the first kind (visits); 1/e-time of the counts; how far back they reach; how unsure θ is at first.
    most : float
        What signals can add to log-odds at most, see `damped`.
    corrector_right : float
        How likely somebody who corrects a stage is right.
    asking : ndarray, shape (4,)
        How likely one in each stage of buying asks for a quote, a demonstration or a call.
    asking_half_life : float
        Days after which having asked says half as much.
    """

    kinds: tuple[str, ...]
    per_day: FloatArray
    person: BoolArray
    pages: tuple[str, ...]
    page_share: FloatArray
    seen: float
    machine_per_day: float
    memory_days: float
    window_days: float
    trust_sd: float
    most: float
    corrector_right: float
    asking: FloatArray
    asking_half_life: float


def load(path: Path) -> Signals:
    """The assumptions of a file like `signals.toml`.

    Raises
    ------
    AssumptionError
        A value is missing, has no basis, or makes no sense.
    """
    with Assumptions(path) as file:
        rows = file.rows("kind", {"key": str, **dict.fromkeys(STATES, float), "person": bool})
        rates = [gate.vector(name, [row[name] for row in rows], low=1e-6, high=1000) for name in STATES]
        pages = file.rows("page", {"key": str, **dict.fromkeys(STATES, float)})
        shares = np.array([gate.vector(name, [row[name] for row in pages], low=1e-6, high=1) for name in STATES])
        return Signals(
            kinds=tuple(row["key"] for row in rows),
            per_day=np.array(rates) / MONTH,
            person=np.array([row["person"] for row in rows]),
            seen=file.number("people.seen", low=0.001, high=0.999),
            machine_per_day=file.number("people.machine_per_month", low=1e-6, high=1000) / MONTH,
            pages=tuple(row["key"] for row in pages),
            page_share=shares / shares.sum(axis=1, keepdims=True),
            memory_days=file.number("memory.half_life_days", low=0.1, high=3650) / np.log(2),
            window_days=file.number("memory.window_days", low=1, high=63),
            most=file.number("trust.most", low=0.1, high=20),
            corrector_right=file.number("correction.right", low=0.26, high=0.999),
            asking=np.array([file.number(f"asking.{stage}", low=1e-6, high=1) for stage in BUYING]),
            asking_half_life=file.number("asking.half_life_days", low=1, high=3650),
            trust_sd=file.number("trust.sd", low=1e-3, high=10),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Believed:
    """What signals make of n leads; every array has shape (n,).

    Attributes
    ----------
    p_30 : ndarray
        P(ripe within 30 days | not yet ripe, what they did).
    odds : ndarray
        Factor on the odds of being ripe now.
    """

    p_30: FloatArray
    odds: FloatArray


def believe(
    p_30: ArrayLike,
    *,
    counts: ArrayLike,
    days: ArrayLike,
    pages: ArrayLike | None = None,
    asked_days: ArrayLike = np.inf,
    trust: float = 1.0,
    signals: Signals | None = None,
) -> Believed:
    """What is to be believed of n leads after what they did.

    Parameters
    ----------
    p_30 : array_like, shape (n,)
        P(ripe within 30 days) without signals.
    counts : array_like, shape (n, k)
        Decayed counts by kind, see `decayed`.
    days : array_like, shape (n,)
        For so long they could have been seen.
    pages : array_like, shape (n, m), optional
        Decayed counts of visits by what was looked at; left out where that is not known.
    asked_days : array_like, shape (n,)
        Days since they asked for a quote, a demonstration or a call, where neither `p_30` nor `counts` has that;
        infinite where they did not.
    trust : float
        θ; `Trust.power` is the learnt one.
    signals : Signals, optional
        By default those of `signals.toml`.

    Returns
    -------
    Believed

    Raises
    ------
    InputError, NotFiniteError
        Shapes that differ, probabilities outside [0, 1], negative counts or days.

    Examples
    --------
    Nothing for a month, two visits, and two visits with a reply; and who calls because they want an offer:

    >>> found = believe([0.04] * 3, counts=[[0, 0, 0], [2, 0, 0], [2, 0, 1]], days=[30.0] * 3)
    >>> found.p_30.round(2).tolist(), found.odds.round(1).tolist()
    ([0.03, 0.17, 0.4], [0.5, 5.9, 35.5])
    >>> believe([0.01], counts=[[0, 0, 0]], days=[0.0], asked_days=[0.0]).p_30.round(2).tolist()
    [0.09]
    """
    signals = signals or DEFAULT_SIGNALS
    chance = gate.vector("p_30", p_30, low=0.0, high=1.0)
    asking = of_asking(asked_days, n=len(chance), signals=signals)
    asking[RESTING] = asking[INTEREST]  # of those not ripe within a month it is they who ask
    each = trust * (log_likelihood(counts, days=days, pages=pages, n=len(chance), signals=signals) + asking)
    resting, comparing, ripe = each[RESTING], each[COMPARING], each[RIPE]
    not_ripe = np.logaddexp(np.log1p(-np.minimum(chance, 1 - 1e-12)) + resting, np.log(chance + 1e-300) + comparing)
    return Believed(
        p_30=np.where(chance > 0, np.exp(np.log(chance + 1e-300) + comparing - not_ripe), 0.0).clip(0.0, 1.0),
        odds=np.exp(np.clip(ripe - not_ripe, -20.0, 20.0)),
    )


def damped(shift: ArrayLike, *, signals: Signals | None = None) -> FloatArray:
    """What signals add to log-odds, where it becomes much: ever less of it, and never more than `Signals.most`.

    Days of one person are not as independent as the likelihood has them.

    Examples
    --------
    >>> damped([0.5, 3.0, 10.0, -10.0]).round(1).tolist()
    [0.5, 2.4, 3.5, -3.5]
    """
    most = (signals or DEFAULT_SIGNALS).most
    bounded: FloatArray = most * np.tanh(np.asarray(shift, dtype=np.float64) / most)
    return bounded


def decayed(counts: FloatArray, days: ArrayLike, *, signals: Signals | None = None) -> FloatArray:
    """Counts, shape (n,), so many days later.

    Examples
    --------
    >>> decayed(np.array([4.0]), 20.0).round(2).tolist()
    [2.0]
    """
    signals = signals or DEFAULT_SIGNALS
    later: FloatArray = counts * np.exp(-gate.vector("days", days, n=len(counts), low=0.0) / signals.memory_days)
    return later


def log_likelihood(
    counts: ArrayLike,
    *,
    days: ArrayLike,
    pages: ArrayLike | None = None,
    n: int,
    signals: Signals | None = None,
) -> FloatArray:
    """log L of each state, shape (4, n), up to what is common to all; the arguments are those of `believe`.

    Examples
    --------
    >>> bool(np.all(np.diff(log_likelihood([[2.0, 0, 0]], days=[30.0], pages=[[0, 0, 2.0]], n=1)[:, 0]) > 0))
    True
    """
    signals = signals or DEFAULT_SIGNALS
    done = gate.matrix("counts", counts, columns=len(signals.kinds)).astype(np.float64)
    looked = np.zeros((n, len(signals.pages))) if pages is None else pages
    at = gate.matrix("pages", looked, columns=len(signals.pages)).astype(np.float64)
    exposed = gate.vector("days", days, n=n, low=0.0)
    exposure = signals.memory_days * -np.expm1(-exposed / signals.memory_days)
    person = signals.person
    machine = np.where(np.arange(len(signals.kinds)) == 0, signals.machine_per_day, 1e-4)
    unseen = done[:, person] @ np.log(machine[person]) - machine[person].sum() * exposure
    unseen = unseen + at @ np.log(signals.page_share[RESTING])
    found = []
    for rate, share in zip(signals.per_day, signals.page_share, strict=True):
        visible = rate + np.where(person, machine, 0.0)
        one = done[:, person] @ np.log(visible[person]) - visible[person].sum() * exposure + at @ np.log(share)
        other = done[:, ~person] @ np.log(rate[~person]) - rate[~person].sum() * exposure
        found.append(np.logaddexp(np.log(signals.seen) + one, np.log1p(-signals.seen) + unseen) + other)
    return np.array(found)


def of_asking(asked_days: ArrayLike, *, n: int, signals: Signals | None = None) -> FloatArray:
    """log L of having asked for a quote, a demonstration or a call so many days ago, of each state, shape (4, n).

    Examples
    --------
    >>> of_asking([0.0, 45.0, np.inf], n=3)[0].round(1).tolist()
    [-4.6, -2.3, -0.0]
    """
    signals = signals or DEFAULT_SIGNALS
    since = np.maximum(np.broadcast_to(np.asarray(asked_days, dtype=np.float64), n), 0.0)
    found: FloatArray = np.outer(np.log(signals.asking), np.exp2(-since / signals.asking_half_life))
    return found


@dataclass(kw_only=True)
class Trust:
    """How far signals are believed, θ: N(1, sd²) at first, then by what conversations found.

    Examples
    --------
    Of those said to be ripe because of many visits, nobody is:

    >>> trust = Trust()
    >>> before = trust.power
    >>> trust.learn(ripe=[False] * 60, chance=[0.1] * 60, odds_of=lambda power: np.full(60, np.exp(2 * power)))
    >>> round(before, 2), trust.power < 0.3
    (1.0, True)
    """

    signals: Signals | None = None

    def __post_init__(self) -> None:
        self._log: FloatArray = -0.5 * np.square((_POWERS - 1.0) / (self.signals or DEFAULT_SIGNALS).trust_sd)

    @property
    def power(self) -> float:
        """θ as believed now."""
        weight = np.exp(self._log - self._log.max())
        return float(weight @ _POWERS / weight.sum())

    @property
    def sd(self) -> float:
        """How unsure θ is."""
        weight = np.exp(self._log - self._log.max())
        weight /= weight.sum()
        return float(np.sqrt(weight @ np.square(_POWERS - weight @ _POWERS)))

    def learn(self, *, ripe: ArrayLike, chance: ArrayLike, odds_of: Callable[[float], FloatArray]) -> None:
        """Conversations that found n leads ripe or not.

        `chance`: of each being ripe, without signals; `odds_of`: what the signals would have made of the odds if they
        were believed that far.
        """
        was = gate.flags("ripe", ripe, n=len(np.atleast_1d(ripe)))
        before = logit(np.clip(gate.vector("chance", chance, n=len(was), low=0.0, high=1.0), 1e-4, 1 - 1e-4))
        for at, power in enumerate(_POWERS):
            said = expit(before + np.log(odds_of(float(power))))
            self._log[at] += float(np.where(was, np.log(said), np.log1p(-said)).sum())


DEFAULT_SIGNALS = load(Path(__file__).with_name("signals.toml"))
