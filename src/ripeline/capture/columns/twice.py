"""Rows of one file that are one person by address or id, and say different things of them: what was said first stays.

No row knows better than another, and were it the later one's word, the same file would turn the record over each time
it comes. So a later row adds what those before it did not say. Where the rows go by other names, they may be two
people: then it adds only what the record does not say. Of a long file only so many rows back are remembered, so that it
takes no more memory than a short one; an import that goes on reads those once more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from ripeline.capture.arriving import differing
from ripeline.capture.cells.fields import ANSWER
from ripeline.capture.columns.mistaken import is_one_name
from ripeline.capture.columns.row import Row
from ripeline.leads.knowing.identity import Key
from ripeline.leads.words.names import name_words

REMEMBERED = 50_000  # addresses and ids, the last that were new


@dataclass(frozen=True, slots=True)
class _Person:
    row: int  # the first
    name: str
    said: int  # a bit for each field of which a row has said something


@dataclass(frozen=True, slots=True)
class Before:
    """What rows before one said of its person: the first of them, the name, and of what the row says, what they did."""

    row: int
    name: str
    said: frozenset[str]


class Seen:
    """Whom the rows of a run were. What is seen of a chunk is kept when it has gone in, and forgotten if it has not."""

    def __init__(self) -> None:
        self._people: dict[Key, _Person] = {}
        self._new: dict[Key, _Person] = {}
        self._bits: dict[str, int] = {}

    def begin(self) -> None:
        """Forget what was seen since the last chunk that went in."""
        self._new = {}

    def keep(self) -> None:
        """The rows seen since have gone in."""
        self._people |= self._new
        self._new = {}
        while len(self._people) > REMEMBERED:
            del self._people[next(iter(self._people))]

    def name_of(self, keys: Iterable[Key]) -> str:
        """What a person goes by in the rows before; "" of nobody."""
        return next((one.name for key in keys if (one := self._new.get(key) or self._people.get(key))), "")

    def before(self, row: Row, keys: tuple[Key, ...], custom: Iterable[str] = ()) -> Before | None:
        """What rows before this one said of its person, if one did; `custom`: the keys of its own fields."""
        person = next((one for key in keys if (one := self._new.get(key) or self._people.get(key))), None)
        bits = {name: self._bits.setdefault(name, 1 << len(self._bits)) for name in _said_in(row, custom)}
        before = person or _Person(row.row, row.text("name"), 0)
        now = _Person(before.row, before.name or row.text("name"), reduce(or_, bits.values(), before.said))
        self._new |= dict.fromkeys(keys, now)
        said = frozenset(name for name, bit in bits.items() if before.said & bit)
        return Before(before.row, before.name, said) if person else None


def _said_in(row: Row, custom: Iterable[str]) -> set[str]:
    """Of what a row says something."""
    fields = {name for name in differing.FIELDS if row.values.get(name) not in ("", None)}
    answers = (*row.answers, *row.asked)
    return fields | {differing.CUSTOM + key for key in custom} | {ANSWER + key for key in answers}


def other_name(row: Row, before: Before) -> str:
    """What is to be said of a row whose person goes by another name in an earlier one; "" where it is the same."""
    name = row.text("name")
    if not is_another(name, before.name):
        return ""
    return (
        f"“{name}” has the address or id of “{before.name}” in row {before.row}, whose name stays: are they two people?"
    )


def is_another(name: str, other: str) -> bool:
    """Whether these are the names of two people."""
    return bool(name and other) and not is_one_name(set(name_words(name)), set(name_words(other)))
