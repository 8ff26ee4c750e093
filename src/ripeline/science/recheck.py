r"""When to look at a lead again, and what a contact today is worth: an inspection problem.

**Model.** A lead known to be green at time 0 ripens at a constant hazard h (from P(ripe within 30 days)). A ripe one
stays open for a while, exponentially with mean 1/δ, then it is gone. A contact costs C and reaches the person with
probability a; if it finds the lead ripe it brings v (the closing ratio times the value), if green the clock starts
again. Nothing is seen in between. So t days after we last knew, the lead is ripe and open with probability

.. math:: q(t) = h \frac{e^{-ht} - e^{-\delta t}}{\delta - h}.

**Index.** Contacting every t days is worth J(t) = (a v q(t) − C) / (1 − e^{−ht}) in all. Setting its derivative to 0
gives the cost at which t is exactly the right time, Whittle's index of the lead,

.. math:: I(t) = a v \Big( \frac{\delta\,(1 - e^{-(\delta - h) t})}{\delta - h} - (1 - e^{-\delta t}) \Big),

which rises with t until q does no longer, and from there on is a v q(t): it is more likely lost than waiting. For a
small hazard this is the law by which web crawlers are scheduled, a v (h/δ) (1 − (1 + δt) e^{−δt}): the more a lead may
have ripened since we looked, and the shorter its window, the sooner; roughly by the square root.

**Two answers from one number.** Today ranks by I(t) divided by minutes; the next contact is due on the first day on
which I(t) reaches the price of its minutes. So a busier team (a higher price) gets later dates, never another order.

**What the last contact taught** enters as a chance ρ of being ripe already, whose window has been closing since:
I = a v ρ e^{−δt} + (1 − ρ) I(t). That sum is an approximation (the two parts are not independent once contacted); with
ρ = 0 the index is exact. After k silent attempts the person is reachable at all with the chance that Bayes' rule
leaves, and the next attempt regains its chance with time: a_k(t) = a_k (1 − e^{−t/r_k}), r_k growing with each silence.

**What they did since** (visits, replies: `signals`) multiplies the odds of being ripe by w. Of the chance Q of being
ripe now, which becomes Q′, what is above the model's is like what a contact teaches: it will not grow by waiting. So
I′ = I (1 − Q′)/(1 − Q) + a v (Q′ − Q (1 − Q′)/(1 − Q)), and where w < 1, I′ = I Q′/Q.

References
----------
Whittle, P. (1988). Restless bandits: activity allocation in a changing world. J. Applied Probability 25A, 287-298.
Cho, J., Garcia-Molina, H. (2003). Effective page refresh policies for web crawlers. ACM TODS 28, 390-426.
Azar, Y., Horvitz, E., Lubetzky, E., Peres, Y., Shahaf, D. (2018). Tractable near-optimal policies for crawling. PNAS
115, 8099-8103.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from ripeline.science import gate
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.prior import MONTH
from ripeline.science.recheck_rules import DEFAULT_RULES, LATEST, SOONEST, Rules

OWN_DATE, DUE, RESTING, QUIET = 0, 1, 2, 3
BECAUSE = ("own_date", "due", "resting", "quiet")
"""Why a next contact is on its day: the person's own date; its value reaches the price of its minutes; the same, but
not before the lead has had its rest; or it would not reach it for long, and is looked at because no lead is dropped."""


@dataclass(frozen=True, eq=False, kw_only=True)
class NextContact:
    """When to look again; every array has shape (n,).

    Attributes
    ----------
    days : ndarray of int
        Days from the last contact (or from capture, if there was none), 1 to 365.
    because : ndarray of int
        Position in `BECAUSE`.
    """

    days: IntArray
    because: IntArray


def next_contact(
    p_30: ArrayLike,
    *,
    disposition: str | ArrayLike,
    kind: str | ArrayLike,
    attempts: ArrayLike = 0,
    ever_reached: ArrayLike = False,
    days_unseen: ArrayLike = 0.0,
    value: ArrayLike = 1.0,
    own_days: ArrayLike | None = None,
    minutes: ArrayLike | None = None,
    price: ArrayLike | None = None,
    longest_days: ArrayLike | None = None,
    rules: Rules | None = None,
) -> NextContact:
    """When to look again at n leads: the first day on which a contact is worth the minutes it takes.

    Parameters
    ----------
    p_30 : array_like, shape (n,)
        P(ripe within 30 days), `Scores.p_30`.
    disposition : str or array_like, shape (n,)
        What the last contact ended with: key or position in `rules.dispositions`.
    kind : str or array_like, shape (n,)
        Key of the lead's curve, or position in `rules.kinds`.
    attempts : array_like of int, shape (n,)
        Attempts without an answer since the person was last reached.
    ever_reached : array_like of bool, shape (n,)
        The person has been reached before, so can be.
    days_unseen : array_like, shape (n,)
        Where the last contact taught nothing: days between it and the last time we knew (or the capture).
    value : array_like, shape (n,)
        Of winning this one, 1 being the usual.
    own_days : array_like, shape (n,), optional
        The person's own date or a promise, in days from the last contact: it decides. NaN or negative: there is none.
    minutes, price, longest_days : optional
        Of this contact; wins that a minute elsewhere would bring, see `price`; after so long it is looked at in any
        case. By default those of the rules.
    rules : Rules, optional
        By default those of `recheck.toml`.

    Returns
    -------
    NextContact

    Raises
    ------
    InputError, NotFiniteError, UnknownKeyError
        Shapes that differ, probabilities outside [0, 1], NaN (but in `own_days`), unknown keys.

    Notes
    -----
    Days are tried one by one at first and then in steps of about 8 %: the optimum is flat. From one day to the next the
    exponentials are multiplied on, so that a million leads take a few seconds.

    Examples
    --------
    Spoken to and green: the likelier, the sooner. No answer: again soon, then with growing pauses.

    >>> next_contact([0.01, 0.04, 0.3], disposition="reached", kind="even").days.tolist()
    [110, 34, 10]
    >>> next_contact([0.04] * 5, disposition="no_answer", attempts=[1, 2, 3, 4, 5], kind="even").days.tolist()
    [2, 3, 4, 10, 48]
    """
    rules = rules or DEFAULT_RULES
    leads = _Leads.of(
        rules,
        p_30,
        disposition,
        kind,
        attempts=attempts,
        ever_reached=ever_reached,
        days_unseen=days_unseen,
        value=value,
    )
    n = len(leads.hazard)
    cost = gate.vector("minutes", rules.minutes if minutes is None else minutes, n=n, low=1e-3)
    cost = cost * gate.vector("price", rules.price if price is None else price, n=n, low=0.0)
    longest = gate.vector("longest_days", rules.longest_days if longest_days is None else longest_days, n=n, low=1.0)
    days = np.minimum(longest, LATEST).astype(np.int64)
    because = np.full(n, QUIET, dtype=np.int64)
    for rows in gate.blocks(n):
        due, found = leads.first_day(rows, cost[rows], days[rows])
        days[rows] = np.where(due, found, days[rows])
        because[rows] = np.where(due, DUE, QUIET)
    resting = days < leads.not_before
    days = np.maximum(days, np.ceil(leads.not_before).astype(np.int64))
    because[resting] = RESTING
    if own_days is not None:
        own = gate.optional("own_days", own_days, n=n)
        has = own >= 0
        days = np.where(has, np.ceil(np.minimum(np.where(has, own, 0.0), LATEST)), days).astype(np.int64)
        because[has] = OWN_DATE
    return NextContact(days=np.clip(days, SOONEST, LATEST), because=because)


def contact_value(
    p_30: ArrayLike,
    *,
    days_since_contact: ArrayLike,
    disposition: str | ArrayLike,
    kind: str | ArrayLike,
    attempts: ArrayLike = 0,
    ever_reached: ArrayLike = False,
    days_unseen: ArrayLike = 0.0,
    value: ArrayLike = 1.0,
    ripe_odds: ArrayLike = 1.0,
    minutes: ArrayLike | None = None,
    rules: Rules | None = None,
) -> FloatArray:
    """What a minute spent on contacting each of n leads today brings, in usual wins: what Today ranks by.

    Parameters
    ----------
    days_since_contact : array_like, shape (n,)
        Since the last contact or attempt; since capture where there was none.
    ripe_odds : array_like, shape (n,)
        w, `signals.Believed.odds`: how many times likelier what they did since makes it that they are ripe now.
    p_30, disposition, kind, attempts, ever_reached, days_unseen, value, minutes, rules
        As in `next_contact`.

    Returns
    -------
    ndarray, shape (n,)
        Whittle's index per minute, 0 while the lead has its rest. On the day that `next_contact` gives as `due` it has
        reached the price.

    Examples
    --------
    A fresh quote request, a fresh white paper, and the white paper again after five weeks of silence on both sides:

    >>> worth = contact_value([0.31, 0.03, 0.03], days_since_contact=[0, 0, 35],
    ...                       disposition=["new", "new", "reached"], kind=["front_loaded", "even", "even"])
    >>> (60 * worth).round(3).tolist()
    [0.251, 0.03, 0.01]
    """
    rules = rules or DEFAULT_RULES
    leads = _Leads.of(
        rules,
        p_30,
        disposition,
        kind,
        attempts=attempts,
        ever_reached=ever_reached,
        days_unseen=days_unseen,
        value=value,
    )
    n = len(leads.hazard)
    since = gate.vector("days_since_contact", days_since_contact, n=n, low=0.0)
    cost = gate.vector("minutes", rules.minutes if minutes is None else minutes, n=n, low=1e-3)
    odds = gate.vector("ripe_odds", ripe_odds, n=n, low=0.0)
    worth = np.empty(n)
    for rows in gate.blocks(n):
        worth[rows] = leads.index(since[rows], rows, odds[rows])
    return np.where(since < leads.not_before, 0.0, worth / cost)


@dataclass(frozen=True, eq=False)
class _Leads:
    """n leads as the model sees them, through the gate."""

    hazard: FloatArray
    closing_window: FloatArray
    gain: FloatArray
    ripe: FloatArray
    unseen: FloatArray
    again: FloatArray
    not_before: FloatArray

    @classmethod
    def of(
        cls,
        rules: Rules,
        p_30: ArrayLike,
        disposition: str | ArrayLike,
        kind: str | ArrayLike,
        attempts: ArrayLike,
        ever_reached: ArrayLike,
        days_unseen: ArrayLike,
        value: ArrayLike,
    ) -> "_Leads":
        chance = gate.vector("p_30", p_30, low=0.0, high=1.0)
        n = len(chance)
        ended = gate.codes("disposition", disposition, keys=rules.dispositions, n=n)
        sort = gate.codes("kind", kind, keys=rules.kinds, n=n)
        silent = np.minimum(gate.vector("attempts", attempts, n=n, low=0.0), 60.0)
        unseen = rules.unseen[ended]
        reached = gate.flags("ever_reached", ever_reached, n=n) | ~unseen
        silent = np.where(unseen, silent, 0.0)
        closes = 1.0 / rules.window_days[sort]
        heard_nothing = (1 - rules.never) * (1 - rules.reach) ** silent
        reachable = np.where(reached, 1.0, heard_nothing / (rules.never + heard_nothing))
        return cls(
            hazard=_apart(-np.log1p(-np.minimum(chance, 1 - 1e-9)) / MONTH * rules.hazard[ended], closes),
            closing_window=closes,
            gain=rules.reach * reachable * rules.closing * gate.vector("value", value, n=n, low=0.0),
            ripe=np.where(reached, rules.ripe[ended], rules.ripe_on_arrival[sort]),
            unseen=np.where(unseen, gate.vector("days_unseen", days_unseen, n=n, low=0.0), 0.0),
            again=np.where(silent > 0, rules.again_days * rules.again_growth ** (silent - 1), 0.0),
            not_before=rules.not_before[ended],
        )

    def index(self, days: FloatArray, rows: slice, odds: FloatArray) -> FloatArray:
        """What a contact is worth so many days after the last one: the price at which it would be just right."""
        ripens, closes, already = self.hazard[rows], self.closing_window[rows], self.ripe[rows]
        t = self.unseen[rows] + days
        green, still_open = np.exp(-ripens * t), np.exp(-closes * t)
        found, waiting = _found(ripens, closes, already, green, still_open)
        found = _with_odds(found, already * still_open + (1 - already) * waiting, odds)
        pause = self.again[rows]
        there = np.where(pause > 0, -np.expm1(-np.divide(days, np.where(pause > 0, pause, 1.0))), 1.0)
        result: FloatArray = self.gain[rows] * there * found
        return result

    def first_day(self, rows: slice, cost: FloatArray, last: IntArray) -> tuple[BoolArray, IntArray]:
        """Whether the index reaches `cost` until the day `last`, and the first candidate day on which it does."""
        n = len(cost)
        due, day_of = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.int64)
        pause = self.again[rows]
        fading = [self.hazard[rows], self.closing_window[rows], 1 / np.where(pause > 0, pause, 1.0)]
        scan = _Scan(
            at=np.arange(n),
            last=last,
            least=cost / np.maximum(self.gain[rows], 1e-300),
            ripens=self.hazard[rows],
            closes=self.closing_window[rows],
            already=self.ripe[rows],
            green=np.exp(-self.hazard[rows] * self.unseen[rows]),
            still_open=np.exp(-self.closing_window[rows] * self.unseen[rows]),
            silent=np.where(pause > 0, 1.0, 0.0),
            a_day=np.exp(-np.array(fading)),
        )
        before = 0
        for day in _CANDIDATES:
            scan.go_on(day - before)
            before = day
            found, _ = _found(scan.ripens, scan.closes, scan.already, scan.green, scan.still_open)
            reached = ((1 - scan.silent) * found >= scan.least) & (day <= scan.last)
            due[scan.at[reached]], day_of[scan.at[reached]] = True, day
            scan.keep(~reached & (day < scan.last))
            if not len(scan.at):
                break
        return due, day_of


@dataclass(eq=False)
class _Scan:
    """Leads of which the day is still looked for, and their exponentials on the day that is looked at.

    `silent`: by how much the chance of an answer is still lowered. `a_day`: factors of the three for one day more.
    """

    at: IntArray
    last: IntArray
    least: FloatArray
    ripens: FloatArray
    closes: FloatArray
    already: FloatArray
    green: FloatArray
    still_open: FloatArray
    silent: FloatArray
    a_day: FloatArray

    def __post_init__(self) -> None:
        self._step, self._factor = 1, self.a_day.copy()
        self._waits = np.ones(len(self.at), dtype=np.bool_)

    def go_on(self, days: int) -> None:
        """So many days later; the steps only ever grow."""
        while self._step < days:
            self._factor *= self.a_day
            self._step += 1
        self.green *= self._factor[0]
        self.still_open *= self._factor[1]
        self.silent *= self._factor[2]

    def keep(self, waits: BoolArray) -> None:
        """Go on with these alone; they are moved together only once many are gone."""
        self._waits &= waits
        left = np.flatnonzero(self._waits)
        if 3 * len(left) > 2 * len(self.at):
            self.last = np.where(self._waits, self.last, 0)
            return
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name).take(left, axis=-1))
        self._factor = self._factor.take(left, axis=-1)
        self._waits = np.ones(len(left), dtype=np.bool_)


def _found(
    ripens: FloatArray, closes: FloatArray, already: FloatArray, green: FloatArray, still_open: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The index without its gain, and q, from e^{−ht} and e^{−δt}."""
    apart = closes - ripens
    waiting = ripens * (green - still_open) / apart
    # Where the hazard exceeds 1/window this grows without bound; `waiting` is the smaller one long before.
    rising = closes * (1 - still_open / np.maximum(green, 1e-300)) / apart - (1 - still_open)
    found = already * still_open + (1 - already) * np.maximum(np.minimum(rising, waiting), 0.0)
    return found, waiting


def _apart(ripens: FloatArray, closes: FloatArray) -> FloatArray:
    """A hazard that is not quite 1/window, where the formulas would divide by nothing."""
    return np.where(np.abs(ripens - closes) < 1e-5 * closes, closes * (1 - 1e-5), ripens)


def _with_odds(found: FloatArray, ripe: FloatArray, odds: FloatArray) -> FloatArray:
    """The index after what they did, from that before and the chance of being ripe now."""
    now = np.minimum(ripe, 1 - 1e-9)
    then = odds * now / (1 - now + odds * now)
    less = found * np.divide(then, now, out=np.ones_like(now), where=now > 0)
    rest = (1 - then) / (1 - now)
    return np.where(odds >= 1, found * rest + (then - now * rest), less)


def _candidates() -> Iterator[int]:
    """Every day for two weeks, then in steps of about 8 %, which never become smaller (`_Scan.go_on`)."""
    day = 1
    while day <= LATEST:
        yield day
        day += 1 + int(0.08 * day)


_CANDIDATES = tuple(_candidates())
