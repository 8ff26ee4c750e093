"""Tables that stand beside one another in a sheet, with an empty column between them: each is a sheet of its own.

Only where the other table says so: the same headings once more, a heading in another row, or a few whole rows at the
top, long ended where those of the list go on. Columns that merely stand apart are columns of the same rows.
"""

import csv
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

from ripeline.capture.cells.headings import is_heading
from ripeline.capture.cells.text import clean, key

_LOOKED_AT = 50  # rows in which the headings stand, and an empty column shows
_WIDEST = 200  # columns: a wider sheet is not looked through
_ALIKE = 2  # headings that both tables have
_FEWEST = 2  # rows of a small table beside a list, of which it has not half as many


class Part(NamedTuple):
    """One of the tables of a sheet, in a file of its own: its columns, as a spreadsheet calls them, and its rows."""

    columns: str
    file: Path
    rows: int


def parts(sheet: Path) -> list[Part]:
    """The tables that stand beside one another, the left one first; none where the sheet is one table."""
    with sheet.open(encoding="utf-8", newline="") as text:
        head = list(islice(csv.reader(text), _LOOKED_AT))
    width = max(map(len, head), default=0)
    blocks = _blocks(head, width) if width <= _WIDEST else []
    ended: list[tuple[int, int]] = []
    if len(blocks) > 1 and not _are_tables(head, blocks):
        blocks = _with_small_ones(head, blocks)
        ended = blocks[1:]
    if len(blocks) < 2:
        return []
    with sheet.open(encoding="utf-8", newline="") as text:  # what stands between them, or under small ones, is in none
        for at, row in enumerate(csv.reader(text)):
            empty = (*_between(blocks), *(ended if at >= len(head) else ()))
            if any(any(row[:stop][start:]) for start, stop in empty):
                return []
    return [_written(sheet, at, block) for at, block in enumerate(blocks)]


def _blocks(head: Sequence[Sequence[str]], width: int) -> list[tuple[int, int]]:
    """Columns that stand together, from and to before which; a lone column is part of what is left of it."""
    filled = [any(at < len(row) and row[at].strip() for row in head) for at in range(width)]
    found: list[tuple[int, int]] = []
    for at in range(width):
        if filled[at] and found and found[-1][1] == at:
            found[-1] = (found[-1][0], at + 1)
        elif filled[at]:
            found.append((at, at + 1))
    return found


def _between(blocks: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    return ((left[1], right[0]) for left, right in pairwise(blocks))


def _are_tables(head: Sequence[Sequence[str]], blocks: Sequence[tuple[int, int]]) -> bool:
    """Whether each has a heading of its own, all of them the same, or each in another row than the first."""
    headings = [_heading(head, *block) for block in blocks]
    if any(at < 0 for at, _ in headings):
        return False
    first, said = headings[0]
    return all(len(said & names) >= _ALIKE or at != first for at, names in headings[1:])


def _with_small_ones(head: Sequence[Sequence[str]], blocks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The list, with the blocks that belong to its rows, and each small table that stands beside its first rows."""
    found = [blocks[0]]
    for block in blocks[1:]:
        if len(found) > 1 or _is_small(head, blocks[0], block):
            found.append(block)
        else:
            found[0] = (found[0][0], block[1])
    return found if all(_is_small(head, found[0], each) for each in found[1:]) else []


def _is_small(head: Sequence[Sequence[str]], whole: tuple[int, int], block: tuple[int, int]) -> bool:
    """Whether a block has a heading in the row of the list's, whole rows below it, and then none, where the list has
    more than twice as many: columns of the list's own would say something here and there.
    """
    start, stop = block
    filled = [at for at, row in enumerate(head) if any(map(str.strip, row[start:stop]))]
    if stop - start < 2 or len(filled) <= _FEWEST or filled != list(range(filled[0], filled[-1] + 1)):
        return False
    first, *rows = ([cell.strip() for cell in head[at][start:stop]] for at in filled)
    is_whole = all(len(row) == stop - start and all(row) for row in (first, *rows))
    has_words = all(any(map(str.isalpha, cell)) and "@" not in cell for cell in first)
    is_heading_of_list = (
        sum(map(bool, map(str.strip, head[filled[0]][whole[0] : whole[1]]))) > (whole[1] - whole[0]) / 2
    )
    of_list = sum(any(map(str.strip, row[whole[0] : whole[1]])) for row in head[filled[0] + 1 :])
    return is_whole and has_words and is_heading_of_list and of_list > 2 * len(rows)


def _heading(head: Sequence[Sequence[str]], start: int, stop: int) -> tuple[int, frozenset[str]]:
    """In which row the heading of some columns stands, and what it says; -1 where none does."""
    for at, row in enumerate(head):
        cells = row[start:stop]
        if is_heading(cells, fewest=1):
            return at, frozenset(key(clean(cell)) for cell in cells if cell.strip())
    return -1, frozenset()


def _written(sheet: Path, number: int, block: tuple[int, int]) -> Part:
    start, stop = block
    file, rows = sheet.with_name(f"{sheet.name}-{number}"), 0
    with sheet.open(encoding="utf-8", newline="") as text, file.open("w", encoding="utf-8", newline="") as written:
        lines = csv.writer(written, lineterminator="\n")
        for row in csv.reader(text):
            cells = row[start:stop]
            rows += any(map(str.strip, cells))
            lines.writerow(cells or [""])
    return Part(f"{_letters(start)} to {_letters(stop - 1)}", file, rows)


def _letters(at: int) -> str:
    """What a spreadsheet calls a column: A, B … Z, AA."""
    name = ""
    while at >= 0:
        name, at = chr(ord("A") + at % 26) + name, at // 26 - 1
    return name
