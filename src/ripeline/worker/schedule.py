"""What happens because time passes: one table to read. Of many workers one runs each task.

Who runs a task holds a session advisory lock on its name, which PostgreSQL drops when that process dies, and claims it
by a conditional UPDATE. So one that was broken off is seen to be (begun, not ended, in nobody's hands) and runs again.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import connection
from django.db.models import F, Q

from ripeline.base import clock
from ripeline.leads.doubles import duplicates, same_company
from ripeline.people import working_time
from ripeline.people.working_time import Calendar
from ripeline.ripeness import actions as ripeness
from ripeline.routing import actions as routing
from ripeline.routing import prices
from ripeline.timeline import visits
from ripeline.worker import tidying
from ripeline.worker.making_way import make_way
from ripeline.worker.models import Beat
from ripeline.worklist import actions as worklist
from ripeline.worklist import belief

log = logging.getLogger(__name__)

RETRY = timedelta(hours=1)  # after a failure, where the task would wait longer anyhow


@dataclass(frozen=True)
class Task:
    """Something to be done every so often, or daily at a local time of the company. Idempotent."""

    name: str
    run: Callable[[], object]
    every: timedelta = timedelta(days=1)
    at: time | None = None

    def due_since(self, now: datetime, calendar: Calendar) -> datetime:
        """It is due if it last began before this moment."""
        if self.at is None:
            return now - self.every
        today = calendar.at(calendar.day(now), self.at)
        return today if today <= now else calendar.at(calendar.day(now) - timedelta(days=1), self.at)

    def waits(self, now: datetime, calendar: Calendar) -> Q:
        """The rows of this task while it is due, was broken off, or failed a while ago."""
        due = Q(began_at__isnull=True) | Q(began_at__lt=self.due_since(now, calendar))
        broken_off = Q(began_at__isnull=False) & (Q(ended_at__isnull=True) | Q(ended_at__lt=F("began_at")))
        failed = ~Q(error="") & Q(ended_at__lte=now - RETRY)
        return Q(name=self.name) & (due | broken_off | failed)


TASKS: tuple[Task, ...] = (
    Task("return_due", routing.return_due, every=timedelta(minutes=1)),  # Keep in touch hands back whose day has come
    Task("settle_visits", visits.settle_recent, every=timedelta(minutes=1)),  # hits that crossed with a recognition
    Task(
        "scanners", visits.find_scanners, every=timedelta(minutes=1)
    ),  # links of a mail that were followed all at once
    Task("reclassify", visits.reclassify_if_changed, every=timedelta(seconds=10)),  # kept hits, by new rules
    Task("months", visits.keep_partitions, every=timedelta(hours=6)),  # hits' tables: the coming months, the past ones
    Task("rescue", routing.rescue, every=timedelta(minutes=5)),  # leads of somebody who left, dates of somebody away
    Task("release", routing.release, every=timedelta(minutes=5)),  # the queue's best to whoever has time
    Task("replan", worklist.replan_overdue, every=timedelta(hours=1)),  # overdue leads to the coming days, by value
    Task("watch", ripeness.watch, at=time(0, 30)),  # what was expected of yesterday, before the model learns of it
    Task("fit", ripeness.request_nightly, at=time(1, 0)),  # the model learns from the outcomes up to now
    Task("trust", ripeness.learn_trust, at=time(1, 30)),  # how far signals are believed, by the outcomes up to now
    # P(30 days) changes with age
    Task("rescore", lambda: ripeness.rescore(between=make_way), at=time(2, 0)),
    Task("price", prices.renew, at=time(2, 30)),  # what a minute of each is worth, by their leads and their minutes
    Task("forward", worklist.bring_forward, at=time(2, 45)),  # who ripens, and who is worth the minutes that are left
    Task("duplicates", duplicates.catch_up, every=timedelta(hours=1)),  # leads nobody has compared with others yet
    Task("same_companies", same_company.catch_up, every=timedelta(hours=1)),  # … and companies
    Task("believe", belief.renew, at=time(2, 50)),  # what everybody's leads will become, over their Today
    Task("believe_anew", belief.renew_changed, every=timedelta(hours=1)),  # … of those who have others since
    Task("recycle", worklist.recycle, at=time(3, 0)),  # lost a year ago: worth another look
    Task("tidy", tidying.tidy, at=time(4, 0)),
)


def tick(tasks: Sequence[Task] = TASKS) -> int:
    """Run what is due and nobody else is running; how many tasks were."""
    Beat.objects.bulk_create([Beat(name=task.name) for task in tasks], ignore_conflicts=True)
    now, calendar = clock.now(), working_time.calendar_of(None)
    due = Q(pk__in=[])
    for task in tasks:
        due |= task.waits(now, calendar)
    names = set(Beat.objects.filter(due).values_list("name", flat=True))
    return sum(_take(task, calendar) for task in tasks if task.name in names)


def _take(task: Task, calendar: Calendar) -> bool:
    with _alone(task.name) as alone:
        now = clock.now()
        if not alone or not Beat.objects.filter(task.waits(now, calendar)).update(began_at=now):
            return False
        _run(task)
        return True


@contextmanager
def _alone(name: str) -> Iterator[bool]:
    """Whether nobody else runs this task; nobody else can inside the block."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('ripeline schedule'), hashtext(%s))", [name])
        (got,) = cursor.fetchone()
    try:
        yield got
    finally:
        if got and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('ripeline schedule'), hashtext(%s))", [name])


def _run(task: Task) -> None:
    try:
        task.run()
        problem = ""
    except Exception as error:
        log.exception("The scheduled task %s failed; it is tried again.", task.name)
        problem = f"{type(error).__name__}: {error}"[:2000]
    Beat.objects.filter(name=task.name).update(ended_at=clock.now(), error=problem)


HEARTBEAT = "worker"


def beat() -> None:
    """Leave a sign of life for `ripeline doctor`."""
    Beat.objects.update_or_create(name=HEARTBEAT, defaults={"ended_at": clock.now()})
