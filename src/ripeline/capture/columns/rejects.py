"""Rows that do not go in: what is wrong with them, in words, and the file that gives them back."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Self

from ripeline.capture.cells.text import safe_cell
from ripeline.capture.columns.mapping import OWN_COLUMNS


class Fault(NamedTuple):
    """What is wrong in a cell: its place and column, in which field, and whether that alone refuses the row."""

    at: int
    column: str
    field: str
    reason: str
    is_grave: bool


class Reject(NamedTuple):
    """A row that does not go in: its cells, the column at fault (empty if none is), and why, with what to do."""

    row: int
    cells: list[str]
    reason: str
    column: str = ""

    @classmethod
    def of(cls, row: int, cells: list[str], found: Sequence[tuple[str, str]]) -> Self:
        """The refusal of a row for all that was `found`: (column, what); the first column is the one shown."""
        (column, reason), *others = found
        more = [f"column “{label}”: {said}" if label else said for label, said in others]
        return cls(row, cells, "; ".join([reason, *more]), column)

    def sentence(self, filename: str) -> str:
        """The whole of it, for a person."""
        where = f"{filename}, row {self.row}" + (f", column “{self.column}”" if self.column else "")
        return f"{where}: {self.reason}."


def rejects_file(labels: Sequence[str], rejects: Iterable[Reject], *, delimiter: str = ",") -> Iterator[str]:
    """The lines of a CSV file of `rejects`, to be corrected and imported again; no cell of it runs as a formula.

    Where and why comes first, so that a row with too many cells stays as it was.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    heading = [*OWN_COLUMNS, *labels]
    lines: Iterator[Sequence[str]] = ((str(one.row), one.column, one.reason, *one.cells) for one in rejects)
    for line in itertools.chain([heading], lines):
        writer.writerow([safe_cell(cell) for cell in line])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
