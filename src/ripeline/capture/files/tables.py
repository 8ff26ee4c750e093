"""Where a file's table ends: a heading that is repeated, and another table below it, are no rows of it.

Another table begins after a blank row, or with a title; or where a row says the names of fields, one of them where only
an address, a number or a day can stand. Its columns need not be fields of ours: below a title that stands apart, words
over numbers are a heading, where the table above has words in that column.
"""

from collections.abc import Iterable, Iterator, Sequence

from ripeline.capture.cells.headings import HEADINGS, is_heading, known, may_be_one
from ripeline.capture.cells.text import clean, key
from ripeline.capture.files import words_alone
from ripeline.capture.files.reading import Broken, Record

_OTHER = "belongs to another table, which begins in row {row}: import that by itself, from a file or sheet of its own"
_AGAIN = "is the heading once more: take it out"
_TITLES = 3  # lines above the heading of another table, at most
_NO_WORDS = frozenset(  # what a column is called in which no words stand
    heading
    for name in ("email", "phone", "other_phone", "captured_at", "state_at", "amount")
    for heading in HEADINGS[name]
)
_WORDS = frozenset(  # what a column is called in which no number or day stands by itself
    heading for name in ("name", "first_name", "last_name", "title", "company", "country") for heading in HEADINGS[name]
)


def rows_of(records: Iterable[Record | Broken], labels: Sequence[str], *, header: bool) -> Iterator[Record | Broken]:
    """The rows that are not blank; those of another table below, and headings that are repeated, as what they are."""
    yield from _Reader(labels).rows(words_alone.kept_out(records, labels)) if header and labels else _not_blank(records)


def _not_blank(records: Iterable[Record | Broken]) -> Iterator[Record | Broken]:
    return (record for record in records if not (isinstance(record, Record) and record.is_blank))


def _with_next(records: Iterable[Record | Broken]) -> Iterator[tuple[Record | Broken, Record | Broken | None]]:
    """Each row with the one below it; the last has none."""
    above: Record | Broken | None = None
    for record in records:
        if above is not None:
            yield above, record
        above = record
    if above is not None:
        yield above, None


class _Reader:
    """Reads on from row to row. Lines of one cell wait: what follows says of which table they are the titles."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels
        self._no_words = [at for at, label in enumerate(labels) if key(label) in _NO_WORDS]
        self._is_after_blank = self._is_apart = False  # after a blank row: this row, the titles that wait
        self._titles: list[Record | Broken] = []

    def rows(self, records: Iterable[Record | Broken]) -> Iterator[Record | Broken]:
        other = 0
        for record, after in _with_next(records):
            if isinstance(record, Record) and record.is_blank:
                if not self._is_apart:  # they end the rows above
                    yield from self._titles
                    self._titles = []
                self._is_after_blank = True
                continue
            if other:
                yield _of_other(record, other)
                continue
            if words_alone.title_of(record):  # nothing that waits is a title over it
                yield from self._titles
                self._titles, self._is_apart = [], False
                yield record
                continue
            if self._is_title(record.cells):
                self._is_apart = self._is_apart or self._is_after_blank
                self._is_after_blank = False
                self._titles.append(record)
                continue
            what = self._what(record.cells) or (_OTHER if self._is_over_values(record, after) else "")
            if what is _OTHER:
                other = self._titles[0].row if self._titles else record.row
                yield from (_of_other(each, other) for each in (*self._titles, record))
            else:
                yield from self._titles
                yield Broken(record.row, record.cells, _AGAIN) if what is _AGAIN else record
            self._titles, self._is_apart, self._is_after_blank = [], False, False
        yield from self._titles

    def _is_title(self, cells: Sequence[str]) -> bool:
        if len(self._titles) == _TITLES or len(self._labels) < 2:
            return False
        if len(cells) > 1 and cells[0] and cells[1]:  # as of nearly all rows
            return False
        filled = [cell for cell in cells if cell.strip()]
        return len(filled) == 1 and "@" not in filled[0] and any(map(str.isalpha, filled[0]))

    def _what(self, cells: Sequence[str]) -> str:
        """_AGAIN where a row is the heading once more, _OTHER where it is that of another table; else ""."""
        is_apart = self._is_after_blank or self._is_apart
        is_named = bool(cells) and cells[0].strip() in self._labels[0] and _is_label(clean(cells[0]), self._labels[0])
        says_words = any(_is_name(cells[at]) for at in self._no_words if at < len(cells))
        if not (is_apart or is_named or says_words):
            return ""
        if not is_heading(cells, fewest=1 if self._is_apart else 2):
            return ""
        if self._is_again(cells):
            return _AGAIN
        return _OTHER if is_apart or says_words else ""

    def _is_over_values(self, record: Record | Broken, after: Record | Broken | None) -> bool:
        """Whether, below a title that stands apart, words stand over a number or a day in a column that has words."""
        if not self._is_apart or after is None or not _has_words_only(record.cells):
            return False
        return any(
            cell.strip() and key(label) in _WORDS and _is_value(below)
            for cell, below, label in zip(record.cells, after.cells, self._labels, strict=False)
        )

    def _is_again(self, cells: Sequence[str]) -> bool:
        """Whether it is the heading of the table, in whatever words."""
        pairs = [(clean(cell), label) for cell, label in zip(cells, self._labels, strict=False) if cell.strip()]
        if sum(bool(cell.strip()) for cell in cells) != len(pairs) or len(pairs) * 2 < len(self._labels):
            return False
        return all(_is_label(cell, label) or may_be_one(cell, label) for cell, label in pairs)


def _is_name(cell: str) -> bool:
    """Whether a cell says the name of a field; what is an address or a number is none."""
    return bool(cell) and not cell[-1].isdigit() and "@" not in cell and bool(known([cell]))


def _has_words_only(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return len(filled) > 1 and all(
        any(map(str.isalpha, cell)) and "@" not in cell and not any(map(str.isdigit, cell)) for cell in filled
    )


def _is_value(cell: str) -> bool:
    """Whether a cell is a number, a day or a time by itself."""
    return any(map(str.isdigit, cell)) and not any(map(str.isalpha, cell))


def begins_other(row: Record | Broken) -> bool:
    """Whether another table begins with this row."""
    return isinstance(row, Broken) and row.reason == _OTHER.format(row=row.row)


def is_again(row: Record | Broken) -> bool:
    """Whether a row is the heading once more."""
    return isinstance(row, Broken) and row.reason == _AGAIN


def _of_other(record: Record | Broken, row: int) -> Broken:
    return Broken(record.row, record.cells, _OTHER.format(row=row))


def _is_label(cell: str, label: str) -> bool:
    """Whether a cell is a column's label, or the end of one that says its group, too."""
    return label == cell or bool(cell and label.endswith(f" {cell}"))
