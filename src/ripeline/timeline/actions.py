"""Writing to the timeline. Called inside the transaction of the decision it records (I2)."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.base.statements import prepared_rows
from ripeline.timeline.kinds import KINDS, REACTING
from ripeline.timeline.models import Activity, Engagement, Reaction

WAKE = "ripeline_work"  # the channel that wakes the worker
# What is said there: something has happened to leads, somebody waits for long work, a mail waits. Hundreds of visits a
# second are to wake nobody but those who react to them.
NEWS, WORK, POST = "", "work", "post"

# One statement writes the entries that are new, leaves a reaction for each kind that has one, and wakes the worker
# (pg_notify is delivered at commit; equal messages of one transaction become one).
_RECORD = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(entries)s::jsonb) AS r(
        id uuid, lead_id uuid, kind text, origin text, event_key text, occurred_at timestamptz, actor_id uuid,
        is_private boolean, body text, data jsonb, import_run_id uuid)
), written AS (
    INSERT INTO activity
        (id, lead_id, kind, origin, event_key, occurred_at, recorded_at, actor_id, is_private, body, data,
         import_run_id)
    SELECT id, lead_id, kind, origin, event_key, occurred_at, %(now)s::timestamptz, actor_id, is_private, body, data,
           import_run_id
    FROM given
    ON CONFLICT (lead_id, origin, event_key) DO NOTHING
    RETURNING id, lead_id, kind
), left_for_worker AS (
    INSERT INTO reaction (activity_id, lead_id, kind, created_at, due_at, attempts, error)
    SELECT id, lead_id, kind, %(now)s::timestamptz, %(now)s::timestamptz, 0, '' FROM written
    WHERE kind = ANY(%(reacting)s::text[])
    RETURNING 1
)
SELECT written.id, (SELECT pg_notify(%(channel)s::text, '') FROM left_for_worker LIMIT 1) IS NULL FROM written
"""


@dataclass(frozen=True)
class Entry:
    """One activity to be written; `event_key` is unique for the lead within `origin`."""

    lead_id: UUID
    kind: str
    actor_id: UUID
    origin: str
    event_key: str
    occurred_at: datetime
    body: str = ""
    is_private: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    import_run_id: UUID | None = None
    id: UUID = field(default_factory=new_id)


def record(entry: Entry) -> bool:
    """Write one entry; False if this event was already recorded (I3)."""
    return bool(record_all([entry]))


def record_all(entries: Sequence[Entry]) -> set[UUID]:
    """Write many entries in one statement and leave their reactions; the ids of those that were new (I3)."""
    if not entries:
        return set()
    if not connection.in_atomic_block:
        raise RuntimeError("a timeline entry belongs to the transaction of its decision")
    unknown = {entry.kind for entry in entries} - KINDS.keys()
    if unknown:
        raise ValueError(f"no such kind of activity: {', '.join(sorted(unknown))}")
    given = {
        "entries": json.dumps([_plain(entry) for entry in entries], cls=DjangoJSONEncoder),
        "now": clock.now(),
        "reacting": sorted(REACTING),
        "channel": WAKE,
    }
    return {row[0] for row in prepared_rows(_RECORD, given)}


def _plain(entry: Entry) -> dict[str, Any]:
    """An entry as JSON has it; what `data` holds is left to the encoder."""
    names = {"id": str(entry.id), "lead_id": str(entry.lead_id), "actor_id": str(entry.actor_id)}
    names |= {"import_run_id": str(entry.import_run_id)} if entry.import_run_id else {}
    return {**vars(entry), **names, "occurred_at": entry.occurred_at.isoformat()}


def wake_worker(about: str = WORK) -> None:
    """Tell the worker what waits for it; delivered at commit."""
    prepared_rows("SELECT pg_notify(%s, %s)", [WAKE, about])


def forget(lead_ids: Collection[UUID]) -> None:
    """Delete all that happened to leads that are being deleted, and what waits to be done about it."""
    for kept in (Reaction, Activity, Engagement):
        kept.objects.filter(lead_id__in=lead_ids).delete()


def retract(entry_ids: Collection[UUID]) -> None:
    """Delete entries that should never have been: of an import that is taken back, where nobody built on them."""
    Reaction.objects.filter(activity_id__in=entry_ids).delete()
    Activity.objects.filter(pk__in=entry_ids).delete()


def amend(entries: Collection[Activity]) -> None:
    """Write the data of entries anew, of which something before them should never have been."""
    Activity.objects.bulk_update(entries, ["data"], batch_size=500)


def forget_reactions() -> int:
    """Drop what waits to be done about entries, for whoever has just rebuilt all that follows from them; how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM reaction")
        return int(cursor.rowcount)
