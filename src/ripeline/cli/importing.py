"""An import from the command line: begun or gone on with, worked here, and told in words or as one object."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO
from uuid import UUID

import click

from ripeline.capture.cells.fields import CUSTOM, FIELDS, IGNORE, Kind
from ripeline.capture.columns import answers, own_labels
from ripeline.capture.columns.detection import Told
from ripeline.capture.columns.looking import EVERY, Looked, asks_for_outcomes, look, nameless, problems
from ripeline.capture.columns.mapping import FieldMap, chosen
from ripeline.capture.files.workbooks import Table, as_table
from ripeline.capture.imports import actions, batches, dating, queries, sheets, trial
from ripeline.capture.imports.actions import MappingError, Said, UnreadableFileError
from ripeline.capture.imports.sheets import Left
from ripeline.capture.imports.trial import Trial, TrialError
from ripeline.capture.models import ImportKind, ImportPolicy, ImportRun, ImportState
from ripeline.cli.output import Failed, say
from ripeline.people import queries as people
from ripeline.people.models import User

_SHOWN = 40  # columns listed
_LOOK = 0.3  # seconds between looks while another process works the run
_ENDED = (ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED, ImportState.UNDONE)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the command line says of a file; None or empty is to be found out."""

    kind: Kind | None = None  # None: what the headings say
    pairs: Sequence[tuple[str, str]] = ()
    source: str = ""
    policy: str = ""
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    day_first: bool | None = None
    decimal_comma: bool | None = None
    system: str | None = None
    country: str | None = None
    closes: bool | None = None
    others: bool | None = None
    came: str | None = None

    @property
    def said(self) -> Said:
        return Said(
            Told(encoding=self.encoding, delimiter=self.delimiter, sheet=self.sheet),
            {} if self.day_first is None else {EVERY: self.day_first},
            {} if self.decimal_comma is None else {EVERY: self.decimal_comma},
            system=self.system,
            country=self.country,
            closes=self.closes,
            others=self.others,
            came=self.came,
        )

    def __bool__(self) -> bool:
        return bool(self.pairs or self.source or self.policy or self.said != Said())


@dataclass(frozen=True)
class Done:
    """What became of an import."""

    run: ImportRun
    rejects_file: Path | None
    remarks: list[str] = field(default_factory=list)
    closed: list[tuple[str, int]] = field(default_factory=list)  # open here, and ended as the file says
    left: Sequence[Left] = ()  # sheets of its workbook that no import has read

    @property
    def is_cancelled(self) -> bool:
        return self.run.state == ImportState.CANCELLED

    @property
    def is_whole(self) -> bool:
        return self.run.state == ImportState.DONE

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        run = self.run
        counts = {name: getattr(run, name) for name in ("created", "updated", "unchanged", "rejected")}
        found = {
            "rows": run.rows, **counts, "rejects_file": str(self.rejects_file) if self.rejects_file else None,
            "reopened": run.reopened, "further": run.further, "closed": dict(self.closed), "remarks": self.remarks,
            "state": run.state, "run": run.pk,
            "sheets_left": [{"sheet": each.name, "rows": each.rows} for each in self.left],
        }  # fmt: skip
        return found if self.is_whole else {**found, "position": run.position, "error": self.stopped}

    @property
    def stopped(self) -> str:
        """Why it ended early, and how to go on."""
        run = self.run
        stay = f"{run.position:,} of {run.rows or 0:,} rows went in and stay."
        return f"{run.problem or 'Cancelled.'} {stay} Give the same command again to go on."

    def sentences(self) -> Iterator[str]:
        """For a person."""
        run = self.run
        yield (
            f"{run.rows or run.position:,} rows: {run.created:,} created, {run.updated:,} updated, "
            f"{run.unchanged:,} unchanged, {run.rejected:,} rejected."
        )
        if run.reopened:
            old = "1 is an old lead" if run.reopened == 1 else f"{run.reopened:,} are old leads"
            yield f"{old}, taken up again where not ended; the likeliest come to Today first."
        if run.created and run.kind == ImportKind.LEADS and dating.is_undated(run):
            yield "Nothing said when they came: they count from today. If all came on one day, give --came."
        if run.further:
            yield f"Further people of the same rows who are leads of their own: {run.further:,}."
        if self.closed:
            yield f"Open here, and closed as the file says: {_listed(self.closed)}."
        yield from self.remarks
        if self.left:
            listed = ", ".join(f"“{each.name}” ({each.rows:,})" for each in self.left)
            yield f"Sheets that were not read, with their rows: {listed}. To import one, give --sheet NAME."
        if self.rejects_file:
            yield f"The rejected rows, each with its reason: {self.rejects_file}"


