"""The months of `hit`: made ahead, so that a month begins on a table of its own; removed when it is past keeping."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from ripeline.base import clock

AHEAD = 3  # months
BEHIND = 1  # months made in the past, for a new installation that is fed with what was
_DEFAULT = "hit_other"


def month(moment: datetime, later: int = 0) -> datetime:
    """The beginning of the month of a moment, or of one so many months later."""
    count = moment.year * 12 + moment.month - 1 + later
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)


def name_of(start: datetime) -> str:
    return f"hit_{start:%Y_%m}"


def first_id(moment: datetime) -> UUID:
    """The least UUIDv7 of a moment."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def existing() -> list[datetime]:
    """The months that have a table, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
            " WHERE inhparent = 'hit'::regclass AND child.relname ~ '^hit_[0-9]{4}_[0-9]{2}$' ORDER BY 1"
        )
        return [datetime.strptime(name, "hit_%Y_%m").replace(tzinfo=UTC) for (name,) in cursor.fetchall()]


def prepare() -> int:
    """Make the months from the last to some ahead; how many were new. Idempotent."""
    have = set(existing())
    now = clock.now()
    missing = [start for n in range(-BEHIND, AHEAD + 1) if (start := month(now, n)) not in have]
    for start in missing:
        _make(start)
    return len(missing)


def _make(start: datetime) -> None:
    """A table for a month; what had come for it before (from clocks that go wrong) moves there."""
    name, low, high = name_of(start), first_id(start), first_id(month(start, 1))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ripeline hit partitions'))")
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0]:
            return
        cursor.execute(f"CREATE TABLE {name} (LIKE hit INCLUDING ALL)")
        cursor.execute(f"LOCK TABLE {_DEFAULT} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(
            f"WITH moved AS (DELETE FROM {_DEFAULT} WHERE event_id >= %s AND event_id < %s RETURNING *)"  # noqa: S608
            f" INSERT INTO {name} SELECT * FROM moved",
            [low, high],
        )
        cursor.execute(f"ALTER TABLE hit ATTACH PARTITION {name} FOR VALUES FROM ('{low}') TO ('{high}')")


def forget(months_kept: int) -> int:
    """Remove the months past keeping, and what lies elsewhere from before them; how many tables went.

    A month goes when it is over for as long as hits are kept, so each is kept at least so long. What it led to on the
    timelines of leads stays.
    """
    keep_from = month(clock.now(), -months_kept)
    old = [start for start in existing() if start < keep_from]
    with connection.cursor() as cursor:
        for start in old:
            cursor.execute(f"DROP TABLE {name_of(start)}")
        cursor.execute(
            f"DELETE FROM {_DEFAULT} WHERE received_at < %s",  # noqa: S608 - our own name
            [keep_from - timedelta(days=1)],
        )
    return len(old)
