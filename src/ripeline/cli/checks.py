"""What `ripeline doctor` looks at. A check that itself fails becomes a finding; none keeps the others from running."""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ripeline import postgres
from ripeline.cli import instance, ports
from ripeline.config import environment, home
from ripeline.config.environment import Environment
from ripeline.postgres.account import choose
from ripeline.postgres.layout import Layout
from ripeline.postgres.programs import OLDEST

_NEARLY_FULL = 2**30  # bytes
_FEW_FILES = 10_000
_LATE = 300.0  # seconds without a sign of life from the worker
_SKEW = 30.0  # seconds between two clocks that should agree
_RELEASED = 1_764_547_200.0  # 2025-12-01: a clock that shows less is wrong


@dataclass(frozen=True)
class Finding:
    """What one check found; ``do`` says what helps when it is not ok."""

    check: str
    ok: bool
    what: str
    do: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


@dataclass(frozen=True)
class Patient:
    """The installation that is looked at."""

    environment: Environment
    home: Path

    @property
    def layout(self) -> Layout:
        """Where its database lies."""
        return Layout(self.home)

    @property
    def embedded(self) -> bool:
        """Whether the database is its own."""
        return self.environment.database_url is None


def examine(progress: Callable[[str], None]) -> list[Finding]:
    """Run every check that can be run."""
    findings = [_python()]
    try:
        given = environment.load()
        place = home.locate(given)
    except environment.SettingsError as error:
        problems = " ".join(error.problems)
        return [
            *findings,
            Finding("settings", False, problems, "Correct them; docs/reference/settings.md has them all."),
        ]
    except home.HomeError as error:
        return [*findings, Finding("home", False, str(error), "Name a directory of your own in RIPELINE_HOME.")]
    patient = Patient(given, place)
    findings.append(Finding("settings", True, "All settings are understood."))
    for name, check in _ON_THE_MACHINE:
        findings.append(_guarded(name, check, patient))
    with contextlib.ExitStack() as open_database:
        findings.append(_guarded("database", lambda p: _database(p, open_database, progress), patient))
        if os.environ.get("DATABASE_URL"):
            findings += [_guarded(name, check, patient) for name, check in _IN_THE_DATABASE]
    return findings


def _guarded(name: str, check: Callable[[Patient], Finding], patient: Patient) -> Finding:
    try:
        return check(patient)
    except (postgres.DatabaseError, home.HomeError) as error:
        what, do = (error.what, error.do) if isinstance(error, postgres.DatabaseError) else (str(error), "See above.")
        return Finding(name, False, what, do)
    except Exception as error:  # a broken installation breaks in ways nobody thought of; the doctor goes on
        said = str(error).strip().splitlines() or [""]
        return Finding(
            name, False, f"Could not be looked at: {type(error).__name__}: {said[0]}", "See what is found above."
        )


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 11)
    return Finding("python", ok, f"Python {version}.", "" if ok else "Install Python 3.11 or newer, then make setup.")


def _home(patient: Patient) -> Finding:
    kind = home.kind(patient.home)
    if not patient.home.exists():
        return Finding("home", True, f"{patient.home} is not there yet; ripeline up makes it.")
    return Finding("home", True, f"{patient.home} holds {home.KINDS[kind] if kind else 'nothing yet'}.")


def _permissions(patient: Patient) -> Finding:
    if not patient.home.exists():
        return Finding("permissions", True, "Nothing is there yet.")
    if not os.access(patient.home, os.R_OK | os.W_OK | os.X_OK):
        owner = patient.home.owner()
        return Finding(
            "permissions", False, f"{patient.home} cannot be written.", f"Run Ripeline as {owner}, its owner."
        )
    for private in ("secret_key", "setup_token"):
        file = patient.home / private
        if file.exists() and file.stat().st_mode & 0o077:
            return Finding("permissions", False, f"Others can read {file}.", f"chmod 600 {file}, then make a new one.")
    if patient.embedded and patient.layout.data.exists():
        account = choose(patient.layout.data, patient.environment.run_as)  # raises when it belongs to somebody else
        account.must_reach(patient.home)
        if patient.layout.data.stat().st_mode & 0o027:
            advice = f"chmod 700 {patient.layout.data}"
            return Finding(
                "permissions", False, f"Others can enter {patient.layout.data}; PostgreSQL refuses that.", advice
            )
    return Finding("permissions", True, "Files belong to whom they should.")


