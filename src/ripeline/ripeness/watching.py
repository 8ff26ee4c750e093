"""Is the world still what the model learnt? Each day's expected number of ripe leads is kept, beside the actual one.

What was expected of a day is written once, by the model that was in use then, and stays: a later model, which knows
what happened, would have known better. What came of it is counted anew each night, for some of it is written down late.
Days before there was anything to write are filled in with the present model, so that the watch does not begin blind;
they say which model spoke.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db.models import Max, Sum

from ripeline.base import clock
from ripeline.ripeness import fitting, judging
from ripeline.ripeness.current import Current, current
from ripeline.ripeness.episodes import day as days_of
from ripeline.ripeness.episodes import moment
from ripeline.ripeness.models import Watched
from ripeline.science import drift
from ripeline.science.drift import Daily, Watch
from ripeline.science.gate import FloatArray

LOOKED_BACK = 120  # days that are watched, at most
BLOCK = 2_000


def watch() -> int:
    """Write down every day that is over, and count anew what came of the last ones; how many are new. Idempotent."""
    today = np.floor(days_of(clock.now()))
    newest = Watched.objects.aggregate(newest=Max("day"))["newest"]
    first = today - LOOKED_BACK
    since = first
    if newest is not None:
        since = max(since, days_of(datetime(newest.year, newest.month, newest.day, tzinfo=UTC)) + 1)
    Watched.objects.bulk_create(
        _days(current(), first, today), batch_size=BLOCK, update_conflicts=True, update_fields=["actual"],
        unique_fields=["day", "source_type"],
    )  # fmt: skip
    return int(max(today - since, 0))


def _days(used: Current, since: float, until: float) -> Iterator[Watched]:
    """A row for each day and kind of source of which anything was expected, or came."""
    known = fitting.gather(clock.now())
    if not len(known.outcomes):
        return
    odds, curve = judging.odds_of(used.model, known.captured, wins_alone=known.wins_alone)
    for kind in np.unique(known.captured.source_type):
        rows = known.captured.source_type == kind
        seen = drift.daily(
            odds[rows], known.outcomes.take(rows), curve=curve[rows], curves=used.model.curves, since=since, until=until
        )
        for place in np.flatnonzero((seen.expected > 0) | (seen.actual > 0)):
            yield Watched(
                day=moment(float(seen.day[place])).date(), source_type=str(kind), model=used.name,
                expected=float(seen.expected[place]), actual=int(seen.actual[place]),
            )  # fmt: skip


def seen(source_type: str | None = None) -> Watch:
    """Expected and actual over four weeks, for each of the last days; of all leads, or of a kind of source."""
    today = clock.now().astimezone(UTC).date()
    kept = Watched.objects.filter(day__gte=today - timedelta(days=LOOKED_BACK), day__lt=today)
    if source_type is not None:
        kept = kept.filter(source_type=source_type)
    sums = kept.order_by("day").values_list("day").annotate(expected=Sum("expected"), actual=Sum("actual"))
    by_day = {row[0]: (row[1], row[2]) for row in sums}
    if not by_day:
        return drift.watch(Daily(day=np.zeros(0), expected=np.zeros(0), actual=np.zeros(0, dtype=np.int64)))
    first = min(by_day)
    dates = [first + timedelta(days=number) for number in range((today - first).days)]
    return drift.watch(
        Daily(
            day=np.array([float(date.toordinal()) for date in dates]),
            expected=_column([by_day.get(date, (0.0, 0))[0] for date in dates]),
            actual=_column([by_day.get(date, (0.0, 0))[1] for date in dates]).astype(np.int64),
        )
    )


def source_types() -> list[str]:
    """The kinds of source of which something is written down."""
    return sorted(Watched.objects.order_by().values_list("source_type", flat=True).distinct())


def _column(values: Sequence[float]) -> FloatArray:
    return np.array(values, dtype=np.float64)
