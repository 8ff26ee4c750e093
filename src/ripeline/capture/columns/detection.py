"""How a file speaks, found by looking at its beginning and at pieces all through it.

A person can say any part of it (`Told`); the rest is found around that.
"""

import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, NamedTuple

from ripeline.capture.cells.dates import day_order, is_date
from ripeline.capture.cells.headings import grouped, known
from ripeline.capture.cells.text import clean
from ripeline.capture.cells.values import decimal_comma_of, is_money
from ripeline.capture.columns.own_kinds import kind_of_cells
from ripeline.capture.columns.sampling import sampled
from ripeline.capture.files.dialect import DELIMITERS, Column, Dialect, UnreadableFileError
from ripeline.capture.files.encoding import encoding_of, refuse_what_is_no_text
from ripeline.capture.files.lines import WIDE, as_text
from ripeline.capture.files.reading import MAX_COLUMNS, Broken, Record, data_rows, records

HEAD = 1024 * 1024  # bytes looked at as a whole
PIECE, PIECES = 64 * 1024, 48  # bytes of each, and number of, the pieces looked at further down
_LOOKED_AT = 300  # rows that decide the separator and the heading
_SHOWN = 20  # rows of the preview


@dataclass(frozen=True, slots=True)
class Told:
    """What a person said of the file; None is to be found."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    header: bool | None = None
    skip: int | None = None
    sheet: str | None = None  # of a workbook


class Detected(NamedTuple):
    """How the file speaks, its first data rows, and some cells of each column from all through it."""

    dialect: Dialect
    preview: list[Record]
    samples: list[list[str]]
    gaps: Sequence[int]  # of each column: how many of the rows that were looked at say nothing in it
    rows: int  # that were looked at


def detect(
    file: BinaryIO, *, name: str, told: Told | None = None, zone: str = "UTC", country: str = "", currency: str = ""
) -> Detected:
    """How `file` speaks; UnreadableFileError, in a sentence that says what to do, if it cannot be imported.

    `zone`, `country` and `currency` are the company's, for times, phone numbers and amounts that do not say theirs.
    """
    told = told or Told()
    head = _head(file)
    if not head.strip(b"\0 \r\n\t,;|\"'\xef\xbb\xbf\xfe\xff"):
        raise UnreadableFileError(f"{name} is empty: choose the file that has the rows.")
    refuse_what_is_no_text(head, name)
    encoding, why = (told.encoding, "you said so") if told.encoding else encoding_of(head, _pieces(file))
    dialect = Dialect(encoding=encoding, zone=zone, country=country, currency=currency, why={"encoding": why})
    with as_text(file, encoding) as text:
        head, pieces = _head(text), _pieces(text)
        dialect = _with_marks(dialect, head, told)
        dialect = _with_heading(dialect, _looked_at(dialect, head), told, name)
        preview = _preview(text, dialect, name)
        found = sampled(dialect, head, pieces)
    dialect = replace(dialect, why={**dialect.why, **found.why()})
    thinned = [cells[:: max(len(cells) // 200, 1)] for cells in found.cells]
    return Detected(_with_formats(dialect, found.cells), preview, thinned, found.gaps, found.rows)


def _head(file: BinaryIO) -> bytes:
    """The file's beginning, in whole lines if it goes on."""
    file.seek(0)
    head = file.read(HEAD)
    return head if len(head) < HEAD else head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1] or head


