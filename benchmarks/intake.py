"""Taking tracked events, durable before the answer, beside commits of one row each and COPY into the same table.

A real `ripeline intake` process over HTTP; the load comes from a process of its own, on the same machine and cores.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uuid_utils.compat

from benchmarks import _pace
from benchmarks._figures import Figure, database

CONNECTIONS = (1, 8, 32, 256)
SECONDS = float(os.environ.get("BENCH_SECONDS", "6"))
BATCH, BATCH_CONNECTIONS = 100, 8
GOALS = {"single_8": 1_500.0, "single_8_p99": 25.0, "single_256": 5_000.0, "batch_100": 50_000.0}
UMAMI = {1: 150.0, 8: 262.0, 32: 292.0}  # Umami 3, another day, a machine of the same kind
_INSERT = """\\set n random(1, 1000000000)
INSERT INTO one_row VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'view', 'pricing', 'human', true, now(), now(),
 NULL, 'www.casaverde.example', '/pricing', '127.0.0.0/24', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', '',
 '{"title": "Prices"}');
"""


def run(say: Callable[[str], None]) -> Iterator[Figure]:
    with database() as url:
        from ripeline.catalog import tracking
        from ripeline.people import queries as people
        from ripeline.timeline.models import Hit

        pace = _pace.measured(url)
        yield Figure("pace", pace, "of the goals' machine", 1)
        key = tracking.add_site(actor=people.system(), address="www.casaverde.example").key
        with _served(url) as port:
            for connections in CONNECTIONS:
                say(f"One event a request, {connections} connections …")
                before = Hit.objects.count()
                found = _load("single", connections, port, key)
                assert Hit.objects.count() - before >= found["events"], "what was accepted is there"
                limit = _one_row_commits(url, connections)
                yield from _figures(f"single_{connections}", found, limit, "commits of one row", pace,
                                    UMAMI.get(connections))  # fmt: skip
            say(f"{BATCH} events a request, {BATCH_CONNECTIONS} connections …")
            found = _load("batch", BATCH_CONNECTIONS, port, key)
        yield from _figures(f"batch_{BATCH}", found, _copied(url), "COPY of the same rows, one connection", pace, None)


def _figures(
    name: str, found: dict[str, Any], limit: float, what: str, pace: float, recorded: float | None
) -> Iterator[Figure]:
    rate, events = found["events"] / found["seconds"], found["events"]
    yield Figure(
        name, rate, "events/s", events, limit=limit, peer=what, ratio=rate / limit,
        peer_recorded={"Umami 3": recorded} if recorded else None,
    )  # fmt: skip
    if goal := GOALS.get(name):
        yield Figure(f"{name}_goal", rate, "events/s", events, **_pace.reached(rate, goal, pace, is_rate=True))
    for part in (f"{name}_p50", f"{name}_p99"):
        value, goal = found[part[-3:]], GOALS.get(part)
        beside = _pace.reached(value, goal, pace, is_rate=False) if goal else {}
        yield Figure(part, value, "ms", found["requests"], **beside)


@contextlib.contextmanager
def _served(url: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    given = {**os.environ, "DATABASE_URL": url, "RIPELINE_PORT": str(port), "RIPELINE_INTAKE_RATE": "0"}
    server = subprocess.Popen([sys.executable, "-P", "-m", "ripeline.cli", "intake"], env=given)
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if time.monotonic() > deadline:
                raise TimeoutError("the intake did not start")
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=20)


def _load(what: str, connections: int, port: int, key: str) -> dict[str, Any]:
    """The load, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.intake", what, str(connections), str(port), key, str(SECONDS)]
    root = Path(__file__).parents[1]
    path = os.pathsep.join([str(root), str(root / "src")])
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert not found["refused"], f"{found['refused']} requests were refused"
    return found


