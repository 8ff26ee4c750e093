"""The demo company, built once for the run in a database of its own; each test leaves it as it was."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import connection, transaction
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from ripeline.base import clock
from ripeline.demo import build
from tests.server_plugin import named

NOW = datetime(2026, 11, 24, 10, 15, tzinfo=UTC)  # a Tuesday morning
LEADS = 380  # so many that each rep has a day of several reasons


@contextmanager
def at(url: str) -> Iterator[None]:
    """Django's connection leads to another database."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(NAME=parts["dbname"], HOST=parts["host"], PORT=parts["port"], USER=parts["user"])
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@contextmanager
def fresh_database(server: str, template: str, name: str) -> Iterator[str]:
    """A database with the schema and the built-in rows, gone afterwards."""
    with psycopg.connect(server, autocommit=True) as own:
        own.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield named(server, name)
    with psycopg.connect(server, autocommit=True) as own:
        own.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(autouse=True, scope="session")
def quick_hashes() -> Iterator[None]:
    """Seven passwords are hashed for each company; here in no time."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session")
def worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "alone")


@pytest.fixture(scope="session")
def built(
    server: str, template: str, worker: str, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """The address of a database with a small demo company in it."""
    with fresh_database(server, template, f"demo_{worker}") as url:
        with django_db_blocker.unblock(), at(url), clock.at(NOW):
            assert build.ensure_demo(leads=LEADS)
        yield url


@pytest.fixture
def demo(built: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The small demo company on the morning on which it was made."""
    with django_db_blocker.unblock(), at(built), clock.at(NOW), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def looked_at(built: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The small demo company, outside of any transaction: for those who only look."""
    with django_db_blocker.unblock(), at(built), clock.at(NOW):
        yield


@pytest.fixture
def empty(
    server: str, template: str, worker: str, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """A database of its own with nothing but the built-in rows, and no transaction around."""
    with fresh_database(server, template, f"demo_empty_{worker}") as url, django_db_blocker.unblock(), at(url):
        yield
