"""Columns of a table as features: rare categories pooled, numbers in a few bands, all of one belief.

What a fit saw is kept in the `Encoder`, so that later rows are read in the same way: a category first met when scoring
is pooled with the rare ones, or says nothing where these were too few: of a handful of rows nothing is learnt, and one
belief for a standard deviation would let them say anything. So a column says nothing that few rows have. Every feature
has a centre (the average row) and a scale (its standard deviation), so that one belief, N(0, .2²) a standard deviation,
fits them all.

A number enters as it is, held to the range of most rows, and by the band that it lies in: what it does need not be a
straight line. A value that is missing here and there is a category of its own, for who leaves a question open says
something by it; a column that is missing altogether says nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ripeline.science import gate
from ripeline.science.errors import InputError
from ripeline.science.gate import FloatArray

RARE = 0.005
"""A category with a smaller share of the rows is pooled."""

FEWEST = 10
"""… and so is one with fewer rows than this; of a pool, or of who has anything in a column, so few say nothing."""

MOST_LEVELS = 30
"""Of one column; the rarest are pooled."""

BANDS = (0.2, 0.4, 0.6, 0.8)
"""Where a number is cut, as shares of the rows."""

HELD = (0.01, 0.99)
"""A number is held to the range of these shares of the rows: one slip of the keyboard moves nothing."""

FINEST, WIDEST = 1e-150, 1e150
"""A range whose square is still a number; of any other only the bands count."""

OTHER, UNKNOWN = "other", "unknown"
"""What the pooled categories and the missing values are called."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One column of the design.

    Attributes
    ----------
    column : str
        The table's column that it comes from.
    level : str
        The category it stands for, `OTHER` for all that are pooled, `UNKNOWN` for none given; "" for a number.
    low, high : float
        Of a number: the range it is held to. Of a band: from `low` to below `high`. Otherwise without end.
    centre, scale : float
        Mean and standard deviation of the feature.
    shift, unit : float
        A number x enters as (x − shift) / unit.
    """

    column: str
    level: str
    centre: float
    scale: float
    low: float = -np.inf
    high: float = np.inf
    shift: float = 0.0
    unit: float = 1.0

    @property
    def key(self) -> str:
        """Its name: `origin=social`, or the column's for a number."""
        return f"{self.column}={self.level}" if self.level else self.column

    @property
    def is_of_number(self) -> bool:
        """Whether it is a number or one of its bands."""
        return not self.level or bool(np.isfinite(self.low) or np.isfinite(self.high))


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """How the columns of a table become features.

    Examples
    --------
    >>> table = {"origin": ["social"] * 30 + ["email"] * 18 + ["fax", "radio"] * 6, "chairs": [1.0, 3.0, 2.0] * 20}
    >>> encoder = Encoder.of(table)
    >>> [feature.key for feature in encoder.features]
    ['origin=social', 'origin=email', 'origin=other', 'chairs', 'chairs=below 2', 'chairs=2 to 3', 'chairs=3 or more']
    >>> encoder.design({"origin": ["social", "telex"]}, n=2)[:, :3].tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """

    features: tuple[Feature, ...]

    @classmethod
    def of(cls, table: Mapping[str, ArrayLike], *, rare: float = RARE) -> "Encoder":
        """The features of a table.

        Parameters
        ----------
        table : mapping of str to array_like, shape (n,)
            Text (categories; "" and None are missing) or numbers (NaN is missing). A column that is the same
            throughout gives no feature.
        rare : float
            Share of the rows under which a category is pooled.

        Raises
        ------
        InputError
            Columns of different lengths.
        """
        arrays = {name: np.asarray(values) for name, values in table.items()}
        if len({len(values) for values in arrays.values()}) > 1:
            raise InputError("table", "its columns have different lengths")
        features: list[Feature] = []
        for name, values in arrays.items():
            of = _of_number if _is_number(values) else _of_text
            features.extend(of(name, values, max(FEWEST, rare * len(values))))
        return cls(features=tuple(features))

    @property
    def centre(self) -> FloatArray:
        """The average row, shape (p,)."""
        return np.array([feature.centre for feature in self.features])

    @property
    def scale(self) -> FloatArray:
        """The standard deviation of each feature, shape (p,)."""
        return np.array([feature.scale for feature in self.features])

    def design(self, table: Mapping[str, ArrayLike], *, n: int) -> FloatArray:
        """The features of n rows, shape (n, p). A column that is not there is at the centre.

        Raises
        ------
        InputError
            A column of another length, or text where the fit saw numbers.
        """
        design = np.empty((n, len(self.features)))
        design[:] = self.centre
        columns: dict[str, list[int]] = {}
        for place, feature in enumerate(self.features):
            columns.setdefault(feature.column, []).append(place)
        for name, places in columns.items():
            if name not in table:
                continue
            values = np.asarray(table[name])
            if values.shape != (n,):
                raise InputError(name, f"expected {n} values, got {values.shape}")
            features = [self.features[place] for place in places]
            fill = _fill_number if any(feature.is_of_number for feature in features) else _fill_text
            for place, column in zip(places, fill(features, values), strict=True):
                design[:, place] = column
        return design


