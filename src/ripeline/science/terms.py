"""The terms: facts known at capture and what each does to the odds of ever buying; how a lead's facts are encoded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ripeline.science import gate
from ripeline.science.curves import Curves
from ripeline.science.errors import InputError, UnknownKeyError
from ripeline.science.gate import FloatArray, IntArray

NO, YES, UNKNOWN = 0, 1, -1
"""What may be known about a signal. Unknown (nobody asked) is not no: it neither helps nor harms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One fact known at capture and what it does to the odds of ever buying: a row of the editable table.

    Attributes
    ----------
    key, label : str
        What the program and what people call it.
    kind : {"source_type", "signal", "feature"}
        Every lead has one source type; any number of signals; a feature is one of the company's own (see `features`).
    group : str
        Terms that exclude each other share a group, and make one reason together.
    mean, sd : float
        In log-odds: the belief N(mean, sd²) about β.
    typical : float
        The share of leads that have it, x̄.
    curve : str
        Key of the curve such leads ripen by; "" leaves the source type's.
    present, absent : str
        The words when the lead has it, and when it is known not to; "" says nothing.
    basis : str
        The source, or "judgement".
    """

    key: str
    label: str
    kind: Literal["source_type", "signal", "feature"]
    group: str
    mean: float
    sd: float
    typical: float
    curve: str
    present: str
    absent: str
    basis: str

    def __post_init__(self) -> None:
        if self.kind not in ("source_type", "signal", "feature"):
            raise InputError("kind", f"{self.key}: must be source_type, signal or feature, not {self.kind!r}")
        gate.number(f"{self.key}: mean", self.mean, low=-10, high=10)
        gate.number(f"{self.key}: sd", self.sd, low=0, high=10)
        gate.number(f"{self.key}: typical", self.typical, low=0, high=1)


@dataclass(frozen=True, eq=False, kw_only=True)
class Facts:
    """What is known of n leads, as `score` wants it.

    Attributes
    ----------
    design : ndarray, shape (n, k)
        1 has it, 0 has it not, the typical share where unknown; columns as the terms.
    curve : ndarray of int, shape (n,)
        Position of each lead's curve in the `Curves`.
    """

    design: FloatArray
    curve: IntArray


def encode(terms: Sequence[Term], *, source_type: ArrayLike, signals: Mapping[str, ArrayLike], curves: Curves) -> Facts:
    """Facts about n leads from their source types and signals.

    Parameters
    ----------
    terms : sequence of Term
        k terms.
    source_type : array_like of str, shape (n,)
        Keys of terms of kind source_type; "" where it is not known.
    signals : mapping of str to array_like of int, shape (n,)
        By key of term: `YES`, `NO` or `UNKNOWN` for each lead. A signal left out is unknown for all: a spreadsheet
        without a column for the telephone says nothing about who would have given one.
    curves : Curves
        Those that the terms name.

    Returns
    -------
    Facts
        A signal that a lead has and that names a curve overrules the curve of its source type; of two, the later term.

    Raises
    ------
    UnknownKeyError
        A source type, signal or curve that is not in the tables.
    InputError
        Lengths that differ, or a signal that is not 1, 0 or -1.

    Examples
    --------
    >>> from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_TERMS
    >>> facts = encode(DEFAULT_TERMS, source_type=["quote_request", ""], signals={"phone": [YES, UNKNOWN]},
    ...                curves=DEFAULT_CURVES)
    >>> facts.design.shape == (2, len(DEFAULT_TERMS))
    True
    >>> [DEFAULT_CURVES.keys[code] for code in facts.curve]
    ['front_loaded', 'even']
    """
    table = _table(tuple(terms), curves)
    chosen = gate.codes("source_type", np.asarray(source_type, dtype=np.str_), keys=table.source_types)
    n = len(chosen)
    design = np.empty((n, len(terms)))
    design[:] = table.typical
    curve = table.curve_of_source[chosen]
    said = np.flatnonzero(chosen)
    design[np.ix_(said, table.sources)] = chosen[said, None] == np.arange(1, len(table.source_types))
    for key in signals:
        if key not in table.signals:
            raise UnknownKeyError("signals", f"{key!r} is none of {', '.join(table.signals)}")
    for key, (place, own_curve) in table.signals.items():
        if key not in signals:
            continue
        value = gate.codes(f"signals: {key}", np.asarray(signals[key]) + 1, keys=("unknown", "no", "yes"), n=n) - 1
        design[:, place] = np.where(value == UNKNOWN, table.typical[place], value)
        if own_curve is not None:
            curve = np.where(value == YES, own_curve, curve)
    return Facts(design=design, curve=curve)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Table:
    """Terms and curves as `encode` looks them up. `source_types`: "" and their keys; `sources`: their columns;
    `signals`: of each the column and the curve it names."""

    typical: FloatArray
    source_types: tuple[str, ...]
    sources: IntArray
    curve_of_source: IntArray
    signals: Mapping[str, tuple[int, int | None]]


@lru_cache(maxsize=8)
def _table(terms: tuple[Term, ...], curves: Curves) -> _Table:
    codes = [int(curves.codes(term.curve, n=1)[0]) if term.curve else None for term in terms]
    sources = [place for place, term in enumerate(terms) if term.kind == "source_type"]
    return _Table(
        typical=typical(terms),
        source_types=("", *(terms[place].key for place in sources)),
        sources=np.array(sources, dtype=np.int64),
        curve_of_source=np.array([0, *(codes[place] or 0 for place in sources)], dtype=np.int64),
        signals={term.key: (place, codes[place]) for place, term in enumerate(terms) if term.kind == "signal"},
    )


def contributions(design: ArrayLike, terms: Sequence[Term]) -> FloatArray:
    """What each fact adds to the average lead's log-odds: β(x − x̄), shape (n, k).

    Examples
    --------
    >>> from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_TERMS
    >>> facts = encode(DEFAULT_TERMS, source_type=["trial"], signals={"free_mail": [YES]}, curves=DEFAULT_CURVES)
    >>> added = dict(zip([term.key for term in DEFAULT_TERMS], contributions(facts.design, DEFAULT_TERMS)[0]))
    >>> round(float(added["free_mail"]), 2)
    -0.3
    """
    facts = gate.matrix("design", design, columns=len(terms))
    result: FloatArray = (facts - typical(terms)) * np.array([term.mean for term in terms])
    return result


def typical(terms: Sequence[Term]) -> FloatArray:
    """The typical lead's facts x̄: what stands in the design where nothing is known, shape (k,)."""
    return np.array([term.typical for term in terms])
