"""What one of us wrote down of somebody, as a file of leads has it: on the timeline, as our note, and once.

They did not say it, so it is no message of theirs, and it counts as no touch.
"""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from ripeline.base import clock
from ripeline.capture.arriving.admission import Result
from ripeline.capture.cells.text import without_markup
from ripeline.capture.columns.rows import Row
from ripeline.capture.imports.tallying import ORIGIN, Tally
from ripeline.capture.models import ImportRun
from ripeline.timeline import actions as timeline


def write(run: ImportRun, taken: Iterable[tuple[Row, UUID, Result]], tally: Tally) -> None:
    """Write those that are new; a row that was unchanged but for its note is brought up to date by it."""
    noted = [(row, result, _entry(run, row, lead_id)) for row, lead_id, result in taken if row.text("note")]
    new = timeline.record_all([entry for *_, entry in noted]) if noted else set()
    for row, result, entry in noted:
        if entry.id in new:
            tally.bring(row, result)


def _entry(run: ImportRun, row: Row, lead_id: UUID) -> timeline.Entry:
    text = without_markup(row.text("note"))
    return timeline.Entry(
        lead_id=lead_id, kind="note", actor_id=run.started_by_id, origin=ORIGIN, body=text,
        event_key=f"note:{hashlib.sha256(text.encode()).hexdigest()[:40]}",
        occurred_at=row.moment("captured_at") or clock.now(), data={"by": "", "is_elsewhere": True},
        import_run_id=run.pk,
    )  # fmt: skip
