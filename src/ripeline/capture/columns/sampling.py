"""Cells from all through a file, column by column; and what of it is no row of its table."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from ripeline.capture.files.dialect import Dialect
from ripeline.capture.files.reading import Record, data_rows, records
from ripeline.capture.files.tables import begins_other, is_again, rows_of
from ripeline.capture.files.words_alone import NO_TITLE, REPORT, title_of

_NAMED = 5  # rows, in a sentence
_SAMPLE = 200  # characters of a cell that is looked at


@dataclass
class Sampled:
    """What was seen of a file."""

    cells: list[list[str]]  # of each column
    gaps: list[int]  # of each column: rows that say nothing in it
    rows: int = 0  # that were looked at
    below: int = 0  # in which another table begins; 0 if none does
    again: list[int] = field(default_factory=list)  # rows that are the heading once more
    nobody: list[tuple[int, str]] = field(
        default_factory=list
    )  # rows of something else than people, each with its title

    def why(self) -> dict[str, str]:
        """What is no row of the table, in words."""
        found = {}
        if self.nobody:
            found["nobody"] = _below_titles(self.nobody)
        if self.again:
            found["again"] = _listed(self.again)
        if self.below:
            found["below"] = f"another table begins in row {self.below}"
        return found


def sampled(dialect: Dialect, head: bytes, pieces: Sequence[bytes]) -> Sampled:
    """What the beginning of a file says, and pieces all through it."""
    seen = Sampled([[] for _ in dialect.columns], [0 for _ in dialect.columns])
    found = [rows_of(data_rows(io.BytesIO(head), dialect), dialect.labels, header=dialect.header)]
    found += [records(io.BytesIO(piece), dialect, width=len(dialect.columns)) for piece in pieces]
    for rows in found:
        for row in rows:
            seen.below = seen.below or (row.row if begins_other(row) else 0)
            seen.again += [row.row] if is_again(row) else []
            seen.nobody += [(row.row, title)] if (title := title_of(row)) else []
            if isinstance(row, Record) and not row.is_blank:
                _add(seen, row)
    return seen


def _add(seen: Sampled, row: Record) -> None:
    seen.rows += 1
    for at, cell in enumerate(row.cells):
        seen.gaps[at] += not cell.strip()
        if cell:
            seen.cells[at].append(cell[:_SAMPLE])


def _listed(again: Sequence[int]) -> str:
    """Where the heading stands once more."""
    more = f" and {len(again) - _NAMED} more" if len(again) > _NAMED else ""
    rows = ", ".join(map(str, again[:_NAMED]))
    return f"the heading stands once more in {'row' if len(again) == 1 else 'rows'} {rows}{more}"


def _below_titles(nobody: Sequence[tuple[int, str]]) -> str:
    """Where what is no list of people stands, and below which titles."""
    titles = list(dict.fromkeys(title if title in (NO_TITLE, REPORT) else f"“{title}”" for _, title in nobody))
    first, last, count = nobody[0][0], nobody[-1][0], len(nobody)
    if count == 1:
        rows = f"row {first}"
    else:
        rows = f"rows {first} to {last}" if last - first == count - 1 else f"{count} of the rows {first} to {last}"
    return f"{rows}, below {', '.join(titles[:_NAMED])}"