def _pieces(file: BinaryIO) -> list[bytes]:
    """Pieces spread evenly over what comes after the beginning, each in whole lines."""
    size = file.seek(0, io.SEEK_END)
    if size <= HEAD:
        return []
    step = max((size - HEAD) // PIECES, PIECE)
    pieces = []
    for start in range(HEAD - PIECE, size, step):
        file.seek(start)
        lines = file.read(PIECE).splitlines(keepends=True)
        pieces.append(b"".join(lines[1:-1]))
    return pieces


def _with_marks(dialect: Dialect, head: bytes, told: Told) -> Dialect:
    """With the separator, the quote and what escapes a quote."""
    sample = head[: 256 * 1024].decode("utf-8" if dialect.encoding in WIDE else dialect.encoding, "replace")
    why = dict(dialect.why)
    skip = 0
    if spoken := re.match(r"\ufeff?sep=(.)\r?\n", sample):  # Excel's own word for it
        skip = 1
    quote = told.quote if told.quote is not None else ("'" if _single_quotes(sample) else '"')
    escape = told.escape if told.escape is not None else ("\\" if _backslashes(sample) else "")
    dialect = replace(dialect, quote=quote, escape=escape, skip=skip)
    if told.delimiter:
        delimiter, why["delimiter"] = told.delimiter, "you said so"
    elif spoken and spoken[1] in DELIMITERS:
        delimiter, why["delimiter"] = spoken[1], "the first line says so"
    else:
        delimiter, why["delimiter"] = _delimiter(dialect, head)
    return replace(dialect, delimiter=delimiter, why=why)


def _single_quotes(sample: str) -> bool:
    """Whether cells stand in single quotes: many, and no double ones."""
    edges = r"(?:^|[,;\t|])'[^'\r\n]*'(?=[,;\t|\r\n]|$)"
    return '"' not in sample and len(re.findall(edges, sample, re.MULTILINE)) >= 3


def _backslashes(sample: str) -> bool:
    """Whether a quote inside a cell has a backslash before it, rather than being doubled."""
    return len(re.findall(r'\\"[^,;\t|\r\n]', sample)) > len(re.findall(r'[^,;\t|\r\n]""[^,;\t|\r\n]', sample))


def _delimiter(dialect: Dialect, head: bytes) -> tuple[str, str]:
    """The separator that gives the most rows as many cells as the heading."""
    best, most, share, width = ",", 0.6, 0.0, 1
    for delimiter in DELIMITERS:
        rows = [row for row in _looked_at(replace(dialect, delimiter=delimiter), head) if not _is_blank(row)]
        widths = Counter(len(row.cells) for row in rows if isinstance(row, Record) and len(row.cells) > 1)
        if not widths:
            continue
        usual, times = widths.most_common(1)[0]
        heading = len(rows[_heading_at(rows, usual)].cells)
        bonus = 0.2 if heading == usual else -0.1 if heading > 1 else -0.5
        fits = times / len(rows) + bonus + min(usual, 20) / 1000
        if fits > most:
            best, most, share, width = delimiter, fits, times / len(rows), usual
    if width == 1:
        unused = (mark for mark in DELIMITERS if mark.encode() not in head)
        return next(unused, best), "there is one column"
    return best, f"{share:.0%} of the first rows then have {width} cells"


def _looked_at(dialect: Dialect, head: bytes) -> list[Record | Broken]:
    """The first rows, those above the heading that are known to be left out."""
    found: list[Record | Broken] = []
    for row in records(io.BytesIO(head), dialect):
        if row.row > dialect.skip:
            found.append(row)
        if len(found) == _LOOKED_AT:
            break
    return found


def _is_blank(row: Record | Broken) -> bool:
    return isinstance(row, Record) and row.is_blank


def _heading_at(rows: Sequence[Record | Broken], usual: int) -> int:
    """Which of the rows is the heading: the first, unless titles of a cell or two stand above a wide table."""
    for at, row in enumerate(rows[:30]):
        filled = sum(bool(cell.strip()) for cell in row.cells)
        if filled > max(usual // 2, 1) or usual < 3:
            return _lower(rows, at if filled else _first_filled(rows))
    return _first_filled(rows)


def _lower(rows: Sequence[Record | Broken], at: int) -> int:
    """The heading is the lower of two rows if that one says more names of fields: the upper one groups its columns."""
    below = rows[at + 1 : at + 2]
    return at + 1 if below and len(known(below[0].cells)) > max(len(known(rows[at].cells)), 1) else at


def _first_filled(rows: Sequence[Record | Broken]) -> int:
    return next((at for at, row in enumerate(rows) if not _is_blank(row)), 0)


def _with_heading(dialect: Dialect, rows: list[Record | Broken], told: Told, name: str) -> Dialect:
    """With the heading's place, the columns, and whether short rows are usual."""
    why = dict(dialect.why)
    if all(map(_is_blank, rows)):
        raise UnreadableFileError(f"{name} has only empty cells: choose the file that has the rows.")
    widths = Counter(len(row.cells) for row in rows if isinstance(row, Record) and not row.is_blank)
    usual = widths.most_common(1)[0][0] if widths else 1
    at = min(told.skip - dialect.skip, len(rows) - 1) if told.skip is not None else _heading_at(rows, usual)
    at = max(at, 0)
    first = rows[at]
    if isinstance(first, Broken):
        raise UnreadableFileError(f"{name}, row {first.row}, the heading: it {first.reason}.")
    below = [row for row in rows[at + 1 :] if isinstance(row, Record) and not row.is_blank]
    header, why["header"] = (told.header, "you said so") if told.header is not None else _is_heading(first, below)
    width = max(len(first.cells), usual if widths[usual] * 2 > sum(widths.values()) else 0)
    if width > MAX_COLUMNS:
        raise UnreadableFileError(
            f"{name} has {width:,} columns, at most {MAX_COLUMNS:,} can be imported: remove some."
        )
    short = sum(width > len(row.cells) > (width > 2) for row in below)  # a lone cell is a line of text below the table
    if pad_short := short * 50 > len(below) > 1:
        why["pad_short"] = f"{short} of the first {len(below)} rows leave out cells at their end"
    above = rows[at - 1].cells if at else []
    columns = _columns(grouped(above, first.cells) if header else [], width)
    skip = dialect.skip + at
    return replace(dialect, columns=columns, skip=skip, header=header, pad_short=pad_short, why=why)


def _is_heading(first: Record, below: Sequence[Record]) -> tuple[bool, str]:
    cells = [clean(cell) for cell in first.cells]
    if named := known(cells):
        return True, f"it says “{named[0]}”"
    value = next((cell for cell in cells if "@" in cell or is_date(cell) or re.fullmatch(r"[\d.,+/: -]*\d", cell)), "")
    if value:
        return False, f"the first row has a value, “{value[:40]}”"
    if len(below) >= 2 and any(row.cells == first.cells for row in below[:5]):
        return False, "the first row is repeated"
    return True, "the first row has words only"


def _columns(heading: Sequence[str], width: int) -> tuple[Column, ...]:
    """Columns with labels that are not empty and differ."""
    labels: list[str] = []
    for at in range(width):
        label = clean(heading[at])[:100] if at < len(heading) else ""
        label = label or f"Column {at + 1}"
        again = 2
        unique = label
        while unique in labels:
            unique, again = f"{label} ({again})", again + 1
        labels.append(unique)
    return tuple(Column(label) for label in labels)


def _preview(text: BinaryIO, dialect: Dialect, name: str) -> list[Record]:
    """The first data rows that can be read; there must be at least one row, readable or not."""
    shown: list[Record] = []
    any_row = False
    for at, row in enumerate(data_rows(text, dialect)):
        any_row = any_row or not _is_blank(row)
        if isinstance(row, Record) and not row.is_blank:
            shown.append(row)
        if len(shown) == _SHOWN or (any_row and at > _LOOKED_AT):
            break
    if not any_row:
        raise UnreadableFileError(f"{name} has a heading and no rows under it: there is nothing to import.")
    return shown


def _with_formats(dialect: Dialect, samples: Sequence[Sequence[str]]) -> Dialect:
    """With each column's order of day and month, and its decimal mark; clear columns speak for the unclear."""
    columns = [_with_format(column, cells) for column, cells in zip(dialect.columns, samples, strict=True)]
    clear = {column.day_first: column.label for column in columns if column.day_first is not None}
    if len(clear) == 1:
        day_first, label = clear.popitem()
        why = f"as in “{label}”"
        columns = [
            replace(column, day_first=day_first, date_why=why, unclear="") if column.unclear else column
            for column in columns
        ]
    marks = {column.decimal_comma: column.label for column in columns if column.decimal_comma is not None}
    if len(marks) == 1:
        comma, label = marks.popitem()
        columns = [
            replace(column, decimal_comma=comma, number_why=f"as in “{label}”") if _is_unsure(column, cells) else column
            for column, cells in zip(columns, samples, strict=True)
        ]
    columns = [
        replace(column, cells=kind_of_cells(column, cells)) for column, cells in zip(columns, samples, strict=True)
    ]
    return replace(dialect, columns=tuple(columns))


def _with_format(column: Column, cells: Sequence[str]) -> Column:
    some = cells[:: max(len(cells) // 50, 1)]
    if any(map(is_date, some)):
        order = day_order(cells)
        return replace(column, day_first=order.day_first, date_why=order.why, unclear=order.unclear)
    if _are_numbers(some):
        comma, example = decimal_comma_of(cells)
        return replace(column, decimal_comma=comma, number_why=f"“{example}”" if example else "")
    return column


def _are_numbers(cells: Sequence[str]) -> bool:
    """Whether nearly all are amounts, and some have a mark."""
    amounts = sum(map(is_money, cells))
    return amounts > 0.8 * len(cells) and any("." in cell or "," in cell for cell in cells)


def _is_unsure(column: Column, cells: Sequence[str]) -> bool:
    return column.decimal_comma is None and not column.date_why and _are_numbers(cells[:50])
