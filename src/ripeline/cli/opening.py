"""What stands before every command that touches data: settings, home, database, schema, Django."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from ripeline import postgres
from ripeline.cli.output import Failed, say
from ripeline.config import environment, home
from ripeline.config.environment import Environment

MISUSE = 2
NO_DATABASE = 3
TAKEN = 4


# For the children of `ripeline up`, which has made the schema just now.
prepared_option = click.option("--prepared", is_flag=True, hidden=True)


@dataclass(frozen=True)
class Opened:
    """An installation that a command may work on; valid inside the ``with``."""

    environment: Environment
    home: Path
    url: str


def settings() -> Environment:
    """The settings, or the end of the command with everything that is wrong with them."""
    try:
        return environment.load()
    except environment.SettingsError as error:
        raise Failed(str(error), status=MISUSE) from error


def find_home(given: Environment, *, demo: bool | None = None, make: bool = True) -> Path:
    """The home, made (unless not wanted) if it is not there yet."""
    try:
        place = home.locate(given, demo=demo)
        if make:
            home.prepare(place, demo=bool(demo))
    except home.HomeError as error:
        raise Failed(str(error), status=MISUSE) from error
    return place


@contextlib.contextmanager
def database(given: Environment, place: Path) -> Iterator[str]:
    """The address of a running database, embedded or named; it runs on inside the ``with``."""
    try:
        with postgres.ensure(
            place, database_url=given.database_url, pg_bin=given.pg_bin, run_as=given.run_as, progress=say
        ) as url:
            if given.database_url:
                _must_answer(url)
            yield url
    except postgres.DatabaseError as error:
        raise Failed(f"{error.what}\n{error.do}", status=NO_DATABASE) from error


def _must_answer(url: str) -> None:
    """Ask once, before a pool of connections asks again and again."""
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.Error as error:
        raise Failed(_does_not_answer(error), status=NO_DATABASE) from error


def _does_not_answer(error: Exception) -> str:
    return (
        f"The database cannot be used: {str(error).strip().splitlines()[0]}\n"
        "Check DATABASE_URL, and that the server runs and lets this machine in."
    )


@contextlib.contextmanager
def opened(*, demo: bool | None = None, make_schema: bool = True, django: bool = True) -> Iterator[Opened]:
    """Everything a command needs. ``make_schema`` migrates what is behind and makes the built-in rows.

    Without ``django`` only what this process starts will use it: it finds home and database in the environment.
    """
    given = settings()
    place = find_home(given, demo=demo)
    with database(given, place) as url:
        point_to(place, url)
        if django:
            start_django()
            if make_schema:
                prepare_schema()
        try:
            yield Opened(given, place, url)
        except Exception as error:
            if django and _is_lost_connection(error):
                raise Failed(f"{_does_not_answer(error)}\nWhat was done before is kept.", status=NO_DATABASE) from error
            raise


def _is_lost_connection(error: Exception) -> bool:
    from django.db import OperationalError

    return isinstance(error, OperationalError)


def point_to(place: Path, url: str) -> None:
    """Make this process, and what it starts, use this home and database."""
    os.environ["RIPELINE_HOME"] = str(place)
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "ripeline.config.settings"
    os.environ.pop("DATABASE_URL_FILE", None)  # said already


def start_django() -> None:
    """Set Django up on what `point_to` said."""
    import django

    django.setup()


def prepare_schema() -> None:
    """Migrate what is behind and make the built-in rows, or say that the database cannot be used."""
    from django.db import OperationalError

    from ripeline.config import schema

    try:
        schema.prepare()
    except OperationalError as error:
        raise Failed(_does_not_answer(error), status=NO_DATABASE) from error
