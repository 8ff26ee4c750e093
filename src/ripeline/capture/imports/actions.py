"""Bringing leads in: an import from its upload to its start, cancelled and gone on with; one lead by hand."""

from collections.abc import Mapping
from datetime import timedelta
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.capture import rules
from ripeline.capture.cells.fields import Kind
from ripeline.capture.columns import looking, wording
from ripeline.capture.columns.looking import Looked, Said, look
from ripeline.capture.columns.mapping import FieldMap, MappingError, signature
from ripeline.capture.files import pieces
from ripeline.capture.files.dialect import Dialect, UnreadableFileError
from ripeline.capture.files.workbooks import Table, as_table
from ripeline.capture.imports import sheets
from ripeline.capture.imports.runs import work
from ripeline.capture.imports.undoing import UndoError
from ripeline.capture.imports.undoing import ask as undo
from ripeline.capture.imports.undoing import stop as stop_undo
from ripeline.capture.in_person.by_hand import CaptureError, capture_one
from ripeline.capture.models import ImportPiece, ImportPolicy, ImportRun, ImportState
from ripeline.leads.rules import NotAllowed
from ripeline.leads.words import systems
from ripeline.people.models import User
from ripeline.timeline import actions as timeline

__all__ = [
    "CaptureError", "MappingError", "Said", "UndoError", "UnreadableFileError", "begin", "cancel", "capture_one",
    "confirm", "discard", "go_on", "prepare", "stop_undo", "undo", "work",
]  # fmt: skip

_SOURCES = ("linkedin",)  # whose lists are people who came by it
KEPT = timedelta(days=30)  # a file that nobody started, or went on with


def begin(
    *,
    actor: User,
    kind: Kind | None,
    filename: str,
    file: BinaryIO | Table,
    said: Said | None = None,
    looked: Looked | None = None,
    source: str = "",
    policy: str = ImportPolicy.FILE,
    anew: bool = False,
) -> ImportRun:
    """Keep an uploaded file and look at it; unless `anew`, the same file that is not done yet is the same run.

    `looked` is what the caller saw already, with `said`. Raises UnreadableFileError, in a sentence, if there is nothing
    to import in it.
    """
    rules.require_importer(actor)
    filename = filename.replace("\\", "/").rpartition("/")[2].strip()[-255:] or "file.csv"
    whole = (file.workbook or file.file) if isinstance(file, Table) else file
    size, digest = pieces.weigh(whole)
    if size > pieces.LARGEST:
        most = pieces.LARGEST // 1024**2
        raise UnreadableFileError(
            f"{filename} is larger than {most} MB: split it into smaller files, each with the heading."
        )
    is_kept = Exists(ImportPiece.objects.filter(run=OuterRef("pk"), is_workbook=False))
    before = ImportRun.objects.filter(is_kept, started_by=actor, digest=digest, **({"kind": kind} if kind else {}))
    if not anew and (run := before.order_by("-created_at").first()):
        return run
    run = ImportRun(
        id=new_id(), filename=filename, size=size, digest=digest, started_by=actor,
        created_at=clock.now(), source=_source(source), policy=policy,
    )  # fmt: skip
    said = said or Said()
    with as_table(file, name=filename, sheet=said.whole.sheet) as table:
        looked = looked or look(table, kind=kind, name=filename, said=said)
        run.kind, run.source = looked.mapping.kind, run.source or _source_of(looked)
        _draft(run, looked, said)
        with transaction.atomic():
            _tidy()
            run.save(force_insert=True)
            _store(run, table)
    return run


def _store(run: ImportRun, table: Table) -> None:
    """Keep what is read, and a workbook, which may have been looked at before, too."""
    size = pieces.store(run.pk, table.file)
    if table.workbook:
        pieces.store(run.pk, table.workbook, is_workbook=True)
        run.sheet_size = size
        run.save(update_fields=["sheet_size"])


def _source(name: str) -> str:
    return " ".join(name.split())[:160]


def _source_of(looked: Looked) -> str:
    """Where people come from of whose file it is known, and which has no column that says it: a list of LinkedIn's."""
    preset = looked.preset
    if preset is None or preset.system not in _SOURCES or "source" in looked.mapping.fields():
        return ""
    return systems.label(preset.system)


def _draft(run: ImportRun, looked: Looked, said: Said) -> None:
    run.dialect, run.told, run.mapping = looked.dialect.to_json(), said.to_json(), looked.mapping.to_json()
    run.signature = signature(looked.dialect.labels)


