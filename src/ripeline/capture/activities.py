"""A file's rows of notes and activities taken in: each on its lead's timeline, on its own day, exactly once.

They are what was done elsewhere, by others: they count as no touch of ours, change no state and set no date.
"""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from ripeline.capture.admission import Result
from ripeline.capture.models import ImportRun
from ripeline.capture.outcomes import people_of
from ripeline.capture.rows import Row
from ripeline.capture.taking import ORIGIN, Tally
from ripeline.leads import identity
from ripeline.timeline import actions as timeline


class ActivityTaker:
    """Takes rows of activities in, as one run says."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run

    def take(self, rows: Sequence[Row]) -> Tally:
        """Write the entries that are new, within the transaction of their chunk."""
        tally = Tally()
        known = identity.resolve(key for row in rows for key in people_of(row))
        entries: list[tuple[Row, timeline.Entry]] = []
        for row in rows:
            found = {known[key] for key in people_of(row) if key in known}
            if not found:
                tally.reject(row, "nobody here has this id or e-mail address: import its lead first")
                continue
            tally.remark(row)
            entries += [(row, self._entry(row, lead_id)) for lead_id in sorted(found)]
        new = timeline.record_all([entry for _, entry in entries])
        fresh = {row.row for row, entry in entries if entry.id in new}
        for number in {row.row for row, _ in entries}:
            tally.results[Result.CREATED if number in fresh else Result.UNCHANGED] += 1
        return tally

    def _entry(self, row: Row, lead_id: UUID) -> timeline.Entry:
        at = row.moment("happened_at")
        assert at is not None  # rows see to it
        subject, text = row.text("subject"), row.text("body")
        body = text if subject and text.startswith(subject) else "\n".join(filter(None, (subject, text)))
        said = row.text("activity_id") or "\x1f".join((at.isoformat(), row.text("activity"), subject, text))
        return timeline.Entry(
            lead_id=lead_id, kind=row.text("activity") or "note", actor_id=self._run.started_by_id, origin=ORIGIN,
            event_key=f"activity:{hashlib.sha256(said.encode()).hexdigest()[:40]}", occurred_at=at, body=body[:20_000],
            data={"by": row.text("by"), "is_elsewhere": True}, import_run_id=self._run.pk,
        )  # fmt: skip
