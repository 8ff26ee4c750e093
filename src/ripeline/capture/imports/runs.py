"""Working an import: chunk by chunk, each one transaction, by one process at a time, through whatever breaks off.

Who works a run holds an advisory lock on a connection of its own, so that PostgreSQL frees the run at once when that
process is killed; whoever comes next goes on exactly at `position`. Should that connection be lost while the other one
lives on, two may believe to have the run: each chunk therefore begins by asking whether the position is still theirs.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol
from uuid import UUID

import psycopg
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F

from ripeline.base import clock
from ripeline.base.claiming import claimed
from ripeline.capture.arriving.admission import Result
from ripeline.capture.cells.fields import IGNORE
from ripeline.capture.columns.looking import Said, kind_of
from ripeline.capture.columns.mapping import FieldMap
from ripeline.capture.columns.row import Row
from ripeline.capture.columns.rows import SIZE, Chunk, chunks, count, rows_before
from ripeline.capture.files import pieces
from ripeline.capture.files.dialect import Dialect
from ripeline.capture.imports import settling, undoing
from ripeline.capture.imports.activities import ActivityTaker
from ripeline.capture.imports.companies import CompanyTaker
from ripeline.capture.imports.outcomes import OutcomeTaker
from ripeline.capture.imports.taking import LeadTaker
from ripeline.capture.imports.tallying import Tally
from ripeline.capture.models import ImportKind, ImportMapping, ImportReject, ImportRemark, ImportRun, ImportState
from ripeline.timeline import actions as timeline

MOST_ROWS = 1_048_576  # of a file: as many as a sheet can have
PATIENCE = 120.0  # seconds without getting on, after which a broken database is given up
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds between tries

log = logging.getLogger(__name__)

Watch = Callable[[ImportRun], None]  # told after each chunk, between transactions


class _Taker(Protocol):
    def take(self, rows: Sequence[Row]) -> Tally: ...


_TAKERS: Mapping[str, Callable[[ImportRun], _Taker]] = {
    ImportKind.LEADS: LeadTaker,
    ImportKind.OUTCOMES: OutcomeTaker,
    ImportKind.COMPANIES: CompanyTaker,
    ImportKind.ACTIVITIES: ActivityTaker,
}


class _TakenOverError(Exception):
    """Another process has gone on with the run."""


def work(
    run_id: UUID, *, watch: Watch = lambda _: None, is_stopping: Callable[[], bool] = lambda: False, size: int = SIZE
) -> bool:
    """Bring a confirmed run to its end: done, cancelled or failed. True if this call ended it.

    False: another process works it, it had ended before, the database stayed away, or `is_stopping` (asked now and
    then) said so; then it stays as it is and can be gone on with.
    """
    pause, given_up = _FIRST_PAUSE, time.monotonic() + PATIENCE

    def got_on(run: ImportRun) -> None:
        nonlocal pause, given_up
        pause, given_up = _FIRST_PAUSE, time.monotonic() + PATIENCE
        watch(run)

    while True:
        try:
            with claimed("ripeline import", run_id) as is_ours:
                go_on = undoing.go_on if undoing.is_wanted(run_id) else _go_on
                return is_ours and go_on(run_id, got_on, is_stopping, size)
        except _TakenOverError:
            return False
        except (OperationalError, InterfaceError, psycopg.OperationalError) as problem:
            if connection.in_atomic_block:  # the caller's transaction: nothing can be repeated in it
                raise
            connection.close()
            log.warning("An import waits for the database: %s", str(problem).strip().partition("\n")[0])
            if is_stopping():
                return False
            if time.monotonic() > given_up:
                return _fail(run_id, "The database could not be used. What went in stays; go on when it is back.")
        except Exception:
            log.exception("An import failed")
            return _fail(run_id, "Something broke on our side; the log says what. What went in stays.")
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _go_on(run_id: UUID, watch: Watch, is_stopping: Callable[[], bool], size: int) -> bool:
    """Everything from the present position on."""
    run = begin(run_id)
    if run is None:
        return False
    if not count_rows(run):
        return True
    watch(run)
    if not take_rows(run, watch=watch, is_stopping=is_stopping, size=size):
        return False
    _end(run)
    watch(run)
    return True


def begin(run_id: UUID) -> ImportRun | None:
    """The run, under way; None if there is nothing to do."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(of=("self",)).select_related("started_by").get(pk=run_id)
        if run.state not in (ImportState.QUEUED, ImportState.RUNNING):
            return None
        run.state, run.began_at = ImportState.RUNNING, clock.now()
        run.save(update_fields=["state", "began_at"])
    return run


def count_rows(run: ImportRun) -> bool:
    """Count the rows once, for the progress; False, and the run has failed, if they are too many."""
    if run.rows is None:
        run.rows = count(pieces.opened(run), Dialect.from_json(run.dialect))
        ImportRun.objects.filter(pk=run.pk).update(rows=run.rows)
    if has_too_many(run):
        _fail(run.pk, f"{run.filename} has {run.rows:,} rows, at most {MOST_ROWS:,} can be imported at once: split it.")
        return False
    return True


def has_too_many(run: ImportRun) -> bool:
    """Whether it was refused because of its size, as far as that is known."""
    return (run.rows or 0) > MOST_ROWS