def _one_row_commits(url: str, connections: int) -> float:
    """pgbench on a table like `hit` with its key: so many clients, each row a commit."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS one_row")
        connection.execute("CREATE TABLE one_row (LIKE hit INCLUDING ALL)")
    return _pace.commits(url, _INSERT, connections=connections, seconds=max(2, int(SECONDS)))


def _copied(url: str) -> float:
    """The rows that the batches brought, by COPY in transactions of as many as the intake's groups at most."""
    import psycopg

    from ripeline.intake.writer import GROUP

    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE IF EXISTS one_row")
        connection.execute("CREATE TABLE one_row (LIKE hit INCLUDING ALL)")
        connection.commit()
        portions = []
        for n in range(20):
            part = f"SELECT * FROM hit ORDER BY event_id DESC OFFSET {n * GROUP} LIMIT {GROUP}"
            with connection.cursor().copy(f"COPY ({part}) TO STDOUT (FORMAT binary)") as out:
                portions.append(b"".join(bytes(block) for block in out))
        began = time.perf_counter()
        for portion in portions:
            with connection.cursor().copy("COPY one_row FROM STDIN (FORMAT binary)") as into:
                into.write(portion)
            connection.commit()
        return 20 * GROUP / (time.perf_counter() - began)


class _Client(asyncio.Protocol):
    """One connection that sends the next request when the answer to the last has come."""

    def __init__(self, make: Callable[[], tuple[bytes, int]], until: float, tally: dict[str, Any]) -> None:
        self.make, self.until, self.tally = make, until, tally
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self._send()

    def _send(self) -> None:
        request, self.events = self.make()
        self.began = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if data.startswith(b"HTTP/1.1 202"):
            self.tally["events"] += self.events
            self.tally["times"].append(now - self.began)
        else:
            self.tally["refused"] += 1
        if now < self.until:
            self._send()
        else:
            self.done.set_result(None)
            self.transport.close()


def _event() -> str:
    moment = time.time_ns() // 1_000_000
    return (
        f'{{"visitor":"{uuid.uuid4()}","id":"{uuid_utils.compat.uuid7()}","url":"https://www.casaverde.example/pricing",'
        f'"at":{moment},"title":"Prices","consent":true,"staff":false,"automated":false,"referrer":""'
    )


def _request(path: str, body: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://www.casaverde.example\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0\r\nContent-Type: text/plain;charset=UTF-8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


async def _send_all(what: str, connections: int, port: int, key: str, seconds: float) -> dict[str, Any]:
    def single() -> tuple[bytes, int]:
        return _request("/i/e", f'{_event()},"site":"{key}","sent":{time.time_ns() // 1_000_000}}}'), 1

    def batch() -> tuple[bytes, int]:
        many = ",".join(f"{_event()}}}" for _ in range(BATCH))
        return _request("/i/batch", f'{{"site":"{key}","sent":{time.time_ns() // 1_000_000},"events":[{many}]}}'), BATCH

    made: Callable[[], tuple[bytes, int]] = single if what == "single" else batch
    if what == "batch":  # made beforehand: what a sender needs to write them is not what is measured
        ready = iter([batch() for _ in range(int(seconds * 800))])
        made = lambda: next(ready)  # noqa: E731
    for warm in (True, False):
        tally: dict[str, Any] = {"events": 0, "refused": 0, "times": []}
        began = time.perf_counter()
        until = began + (1 if warm else seconds)
        loop = asyncio.get_running_loop()
        clients = [
            (await loop.create_connection(lambda: _Client(made, until, tally), "127.0.0.1", port))[1]  # noqa: B023
            for _ in range(connections)
        ]
        await asyncio.gather(*(client.done for client in clients))
        took = time.perf_counter() - began
    times = sorted(tally.pop("times"))
    return {
        **tally, "seconds": took, "requests": len(times), "p50": 1000 * times[len(times) // 2],
        "p99": 1000 * times[int(len(times) * 0.99)],
    }  # fmt: skip


if __name__ == "__main__":
    what, connections, port, key, seconds = sys.argv[1:]
    print(json.dumps(asyncio.run(_send_all(what, int(connections), int(port), key, float(seconds)))))
