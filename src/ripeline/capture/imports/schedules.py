"""Files that are imported again and again by themselves: set up, paused, and looked at when they are due.

Who looks at one holds an advisory lock on it, as who works an import does. What was there already (the same bytes, or
what the server says has not changed) is left; anything else goes in as an import of whoever set it up, with the mapping
that is remembered for its headings. Where none is, the import waits for a person, whose mapping is remembered then.

What fails but may pass (a host that is not reached, a file that is late) is tried again soon, a few times; whoever set
it up is written to when it is not, once until it has gone well again.
"""

import contextlib
import logging
import time as clocks
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from ripeline.base import clock, fetching
from ripeline.base.claiming import claimed
from ripeline.base.fetching import Fetched, FetchError
from ripeline.capture import rules
from ripeline.capture.cells.fields import Kind
from ripeline.capture.files import pieces
from ripeline.capture.imports import actions, batches, inbox, runs
from ripeline.capture.imports.actions import MappingError, UnreadableFileError
from ripeline.capture.imports.inbox import InboxError, StillWrittenError
from ripeline.capture.models import (
    CheckResult,
    ImportCheck,
    ImportKind,
    ImportMapping,
    ImportPolicy,
    ImportRun,
    ImportSchedule,
    ImportState,
    Rhythm,
)
from ripeline.leads.rules import NotAllowed
from ripeline.outbox import actions as outbox
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Role, User
from ripeline.people.working_time import Calendar
from ripeline.timeline import actions as timeline

log = logging.getLogger(__name__)

AGAIN = timedelta(seconds=10)  # for a file that is being written just now
RETRIES = (timedelta(minutes=5), timedelta(minutes=20), timedelta(minutes=60))  # after a failure that may pass
PATIENCE = 60.0  # seconds for all of a file at an address: other long work waits behind it
KEPT = timedelta(days=90)  # what came of each look
_ENDED = (ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED, ImportState.UNDOING, ImportState.UNDONE)
_WRONG = (CheckResult.FAILED, CheckResult.WAITS)  # somebody has something to do


class ScheduleError(ValueError):
    """It cannot be set up so; a sentence, and the field that it is about."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def is_address(place: str) -> bool:
    """Whether a place is on the web; otherwise it is in the inbox."""
    return "://" in place


def shown(place: str) -> str:
    """A place as it is told: what follows a ? may be a password."""
    if not is_address(place):
        return place
    parts = urlsplit(place)
    return f"{parts.netloc}{parts.path}{'?…' if parts.query else ''}"


def seen(actor: User) -> QuerySet[ImportSchedule]:
    """Those that somebody may see, and so change; each with how it stood last (`last`, a result)."""
    rules.require_importer(actor)
    latest = ImportCheck.objects.filter(schedule=OuterRef("pk")).order_by("-at", "-id")
    found = ImportSchedule.objects.filter(rules.seen_by(actor, whose="made_by")).select_related("made_by")
    return found.annotate(last=Subquery(latest.values("result")[:1]), last_at=Subquery(latest.values("at")[:1]),
                          last_problem=Subquery(latest.values("problem")[:1])).order_by("created_at", "id")  # fmt: skip


def checks(schedule: ImportSchedule, limit: int) -> Sequence[ImportCheck]:
    """What came of it, the latest first."""
    return list(ImportCheck.objects.filter(schedule=schedule).select_related("run").order_by("-at", "-id")[:limit])


def coming(rhythm: str, at: time, weekday: int, *, after: datetime, calendar: Calendar) -> datetime:
    """The first such moment after another, by the company's clock."""
    if rhythm == Rhythm.HOURLY:
        local = after.astimezone(calendar.zone)
        found = local.replace(minute=at.minute, second=0, microsecond=0).astimezone(UTC)
        return found if found > after else found + timedelta(hours=1)
    today = calendar.day(after)
    days = (today + timedelta(days=ahead) for ahead in range(9))
    wanted = (day for day in days if rhythm == Rhythm.DAILY or day.weekday() == weekday)
    return next(moment for moment in (calendar.at(day, at) for day in wanted) if moment > after)


