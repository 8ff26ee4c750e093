"""What a new installation makes in one step is to the letter what those of before came to, migration by migration."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from ripeline.postgres.account import choose
from ripeline.postgres.layout import Layout
from ripeline.postgres.programs import find
from tests.cli.conftest import Run
from tests.server_plugin import named

_MIDDLE = "0050_ids_of_systems"
# As a version did that had these migrations only, each by itself.
_AS_BEFORE = f"""
import django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
executor = MigrationExecutor(connection)
executor.loader = MigrationLoader(connection, replace_migrations=False)
executor.migrate([("ripeline", "{_MIDDLE}")])
"""
_FIRM = """
INSERT INTO account (id, key, name, domain, created_at)
VALUES (gen_random_uuid(), 'aepfel.example', 'Äpfel & Birnen', 'aepfel.example', now())
"""
_COLUMNS = """
SELECT relname, array_agg(attname ORDER BY attnum) FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    AND atttypid NOT IN ('uuid'::regtype, 'timestamptz'::regtype) AND attname <> 'password'
    AND relname !~ '^(django|auth)_'  -- numbered as they come
    AND relname <> 'mail_server'  -- made with the home's key
GROUP BY relname
"""


@pytest.fixture(scope="module")
def upgraded(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An installation that stood in the middle, with a company in it, and was brought up to date by this version."""
    name = f"upgraded_{os.getpid()}_{time.monotonic_ns()}"
    settings = {
        "DATABASE_URL": named(server, name),
        "DJANGO_SETTINGS_MODULE": "ripeline.config.settings",
        "RIPELINE_HOME": str(tmp_path_factory.mktemp("home")),
    }
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        python(settings, "-c", _AS_BEFORE)
        with psycopg.connect(named(server, name)) as there:
            there.execute(_FIRM)
        assert python(settings, "-m", "ripeline.cli", "db", "migrate", "--json") == '{"migrated": true}\n'
        yield named(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def python(settings: dict[str, str], *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **settings},
    ).stdout


def schema(url: str) -> list[str]:
    """Tables with their columns in order, indexes, constraints, partitions, sequences, functions: all there is."""
    layout = Layout(Path(os.environ["RIPELINE_TEST_HOME"]))
    dump = find(layout, None, choose(layout.data, None)).bin / "pg_dump"
    said = subprocess.run([dump, "--schema-only", "-d", url], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [line for line in said.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


def built_in(url: str) -> dict[str, list[str]]:
    """The rows of each table that has some, without what is each time another: ids, moments."""
    with psycopg.connect(url) as connection:
        found = {}
        for table, columns in connection.execute(_COLUMNS).fetchall():
            one = sql.SQL(", ").join(map(sql.Identifier, columns))
            asked = sql.SQL("SELECT jsonb_build_array({})::text FROM {}").format(one, sql.Identifier(table))
            found[table] = sorted(row for (row,) in connection.execute(asked))
    return {table: rows for table, rows in found.items() if rows}


def test_an_installation_that_stood_in_the_middle_goes_on_migration_by_migration(upgraded: str) -> None:
    with psycopg.connect(upgraded) as connection:
        assert connection.execute("SELECT named FROM account").fetchone() == ("n:äpfel birnen",)
        after = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM django_migrations WHERE app = 'ripeline' AND name > %s ORDER BY id", [_MIDDLE]
            )
        ]
    assert after[:2] == ["0051_other_name", "0055_consent_declined"]
    assert after == sorted(after)


def test_a_new_installation_has_the_very_schema_of_one_that_grew(upgraded: str, database: str) -> None:
    assert schema(database) == schema(upgraded)


def test_a_new_installation_has_the_built_in_rows_of_one_that_grew(upgraded: str, database: str) -> None:
    new, grown = built_in(database), built_in(upgraded)
    del grown["account"]
    assert {"close_reason", "ripening_term", "question", "purpose_wording", "page_rule"} <= new.keys()
    assert new == grown


def test_an_installation_at_the_newest_migration_has_nothing_to_apply(run: Run, upgraded: str, database: str) -> None:
    with psycopg.connect(upgraded) as connection:  # as the version left it that knew no other way
        connection.execute("DELETE FROM django_migrations WHERE name LIKE '%\\_squashed\\_%'")
    assert run("db", "migrate", "--json", DATABASE_URL=upgraded).json == {"migrated": False}
    newest = max(name for app, name in MigrationLoader(None).disk_migrations if app == "ripeline")
    for url in (upgraded, database):
        assert run("status", "--json", DATABASE_URL=url).json["versions"]["schema"] == newest


def test_both_ways_lead_to_the_models_that_are_there(db: None) -> None:
    """Of tables the dump tells; this is what Django believes of them, from which the next migration is made."""
    call_command("makemigrations", "ripeline", check=True, dry_run=True, verbosity=0)
    chain = MigrationLoader(None, replace_migrations=False)
    (last,) = (key for key in chain.graph.leaf_nodes("ripeline") if not chain.disk_migrations[key].replaces)
    grown, new = chain.project_state(last), MigrationLoader(None).project_state()
    for one, other in ((grown, new), (new, grown)):
        assert "ripeline" not in MigrationAutodetector(one, other).changes(chain.graph)
