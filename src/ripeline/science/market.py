"""A market obeying a `Law`: leads that arrive, what becomes of them, and what a seller's contacts find.

What a seller can see (`Arrivals`) is kept apart from what is true (`Fate`): only the market itself, and a clairvoyant,
may read the second. All chance is drawn when the market is made, one number for each thing that may happen, so that any
two ways of following up meet the very same market and the very same luck.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from ripeline.science import gate
from ripeline.science.errors import InputError
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.market_law import DEFAULT_LAW, Law

MONTH = 365 / 12
"""Days in a month of arrivals."""

OPEN, WON, LOST, MISSED, UNFIT = 0, 1, 2, 3, 4
OUTCOMES = ("open", "won", "lost", "missed", "unfit")
"""What a follow-up ends in: nothing yet; bought from us; was reached in time and bought elsewhere; had bought elsewhere
before anybody reached them; said that they will not buy."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Arrivals:
    """The leads as a seller sees them at capture, in the order of arrival; every array has shape (n,).

    Attributes
    ----------
    day : ndarray
        Days since the market opened, with the time of day as a fraction.
    source_type : ndarray of int
        Position in `law.source_types`.
    signals : dict of str to ndarray of int
        1 or 0 by key, as `terms.encode` takes them.
    """

    day: FloatArray
    source_type: IntArray
    signals: dict[str, IntArray]


@dataclass(frozen=True, eq=False, kw_only=True)
class Fate:
    """The truth about each lead, and its luck; every array has shape (n,) unless said otherwise.

    Attributes
    ----------
    will_buy : ndarray of bool
        From someone, within the horizon.
    ripe_after, window : ndarray
        Days after arrival on which it ripens (infinite if never), and days that it then takes to decide.
    unreachable : ndarray of bool
        No attempt will reach the person.
    frank_after : ndarray of int
        The conversation in which one who will not buy says so; a buyer never does.
    amount : ndarray
        Of the order, before the effect of nurture.
    reason : ndarray of int
        Position in `law.reasons`: why it is lost, if it is.
    luck_close : ndarray
        Uniform: won if below the law's chance. As that falls with every day, this is also the day on which a rival who
        would win comes first.
    luck_reach : ndarray, shape (n, law.attempts)
        Uniform: the attempt reaches the person if below the law's chance.
    """

    will_buy: BoolArray
    ripe_after: FloatArray
    window: FloatArray
    unreachable: BoolArray
    frank_after: IntArray
    amount: FloatArray
    reason: IntArray
    luck_close: FloatArray
    luck_reach: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Market:
    """A law, the leads it sent and their fate."""

    law: Law
    arrivals: Arrivals
    fate: Fate


@dataclass(frozen=True, eq=False, kw_only=True)
class FollowUp:
    """What a plan of contacts came to; every array has shape (n,) unless said otherwise.

    Attributes
    ----------
    contact_after : ndarray, shape (n, m)
        The plan: days after arrival.
    made, reached : ndarray of bool, shape (n, m)
        The attempt was made (the lead had not ended before); the person was reached.
    outcome : ndarray of int
        Position in `OUTCOMES`.
    found_after : ndarray
        Days after arrival on which the lead was found ripe; infinite if it was not.
    ended_after : ndarray
        Days after arrival on which the outcome was known: the buyer's decision, or the conversation that told us.
        Infinite while open.
    amount : ndarray
        Won; otherwise 0.
    minutes : ndarray
        Spent.
    """

    contact_after: FloatArray
    made: BoolArray
    reached: BoolArray
    outcome: IntArray
    found_after: FloatArray
    ended_after: FloatArray
    amount: FloatArray
    minutes: FloatArray


