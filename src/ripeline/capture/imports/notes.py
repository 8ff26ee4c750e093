"""What one of us wrote down of somebody, as a file of leads has it: on the timeline, as our note, and once.

They did not say it, so it is no message of theirs, and it counts as no touch.
"""

import hashlib
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Q

from ripeline.base import clock
from ripeline.capture.arriving.admission import Result
from ripeline.capture.cells.fields import NEXT_AT
from ripeline.capture.cells.text import without_markup
from ripeline.capture.columns.row import Row
from ripeline.capture.imports.tallying import ORIGIN, Tally
from ripeline.capture.models import ImportRun
from ripeline.catalog.rules import NOTED, UNDATED
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.deciding import By
from ripeline.leads.models import IS_OPEN, Lead, NextKind
from ripeline.people import queries as people
from ripeline.timeline import actions as timeline

FIRST = (NextKind.FIRST_CONTACT, NextKind.QUALIFY, NextKind.REOPENED)


def write(run: ImportRun, taken: Iterable[tuple[Row, UUID, Result]], tally: Tally) -> None:
    """Write those that are new; a row that was unchanged but for its note is brought up to date by it."""
    noted = [(row, result, _entry(run, row, lead_id)) for row, lead_id, result in taken if row.text("note")]
    new = timeline.record_all([entry for *_, entry in noted]) if noted else set()
    fresh = [(row, result, entry.lead_id) for row, result, entry in noted if entry.id in new]
    for row, result, _ in fresh:
        tally.bring(row, result)
    _say_first(run, {lead_id: words(row) for row, _, lead_id in fresh if NEXT_AT not in row.values})


def words(row: Row) -> str:
    """The note as what is said of somebody's first step; "" where there is none."""
    line = without_markup(row.text("note")).partition("\n")[0].strip()
    return f"{NOTED}{line}"[:300] if line else ""


def _say_first(run: ImportRun, said: Mapping[UUID, str]) -> None:
    """With whom nobody has been in touch, and of whose first step nothing else is said: what was noted of them."""
    nothing = Q(next_note__in=("", UNDATED)) | Q(next_note__startswith=NOTED)
    untouched = Lead.objects.filter(IS_OPEN, pk__in=list(said), touches=0, next_committed=False)
    waiting = untouched.filter(nothing, next_kind__in=FIRST)
    found = {pk: said[pk] for pk, note in waiting.values_list("pk", "next_note") if said[pk] not in ("", note)}
    if found:
        bulk.decide_many(
            found, By(people.system(), ORIGIN, import_run_id=run.pk), kind="imported",
            change=lambda lead: {"next_note": found[lead.pk]}, facts=lambda _: {"fields": ["next_note"]},
        )  # fmt: skip


def _entry(run: ImportRun, row: Row, lead_id: UUID) -> timeline.Entry:
    text = without_markup(row.text("note"))
    return timeline.Entry(
        lead_id=lead_id, kind="note", actor_id=run.started_by_id, origin=ORIGIN, body=text,
        event_key=f"note:{hashlib.sha256(text.encode()).hexdigest()[:40]}",
        occurred_at=row.moment("captured_at") or clock.now(), data={"by": "", "is_elsewhere": True},
        import_run_id=run.pk,
    )  # fmt: skip
