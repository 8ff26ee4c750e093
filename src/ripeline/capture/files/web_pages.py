"""The tables of a web page as delimited text: many systems save a list as a page and call it .xls.

Run by `unpacking`, in its process with limits, because files can be hostile; so this module imports nothing of
Ripeline. Only text is read: no script runs, no address is followed. Every row of a table is one line of its file.
"""

import codecs
import csv
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

LARGEST = 64 * 1024 * 1024  # bytes of a page
BLOCK = 64 * 1024
MOST_TABLES = 60
MOST_CELLS = 1_000  # of a row
DEEPEST = 20  # tables within tables
_HELD = 1024 * 1024  # characters of a sign that never ends
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]{2,30})", re.IGNORECASE)
_UNSEEN = frozenset({"script", "style", "title", "template"})
_BREAKS = frozenset({"br", "p", "div", "li"})


class PageError(Exception):
    """Why nothing is read: huge, page (it has no table)."""


class _Table:
    """One table as it is read."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self.row: list[str] | None = None
        self.cell: list[str] | None = None  # the parts of its text
        self._span = 1
        self._down: dict[int, tuple[int, str]] = {}  # rows still to fill in a column, with what
        self._rows = 1

    def begin_row(self) -> None:
        self.end_row()
        self.row = []

    def begin_cell(self, span: int, rows: int) -> None:
        if self.row is None:
            self.begin_row()
        self.end_cell()
        self._fill()
        self.cell, self._span, self._rows = [], span, rows

    def end_cell(self) -> None:
        if self.cell is None or self.row is None:
            return
        text = " ".join("".join(self.cell).replace("\u2028", " \u2028 ").split(" ")).strip()
        text = re.sub(r"(?: *\u2028 *)+", "\u2028", re.sub(r"[ \t\r\n\xa0]+", " ", text)).strip("\u2028 ")
        for at in range(self._span):
            if self._rows > 1:
                self._down[len(self.row)] = self._rows - 1, text if not at else ""
            self.row.append(text if not at else "")
        if len(self.row) > MOST_CELLS:
            raise PageError("huge")
        self.cell = None

    def end_row(self) -> None:
        self.end_cell()
        if self.row is not None:
            self._fill()
            self.rows.append(self.row)
        self.row = None

    def _fill(self) -> None:
        """What reaches down from a row above."""
        assert self.row is not None
        while (at := len(self.row)) in self._down:
            left, text = self._down.pop(at)
            if left > 1:
                self._down[at] = left - 1, text
            self.row.append(text)


class _Reader(HTMLParser):
    """Tables in the order in which they end; what stands in a table within a cell is of that table alone."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._open: list[_Table] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        table = self._open[-1] if self._open else None
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "table":
            if len(self._open) == DEEPEST or len(self.tables) + len(self._open) == MOST_TABLES:
                raise PageError("huge")
            self._open.append(_Table())
        elif table is None:
            return
        elif tag == "tr":
            table.begin_row()
        elif tag in ("td", "th"):
            said = dict(attrs)
            table.begin_cell(_number(said.get("colspan"), MOST_CELLS), _number(said.get("rowspan"), 100_000))
        elif tag in _BREAKS and table.cell:
            table.cell.append("\u2028")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif not self._open:
            return
        elif tag == "table":
            self.finish()
        elif tag == "tr":
            self._open[-1].end_row()
        elif tag in ("td", "th"):
            self._open[-1].end_cell()

    def handle_data(self, data: str) -> None:
        if not self._unseen and self._open and self._open[-1].cell is not None:
            self._open[-1].cell.append(data)

    def finish_all(self) -> None:
        while self._open:
            self.finish()

    def finish(self) -> None:
        table = self._open.pop()
        table.end_row()
        self.tables.append(table)


def written(file: Path, directory: Path) -> list[dict[str, Any]]:
    """Each table of more than a row as N.csv in `directory`: its name here, and how many rows are not blank."""
    reader = _Reader()
    text = _decoded(file)
    for at in range(0, len(text), BLOCK):
        reader.feed(text[at : at + BLOCK])
        if len(reader.rawdata) > _HELD:
            raise PageError("damaged")
    reader.close()
    reader.finish_all()
    found = [table.rows for table in reader.tables if sum(any(row) for row in table.rows) > 1]
    if not found:
        raise PageError("page")
    sheets = []
    for number, rows in enumerate(found):
        with (directory / f"{number}.csv").open("w", encoding="utf-8", errors="replace", newline="") as output:
            csv.writer(output, lineterminator="\n").writerows(rows)
        filled = sum(any(row) for row in rows)
        sheets.append({"name": f"Table {number + 1}", "rows": filled, "hidden": False, "file": f"{number}.csv"})
    return sheets


def _decoded(file: Path) -> str:
    if file.stat().st_size > LARGEST:
        raise PageError("huge")
    content = file.read_bytes()
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8")):
        if content.startswith(mark):
            return content.decode(name, "replace").removeprefix("\ufeff")
    said = _CHARSET.search(content[:4096])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    name = said[1].decode() if said else "cp1252"
    try:
        known = codecs.lookup(name)
    except LookupError:
        known = codecs.lookup("cp1252")
    is_text = known._is_text_encoding and known.name != "utf-8"
    return content.decode(known.name if is_text else "cp1252", "replace")


def _number(text: str | None, most: int) -> int:
    return min(max(int(text), 1), most) if text and text.isascii() and text.isdigit() and len(text) < 9 else 1