def set_up(
    *,
    actor: User,
    place: str,
    rhythm: str,
    at: time,
    weekday: int = 0,
    kind: str = "",
    policy: str = ImportPolicy.FILE,
    closes: bool | None = None,
    schedule_id: UUID | None = None,
) -> ImportSchedule:
    """Have a file imported by itself, or change how. Raises ScheduleError."""
    rules.require_importer(actor)
    place = place.strip()
    problem = fetching.problem_of(place) if is_address(place) else inbox.problem_of(place)
    if problem or len(place) > 1000:
        raise ScheduleError("place", problem or "This is too long.")
    if is_address(place) and (problem := fetching.private_problem_of(place, settings.PRIVATE_HOSTS)):
        raise ScheduleError("place", problem)
    with transaction.atomic():
        found = _own(actor, schedule_id) if schedule_id else ImportSchedule(made_by=actor, created_at=clock.now())
        if found.place != place or found.kind != kind:  # another file: nothing of it is known
            found.tag = found.changed = found.digest = ""
            found.again_at, found.is_told = None, False
        found.place, found.rhythm, found.at, found.weekday = place, rhythm, at, weekday
        found.kind = kind if kind in ImportKind.values else ""
        found.policy = policy if policy in ImportPolicy.values else ImportPolicy.FILE
        found.closes = found.closes if closes is None else closes
        if found.next_at or not schedule_id:
            found.next_at = _next(found)
        found.save()
    if not is_address(place):
        with contextlib.suppress(OSError):  # then each look says what is wrong with it
            Path(settings.INBOX).mkdir(mode=0o700, exist_ok=True)
    return found


def pause(*, actor: User, schedule_id: UUID) -> None:
    """It is not looked at any more, until it is resumed."""
    with transaction.atomic():
        found = _own(actor, schedule_id)
        found.next_at = found.wanted_at = found.again_at = None
        found.save(update_fields=["next_at", "wanted_at", "again_at"])


def resume(*, actor: User, schedule_id: UUID) -> None:
    """It is looked at again, at its next time."""
    with transaction.atomic():
        found = _own(actor, schedule_id)
        if found.next_at is None:
            found.next_at = _next(found)
            found.save(update_fields=["next_at"])


def look_now(*, actor: User, schedule_id: UUID) -> None:
    """It is looked at in a moment, also where it is paused, and goes in also where it has not changed."""
    with transaction.atomic():
        found = _own(actor, schedule_id)
        found.wanted_at = clock.now()
        found.save(update_fields=["wanted_at"])
        timeline.wake_worker()


def remove(*, actor: User, schedule_id: UUID) -> None:
    """Forget it and what came of it; what went in stays. Again does nothing."""
    seen(actor).filter(pk=schedule_id).delete()


def tidy() -> None:
    """Let go what nobody looks up any more."""
    ImportCheck.objects.filter(at__lt=clock.now() - KEPT, is_open=False).delete()


def _own(actor: User, schedule_id: UUID) -> ImportSchedule:
    found = ImportSchedule.objects.select_for_update(of=("self",)).select_related("made_by").get(pk=schedule_id)
    if not seen(actor).filter(pk=schedule_id).exists():
        raise NotAllowed("This is set up by somebody else.")
    return found


def _next(schedule: ImportSchedule) -> datetime:
    calendar = working_time.calendar_of(None)
    return coming(schedule.rhythm, schedule.at, schedule.weekday, after=clock.now(), calendar=calendar)


def waiting() -> Sequence[UUID]:
    """Those to be looked at, with nothing of them under way; and those whose import has ended unnoticed."""
    under_way = ImportCheck.objects.filter(schedule=OuterRef("pk"), is_open=True)
    ended = under_way.filter(Q(run__isnull=True) | Q(run__state__in=_ENDED))
    due = _due(clock.now()) & ~Exists(under_way)
    return list(ImportSchedule.objects.filter(due | Exists(ended)).order_by("next_at").values_list("pk", flat=True))


