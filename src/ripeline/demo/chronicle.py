"""The company's history, told day by day from its opening until now: who comes, and what becomes of everybody."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import numpy as np
from django.db import connection

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.catalog.models import FieldType
from ripeline.demo import arriving, company, present, spreadsheet
from ripeline.demo.arriving import DAYS, Inflow
from ripeline.demo.company import SDR
from ripeline.demo.life import Life
from ripeline.demo.people import People
from ripeline.demo.reception import Known, admit, newcomer
from ripeline.demo.scene import Pursuits, Stage
from ripeline.demo.telling import Telling, Time
from ripeline.demo.words import Words
from ripeline.people import working_time

STRETCH = 14  # days told in one go
_ANALYZED = (30, 90, 200, 320)  # days after which the tables have grown by much


def write(*, leads: int, seed: int, progress: Callable[[str], None]) -> None:
    """Hire the people, draw the market and tell everything, in order. The clock is moved along meanwhile.

    Whatever the hour, the same is drawn for the same day.
    """
    today = clock.now().astimezone(company.ZONE).date()
    inflow = arriving.inflow(today=today, leads=leads, seed=seed)
    stage = _stage(inflow, seed)
    time = Time(stage.present)
    with clock.at(time):
        telling = Telling(time)
        pursuits = stage.pursuits(inflow)
        catalog.custom_fields({"chairs": ("Chairs or rooms", FieldType.NUMBER), "sites": ("Sites", FieldType.NUMBER)})
        imported_on = spreadsheet.day(stage)
        for day in range(DAYS):
            if stage.day(day).day == 1 or day == 0:
                progress(f"Making the demo company: {stage.day(day):%B %Y} …")
            if day in _ANALYZED:
                _analyze()
            if day == imported_on:
                telling.tell(stage.moment(day + 10 / 24))
                spreadsheet.bring_in(stage, round(leads * spreadsheet.SHARE), time, telling)
            if stage.works(SDR, day) == day or day == DAYS - 1:
                _open_doors(day, stage, pursuits, time, telling)
            if day % STRETCH == 0:
                telling.tell(stage.moment(day + 0.99))
        telling.tell(stage.present)
        progress("Making the demo company: today …")
        present.arrange(stage, time)


def _stage(inflow: Inflow, seed: int) -> Stage:
    now = clock.now()
    today = now.astimezone(company.ZONE).date()
    random = Random(f"{seed} {today}")  # noqa: S311 - a story, no secret
    people = People(random)
    staff = company.hire(opening=inflow.opening, today=today)
    calendar = working_time.calendar_of(None)
    return Stage(
        opening=inflow.opening,
        present=now,
        frontier=(calendar.working_day(today) - inflow.opening).days,
        staff=staff,
        calendar=calendar,
        desks=company.desks(staff, opening=inflow.opening, days=DAYS),
        seed=seed,
        random=random,
        people=people,
        words=Words(random, people),
    )


def _open_doors(day: int, stage: Stage, pursuits: Pursuits, time: Time, telling: Telling) -> None:
    """Everybody who has come since the doors were opened last: on a working day, or over the weekend before it."""
    inflow = pursuits.inflow
    last = int(np.searchsorted(inflow.day, day + 1))
    first = telling.told_of
    telling.told_of = last
    newcomers = [
        newcomer(
            stage, Known.of(inflow, place), kind=inflow.source_type(place), at=stage.moment(inflow.day[place]),
            campaign=inflow.campaigns[place], landing_page=inflow.pages[place],
        )
        for place in range(first, last)
    ]  # fmt: skip
    if not newcomers:
        return
    time.go(newcomers[-1].arrival.context.captured_at + timedelta(seconds=1))
    for place, (one, lead_id, owner) in enumerate(admit(newcomers, stage.staff.system), start=first):
        life = Life(
            stage, inflow, pursuits.by_desk[stage.desk_of(owner)], int(pursuits.handed_to[place]), place,
            one.who, one.arrival.keys[0], one.facts,
        )  # fmt: skip
        telling.expect(lead_id, list(life.happenings()))


def _analyze() -> None:
    """Let PostgreSQL see how large the tables have become; it plans badly for tables that it takes for empty."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE lead, activity, enquiry, identity, account, opportunity")
