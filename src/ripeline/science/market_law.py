"""The law of a market, from a documented file: how leads arrive, whether and when they buy, what it takes to win."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit

from ripeline.science import gate
from ripeline.science.assumptions import Assumptions
from ripeline.science.curves import Curve
from ripeline.science.errors import AssumptionError
from ripeline.science.gate import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class JourneyLaw:
    """What leads do that a company can see, on their way through the buying stages.

    Attributes
    ----------
    kinds : tuple of str, length k
        What is seen: visits, downloads, replies.
    stages : tuple of str, length s
        Resting, interest, consideration, decision.
    per_month : ndarray, shape (s, k)
        Things of each kind that a person who can be seen does in a month.
    pages : tuple of str, length m
        What is looked at on a visit: reading, product, prices.
    page_share : ndarray, shape (s, m)
        Of the visits of somebody in each stage.
    interest_median, consideration_median, sigma
        Days that a buyer spends in those stages before being ripe, log-normal.
    false_alarm
        Share of the others who look into it once all the same, as a buyer would.
    seen
        Share of people whose visits and downloads can be told to be theirs; replies always can.
    bot_share, bot_per_month
        Share of addresses behind a gateway whose machine clicks, and how often in a month; it looks like a visit.
    """

    kinds: tuple[str, ...]
    stages: tuple[str, ...]
    per_month: FloatArray
    pages: tuple[str, ...]
    page_share: FloatArray
    interest_median: float
    consideration_median: float
    sigma: float
    false_alarm: float
    seen: float
    bot_share: float
    bot_per_month: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Law:
    """Everything that is true of a market; see the comments of `market.toml` for what each means.

    Attributes
    ----------
    per_month, weekday_weights (7,), open_hour, close_hour
        Arrivals: how many in a month of 365/12 days, on which days from Monday, between which hours.
    source_types, source_share (s,), p_buys (s,), early (s,), ripe_on_arrival (s,)
        Keys, their mix, P(ever buys from anyone), whether they ripen early, and the share of buyers ripe at once.
    signals, signal_group, signal_share, signal_effect
        Facts seen at capture: keys, groups that exclude each other, shares, log-odds of buying.
    ripening : tuple of Curve
        (even, early): the share of the buyers not ripe at once that has ripened by each day.
    window_median, window_sigma
        Days that a ripe buyer takes to decide, log-normal.
    close_first, close_later, close_days
        P(win | reached so many days after ripening) = later + (first − later) exp(−delay / days).
    vision, hasty
        What having set the buyer's vision adds to the log-odds of that, and what each proposal made too early takes.
    nurtured_after
        Conversations before ripening that set the vision, and make orders larger.
    pester_days, pester_turns_away
        P(a conversation with a green lead turns it away for good | within so many days of the one before).
    reach, fresh, fresh_days, never_reached, attempts
        P(an attempt reaches), the same at the moment of arrival and how fast that fades, share never reached.
    frank
        P(a lead that will not buy says so in a conversation).
    attempt_minutes, conversation_minutes
        Effort of one attempt, and of a conversation on top.
    first_days, every_days
        The reference follow-up, see `market.steady`.
    amount_median, amount_sigma, nurtured_factor
        Amounts, log-normal; larger by this factor after nurture.
    reasons, reason_buyer, reason_share
        Loss reasons: keys, whether for buyers (who bought elsewhere), shares within their kind.
    respond_minutes, from_hour, to_hour
        The soonest that anybody can be called back, and a seller's hours.
    journey : JourneyLaw
        What leads do meanwhile that a company can see.
    """

    per_month: float
    weekday_weights: FloatArray
    open_hour: float
    close_hour: float
    source_types: tuple[str, ...]
    source_share: FloatArray
    p_buys: FloatArray
    early: BoolArray
    ripe_on_arrival: FloatArray
    signals: tuple[str, ...]
    signal_group: tuple[str, ...]
    signal_share: FloatArray
    signal_effect: FloatArray
    ripening: tuple[Curve, Curve]
    window_median: float
    window_sigma: float
    close_first: float
    close_later: float
    close_days: float
    reach: float
    fresh: float
    fresh_days: float
    never_reached: float
    attempts: int
    frank: float
    attempt_minutes: float
    conversation_minutes: float
    first_days: FloatArray
    every_days: float
    amount_median: float
    amount_sigma: float
    nurtured_factor: float
    nurtured_after: int
    reasons: tuple[str, ...]
    reason_buyer: BoolArray
    reason_share: FloatArray
    vision: float
    hasty: float
    pester_days: float
    pester_turns_away: float
    respond_minutes: float
    from_hour: float
    to_hour: float
    journey: JourneyLaw

    @property
    def horizon(self) -> int:
        """Days after arrival by which every buyer has ripened."""
        return self.ripening[0].horizon

    @property
    def minutes_per_attempt(self) -> float:
        """What an attempt takes on average, with the conversation that it leads to now and then."""
        return self.attempt_minutes + self.reach * self.conversation_minutes

    def p_close(self, delay: FloatArray, *, talks: IntArray | int = 0, hasty: IntArray | int = 0) -> FloatArray:
        """P(a ripe lead buys from us | reached so many days after it ripened, within its window).

        `talks`: conversations with it before it was ripe; `hasty`: how often a proposal was made in them.
        """
        cold = self.close_later + (self.close_first - self.close_later) * np.exp(-delay / self.close_days)
        lift = self.vision * (np.asarray(talks) >= self.nurtured_after) - self.hasty * np.asarray(hasty)
        return np.where(lift == 0.0, cold, expit(logit(cold) + lift))

    def p_reach(self, age: FloatArray) -> FloatArray:
        """P(an attempt so many days after arrival reaches a person who can be reached)."""
        return self.reach + (self.fresh - self.reach) * np.exp(-age / self.fresh_days)


def load(path: Path) -> Law:
    """The law in a file like `market.toml`.

    Raises
    ------
    AssumptionError
        A value is missing, has no basis, or makes no sense; a key that is not known.

    Examples
    --------
    >>> law = DEFAULT_LAW
    >>> float((law.source_share * law.p_buys).sum().round(2))
    0.45
    """
    with Assumptions(path) as file:
        sources = file.rows(
            "source_type", {"key": str, "share": float, "p_buys": float, "ripening": str, "ripe_on_arrival": float}
        )
        signals = file.rows("signal", {"key": str, "group": str, "share": float, "effect": float})
        reasons = file.rows("loss_reason", {"key": str, "buyer": bool, "share": float})
        weekdays = np.array(file.numbers("arrivals.weekday_weights", low=0, high=1e6))
        numbers: dict[str, Any] = {
            name: file.number(key, low=low, high=high) for name, (key, low, high) in _NUMBERS.items()
        }
        counts: dict[str, Any] = {name: int(file.number(key, low=1, high=1000)) for name, key in _COUNTS.items()}
        law = Law(
            **numbers,
            **counts,
            weekday_weights=weekdays / max(weekdays.mean(), 1e-12),
            fresh_days=file.number("reach.fresh_hours", low=0.01, high=8760) / 24,
            first_days=gate.vector("first_days", file.numbers("follow_up.first_days", low=0, high=365)),
            ripening=_ripening(file),
            source_types=tuple(row["key"] for row in sources),
            source_share=_shares(file, "source_type", sources),
            p_buys=gate.vector("p_buys", [row["p_buys"] for row in sources], low=1e-6, high=1 - 1e-6),
            early=np.array([row["ripening"] == "early" for row in sources]),
            ripe_on_arrival=gate.vector("ripe_on_arrival", [row["ripe_on_arrival"] for row in sources], low=0, high=1),
            signals=tuple(row["key"] for row in signals),
            signal_group=tuple(row["group"] for row in signals),
            signal_share=gate.vector("share", [row["share"] for row in signals], low=0, high=1),
            signal_effect=gate.vector("effect", [row["effect"] for row in signals], low=-10, high=10),
            reasons=tuple(row["key"] for row in reasons),
            reason_buyer=np.array([row["buyer"] for row in reasons]),
            reason_share=gate.vector("share", [row["share"] for row in reasons], low=0, high=1),
            journey=_journey(file),
        )
        _check(file.file, law, sources)
    return law


def _ripening(file: Assumptions) -> tuple[Curve, Curve]:
    even = Curve.through(
        "even",
        days=file.numbers("ripening.days", low=0, high=3650),
        share=file.numbers("ripening.even", low=0, high=1),
        basis=file.basis("ripening.even"),
    )
    early = Curve.early(
        "early",
        share=file.number("ripening.early_share", low=0, high=1),
        mean_days=file.number("ripening.early_mean_days", low=0.1, high=365),
        rest=even,
        basis=file.basis("ripening.early_share"),
    )
    return even, early


PAGES = ("reading", "product", "prices")
_KINDS = ("visit", "download", "reply")


def _journey(file: Assumptions) -> JourneyLaw:
    stages = file.rows("stage", {"key": str, **dict.fromkeys((*_KINDS, *PAGES[1:]), float)})
    if tuple(row["key"] for row in stages) != STAGES:
        raise AssumptionError(file.file, "stage", f"these are needed, in this order: {', '.join(STAGES)}")
    rates = np.array([[row[kind] for kind in _KINDS] for row in stages])
    if rates.min() < 0 or rates.max() > 1000:
        raise AssumptionError(file.file, "stage", "rates are between 0 and 1000 a month")
    looked = np.array([[row[page] for page in PAGES[1:]] for row in stages])
    if looked.min() < 0 or looked.sum(axis=1).max() > 1:
        raise AssumptionError(file.file, "stage", "the shares of pages lie between 0 and 1, and add up to 1 at most")
    return JourneyLaw(
        kinds=_KINDS,
        stages=STAGES,
        per_month=rates,
        pages=PAGES,
        page_share=np.column_stack([1.0 - looked.sum(axis=1), looked]),
        interest_median=file.number("journey.interest_days", low=0.1, high=3650),
        consideration_median=file.number("journey.consideration_days", low=0.1, high=3650),
        sigma=file.number("journey.sigma", low=0, high=3),
        false_alarm=file.number("journey.false_alarm", low=0, high=1),
        seen=file.number("journey.seen", low=0, high=1),
        bot_share=file.number("journey.bot_share", low=0, high=1),
        bot_per_month=file.number("journey.bot_per_month", low=0, high=1000),
    )


def _shares(file: Assumptions, table: str, rows: list[dict[str, Any]]) -> FloatArray:
    """The column `share` as a mix: it has to add up to 1."""
    share = gate.vector("share", [row["share"] for row in rows], low=0, high=1)
    if abs(share.sum() - 1) > 1e-6:
        raise AssumptionError(file.file, table, f"the shares add up to {share.sum():g}, not to 1")
    mix: FloatArray = share / share.sum()
    return mix


def _check(file: str, law: Law, sources: list[dict[str, Any]]) -> None:
    """What single values cannot say."""
    groups = {group: law.signal_share[np.array(law.signal_group) == group].sum() for group in set(law.signal_group)}
    problems = (
        ("source_type", "ripening must be even or early", any(row["ripening"] not in _RIPENING for row in sources)),
        ("arrivals.close_hour", "must be later than open_hour", law.close_hour <= law.open_hour),
        ("arrivals.weekday_weights", "seven are needed, not all 0", len(law.weekday_weights) != 7),
        ("signal", "the shares of a group add up to more than 1", any(total > 1 + 1e-9 for total in groups.values())),
        ("loss_reason", "one is needed for buyers and one for others", len(set(law.reason_buyer.tolist())) < 2),
        ("closing.first", "must not be below closing.later", law.close_first < law.close_later),
        (
            "closing.later",
            "must lie within 0 and 1, and closing.first too",
            min(law.close_later, 1 - law.close_first) <= 0,
        ),
        ("response.to_hour", "must be later than from_hour", law.to_hour <= law.from_hour),
    )
    for key, problem, is_so in problems:
        if is_so:
            raise AssumptionError(file, key, problem)


STAGES = ("resting", "interest", "consideration", "decision")
_RIPENING = ("even", "early")
_NUMBERS = {
    "per_month": ("arrivals.per_month", 0, 1e7),
    "open_hour": ("arrivals.open_hour", 0, 24),
    "close_hour": ("arrivals.close_hour", 0, 24),
    "window_median": ("window.median_days", 0.1, 365),
    "window_sigma": ("window.sigma", 0, 3),
    "close_first": ("closing.first", 0, 1),
    "close_later": ("closing.later", 0, 1),
    "close_days": ("closing.lead_days", 0.01, 3650),
    "reach": ("reach.per_attempt", 0, 1),
    "fresh": ("reach.fresh", 0, 1),
    "never_reached": ("reach.never", 0, 1),
    "frank": ("conversation.frank", 1e-6, 1),
    "attempt_minutes": ("effort.attempt_minutes", 0, 480),
    "conversation_minutes": ("effort.conversation_minutes", 0, 480),
    "every_days": ("follow_up.every_days", 0.5, 365),
    "amount_median": ("amount.median", 0.01, 1e12),
    "amount_sigma": ("amount.sigma", 0, 5),
    "nurtured_factor": ("amount.nurtured_factor", 0, 100),
    "vision": ("nurture.vision", 0, 5),
    "hasty": ("nurture.hasty", 0, 5),
    "pester_days": ("pestering.days", 0, 365),
    "pester_turns_away": ("pestering.turns_away", 0, 1),
    "respond_minutes": ("response.soonest_minutes", 0, 1440),
    "from_hour": ("response.from_hour", 0, 24),
    "to_hour": ("response.to_hour", 0, 24),
}
_COUNTS = {"attempts": "reach.attempts", "nurtured_after": "nurture.after"}

DEFAULT_LAW = load(Path(__file__).with_name("market.toml"))
