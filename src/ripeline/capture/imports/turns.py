"""In which order imports are worked: as they were given, but a short one need not wait for a long one.

What a later file says of a person or a deal counts, and a file of deals, notes or calls names whom an earlier one
brings. So a file passes another only where neither can be: of somebody else, with other headings, and with people or
companies; or where whoever brought it says so.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from ripeline.capture.imports import queries
from ripeline.capture.imports.actions import own
from ripeline.capture.imports.trials import waiting as waiting_trials
from ripeline.capture.models import ImportKind, ImportRun, ImportState, ImportTrial
from ripeline.people.models import User
from ripeline.timeline import actions as timeline

SHORT = 2_000_000  # bytes of rows: some seconds of work
_PASSING = (ImportKind.LEADS, ImportKind.COMPANIES)
_READ = ("kind", "state", "size", "sheet_size", "signature", "goes_first", "started_by_id", "created_at", "batch_id")


def short() -> Sequence[UUID]:
    """The imports to be worked that take seconds and need not wait for a long one, in their order."""
    return _parted()[0]


def long() -> Sequence[UUID]:
    """The others, in theirs."""
    return _parted()[1]


def _parted() -> tuple[list[UUID], list[UUID]]:
    """Short ones, and those that are long or have to come after one that is."""
    found: list[UUID] = []
    held: list[ImportRun] = []
    for run in _runs(queries.waiting()):
        if is_short(run) and all(_passes(run, other) for other in held):
            found.append(run.pk)
        else:
            held.append(run)
    return found, [run.pk for run in held]


def _runs(ids: Sequence[UUID]) -> list[ImportRun]:
    by_id = ImportRun.objects.only(*_READ).in_bulk(ids) if ids else {}
    return [by_id[pk] for pk in ids if pk in by_id]


def is_short(run: ImportRun) -> bool:
    """Whether its file goes in within seconds."""
    return (run.sheet_size or run.size) <= SHORT


def _passes(run: ImportRun, other: ImportRun) -> bool:
    """Whether a file may go in before another that was given earlier."""
    if run.state == ImportState.UNDOING or run.goes_first:
        return True
    is_same = run.started_by_id == other.started_by_id or run.signature == other.signature
    return run.kind in _PASSING and not is_same


def waits_for(run: ImportRun) -> ImportRun | None:
    """The import that this one has to come after, where it could pass."""
    if run.state != ImportState.QUEUED or not is_short(run):
        return None
    runs = _runs(queries.waiting())
    if run.pk not in {each.pk for each in runs}:
        return None  # after another file of its batch
    before = (each for each in runs if each.created_at < run.created_at and not is_short(each))
    return next((each for each in before if not _passes(run, each)), None)


def let_first(*, actor: User, run_id: UUID) -> None:
    """Do not let a short import wait for one that was given before it. Again changes nothing."""
    with transaction.atomic():
        run = own(actor, run_id, lock=True)
        if run.state == ImportState.QUEUED and is_short(run) and not run.goes_first:
            run.goes_first = True
            run.save(update_fields=["goes_first"])
            timeline.wake_worker()


def trials(*, is_long: bool) -> list[UUID]:
    """The dry runs to be worked, those of much or those that take seconds: a file, or all that go in together."""
    found = ImportTrial.objects.filter(pk__in=waiting_trials()).select_related("run").order_by("asked_at")
    return [each.pk for each in found if _is_long(each.run) is is_long]


def _is_long(run: ImportRun) -> bool:
    runs = ImportRun.objects.filter(batch_id=run.batch_id) if run.batch_id else [run]
    return sum(each.sheet_size or each.size for each in runs) > SHORT