def bring_in(file: Path, wishes: Wishes, *, rejects: Path | None, kept_in: Path) -> Done:
    """Import a file and wait for its end; raises Failed, in a sentence, if it is refused."""
    actor = people.system()
    try:
        with _opened(file) as content, as_table(content, name=file.name, sheet=wishes.sheet) as table:
            run = _started(actor, file, table, wishes)
    except (UnreadableFileError, MappingError) as problem:
        raise Failed(str(problem)) from problem
    run = Foreground(actor, run.pk).finish()
    written = _write(queries.rejects_csv(run), rejects or _place(kept_in, run)) if run.rejected else None
    left = sheets.waiting(sheets.left(actor, run))
    return Done(run, written, queries.remarked(run), queries.closed(run), left)


def try_out(files: Sequence[Path], wishes: Wishes) -> list[tuple[Path, Trial]]:
    """What importing files would do, each after those before it; nothing stays. Raises Failed, in a sentence, if one is
    refused."""
    actor = people.system()
    files, wishes = _together(files, wishes)
    try:
        with contextlib.ExitStack() as open_files:
            tables = [
                open_files.enter_context(
                    as_table(open_files.enter_context(_opened(file)), name=file.name, sheet=wishes.sheet)
                )
                for file in files
            ]  # fmt: skip

            def begin() -> list[ImportRun]:
                return [_started(actor, file, table, wishes) for file, table in zip(files, tables, strict=True)]

            return list(zip(files, trial.attempt_together(begin, actor=actor), strict=True))
    except (UnreadableFileError, MappingError, TrialError) as problem:
        raise Failed(str(problem)) from problem


def as_tried(tried: Sequence[tuple[Path, Trial]]) -> dict[str, Any]:
    """Trials for ``--json``: one, or the sums and each."""
    each = [{"file": str(file), **_figures(found)} for file, found in tried]
    if len(each) == 1:
        return {"dry_run": True, **_figures(tried[0][1])}
    names = ("rows", "created", "updated", "unchanged", "rejected", "of_rows")
    return {"dry_run": True, **{name: sum(one[name] for one in each) for name in names}, "files": each}


def _figures(found: Trial) -> dict[str, Any]:
    names = ("rows", "created", "updated", "unchanged", "rejected", "reopened", "further", "changed", "remarks")
    return {
        **{name: getattr(found, name) for name in names},
        "of_rows": found.total,
        "closed": dict(found.closed),
        "changes": [asdict(change) for change in found.changes],
        "rejects": [{"row": one.row, "column": one.column, "reason": one.reason} for one in found.rejects],
        "note": found.why_not_whole,
    }


def in_words(tried: Sequence[tuple[Path, Trial]]) -> Iterator[str]:
    """Trials for a person."""
    for file, found in tried:
        if len(tried) > 1:
            yield f"{file.name}:"
        yield from _sentences(found)
    files = "file" if len(tried) == 1 else "files"
    yield f"Nothing was changed. The same command without --dry-run imports the {files}."


