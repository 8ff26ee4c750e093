"""The text of a cell: cleaned on the way in, made harmless on the way out."""

import html
import re
import unicodedata
from functools import lru_cache

_INVISIBLE = re.compile(  # control characters, soft hyphens, zero-width spaces, marks of direction, halves of pairs
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r]")
_NUMBER = re.compile(r"[+-]?[\d.,  ]*\d%?")
_CUT = re.compile(r"([;\r\n])")  # where a spreadsheet may begin another cell
_NOT_WORD = re.compile(r"[\W_]+")
_TAG = re.compile(
    r"</?(?:p|br|div|span|a|b|i|u|em|strong|font|ul|ol|li|h[1-6]|blockquote|table|tbody|tr|td)\b[^<>]{0,500}>", re.I
)
_LINE_TAG = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]{0,500}>", re.I)
_AS_TEXT = re.compile(r'="((?:[^"]|"")*)"')  # how a program has a spreadsheet take something for text
_BROKEN = re.compile("[ÂÃâÅ]")  # begins what was UTF-8 and was read as Western European
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words(table: str) -> frozenset[str]:
    """The words of a table written as text."""
    return frozenset(table.split())


_PLACEHOLDERS = {"k. a.", "keine angabe", "keine angaben", "ohne angabe", "unbekannt"} | words(
    "- -- --- – — . .. ? n/a #n/a n.a. k.a. k.a k/a (blank) (empty) (none) <null> \\n #ref! #value! #name?"
)
_EMPTY_WORDS = {"null", "none", "nil", "nan", "na", "undefined", "unknown", "not available", "not provided"}


class BadValueError(ValueError):
    """A cell's text is not what its field takes; the message is a clause that says why, and what to write instead."""


def clean(text: str) -> str:
    """One line of text: composed (NFC), no invisible characters, single spaces, no apostrophe of `safe_cell`; out of
    its ="…", and with letters that were broken on the way as they were.
    """
    text = mended(_as_text(text))
    if text.isascii() and text.isprintable() and "  " not in text:  # as nearly all are
        return _without_apostrophe(text.strip())
    return _without_apostrophe(" ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", text)).split()))


def clean_lines(text: str) -> str:
    """Text of any number of lines, cleaned line by line."""
    text = mended(_as_text(text))
    if text.isascii() and text.isprintable():
        return clean(text)
    lines = (_INVISIBLE.sub("", line).rstrip() for line in unicodedata.normalize("NFC", text).splitlines())
    return _without_apostrophe("\n".join(lines).strip())


def _as_text(text: str) -> str:
    found = _AS_TEXT.fullmatch(text.strip()) if '="' in text else None
    return found[1].replace('""', '"') if found else text


def mended(text: str) -> str:
    """Text that was UTF-8 and was read as Western European, once or twice (MÃ¼ller), as it was; any other as it is."""
    for _ in range(3):
        if text.isascii() or not _BROKEN.search(text):
            return text
        try:
            text = b"".join(map(_byte, text)).decode("utf-8")
        except UnicodeError:
            return text
    return text


def _byte(letter: str) -> bytes:
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")


def without_markup(text: str) -> str:
    """The words of a text that a program wrote as HTML, a paragraph a line; any other text as it is."""
    if not _TAG.search(text):
        return text
    return clean_lines(html.unescape(_TAG.sub("", _LINE_TAG.sub("\n", text))))


def given(text: str, *, is_name: bool = False) -> str:
    """`text`, or nothing if it only says that there is nothing: "n/a", "null"; Null and None are names, though."""
    lowered = text.lower()
    return "" if lowered in _PLACEHOLDERS or (not is_name and lowered in _EMPTY_WORDS) else text


def safe_cell(text: str) -> str:
    """`text` for a CSV file, an apostrophe before what a spreadsheet would run as a formula. Numbers stay.

    Where lists are separated by semicolons, as in German, a spreadsheet takes what follows one, or a new line, for
    another cell, whatever is quoted.
    """
    if ";" in text or "\n" in text or "\r" in text:
        return "".join(map(safe_text, _CUT.split(text)))
    return safe_text(text)


def safe_text(text: str) -> str:
    """The same for a cell of a workbook, which nothing cuts."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _without_apostrophe(text: str) -> str:
    if "'" not in text:
        return text
    return "".join(_bare(part) for part in _CUT.split(text))


def _bare(part: str) -> str:
    return part[1:] if part.startswith("'") and safe_text(part[1:]) == part else part


@lru_cache(maxsize=4096)
def key(text: str) -> str:
    """Lower-case words without accents and marks: "E-Mail_Address", "eMail address" and "e mail address" agree."""
    split = _CAMEL.sub(" ", text.strip())
    plain = "".join(c for c in unicodedata.normalize("NFKD", split) if not unicodedata.combining(c))
    return " ".join(_NOT_WORD.sub(" ", plain.casefold()).split())
