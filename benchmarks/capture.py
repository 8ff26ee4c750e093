"""From a known person's visit to their new score, at 500 visits a second; and whole captures by the API.

A real `ripeline intake` and a real `ripeline worker` on a made company (`--leads`), on the same machine and cores as
what sends; the night's work has been done. Every visit is another lead's. A visit counts as seen in the score when
another connection reads a score made after it was sent.

A capture is one POST to the real `ripeline web` by 8 connections, answered when the lead is kept, resolved, routed and
scored. Each is another person, every fourth at the company of one before. What it costs of a processor is said apart
for the web processes, the database and what sends: that holds on a busy machine, too.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uuid_utils.compat

from benchmarks import _pace
from benchmarks._figures import Figure, company
from benchmarks.intake import _request, _served
from benchmarks.screens import asked, processor, serving

LEADS = 20_000
RATE = 500.0  # visits a second
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
CONNECTIONS = 16
GOAL = 1000.0  # ms
CAPTURES, AT_ONCE = 1_200, 8
A_SECOND, LATE = 400.0, 50.0  # the goals: captures, and ms of the hundredth part that takes longest
# Leads made a second by eight connections, and ms at p99, elsewhere: without a score, a route or a resolved identity.
RECORDED = {"Odoo 18 CRM": 49.0, "Django-CRM": 98.0}
RECORDED_LATE = {"Odoo 18 CRM": 230.0, "Django-CRM": 110.0}
LOOK = 0.02  # seconds between looks at the scores
PATIENCE = 120.0  # seconds after the last visit


def run(say: Callable[[str], None], leads: int = LEADS, keep: Path | None = None) -> Iterator[Figure]:
    with company(leads, keep=keep, say=say) as url:
        from django.db import connection

        pace = _pace.measured(url)
        yield Figure("pace", pace, "of the goals' machine", 1)
        from ripeline.catalog import tracking
        from ripeline.catalog.models import Site
        from ripeline.people import queries as people

        found = Site.objects.first()
        key = (found or tracking.add_site(actor=people.system(), address="www.casaverde.example")).key
        browsers = _known(int(RATE * SECONDS))
        _night_is_over()
        with connection.cursor() as cursor:
            cursor.execute("CREATE INDEX IF NOT EXISTS bench_scored ON score (scored_at)")
            cursor.execute("DELETE FROM reaction")
        with _served(url) as port, _working(url):
            say(f"{len(browsers):,} visits of as many leads, {RATE:.0f} a second …")
            times, rate = _measure(url, port, key, browsers)
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX bench_scored")
        say(f"{CAPTURES:,} captures by {AT_ONCE} connections …")
        captures, seconds, costs = _captured()
    times.sort()
    n = len(times)
    yield Figure("event_to_score_sent", rate, "events/s", n)
    yield Figure("event_to_score_p50", times[n // 2], "ms", n)
    p99 = times[int(n * 0.99)]
    yield Figure("event_to_score_p99", p99, "ms", n, **_pace.reached(p99, GOAL, pace, is_rate=False))
    rate, late = len(captures) / seconds, sorted(captures)[int(len(captures) * 0.99)]
    yield Figure(f"captures_{AT_ONCE}", rate, "captures/s", leads,
                 **_pace.reached(rate, A_SECOND, pace, is_rate=True), peer_recorded=RECORDED)  # fmt: skip
    yield Figure(f"captures_{AT_ONCE}_p99", late, "ms", leads,
                 **_pace.reached(late, LATE, pace, is_rate=False), peer_recorded=RECORDED_LATE)  # fmt: skip
    for who, cost in costs.items():
        yield Figure(f"captures_{AT_ONCE}_{who}", 1000 * cost / len(captures), "CPU ms", leads)


def _captured() -> tuple[list[float], float, dict[str, float]]:
    """Ms of each capture, the seconds that all took, and of the processor's time what each who took part had of it;
    every one made a lead with a score."""
    from ripeline.leads.models import Lead
    from ripeline.people import keys
    from ripeline.people import queries as people
    from ripeline.ripeness.models import Score

    _, secret = keys.issue(actor=people.system(), name=f"bench {uuid.uuid4()}", scopes=["capture"])
    bodies = _people(CAPTURES + AT_ONCE, uuid.uuid4().hex[:8])
    before, scores = Lead.objects.count(), Score.objects.count()
    given = {"cookie": "", "headers": {"Authorization": f"Bearer {secret}"}, "connections": AT_ONCE, "seconds": 0.0}
    with serving() as (port, pids):
        warm = {"paths": ["/api/v1/enquiries"] * AT_ONCE, "bodies": bodies[:AT_ONCE], "times": 1}
        asked(given | warm | {"port": port})
        rest = {"paths": ["/api/v1/enquiries"] * CAPTURES, "bodies": bodies[AT_ONCE:], "times": CAPTURES // AT_ONCE}
        before_web, before_database = processor(pids)
        done = asked(given | rest | {"port": port})
        web, database = processor(pids)
    costs = {"web": web - before_web, "database": database - before_database, "sender": done["processor"]}
    made, scored = Lead.objects.count() - before, Score.objects.count() - scores
    assert made == scored == CAPTURES + AT_ONCE, (made, scored)
    return done["ms"], done["seconds"], costs


def _people(n: int, salt: str) -> list[str]:
    """So many captures, as JSON, other ones for each salt; four are of one company."""
    return [
        json.dumps(
            {
                "name": f"Anna {salt} Keller {at}", "email": f"anna.{at}@firm{at // 4}-{salt}.example",
                "company": f"Firm {at // 4} {salt}", "title": "Head of operations",
                "phone": f"+44 20 7183 {at % 10_000:04d}", "message": "We need two by spring.",
            }
        )
        for at in range(n)
    ]  # fmt: skip


def _known(n: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(lead, their browser) of so many open leads that came some days ago and were never seen: also of a company that
    was kept each run finds others, and as many of them turn likely ready."""
    from datetime import timedelta

    from django.db.models import Exists, OuterRef

    from ripeline.base import clock
    from ripeline.leads.models import IS_OPEN, Lead
    from ripeline.timeline.models import Visitor

    now = clock.now()
    came = Lead.objects.filter(
        IS_OPEN, ~Exists(Visitor.objects.filter(lead_id=OuterRef("pk"))), episode_at__lt=now - timedelta(days=2)
    )
    browsers = [(pk, uuid.uuid4()) for pk in came.order_by("pk").values_list("pk", flat=True)[:n]]
    if len(browsers) < n:
        raise ValueError(f"{n:,} open leads are needed for {SECONDS:g} s; there are {len(browsers):,}.")
    Visitor.objects.bulk_create(
        [
            Visitor(visitor_id=browser, lead_id=pk, since=now - timedelta(days=1), is_strong=True, how="form",
                    linked_at=now - timedelta(days=1))
            for pk, browser in browsers
        ],
        batch_size=2000,
    )  # fmt: skip
    return browsers