def simulate(
    law: Law = DEFAULT_LAW,
    *,
    days: float,
    rng: np.random.Generator,
    leads_per_month: float | None = None,
    first_weekday: int = 0,
) -> Market:
    """Leads of so many days, and their fate.

    Parameters
    ----------
    law : Law
        By default that of `market.toml`.
    days : float
        How long leads arrive.
    rng : numpy.random.Generator
        The only source of chance: the same seed gives the same market.
    leads_per_month : float, optional
        On average; by default the law's.
    first_weekday : int
        Of day 0: 0 is Monday.

    Returns
    -------
    Market

    Raises
    ------
    InputError, NotFiniteError
        Negative numbers, NaN, a weekday outside 0 to 6.

    Examples
    --------
    >>> market = simulate(days=365, rng=np.random.default_rng(1), leads_per_month=1000)
    >>> len(market.arrivals.day), market.fate.will_buy.mean().round(2).item()
    (11975, 0.45)
    """
    length = int(np.ceil(gate.number("days", days, low=0.0, high=1e5)))
    rate = law.per_month if leads_per_month is None else gate.number("leads_per_month", leads_per_month, low=0.0)
    weekday = (np.arange(length) + int(gate.number("first_weekday", first_weekday, low=0, high=6))) % 7
    per_day = rng.poisson(rate / MONTH * law.weekday_weights[weekday])
    n = int(per_day.sum())
    hour = law.open_hour + (law.close_hour - law.open_hour) * rng.random(n)
    day = np.sort(np.repeat(np.arange(length), per_day) + hour / 24)
    source = rng.choice(len(law.source_types), size=n, p=law.source_share)
    signals, lift = _signals(law, n, rng)
    arrivals = Arrivals(day=day, source_type=source, signals=signals)
    return Market(law=law, arrivals=arrivals, fate=_fate(law, source, lift, rng))


def steady(law: Law, *, until_days: float) -> FloatArray:
    """The reference follow-up: contacts so many days after arrival, until a lead is given up.

    Examples
    --------
    >>> steady(DEFAULT_LAW, until_days=45).tolist()
    [0.2, 1.0, 3.0, 6.0, 10.0, 15.0, 21.0, 28.0, 40.0]
    """
    until = gate.number("until_days", until_days, low=0.0, high=3650.0)
    later = np.arange(law.first_days[-1] + law.every_days, until + law.every_days, law.every_days)
    days = np.concatenate([law.first_days, later])
    return days[days <= until]


def follow_up(market: Market, contact_after: ArrayLike) -> FollowUp:
    """What becomes of the leads of a market if they are contacted on the given days.

    A lead that is found ripe is being sold to from then on, and decides when its window closes: the later contacts of
    the plan are not made. One that is reached after it decided, or says that it will not buy, is let go. (A plan is
    taken to leave people in peace: only `simulation` knows of turning somebody away by calling too often.)

    Parameters
    ----------
    market : Market
        From `simulate`.
    contact_after : array_like, shape (m,) or (n, m)
        Days after arrival, rising; NaN for no contact. One row serves all leads.

    Returns
    -------
    FollowUp

    Raises
    ------
    InputError
        More contacts than the law's `attempts`, the wrong number of rows, days that fall or are negative.

    Examples
    --------
    >>> market = simulate(days=365, rng=np.random.default_rng(1), leads_per_month=1000)
    >>> always = follow_up(market, steady(market.law, until_days=425))
    >>> a_month = follow_up(market, steady(market.law, until_days=30))
    >>> [(result.outcome == WON).mean().round(2).item() for result in (always, a_month)]
    [0.15, 0.02]
    """
    law, fate = market.law, market.fate
    n = len(market.arrivals.day)
    plan = _plan(contact_after, n, law.attempts)
    made, reached = np.zeros(plan.shape, dtype=np.bool_), np.zeros(plan.shape, dtype=np.bool_)
    outcome = np.zeros(n, dtype=np.int64)
    found, ended = np.full(n, np.inf), np.full(n, np.inf)
    talks, talks_before_ripe = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    closes = fate.ripe_after + fate.window
    for attempt in range(plan.shape[1]):
        when = plan[:, attempt]
        made[:, attempt] = ~np.isnan(when) & (outcome == OPEN)
        age = np.where(np.isnan(when), 0.0, when)
        luck = (fate.luck_reach[:, attempt] < law.p_reach(age)) & ~fate.unreachable
        here = reached[:, attempt] = made[:, attempt] & luck
        talks += here
        green = here & (age < fate.ripe_after)
        talks_before_ripe += green
        ripe = here & ~green & (age < closes)
        found[ripe] = age[ripe]
        delay = np.where(ripe, age - np.where(ripe, fate.ripe_after, 0.0), 0.0)
        wins = ripe & (fate.luck_close < law.p_close(delay, talks=talks_before_ripe))
        missed = here & ~green & ~ripe
        unfit = green & (talks >= fate.frank_after)
        endings = ((WON, wins, closes), (LOST, ripe & ~wins, closes), (MISSED, missed, age), (UNFIT, unfit, age))
        for ending, which, at in endings:
            outcome[which] = ending
            ended[which] = at[which]
    nurtured = np.where(talks_before_ripe >= law.nurtured_after, law.nurtured_factor, 1.0)
    return FollowUp(
        contact_after=plan,
        made=made,
        reached=reached,
        outcome=outcome,
        found_after=found,
        ended_after=ended,
        amount=np.where(outcome == WON, fate.amount * nurtured, 0.0),
        minutes=made.sum(axis=1) * law.attempt_minutes + talks * law.conversation_minutes,
    )


