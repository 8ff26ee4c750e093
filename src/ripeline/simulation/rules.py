"""Pure decisions about the simulated market of a company: who may ask, what may be asked, and when it is the same."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import ripeline
from ripeline.catalog.models import SourceType
from ripeline.people.models import Role, User
from ripeline.people.rules import NotAllowed
from ripeline.science.simulation import own

READERS = frozenset({Role.ADMIN, Role.LEADER, Role.MARKETER})
"""Who sees the whole company's figures added up."""

MONTHS = 12  # that leads arrive; each is followed for a year
MARKETS = 8  # simulated years of a run
MOST_EACH = 1_000.0  # leads a month for each person
BOUNDS: Mapping[str, tuple[float, float]] = {
    "leads_per_month": (0.5, 100_000),
    "reps": (1, 2_000),
    "minutes_per_day": (12, 600),
    "buys_of_100": (1, 95),
    "closing_of_100": (1, 70),
    "worth": (0, 1e11),
}
"""Least and most of each figure."""

KINDS: Mapping[str, str] = dict(SourceType.choices)


class FigureError(ValueError):
    """A figure that cannot be, in words; `field` is its name."""

    def __init__(self, text: str, field: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the simulation is told of a company.

    `leads_per_month`: of the whole company; `minutes_per_day`: of each of the `reps`; `buys_of_100`: leads that ever
    buy from anyone; `closing_of_100`: of those, how many buy from us in steady touch; `mix`: by kind of source.
    """

    leads_per_month: float
    reps: int
    minutes_per_day: int
    buys_of_100: float
    closing_of_100: float
    mix: Mapping[str, float]

    def checked(self) -> "Figures":
        """The same, rounded to what a form shows. Raises FigureError for the first that cannot be."""
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name, None)
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise FigureError(f"Between {low:,g} and {high:,g}, please.", name)
        if self.leads_per_month / self.reps > MOST_EACH:
            raise FigureError(
                f"More than {MOST_EACH:,.0f} leads a month for each person: more than anybody could look at.",
                "leads_per_month",
            )
        if any(not (math.isfinite(share) and 0 <= share <= 1_000_000) for share in self.mix.values()):
            raise FigureError("Each kind between 0 and 100, please.", "mix")
        total = sum(self.mix.values())
        if set(self.mix) - set(KINDS) or not total:
            raise FigureError("Give at least one kind of source a share.", "mix")
        return Figures(
            leads_per_month=round(self.leads_per_month, 1), reps=self.reps, minutes_per_day=self.minutes_per_day,
            buys_of_100=round(self.buys_of_100, 1), closing_of_100=round(self.closing_of_100, 1),
            mix={kind: round(100 * self.mix[kind] / total, 1) for kind in sorted(self.mix) if self.mix[kind] > 0},
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Figures":
        return cls(**kept)

    @property
    def size(self) -> own.Size:
        """The simulated year, with as many leads for each seller."""
        return own.Size.of(leads_per_month=self.leads_per_month, reps=self.reps)

    @property
    def a_year(self) -> float:
        """Leads of the company in a year."""
        return 12 * self.leads_per_month


def digest(figures: Figures) -> str:
    """Names a question: the same figures in the same version of Ripeline, and so the same answer."""
    asked = {"figures": figures.to_json(), "version": ripeline.__version__, "months": MONTHS, "markets": MARKETS}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def money_checked(worth: Decimal, currency: str) -> tuple[Decimal, str]:
    """What a won deal brings. Raises FigureError."""
    low, high = BOUNDS["worth"]
    if not (worth.is_finite() and Decimal(low) <= worth <= Decimal(high)):
        raise FigureError(f"Between {low:,g} and {high:,g}, please.", "worth")
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise FigureError("Choose a currency.", "currency")
    return worth.quantize(Decimal("0.01")), currency


def require_reader(actor: User) -> None:
    """Raise NotAllowed for somebody who does not see the whole company's figures."""
    if actor.role not in READERS or not actor.is_active:
        raise NotAllowed("What following up would bring the whole company is for those who lead or market.")
