"""Visits in somebody's name that were no person's: by machines and by our own people. Shown, and counted nowhere."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from ripeline.base.reading import rows
from ripeline.timeline.hits import Who, why
from ripeline.timeline.storing import WHOSE

# By the days on which each browser of theirs was there; openings of mail are no visits.
_UNCOUNTED = f"""
SELECT h.who, h.marks, count(DISTINCT (h.visitor_id, (h.occurred_at AT TIME ZONE 'UTC')::date))
FROM hit h
WHERE h.visitor_id IN (SELECT v.visitor_id FROM visitor v WHERE v.lead_id = ANY(%(leads)s::uuid[]))
  AND h.who <> 'human' AND h.kind <> 'open' AND {WHOSE} = ANY(%(leads)s::uuid[])
GROUP BY h.who, h.marks
"""  # noqa: S608 - our own constants


def of(lead_ids: Sequence[UUID]) -> dict[tuple[Who, str], int]:
    """How many visits of these leads' browsers were not counted, by whose they were taken to be and why."""
    found: Counter[tuple[Who, str]] = Counter()
    for who, marks, visits in rows(_UNCOUNTED, {"leads": list(lead_ids)}):
        found[Who(who), why(who, marks)] += visits
    return dict(found)
