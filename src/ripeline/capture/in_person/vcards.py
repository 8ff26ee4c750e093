"""vCards (2.1, 3.0, 4.0) as telephones, mail programs and badges write them: one file, one person or many.

Read leniently, line by line: a property that is broken costs itself, not the card. Pictures and the like are skipped.
"""

import quopri
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from ripeline.capture.arriving.typed_phones import OTHERS
from ripeline.capture.cells import codes, values
from ripeline.capture.cells.text import BadValueError, clean, clean_lines

LARGEST = 5 * 1024 * 1024  # bytes of a file
MOST = 200  # people taken in at once
_MOST_NUMBERS = 5  # beside the one that is called
LONGEST_LINE = 20_000  # characters; longer ones are pictures
_SPLIT = re.compile(r"(?<!\\);")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class UnreadableCardsError(ValueError):
    """A file in which nobody can be found; says why."""


@dataclass
class Found:
    """Somebody in a file: who they are, by the names of our fields, and what else stood there."""

    fields: dict[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class _Line:
    name: str
    marks: Mapping[str, str]  # parameters in lower case; a bare one (2.1) as its own name
    value: str


def read(content: bytes) -> list[Found]:
    """The people in a file, in its order. Raises UnreadableCardsError."""
    if len(content) > LARGEST:
        raise UnreadableCardsError(f"The file is larger than {LARGEST // 1024 // 1024} MB. Export it without pictures.")
    text = _text(content)
    if "BEGIN:VCARD" not in text.upper():
        raise UnreadableCardsError("This is no vCard file. Its name usually ends in .vcf.")
    found = [card for card in map(_card, _cards(text)) if card.fields]
    if not found:
        raise UnreadableCardsError("Nobody is named in it.")
    if len(found) > MOST:
        raise UnreadableCardsError(
            f"There are {len(found):,} people in it; {MOST} at once can be looked over. More go in as a spreadsheet."
        )
    return found


def _text(content: bytes) -> str:
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        with suppress(UnicodeDecodeError):
            return content.decode(encoding)
    return content.decode("latin-1")


def _cards(text: str) -> Iterator[list[str]]:
    """The logical lines of each card; what stands outside of cards is left out."""
    lines: list[str] | None = None
    for line in _unfolded(text):
        mark = line.strip().upper()
        if mark == "BEGIN:VCARD":
            if lines:  # the one before was never ended
                yield lines
            lines = []
        elif mark == "END:VCARD":
            if lines:
                yield lines
            lines = None
        elif lines is not None:
            lines.append(line)
    if lines:
        yield lines


def _unfolded(text: str) -> Iterator[str]:
    """Long lines are broken: the next begins with a space, or the first ends with "=" if it is quoted-printable."""
    last = ""
    for line in text.splitlines():
        if last.endswith("=") and "QUOTED-PRINTABLE" in last.partition(":")[0].upper():
            last = (last[:-1] + line)[: LONGEST_LINE + 1]
        elif line[:1] in (" ", "\t"):
            last = (last + line[1:])[: LONGEST_LINE + 1]
        else:
            yield last
            last = line
    yield last


def _card(lines: list[str]) -> Found:
    card, named, ranked, numbers = Found(), "", dict[str, int](), list[str]()
    for line in filter(None, map(_line, lines)):
        if line.name == "N":
            named = named or _name(line.value)
        elif line.name == "NOTE":
            card.note = card.note or clean_lines(_plain(line.value))[:2000]
        elif (read := _FIELDS.get(line.name)) and not line.marks.keys() & {"fax", "pager"}:
            name, value = read[0], clean(read[1](line.value))[:200]
            rank = _rank(line)
            numbers += [value] * (name == "phone")
            if value and rank > ranked.get(name, 0):
                card.fields[name], ranked[name] = value, rank
    if named and "name" not in card.fields:
        card.fields["name"] = clean(named)[:200]
    if phone := card.fields.get("phone"):
        _telephones(card, phone, [number for number in numbers if number])
    return card


def _telephones(card: Found, phone: str, numbers: list[str]) -> None:
    """The number that is called, and the others of the card beside it, each once."""
    country = card.fields.get("country", "")
    dialled = dict.fromkeys(_dialled(number, country, numbers) for number in (phone, *numbers))
    by_digits = {re.sub(r"\D", "", number): number for number in reversed(dialled)}
    first, *others = reversed(by_digits.values())
    card.fields["phone"] = first
    if others:
        card.fields[OTHERS] = ", ".join(others[:_MOST_NUMBERS])


def _dialled(phone: str, country: str, numbers: list[str]) -> str:
    """A number without a country code as it is dialled from anywhere, where the card says of which country it is."""
    theirs = values.reading_country(country, numbers, "")
    if theirs and phone.startswith("0") and not phone.startswith("00"):
        with suppress(BadValueError):
            return values.phone(phone, country=country, home=theirs).value
    return phone


def _rank(line: _Line) -> int:
    """Of several, the one that is preferred, then the one at work, then a mobile number, then the first."""
    marks = line.marks
    return 2 + 4 * ("pref" in marks) + 2 * ("work" in marks) + ("cell" in marks) - ("home" in marks)


def _line(text: str) -> _Line | None:
    head, colon, value = text.partition(":")
    if '"' in head and head.count('"') % 2:  # a colon within quotes
        before, colon, value = text.partition('":')
        head = before + '"'
    if not colon or len(text) > LONGEST_LINE:
        return None
    name, *rest = head.split(";")
    marks: dict[str, str] = {}
    for mark in rest:
        key, _, said = mark.strip().lower().partition("=")
        if key in ("type", ""):
            marks |= dict.fromkeys(filter(None, said.strip('"').split(",")), "")
        else:
            marks[key] = said.strip('"')
    return _Line(name.rpartition(".")[2].strip().upper(), marks, _decoded(value, marks))


def _decoded(value: str, marks: Mapping[str, str]) -> str:
    said = marks.get("encoding", "")
    with suppress(ValueError, LookupError):
        if "quoted-printable" in (said, *marks):
            raw = quopri.decodestring(value.encode("latin-1", "replace"))
            return raw.decode(marks.get("charset") or "utf-8", "replace")
        if said in ("b", "base64"):
            return b64decode(value).decode("utf-8")
    return value


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda sign: "\n" if sign[1] in "nN" else sign[1], value).strip()


def _name(value: str) -> str:
    """Family; given; more; title; suffix."""
    family, given, more, *_ = [*map(_plain, _SPLIT.split(value)), "", "", ""]
    return " ".join(filter(None, (given, more.replace(",", " "), family.replace(",", " "))))


def _first(value: str) -> str:
    return _plain(_SPLIT.split(value)[0])


def _without(scheme: str) -> Callable[[str], str]:
    return lambda value: re.sub(f"^{scheme}:", "", _plain(value), flags=re.IGNORECASE).split(";")[0]


def _site(value: str) -> str:
    with suppress(BadValueError):
        return values.domain(_plain(value)).value
    return ""  # a page of theirs elsewhere is no site of a company's


def _country(value: str) -> str:
    with suppress(BadValueError):
        return codes.country([*map(_plain, _SPLIT.split(value)), *[""] * 7][6])
    return ""


_FIELDS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "FN": ("name", _plain), "ORG": ("company", _first), "TITLE": ("title", _plain),
    "EMAIL": ("email", _without("mailto")), "TEL": ("phone", _without("tel")), "URL": ("website", _site),
    "ADR": ("country", _country),
}  # fmt: skip
