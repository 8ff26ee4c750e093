"""What happens because time passes: one table to read. Of many workers one runs each task (a conditional UPDATE)."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Q

from ripeline.base import clock
from ripeline.people import working_time
from ripeline.ripeness import actions as ripeness
from ripeline.routing import actions as routing
from ripeline.worker.models import Beat

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """Something to be done every so often, or daily at a local time of the company. Idempotent."""

    name: str
    run: Callable[[], object]
    every: timedelta = timedelta(days=1)
    at: time | None = None

    def due_since(self, now: datetime) -> datetime:
        """It is due if it last began before this moment."""
        if self.at is None:
            return now - self.every
        calendar = working_time.calendar_of(None)
        today = calendar.at(calendar.day(now), self.at)
        return today if today <= now else calendar.at(calendar.day(now) - timedelta(days=1), self.at)


TASKS: tuple[Task, ...] = (
    Task("return_due", routing.return_due, every=timedelta(minutes=1)),
    Task("rescue", routing.rescue, every=timedelta(minutes=5)),
    Task("release", routing.release, every=timedelta(minutes=5)),
    Task("rescore", ripeness.rescore, at=time(2, 0)),
)


def tick(tasks: Sequence[Task] = TASKS) -> int:
    """Run what is due; how many tasks were."""
    Beat.objects.bulk_create([Beat(name=task.name) for task in tasks], ignore_conflicts=True)
    return sum(_run(task) for task in tasks if _claim(task))


def _claim(task: Task) -> bool:
    now = clock.now()
    waiting = Beat.objects.filter(Q(began_at__isnull=True) | Q(began_at__lt=task.due_since(now)), name=task.name)
    return waiting.update(began_at=now) == 1


def _run(task: Task) -> bool:
    try:
        task.run()
        problem = ""
    except Exception as error:
        log.exception("The scheduled task %s failed; it runs again when it is next due.", task.name)
        problem = f"{type(error).__name__}: {error}"[:2000]
    Beat.objects.filter(name=task.name).update(ended_at=clock.now(), error=problem)
    return True


HEARTBEAT = "worker"


def beat() -> None:
    """Leave a sign of life for `ripeline doctor`."""
    Beat.objects.update_or_create(name=HEARTBEAT, defaults={"ended_at": clock.now()})
