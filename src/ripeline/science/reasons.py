"""Why a lead scores as it does, in words: the contributions of its facts, sorted.

A reason is one group of terms (the source type, the seniority, the telephone number). Its weight is the sum of its
terms' contributions, so order and signs of what is shown are those of the computation that scored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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
    groups = _groups(tuple(terms))
    weight = contributions(facts, terms) @ groups.member
    speaker, present = _speakers(facts, groups)
    weight[(speaker < 0) | (np.abs(weight) < floor)] = 0.0
    order = np.argsort(-np.abs(weight), axis=1, kind="stable")[:, :shown]
    heaviest = np.take_along_axis(weight, order, axis=1)
    return Ranked(
        term=np.where(heaviest == 0.0, -1, np.take_along_axis(speaker, order, axis=1)),
        present=np.take_along_axis(present, order, axis=1),
        weight=heaviest,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Groups:
    """How terms hang together: of k terms and g groups, `member` (k, g).

    The other arrays have the terms group by group: `order`, their positions; `start`, where each group begins among
    them; `says_yes` and `says_no`, whether they have words for who has it and who has it not.
    """

    member: FloatArray
    order: IntArray
    start: IntArray
    says_yes: BoolArray
    says_no: BoolArray


@lru_cache(maxsize=8)
def _groups(terms: tuple[Term, ...]) -> _Groups:
    place = {group: at for at, group in enumerate(dict.fromkeys(term.group for term in terms))}
    group = np.array([place[term.group] for term in terms], dtype=np.int64)
    order = np.argsort(group, kind="stable")
    return _Groups(
        member=(group[:, None] == np.arange(len(place))).astype(np.float64),
        order=order,
        start=np.searchsorted(group[order], np.arange(len(place))),
        says_yes=np.array([bool(terms[at].present) for at in order.tolist()], dtype=np.bool_),
        says_no=np.array([bool(terms[at].absent) for at in order.tolist()], dtype=np.bool_),
    )


def _speakers(facts: NDArray[np.floating], groups: _Groups) -> tuple[IntArray, BoolArray]:
    """For each lead and group the term that speaks (-1: none has anything to say), and whether the lead has it.

    The last one that the lead has speaks; where it has none, the first that it is known not to have.
    """
    if not len(groups.order):
        nothing = np.zeros((len(facts), 0), dtype=np.int64)
        return nothing, nothing.astype(np.bool_)
    known, none = facts[:, groups.order], len(groups.order)
    has = known == 1.0
    yes = np.maximum.reduceat(np.where(has & groups.says_yes, groups.order, -1), groups.start, axis=1)
    no = np.minimum.reduceat(np.where((known == 0.0) & groups.says_no, groups.order, none), groups.start, axis=1)
    speaker = np.where(yes >= 0, yes, np.where(no < none, no, -1))
    return speaker, np.logical_or.reduceat(has, groups.start, axis=1)
