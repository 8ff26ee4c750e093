"""The screens of a company of a million leads, over HTTP from the real web process, beside what they ought to take."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from benchmarks import _pace
from benchmarks._figures import Figure, company

LEADS = 1_000_000
TIMES = 200  # a screen is asked for by one who waits for each answer
SECONDS = 5.0  # … and by eight at once
CONNECTIONS = 8
P50, P99, PER_SECOND = 8.0, 30.0, 600.0  # the goals: ms, ms, requests
RECORDED = {"Odoo 18 CRM, 100,000 leads": 40.0, "Django-CRM, 100,000 leads": 608.0}  # p50 of their list, another run
CROWDED = ("today", "leads_mine")  # what reps have open all day: also by eight at once


@dataclass(frozen=True)
class Screen:
    """What somebody asks for; where there are many addresses, each in its turn."""

    name: str
    who: str
    paths: Sequence[str]
    headers: Mapping[str, str]


def run(say: Callable[[str], None], leads: int = LEADS, keep: Path | None = None) -> Iterator[Figure]:
    with company(leads, keep=keep, say=say) as url:
        pace = _pace.measured(url)
        yield Figure("pace", pace, "of the goals' machine", 1)
        from django.db import connections

        cookies = {who: _session(who) for who in ("rep1", "leader1", "sdr1", "ada")}
        screens = list(_screens())
        connections.close_all()
        with serving() as (port, pids):
            for screen in screens:
                say(f"{screen.name} …")
                yield from _timed(screen, cookies[screen.who], port, pids, pace)
            for screen in [screen for screen in screens if screen.name in CROWDED]:
                say(f"{screen.name}, {CONNECTIONS} at once …")
                done = _asked(screen, cookies[screen.who], port, CONNECTIONS, seconds=SECONDS)
                value = len(done["ms"]) / done["seconds"]
                yield Figure(f"{screen.name}_at_once", value, "requests/s", len(done["ms"]),
                             **_pace.reached(value, PER_SECOND, pace, is_rate=True))  # fmt: skip
                yield Figure(f"{screen.name}_at_once_p99", _share(done["ms"], 0.99), "ms", len(done["ms"]))


def _timed(screen: Screen, cookie: str, port: int, pids: Sequence[int], pace: float) -> Iterator[Figure]:
    first = _asked(screen, cookie, port, 1, times=1)["ms"][0]
    _asked(screen, cookie, port, 4, times=8)  # every process has the templates now
    before, rest_before = processor(pids)
    done = _asked(screen, cookie, port, 1, times=TIMES)["ms"]
    after, rest_after = processor(pids)
    beside = RECORDED if screen.name in ("leads_mine", "leads_everybody") else None
    for share, limit in ((0.5, P50), (0.99, P99)):
        value = _share(done, share)
        yield Figure(f"{screen.name}_p{share * 100:.0f}", value, "ms", len(done),
                     **_pace.reached(value, limit, pace, is_rate=False),
                     peer_recorded=beside if share == 0.5 else None)  # fmt: skip
    yield Figure(f"{screen.name}_cpu", (after - before) / TIMES * 1000, "CPU ms", TIMES)
    yield Figure(f"{screen.name}_database", (rest_after - rest_before) / TIMES * 1000, "CPU ms", TIMES)
    if screen.name == "today":
        yield Figure("today_first", first, "ms", 1)  # the day is planned


def _screens() -> Iterator[Screen]:
    from ripeline.catalog.models import Source
    from ripeline.leads.models import IS_OPEN, Lead

    mine = list(Lead.objects.filter(IS_OPEN, owner__email="rep1@ours.example").values_list("pk", flat=True))
    others = list(Lead.objects.order_by("-captured_at")[5000:5200].values_list("pk", flat=True))
    records = Random(1).sample(mine, min(200, len(mine)))
    source = Source.objects.get(name="Webinar").pk
    lists = {
        "mine": "view=mine", "mine_next": "view=mine&sort=next", "mine_ripest": "view=mine&sort=ripest",
        "mine_due": "view=mine&due=week", "mine_open": "view=mine&state=open", "mine_search": "view=mine&q=keller",
        "team": "view=team", "team_next": "view=team&sort=next", "team_ripest": "view=team&sort=ripest",
        "everybody": "view=all", "everybody_open": "view=all&state=open", "everybody_won": "view=all&state=won",
        "everybody_ripe": "view=all&ripe=ripe", "everybody_source": f"view=all&source={source}",
        "everybody_search": "view=all&q=anna+keller", "everybody_one": "view=all&q=keller.77",
        "everybody_field": "view=all&f.region=North",
    }  # fmt: skip
    yield Screen("today", "rep1", ["/today"], {})
    yield Screen("today_person", "rep1", [f"/leads/{pk}" for pk in records[:1]], {"HX-Request": "true"})
    for name, query in lists.items():
        yield Screen(f"leads_{name}", "rep1", [f"/leads?{query}"], {})
    for name, who, query in (
        ("leader_team", "leader1", ""), ("leader_team_ripest", "leader1", "?sort=ripest"),
        ("queue", "sdr1", "?view=queue"), ("admin_next", "ada", "?sort=next"), ("admin_ripest", "ada", "?sort=ripest"),
        ("admin_overdue", "ada", "?due=overdue"), ("admin_search", "ada", "?q=keller"),
    ):  # fmt: skip
        yield Screen(f"leads_{name}", who, [f"/leads{query}"], {})
    yield Screen("leads_part", "rep1", ["/leads?view=mine"], {"HX-Request": "true", "HX-Target": "results"})
    yield Screen("record", "rep1", [f"/leads/{pk}" for pk in records], {})
    yield Screen("record_of_another", "rep1", [f"/leads/{pk}" for pk in others], {})
    yield Screen("palette", "rep1", [f"/palette?q={word}" for word in ("kel", "anna", "raman", "river", "4420000")], {})


def _session(who: str) -> str:
    """The cookie of somebody who has signed in."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from ripeline.people.models import User
    from ripeline.people.sessions import Backend, SessionStore

    user = User.objects.get(email=f"{who}@ours.example")
    store = SessionStore()
    store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), f"{Backend.__module__}.{Backend.__name__}"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return f"ripeline_session={store.session_key}"


