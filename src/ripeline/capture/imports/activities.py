"""A file's rows of notes and activities taken in: each on its lead's timeline, on its own day, exactly once.

They are what was done elsewhere, by others: they count as no touch of ours, change no state and set no date.
"""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from ripeline.capture.arriving.admission import Result
from ripeline.capture.cells.text import without_markup
from ripeline.capture.columns.rows import Row
from ripeline.capture.imports import firms, joined
from ripeline.capture.imports.tallying import ORIGIN, Tally
from ripeline.capture.models import ImportRun, Remark
from ripeline.leads import identity
from ripeline.timeline import actions as timeline

_NOBODY = "nobody here has this id or e-mail address: import its lead first"
_NOBODY_CALLED = "nobody here is called so, or has this id or e-mail address: import its lead first"


class ActivityTaker:
    """Takes rows of activities in, as one run says."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run

    def take(self, rows: Sequence[Row]) -> Tally:
        """Write the entries that are new, within the transaction of their chunk."""
        tally = Tally()
        known = identity.resolve(key for row in rows for key in joined.people_of(row))
        unknown = [row for row in rows if not any(key in known for key in joined.people_of(row))]
        called = joined.by_name(unknown, firms.of(unknown))
        entries: list[tuple[Row, timeline.Entry]] = []
        for row in rows:
            found = {known[key] for key in joined.people_of(row) if key in known}
            alike = called.get(row.row, [])
            if not found and len(alike) > 1:
                tally.reject(row, joined.SEVERAL.format(joined.called(row)))
                continue
            if not found and not alike:
                tally.reject(row, _NOBODY_CALLED if joined.called(row) else _NOBODY)
                continue
            if not found:
                found = set(alike)
                tally.remarks.append((row.row, Remark.PERSON, joined.called(row)))
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
        subject, text = row.text("subject"), without_markup(row.text("body"))
        body = text if subject and text.startswith(subject) else "\n".join(filter(None, (subject, text)))
        said = row.text("activity_id") or "\x1f".join((at.isoformat(), row.text("activity"), subject, text))
        return timeline.Entry(
            lead_id=lead_id, kind=row.text("activity") or "note", actor_id=self._run.started_by_id, origin=ORIGIN,
            event_key=f"activity:{hashlib.sha256(said.encode()).hexdigest()[:40]}", occurred_at=at, body=body[:20_000],
            data={"by": row.text("by"), "is_elsewhere": True}, import_run_id=self._run.pk,
        )  # fmt: skip
