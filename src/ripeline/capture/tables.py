"""Where a file's table ends: a heading that is repeated, and another table below it, are no rows of it."""

from collections.abc import Iterable, Iterator, Sequence

from ripeline.capture.headings import is_heading
from ripeline.capture.reading import Broken, Record
from ripeline.capture.text import clean

_OTHER = "belongs to another table, which begins in row {row}: import that by itself, from a file or sheet of its own"
_TITLES = 3  # lines above the heading of another table, at most


def rows_of(records: Iterable[Record | Broken], labels: Sequence[str], *, header: bool) -> Iterator[Record | Broken]:
    """The rows that are not blank; those of another table below, and headings that are repeated, as what they are."""
    first = labels[0] if header and labels else None
    is_after_blank, other = False, 0
    titles: list[Record | Broken] = []  # lines of one cell after a blank row: what follows says of which table they are
    for record in records:
        if isinstance(record, Record) and record.is_blank:
            is_after_blank = True
            continue
        cells = record.cells
        if other:
            yield _of_other(record, other)
            continue
        if first is not None and _may_be_heading(cells, first, is_after_blank, titles):
            if _is_again(cells, labels):
                yield from titles
                titles = []
                yield Broken(record.row, cells, "is the heading once more: take it out")
                continue
            if is_after_blank or titles:
                other = titles[0].row if titles else record.row
                yield from (_of_other(each, other) for each in (*titles, record))
                titles = []
                continue
        is_title = first is not None and (is_after_blank or titles) and _is_title(cells, len(labels))
        is_after_blank = False
        if is_title and len(titles) < _TITLES:
            titles.append(record)
            continue
        yield from titles
        titles = []
        yield record
    yield from titles


def begins_other(row: Record | Broken) -> bool:
    """Whether another table begins with this row."""
    return isinstance(row, Broken) and row.reason == _OTHER.format(row=row.row)


def _of_other(record: Record | Broken, row: int) -> Broken:
    return Broken(record.row, record.cells, _OTHER.format(row=row))


def _may_be_heading(
    cells: Sequence[str], first: str, is_after_blank: bool, titles: Sequence[Record | Broken]
) -> bool:  # fmt: skip
    if titles:
        return is_heading(cells, fewest=1)
    return (is_after_blank or _is_label(clean(cells[0]) if cells else "", first)) and is_heading(cells)


def _is_again(cells: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether it is the heading of the table."""
    return len(cells) == len(labels) and all(
        _is_label(clean(cell), label) for cell, label in zip(cells, labels, strict=True)
    )


def _is_label(cell: str, label: str) -> bool:
    """Whether a cell is a column's label, or the end of one that says its group, too."""
    return label == cell or bool(cell and label.endswith(f" {cell}"))


def _is_title(cells: Sequence[str], width: int) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return width > 1 and len(filled) == 1 and "@" not in filled[0] and any(map(str.isalpha, filled[0]))