def _tidy() -> None:
    """Let files go that were forgotten, and workbooks whose other sheets nobody has brought."""
    long_ago = clock.now() - KEPT
    ImportRun.objects.filter(state=ImportState.UPLOADED, created_at__lt=long_ago).delete()
    ImportPiece.objects.filter(~Q(run__state=ImportState.UPLOADED), run__ended_at__lt=long_ago).delete()


def prepare(
    *,
    actor: User,
    run_id: UUID,
    said: Said | None = None,
    mapping: Mapping[str, str] | None = None,
    source: str | None = None,
    policy: str | None = None,
    kind: Kind | None = None,
) -> Looked:
    """Look again, at what a person says of the file, its columns (field by label) and where its people came from.

    Without `mapping` it is guessed anew; with `kind` the file is read as one of those. It is kept with the run, which
    must not have started. Raises UnreadableFileError.
    """
    with transaction.atomic():
        run = own(actor, run_id, lock=True)
        if run.state != ImportState.UPLOADED:
            raise MappingError("This import has started already; its mapping can no longer be changed.")
        said = Said.from_json(run.told) if said is None else said
        run.kind = kind or run.kind
        with looking.opened(run, said) as table:
            looked = looking.at(run, said, mapping, table=table)
            if table.workbook:
                _store(run, table)
        _draft(run, looked, said)
        run.source = run.source if source is None else _source(source)
        run.policy = policy if policy in ImportPolicy.values else run.policy
        run.save(update_fields=["dialect", "told", "mapping", "signature", "source", "policy", "kind"])
    return looked


def confirm(*, actor: User, run_id: UUID, leaves_open: bool = False, keeps_sheets: bool = False) -> ImportRun:
    """Start an import as it was prepared: it waits for a worker. Raises MappingError if something must be changed.

    `leaves_open`: this once it closes nobody who is open here, whatever is remembered. `keeps_sheets`: a
    workbook stays as long as it has sheets that somebody may bring, too.
    """
    with transaction.atomic():
        run = own(actor, run_id, lock=True)
        if run.state != ImportState.UPLOADED:
            return run
        dialect = Dialect.from_json(run.dialect)
        if found := looking.problems(dialect, FieldMap.from_json(looking.kind_of(run), dialect.labels, run.mapping)):
            raise MappingError(" ".join(found))
        sheets.keep_once(actor, run) if keeps_sheets else pieces.forget_workbook(run.pk)
        wording.remember(run.told.get("words", {}))
        if leaves_open:
            run.dialect["closes"] = False
            run.save(update_fields=["dialect"])
        return _queue(run)


def _queue(run: ImportRun) -> ImportRun:
    run.state, run.cancel_asked, run.problem, run.ended_at = ImportState.QUEUED, False, "", None
    run.save(update_fields=["state", "cancel_asked", "problem", "ended_at"])
    timeline.wake_worker()
    return run


def cancel(*, actor: User, run_id: UUID) -> ImportRun:
    """Stop after the present rows; what went in stays. Nothing happens to one that has ended."""
    with transaction.atomic():
        run = own(actor, run_id, lock=True)
        if run.state in (ImportState.QUEUED, ImportState.RUNNING) and not run.cancel_asked:
            run.cancel_asked = True
            run.save(update_fields=["cancel_asked"])
            timeline.wake_worker()
        return run


def go_on(*, actor: User, run_id: UUID) -> ImportRun:
    """Take a cancelled or failed import up where it stopped."""
    with transaction.atomic():
        run = own(actor, run_id, lock=True)
        if run.state not in (ImportState.CANCELLED, ImportState.FAILED):
            return run
        if not ImportPiece.objects.filter(run=run, is_workbook=False).exists():
            raise MappingError("The file of this import is no longer kept: choose it again.")
        return _queue(run)


def discard(*, actor: User, run_id: UUID) -> None:
    """Forget an upload that was never started."""
    with transaction.atomic():
        run = own(actor, run_id, lock=True)
        if run.state == ImportState.UPLOADED:
            run.delete()


def own(actor: User, run_id: UUID, *, lock: bool = False) -> ImportRun:
    """A run that `actor` may see, and so work on."""
    runs = ImportRun.objects.select_for_update(of=("self",)) if lock else ImportRun.objects.all()
    run = runs.select_related("started_by").get(pk=run_id)
    if not ImportRun.objects.filter(rules.seen_by(actor), pk=run_id).exists():
        raise NotAllowed("This import is somebody else's.")
    return run
