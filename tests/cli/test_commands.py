"""Commands as somebody types them: real processes on the run's own server."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import Run
from tests.server_plugin import named


def test_help_answers_without_django_and_names_every_command(run: Run):
    done = run("--help")
    assert done.status == 0
    for name in ("up", "web", "worker", "status", "doctor", "user", "db"):
        assert f"\n  {name} " in done.out
    loaded = subprocess.run(
        [sys.executable, "-c", "import ripeline.cli.main, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"django", "psycopg", "granian", "numpy"} & set(loaded)


def test_a_misspelt_setting_ends_the_command_with_the_likely_name(run: Run):
    done = run("status", RIPELINE_PROT="1")
    assert done.status == 2
    assert "did you mean RIPELINE_PORT?" in done.err
    assert "Traceback" not in done.err
    assert not done.out


def test_a_failure_is_one_object_too(run: Run):
    done = run("status", "--json", RIPELINE_PROT="1")
    assert done.status == 2
    assert "RIPELINE_PORT" in done.json["error"]


def test_wrong_arguments_show_how_it_is_used(run: Run):
    done = run("user", "add", "alice@example.com", "--role", "queen")
    assert done.status == 2
    assert "Usage: " in done.err
    assert run("status", "--jason").status == 2


def test_status_of_a_new_company(run: Run, database: str):
    found = run("status", "--json", DATABASE_URL=database).json
    assert found["leads"]["total"] == 0
    assert found["leads"]["by_state"]["won"] == 0
    assert (found["wins"], found["shoebox"], found["timeline"]) == (0, 0, 0)
    assert found["reactions"] == {"waiting": 0, "lag_seconds": 0.0}
    assert found["versions"]["postgresql"].startswith("18")
    assert "nobody is forgotten" in run("status", DATABASE_URL=database).out


def test_a_person_is_added_with_a_password_and_can_sign_in(run: Run, database: str):
    done = run(
        "user", "add", "Alice@Example.com", "--role", "rep", "--team", "North", "--password-stdin", "--json",
        stdin="ripe-tomatoes-in-may\n", DATABASE_URL=database,
    )  # fmt: skip
    assert done.status == 0, done.err
    assert (done.json["email"], done.json["team"], done.json["invitation"]) == ("alice@example.com", "North", "")
    with psycopg.connect(database) as connection:
        row = connection.execute(
            'SELECT role, team.name, password FROM "user" JOIN team ON team.id = team_id WHERE email = %s',
            ["alice@example.com"],
        ).fetchone()
    assert row
    assert row[:2] == ("rep", "North")
    assert row[2].startswith("argon2")
    assert "ripe-tomatoes" not in row[2]


def test_a_person_without_a_password_gets_a_link_on_the_companys_address(run: Run, database: str):
    done = run(
        "user", "add", "bob@example.com", "--role", "sdr",
        DATABASE_URL=database, RIPELINE_BASE_URL="https://leads.example.com",
    )  # fmt: skip
    assert done.status == 0, done.err
    assert done.out.startswith("https://leads.example.com/invitation/")
    assert done.out.count("\n") == 1
    assert "Nobody administers this Ripeline yet" in done.err
    boss = run("user", "add", "ada@example.com", "--role", "admin", DATABASE_URL=database)
    assert "Nobody administers" not in boss.err


def test_nobody_is_added_twice_or_with_a_weak_password_and_no_team_is_left_behind(run: Run, database: str):
    assert run("user", "add", "bob@example.com", "--role", "rep", DATABASE_URL=database).status == 0
    again = run("user", "add", "bob@example.com", "--role", "rep", "--team", "Lost", DATABASE_URL=database)
    assert again.status == 1
    assert "already here" in again.err
    weak = run(
        "user", "add", "c@example.com", "--role", "rep", "--password-stdin", stdin="123\n", DATABASE_URL=database
    )
    assert weak.status == 1
    assert "too short" in weak.err
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM team").fetchone() == (0,)


def test_migrating_twice_changes_nothing_the_second_time(run: Run, server: str):
    name = f"empty_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            first = run("db", "migrate", "--json", DATABASE_URL=named(server, name))
            assert (first.status, first.json) == (0, {"migrated": True}), first.err
            assert run("db", "migrate", "--json", DATABASE_URL=named(server, name)).json == {"migrated": False}
            assert run("db", "check", DATABASE_URL=named(server, name)).status == 0
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_broken_promise_is_found_by_sql(run: Run, database: str):
    assert run("db", "check", "--json", DATABASE_URL=database).json["ok"] is True
    with psycopg.connect(database) as connection:
        connection.execute(
            """
            INSERT INTO activity (id, lead_id, kind, origin, event_key, occurred_at, recorded_at, actor_id,
                is_private, body, data)
            SELECT gen_random_uuid(), gen_random_uuid(), 'note', 'test', '1', now(), now(), id, false, '', '{}'
            FROM "user" WHERE is_system
            """
        )
    done = run("db", "check", "--json", DATABASE_URL=database)
    assert done.status == 1
    broken = [check for check in done.json["checks"] if not check["ok"]]
    assert [(check["check"], check["rows"]) for check in broken] == [("activities_belong_to_leads", 1)]


def test_a_server_that_does_not_answer_is_said_in_plain_words(run: Run):
    done = run("status", DATABASE_URL="postgresql://ripeline@127.0.0.1:1/ripeline")
    assert done.status == 3
    assert "Check DATABASE_URL" in done.err
    assert "Traceback" not in done.err


def test_the_demo_never_lands_in_a_companys_home_nor_the_company_in_the_demos(run: Run, tmp_path: Path):
    (tmp_path / "home").mkdir()
    for kind, demo, words in (("company", ["--demo"], "leave --demo out"), ("demo", [], "start it with --demo")):
        (tmp_path / "home" / "kind").write_text(kind)
        done = run("up", *demo)
        assert done.status == 2
        assert words in done.err
    (tmp_path / "home" / "kind").unlink()
    (tmp_path / "home" / "letters.txt").write_text("mine")
    assert "is not empty" in run("up", "--demo").err


@pytest.mark.parametrize(
    ("given", "command"),
    [((), "ripeline up --demo"), (("PORT=8124",), "ripeline up --port 8124 --demo"), (("DEMO=0",), "ripeline up")],
)
def test_make_run_names_a_port_only_where_one_is_given_so_that_the_setting_counts(given: Sequence[str], command: str):
    clean = {"PATH": os.environ["PATH"], "RIPELINE_PORT": "8123"}
    done = subprocess.run(
        ["make", "--dry-run", "--assume-old=setup", "run", *given],
        cwd=Path(__file__).parents[2], env=clean, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert " ".join(done.stdout.splitlines()[-1].split()).endswith(command)
