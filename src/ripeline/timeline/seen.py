"""What the intake has seen lately, for whoever sets tracking up. Read by the index of when hits came."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Max

from ripeline.base import clock
from ripeline.timeline.models import Hit

LATELY = timedelta(minutes=10)
A_DAY = timedelta(days=1)
MOST_LOOKED_AT = 20_000  # hits from which recent pages are told


@dataclass
class Seen:
    """Of a site in the last day."""

    by_who: dict[str, int] = field(default_factory=dict)
    last_at: datetime | None = None

    def add(self, who: str, hits: int, last_at: datetime) -> None:
        self.by_who[who] = self.by_who.get(who, 0) + hits
        self.last_at = max(self.last_at or last_at, last_at)

    @property
    def total(self) -> int:
        return sum(self.by_who.values())


def last_day() -> dict[int, Seen]:
    """By site (0: links and pixels), what came in the last 24 hours."""
    found: dict[int, Seen] = {}
    rows = Hit.objects.filter(received_at__gte=clock.now() - A_DAY).values("site_id", "who").order_by()
    for row in rows.annotate(n=Count("event_id"), last=Max("received_at")):
        found.setdefault(row["site_id"], Seen()).add(row["who"], row["n"], row["last"])
    return found


@dataclass
class Clicks:
    """On a link for everybody, as long as raw hits are kept."""

    people: int = 0
    others: int = 0  # bots, scanners, our own
    last_at: datetime | None = None  # by a person


_CLICKS = """
SELECT data->>'code', count(*) FILTER (WHERE who = 'human'), count(*) FILTER (WHERE who <> 'human'),
       max(received_at) FILTER (WHERE who = 'human')
FROM hit WHERE kind = 'click' AND data->>'code' = ANY(%s) GROUP BY 1
"""


def clicks(codes: Sequence[str]) -> dict[str, Clicks]:
    """How often each of these links was followed."""
    with connection.cursor() as cursor:
        cursor.execute(_CLICKS, [list(codes)])
        return {code: Clicks(people, others, last) for code, people, others, last in cursor.fetchall()}


def latest() -> Hit | None:
    """The last hit of a site that came in the last minutes."""
    lately = Hit.objects.filter(received_at__gte=clock.now() - LATELY, site_id__gt=0)
    return lately.order_by("-received_at").first()


_PAGES = """
SELECT host, path, count(*) FROM (
    SELECT host, path FROM hit WHERE received_at >= %s AND who = 'human' AND kind IN ('view', 'download') LIMIT %s
) AS recent
GROUP BY host, path ORDER BY count(*) DESC, host, path LIMIT %s
"""


def recent_pages(limit: int = 25) -> Sequence[tuple[str, str, int]]:
    """(host, path, how often) of what people looked at most in the last week."""
    with connection.cursor() as cursor:
        cursor.execute(_PAGES, [clock.now() - timedelta(days=7), MOST_LOOKED_AT, limit])
        return [(host, path, hits) for host, path, hits in cursor.fetchall()]
