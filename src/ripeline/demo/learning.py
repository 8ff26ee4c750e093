"""What the nights bring: everybody scored as time passes, and now and then a model that learnt from what had come."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from ripeline.demo.scene import Stage
from ripeline.demo.telling import Time
from ripeline.ripeness import actions as ripeness

_LEARNS = (98, 14)  # days ago: nights of a fit, as every night's would be far too long to tell


def greet(stage: Stage, time: Time, at: datetime, leads: Collection[UUID]) -> None:
    """Score who has just come, as of the first of them: what is said of a lead at birth is held against what comes."""
    time.go(max(at, stage.moment(0)))
    ripeness.rescore(leads)


def look_on(stage: Stage, time: Time, day: int) -> None:
    """Score everybody on the evening of a day, so that what was said then can be held against what came."""
    time.go(min(stage.moment(day + 0.995), stage.present - timedelta(hours=9)))
    ripeness.rescore()


def nights(days: range, ago: int) -> list[int]:
    """The days of a stretch after which the model learns; `ago`: how many days ago the story's last one is."""
    return [day for day in days if ago - day in _LEARNS]


def learn(stage: Stage, time: Time, day: int) -> None:
    """Learn from everything up to the evening of a day, as the worker does at night."""
    time.go(stage.moment(day + 0.99))
    run = ripeness.request_fit(actor=stage.staff.system)
    ripeness.work(run.pk)
