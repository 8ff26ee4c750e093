"""One embedded PostgreSQL for the whole run, shared by its processes as commands share it: by a lease on its home.

The process that starts the run makes an empty home and names it in the environment; the first test that needs the
database starts the server there; it stops with the last process, however that ends. The schema is made once, in a
template, of which each process gets a copy.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from pytest_django.plugin import DjangoDbBlocker

from ripeline.postgres import ensure
from ripeline.postgres.layout import Layout

_HOME = "RIPELINE_TEST_HOME"
_TEMPLATE = "ripeline_template"


def pytest_configure(config: pytest.Config) -> None:
    """The developer's own settings never reach a test; the workers of this run find its home in the environment."""
    if hasattr(config, "workerinput"):
        return
    for name in list(os.environ):
        if name == "DATABASE_URL" or (name.startswith("RIPELINE_") and name != "RIPELINE_REAL_DATA"):
            del os.environ[name]
    home = Path(tempfile.mkdtemp(prefix="ripeline-tests-"))
    home.chmod(0o711)  # as root the server runs as somebody else
    os.environ[_HOME] = str(home)


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or _HOME not in os.environ:
        return
    home = Path(os.environ.pop(_HOME))
    lock = Layout(home).keeper_lock
    if lock.exists():
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # until the server has stopped
    shutil.rmtree(home, ignore_errors=True)


def named(url: str, database: str) -> str:
    """The address of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of the run's server."""
    with ensure(Path(os.environ[_HOME]), durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def template(server: str, django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> str:
    """The name of a database with the schema and the built-in rows, made by whoever asks first."""
    with (Path(os.environ[_HOME]) / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(server, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone()
            if not found:
                connection.execute("CREATE DATABASE template_in_the_making")
                with django_db_blocker.unblock():
                    _make_schema(named(server, "template_in_the_making"))
                connection.execute(f"ALTER DATABASE template_in_the_making RENAME TO {_TEMPLATE}")
    return _TEMPLATE


@pytest.fixture(scope="session")
def django_db_setup(server: str, template: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """pytest-django's database: this process's own copy of the template."""
    from django.apps import apps
    from django.contrib.contenttypes.management import create_contenttypes
    from django.db import connections
    from django.db.models.signals import post_migrate

    from ripeline.config import schema

    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    _point_django_to(named(server, name))

    def plant_again(**_: object) -> None:  # a test with real transactions ends by emptying every table
        schema.seed()

    post_migrate.connect(plant_again, sender=apps.get_app_config("ripeline"))
    # Django's lists of models are not emptied, and need not be written anew.
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(connections["default"].ops, "sql_flush", _emptied_by(connections["default"].ops.sql_flush))
        yield
    post_migrate.disconnect(plant_again, sender=apps.get_app_config("ripeline"))
    with django_db_blocker.unblock():
        connections.close_all()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


_KEPT = {"auth_permission", "django_content_type"}  # what there is of models: no test changes that
_LARGE = 1 << 20  # bytes of a table from which on it is cut off rather than emptied row by row


def _emptied_by(truncate: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """What empties the tables: of the many few are filled, by few rows, and to cut off all costs ten times as much."""
    from django.db import connections

    def sql_flush(style: Any, tables: Sequence[str], **named: Any) -> list[str]:
        tables = [name for name in tables if name not in _KEPT]
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT max(pg_relation_size(oid)) FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
            if cursor.fetchone()[0] > _LARGE:
                return truncate(style, tables, **named)
            cursor.execute(
                " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables)
            )
            filled = [f'DELETE FROM "{name}"' for (name,) in cursor.fetchall()]
        # As TRUNCATE does: without asking who points where.
        return ["SET LOCAL session_replication_role = replica", *filled]

    return sql_flush


def _make_schema(url: str) -> None:
    from django.db import connections

    from ripeline.config import schema

    _point_django_to(url)
    schema.prepare()
    connections.close_all()


def _point_django_to(url: str) -> None:
    from django.db import connections
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(url)
    connections["default"].settings_dict.update(
        NAME=parts["dbname"], HOST=parts["host"], PORT=parts["port"], USER=parts["user"], PASSWORD="", OPTIONS={}
    )
