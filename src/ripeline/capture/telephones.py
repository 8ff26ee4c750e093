"""Whose country's the telephone numbers of a file are that do not say it: guessed from its cells, with the reason."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import phonenumbers

from ripeline.capture import values
from ripeline.capture.mapping import FieldMap

_LOOKED_AT = 100  # numbers of a file
_FEWEST = 3  # that must say their country before they speak for the others
_MOST_OF = 0.8
_FEWEST_DIGITS = 6  # of a number, rather than an extension


class Reading(NamedTuple):
    """The country (ISO 3166; "" if none is known) of numbers that say none, and why; no `why`: there are none such."""

    country: str
    why: str = ""


def reading(mapping: FieldMap, samples: Sequence[Sequence[str]], home: str) -> Reading:
    """By which country the numbers in `samples` of a file's columns are read; `home` is the company's own.

    It is not asked where a column says each person's country.
    """
    columns = [cells for (_, target), cells in zip(mapping.targets, samples, strict=True) if target == "phone"]
    numbers = [cell.strip() for cells in columns for cell in cells[:_LOOKED_AT]]
    bare = [number for number in numbers if _is_bare(number)]
    if not bare or "country" in mapping.fields():
        return Reading(home)
    said = Counter(filter(None, map(values.country_said, numbers)))
    (theirs, times), total = next(iter(said.most_common(1)), ("", 0)), said.total()
    fitting = fits(bare, theirs) if theirs else 0
    if theirs != home and total >= _FEWEST and times >= _MOST_OF * total and fitting >= max(fits(bare, home), 1):
        return Reading(theirs, f"{times} of the {total} numbers that say theirs are of it")
    return Reading(home, f"your company’s; {_how_many(fits(bare, home), len(bare))}" if home else "none is known")


def _is_bare(number: str) -> bool:
    return sum(map(str.isdigit, number)) >= _FEWEST_DIGITS and not number.startswith(("+", "00"))


def fits(numbers: Sequence[str], country: str) -> int:
    """How many of these numbers without a country code can be dialled within a country."""
    return sum(_can_be_dialled(number, country) for number in numbers) if country else 0


def _can_be_dialled(number: str, country: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number[:100], country))
    except phonenumbers.NumberParseException:
        return False


def _how_many(fitting: int, looked_at: int) -> str:
    if fitting == looked_at:
        return (
            f"all {looked_at} looked at are numbers there" if looked_at > 1 else "the one looked at is a number there"
        )
    return f"{fitting or 'none'} of the {looked_at} looked at {'is a number' if fitting == 1 else 'are numbers'} there"