def _night_is_over() -> None:
    """The schedule's tasks have run, so that none of them runs meanwhile but those of every minute."""
    from ripeline.base import clock
    from ripeline.worker.models import Beat
    from ripeline.worker.schedule import TASKS

    for task in TASKS:
        Beat.objects.update_or_create(
            name=task.name, defaults={"began_at": clock.now(), "ended_at": clock.now(), "error": ""}
        )


@contextlib.contextmanager
def _working(url: str) -> Iterator[None]:
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "ripeline.cli", "worker"], env={**os.environ, "DATABASE_URL": url}
    )  # fmt: skip
    try:
        time.sleep(8)  # until it listens
        yield
    finally:
        worker.terminate()
        worker.wait(timeout=60)


def _measure(url: str, port: int, key: str, browsers: list[tuple[uuid.UUID, uuid.UUID]]) -> tuple[list[float], float]:
    """Ms from sending each visit until its lead's new score is seen; and how many a second were sent."""
    sent: dict[uuid.UUID, float] = {}
    seen: dict[uuid.UUID, float] = {}
    done = threading.Event()
    began = datetime.now(UTC)
    watcher = threading.Thread(target=_watch, args=(url, began, len(browsers), seen, done))
    watcher.start()
    started = time.perf_counter()
    asyncio.run(_send(port, key, browsers, sent))
    rate = len(sent) / (time.perf_counter() - started)
    done.wait(PATIENCE)
    done.set()
    watcher.join()
    missing = [pk for pk, _ in browsers if pk not in seen]
    assert not missing, f"{len(missing):,} visits were not in a score after {PATIENCE:g} s"
    return [1000 * (seen[pk] - at) for pk, at in sent.items()], rate


def _watch(url: str, began: datetime, n: int, seen: dict[uuid.UUID, float], done: threading.Event) -> None:
    """Note when each lead's score is first seen to be newer than `began`."""
    import psycopg

    after = began
    with psycopg.connect(url, autocommit=True) as eyes:
        while not done.is_set() and len(seen) < n:
            rows = eyes.execute(
                "SELECT lead_id, scored_at FROM score WHERE scored_at >= %s AND signals <> 0", [after]
            ).fetchall()
            now = time.perf_counter()
            for lead_id, _ in rows:
                seen.setdefault(lead_id, now)
            time.sleep(LOOK)
    done.set()


async def _send(port: int, key: str, browsers: list[tuple[uuid.UUID, uuid.UUID]], sent: dict[uuid.UUID, float]) -> None:
    """One visit each, evenly paced; each connection takes its turn, and asks again when it was answered."""
    start = time.perf_counter()

    async def one(place: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for at in range(place, len(browsers), CONNECTIONS):
            lead_id, browser = browsers[at]
            await asyncio.sleep(max(start + at / RATE - time.perf_counter(), 0))
            moment = time.time_ns() // 1_000_000
            body = (
                f'{{"visitor":"{browser}","id":"{uuid_utils.compat.uuid7()}","at":{moment},"sent":{moment},'
                f'"url":"https://www.casaverde.example/pricing","title":"Prices","consent":true,"site":"{key}"}}'
            )
            sent[lead_id] = time.perf_counter()
            writer.write(_request("/i/e", body))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 202"), head
            await reader.readexactly(_length(head))
        writer.close()

    await asyncio.gather(*(one(place) for place in range(CONNECTIONS)))


def _length(head: bytes) -> int:
    lengths: list[Any] = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-le")]
    return int(lengths[0]) if lengths else 0
