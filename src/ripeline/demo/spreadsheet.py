"""The old spreadsheet: contacts of years ago, imported a few days back, re-opened and being called."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import numpy as np

from ripeline.capture.imports import actions as capture
from ripeline.capture.imports import runs
from ripeline.capture.models import ImportRun, ImportState
from ripeline.demo import words
from ripeline.demo.arriving import taken_up_again
from ripeline.demo.life import Life
from ripeline.demo.people import Somebody
from ripeline.demo.scene import Stage
from ripeline.demo.telling import Telling, Time
from ripeline.leads.knowing import identity
from ripeline.leads.models import Lead

FILE = "Contacts 2021 to 2024.csv"
SHARE = 0.065  # rows, as a share of those who came by themselves
AGO = 5  # working days
_HEADING = ("Name", "Company", "Job title", "E-mail", "Telephone", "First contact date", "Source", "Notes", "Owner")
_SOURCES = (
    "Trade show 2022",
    "Trade show 2023",
    "Website",
    "Old newsletter",
    "Recommended",
    "Course 2023",
    "Bought list",
)
_POOLS = ("message.trade_show", "message.content_download", "message.contact_form")


def day(stage: Stage) -> int:
    """The day of the story on which the file was imported."""
    return (stage.calendar.before(stage.day(stage.frontier), AGO) - stage.opening).days


def bring_in(stage: Stage, rows: int, time: Time, telling: Telling) -> None:
    """Import the file as anybody would, and call those whose day has come since."""
    known = [stage.people.somebody(seniority="", has_phone=n % 2 == 0, names_practice=n % 7 > 0) for n in range(rows)]
    facts = {who.email: stage.words.facts(who) for who in known}
    by_email = {who.email: who for who in known}
    time.go(stage.moment(day(stage) + 10.2 / 24))
    run = _imported(stage, _file(stage, known, facts))
    leads = list(Lead.objects.filter(import_run_id=run.pk, email__in=by_email).order_by("pk"))
    days = np.array([_due(stage, lead) for lead in leads])
    pursuits = stage.pursuits(taken_up_again(days, opening=stage.opening, seed=stage.seed))
    for place, lead in enumerate(leads):
        known_by = identity.email(lead.email)
        assert known_by
        life = Life(
            stage, pursuits.inflow, pursuits.by_desk[stage.desk_of(lead.owner_id)], int(pursuits.handed_to[place]),
            place, by_email[lead.email], known_by, facts[lead.email],
        )  # fmt: skip
        telling.expect(lead.pk, list(life.happenings()))
    telling.take_over(stage.staff.desks, stage.staff.responsibles)


def _imported(stage: Stage, content: bytes) -> ImportRun:
    leader = stage.staff.leader
    run = capture.begin(actor=leader, kind="leads", filename=FILE, file=io.BytesIO(content))
    capture.confirm(actor=leader, run_id=run.pk)
    runs.work(run.pk)
    run.refresh_from_db()
    if run.state != ImportState.DONE:
        raise RuntimeError(f"the old spreadsheet was not imported: {run.problem or run.state}")
    return run


def _due(stage: Stage, lead: Lead) -> float:
    """The morning of the story on which a lead is due."""
    assert lead.next_at
    return (stage.calendar.day(lead.next_at) - stage.opening).days + 9 / 24


def _file(stage: Stage, known: list[Somebody], facts: dict[str, dict[str, str]]) -> bytes:
    """A spreadsheet as it lies on many a drive: most of it good, some of it not."""
    random, today = stage.random, stage.day(stage.now)
    owners = [user.email for user in stage.staff.reps]
    rows: list[tuple[Any, ...]] = []
    for who in known:
        came = today - timedelta(days=random.randint(470, 1500))
        note = stage.words.say(random.choice(_POOLS), facts[who.email], soon=words.soon(came))
        rows.append(
            (
                who.name, who.practice.name if who.names_practice else "", who.title, who.email, who.phone,
                _written(came), random.choice(_SOURCES), note if random.random() < 0.6 else "",
                random.choice(owners) if random.random() < 0.3 else "",
            )
        )  # fmt: skip
    rows += [
        ("", "", "", "", "", "", "", "see the other sheet", ""),
        ("", "Northgate Supplies", "", "n/a", "", _written(today - timedelta(days=900)), "", "no name on the card", ""),
        (f"Total {len(rows)} contacts", "", "", "", "", "", "", "", ""),
    ]
    text = io.StringIO()
    csv.writer(text).writerows([_HEADING, *rows])
    return text.getvalue().encode("utf-8-sig")


def _written(when: date) -> str:
    return f"{when:%d/%m/%Y}"
