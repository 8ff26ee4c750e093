"""Telephone numbers as people write them, beside those that are kept (E.164)."""

import re
from collections.abc import Collection
from functools import lru_cache
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


def are_known(text: Any, known: Collection[str]) -> bool:
    """Whether a text says nothing but some of the numbers `known`, in whichever way they are written."""
    if not isinstance(text, str) or not _WRITTEN.fullmatch(text):
        return False
    return _is_known(text, known) or all(_is_known(part, known) for part in _BETWEEN.split(text))


def _is_known(text: str, known: Collection[str]) -> bool:
    digits = dialled(text)
    return any(number.endswith(digits) and len(number) - len(digits) <= _BEFORE for number in known)
