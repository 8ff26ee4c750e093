"""Lists of leads as files: what their asker may see of each (I8), in bounded memory, as long work where it is much.

A file that was broken off is simply begun again. It is kept in pieces in the database until it expires, so that any
machine can serve it, to whoever asked for it.
"""

import csv
import io
import logging
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta, tzinfo
from typing import IO, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.http import QueryDict

from ripeline.base import clock
from ripeline.base.claiming import claimed
from ripeline.capture.cells.text import safe_cell
from ripeline.capture.columns import own_labels
from ripeline.capture.columns.exported import FIRST, WHOLE
from ripeline.capture.exports.exporting import chances, text
from ripeline.capture.files.sheets import write_workbook
from ripeline.capture.models import Export, ExportPiece, ExportState, FileFormat
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import CustomField, FieldType
from ripeline.leads.finding import columns, lists
from ripeline.leads.finding.columns import Column
from ripeline.leads.finding.filters import Filters
from ripeline.leads.finding.lists import Row
from ripeline.people import actions as people
from ripeline.people import queries as people_queries
from ripeline.people.models import User
from ripeline.ripeness import queries as ripeness
from ripeline.ripeness.models import Score
from ripeline.timeline import actions as timeline

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)  # how long a file can be fetched
PIECE = 1024 * 1024  # bytes
TOLD = 2_000  # rows after which the progress is noted and a cancel noticed
_OTHERWISE = "Your role or team has changed since you asked for this file: ask for it again."
_EXPIRED = "This file is no longer here; ask for it again."
_BROKE = "Something broke on our side; the log says what. Ask for the file again."

Chunks = Iterable[Sequence[Row]]


class Table(NamedTuple):
    """The heading of a file, the cells of a row, and the columns of the list that they are (`columns.complete`)."""

    heading: list[str]
    cells: Callable[[Row, Score | None], list[Any]]
    keys: Collection[str]


class _CancelledError(Exception):
    """Whoever asked for the file wants it no more."""


# --- what stands in a file ---


def table(chosen: Sequence[str]) -> Table:
    """The columns that a list shows; everything there is where none are chosen."""
    fields = catalog.custom_fields()
    if not chosen:
        heading = [*WHOLE, *(own_labels.apart(field.label) for field in fields)]
        own = [_own(field, columns.own(field)) for field in fields]
        return Table(
            heading, lambda row, score: [*_whole(row, score), *(value(row, score) for value in own)], columns.COLUMNS
        )
    known = columns.all_columns(fields)
    kinds = {columns.OWN + field.key: field for field in fields}
    shown = [known[key] for key in chosen if key in known]
    values = [_own(kinds[each.key], each) if each.key in kinds else each.value for each in shown]
    heading = [
        *FIRST,
        *(own_labels.apart(each.label) if each.key in kinds else each.label for each in shown),
    ]
    heading += ["Currency"] if "amount" in chosen else []

    def cells(row: Row, score: Score | None) -> list[Any]:
        found = [row.id, row.name, row.company, *(value(row, score) for value in values)]
        return found + ([row.currency if row.amount else ""] if "amount" in chosen else [])

    return Table(heading, cells, chosen)


def _own(field: CustomField, column: Column) -> Callable[[Row, Score | None], Any]:
    """What a field of the company's own holds, a day as a day."""
    if field.field_type != FieldType.DATE:
        return column.value

    def value(row: Row, score: Score | None) -> Any:
        held = column.value(row, score)
        try:
            return date.fromisoformat(held) if isinstance(held, str) else held
        except ValueError:
            return held

    return value


def _whole(row: Row, score: Score | None) -> list[Any]:
    return [
        row.id, row.name, row.title, row.email, row.phone, row.other_phones, row.company, row.country, row.language,
        row.state_label, row.owner, row.next_at, row.next_kind, row.source, row.campaigns, row.captured_at,
        row.last_touch_at, row.amount, row.currency if row.amount else "", *chances(score), row.close_reason,
    ]  # fmt: skip