def _sentences(found: Trial) -> Iterator[str]:
    if found.why_not_whole:
        yield found.why_not_whole
    yield (
        f"{found.rows:,} rows would be: {found.created:,} created, {found.updated:,} updated, "
        f"{found.unchanged:,} unchanged, {found.rejected:,} rejected."
    )
    if found.reopened:
        yield f"Old leads, taken up again where not ended: {found.reopened:,}."
    if found.further:
        yield f"Further people of the same rows who would be leads of their own: {found.further:,}."
    if found.changed:
        yield f"Records here whose fields would change: {found.changed:,}. The first of them:"
        yield from (f"  {one.lead}: {one.field}: {one.before or '(empty)'} → {one.after}" for one in found.changes)
    if found.rejects:
        yield "Rows that would stay out, the first of them:"
        yield from (f"  row {o.row}: {f'“{o.column}”: ' if o.column else ''}{o.reason}" for o in found.rejects)
        if found.rejects_left:
            yield f"  and {found.rejects_left:,} more"
    if found.closed:
        yield f"Open here, and would be closed as {_listed(found.closed)}."
    yield from found.remarks


def _listed(closed: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{state}: {count:,}" for state, count in closed)


def in_order(files: Sequence[Path]) -> tuple[list[Path], str]:
    """Several files as they must go in (companies, people, deals, notes), and the system whose ids they have.

    Raises Failed for one that cannot be read.
    """
    found = {}
    for file in files:
        try:
            with _opened(file) as content:
                found[file] = look(content, kind=None, name=file.name, said=Said())
        except UnreadableFileError as problem:
            raise Failed(str(problem)) from problem
    system = batches.one_system(looked.dialect for looked in found.values())
    return sorted(found, key=lambda file: batches.order(found[file].mapping.kind)), system


def _together(files: Sequence[Path], wishes: Wishes) -> tuple[Sequence[Path], Wishes]:
    """Several files in their order, with the system whose ids they have, where nobody says."""
    if len(files) < 2:
        return files, wishes
    found, system = in_order(files)
    return found, replace(wishes, system=system or None) if wishes.system is None else wishes


def bring_all(files: Sequence[Path], wishes: Wishes, *, rejects: Path | None, kept_in: Path) -> list[tuple[Path, Done]]:
    """Import files one after another; one that does not reach its end is the last: those after it name what it has."""
    brought: list[tuple[Path, Done]] = []
    files, wishes = _together(files, wishes)
    for file in files:
        if len(files) > 1:
            say(f"{file.name}:")
        brought.append((file, bring_in(file, wishes, rejects=rejects, kept_in=kept_in)))
        if not brought[-1][1].is_whole:
            break
    return brought


def together(done: Sequence[tuple[Path, Done]]) -> dict[str, Any]:
    """Several files for ``--json``: the sums, and each."""
    each = [{"file": str(file), **one.as_dict()} for file, one in done]
    names = ("rows", "created", "updated", "unchanged", "rejected")
    return {**{name: sum(one[name] or 0 for one in each) for name in names}, "files": each}


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        with file.open("rb") as content:
            content.seek(0)
            yield content
    except FileNotFoundError as problem:
        raise Failed(f"There is no file {file}.") from problem
    except OSError as problem:
        raise Failed(f"{file} cannot be read ({problem.strerror or problem}). Name a CSV file.") from problem


def _started(actor: User, file: Path, content: Table, wishes: Wishes) -> ImportRun:
    """A run for this file: the one that was broken off, if it is wanted as that was, else a new one."""
    looked = look(content, kind=wishes.kind, name=file.name, said=wishes.said)
    kind = looked.mapping.kind
    mapping = chosen(kind, looked.dialect.labels, wishes.pairs) if wishes.pairs else looked.mapping
    if found := problems(looked.dialect, mapping):
        raise MappingError(" ".join(found).replace(" say which.", " say which, --day-first or --month-first."))
    begin = partial(
        actions.begin, actor=actor, kind=kind, filename=file.name, file=content, said=wishes.said,
        looked=replace(looked, mapping=mapping), source=wishes.source,
        policy=wishes.policy or ImportPolicy.FILE,
    )  # fmt: skip
    run = begin()
    meant = (
        looked.dialect.to_json(),
        mapping.to_json(),
        wishes.source or run.source,
        wishes.policy or ImportPolicy.FILE,
    )
    as_meant = (run.dialect, run.mapping, run.source, run.policy) == meant
    if run.state != ImportState.UPLOADED and (as_meant or not wishes):
        say(f"{file.name} was broken off after {run.position:,} rows; going on there.")
        return actions.go_on(actor=actor, run_id=run.pk)
    if not as_meant:
        actions.cancel(actor=actor, run_id=run.pk)
        actions.discard(actor=actor, run_id=run.pk)
        run = begin(anew=True)
    _tell(looked, mapping, is_remembered=looked.is_remembered and not wishes.pairs)
    return actions.confirm(actor=actor, run_id=run.pk)


def _tell(looked: Looked, mapping: FieldMap, *, is_remembered: bool) -> None:
    """How the file is read, so that a mistake is seen."""
    labels = {name: known.label for name, known in FIELDS[mapping.kind].items()} | {IGNORE: "left out"}
    labels |= answers.labels()
    if looked.preset and looked.preset.kind == mapping.kind:
        say(f"This is an export of {looked.preset.label}.")
    if asks_for_outcomes(looked):
        say("This looks like a file of deals, but is read as leads. To import it as outcomes, give --outcomes.")
    if unnamed := nameless(looked, mapping):
        say(f'No column goes to name, though “{unnamed}” is called like it. To take it, give --map "{unnamed}=name".')
    say("Columns, as last time:" if is_remembered else "Columns:")
    for label, target in mapping.targets[:_SHOWN]:
        say(f"  {label} → {labels.get(target) or 'custom field ' + own_labels.apart(target.removeprefix(CUSTOM))}")
    if len(mapping.targets) > _SHOWN:
        say(f"  … and {len(mapping.targets) - _SHOWN} more")
    for about, answer, _ in looked.dialect.findings():
        if about.startswith(("Dates", "Numbers", "Sheet", "Telephone")) or (about == "Encoding" and answer != "UTF-8"):
            say(f"  {about}: {answer}")


class Foreground:
    """Works a run until it has ended, whoever works it; the first Ctrl-C asks to cancel, a second one does not wait."""

    def __init__(self, actor: User, run_id: UUID, cancel: Callable[..., object] = actions.cancel) -> None:
        self._actor = actor
        self._cancel = cancel
        self._run_id = run_id
        self._interrupted = False
        self._asked = False

    def finish(self) -> ImportRun:
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            while True:
                actions.work(self._run_id, watch=self._watch)
                run = ImportRun.objects.select_related("started_by", "undo").get(pk=self._run_id)
                self._watch(run)
                if run.state in _ENDED or (run.state == ImportState.UNDOING and run.undo.problem):
                    return run
                time.sleep(_LOOK)
        finally:
            signal.signal(signal.SIGINT, before)
            if sys.stderr.isatty():
                click.echo(err=True)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def _watch(self, run: ImportRun) -> None:
        """Between two transactions: show how far it is, and pass a Ctrl-C on."""
        if self._interrupted and not self._asked:
            self._asked = True
            self._cancel(actor=self._actor, run_id=self._run_id)
            say("\nStopping after these …")
        elif sys.stderr.isatty() and run.rows and run.state != ImportState.UNDOING:
            done = f"{run.position:,} of {run.rows:,} rows, {run.position / run.rows:.0%}"
            click.echo(f"\r{done:<40}", nl=False, err=True)


def _place(directory: Path, run: ImportRun) -> Path:
    """Where the rejected rows of a run are kept: in the home, readable by its owner alone."""
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory / f"{Path(run.filename).stem[:100]}-{run.pk.hex[-8:]}.csv"


def _write(lines: Iterable[str], file: Path) -> Path:
    """Write a file of personal data: for its owner alone, with the mark by which spreadsheets know UTF-8."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8-sig", newline="") as output:
            output.writelines(lines)
    except OSError as problem:
        raise Failed(f"{file} cannot be written ({problem.strerror}). The rows went in all the same.") from problem
    return file.absolute()
