"""An intake that runs on the test's own database, and people who send to it."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
import uuid_utils.compat
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from ripeline.base import clock
from ripeline.catalog import tracking
from ripeline.catalog.models import Site
from ripeline.intake.app import Intake, Terms
from ripeline.people import queries as people
from ripeline.timeline.models import Activity, Reaction

T = TypeVar("T")
SECRET = "a secret of these tests alone, long enough to sign with"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SITE = "www.casaverde.example"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Running:
    """An intake in a loop of its own, asked as granian asks it."""

    def __init__(self, url: str, **terms: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.intake = Intake(Terms(url, SECRET, **{"rate": 0, **terms}))
        self.run(self.intake.start())

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(timeout=60)

    def end(self) -> None:
        self.run(self.intake.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def __call__(self, method: str, path: str, body: Any = b"", **headers: str) -> Answer:
        return self.run(self.asked(method, path, body, **headers))

    async def asked(self, method: str, path: str, body: Any = b"", **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"user_agent": FIREFOX, "client": "203.0.113.7", **headers}
        client = given.pop("client")
        parts = path.partition("?")
        scope = {
            "type": "http", "method": method, "path": parts[0], "query_string": parts[2].encode(),
            "client": (client, 5000),
            "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in given.items()],
        }  # fmt: skip
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.intake(scope, receive, send)
        named = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], named, sent[1]["body"])

    @property
    def setup_is_read(self) -> bool:
        """Whether it knows the sites."""
        return bool(self.intake.setup.sites)

    def one(self, event: dict[str, Any], **headers: str) -> Answer:
        return self("POST", "/i/e", event, **{"origin": f"https://{SITE}", **headers})

    def batch(self, site: Site, events: list[dict[str, Any]], **more: Any) -> Answer:
        return self("POST", "/i/batch", {"site": site.key, "events": events, **more})


def address() -> str:
    """Of the test's database, as others than Django's connection reach it."""
    held = connection.settings_dict
    return f"postgresql:///{held['NAME']}?host={held['HOST']}&port={held['PORT']}&user={held['USER']}"


@pytest.fixture
def url(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database where what is written is committed at once, so that the intake sees it; emptied of it afterwards."""
    with django_db_blocker.unblock():
        yield address()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE hit, visitor, site, audit_entry, tried_host")


@pytest.fixture
def site(url: str) -> Site:
    return tracking.add_site(actor=people.system(), address=SITE)


@pytest.fixture
def lead_id(url: str) -> Iterator[UUID]:
    """Of a lead, as the timeline knows one."""
    known = Activity(
        lead_id=uuid4(), kind="captured", origin="test", event_key="1", actor=people.system(), occurred_at=clock.now()
    )
    known.save(force_insert=True)
    yield known.lead_id
    Reaction.objects.filter(lead_id=known.lead_id).delete()
    Activity.objects.filter(lead_id=known.lead_id).delete()


@pytest.fixture
def start(url: str) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def begin(**terms: Any) -> Running:
        running.append(Running(url, **terms))
        return running[-1]

    yield begin
    for each in running:
        each.end()


@pytest.fixture
def intake(start: Callable[..., Running], site: Site) -> Running:
    return start()


def event(visitor: UUID | None = None, path: str = "/pricing", **more: Any) -> dict[str, Any]:
    """An event as the script sends it."""
    now = time.time_ns() // 1_000_000
    return {
        "visitor": str(visitor or uuid4()),
        "id": str(uuid_utils.compat.uuid7()),
        "url": f"https://{SITE}{path}",
        "at": now,
        "sent": now,
        "consent": True,
        **more,
    }


def single(site: Site, visitor: UUID | None = None, path: str = "/pricing", **more: Any) -> dict[str, Any]:
    return event(visitor, path, site=site.key, **more)
