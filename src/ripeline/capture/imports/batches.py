"""Several files in one go: companies, then people, then deals, then what was said, so that each finds what it names.

Taken back together they go the other way round: what a later one changed keeps what an earlier one brought.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import BinaryIO, NamedTuple
from uuid import UUID

from django.db import transaction

from ripeline.base.ids import new_id
from ripeline.capture.cells.fields import Kind
from ripeline.capture.columns import looking
from ripeline.capture.columns.detection import Told
from ripeline.capture.columns.mapping import FieldMap
from ripeline.capture.files import pieces
from ripeline.capture.files.dialect import Dialect
from ripeline.capture.imports import actions, sheets, undoing
from ripeline.capture.imports.actions import Said, UnreadableFileError
from ripeline.capture.models import ImportRun, ImportState
from ripeline.people.models import User

ORDER: tuple[Kind, ...] = ("companies", "leads", "outcomes", "activities")


class RefusedFilesError(ValueError):
    """Some of the files cannot be imported; `reasons` has a sentence for each of those."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = tuple(reasons)


class Upload(NamedTuple):
    """A file as somebody chose it."""

    name: str
    file: BinaryIO


def begin(*, actor: User, uploads: Sequence[Upload]) -> UUID:
    """Keep and look at several files, all or none, in the order in which they are to go in; their batch."""
    reasons, found = [], []
    with transaction.atomic():
        for name, file in uploads:
            try:
                found.append(actions.begin(actor=actor, kind=None, filename=name, file=file))
            except UnreadableFileError as problem:
                reasons.append(str(problem))
        if reasons:
            transaction.set_rollback(True)
    if reasons:
        raise RefusedFilesError(reasons)
    batch, runs = new_id(), {run.pk: run for run in found}.values()
    _of_one_system(actor, runs)
    _in_order(batch, runs)
    return batch


def begin_sheets(*, actor: User, run: ImportRun, names: Collection[str]) -> list[ImportRun]:
    """Bring sheets that an import has left, from the same file: each is an import that waits for its mapping; all of
    them, and that one if it waits still, go in together. UnreadableFileError if one cannot be read.
    """
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)  # pressed twice, it is brought once
        wanted = [each.name for each in sheets.waiting(sheets.left(actor, run)) if each.name in names]
        kept = sheets.kept_with(actor, run)
        if kept is None and wanted:
            raise UnreadableFileError(f"{run.filename} is not kept any more: choose it again, and its sheet.")
        found = [
            actions.begin(
                actor=actor, kind=None, filename=run.filename, file=pieces.opened_workbook(kept),
                said=Said(Told(sheet=name)), source=run.source, policy=run.policy, anew=True,
            )
            for name in wanted if kept
        ]  # fmt: skip
        waits = run.state == ImportState.UPLOADED
        before = list(ImportRun.objects.filter(batch_id=run.batch_id)) if run.batch_id and waits else [run] * waits
        if found and len(before) + len(found) > 1:
            _in_order((run.batch_id if waits else None) or new_id(), [*before, *found])
    return list(ImportRun.objects.filter(pk__in=[each.pk for each in found]).order_by("place", "pk"))


def one_system(dialects: Iterable[Dialect]) -> str:
    """The system that gave the ids of files which come together, as far as they say; "" if that may be several."""
    named = {dialect.system for dialect in dialects if dialect.system}
    return named.pop() if len(named) == 1 else ""


def _of_one_system(actor: User, runs: Collection[ImportRun]) -> None:
    """Ids of a file that does not say whose they are go with those of the others, whom they name."""
    system = one_system(Dialect.from_json(run.dialect) for run in runs)
    for run in runs if system else ():
        said = Said.from_json(run.told)
        if run.state == ImportState.UPLOADED and not run.dialect.get("system") and said.system is None:
            actions.prepare(actor=actor, run_id=run.pk, said=replace(said, system=system), mapping=run.mapping)


def order(kind: str) -> int:
    """Which kinds of rows go in before which."""
    return [str(each) for each in ORDER].index(kind)


def read_as(*, actor: User, run_id: UUID, kind: Kind) -> None:
    """Have a file read as rows of another kind; among several that go in together it takes the place of that kind."""
    with transaction.atomic():
        actions.prepare(actor=actor, run_id=run_id, kind=kind)
        batch = ImportRun.objects.get(pk=run_id).batch_id
        if batch:
            _in_order(batch, ImportRun.objects.filter(batch_id=batch).order_by("place"))


def _in_order(batch: UUID, runs: Iterable[ImportRun]) -> None:
    for place, run in enumerate(sorted(runs, key=lambda run: order(run.kind))):
        ImportRun.objects.filter(pk=run.pk).update(batch_id=batch, place=place)


def problems(run: ImportRun) -> list[str]:
    """What must be decided about a file before it can go in."""
    dialect = Dialect.from_json(run.dialect)
    return looking.problems(dialect, FieldMap.from_json(looking.kind_of(run), dialect.labels, run.mapping))


def to_take_back(runs: Iterable[ImportRun]) -> list[ImportRun]:
    """Those of a batch that can be taken back, in the order in which that is done: the last to go in first."""
    ended = [run for run in runs if run.state in undoing.ENDED and not undoing.why_not(run)]
    return sorted(ended, key=lambda run: (run.place, run.pk), reverse=True)


def take_back(*, actor: User, runs: Sequence[ImportRun]) -> list[ImportRun]:
    """Ask for all files of a batch to be taken back, or for none: UndoError while one is still going in."""
    with transaction.atomic():
        if any(run.state in (ImportState.QUEUED, ImportState.RUNNING) for run in runs):
            raise undoing.UndoError("Some of these files are still going in: cancel them first, then take them back.")
        return [undoing.ask(actor=actor, run_id=run.pk) for run in to_take_back(runs)]


def confirm(*, actor: User, runs: Sequence[ImportRun]) -> None:
    """Start all files of a batch, or none: MappingError if one needs a decision first."""
    with transaction.atomic():
        for run in runs:
            if run.state == ImportState.UPLOADED:
                actions.confirm(actor=actor, run_id=run.pk, keeps_sheets=True)
