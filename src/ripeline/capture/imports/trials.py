"""Dry runs of long files, by the worker: how far each is, and what it found, until the mapping is another.

One of files that go in together is kept with the first of them.

The trial itself is one transaction, of which nothing stays; how far it is is written beside it, on a connection of its
own. One that was broken off begins again; so does one that made way for somebody who works on the same records, after
a while, a few times.
"""

import contextlib
import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q, QuerySet

from ripeline.base import clock
from ripeline.base.claiming import claimed
from ripeline.capture import rules
from ripeline.capture.columns.rejects import Reject
from ripeline.capture.columns.rows import SIZE
from ripeline.capture.imports import actions, trial
from ripeline.capture.imports.actions import MappingError
from ripeline.capture.imports.trial import Change, InUseError, Trial, TrialError
from ripeline.capture.models import ImportRun, ImportState, ImportTrial, TrialState
from ripeline.leads.rules import NotAllowed
from ripeline.people.models import User
from ripeline.timeline import actions as timeline

log = logging.getLogger(__name__)

MOST = 100_000  # rows; what it holds meanwhile is in memory and on disk, and given back
WAITS = (timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=15))  # after it made way, until it tries again
_GOING = (TrialState.QUEUED, TrialState.RUNNING)


def mark(run: ImportRun) -> str:
    """Of all that decides what becomes of a file's rows, beside what is here already."""
    told = json.dumps([run.dialect, run.told, run.mapping, run.source, run.policy], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def mark_together(files: Sequence[ImportRun]) -> str:
    """The same of files that go in together, in their order."""
    told = json.dumps([[str(run.pk), mark(run)] for run in files])
    return hashlib.sha256(told.encode()).hexdigest()


def ask(*, actor: User, run_id: UUID) -> None:
    """Have the whole file tried, as it is mapped now; one that is under way for that already goes on."""
    with transaction.atomic():
        run = _lock(actor, [run_id])[0]
        if run.state != ImportState.UPLOADED:
            raise MappingError("This file has gone in already.")
        _ask(actor, run, mark(run))


def ask_together(*, actor: User, batch_id: UUID) -> None:
    """The same for all files of a batch that wait for their start, one after another."""
    with transaction.atomic():
        files = _lock(actor, [run.pk for run in together(batch_id)])
        if not files:
            raise MappingError("These files have gone in already.")
        _ask(actor, files[0], mark_together(files))


def together(batch_id: UUID | None) -> list[ImportRun]:
    """The files of a batch that wait for their start, in the order in which they go in."""
    waiting = ImportRun.objects.filter(batch_id=batch_id, state=ImportState.UPLOADED)
    return list(waiting.order_by("place", "id")) if batch_id else []


def _lock(actor: User, ids: Sequence[UUID]) -> list[ImportRun]:
    """Runs that `actor` may see, in the order of `ids`."""
    if ImportRun.objects.filter(rules.seen_by(actor), pk__in=ids).count() != len(ids):
        raise NotAllowed("This import is somebody else's.")
    found = {run.pk: run for run in ImportRun.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")}
    return [found[pk] for pk in ids if pk in found]


def _ask(actor: User, run: ImportRun, as_marked: str) -> None:
    same = ImportTrial.objects.filter(run=run, mark=as_marked, state__in=_GOING, stop_asked=False)
    if not same.update(next_at=None):  # one that has made way need not wait any longer
        ImportTrial.objects.filter(run=run).delete()
        ImportTrial.objects.create(run=run, asked_by=actor, asked_at=clock.now(), mark=as_marked)
    timeline.wake_worker()


def stop(*, run_id: UUID) -> None:
    """Leave it at what is tried so far."""
    between = ImportTrial.objects.filter(run=run_id, state=TrialState.QUEUED, next_at__isnull=False)
    between.filter(found__isnull=True).delete()  # nothing was: it never had the records
    between.update(state=TrialState.DONE, next_at=None)
    ImportTrial.objects.filter(run=run_id, state__in=_GOING).update(stop_asked=True)


def of(run: ImportRun) -> ImportTrial | None:
    """The trial of a file as it is mapped now, however far it is."""
    return ImportTrial.objects.filter(run=run, mark=mark(run)).first()


def of_batch(batch_id: UUID) -> ImportTrial | None:
    """The trial of the files of a batch that wait, as they are mapped now."""
    files = together(batch_id)
    return ImportTrial.objects.filter(run=files[0], mark=mark_together(files)).first() if files else None


def is_going(found: ImportTrial) -> bool:
    """Whether it has not ended."""
    return found.state in _GOING


def is_waiting(found: ImportTrial) -> bool:
    """Whether it made way and waits for its next try."""
    return found.state == TrialState.QUEUED and found.next_at is not None


def result(found: ImportTrial) -> Trial | None:
    """What it found."""
    return _read(found.found) if found.found else None


def results(found: ImportTrial) -> dict[UUID, Trial]:
    """What one of several files found, for each of them."""
    return {UUID(pk): _read(each) for pk, each in (found.found or {}).items()}


def _read(found: Mapping[str, Any]) -> Trial:
    said: dict[str, Any] = dict(found)
    said["changes"] = [Change(**each) for each in said["changes"]]
    said["rejects"] = [Reject(*each) for each in said["rejects"]]
    return Trial(**said)


def waiting() -> Sequence[UUID]:
    """Those that a worker is to work."""
    return list(ImportTrial.objects.filter(_due()).order_by("asked_at").values_list("pk", flat=True))


def _due() -> Q:
    return Q(state__in=_GOING) & (Q(next_at__isnull=True) | Q(next_at__lte=clock.now()))


def work(run_id: UUID, *, is_stopping: Callable[[], bool] = lambda: False, size: int = SIZE) -> bool:
    """Try a file; False if another process does, or `is_stopping` said so: then it begins again later."""
    with claimed("ripeline import trial", run_id) as is_ours:
        begun = {"state": TrialState.RUNNING, "next_at": None, "position": 0}
        if not is_ours or not ImportTrial.objects.filter(_due(), pk=run_id).update(**begun):
            return False
        asked = ImportTrial.objects.select_related("run", "asked_by").get(pk=run_id)
        files = _files(asked)
        if not files:  # nobody waits for it any more
            asked.delete()
            return True
        with contextlib.closing(_Beside(asked)) as beside:
            try:
                tried = trial.attempt_together(
                    lambda: [actions.confirm(actor=asked.asked_by, run_id=run.pk) for run in files],
                    actor=asked.asked_by, most=MOST, size=size,
                    is_stopped=lambda done, total: is_stopping() or beside.is_stopped(done, total),
                )  # fmt: skip
            except InUseError as problem:
                return _make_way(asked, state=TrialState.FAILED, problem=str(problem))
            except (TrialError, MappingError, NotAllowed) as problem:
                return _end(asked, state=TrialState.FAILED, problem=str(problem))
            except (OperationalError, InterfaceError):
                raise  # the worker comes again when the database is back
            except Exception:
                log.exception("A dry run failed")
                return _end(asked, state=TrialState.FAILED, problem="Something broke on our side; the log says what.")
        if is_stopping() and any(each.was_stopped for each in tried) and not beside.was_asked:
            return False
        end = _make_way if any(each.made_way for each in tried) else _end
        by_file = {str(run.pk): asdict(each) for run, each in zip(files, tried, strict=True)}
        return end(
            asked, state=TrialState.DONE, found=asdict(tried[0]) if asked.mark == mark(asked.run) else by_file,
            rows=sum(each.total for each in tried), position=sum(each.rows for each in tried),
        )  # fmt: skip


def _files(asked: ImportTrial) -> list[ImportRun]:
    """What it is to try, a file or all of its batch that wait; none where they are mapped otherwise by now."""
    if asked.run.state != ImportState.UPLOADED:
        return []
    if asked.mark == mark(asked.run):
        return [asked.run]
    files = together(asked.run.batch_id)
    return files if asked.mark == mark_together(files) else []


def _make_way(asked: ImportTrial, **how: Any) -> bool:
    """Try again in a while; after the last time, or where somebody stops it, leave it at what came of it."""
    if asked.tries < len(WAITS):
        now = clock.now()
        wait = {"tries": asked.tries + 1, "made_way_at": now, "next_at": now + WAITS[asked.tries], "problem": ""}
        if _same(asked).filter(stop_asked=False).update(**{**how, **wait, "state": TrialState.QUEUED}):
            return True
    if how["state"] == TrialState.FAILED and asked.found:  # an earlier try came farther than this
        how = {"state": TrialState.DONE}
    return _end(asked, **how)


def _end(asked: ImportTrial, **how: Any) -> bool:
    """Keep what came of it; not of one that was asked for anew meanwhile."""
    _same(asked).update(**how)
    return True


def _same(asked: ImportTrial) -> QuerySet[ImportTrial]:
    return ImportTrial.objects.filter(pk=asked.pk, mark=asked.mark, asked_at=asked.asked_at)


class _Beside:
    """Tells how far a trial is, and hears of its end, outside of its transaction."""

    def __init__(self, asked: ImportTrial) -> None:
        self._of = (asked.pk, asked.asked_at)
        self._line = psycopg.connect(**connection.get_connection_params(), autocommit=True)
        self.was_asked = False

    def is_stopped(self, done: int, total: int) -> bool:
        found = self._line.execute(
            "UPDATE import_trial SET position = %s, rows = %s WHERE run_id = %s AND asked_at = %s RETURNING stop_asked",
            [done, total, *self._of],
        ).fetchone()
        self.was_asked = found is None or bool(found[0])  # none: it was asked for anew, with another mapping
        return self.was_asked

    def close(self) -> None:
        self._line.close()