def _disk(patient: Patient) -> Finding:
    place = next(p for p in (patient.home, *patient.home.parents) if p.exists())
    free = shutil.disk_usage(place).free
    counts = os.statvfs(place)
    if free < _NEARLY_FULL:
        return Finding(
            "disk", False, f"Only {free // 2**20} MB are left where {place} lies.", "Make room: 1 GB or more."
        )
    if counts.f_files and counts.f_favail < _FEW_FILES:
        return Finding("disk", False, f"Only {counts.f_favail} more files can be made there.", "Remove files.")
    return Finding("disk", True, f"{free / 2**30:.0f} GB are free.")


def _clock(patient: Patient) -> Finding:
    now = time.time()
    shown = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    advice = "Set it, and let the machine keep it (timedatectl set-ntp true)."
    if now < _RELEASED:
        return Finding("clock", False, f"This machine's clock shows {shown}, before Ripeline was made.", advice)
    for file in (patient.layout.state, patient.layout.keeper_log):
        with contextlib.suppress(FileNotFoundError):
            if file.stat().st_mtime > now + _SKEW:
                return Finding(
                    "clock", False, f"The clock shows {shown}, earlier than when {file} was written.", advice
                )
    return Finding("clock", True, f"{shown}.")


def _instance(patient: Patient) -> Finding:
    if instance.serving(patient.home):
        return Finding("running", True, f"Ripeline serves this home{instance.who(patient.home)}.")
    return Finding("running", True, "No ripeline up serves this home now.")


def _port(patient: Patient) -> Finding:
    given = patient.environment
    where = f"Port {given.port} on {given.bind}"
    if instance.serving(patient.home):
        return Finding("port", True, f"Ripeline listens: {instance.address(patient.home)}.")
    taken = ports.taken(given.bind, given.port)
    what, _, do = (taken or "").partition(". ")
    return Finding("port", False, f"{what}.", do) if taken else Finding("port", True, f"{where} is free.")


def _mail(patient: Patient) -> Finding:
    """Signs in to the mail server, and sends nothing."""
    from ripeline.outbox.smtp import Smtp
    from ripeline.outbox.transport import UnreachableError

    given = patient.environment
    if given.mail_esp:
        what = f"Mail goes through {given.mail_esp.capitalize()}; that is tried by a test message in Settings, Mail."
        return Finding("mail", True, what)
    if given.smtp_url is None:
        return Finding("mail", True, "No mail server is set (RIPELINE_SMTP_URL): invitations and resets are links.")
    server = Smtp(given.smtp_url, timeout=10)
    try:
        server.ready()
    except UnreachableError as problem:
        return Finding("mail", False, problem.what, problem.do)
    server.leave()
    if given.base_url_given is None:
        what = f"The mail server {server.name} answers, but links in mail would lead to {given.base_url}."
        return Finding("mail", False, what, "Set RIPELINE_BASE_URL to the address that people open.")
    return Finding("mail", True, f"The mail server {server.name} answers and lets Ripeline in.")


def _bounces(patient: Patient) -> Finding:
    """Signs in to the mailbox to which mail comes back, and reads nothing."""
    from ripeline.outbox.imap import Mailbox
    from ripeline.outbox.transport import UnreachableError

    given = patient.environment
    if given.bounces_url is None:
        what = "No mailbox is read for mail that comes back (RIPELINE_BOUNCES_URL)."
        return Finding("bounces", True, what)
    mailbox = Mailbox(given.bounces_url, timeout=10)
    try:
        mailbox.open()
    except UnreachableError as problem:
        return Finding("bounces", False, problem.what, problem.do)
    mailbox.close()
    return Finding("bounces", True, f"The mailbox {mailbox.name}, {mailbox.folder}, can be read.")


