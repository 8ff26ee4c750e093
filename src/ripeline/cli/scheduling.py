"""``ripeline import --schedule``: a file that is imported by itself from now on."""

import re
from datetime import time
from typing import Any

from ripeline.capture.imports import schedules
from ripeline.capture.imports.schedules import ScheduleError
from ripeline.capture.models import Rhythm
from ripeline.cli.output import Failed
from ripeline.people import queries as people

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def set_up(when: str, place: str, *, kind: str, policy: str, closes: bool | None = None) -> dict[str, Any]:
    """Set it up, as Ripeline itself; raises Failed, in a sentence."""
    rhythm, weekday, at = _read(when)
    try:
        made = schedules.set_up(
            actor=people.system(), place=place, rhythm=rhythm, weekday=weekday, at=at, kind=kind, policy=policy,
            closes=closes,
        )  # fmt: skip
    except ScheduleError as problem:
        raise Failed(str(problem)) from problem
    return {"schedule": made.pk, "place": schedules.shown(made.place), "next_at": made.next_at}


def _read(when: str) -> tuple[str, int, time]:
    """“hourly :15”, “daily 06:30”, “monday 06:30”."""
    found = re.fullmatch(r"(\w+) +(\d{1,2})?:(\d\d)", when.strip().lower())
    word, hour, minute = (found[1], int(found[2] or 0), int(found[3])) if found else ("", 0, 0)
    days = [n for n, day in enumerate(DAYS) if len(word) > 1 and day.startswith(word)]
    rhythm = Rhythm.WEEKLY if len(days) == 1 else word
    if rhythm not in Rhythm.values or word == Rhythm.WEEKLY or hour > 23 or minute > 59:
        raise Failed(f"“{when}” is not like “hourly :15”, “daily 06:30” or “monday 06:30”.")
    return rhythm, days[0] if days else 0, time(hour, minute)