def _plan(contact_after: ArrayLike, n: int, attempts: int) -> FloatArray:
    plan = np.atleast_1d(np.asarray(contact_after, dtype=np.float64))
    if plan.ndim == 1:
        plan = np.broadcast_to(plan, (n, len(plan)))
    if plan.ndim != 2 or len(plan) != n or plan.shape[1] > attempts:
        raise InputError("contact_after", f"expected {n} rows of at most {attempts} contacts, got {plan.shape}")
    day = np.where(np.isnan(plan), 0.0, plan)
    latest = np.maximum.accumulate(day, axis=1)
    if np.any(day < 0) or not np.all(np.isfinite(day)) or np.any(~np.isnan(plan) & (day < latest)):
        raise InputError("contact_after", "days must rise from 0 or later")
    return plan


def _signals(law: Law, n: int, rng: np.random.Generator) -> tuple[dict[str, IntArray], FloatArray]:
    """What is seen of each lead, and what it adds to the log-odds of buying, around the mean."""
    signals: dict[str, IntArray] = {}
    lift = np.zeros(n)
    for group in dict.fromkeys(law.signal_group):
        drawn, below = rng.random(n), 0.0
        for at, key in enumerate(law.signals):
            if law.signal_group[at] != group:
                continue
            share = float(law.signal_share[at])
            signals[key] = ((drawn >= below) & (drawn < below + share)).astype(np.int64)
            lift += law.signal_effect[at] * (signals[key] - share)
            below += share
    return signals, lift


def _fate(law: Law, source: IntArray, lift: FloatArray, rng: np.random.Generator) -> Fate:
    n = len(source)
    will_buy = rng.random(n) < expit(logit(law.p_buys[source]) + lift)
    share = rng.random(n)
    even, early = (curve.ages(share) for curve in law.ripening)
    day = np.where(law.early[source], early, even)
    day[rng.random(n) < law.ripe_on_arrival[source]] = 0.0
    frank = rng.geometric(law.frank, n)
    buyers = np.flatnonzero(law.reason_buyer)
    others = np.flatnonzero(~law.reason_buyer)
    reason_buyer, reason_other = (
        rng.choice(kind, size=n, p=law.reason_share[kind] / law.reason_share[kind].sum()) for kind in (buyers, others)
    )
    return Fate(
        will_buy=will_buy,
        ripe_after=np.where(will_buy, day, np.inf),
        window=law.window_median * np.exp(law.window_sigma * rng.standard_normal(n)),
        unreachable=rng.random(n) < law.never_reached,
        frank_after=np.where(will_buy, np.iinfo(np.int64).max, frank),
        amount=law.amount_median * np.exp(law.amount_sigma * rng.standard_normal(n)),
        reason=np.where(will_buy, reason_buyer, reason_other),
        luck_close=rng.random(n),
        luck_reach=rng.random((n, law.attempts)),
    )