def take_rows(
    run: ImportRun, *, watch: Watch = lambda _: None, is_stopping: Callable[[], bool], size: int = SIZE
) -> bool:
    """Take the rows from the present position on, chunk by chunk; False if `is_stopping` said so, between two."""
    dialect = Dialect.from_json(run.dialect)
    mapping = FieldMap.from_json(kind_of(run), dialect.labels, run.mapping)
    taker, file = _TAKERS[run.kind](run), pieces.opened(run)
    if run.position and isinstance(taker, LeadTaker | OutcomeTaker):
        taker.recall(
            rows_before(
                pieces.opened(run), dialect=dialect, mapping=mapping, now=clock.now(), position=run.position
            )
        )  # fmt: skip
    for chunk in chunks(file, dialect=dialect, mapping=mapping, now=clock.now(), position=run.position, size=size):
        if is_stopping():
            return False
        if not _take(run, chunk, taker):
            break
        watch(run)
    return True


def _take(run: ImportRun, chunk: Chunk, taker: _Taker) -> bool:
    """One chunk and its account, or nothing; False if somebody asked to cancel."""
    with transaction.atomic():
        now = ImportRun.objects.select_for_update().only("position", "state", "cancel_asked").get(pk=run.pk)
        if now.position != run.position or now.state != ImportState.RUNNING:
            raise _TakenOverError
        if now.cancel_asked:
            return False
        tally = _tolerant(taker, chunk.rows)
        rejects = sorted([*chunk.rejects, *tally.rejects])
        ImportReject.objects.bulk_create(
            [ImportReject(run=run, row=r.row, cells=r.cells, column=r.column, reason=r.reason) for r in rejects]
        )
        ImportRemark.objects.bulk_create(
            [ImportRemark(run=run, row=row, about=about, text=text) for row, about, text in tally.remarks]
        )
        found: Counter[str] = Counter({str(result): n for result, n in tally.results.items()})
        found[Result.REJECTED] = len(rejects)
        ImportRun.objects.filter(pk=run.pk).update(
            position=chunk.position, reopened=F("reopened") + tally.reopened, further=F("further") + tally.further,
            **{result.value: F(result.value) + found[result] for result in Result},
        )  # fmt: skip
    run.position, run.reopened = chunk.position, run.reopened + tally.reopened
    run.further += tally.further
    for result in Result:
        setattr(run, result, getattr(run, result) + found[result])
    return True


def _tolerant(taker: _Taker, rows: Sequence[Row]) -> Tally:
    """Take rows; if the database refuses one, find it by halving, and refuse it alone."""
    if not rows:
        return Tally()
    try:
        with transaction.atomic():
            return taker.take(rows)
    except (DataError, IntegrityError) as problem:
        tally = Tally()
        if len(rows) == 1:
            log.warning("The database refused row %d of an import: %s", rows[0].row, problem)
            tally.reject(rows[0], "the database does not take one of its values: correct or empty what looks unusual")
            return tally
        for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
            tally.add(_tolerant(taker, half))
        return tally


def _end(run: ImportRun) -> None:
    """Every row is accounted for, or the rest is not wanted: what went in gets its dates. Idempotent."""
    if run.kind == ImportKind.LEADS:
        settling.settle(run.pk)
    with transaction.atomic():
        now = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if now.position != run.position or now.state != ImportState.RUNNING:
            raise _TakenOverError
        is_cancelled = now.cancel_asked and now.position != now.rows
        run.state = ImportState.CANCELLED if is_cancelled else ImportState.DONE
        run.ended_at, run.cancel_asked = clock.now(), False
        if run.state == ImportState.DONE:
            run.rows = run.position
            pieces.forget(run.pk)
            used = {"mapping": _remembered(run), "told": _told(run), "used_at": run.ended_at}
            ImportMapping.objects.update_or_create(
                signature=run.signature, kind=run.kind, defaults=used,
                create_defaults={**used, "name": run.filename[:120]},
            )  # fmt: skip
        run.save(update_fields=["state", "ended_at", "cancel_asked", "rows"])
        timeline.wake_worker()


def _remembered(run: ImportRun) -> dict[str, str]:
    """What was mapped; of columns that were left out because next to nothing stood in them nothing was decided."""
    nothing = set(run.dialect.get("scraps", ()))
    return {label: target for label, target in run.mapping.items() if label not in nothing or target != IGNORE}


def _told(run: ImportRun) -> dict[str, Any]:
    """What was said of such a file, this time or before; of the first also what nobody had to say."""
    said = Said.from_json(run.told)
    last = ImportMapping.objects.filter(signature=run.signature, kind=run.kind).values_list("told", flat=True).first()
    if last is not None:
        return said.over(Said.from_json(last)).to_json()
    is_silent = said.closes is None and run.kind == ImportKind.LEADS
    found = replace(said, closes=run.dialect.get("closes", False)) if is_silent else said
    if said.others is None and "others" in run.dialect.get("why", {}):
        found = replace(found, others=bool(run.dialect.get("others")))
    return found.to_json()


def _fail(run_id: UUID, problem: str) -> bool:
    """Say why it ended; False if that cannot even be written down."""
    try:
        ImportRun.objects.filter(pk=run_id, state=ImportState.RUNNING).update(
            state=ImportState.FAILED, problem=problem, ended_at=clock.now()
        )
        undoing.fail(run_id, problem.partition(".")[0] + ".")
    except (OperationalError, InterfaceError):
        return False
    return True
