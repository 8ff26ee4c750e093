"""The company's history, told day by day from its opening until now: who comes, and what becomes of everybody."""

from collections.abc import Callable
from random import Random
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.catalog.models import FieldType
from ripeline.demo import arriving, company, learning, present, spreadsheet
from ripeline.demo.arriving import DAYS, Inflow
from ripeline.demo.company import SDR
from ripeline.demo.entrance import SINCE, Entrance
from ripeline.demo.life import Life
from ripeline.demo.people import People
from ripeline.demo.reception import Known, admit, newcomer
from ripeline.demo.scene import Pursuits, Stage
from ripeline.demo.telling import Telling, Time
from ripeline.demo.visiting import Guests
from ripeline.demo.words import Words
from ripeline.people import actions as people
from ripeline.people import working_time

STRETCH = 28  # days told in one go, and one transaction
RECENT = 60  # days


def write(*, leads: int, seed: int, progress: Callable[[str], None]) -> None:
    """Hire the people, draw the market and tell everything, in order. The clock is moved along meanwhile.

    Whatever the hour, the same is drawn for the same day.
    """
    today = clock.now().astimezone(company.ZONE).date()
    inflow = arriving.inflow(today=today, leads=leads, seed=seed)
    stage = _stage(inflow, seed, leads)
    time = Time(stage.present)
    with clock.at(time):
        telling = Telling(time)
        pursuits, guests = stage.pursuits(inflow), Guests.of(stage, inflow)
        catalog.custom_fields({"chairs": ("Chairs or rooms", FieldType.NUMBER), "sites": ("Sites", FieldType.NUMBER)})
        for first in range(0, DAYS, STRETCH):
            progress(f"Making the demo company: {stage.day(first):%B %Y} …")
            with transaction.atomic():
                _tell(range(first, min(first + STRETCH, DAYS)), stage, pursuits, time, telling, guests)
            _sweep()
        progress("Making the demo company: today …")
        with transaction.atomic():
            telling.tell(stage.present)
            guests.write(stage.now, time)
            present.arrange(stage, time)
            people.set_company(actor=stage.staff.system, is_demo=True)
    _sweep()


def _tell(days: range, stage: Stage, pursuits: Pursuits, time: Time, telling: Telling, guests: Guests) -> None:
    """What happens on some days."""
    imported_on, nights = spreadsheet.day(stage), learning.nights(days, ago=DAYS)
    for day in days:
        if day == imported_on:
            telling.tell(stage.moment(day + 10 / 24))
            spreadsheet.bring_in(stage, round(len(pursuits.inflow.day) * spreadsheet.SHARE), time, telling)
        if day == DAYS - SINCE:
            _set_up_doors(day, stage, pursuits.inflow, time)
        if _opens(stage, day):
            guests.leads |= _open_doors(day, stage, pursuits, time, telling)
        if day in nights:
            telling.tell(stage.moment(day + 0.99))
            learning.learn(stage, time, day)
    telling.tell(stage.moment(days[-1] + 0.99))
    guests.write(days[-1] + 0.99, time)
    learning.look_on(stage, time, days[-1])


def _set_up_doors(day: int, stage: Stage, inflow: Inflow, time: Time) -> None:
    """The doors of today, and the booth of the show that is next then."""
    time.go(stage.moment(day + 8 / 24))
    kinds = [inflow.source_type(place) for place in range(len(inflow.day))]
    shows = [place for place, kind in enumerate(kinds) if kind == "trade_show" and inflow.day[place] > day + 1]
    show = inflow.campaigns[shows[0]] if shows else ""
    stage.entrance.set_up(stage.staff.marketer, show, stage.moment(inflow.day[shows[0]]) if shows else None)


def _stage(inflow: Inflow, seed: int, leads: int) -> Stage:
    now = clock.now()
    today = now.astimezone(company.ZONE).date()
    random = Random(f"{seed} {today}")  # noqa: S311 - a story, no secret
    everybody = People(random)
    staff = company.hire(opening=inflow.opening, today=today, leads=leads)
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
        people=everybody,
        words=Words(random, everybody),
        entrance=Entrance(Random(f"{seed} {today} doors")),  # noqa: S311 - a story, too
    )


def _opens(stage: Stage, day: int) -> bool:
    """Whether those who came are let in: each working day of late, twice a week long ago, where nobody can tell."""
    if day >= DAYS - RECENT:
        return stage.works(SDR, day) == day or day == DAYS - 1
    return stage.day(day).weekday() in (1, 4)


def _open_doors(day: int, stage: Stage, pursuits: Pursuits, time: Time, telling: Telling) -> dict[int, UUID]:
    """Everybody who has come since the doors were opened last: their place in the inflow, and their lead."""
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
        return {}
    came = list(admit(newcomers, stage, time))
    learning.greet(stage, time, newcomers[0].arrival.context.captured_at, [lead_id for _, lead_id, _ in came])
    for place, (one, lead_id, owner) in enumerate(came, start=first):
        life = Life(
            stage, inflow, pursuits.by_desk[stage.desk_of(owner)], int(pursuits.handed_to[place]), place,
            one.who, one.arrival.keys[0], one.facts,
        )  # fmt: skip
        telling.expect(lead_id, list(life.happenings()))
    return {place: lead_id for place, (_, lead_id, _) in enumerate(came, start=first)}


def _sweep() -> None:
    """Let PostgreSQL clear away what was overwritten, which a history written in seconds leaves plenty of."""
    with connection.cursor() as cursor:
        verb = "ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)"
        cursor.execute(f"{verb} lead, turn, activity, enquiry, account, opportunity")