def _due(now: datetime) -> Q:
    return Q(next_at__lte=now) | Q(wanted_at__lte=now) | Q(again_at__lte=now)


def work(schedule_id: UUID) -> bool:
    """Note what became of its last import, and look at it where it is due; False if somebody else is at it."""
    with claimed("ripeline scheduled import", schedule_id) as is_ours:
        if not is_ours:
            return False
        for check in ImportCheck.objects.filter(schedule=schedule_id, is_open=True).select_related("run", "schedule"):
            _close(check)
        due = ImportSchedule.objects.filter(_due(clock.now()), pk=schedule_id).select_related("made_by").first()
        if due and not ImportCheck.objects.filter(schedule=due, is_open=True).exists():
            _look(due)
        return True


def _close(check: ImportCheck) -> None:
    run = check.run
    if run and run.state not in _ENDED:
        return
    with transaction.atomic():
        schedule = ImportSchedule.objects.select_for_update(of=("self",)).get(pk=check.schedule_id)
        check.is_open = False
        if run and run.state == ImportState.FAILED:
            check.result, check.problem = CheckResult.FAILED, run.problem
            schedule.digest = schedule.tag = schedule.changed = ""  # tried again
            _failed(schedule, check, may_pass=not runs.has_too_many(run))
        else:
            schedule.is_told = False
        schedule.save()
        check.save(update_fields=["is_open", "result", "problem"])


def _look(schedule: ImportSchedule) -> None:
    """Look at a file once, and note what came of it."""
    check, may_pass = ImportCheck(schedule=schedule, at=clock.now(), result=CheckResult.SAME), False
    try:
        rules.require_importer(schedule.made_by)
        with _opened(schedule) as (name, file, new):
            if file:
                _take(schedule, check, name, file, new)
            else:
                _note(schedule, check, {})
        return
    except StillWrittenError:
        later = clock.now() + AGAIN
        field = "wanted_at" if schedule.wanted_at else "next_at" if _is_its_time(schedule) else "again_at"
        ImportSchedule.objects.filter(pk=schedule.pk, **{field: getattr(schedule, field)}).update(**{field: later})
        return
    except (InboxError, FetchError) as problem:
        check.problem, may_pass = str(problem), problem.may_pass
    except (UnreadableFileError, MappingError, NotAllowed) as problem:
        check.problem = str(problem)
    except (OperationalError, InterfaceError):
        raise  # the worker comes again when the database is back
    except Exception:
        log.exception("A scheduled import failed")
        check.problem, may_pass = "Something broke on our side; the log says what.", True
    check.result = CheckResult.FAILED
    _note(schedule, check, {"digest": "", "tag": "", "changed": ""} if schedule.wanted_at else {}, may_pass=may_pass)


@contextmanager
def _opened(schedule: ImportSchedule) -> Iterator[tuple[str, BinaryIO | None, dict[str, str]]]:
    """Its name, content (None where it is as it was) and what tells the next time whether it has changed."""
    is_forced = schedule.wanted_at is not None
    if not is_address(schedule.place):
        with inbox.opened(Path(settings.INBOX), schedule.place, now=clocks.time()) as (name, file):
            yield name, *_unless_same(schedule, file, {}, is_forced=is_forced)
        return
    with fetching.fetched(
        schedule.place, largest=pieces.LARGEST, private=settings.PRIVATE_HOSTS, patience=PATIENCE,
        tag="" if is_forced else schedule.tag, changed="" if is_forced else schedule.changed,
    ) as found:  # fmt: skip
        if found is None:
            yield "", None, {}
        else:
            yield found.name, *_unless_same(schedule, found.file, _tags(found), is_forced=is_forced)