def rows(chunks: Chunks, found: Table) -> Iterator[list[Any]]:
    """The heading, then the cells of each row, a chunk in memory at a time."""
    yield list(found.heading)
    for chunk in chunks:
        columns.complete(chunk, found.keys)
        scores = ripeness.of([row.id for row in chunk if row.sees_context])
        for row in chunk:
            yield found.cells(row, scores.get(row.id))


def as_csv(lines: Iterable[list[Any]], zone: tzinfo) -> Iterator[str]:
    """A CSV file's text piece by piece; it begins with a byte order mark, by which spreadsheets know UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff"
    for line in lines:
        writer.writerow([safe_cell(text(cell, zone, "minutes")) for cell in line])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


# --- as long work ---


def ask(
    *, actor: User, query: str, file_format: str, zone: str, lead_ids: Sequence[UUID] | None = None,
    count: int | None = None,
) -> Export:  # fmt: skip
    """Ask for a file of what the list's query finds, or of these leads; audited."""
    with transaction.atomic():
        export = Export.objects.create(
            asked_by=actor, asked_as=_standing(actor), query=query, file_format=FileFormat(file_format), zone=zone,
            lead_ids=None if lead_ids is None else [str(pk) for pk in lead_ids], rows=count,
            filename=filename(FileFormat(file_format), ZoneInfo(zone)),
        )  # fmt: skip
        note(actor=actor, query=query, count=None if lead_ids is None else len(lead_ids), file_format=file_format)
        timeline.wake_worker()
    return export


def _standing(user: User) -> list[str | None]:
    """By what they see what they see."""
    return [user.role, str(user.team_id) if user.team_id else None]


def _is_as_they_were(export: Export) -> bool:
    """Whether whoever asked for a file would be shown the same today."""
    user = export.asked_by
    if export.asked_as is None:
        return user.is_active and not people_queries.sees_otherwise_since(user, export.created_at)
    return user.is_active and export.asked_as == _standing(user)


def note(*, actor: User, query: str, count: int | None, file_format: str) -> None:
    """Who took leads out of the house, and which."""
    target = "list" if count is None else f"{count} chosen"
    people.audit(actor=actor, verb="leads.export", target=target, query=query, format=file_format)


def filename(file_format: str, zone: tzinfo) -> str:
    return f"leads-{clock.now().astimezone(zone):%Y-%m-%d}.{file_format}"


def waiting(*, is_long: bool | None = None) -> list[UUID]:
    """The files to be written, in the order they were asked for: all, or those of many leads, or of few."""
    found = Export.objects.filter(_of_length(is_long), state__in=(ExportState.QUEUED, ExportState.RUNNING))
    return list(found.order_by("created_at").values_list("pk", flat=True))


def is_queued(*, is_long: bool) -> bool:
    """Whether one of them has not been begun."""
    return Export.objects.filter(_of_length(is_long), state=ExportState.QUEUED).exists()


def _of_length(is_long: bool | None) -> Q:
    few = Q(rows__lte=lists.MANY)  # further nobody counts them before
    return Q() if is_long is None else Q(rows__isnull=True) | ~few if is_long else few


def cancel(*, actor: User, export_id: UUID) -> None:
    """Ask that no file is written."""
    running = (ExportState.QUEUED, ExportState.RUNNING)
    Export.objects.filter(pk=export_id, asked_by=actor, state__in=running).update(cancel_asked=True)
    timeline.wake_worker()