def _database(patient: Patient, keep: contextlib.ExitStack, progress: Callable[[str], None]) -> Finding:
    """Connects, and leaves DATABASE_URL in the environment for the checks that need Django."""
    import psycopg

    given = patient.environment
    if given.database_url is None and not patient.layout.data.exists():
        return Finding("database", True, "There is none yet; the first command makes it.")
    url = keep.enter_context(
        postgres.ensure(
            patient.home,
            database_url=given.database_url,
            pg_bin=given.pg_bin,
            run_as=given.run_as,
            progress=progress,
            patience=60,
        )
    )
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            major, kind = connection.info.server_version // 10000, "embedded" if patient.embedded else "at DATABASE_URL"
            there = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone() or (0.0,)
    except psycopg.OperationalError as error:
        os.environ.pop("DATABASE_URL", None)
        reason = str(error).strip().splitlines()[-1]
        return Finding(
            "database", False, f"It does not answer: {reason}", "Check DATABASE_URL, and that the server runs."
        )
    os.environ["DATABASE_URL"] = url
    if major < OLDEST:
        return Finding("database", False, f"PostgreSQL {major} is too old.", f"Ripeline needs {OLDEST} or newer.")
    if abs(there[0] - time.time()) > _SKEW:
        return Finding("database", False, "Its clock and this machine's differ.", "Let both keep time by NTP.")
    return Finding("database", True, f"PostgreSQL {major}, {kind}, answers.")


def _schema(patient: Patient) -> Finding:
    from ripeline.cli.opening import point_to, start_django

    point_to(patient.home, os.environ["DATABASE_URL"])
    start_django()

    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from ripeline.config import schema

    executor = MigrationExecutor(connection)
    # One that stands for many says nothing of how new the data is: those it stands for are recorded, too.
    ahead = {
        (app, name)
        for app, name in executor.loader.applied_migrations
        if app == "ripeline" and "_squashed_" not in name
    } - set(executor.loader.disk_migrations)
    if ahead:
        return Finding(
            "schema", False, "The data was last used by a newer Ripeline.", "Install that version, or restore a backup."
        )
    if not executor.loader.applied_migrations:
        return Finding("schema", True, "There is none yet; the first command makes it.")
    if schema.is_behind():
        return Finding(
            "schema", False, "The data was made by an older Ripeline.", "Bring it up to date: ripeline db migrate"
        )
    return Finding("schema", True, "Up to date.")


def _worker(patient: Patient) -> Finding:
    from ripeline.base import clock
    from ripeline.timeline import queries
    from ripeline.worker.models import Beat
    from ripeline.worker.schedule import HEARTBEAT

    if patient.embedded and not instance.serving(patient.home):
        return Finding("worker", True, "None runs, as nothing serves this home now.")
    last = Beat.objects.filter(name=HEARTBEAT).values_list("ended_at", flat=True).first()
    advice = "Start one (ripeline worker), or look at what ripeline up prints under its name."
    if last is None:
        return Finding("worker", False, "No worker has ever run.", advice)
    silent = (clock.now() - last).total_seconds()
    if silent > _LATE:
        return Finding("worker", False, f"The worker gave its last sign of life {silent / 60:.0f} minutes ago.", advice)
    waiting, lag = queries.reaction_backlog()
    if lag > _LATE:
        return Finding("worker", False, f"{waiting} reactions wait, the oldest for {lag / 60:.0f} minutes.", advice)
    return Finding("worker", True, f"Last sign of life {silent:.0f} seconds ago; {waiting} reactions wait.")


def _outbox(_: Patient) -> Finding:
    from ripeline.outbox import queries

    if queries.is_key_changed():
        what = "Mail is stopped: consent and suppression were noted under another secret key."
        return Finding("outbox", False, what, "Put the old RIPELINE_SECRET_KEY, or the home's file secret_key, back.")
    left, error = queries.backlog(), queries.server().error
    if left.lag > _LATE and queries.can_send():
        what = f"{left.waiting} messages wait, the oldest for {left.lag / 60:.0f} minutes. {error}".strip()
        return Finding("outbox", False, what, "Look whether a worker runs, and at Settings, Mail.")
    if left.doubt:
        what = f"Whether {left.doubt} messages arrived is in doubt: their hand-over was broken off."
        return Finding("outbox", False, what, "Decide about each in Settings, Mail, In doubt.")
    return Finding("outbox", True, f"{left.waiting} messages wait.")


_ON_THE_MACHINE: list[tuple[str, Callable[[Patient], Finding]]] = [
    ("home", _home),
    ("permissions", _permissions),
    ("disk", _disk),
    ("clock", _clock),
    ("running", _instance),
    ("port", _port),
    ("mail", _mail),
    ("bounces", _bounces),
]
_IN_THE_DATABASE: list[tuple[str, Callable[[Patient], Finding]]] = [
    ("schema", _schema),
    ("worker", _worker),
    ("outbox", _outbox),
]
