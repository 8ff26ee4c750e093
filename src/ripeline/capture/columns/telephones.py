"""Whose country's the telephone numbers of a file are that do not say it: guessed from its cells, with the reason."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import phonenumbers

from ripeline.capture.cells import values
from ripeline.capture.cells.fields import OTHER_PHONE
from ripeline.capture.columns.mapping import FieldMap

_LOOKED_AT = 100  # numbers of a file
_FEWEST = 3  # that must say their country before they speak for the others
_MOST_OF = 0.8
_FEWEST_DIGITS = 6  # of a number, rather than an extension
_ANYWHERE = frozenset({"CO", "IO", "AI", "ME", "TV", "CC", "FM", "LY", "TO", "GG", "IM", "SH", "AC", "VC", "WS"})


class Reading(NamedTuple):
    """The country (ISO 3166; "" if none is known) of numbers that say none, and why; no `why`: there are none such."""

    country: str
    why: str = ""


def reading(mapping: FieldMap, samples: Sequence[Sequence[str]], gaps: Sequence[int], home: str) -> Reading:
    """By which country the numbers in `samples` of a file's columns are read; `home` is the company's own.

    It is not asked where a column without `gaps` says each person's country.
    """
    numbers = [cell.strip() for cell in _cells(mapping, samples, "phone", OTHER_PHONE)]
    bare = [number for number in numbers if _is_bare(number)]
    targets = zip(mapping.targets, gaps, strict=True)
    if not bare or any(target == "country" and not has_gaps for (_, target), has_gaps in targets):
        return Reading(home)
    at_home = fits(bare, home)
    said = Counter(filter(None, map(values.country_said, numbers)))
    hosts = (cell.rpartition("@")[2] for cell in _cells(mapping, samples, "email", "website"))
    ends = Counter(filter(None, map(_country_of_host, hosts)))
    for countries, words in ((said, "numbers that say theirs are"), (ends, "addresses that end in a country’s are")):
        theirs, times = next(iter(countries.most_common(1)), ("", 0))
        total, fitting = countries.total(), fits(bare, theirs)
        if theirs == home or times < _MOST_OF * total or not fitting:
            continue
        is_told = countries is said and total >= _FEWEST and fitting >= at_home
        if is_told or (fitting > at_home and fitting >= _MOST_OF * len(bare)):
            return Reading(theirs, f"{times} of the {total} {words} of it, and {_how_many(fitting, len(bare))}")
    return Reading(home, f"your company’s; {_how_many(at_home, len(bare))}" if home else "none is known")


def _cells(mapping: FieldMap, samples: Sequence[Sequence[str]], *targets: str) -> list[str]:
    """Some cells of the columns that go there."""
    columns = zip(mapping.targets, samples, strict=True)
    return [cell for (_, target), cells in columns if target in targets for cell in cells[:_LOOKED_AT]]


def _country_of_host(host: str) -> str:
    """The country whose an address at a host is; "" of one that could be anywhere's."""
    end = host.strip().rstrip("./").rpartition(".")[2].upper()
    end = "GB" if end == "UK" else end
    return end if end in phonenumbers.SUPPORTED_REGIONS and end not in _ANYWHERE else ""


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
    return f"{fitting or 'none'} of the {looked_at} looked at {'is a number' if fitting < 2 else 'are numbers'} there"