def _fill_number(features: Sequence[Feature], values: NDArray[Any]) -> Iterator[FloatArray]:
    number = _as_numbers(values)
    known = np.isfinite(number)
    for feature in features:
        if not feature.level:
            held = (np.clip(number, feature.low, feature.high) - feature.shift) / feature.unit
            yield np.where(known, held, 0.0)
        elif feature.level == UNKNOWN:
            yield (~known).astype(np.float64)
        else:
            yield (known & (number >= feature.low) & (number < feature.high)).astype(np.float64)


def _fill_text(features: Sequence[Feature], values: NDArray[Any]) -> Iterator[FloatArray]:
    text = _as_text(values)
    levels = [feature.level for feature in features]
    listed, missing = np.isin(text, [level for level in levels if level not in (OTHER, UNKNOWN)]), text == ""
    other = ~missing & ~listed
    says_nothing = (other if OTHER not in levels else False) | (missing if UNKNOWN not in levels else False)
    for feature in features:
        has = {UNKNOWN: missing, OTHER: other}.get(feature.level, text == feature.level)
        yield np.where(says_nothing, feature.centre, has)


def _of_number(name: str, values: NDArray[Any], least: float) -> list[Feature]:
    number = _as_numbers(values)
    known = number[np.isfinite(number)]
    if len(known) < least or known.min() == known.max():
        return []
    n = len(number)
    low, high = (float(end) for end in np.quantile(known, HELD))
    held = np.clip(known, low, high)
    features = []
    if FINEST < high - low < WIDEST:
        mean, sd = float(held.mean()), float(held.std())
        share = float(np.sqrt(len(known) / n))
        features.append(
            Feature(column=name, level="", centre=0.0, scale=share, low=low, high=high, shift=mean, unit=sd)
        )
    cuts = sorted({float(cut) for cut in np.quantile(known, BANDS)} - {float(known.min())})
    edges = [-np.inf, *cuts, np.inf]
    for start, end in pairwise(edges):
        count = int(((known >= start) & (known < end)).sum())
        if cuts and FEWEST <= count < n:
            features.append(_share(name, _band(start, end), count / n, low=start, high=end))
    if len(known) <= n - FEWEST:
        features.append(_share(name, UNKNOWN, 1 - len(known) / n))
    return features if len(features) > 1 else []


def _band(low: float, high: float) -> str:
    if low == -np.inf:
        return f"below {high:g}"
    return f"{low:g} or more" if high == np.inf else f"{low:g} to {high:g}"


def _of_text(name: str, values: NDArray[Any], least: float) -> list[Feature]:
    text = _as_text(values)
    n = len(text)
    counts = Counter(text.tolist())
    missing = counts.pop("", 0)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = [(level, count) for level, count in ordered if count >= least and level not in (OTHER, UNKNOWN)]
    kept = kept[:MOST_LEVELS]
    pooled = n - missing - sum(count for _, count in kept)
    if pooled >= least:
        kept.append((OTHER, pooled))
    if missing >= least:
        kept.append((UNKNOWN, missing))
    said = sum(count for _, count in kept)  # the others stand at the centre, wherever that is
    return [_share(name, level, count / said) for level, count in kept] if len(kept) > 1 else []


def _share(name: str, level: str, p: float, *, low: float = -np.inf, high: float = np.inf) -> Feature:
    return Feature(column=name, level=level, centre=p, scale=float(np.sqrt(p * (1 - p))), low=low, high=high)


def _is_number(values: NDArray[Any]) -> bool:
    return values.dtype.kind in "fiub"


def _as_numbers(values: NDArray[Any]) -> FloatArray:
    number = gate.optional("values", values, n=len(values))
    return np.where(np.isfinite(number), number + 0.0, np.nan)  # + 0.0: there is no minus zero


def _as_text(values: NDArray[Any]) -> NDArray[np.str_]:
    if values.dtype.kind == "U":
        return values
    return np.array(["" if value is None or value != value else str(value) for value in values.tolist()], dtype=np.str_)
