"""What strangers read that nobody here wrote: the fixed words of forms, their mail and its pages, by language.

One file and one object a language, so that mypy tells which phrase a new language lacks, and a page asks a plain
attribute. Django's translations stay off (config/settings.py): they would be asked for each text of every page, while
those who work here have one language. What the company itself writes (headings, questions, consents) is in the
company's own words.
"""

import re
from datetime import date

from ripeline.catalog.phrases.english import EN
from ripeline.catalog.phrases.fixed import Language, Phrases
from ripeline.catalog.phrases.german import DE

__all__ = ["DE", "EN", "Language", "Phrases", "accepted", "day", "named", "of", "of_country", "size"]

_ALL = {each.code: each for each in (EN, DE)}
_WEIGHT = re.compile(r"q=([01](?:\.\d{0,3})?)")
_GERMAN_SPEAKING = ("DE", "AT", "CH", "LI")


def of(language: str) -> Phrases:
    """The phrases of a language; English for one that has none."""
    return named(language) or EN


def named(language: str) -> Phrases | None:
    """The phrases of a language that somebody names; None where there are none."""
    return next((each for code, each in _ALL.items() if code == language), None)


def accepted(header: str) -> Phrases:
    """Of the languages a browser asks for (its Accept-Language), the one liked best that there is; else English."""
    liked: list[tuple[float, Phrases]] = []
    for asked in header[:300].split(","):
        language, _, weight = asked.partition(";")
        found = named(language.strip().lower().partition("-")[0])
        share = _WEIGHT.fullmatch(weight.strip() or "q=1")
        if found and share and float(share[1]):
            liked.append((float(share[1]), found))
    return max(liked, key=lambda each: each[0], default=(0.0, EN))[1]


def of_country(country: str) -> Language:
    """The language in which a company of this country begins its forms."""
    return Language.GERMAN if country in _GERMAN_SPEAKING else Language.ENGLISH


def day(words: Phrases, when: date) -> str:
    """A day, as a language writes it."""
    return words.day.format(day=when.day, month=words.months.split()[when.month - 1], year=when.year)


def size(words: Phrases, count: int) -> str:
    """How large a file is, as a language writes it."""
    if count < 1024:
        return f"{count}\xa0{words.bytes}"
    unit, amount = ("KB", count / 1024) if count < 1024**2 else ("MB", count / 1024**2)
    return f"{amount:.1f}\xa0{unit}".replace(".", words.decimal)
