"""kill -9 of a sending worker, again and again: no mail goes out twice, and what is in doubt is shown as such."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ripeline.postgres import ensure
from tests.home_plugin import environment, until
from tests.mail_server import Post, StartPost

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("up")]

MAILS = 120
_QUEUE = f"""
import django
django.setup()
from django.db import transaction
from ripeline.outbox import actions
with transaction.atomic():
    for number in range({MAILS}):
        actions.send(kind="thanks", to=f"p{{number}}@northgate.example", key=str(number),
                     context={{"subject": "Thank you", "text": "We call you."}})
"""


@pytest.fixture
def house(served: Path, start_post: StartPost) -> Iterator[tuple[Post, dict[str, str], str]]:
    """A mail server, the environment of commands that use it, and the database."""
    post = start_post()
    with ensure(served) as url:
        yield (
            post,
            environment(
                served,
                DATABASE_URL=url,
                DJANGO_SETTINGS_MODULE="ripeline.config.settings",
                RIPELINE_SMTP_URL=f"smtp://127.0.0.1:{post.port}",
                RIPELINE_MAIL_FROM="leads@northwind.example",
            ),
            url,
        )


def states(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM message GROUP BY 1").fetchall())


def test_a_worker_killed_while_it_sends_sends_nothing_twice(house: tuple[Post, dict[str, str], str]):
    post, settings, url = house
    subprocess.run([sys.executable, "-P", "-c", _QUEUE], env=settings, check=True)
    assert states(url) == {"waiting": MAILS}
    for _ in range(4):
        before = len(post.received)
        worker = subprocess.Popen([sys.executable, "-P", "-m", "ripeline.cli", "worker"], env=settings)
        try:
            until(lambda start=before: len(post.received) >= start + 8, seconds=90)
        finally:
            worker.kill()
            worker.wait()
        with psycopg.connect(url) as connection:  # the leases of the dead worker run out, and what it began is stale
            connection.execute("UPDATE message SET due_at = created_at WHERE state = 'waiting'")
            connection.execute("UPDATE message SET handed_at = handed_at - interval '1 hour' WHERE state = 'sending'")
    worker = subprocess.Popen([sys.executable, "-P", "-m", "ripeline.cli", "worker"], env=settings)
    try:
        until(lambda: not {"waiting", "sending"} & states(url).keys(), seconds=120)
    finally:
        worker.terminate()
        assert worker.wait(timeout=60) == 0
    arrived = [each.to for each in post.received]
    assert len(arrived) == len(set(arrived)), "one was sent twice"
    end = states(url)
    assert end.get("sent", 0) + end.get("doubt", 0) == MAILS
    assert end.get("doubt", 0) <= 4, "a killed worker leaves at most the one it had in hand in doubt"
    with psycopg.connect(url) as connection:
        sent = connection.execute("SELECT to_address FROM message WHERE state = 'sent'").fetchall()
    assert {address for (address,) in sent} <= set(arrived), "what is said to be sent has arrived"


def test_an_idle_worker_is_woken_by_what_is_to_be_sent(house: tuple[Post, dict[str, str], str]):
    post, settings, url = house
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM message")
        connection.execute("DELETE FROM beat")
    worker = subprocess.Popen([sys.executable, "-P", "-m", "ripeline.cli", "worker"], env=settings)
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            until(lambda: connection.execute("SELECT 1 FROM beat WHERE name = 'worker'").fetchone(), seconds=60)
        subprocess.run([sys.executable, "-P", "-c", _QUEUE], env=settings, check=True)
        until(lambda: states(url) == {"sent": MAILS}, seconds=120)
    finally:
        worker.terminate()
        worker.wait(timeout=60)
    assert len(post.received) == MAILS
