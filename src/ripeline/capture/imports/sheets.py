"""Sheets of a workbook that an import has left: said on its page, and brought from the same file while that is kept."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from ripeline.capture import rules
from ripeline.capture.files.dialect import Dialect
from ripeline.capture.models import ImportPiece, ImportRun, ImportState
from ripeline.people.models import User

_MOST = 200  # imports of one file that are looked through


class Left(NamedTuple):
    """A sheet with rows that an import has not read; `run_id`: the import of it from the same file, if there is one."""

    name: str
    rows: int
    is_hidden: bool
    run_id: UUID | None = None
    state: str = ""  # of that


def left(actor: User, run: ImportRun) -> list[Left]:
    """The other sheets of a run's file that have rows, as they stand in it."""
    dialect = Dialect.from_json(run.dialect)
    others = [sheet for sheet in dialect.sheets if sheet.rows and sheet.name != dialect.sheet]
    brought = _brought(actor, run) if others else {}
    return [Left(*sheet, *brought.get(sheet.name, ())) for sheet in others]


def waiting(found: Sequence[Left]) -> list[Left]:
    """Those of which there is no import yet."""
    return [each for each in found if each.run_id is None]


def _brought(actor: User, run: ImportRun) -> dict[str, tuple[UUID, str]]:
    """The imports of the sheets of this file that are not taken back, by the sheet."""
    same = _of_same_file(actor, run).exclude(pk=run.pk).exclude(state=ImportState.UNDONE)
    found = same.order_by("-created_at").values_list("dialect__sheet", "pk", "state")[:_MOST]
    return {str(sheet): (pk, state) for sheet, pk, state in reversed(found)}


def _of_same_file(actor: User, run: ImportRun) -> QuerySet[ImportRun]:
    return ImportRun.objects.filter(rules.seen_by(actor), digest=run.digest)


def kept_with(actor: User, run: ImportRun) -> ImportRun | None:
    """The import with which the workbook of a run is still kept, if it is."""
    kept = ImportPiece.objects.filter(is_workbook=True, run__in=_of_same_file(actor, run).values("pk"))
    pk = kept.filter(number=0).values_list("run_id", flat=True).first()
    return None if pk is None else ImportRun.objects.get(pk=pk)


def keep_once(actor: User, run: ImportRun) -> None:
    """Of a workbook that starts to go in: keep it as long as there are sheets to bring, and in one copy."""
    same = ImportPiece.objects.filter(is_workbook=True, run__in=_of_same_file(actor, run).values("pk"))
    started = same.exclude(run=run).exclude(run__state=ImportState.UPLOADED)
    if not waiting(left(actor, run)):
        same.filter(run=run).delete()
        started.delete()
    elif started.exists():
        same.filter(run=run).delete()
