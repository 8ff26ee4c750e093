"""The words that a lead is found by, and how what somebody typed is looked up in them."""

import re
import unicodedata
from collections.abc import Iterable

from ripeline.leads.words.names import words_of
from ripeline.leads.words.numbers import dialled, from_abroad
from ripeline.leads.words.plain import unaccented, whole
from ripeline.people import working_time

_FEWEST_WITH_COUNTRY = 4  # +49 221, +1 212
_FEWEST_DIGITS = 6  # by which a telephone number is found
SEARCHED = ("name", "email", "company", "phone", "title", "reference")  # what a lead is found by


def search_tokens(
    *, name: str = "", email: str = "", company: str = "", phone: str = "", title: str = "", reference: str = "",
    other_phones: Iterable[str] = (),
) -> str:  # fmt: skip
    """The words that find a lead: with the parts of its address, its digits, and without accents."""
    words: dict[str, None] = {}
    for text in (name, company, title, reference, email):
        joined = whole(text)
        for word in words_of(text) if joined == text else [*words_of(text), *words_of(joined)]:
            words[word] = None
            words[unaccented(word)] = None
    if email:
        words.update(dict.fromkeys([email.casefold(), email.casefold().rpartition("@")[2]]))
    for number in (phone, *other_phones):
        digits = re.sub(r"\D", "", number)
        words.update(dict.fromkeys(digits[start:] for start in range(max(len(digits) - _FEWEST_DIGITS + 1, 0))))
    return " ".join(word for word in words if word)[:4000]


def search_query(text: str) -> str:
    """What a person typed as a prefix query for PostgreSQL (`ann & north:*`); "" if nothing can be searched."""
    return " | ".join(" & ".join(f"'{word}':*" for word in words) for words in _readings(text))


def searched_parts(text: str) -> list[list[str]]:
    """What the words of each lead that `search_query` finds surely hold, sign by sign, by either way to read it: to
    look for that first costs a twentieth of taking all words apart.

    PostgreSQL takes a word apart where its signs change (`ann.b@1st.example`), and never among letters or digits.
    """
    return [
        list(dict.fromkeys(part for word in words for part in re.findall(r"[a-z]+|[0-9]+", word)))
        for words in _readings(text)
    ]


_TELEPHONE = re.compile(r"[\d\s+()/.–-]+")
_UMLAUT = re.compile(r"([aou])e")  # ä, ö or ü spelt out
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def _readings(text: str) -> list[list[str]]:
    """The words that were typed, and the other ways to spell them: Hans-Peter is kept as two words, Schäfer without his
    dots, and some write him Schaefer. Of what may be a telephone number also its digits as those of every lead are
    kept, without what is dialled before them (+, 00, 0), which depends on from where; an area's code alone is read as
    it is dialled where the company is.
    """
    found = [_typed(text)]
    apart = [part for word in found[0] for part in ([word] if "@" in word else word.split("-")) if part]
    found += [apart, [_UMLAUT.sub(r"\1", word) for word in apart], _typed(text.casefold().translate(_SPELT_OUT))]
    if _TELEPHONE.fullmatch(text):
        digits = dialled(text) if finds(text) else _of_area(text)
        number = [digits] if digits else []
        found = [number] if digits and text.strip().startswith("+") else [*found, number]  # +49 221 is nothing else
    return [words for at, words in enumerate(found) if words and words not in found[:at]]


def _of_area(telephone: str) -> str:
    """The beginning of numbers by an area's code, with the country's; "" for too little of it, or something else."""
    digits = from_abroad(telephone, working_time.country())
    return digits if len(digits) >= _FEWEST_WITH_COUNTRY else ""


def finds(telephone: str) -> bool:
    """Whether what was typed of a telephone number is enough to look for; with a country's code the area's is."""
    is_whole = telephone.strip().startswith(("+", "00"))
    return len(dialled(telephone)) >= (_FEWEST_WITH_COUNTRY if is_whole else _FEWEST_DIGITS)


def _typed(text: str) -> list[str]:
    plain = unaccented(unicodedata.normalize("NFKC", whole(text)).casefold())
    found = re.findall(r"[\w@.+-]+", plain)[:8]
    # A sign before a word is none of it; within one it is kept in addresses alone (jane+fair@…).
    typed = [part for word in found for part in ([word] if "@" in word else word.lstrip("-").split("+"))]
    return [word for word in typed[:8] if word.strip("@.+-")]
