"""Every episode of every lead, as numpy columns: what fits learn from, and what cohorts are made of.

An episode is one ripening: from its first enquiry (or the day somebody took the record up again) until the next one.
It is *ripe* on the first of: an opportunity opened, won, lost because they bought elsewhere; a deal of a file that was
lost but had an amount or a product was an opportunity. (That a meeting was agreed, or that somebody was met, is not
counted: nobody writes down which meeting was about the decision.) It is known *never* to ripen once it is disqualified,
or lost for a reason that is final. A loss worth another look later ("no budget") ends what we see of it, and decides
nothing.

Times are days since 1970 in UTC, as floats, so that `science.outcomes.observe` takes them as they are.
"""

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ripeline.base import clock
from ripeline.base.copying import copied, copied_rows
from ripeline.catalog.models import SourceType
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.outcomes import HORIZON, NEVER, OPEN, RIPE, Observed, observe

SOURCE_TYPES: tuple[str, ...] = ("", *SourceType.values)
"""What `Episodes.source_type` counts in; the first is "no source"."""

EPISODES = (Path(__file__).parent / "episodes.sql").read_text("utf-8")
_NOBODY = UUID(int=0)
_LATE = 1.0  # days after which an episode counts as written down late
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_COLUMNS: tuple[tuple[str, str], ...] = (
    ("lead", "S16"), ("number", ">i4"), ("start", ">f8"), ("recorded", ">f8"), ("ripe_at", ">f8"), ("won_at", ">f8"),
    ("never_at", ">f8"), ("watched_until", ">f8"), ("won_before_captured", "?"), ("taken_up", "?"),
    ("source", "S16"), ("campaign", "S16"), ("owner", "S16"), ("import_run", "S16"), ("source_type", ">i4"),
)  # fmt: skip
_ROW = copied_rows(**dict(_COLUMNS))


@dataclass(frozen=True, eq=False)
class Ids:
    """A column of ids: n raw 16-byte values, zero where there is none."""

    raw: NDArray[np.bytes_]

    @cached_property
    def _unique(self) -> tuple[NDArray[np.bytes_], IntArray]:
        keys, codes = np.unique(self.raw, return_inverse=True)
        return keys, codes.astype(np.int64)

    @property
    def keys(self) -> list[UUID | None]:
        """Each id that occurs, once; None for "none"."""
        return [_uuid(key) for key in self._unique[0]]

    @property
    def codes(self) -> IntArray:
        """For each row, the position of its id among `keys`."""
        return self._unique[1]

    def among(self, wanted: "list[UUID]") -> BoolArray:
        """Whether each row's id is one of these."""
        found: BoolArray = np.isin(self.raw, np.array([one.bytes for one in wanted], dtype="S16"))
        return found

    def list(self) -> list[UUID | None]:
        """All n, in their order."""
        return [_uuid(one) for one in self.raw]


def _uuid(raw: bytes) -> UUID | None:
    found = UUID(bytes=bytes(raw).ljust(16, b"\0"))  # numpy cuts zeros off at the end
    return None if found == _NOBODY else found


