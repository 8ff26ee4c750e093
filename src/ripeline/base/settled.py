"""What is read from small tables that seldom change: kept in the process until a row of theirs is another.

Whether one is, is asked of PostgreSQL each time, so what was just committed anywhere, or written in this very
transaction, is seen: a table's mark is made of where its visible rows stand and which transactions wrote them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from threading import local
from typing import Any, Generic, TypeVar, cast

from django.db import connection

from ripeline.base.statements import prepared_rows

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
Marks = Mapping[str, tuple[int, int]]  # by table

_tables: set[str] = set()  # of all that is kept so
_looking = local()


class Settled(Generic[T]):
    """What `read` makes of `tables` alone; shared by all threads, so nobody may change it."""

    def __init__(self, read: Callable[[], T], *tables: str) -> None:
        self._read, self._of = read, tables
        self._kept: tuple[Any, T] | None = None
        _tables.update(tables)

    def now(self, *, anew: bool = False) -> T:
        """As it is now; or was at the beginning of a `look` around this, unless it is to be looked at `anew`."""
        looking: _Look | None = None if anew else getattr(_looking, "at", None)
        if looking and self in looking.found:
            return cast(T, looking.found[self])
        marks = looking.marks if looking else None
        if marks is None or not marks.keys() >= set(self._of):
            marks, _ = _marks(self._of)
        kept = self._kept
        if kept is None or kept[0] != self._mark(marks):
            # What is read may be newer than a look: it is kept as of now, so that nobody else takes it for the old.
            self._kept = kept = (self._mark(_marks(self._of)[0]), self._read())
        if looking:
            looking.found[self] = kept[1]
        return kept[1]

    def of(self: "Settled[Mapping[K, V]]", keys: Iterable[K]) -> Mapping[K, V]:
        """As `now`, of a table by its ids, where each of these is in it: what was read since a look may name newer."""
        found = self.now()
        return found if found.keys() >= set(keys) else self.now(anew=True)

    def _mark(self, marks: Marks) -> tuple[Any, ...]:
        which = connection.settings_dict
        return (which["HOST"], which["PORT"], which["NAME"], *(marks[table] for table in self._of))


class _Look:
    """The tables as they were at a moment, and what was found to be kept of them."""

    def __init__(self, besides: str, given: Sequence[Any]) -> None:
        self.marks, self.besides = _marks(tuple(sorted(_tables)), besides, given)
        self.found: dict[Settled[Any], Any] = {}


@contextmanager
def look(besides: str = "", given: Sequence[Any] = ()) -> Iterator[str | None]:
    """One look at all the tables, now, is enough for what is asked inside.

    `besides`: a statement of one text, which is asked with it; gives its answer.
    """
    before = getattr(_looking, "at", None)
    _looking.at = at = _Look(besides, given)
    try:
        yield at.besides
    finally:
        _looking.at = before


def _marks(tables: tuple[str, ...], besides: str = "", given: Sequence[Any] = ()) -> tuple[Marks, str | None]:
    found = prepared_rows(_look_at(tables, besides), given)
    marks = {table: (count, mark) for table, count, mark, _ in found if table}
    return cast(Marks, marks), next((said for table, *_, said in found if not table), None)


_ROW = "hashtidextended(ctid, xmin::text::bigint)"


@cache
def _look_at(tables: tuple[str, ...], besides: str) -> str:
    parts = [
        f"SELECT '{table}', count(*), COALESCE(bit_xor({_ROW}), 0), NULL FROM \"{table}\""  # noqa: S608 - ours
        for table in tables
    ]
    return " UNION ALL ".join(parts + [f"SELECT '', 0, 0, ({besides})"] * bool(besides))
