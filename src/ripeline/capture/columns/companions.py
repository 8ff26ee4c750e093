"""Columns of a second person in each row (Contact 2, Ansprechpartner 2): a row makes one lead, and they stay on it.

They are fields of the record, however seldom something stands in them, and the page says so: nobody is lost in silence.
"""

import re
from collections.abc import Sequence

from ripeline.capture.cells.headings import is_called_name
from ripeline.capture.cells.text import clean, key, words

_NUMBER = re.compile(r"\b([2-9])\b|\b(second|third|2nd|3rd|zweiter|zweite|dritter|deuxieme|segundo|secondo)\b")
_PERSONS = words(
    "contact kontakt ansprechpartner person name visitor besucher teilnehmer attendee guest gast contacto contatto"
)
_NAMED = 6  # columns in a sentence


def columns(labels: Sequence[str], samples: Sequence[Sequence[str]]) -> list[str]:
    """Those that are of a further person and say something; none if no name stands among them."""
    numbers: dict[str, list[str]] = {}
    named: set[str] = set()
    for label, cells in zip(labels, samples, strict=True):
        said = key(clean(label))
        found = _NUMBER.search(said)
        if not found or not any(map(str.strip, cells)) or said not in _without_copies(label):
            continue
        number = found[0]
        bare = " ".join(_NUMBER.sub(" ", said).split())
        numbers.setdefault(number, []).append(label)
        if bare in _PERSONS or is_called_name(bare):
            named.add(number)
    return [label for number, theirs in numbers.items() if number in named for label in theirs]


def _without_copies(label: str) -> tuple[str, ...]:
    """What a label says, unless its number only tells it from another column of the same heading."""
    return () if re.search(r" \(\d+\)$", label) else (key(clean(label)),)


def told(found: Sequence[str]) -> str:
    """The columns, in a sentence's words."""
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(f"“{label}”" for label in found[:_NAMED]) + more