@dataclass(frozen=True, eq=False, kw_only=True)
class Episodes:
    """n episodes as known at `as_of`; every array has shape (n,), days are floats, NaN where something did not happen.

    Attributes
    ----------
    lead : Ids
        Whose they are: of merged records, the one they were merged into. Ordered by lead and number.
    number : ndarray of int
        1 for the first episode of a lead.
    start : ndarray
        When it began.
    watched_from : ndarray
        When it came under observation. Its start, unless it was written down more than a day late and nothing is known
        of the time before: the batch that brought it has not one outcome from before it was brought.
    watched_until : ndarray
        When we stopped seeing what becomes of it: a loss worth another look later, or the next episode; NaN: never.
    ripe_at, won_at, never_at : ndarray
        When it ripened, was won, was let go for good (NaN also where it ripened all the same).
    won_before_captured : ndarray of bool
        A customer already when they first came: kept and counted, left out of every fit.
    taken_up : ndarray of bool
        Taken up again by us: no enquiry began it.
    source, campaign, owner, import_run : Ids
        Of the enquiry that began it; the owner is today's.
    source_type : ndarray of int
        Position in `SOURCE_TYPES`.
    """

    as_of: float
    lead: Ids
    number: IntArray
    start: FloatArray
    watched_from: FloatArray
    watched_until: FloatArray
    ripe_at: FloatArray
    won_at: FloatArray
    never_at: FloatArray
    won_before_captured: BoolArray
    taken_up: BoolArray
    source: Ids
    campaign: Ids
    owner: Ids
    import_run: Ids
    source_type: IntArray

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: BoolArray | IntArray) -> "Episodes":
        """Some of them."""
        parts: dict[str, Any] = {}
        for field in fields(self):
            column = getattr(self, field.name)
            if isinstance(column, Ids):
                parts[field.name] = Ids(column.raw[rows])
            elif isinstance(column, np.ndarray):
                parts[field.name] = column[rows]
        return replace(self, **parts)

    def observed(self, *, horizon: float = HORIZON) -> Observed:
        """Their outcomes for `science`: without customers won before they came; the unwatched time counts for nothing.

        `kept` says which rows they are; those won before they came count under `before`.
        """
        late = np.where(self.watched_from > self.start, self.watched_from, np.nan)
        ripe = np.where(self.won_before_captured, self.start - 1.0, self.ripe_at)
        seen = observe(
            self.start, ripe_at=ripe, never_at=self.never_at, as_of=self.as_of, entry_at=late, horizon=horizon
        )
        had = seen.outcomes
        with np.errstate(invalid="ignore"):
            cap = np.maximum(self.watched_until - self.start, 0.0)[seen.kept]
            given_up = ~((self.never_at - self.start)[seen.kept] <= had.time)  # not let go for good by then
            lost_sight = (had.code != RIPE) & given_up & (cap < had.time)
        time = np.where(lost_sight, cap, had.time)
        cut = replace(had, time=time, code=np.where(lost_sight, OPEN, had.code).astype(np.int8))
        tells = (cut.time > cut.entry) | (cut.entry == 0.0)
        kept = seen.kept.copy()
        kept[kept] = tells
        return replace(seen, outcomes=cut.take(tells), kept=kept)


def day(moment: datetime) -> float:
    """A moment as days since 1970."""
    return moment.timestamp() / 86_400


def moment(of_day: float) -> datetime:
    """The moment of a day since 1970."""
    return _EPOCH + timedelta(days=of_day)


def episodes(*, as_of: datetime | None = None) -> Episodes:
    """Every episode that had begun by `as_of` (now), with what was known of it then. One query, however many."""
    until = as_of or clock.now()
    rows = _read(until)
    column = {name: rows[name] for name, _ in _COLUMNS}
    real = {name: column[name].astype(np.float64) for name, kind in _COLUMNS if kind == ">f8"}
    runs = Ids(column["import_run"].copy())
    return Episodes(
        as_of=day(until),
        lead=Ids(column["lead"].copy()),
        number=column["number"].astype(np.int64),
        start=real["start"],
        watched_from=_watched_from(real, runs),
        watched_until=real["watched_until"],
        ripe_at=real["ripe_at"],
        won_at=real["won_at"],
        never_at=real["never_at"],
        won_before_captured=column["won_before_captured"].copy(),
        taken_up=column["taken_up"].copy(),
        source=Ids(column["source"].copy()),
        campaign=Ids(column["campaign"].copy()),
        owner=Ids(column["owner"].copy()),
        import_run=runs,
        source_type=column["source_type"].astype(np.int64),
    )


def _read(as_of: datetime) -> NDArray[np.void]:
    """The rows of `episodes.sql`."""
    return copied(EPISODES, {"as_of": as_of, "nobody": _NOBODY, "types": list(SourceType.values)}, _ROW)


def _watched_from(real: dict[str, FloatArray], runs: Ids) -> FloatArray:
    """The start, or the day it was written down where nothing is known of the time before.

    A batch of old leads is a record of what became of them only if outcomes came with it (or after it, for the time
    before): one that has not a single one is a box of cards, and says nothing about how many bought.
    """
    start, recorded = real["start"], real["recorded"]
    late = recorded - start > _LATE
    with np.errstate(invalid="ignore"):
        told = late & ((real["ripe_at"] < recorded) | (real["never_at"] < recorded))
    is_run = np.array([key is not None for key in runs.keys], dtype=bool)
    has_record = np.zeros(len(is_run), dtype=bool)
    has_record[runs.codes[told]] = True
    known = (has_record & is_run)[runs.codes] if len(start) else late
    unwatched: BoolArray = late & ~known & ~told
    watched: FloatArray = np.where(unwatched, recorded, start)
    return watched


__all__ = ["EPISODES", "NEVER", "OPEN", "RIPE", "SOURCE_TYPES", "Episodes", "Ids", "day", "episodes", "moment"]