def work(
    export_id: UUID,
    *,
    watch: Callable[[Export], None] = lambda _: None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Write the file; True if this call ended it. One that was broken off is begun again."""
    with claimed("ripeline export", export_id) as is_ours:
        export = Export.objects.select_related("asked_by").get(pk=export_id) if is_ours else None
        if export is None or export.state not in (ExportState.QUEUED, ExportState.RUNNING):
            return False
        try:
            if not _is_as_they_were(export):
                _end(export, ExportState.FAILED, problem=_OTHERWISE)
                return True
            return _write(export, watch, is_stopping)
        except _CancelledError:
            _end(export, ExportState.CANCELLED)
        except (OperationalError, InterfaceError):
            raise  # the database is gone: whoever called tries again
        except Exception:
            log.exception("An export failed")
            _end(export, ExportState.FAILED, problem=_BROKE)
    return True


class _StoppingError(Exception):
    """The process is to end; the file is begun again by the next."""


def _write(export: Export, watch: Callable[[Export], None], is_stopping: Callable[[], bool]) -> bool:
    Export.objects.filter(pk=export.pk).update(state=ExportState.RUNNING, began_at=clock.now(), position=0)
    zone = ZoneInfo(export.zone)
    made = _told(export, rows(_chunks(export, zone), table(_shown(export.query))), watch, is_stopping)
    with tempfile.TemporaryFile() as file:
        try:
            if export.file_format == FileFormat.XLSX:
                write_workbook(file, made, zone)
            else:
                file.writelines(line.encode() for line in as_csv(made, zone))
        except _StoppingError:
            return False
        export.size = file.tell()
        _store(export, file)
    _end(export, ExportState.DONE)
    watch(export)
    return True


def _chunks(export: Export, zone: tzinfo) -> Chunks:
    if export.lead_ids is not None:
        return iter([lists.chosen(export.asked_by, [UUID(pk) for pk in export.lead_ids])])
    return _found(export.asked_by, export.query, zone)


def _found(actor: User, query: str, zone: tzinfo) -> Chunks:
    asked = QueryDict(query).dict()
    filters, sort = Filters.parse(asked), lists.Sort.named(asked.get("sort"))
    tagged = ripeness.tagged(filters.ripe) if filters.ripe else None
    return lists.every(actor, filters, zone=zone, sort=sort, scores=ripeness.all_scores(), tagged=tagged)


def _shown(query: str) -> Sequence[str]:
    return columns.read(str(QueryDict(query).dict().get("cols", "")))


def lines(actor: User, query: str, zone: tzinfo) -> Iterator[list[Any]]:
    """What a list's query finds, with its columns, as its viewer may see it."""
    return rows(_found(actor, query, zone), table(_shown(query)))


def _told(
    export: Export, lines: Iterable[list[Any]], watch: Callable[[Export], None], is_stopping: Callable[[], bool]
) -> Iterator[list[Any]]:
    """The lines, noting now and then how far they are."""
    for number, line in enumerate(lines):
        if number % TOLD == 0:
            export.position = number
            Export.objects.filter(pk=export.pk).update(position=number)
            watch(export)
            if Export.objects.filter(pk=export.pk, cancel_asked=True).exists():
                raise _CancelledError
            if is_stopping():
                raise _StoppingError
        yield line
        export.position = number


def _store(export: Export, file: IO[bytes]) -> None:
    ExportPiece.objects.filter(export=export).delete()
    file.seek(0)
    number = 0
    while content := file.read(PIECE):
        ExportPiece.objects.create(export=export, number=number, content=content)
        number += 1


def _end(export: Export, state: ExportState, *, problem: str = "") -> None:
    moment = clock.now()
    Export.objects.filter(pk=export.pk).update(
        state=state, problem=problem, ended_at=moment, expires_at=moment + KEPT, size=export.size,
        position=export.position, rows=export.position if state == ExportState.DONE else export.rows,
    )  # fmt: skip


def content(export: Export) -> Iterator[bytes]:
    """The file, a piece at a time."""
    numbers = ExportPiece.objects.filter(export=export).order_by("number").values_list("number", flat=True)
    for number in list(numbers):
        yield bytes(ExportPiece.objects.get(export=export, number=number).content)


def can_be_fetched(export: Export) -> bool:
    """Whether a file is there, and its asker is who they were: it has what another role, or team, was shown."""
    is_there = export.state == ExportState.DONE and export.expires_at is not None and export.expires_at > clock.now()
    return is_there and _is_as_they_were(export)


def why_not_fetched(export: Export) -> str:
    """Why a file that was written cannot be fetched, in words to who asked for it."""
    is_there = export.expires_at is not None and export.expires_at > clock.now()
    return _OTHERWISE if is_there else _EXPIRED


def note_fetched(*, actor: User, export: Export) -> None:
    people.audit(actor=actor, verb="leads.export.fetch", target=export.filename, export=str(export.pk))


def tidy() -> int:
    """Forget files that have expired; how many."""
    over = Export.objects.filter(expires_at__lt=clock.now())
    ExportPiece.objects.filter(export__in=over).delete()
    return over.delete()[0]
