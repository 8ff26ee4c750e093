"""Visits in somebody's name that were no person's: by machines and by our own people. Shown, and counted nowhere."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from ripeline.base.statements import prepared_rows
from ripeline.timeline.hits import Who, why
from ripeline.timeline.storing import WHOSE

# By the days on which each browser was there: one of theirs, or one that followed a link made for them (index
# `hit_tried`). Openings of mail are no visits.
_UNCOUNTED = f"""
WITH theirs AS (
    SELECT visitor_id, event_id, lead_id, who, marks, occurred_at FROM hit
    WHERE visitor_id IN (SELECT v.visitor_id FROM visitor v WHERE v.lead_id = ANY(%(leads)s::uuid[]))
      AND who <> 'human' AND kind <> 'open'
    UNION
    SELECT visitor_id, event_id, lead_id, who, marks, occurred_at FROM hit
    WHERE lead_id = ANY(%(leads)s::uuid[]) AND lead_id IS NOT NULL AND who <> 'human' AND kind <> 'open'
)
SELECT h.who, h.marks, count(DISTINCT (h.visitor_id, (h.occurred_at AT TIME ZONE 'UTC')::date))
FROM theirs h WHERE {WHOSE} = ANY(%(leads)s::uuid[])
GROUP BY h.who, h.marks
"""  # noqa: S608 - our own constants


def of(lead_ids: Sequence[UUID]) -> dict[tuple[Who, str], int]:
    """How many visits in these leads' names were not counted, by whose they were taken to be and why."""
    found: Counter[tuple[Who, str]] = Counter()
    for who, marks, visits in prepared_rows(_UNCOUNTED, {"leads": list(lead_ids)}):
        found[Who(who), why(who, marks)] += visits
    return dict(found)
