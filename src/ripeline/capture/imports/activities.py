"""A file's rows of notes and activities taken in: each on its lead's timeline, on its own day, exactly once.

They are what was done elsewhere, by others: they count as no touch of ours and change no state. What is only planned
there has not happened: its day is its lead's next date.
"""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from ripeline.capture.arriving.admission import Result
from ripeline.capture.cells.fields import DUE_AT
from ripeline.capture.cells.text import without_markup
from ripeline.capture.columns.row import Row
from ripeline.capture.imports import firms, joined
from ripeline.capture.imports.dates import Dates
from ripeline.capture.imports.tallying import ORIGIN, Tally
from ripeline.capture.models import ImportRun, Remark
from ripeline.leads.decisions.filed import Planned
from ripeline.leads.knowing import identity
from ripeline.leads.models import IS_OPEN, Lead, NextKind
from ripeline.timeline import actions as timeline

_NOBODY = "nobody here has this id or e-mail address: import its lead first"
_NOBODY_CALLED = "nobody here is called so, or has this id or e-mail address: import its lead first"
_CLOSED = "is a plan there, but its lead is closed here: re-open it first, or note the plan on its record"


class ActivityTaker:
    """Takes rows of activities in, as one run says."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run
        self._dates = Dates(run)

    def take(self, rows: Sequence[Row]) -> Tally:
        """Write the entries that are new, within the transaction of their chunk."""
        tally = Tally()
        known = identity.resolve(key for row in rows for key in joined.people_of(row))
        unknown = [row for row in rows if not any(key in known for key in joined.people_of(row))]
        called = joined.by_name(unknown, firms.of(unknown))
        entries: list[tuple[Row, timeline.Entry]] = []
        plans: list[tuple[Row, Planned]] = []
        for row in rows:
            found = {known[key] for key in joined.people_of(row) if key in known}
            alike = called.get(row.row)
            if not found and (why := joined.unclear(row, alike)):
                tally.reject(row, why)
                continue
            if not found and not (alike and alike.here):
                tally.reject(row, _NOBODY_CALLED if joined.called(row) else _NOBODY)
                continue
            if not found and alike:
                found = set(alike.here)
                tally.remarks.append((row.row, Remark.PERSON, joined.called(row)))
            tally.remark(row)
            if row.text("done") == "no":
                plans += [(row, _planned(row, lead_id)) for lead_id in sorted(found)]
            else:
                entries += [(row, self._entry(row, lead_id)) for lead_id in sorted(found)]
        new = timeline.record_all([entry for _, entry in entries])
        fresh = {row.row for row, entry in entries if entry.id in new}
        for number in {row.row for row, _ in entries}:
            tally.results[Result.CREATED if number in fresh else Result.UNCHANGED] += 1
        self._plan(plans, tally)
        return tally

    def _plan(self, plans: Sequence[tuple[Row, Planned]], tally: Tally) -> None:
        closed = set(Lead.objects.exclude(IS_OPEN).filter(pk__in={each.lead_id for _, each in plans}).values_list("pk"))
        wanted = [(row, each) for row, each in plans if (each.lead_id,) not in closed]
        dated = self._dates.set(wanted, tally)
        for number in {row.row for row, _ in wanted}:
            tally.results[Result.UPDATED if number in dated else Result.UNCHANGED] += 1
        for row in {row.row: row for row, _ in plans if row.row not in {each.row for each, _ in wanted}}.values():
            tally.reject(row, _CLOSED)
            tally.remarks = [each for each in tally.remarks if each[0] != row.row]

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


def _planned(row: Row, lead_id: UUID) -> Planned:
    at = row.moment(DUE_AT)
    assert at is not None  # rows see to it
    said = row.text("subject") or without_markup(row.text("body")).partition("\n")[0]
    kind = NextKind.MEETING if row.text("activity") == "meeting" else NextKind.FOLLOW_UP
    return Planned(lead_id=lead_id, at=at, is_day=DUE_AT in row.days, words=said[:300], kind=kind)