def _tags(found: Fetched) -> dict[str, str]:
    return {"tag": found.tag, "changed": found.changed}


def _unless_same(
    schedule: ImportSchedule, file: BinaryIO, tags: dict[str, str], *, is_forced: bool
) -> tuple[BinaryIO | None, dict[str, str]]:
    digest = pieces.weigh(file).digest
    file.seek(0)
    is_same = digest == schedule.digest and not is_forced
    return None if is_same else file, {**tags, "digest": digest}


def _take(schedule: ImportSchedule, check: ImportCheck, name: str, file: BinaryIO, new: dict[str, str]) -> None:
    """Import a file, where it is known how; what was begun with the same one before is gone on with."""
    actor = schedule.made_by
    run = actions.begin(
        actor=actor, kind=cast(Kind, schedule.kind) if schedule.kind else None, filename=name, file=file,
        policy=schedule.policy,
    )  # fmt: skip
    with transaction.atomic():
        check.run, check.result, check.is_open = run, CheckResult.TAKEN, True
        if run.state in (ImportState.CANCELLED, ImportState.FAILED):
            actions.go_on(actor=actor, run_id=run.pk)
        elif run.state == ImportState.UPLOADED:
            if problem := _undecided(run):
                check.result, check.is_open, check.problem = CheckResult.WAITS, False, problem
            else:
                actions.confirm(actor=actor, run_id=run.pk, leaves_open=not schedule.closes)
        _note(schedule, check, new)


def _undecided(run: ImportRun) -> str:
    """What a person has to say first, in a sentence; "" if nothing."""
    if not ImportMapping.objects.filter(signature=run.signature, kind=run.kind).exists():
        return "No file with these headings was imported before. Say once which column is what; then it goes by itself."
    return " ".join(batches.problems(run))


def _is_its_time(schedule: ImportSchedule) -> bool:
    return schedule.next_at is not None and schedule.next_at <= clock.now()


def _note(schedule: ImportSchedule, check: ImportCheck, new: dict[str, str], *, may_pass: bool = False) -> None:
    """Keep what came of a look, and when the next one is; say so to whom it concerns."""
    with transaction.atomic():
        now = ImportSchedule.objects.select_for_update().filter(pk=schedule.pk).first()
        if now is None:  # removed meanwhile
            return
        if (now.place, now.kind) == (schedule.place, schedule.kind):  # else nothing is known of it yet
            for name, value in new.items():
                setattr(now, name, value)
        if schedule.wanted_at or _is_its_time(now):
            now.tries = 0
        if _is_its_time(now):
            now.next_at = _next(now)
        if now.wanted_at == schedule.wanted_at:
            now.wanted_at = None
        now.again_at = None
        if check.result in _WRONG:
            _failed(now, check, may_pass=may_pass)
        elif check.result == CheckResult.SAME:
            now.is_told = False
        now.save()
        check.save(force_insert=True)


def _failed(schedule: ImportSchedule, check: ImportCheck, *, may_pass: bool) -> None:
    """Try again soon, where that may help and its next time is not sooner; else write to whoever set it up, once."""
    if may_pass and schedule.next_at and schedule.tries < len(RETRIES):
        again_at = clock.now() + RETRIES[schedule.tries]
        if again_at < schedule.next_at:
            schedule.again_at, schedule.tries = again_at, schedule.tries + 1
            return
    if not schedule.is_told:
        schedule.is_told = True
        _tell(check)


def _tell(check: ImportCheck) -> None:
    maker = check.schedule.made_by
    told = [maker] if not maker.is_system else list(people.people().filter(role=Role.ADMIN, is_active=True))
    for user in told:
        outbox.send(
            kind="import_stopped", to=user.email, name=user.name, key=f"{check.pk} {user.pk}",
            context={
                "place": shown(check.schedule.place), "problem": check.problem, "schedule": str(check.schedule_id)
            },
        )  # fmt: skip
