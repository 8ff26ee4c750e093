"""Rows of cells out of a file's bytes: streaming, in bounded memory, each with the number a spreadsheet would show.

Row numbers count every row of the file from 1, the heading and blank rows included. What cannot be read comes out as
`Broken` with its reason, and reading goes on: a quote that is never closed costs its own row, not the rest of the file.
"""

import codecs
import csv
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from ripeline.capture.files.dialect import ENCODINGS, Dialect
from ripeline.capture.files.lines import MAX_LINE, WIDE, Line, Lines

MAX_CELL = 100_000  # characters
MAX_LINES = 10_000  # of one row
MAX_COLUMNS = 1_000
SHOWN = 1_000  # characters kept of a cell that is longer
_SINGLE_BYTE = ("cp125", "iso-8859", "mac_roman", "cp850")


class Record(NamedTuple):
    """A row as it was read; all cells empty, or none at all, if it is blank."""

    row: int
    cells: list[str]
    remark: str = ""  # what was mended on the way, in words

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing in it."""
        return not any(cell and not cell.isspace() for cell in self.cells)


class Broken(NamedTuple):
    """A row that could not be read: why, in which column (its position, if known), and its cells, cut short."""

    row: int
    cells: list[str]
    reason: str
    column: int | None = None


class _Grammar:
    """The dialect's regular expressions.

    Each sign can be read in one way only, so that no cell makes them slow. Only single signs are repeated possessively:
    Python before 3.11.5 takes a possessive repetition of anything more for what it is not.
    """

    def __init__(self, dialect: Dialect) -> None:
        quote, delimiter = re.escape(dialect.quote or "\0"), re.escape(dialect.delimiter)
        escaped = r"|\\." if dialect.escape else ""
        backslash = r"\\" if dialect.escape else ""
        text = rf"[^{quote}{backslash}]*+"
        inner = rf"{text}(?:(?:{quote}{quote}{escaped}){text})*"
        unquoted = rf"[^{delimiter}{backslash}]*+"
        plain = rf"(?! *{quote}){unquoted}" + (rf"(?:\\.{unquoted})*" if dialect.escape else "")
        exact = rf"(?:{quote}{inner}{quote}|{plain})"
        spaced = rf"(?: *+{quote}{inner}{quote} *+|{plain})"
        opened = rf"(?:{spaced}{delimiter})* *+{quote}{inner}"
        self.exact = _compiled(rf"{exact}(?:{delimiter}{exact})*")  # as csv.reader reads it
        self.spaced = _compiled(rf"{spaced}(?:{delimiter}{spaced})*")  # the same, with spaces around quotes
        self.opened = _compiled(opened)  # ends inside quotes
        self.stays_open = _compiled(rf"{inner}(?:{quote} *+{delimiter}{opened})?")  # a next line, still inside quotes
        self.closes = _compiled(rf"{inner}{quote} *+(?:{delimiter}{spaced})*")  # a next line that ends the row
        ends = rf"(?= *+(?:{delimiter}|\Z))"
        stray = rf"{quote}(?! *+(?:{delimiter}|\Z))"
        self.loose = _compiled(rf" *{quote}({text}(?:(?:{stray}{escaped}){text})*){quote} *+{ends}")
        self.plain = _compiled(plain)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


class _Ahead(NamedTuple):
    """What lies beyond a line that ends inside quotes."""

    taken: list[Line]  # the lines looked at, as far as they were kept
    is_kept: bool  # all of them were
    whole: str = ""  # the row's text, if the quote closes further down and all were kept
    closes: bool = False
    has_rows: bool = False  # the lines inside the quotes have as many cells as the heading


class _Reader:
    def __init__(self, file: BinaryIO, dialect: Dialect) -> None:
        self.lines = Lines(file)
        self.dialect = dialect
        self.width = 0  # cells that a row must have; 0: any
        self.row = 0
        self._grammar = _Grammar(dialect)
        self._quote = dialect.quote or "\0"  # never there: NULs are taken out
        self._escape = dialect.escape or "\0"
        self._encoding = "utf-8" if dialect.encoding in WIDE else dialect.encoding  # as `as_text` gives it
        self._single_byte = dialect.encoding.startswith(_SINGLE_BYTE)

    def next(self) -> Record | Broken | None:
        """The next row; None at the end."""
        line = self.lines.next()
        if line is None:
            return None
        self.row += 1
        text, remark, fault = self._decode(line.content if self.row > 1 else line.content.removeprefix(codecs.BOM_UTF8))
        if line.is_long:
            return self._broken(text, f"is longer than {MAX_LINE // 1024**2} MB in one line: shorten it")
        if fault:
            return self._broken(text, fault)
        body = text.rstrip("\r\n")
        if self._quote not in body and self._escape not in body:
            return self._fit(body.split(self.dialect.delimiter) if body.strip() else [], remark)
        if self._grammar.exact.fullmatch(body):
            return self._parsed(body, remark)
        return self._quoted(line, text, body, remark)

    def _decode(self, content: bytes) -> tuple[str, str, str]:
        """The line's text, a remark if it had to be mended, a reason if it cannot be read."""
        text, remark = "", ""
        if content.isascii():
            text = content.decode("ascii")
        else:
            encoding = self._encoding
            likelier, other = ("utf-8", encoding) if self._single_byte else (encoding, "cp1252")
            with suppress(UnicodeDecodeError):
                text = content.decode(likelier)
                if likelier != encoding:
                    remark = "is UTF-8 in a file that is not, and was read as such"
            if not text and other != likelier:
                with suppress(UnicodeDecodeError):
                    text = content.decode(other)
                    if other != encoding:
                        remark = f"is not {ENCODINGS[encoding]}: read as {ENCODINGS[other]}, check the accents"
            if not text:
                fault = f"has bytes that are not {ENCODINGS[encoding]} text: save the file as UTF-8 again"
                return content.decode("utf-8", "replace").replace("\0", ""), "", fault
        if "\0" in text:
            return text.replace("\0", ""), remark or "had NUL characters, which were left out", ""
        return text, remark, ""

    def _parsed(self, body: str, remark: str) -> Record | Broken:
        reader = csv.reader(
            (body,),
            delimiter=self.dialect.delimiter,
            quotechar=self.dialect.quote or None,
            escapechar=self.dialect.escape or None,
            quoting=csv.QUOTE_MINIMAL if self.dialect.quote else csv.QUOTE_NONE,
        )
        try:
            return self._fit(next(reader), remark)
        except csv.Error:  # its own limit, above ours
            return self._too_long(body.split(self.dialect.delimiter))

    def _fit(self, cells: list[str], remark: str) -> Record | Broken:
        """The row, if it has as many cells as the heading."""
        record = Record(self.row, cells, remark)
        if sum(map(len, cells)) > MAX_CELL and max(map(len, cells)) > MAX_CELL:
            return self._too_long(cells)
        if not self.width or len(cells) == self.width or record.is_blank:
            return record
        if len(cells) > self.width:
            if any(cell.strip() for cell in cells[self.width :]):
                mark = self.dialect.delimiter
                reason = (
                    f"has {len(cells)} cells, the heading has {self.width}: put a cell that contains {mark!r} in quotes"
                )
                return Broken(self.row, _shown(cells), reason)
            return record._replace(cells=cells[: self.width])
        if self.dialect.pad_short:
            return record._replace(cells=cells + [""] * (self.width - len(cells)))
        reason = (
            f"has {len(cells)} cells, the heading has {self.width}: add the missing ones, or join it to its other part"
        )
        return Broken(self.row, _shown(cells), reason)

    def _quoted(self, line: Line, text: str, body: str, remark: str) -> Record | Broken:
        """A row whose quotes are not as they should be on one line."""
        if self._grammar.opened.fullmatch(body):
            return self._unclosed(line, text, body, remark)
        cells = self._loose(body)
        if cells is None:
            return self._broken(body, "has quotes that do not match: write a quote inside a quoted cell twice")
        if not self._grammar.spaced.fullmatch(body):
            remark = remark or "has quotes inside a quoted cell, which were taken as text"
        return self._fit(cells, remark)

    def _unclosed(self, line: Line, text: str, body: str, remark: str) -> Record | Broken:
        """A quote is open at the line's end: a cell of several lines, or a stray quote, which costs this line only."""
        ahead = self._look_ahead(text)
        column = body[: body.rfind(self._quote)].count(self.dialect.delimiter)
        record: Record | Broken | None = None
        if ahead.whole and self._grammar.exact.fullmatch(ahead.whole):
            record = self._parsed(ahead.whole, remark)
        elif ahead.whole:
            record = self._fit(self._loose(ahead.whole) or [], remark)
        elif ahead.closes:
            record = self._too_long(body.split(self.dialect.delimiter), column)
        if isinstance(record, Record) and ahead.has_rows and not remark:
            return record._replace(remark="has a cell of several lines that look like rows: is a quote missing?")
        if record is None or (isinstance(record, Broken) and ahead.has_rows):
            if ahead.is_kept:
                self.lines.back(ahead.taken)
            else:
                self.lines.seek(line.end)
            return self._broken(body, "opens a quote that is never closed: close it, or take it out", column)
        return record

    def _look_ahead(self, text: str) -> _Ahead:
        """Read on to the end of the row that `text` begins; memory stays bounded however far that is.

        Time does too: a look ahead ends at the next quote that does not fit, so no line is looked at over and over.
        """
        parts, taken, size, rows, count, is_kept = [text], list[Line](), len(text), 0, 0, True
        while (line := self.lines.next()) is not None:
            more, _, fault = self._decode(line.content)
            body = more.rstrip("\r\n")
            size, count = size + len(more), count + 1
            rows += self.width > 1 and body.count(self.dialect.delimiter) == self.width - 1
            is_kept = is_kept and size <= MAX_LINE and count <= MAX_LINES
            if is_kept:
                taken.append(line)
            if line.is_long or fault:
                break
            if self._grammar.closes.fullmatch(body):
                whole = "".join((*parts, body)) if is_kept else ""
                return _Ahead(taken, is_kept, whole, closes=True, has_rows=rows * 2 >= count)
            if not self._grammar.stays_open.fullmatch(body):
                break
            if is_kept:
                parts.append(more)
        return _Ahead(taken, is_kept)

    def _loose(self, body: str) -> list[str] | None:
        """Cells of a row with stray quotes: inside a quoted cell only a quote before a separator closes it."""
        cells, at = [], 0
        while True:
            if found := self._grammar.loose.match(body, at):
                cell = found[1].replace(self._quote * 2, self._quote)
                cells.append(re.sub(r"\\(.)", r"\1", cell, flags=re.DOTALL) if self.dialect.escape else cell)
            elif found := self._grammar.plain.match(body, at):
                cells.append(found[0])
            else:
                return None
            if found.end() == len(body):
                return cells
            at = found.end() + 1

    def _broken(self, body: str, reason: str, column: int | None = None) -> Broken:
        return Broken(self.row, _shown(body.rstrip("\r\n").split(self.dialect.delimiter)), reason, column)

    def _too_long(self, cells: list[str], column: int | None = None) -> Broken:
        if column is None:
            column = max(range(len(cells)), key=lambda at: len(cells[at]))
        return Broken(
            self.row,
            _shown(cells),
            f"has a cell of more than {MAX_CELL:,} characters or {MAX_LINES:,} lines: shorten it",
            column,
        )


def _shown(cells: list[str]) -> list[str]:
    return [cell if len(cell) <= MAX_CELL else cell[:SHOWN] + "…" for cell in cells[:MAX_COLUMNS]]


def records(file: BinaryIO, dialect: Dialect, *, width: int = 0) -> Iterator[Record | Broken]:
    """Every row of `file` from its first, heading and blank ones included; not of `width` cells (0: any) is broken.

    `file` is what `as_text` gave, or one in an encoding that keeps ASCII.
    """
    reader = _Reader(file, dialect)
    reader.width = width
    while (record := reader.next()) is not None:
        yield record


def data_rows(file: BinaryIO, dialect: Dialect) -> Iterator[Record | Broken]:
    """The rows below the heading, blank ones included, each with as many cells as `dialect` has columns, or broken."""
    reader = _Reader(file, dialect)
    for _ in range(dialect.skip + dialect.header):
        reader.next()
    reader.width = len(dialect.columns)
    while (record := reader.next()) is not None:
        yield record
