"""The words of a name, by which two spellings of it are one."""

import re
import unicodedata

from ripeline.leads.words.plain import unaccented, whole

_TITLES = frozenset(
    ["dr", "prof", "mr", "mrs", "ms", "miss", "sir", "ing", "herr", "frau", "mme", "mlle", "dott", "sig", "sra"]
)


def name_words(name: str) -> list[str]:
    """The words of a name in their order, without accents and titles."""
    found = [unaccented(word) for word in words_of(whole(name))]
    return [word for word in found if word not in _TITLES]


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: in one spelling, in small letters."""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
