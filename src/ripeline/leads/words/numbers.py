"""Telephone numbers as people write them, beside those that are kept (E.164)."""

import re
from collections.abc import Collection
from functools import cache, lru_cache
from typing import Any

import phonenumbers

_WRITTEN = re.compile(r"[\d\s+()/.;|,–-]+")
_BETWEEN = re.compile(r"[;|,\n]|\s/\s")
_BEFORE = 4  # signs at most that are not dialled within a country: + and its code


@lru_cache(maxsize=4096)
def written(number: str) -> str:
    """A number that is kept as people read it, as its country groups it: +44 20 7183 8750. Any other text as it is."""
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    is_kept = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL) if is_kept else number


def dialled(text: str) -> str:
    """The digits of a number, without what is dialled before them (+, 00, 0), which depends on from where."""
    return re.sub(r"\D", "", text.replace("(0)", "")).lstrip("0")


def from_abroad(text: str, country: str) -> str:
    """The digits of a number, or of its beginning, that is typed as it is dialled within a country (0221 12), as they
    are kept: 4922112. "" for what is not typed so.
    """
    digits, code = re.sub(r"\D", "", text), phonenumbers.country_code_for_region(country)
    if not code or not digits.startswith("0") or digits.startswith("00") or text.strip().startswith("+"):
        return ""
    ahead = _ahead(country)
    return f"{code}{digits.removeprefix(ahead)}" if digits.startswith(ahead) else ""


@cache
def _ahead(country: str) -> str:
    """What is dialled ahead of an area's code: a 0 mostly, nothing in Italy, whose 0 is part of the number."""
    region = phonenumbers.PhoneMetadata.metadata_for_region(country)
    return (region.national_prefix if region else None) or ""


def are_known(text: Any, known: Collection[str]) -> bool:
    """Whether a text says nothing but some of the numbers `known`, in whichever way they are written."""
    if not isinstance(text, str) or not _WRITTEN.fullmatch(text):
        return False
    return _is_known(text, known) or all(_is_known(part, known) for part in _BETWEEN.split(text))


def _is_known(text: str, known: Collection[str]) -> bool:
    digits = dialled(text)
    return any(number.endswith(digits) and len(number) - len(digits) <= _BEFORE for number in known)
