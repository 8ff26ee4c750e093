"""What leads did lately, as it is kept (`counting`): read, and counted anew where entries were taken away."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from ripeline.base import clock
from ripeline.timeline.actions import WAKE
from ripeline.timeline.counting import COLUMNS, COUNTED, days_of
from ripeline.timeline.models import Engagement
from ripeline.timeline.storing import ORIGIN

# A row for each, held until the transaction ends, so that nothing is added between reading the timeline and writing.
_HOLD = """
INSERT INTO engagement AS e (lead_id, day, reading, product, prices, download)
SELECT lead_id, 0, 0, 0, 0, 0 FROM unnest(%(ids)s::uuid[]) AS lead_id ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE SET day = e.day
"""
_SOURCE = """(SELECT lead_id, kind, data->>'page' AS page, occurred_at FROM activity
              WHERE lead_id = ANY(%(ids)s) AND origin = %(origin)s AND kind = ANY(%(kinds)s)) AS said"""
_RECOUNT = f"""
UPDATE engagement SET day = COALESCE(found.day, 0), {", ".join(f"{c} = COALESCE(found.{c}, 0)" for c in COLUMNS)}
FROM unnest(%(ids)s::uuid[]) AS given(lead_id) LEFT JOIN ({days_of(_SOURCE)}) AS found USING (lead_id)
WHERE engagement.lead_id = given.lead_id
"""  # noqa: S608 - our own constants
_REACT = """
WITH left_for_worker AS (
    INSERT INTO reaction (activity_id, lead_id, kind, created_at, due_at, attempts, error)
    SELECT lead_id, lead_id, 'visited', %(now)s, %(now)s, 0, '' FROM unnest(%(ids)s::uuid[]) AS lead_id RETURNING 1
)
SELECT pg_notify(%(wake)s, '') FROM left_for_worker LIMIT 1
"""


def hold(lead_ids: Collection[UUID]) -> None:
    """Let nobody else count these leads until the transaction ends; all at once and in the order in which the intake
    takes them, so that neither waits for the other in a ring. Ends with `let_go`."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, {"ids": sorted(set(lead_ids))})


def let_go(lead_ids: Collection[UUID]) -> None:
    """Keep no row of whoever did nothing."""
    Engagement.objects.filter(lead_id__in=lead_ids, **dict.fromkeys(COLUMNS, 0)).delete()


def recount(lead_ids: Collection[UUID]) -> None:
    """Count these leads anew from their timelines, and have them scored; for who took away or changed entries."""
    ids = sorted(set(lead_ids))
    if not ids:
        return
    given: dict[str, Any] = {"ids": ids, "origin": ORIGIN, "kinds": list(COUNTED), "now": clock.now(), "wake": WAKE}
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (_HOLD, _RECOUNT, _REACT):
            cursor.execute(statement, given)
        let_go(ids)
