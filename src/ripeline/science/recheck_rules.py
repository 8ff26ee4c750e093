"""The assumptions of `recheck`: what a contact costs and reaches, how long windows last, what each outcome teaches."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ripeline.science import gate
from ripeline.science.assumptions import Assumptions
from ripeline.science.gate import BoolArray, FloatArray

SOONEST, LATEST = 1, 365
"""Days until a next contact are never fewer nor more."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Rules:
    """The assumptions of the model, from `recheck.toml`; arrays are by kind of lead or by disposition.

    Attributes
    ----------
    minutes : float
        One contact.
    price : float
        Wins that the next best use of a minute would bring, where nothing better is known.
    least_price : float
        The same for whoever has minutes to spare.
    closing : float
        Wins per ripe lead that is reached in time.
    reach, never : float
        P(an attempt reaches a reachable person); share that no attempt will reach.
    again_days, again_growth : float
        r_1, and r_{k+1} / r_k.
    longest_days : float
        Nobody waits longer.
    kinds, window_days, ripe_on_arrival
        Keys of the curves, 1/δ and ρ at capture for each.
    dispositions, unseen, ripe, hazard, not_before
        Keys; whether nothing was learnt; ρ; factor on the hazard; days of rest.
    """

    minutes: float
    price: float
    least_price: float
    closing: float
    reach: float
    never: float
    again_days: float
    again_growth: float
    longest_days: float
    kinds: tuple[str, ...]
    window_days: FloatArray
    ripe_on_arrival: FloatArray
    dispositions: tuple[str, ...]
    unseen: BoolArray
    ripe: FloatArray
    hazard: FloatArray
    not_before: FloatArray


def load(path: Path) -> Rules:
    """The rules of a file like `recheck.toml`.

    Raises
    ------
    AssumptionError
        A value is missing, has no basis, or makes no sense.
    """
    with Assumptions(path) as file:
        kinds = file.rows("kind", {"key": str, "window_days": float, "ripe_on_arrival": float})
        dispositions = file.rows(
            "disposition", {"key": str, "unseen": bool, "ripe": float, "hazard": float, "not_before": float}
        )
        return Rules(
            minutes=file.number("minutes.contact", low=0.1, high=480),
            price=file.number("price.wins_per_hour", low=0, high=60) / 60,
            least_price=file.number("price.least_wins_per_hour", low=1e-6, high=60) / 60,
            closing=file.number("closing.ratio", low=0.001, high=1),
            reach=file.number("reach.per_attempt", low=0.001, high=0.999),
            never=file.number("reach.never", low=0, high=0.999),
            again_days=file.number("reach.again_days", low=0.01, high=365),
            again_growth=file.number("reach.again_growth", low=1, high=10),
            longest_days=file.number("rest.longest_days", low=1, high=LATEST),
            kinds=tuple(row["key"] for row in kinds),
            window_days=gate.vector("window_days", [row["window_days"] for row in kinds], low=0.1, high=3650),
            ripe_on_arrival=gate.vector("ripe_on_arrival", [row["ripe_on_arrival"] for row in kinds], low=0, high=1),
            dispositions=tuple(row["key"] for row in dispositions),
            unseen=np.array([row["unseen"] for row in dispositions]),
            ripe=gate.vector("ripe", [row["ripe"] for row in dispositions], low=0, high=1),
            hazard=gate.vector("hazard", [row["hazard"] for row in dispositions], low=0, high=100),
            not_before=gate.vector("not_before", [row["not_before"] for row in dispositions], low=0, high=LATEST),
        )


DEFAULT_RULES = load(Path(__file__).with_name("recheck.toml"))