@contextmanager
def serving() -> Iterator[tuple[int, list[int]]]:
    """`ripeline web`, a process for each core; its port, and the ids of its processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    environment = {**os.environ, "RIPELINE_PORT": str(port), "RIPELINE_BIND": "127.0.0.1",
                   "RIPELINE_WEB_PROCESSES": str(os.cpu_count() or 1), "RIPELINE_LOG_LEVEL": "warning"}  # fmt: skip
    command = [sys.executable, "-m", "ripeline.cli", "web", "--prepared"]
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        for _ in range(1200):
            time.sleep(0.1)
            if server.poll() is not None:
                raise RuntimeError("The web process did not start.")
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                continue
        time.sleep(1.0)
        yield port, _family(server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def _family(pid: int) -> list[int]:
    """A process and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def processor(pids: Sequence[int]) -> tuple[float, float]:
    """Seconds of processor that the web processes have used, and those that the database's have."""
    tick = os.sysconf("SC_CLK_TCK")

    def used(pid: int, *, ended: bool) -> float:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return sum(int(fields[at]) for at in ((11, 12, 13, 14) if ended else (11, 12))) / tick

    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    keeper = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    return sum(used(pid, ended=False) for pid in pids), sum(
        used(pid, ended=pid == keeper) for pid in _family(keeper) if pid != backend
    )


def _share(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def _asked(screen: Screen, cookie: str, port: int, connections: int, *, times: int = 0, seconds: float = 0.0) -> Any:
    """What `_asking` found, in a process of its own."""
    return asked(
        {"port": port, "cookie": cookie, "paths": list(screen.paths), "headers": dict(screen.headers),
         "connections": connections, "times": times, "seconds": seconds}
    )  # fmt: skip


def asked(given: Mapping[str, Any]) -> Any:
    """The same, as `_asking` is told it."""
    command = [sys.executable, "-S", str(Path(__file__).parent / "_asking.py")]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{given['paths'][0]}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)
