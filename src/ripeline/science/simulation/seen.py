"""What a company knows on a day: all that a policy is given. Nothing here leads to what is true of a lead."""

from collections.abc import Mapping
from dataclasses import dataclass

from ripeline.science.gate import BoolArray, FloatArray, IntArray

NOT_REACHED, GREEN, RIPE, TOO_LATE, NO = 0, 1, 2, 3, 4
FINDINGS = ("not_reached", "green", "ripe", "too_late", "no")
"""What an attempt finds: nobody; not now; ripe, and being sold to from now on; bought elsewhere; will not buy, or not
from somebody who calls so often."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Contacts:
    """Attempts made, in their order; every array has shape (m,)."""

    lead: IntArray
    day: FloatArray
    finding: IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Signs:
    """What leads did that could be seen, in order of time; every array has shape (m,). `kind`: position in
    `Seen.kinds`."""

    lead: IntArray
    day: FloatArray
    kind: IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Seen:
    """What is known at a moment of a working day; arrays have shape (n,), one entry for each lead that has come so far.

    Attributes
    ----------
    now : float
        Days since the market opened.
    source_types, kinds : tuple of str
        What the positions in `source_type` and `Signs.kind` mean.
    arrived : ndarray
        When it came.
    source_type : ndarray of int
    facts : mapping of str to ndarray of int
        Known at capture, as `terms.encode` takes them.
    rep : ndarray of int
        Whose it is.
    is_open : ndarray of bool
        It is still to be followed up.
    attempts, conversations, unanswered : ndarray of int
        So far; and since the last conversation.
    last_attempt, last_talk : ndarray
        Days since the market opened; −infinity before the first.
    contacts, signs :
        What is new since the policy was last asked.
    minutes_left : ndarray, shape (reps,)
        Of today.
    """

    now: float
    source_types: tuple[str, ...]
    kinds: tuple[str, ...]
    arrived: FloatArray
    source_type: IntArray
    facts: Mapping[str, IntArray]
    rep: IntArray
    is_open: BoolArray
    attempts: IntArray
    conversations: IntArray
    unanswered: IntArray
    last_attempt: FloatArray
    last_talk: FloatArray
    contacts: Contacts
    signs: Signs
    minutes_left: FloatArray
