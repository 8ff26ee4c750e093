"""Rows as an Excel file that can be worked with at once: figures, days and moments as such, and no cell a formula."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from itertools import chain, islice
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from ripeline.capture.cells.text import safe_text
from ripeline.leads.finding.columns import Share

SHEET_ROWS = 1_048_575  # that a sheet holds below its heading
_LONGEST_CELL = 32_767  # characters
_LOOKED_AT = 200  # rows that say how wide a column is
_NARROWEST, _WIDEST = 9, 48  # characters that are shown of a column
_SHOWN: Mapping[type, str] = {
    Share: "0.0%", datetime: "yyyy-mm-dd hh:mm", date: "yyyy-mm-dd", Decimal: "#,##0.00",
}  # fmt: skip


def write_workbook(file: IO[bytes], lines: Iterable[list[Any]], zone: tzinfo) -> None:
    """An Excel file of a heading and its rows, row by row; on further sheets what one cannot hold."""
    book = Workbook(write_only=True)
    remaining = iter(lines)
    heading = next(remaining, [])
    first = list(islice(remaining, _LOOKED_AT))
    widths = [_width(heading[at], [line[at] for line in first]) for at in range(len(heading))]
    sheet, count = _sheet(book, heading, widths), 0
    for line in chain(first, remaining):
        if count == SHEET_ROWS:
            _filter(sheet, heading, count)
            sheet, count = _sheet(book, heading, widths), 0
        sheet.append([_cell(sheet, value, zone) for value in line])
        count += 1
    _filter(sheet, heading, count)
    book.save(file)


def _sheet(book: Workbook, heading: Sequence[str], widths: Sequence[int]) -> Any:
    """A new sheet; its heading stays in sight."""
    number = len(book.sheetnames) + 1
    sheet = book.create_sheet(f"Leads {number}" if number > 1 else "Leads")
    for at, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.freeze_panes = "A2"
    cells = [WriteOnlyCell(sheet, value=_text(label)) for label in heading]
    for cell in cells:
        cell.font = Font(bold=True)
    sheet.append(cells)
    return sheet


def _filter(sheet: Any, heading: Sequence[str], count: int) -> None:
    if heading:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(heading))}{count + 1}"


def _width(label: str, values: Sequence[Any]) -> int:
    """How many characters a column shows: its heading with the arrow of its filter, and most of what stands in it."""
    lengths = [16 if isinstance(value, datetime) else len(str(value)) for value in values if value is not None]
    return min(max([_NARROWEST, len(label) + 4, *(length + 2 for length in lengths)]), _WIDEST)


def _cell(sheet: Any, value: Any, zone: tzinfo) -> Any:
    """A value as a sheet holds it: figures, days and moments as such, all else as harmless text."""
    shown_as = _SHOWN.get(type(value))
    if shown_as is None:
        return value if value is None or isinstance(value, int | float) else _text(value)  # a truth, too
    cell = WriteOnlyCell(sheet)
    cell.number_format = shown_as  # before its value: a moment would get one of its own first
    cell.value = _plain(value, zone)
    return cell


def _plain(value: Any, zone: tzinfo) -> Any:
    """A sheet knows no time zone, and no fourth digit of a percent."""
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0)
    return round(float(value), 4) if isinstance(value, Share) else value


def _text(value: Any) -> str:
    return safe_text(ILLEGAL_CHARACTERS_RE.sub("", str(value)))[:_LONGEST_CELL]
