"""Why a lead scores as it does, in words: the contributions of its facts, sorted.

A reason is one group of terms (the source type, the seniority, the telephone number). Its weight is the sum of its
terms' contributions, so order and signs of what is shown are those of the computation that scored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ripeline.science import gate
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.terms import Term, contributions


class Reason(NamedTuple):
    """One reason: which term speaks, what it says, and its weight in log-odds (above 0 speaks for buying)."""

    key: str
    words: str
    weight: float


@dataclass(frozen=True, eq=False)
class Ranked:
    """The reasons of n leads, heaviest first; every array has shape (n, limit).

    Attributes
    ----------
    term : ndarray of int
        Position in the terms, -1 where there is no further reason.
    present : ndarray of bool
        The lead has it; otherwise it is known not to.
    weight : ndarray
        In log-odds, above 0 for, below 0 against.
    """

    term: IntArray
    present: BoolArray
    weight: FloatArray

    def words(self, row: int, terms: Sequence[Term]) -> tuple[Reason, ...]:
        """The reasons of one lead, to be read."""
        said = zip(self.term[row].tolist(), self.present[row].tolist(), self.weight[row].tolist(), strict=True)
        return tuple(
            Reason(terms[at].key, terms[at].present if present else terms[at].absent, weight)
            for at, present, weight in said
            if at >= 0
        )


def rank(design: ArrayLike, terms: Sequence[Term], *, limit: int = 4, least: float = 0.05) -> Ranked:
    """The heaviest reasons of n leads.

    Parameters
    ----------
    design : array_like, shape (n, k)
        From `terms.encode`.
    terms : sequence of Term
        k terms.
    limit : int
        How many reasons at most.
    least : float
        Lighter ones are not worth a word (0.05 moves 45 % to 46 %).

    Returns
    -------
    Ranked

    Notes
    -----
    A fact that is unknown gives no reason, nor does one whose term has no words for it. Of equal weights the group that
    stands first in the table comes first.

    Examples
    --------
    >>> from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_TERMS
    >>> from ripeline.science.terms import NO, YES, encode
    >>> facts = encode(DEFAULT_TERMS, source_type=["quote_request"], curves=DEFAULT_CURVES,
    ...                signals={"title_director": [YES], "phone": [NO]})
    >>> for reason in rank(facts.design, DEFAULT_TERMS).words(0, DEFAULT_TERMS):
    ...     print("+" if reason.weight > 0 else "-", reason.words)
    + asked for a quote
    + leads a department
    - no telephone number
    """
    facts = gate.matrix("design", design, columns=len(terms))
    shown = int(gate.number("limit", limit, low=1, high=1000))
    floor = gate.number("least", least, low=0.0)
    groups = list(dict.fromkeys(term.group for term in terms))
    member = np.array([[term.group == group for group in groups] for term in terms], dtype=float)
    weight = contributions(facts, terms) @ member.reshape(len(terms), len(groups))
    speaker, present = _speakers(facts, terms, groups)
    weight[(speaker < 0) | (np.abs(weight) < floor)] = 0.0
    order = np.argsort(-np.abs(weight), axis=1, kind="stable")[:, :shown]
    heaviest = np.take_along_axis(weight, order, axis=1)
    return Ranked(
        term=np.where(heaviest == 0.0, -1, np.take_along_axis(speaker, order, axis=1)),
        present=np.take_along_axis(present, order, axis=1),
        weight=heaviest,
    )


def _speakers(facts: NDArray[np.floating], terms: Sequence[Term], groups: Sequence[str]) -> tuple[IntArray, BoolArray]:
    """For each lead and group the term that speaks (-1: none has anything to say), and whether the lead has it."""
    speaker = np.full((len(facts), len(groups)), -1, dtype=np.int64)
    present = np.zeros(speaker.shape, dtype=np.bool_)
    for column, group in enumerate(groups):
        for at, term in enumerate(terms):
            if term.group != group:
                continue
            has = facts[:, at] == 1.0
            lacks = (facts[:, at] == 0.0) & (speaker[:, column] < 0) & bool(term.absent)
            speaker[lacks, column] = at
            speaker[has & bool(term.present), column] = at
            present[has, column] = True
    return speaker, present
