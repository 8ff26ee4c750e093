"""From cells to values: each data row becomes a `Row` to take in or a `Reject` to give back, in chunks.

Rows are the data rows that are not blank: every one is in exactly one chunk, once, as a Row or a Reject, so that
created + updated + unchanged + rejected = rows. Blank rows are passed over, though they count in row numbers.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from typing import BinaryIO, NamedTuple

from ripeline.capture.columns.converting import Conversion
from ripeline.capture.columns.mapping import FieldMap
from ripeline.capture.columns.rejects import Reject
from ripeline.capture.columns.row import Row
from ripeline.capture.files.dialect import Dialect
from ripeline.capture.files.lines import as_text
from ripeline.capture.files.reading import Broken, Record, data_rows
from ripeline.capture.files.tables import rows_of

SIZE = 1_000  # rows of a chunk
_WEIGHT = 8 * 1024 * 1024  # characters of a chunk, about


class Chunk(NamedTuple):
    """Some rows in the file's order, and the number of rows accounted for up to and with them."""

    rows: list[Row]
    rejects: list[Reject]
    position: int


def chunks(
    file: BinaryIO, *, dialect: Dialect, mapping: FieldMap, now: datetime, position: int = 0, size: int = SIZE
) -> Iterator[Chunk]:
    """The file's rows after the first `position` ones, at most `size` at a time."""
    convert = Conversion(dialect, mapping, now)
    portions = _portions(file, dialect, position, size)
    broken: Exception | None = None
    with ThreadPoolExecutor(1, "rows") as ahead:  # while the database has the last chunk, the next is converted
        coming: Future[Chunk] | None = None
        while not broken:
            try:
                portion = next(portions, None)
            except Exception as problem:  # the file cannot be read on: what was read before that goes in
                portion, broken = None, problem
            last, coming = coming, ahead.submit(_converted, convert, *portion) if portion else None
            if last:
                yield last.result()
            if not coming:
                break
    if broken:
        raise broken


def _portions(
    file: BinaryIO, dialect: Dialect, position: int, size: int
) -> Iterator[tuple[list[Record | Broken], int]]:
    """The records of each chunk, and the number of rows up to and with them."""
    records: list[Record | Broken] = []
    weight, seen = 0, 0
    for seen, record in enumerate(_counted(file, dialect), 1):
        if seen <= position:
            continue
        records.append(record)
        weight += sum(map(len, record.cells))
        if len(records) >= size or weight >= _WEIGHT:
            yield records, seen
            records, weight = [], 0
    if records:
        yield records, seen


def _converted(
    convert: Callable[[Record | Broken], Row | Reject], records: Sequence[Record | Broken], upto: int
) -> Chunk:
    taken = [convert(record) for record in records]
    rows = [row for row in taken if isinstance(row, Row)]
    return Chunk(rows, [reject for reject in taken if isinstance(reject, Reject)], upto)


def rows_before(file: BinaryIO, *, dialect: Dialect, mapping: FieldMap, now: datetime, position: int) -> Iterator[Row]:
    """The file's first `position` rows, those that are taken, as `chunks` gave them."""
    convert = Conversion(dialect, mapping, now)
    for record in islice(_counted(file, dialect), position):
        if isinstance(row := convert(record), Row):
            yield row


def read_again(rejects: Iterable[Reject], *, dialect: Dialect, mapping: FieldMap, now: datetime) -> list[Row]:
    """Rows that were refused, read once more; without those that cannot be."""
    convert = Conversion(dialect, mapping, now)
    found = (convert(Record(one.row, one.cells)) for one in rejects)
    return [row for row in found if isinstance(row, Row)]


def count(file: BinaryIO, dialect: Dialect) -> int:
    """How many rows the file has: data rows that are not blank."""
    return sum(1 for _ in _counted(file, dialect))


def _counted(file: BinaryIO, dialect: Dialect) -> Iterator[Record | Broken]:
    with as_text(file, dialect.encoding) as text:
        yield from rows_of(data_rows(text, dialect), dialect.labels, header=dialect.header)
