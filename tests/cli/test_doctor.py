"""`ripeline doctor` says what is wrong and what to do, whatever is broken, and changes nothing."""

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.cli.conftest import Run
from tests.imap_server import Box
from tests.mail_server import StartPost

Look = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def look(run: Run, empty_home: Path) -> Look:
    """Ask the doctor about a home; its findings by name, with the exit status under "status"."""

    def ask(**settings: str) -> dict[str, dict[str, Any]]:
        done = run("doctor", "--json", **{"RIPELINE_HOME": str(empty_home), **settings})
        assert "Traceback" not in done.err
        findings = {finding["check"]: finding for finding in done.json["findings"]}
        assert done.json["ok"] == all(finding["ok"] for finding in findings.values())
        assert done.status == (0 if done.json["ok"] else 1)
        return findings

    return ask


def wrong(findings: dict[str, dict[str, Any]]) -> set[str]:
    """The names of the checks that found something; each says what to do."""
    names = {name for name, finding in findings.items() if not finding["ok"]}
    assert all(findings[name]["do"] for name in names)
    return names


def test_a_machine_on_which_nothing_was_started_is_well_and_stays_untouched(look: Look, empty_home: Path):
    assert not wrong(look())
    assert not list(empty_home.iterdir())


def test_words_for_people_say_the_same(run: Run, empty_home: Path):
    done = run("doctor", RIPELINE_HOME=str(empty_home))
    assert done.status == 0
    assert "✓ disk" in done.out
    assert "Everything is well." in done.err


def test_wrong_settings_are_a_finding(look: Look):
    findings = look(RIPELINE_PROT="8000", RIPELINE_BIND="x")
    assert wrong(findings) == {"settings"}
    assert "RIPELINE_PORT?" in findings["settings"]["what"]


def test_a_taken_port_is_a_finding_that_names_who_has_it(look: Look):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        findings = look(RIPELINE_PORT=str(other.getsockname()[1]))
    assert wrong(findings) == {"port"}
    assert f"(process {os.getpid()})" in findings["port"]["what"]
    assert "--port" in findings["port"]["do"]
    assert "make run PORT=" in findings["port"]["what"] + findings["port"]["do"]


def test_a_secret_that_others_can_read_is_a_finding(look: Look, empty_home: Path):
    (empty_home / "secret_key").write_text("x" * 60)
    (empty_home / "secret_key").chmod(0o644)
    findings = look()
    assert wrong(findings) == {"permissions"}
    assert "chmod 600" in findings["permissions"]["do"]


def test_data_of_another_version_is_a_finding_and_the_rest_is_still_looked_at(look: Look, home: Path):
    (home / "database" / "PG_VERSION").write_text("12\n")
    findings = look()
    assert wrong(findings) == {"database"}
    assert "PostgreSQL 12" in findings["database"]["what"]
    assert findings["port"]["ok"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_data_that_belongs_to_somebody_else_is_a_finding(look: Look, home: Path):
    subprocess.run(["chown", "-R", "root", home / "database"], check=True)
    assert wrong(look()) == {"permissions", "database"}


def test_a_clock_that_went_back_is_a_finding(look: Look, empty_home: Path):
    (empty_home / "run").mkdir()
    (empty_home / "run" / "state.json").write_text("{}")
    tomorrow = time.time() + 86_400
    os.utime(empty_home / "run" / "state.json", (tomorrow, tomorrow))
    assert wrong(look()) == {"clock"}


def test_a_server_that_does_not_answer_is_a_finding(look: Look):
    findings = look(DATABASE_URL="postgresql://ripeline@127.0.0.1:1/ripeline")
    assert wrong(findings) == {"database"}
    assert "DATABASE_URL" in findings["database"]["do"]


def test_a_worker_that_never_ran_is_a_finding(look: Look, database: str):
    assert wrong(look(DATABASE_URL=database)) == {"worker"}


def test_a_worker_that_is_silent_is_a_finding(look: Look, database: str):
    beat(database, "1 second")
    assert not wrong(look(DATABASE_URL=database))
    beat(database, "20 minutes")
    findings = look(DATABASE_URL=database)
    assert wrong(findings) == {"worker"}
    assert "20 minutes ago" in findings["worker"]["what"]


def test_data_whose_migrations_were_squashed_otherwise_is_well(look: Look, database: str):
    beat(database, "1 second")
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('ripeline', '0001_squashed_0050_gone', now())"
        )
    assert not wrong(look(DATABASE_URL=database))


def test_a_schema_behind_and_one_of_a_newer_ripeline_are_findings(look: Look, database: str):
    beat(database, "1 second")
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('ripeline', '9999_later', now())"
        )
    findings = look(DATABASE_URL=database)
    assert wrong(findings) == {"schema"}
    assert "newer Ripeline" in findings["schema"]["what"]
    with psycopg.connect(database) as connection:
        connection.execute("DELETE FROM django_migrations WHERE app = 'ripeline'")
    findings = look(DATABASE_URL=database)
    assert wrong(findings) == {"schema"}
    assert "ripeline db migrate" in findings["schema"]["do"]


def test_a_mail_server_is_signed_in_to_and_what_is_wrong_with_it_is_a_finding(look: Look, start_post: StartPost):
    post = start_post()
    mail = {
        "RIPELINE_SMTP_URL": f"smtp://127.0.0.1:{post.port}",
        "RIPELINE_MAIL_FROM": "leads@northwind.example",
        "RIPELINE_BASE_URL": "https://leads.northwind.example",
    }
    assert not wrong(look(**mail))
    assert post.connections == 1
    assert post.asked == []
    del mail["RIPELINE_BASE_URL"]
    assert "RIPELINE_BASE_URL" in look(**mail)["mail"]["do"]
    findings = look(**mail | {"RIPELINE_SMTP_URL": "smtp://127.0.0.1:1"})
    assert wrong(findings) == {"mail"}
    assert "does not answer" in findings["mail"]["what"]


def test_the_mailbox_to_which_mail_comes_back_is_signed_in_to(look: Look, box: Box):
    assert "INBOX, can be read" in look(RIPELINE_BOUNCES_URL=box.url)["bounces"]["what"]
    findings = look(RIPELINE_BOUNCES_URL=box.url.replace("secret", "other"))
    assert wrong(findings) == {"bounces"}
    assert "Check user and password" in findings["bounces"]["do"]


def test_another_secret_key_than_the_one_that_addresses_were_noted_under_is_a_finding(look: Look, database: str):
    beat(database, "1 second")
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE mail_server SET key_check = 'another'")
        connection.execute(
            "INSERT INTO suppression (id, address_hash, scope, reason, note, at, lifted_why)"
            " VALUES (gen_random_uuid(), 'x', 'everything', 'by_hand', '', now(), '')"
        )
    assert "another secret key" in look(DATABASE_URL=database)["outbox"]["what"]


def beat(database: str, ago: str) -> None:
    """A worker's last sign of life."""
    with psycopg.connect(database) as connection:
        connection.execute("DELETE FROM beat")
        connection.execute(
            "INSERT INTO beat (name, ended_at, error) VALUES ('worker', now() - %s::interval, '')", [ago]
        )
