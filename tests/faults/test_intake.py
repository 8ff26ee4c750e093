"""kill -9 of the database, the web process and the worker while visits come in: nothing accepted is lost or doubled."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
import uuid_utils.compat

from tests.faults.test_up import Up
from tests.home_plugin import Command, kill, server, until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("up")]

KEY = "key-of-the-site"
SENDERS = 4


@pytest.fixture
def up(served: Path) -> Iterator[Up]:
    running = Up(served, RIPELINE_INTAKE_RATE="0")
    try:
        running.until_said("Ripeline is ready")
        yield running
    finally:
        running.end()
        running.process.communicate()


class Sender(threading.Thread):
    """Somebody who sends visits, each until it is accepted."""

    def __init__(self, port: int, visitor: UUID, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port, self.visitor, self.over = port, visitor, over
        self.accepted: list[UUID] = []
        self.statuses: set[int] = set()

    def run(self) -> None:
        while not self.over.is_set():
            event = uuid_utils.compat.uuid7()
            while (status := self._send(event)) != 202:
                self.statuses.add(status)
                time.sleep(0.05)
                if self.over.is_set():
                    return
            self.accepted.append(event)

    def _send(self, event: UUID) -> int:
        body = {"site": KEY, "visitor": str(self.visitor), "id": str(event), "url": "http://shop.example/pricing"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/i/e", json.dumps(body), {"User-Agent": "Firefox"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


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
    over = threading.Event()
    senders = [Sender(up.port, known if n == 0 else uuid4(), over) for n in range(SENDERS)]
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
    accepted = {(sender.visitor, event) for sender in senders for event in sender.accepted}
    assert {status for sender in senders for status in sender.statuses} <= {0, 503}, "refused in no other way"
    with psycopg.connect(url) as connection:
        stored = connection.execute("SELECT visitor_id, event_id FROM hit").fetchall()
        theirs = connection.execute(
            "SELECT event_key FROM activity WHERE lead_id = %s AND origin = 'hit'", [lead]
        ).fetchall()
    assert len(stored) == len(set(stored))
    assert accepted <= set(stored)
    assert {key for (key,) in theirs} == {f"{v.hex}{e.hex}" for v, e in stored if v == known}
