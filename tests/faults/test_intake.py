"""kill -9 of the database, the web process and the worker while visits and leads come in: nothing accepted is lost."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
import uuid_utils.compat

from tests.faults.test_up import Up, ready
from tests.home_plugin import Command, kill, server, until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("up")]

KEY, SECRET = "key-of-the-site", "rk_of-a-program"
VISITORS, PROGRAMS = 3, 2


@pytest.fixture
def up(served: Path) -> Iterator[Up]:
    with ready(served, RIPELINE_INTAKE_RATE="0") as running:
        yield running


class Sender(threading.Thread):
    """Somebody who sends something, the same until it is accepted, and then another."""

    def __init__(self, port: int, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port, self.over = port, over
        self.accepted: list[UUID] = []
        self.statuses: set[int] = set()

    def run(self) -> None:
        while not self.over.is_set():
            number = uuid_utils.compat.uuid7()
            while (status := self._send(number)) not in (200, 201, 202):
                self.statuses.add(status)
                time.sleep(0.05)
                if self.over.is_set():
                    return
            self.accepted.append(number)

    def _send(self, number: UUID) -> int:
        path, body, headers = self.said(number)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", path, json.dumps(body), headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def said(self, number: UUID) -> tuple[str, dict[str, str], dict[str, str]]:
        """Path, body and headers."""
        raise NotImplementedError


class Browser(Sender):
    """Somebody who looks at pages."""

    def __init__(self, port: int, over: threading.Event, visitor: UUID) -> None:
        super().__init__(port, over)
        self.visitor = visitor

    def said(self, number: UUID) -> tuple[str, dict[str, str], dict[str, str]]:
        body = {"site": KEY, "visitor": str(self.visitor), "id": str(number), "url": "http://shop.example/pricing"}
        return "/i/e", body, {"User-Agent": "Firefox"}


class Program(Sender):
    """A program that brings leads."""

    def said(self, number: UUID) -> tuple[str, dict[str, str], dict[str, str]]:
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
        return (
            "/api/v1/enquiries", {"email": address(number), "name": "Priya Raman"},
            headers | {"Idempotency-Key": str(number)},
        )  # fmt: skip


def address(number: UUID) -> str:
    return f"{number.hex}@northgate.example"


def test_nothing_accepted_is_lost_or_counted_twice(up: Up, command: Callable[..., Command]) -> None:
    url = command(up.home).said
    known, lead = uuid4(), uuid4()
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO site (host, key, created_at) VALUES ('shop.example', %s, now())", [KEY])
        connection.execute("UPDATE tracking SET version = version + 1")
        connection.execute(
            "INSERT INTO activity (id, lead_id, kind, origin, event_key, occurred_at, recorded_at, actor_id,"
            " is_private, body, data)"
            " SELECT gen_random_uuid(), %s, 'captured', 'test', '1', now(), now(), id, false, '', '{}'"
            ' FROM "user" WHERE is_system',
            [lead],
        )
        connection.execute(
            "INSERT INTO visitor (visitor_id, lead_id, since, is_strong, how, linked_at)"
            " VALUES (%s, %s, now(), true, 'form', now())",
            [known, lead],
        )
        connection.execute(
            "INSERT INTO api_key (id, name, start, digest, scopes, created_by_id, created_at)"
            """ SELECT gen_random_uuid(), 'Shop', 'rk_of', %s, '{capture}', id, now() FROM "user" WHERE is_system""",
            [sha256(SECRET.encode()).hexdigest()],
        )
    over = threading.Event()
    browsers = [Browser(up.port, over, known if n == 0 else uuid4()) for n in range(VISITORS)]
    programs = [Program(up.port, over) for _ in range(PROGRAMS)]
    senders = [*browsers, *programs]
    for sender in senders:
        sender.start()

    def so_far() -> int:
        return min(len(sender.accepted) for sender in senders)

    for victim in (
        lambda: server(up.home),
        lambda: up.child("web"),
        lambda: up.child("worker"),
        lambda: server(up.home),
    ):
        before = so_far()
        until(lambda before=before: so_far() > before + 3)
        mark = so_far()
        kill(victim())  # while they send
        until(lambda mark=mark: so_far() > mark + 5, seconds=90)
    over.set()
    for sender in senders:
        sender.join(timeout=30)
    assert {status for sender in senders for status in sender.statuses} <= {0, 503}, "refused in no other way"
    accepted = {(browser.visitor, event) for browser in browsers for event in browser.accepted}
    enquired = {address(number) for program in programs for number in program.accepted}
    with psycopg.connect(url) as connection:
        stored = connection.execute("SELECT visitor_id, event_id FROM hit").fetchall()
        theirs = connection.execute(
            "SELECT event_key FROM activity WHERE lead_id = %s AND origin = 'hit'", [lead]
        ).fetchall()
        came = connection.execute(
            "SELECT lead.email FROM enquiry JOIN lead ON lead.id = lead_id JOIN score ON score.lead_id = lead.id"
        ).fetchall()
        kept = connection.execute("SELECT content->'person'->>'email' FROM submission").fetchall()
    assert len(stored) == len(set(stored))
    assert accepted <= set(stored)
    assert {key for (key,) in theirs} == {f"{v.hex}{e.hex}" for v, e in stored if v == known}
    assert len(came) == len(set(came))
    assert enquired <= {email for (email,) in came}, "each is here once, with a score"
    assert sorted(kept) == sorted(came), "and nothing else"
