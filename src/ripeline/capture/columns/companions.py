"""Columns of a second person in each row (Contact 2, Ansprechpartner 2): a lead of their own, or fields of the first's.

Who can be reached becomes a lead unless somebody says otherwise; who cannot stays on the record of the first, however
seldom something stands there. The page says so: nobody is lost in silence.
"""

import re
from collections.abc import Sequence

from ripeline.capture.cells.fields import CUSTOM
from ripeline.capture.cells.headings import is_called_name
from ripeline.capture.cells.text import clean, key, words
from ripeline.capture.columns.mapping import Guess, guess

_NUMBER = re.compile(r"\b([2-9])\b|\b(second|third|2nd|3rd|zweiter|zweite|dritter|deuxieme|segundo|secondo)\b")
_PERSONS = words(
    "contact kontakt ansprechpartner person name visitor besucher teilnehmer attendee guest gast contacto contatto"
)
_NAMED = 6  # columns in a sentence
_REACHED = frozenset({"email", "phone"})
_THEIRS = _REACHED | {"name", "first_name", "last_name", "title"}  # what a further person has of their own

Person = tuple[tuple[str, str], ...]  # the columns of one, each with its field


def columns(labels: Sequence[str], samples: Sequence[Sequence[str]]) -> list[str]:
    """Those that are of a further person and say something; none if no name stands among them."""
    return [label for theirs in _numbered(labels, samples) for label in theirs]


def people(labels: Sequence[str], samples: Sequence[Sequence[str]]) -> tuple[Person, ...]:
    """The further people of a row who can be reached, each with their columns and what these are."""
    cells, found = dict(zip(labels, samples, strict=True)), []
    for theirs in _numbered(labels, samples):
        bare = [_bare(label) for label in theirs]
        targets = [each.target for each in guess("leads", bare, [cells[label] for label in theirs])]
        if not {"name", "first_name", "last_name"} & set(targets):
            targets = ["name" if one in _PERSONS else to for one, to in zip(bare, targets, strict=True)]
        if set(targets) & _REACHED:
            found.append(tuple((label, to) for label, to in zip(theirs, targets, strict=True) if to in _THEIRS))
    return tuple(found)


def theirs(people: Sequence[Person], labels: Sequence[str], guesses: Sequence[Guess]) -> list[Guess]:
    """The guesses, with the columns of further people kept for them: “Phone 2” is that of “Contact 2”."""
    known = {label for person in people for label, _ in person}
    because = "of another person in the row, who is a lead, too, unless you say otherwise above"
    return [
        Guess(CUSTOM + label, because) if label in known else found
        for label, found in zip(labels, guesses, strict=True)
    ]


def _bare(label: str) -> str:
    return " ".join(_NUMBER.sub(" ", key(clean(label))).split())


def _numbered(labels: Sequence[str], samples: Sequence[Sequence[str]]) -> list[list[str]]:
    """The columns of each further person whose name stands among them."""
    numbers: dict[str, list[str]] = {}
    named: set[str] = set()
    for label, cells in zip(labels, samples, strict=True):
        said = key(clean(label))
        found = _NUMBER.search(said)
        if not found or not any(map(str.strip, cells)) or said not in _without_copies(label):
            continue
        number = found[0]
        bare = _bare(label)
        numbers.setdefault(number, []).append(label)
        if bare in _PERSONS or is_called_name(bare):
            named.add(number)
    return [theirs for number, theirs in numbers.items() if number in named]


def _without_copies(label: str) -> tuple[str, ...]:
    """What a label says, unless its number only tells it from another column of the same heading."""
    return () if re.search(r" \(\d+\)$", label) else (key(clean(label)),)


def told(found: Sequence[str]) -> str:
    """The columns, in a sentence's words."""
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(f"“{label}”" for label in found[:_NAMED]) + more
