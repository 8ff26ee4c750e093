"""kill -9 of PostgreSQL, command, worker and web process in the middle of an import: it ends as an undisturbed one."""

import contextlib
import http.cookiejar
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from ripeline.postgres import ensure
from ripeline.postgres.layout import Layout
from tests.cast import PASSWORD
from tests.faults.test_up import Up, up  # noqa: F401 - a fixture
from tests.home_plugin import copied, environment, kill, server, stopped, until
from tests.thoroughness import thorough

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("up")]

ROWS = thorough(3_000, 8_000)  # one transaction takes 1,000


def rows(count: int, *, people: int) -> str:
    """A file in which some come twice, and some on a day that is not in the calendar."""
    return "Name,E-mail,Id,Company,Created\n" + "".join(
        f"Person {who},p{who}@firm{who % 900}.example,,Firm {n % 900},2023-02-{'31' if n % 97 == 0 else '03'}\n"
        for n in range(count)
        for who in (n % people,)
    )


FILE = rows(ROWS, people=ROWS * 7 // 8)
_OUTCOME = {
    "runs": "SELECT kind, state, rows, position, created, updated, unchanged, rejected, reopened FROM import_run",
    "leads": "SELECT count(*), count(DISTINCT email), count(account_id), min(captured_at) FROM lead",
    "states": "SELECT state, episode, next_kind <> '', count(*) FROM lead GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    "keys": "SELECT kind, count(*) FROM identity GROUP BY 1 ORDER BY 1",
    "enquiries": "SELECT count(*) FROM enquiry",
    "timeline": "SELECT kind, count(*) FROM activity WHERE origin = 'import' GROUP BY 1 ORDER BY 1",
    "rejects": "SELECT count(*), min(row), max(row), count(DISTINCT reason) FROM import_reject",
    "scored": "SELECT count(*) FROM score JOIN lead ON lead.id = score.lead_id",
}


def outcome(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What an import left behind, counted by SQL; the database must be running."""
    with psycopg.connect(Layout(home).url) as connection:
        return {name: connection.execute(sql).fetchall() for name, sql in _OUTCOME.items()}


def position(home: Path) -> int:
    """Rows dealt with so far; 0 while the database is away."""
    try:
        with psycopg.connect(Layout(home).url) as connection:
            found = connection.execute("SELECT max(position) FROM import_run").fetchone()
    except psycopg.OperationalError:
        return 0
    return int(found[0] or 0) if found else 0


def state(home: Path) -> str:
    try:
        with psycopg.connect(Layout(home).url) as connection:
            found = connection.execute("SELECT state FROM import_run").fetchone()
    except psycopg.OperationalError:
        return ""
    return str(found[0]) if found else ""


def kill_in_the_middle(home: Path, victim: Callable[[], int]) -> None:
    """Kill when some rows are in and some are not."""
    done = until(lambda: position(home), seconds=90)
    kill(victim())
    assert 0 < done < ROWS
    assert state(home) in ("", "running"), "it had ended before it was killed"


@pytest.fixture(scope="module")
def file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "leads.csv"
        path.write_text(FILE, encoding="utf-8")
        yield path


def importing(home: Path, file: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "ripeline.cli", "import", str(file), "--json"],
        env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(_served_once: Path, file: Path) -> dict[str, list[tuple[Any, ...]]]:
    with tempfile.TemporaryDirectory(prefix="ripeline-home-") as name:
        home = copied(_served_once, Path(name))
        out, said = importing(home, file).communicate(timeout=120)
        found = json.loads(out)
        assert found["created"] + found["updated"] + found["unchanged"] + found["rejected"] == ROWS, said
        with held(home):
            return outcome(home)


@contextlib.contextmanager
def held(home: Path) -> Iterator[None]:
    """The home's database, running inside the `with`."""
    with ensure(home):
        yield
    stopped(home)


def test_a_killed_database_is_waited_for_and_the_import_goes_on(
    served: Path, file: Path, undisturbed: dict[str, list[tuple[Any, ...]]]
) -> None:
    command = importing(served, file)
    kill_in_the_middle(served, lambda: server(served))
    out, said = command.communicate(timeout=120)
    assert command.returncode == 0, said
    assert "waits for the database" in said
    assert json.loads(out)["rows"] == ROWS
    with held(served):
        assert outcome(served) == undisturbed


def test_a_killed_command_is_gone_on_with_by_the_next_one(
    served: Path, file: Path, undisturbed: dict[str, list[tuple[Any, ...]]]
) -> None:
    command = importing(served, file)
    kill_in_the_middle(served, lambda: command.pid)
    command.communicate()
    out, said = importing(served, file).communicate(timeout=120)
    assert re.search(r"was broken off after [1-7],000 rows; going on there", said), said
    assert json.loads(out)["state"] == "done"
    with held(served):
        assert outcome(served) == undisturbed


# For a longer trial: KILL_ROWS=200000 KILLS=10; KILL_SEED repeats one.
KILL_ROWS, KILLS = int(os.environ.get("KILL_ROWS", "5000")), int(os.environ.get("KILLS", "2"))
CHUNK = 1_000  # rows of a transaction
PATIENCE = 120 + KILL_ROWS // 200  # seconds for the rows between two kills, also on a slow machine
_SAYS = """
SELECT md5(string_agg(says, chr(10) ORDER BY says)) FROM (
    SELECT jsonb_build_array(lead.name, email, company, account.name, state, episode, captured_at, reference, custom,
        (SELECT count(*) FROM enquiry WHERE lead_id = lead.id),
        (SELECT array_agg(kind ORDER BY kind) FROM activity WHERE lead_id = lead.id AND origin = 'import')
    )::text AS says
    FROM lead LEFT JOIN account ON account.id = account_id
) AS each
"""


def says(home: Path) -> Any:
    """A digest of what all leads say, their ids aside; the database must be running."""
    with psycopg.connect(Layout(home).url) as connection:
        return connection.execute(_SAYS).fetchone()


def test_killed_at_any_moments_it_ends_as_undisturbed(served: Path, tmp_path: Path) -> None:
    seed = int(os.environ.get("KILL_SEED") or time.time_ns() % 10**6)
    print(f"KILL_SEED={seed}")  # shown where it fails
    chance = random.Random(seed)
    file = tmp_path / "leads.csv"
    file.write_text(rows(KILL_ROWS, people=KILL_ROWS * 7 // 8), encoding="utf-8")
    ends = [_ended(served, file, kills, chance) for kills in (0, KILLS)]
    assert ends[0] == ends[1]


def _ended(served: Path, file: Path, kills: int, chance: random.Random) -> tuple[dict[str, Any], Any]:
    """What an import leaves behind whose command or database is killed so often on its way."""
    with tempfile.TemporaryDirectory(prefix="ripeline-home-") as name:
        home = copied(served, Path(name))
        command = importing(home, file)
        for after in sorted(chance.sample(range(1, KILL_ROWS // CHUNK - 1), kills)):
            least = after * CHUNK
            until(lambda least=least: position(home) >= least, seconds=PATIENCE)  # type: ignore[misc]
            time.sleep(chance.random() * 0.2)
            assert 0 < position(home) < KILL_ROWS, "it had ended before it was killed"
            if chance.random() < 0.5:
                kill(server(home))
                until(lambda: position(home) > 0, seconds=PATIENCE)
            else:
                kill(command.pid)
                command.communicate()
                command = importing(home, file)
        out, said = command.communicate(timeout=5 * PATIENCE)
        assert command.returncode == 0, said
        assert json.loads(out)["rows"] == KILL_ROWS
        with held(home):
            return outcome(home), says(home)


class Visitor:
    """Somebody with a browser: keeps cookies, sends forms."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> str:
        with self.opener.open(self.base + path, timeout=30) as answer:
            text: str = answer.read().decode()
            return text

    def post(self, path: str, fields: dict[str, str], file: Path | None = None) -> str:
        """Where it led to."""
        token = next(c.value for c in self.cookies if c.name == "ripeline_csrf")
        fields = {**fields, "csrfmiddlewaretoken": token or ""}
        body, kind = urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded"
        if file:
            mark = uuid4().hex
            parts = [
                f'--{mark}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()
            ]
            head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n\r\n'
            body = "".join([*parts, head]).encode() + file.read_bytes() + f"\r\n--{mark}--\r\n".encode()
            kind = f"multipart/form-data; boundary={mark}"
        request = urllib.request.Request(self.base + path, body, {"Content-Type": kind, "Referer": self.base})
        with self.opener.open(request, timeout=60) as answer:
            return urllib.parse.urlsplit(answer.url).path


def begun_by_browser(running: Up, file: Path) -> tuple[Visitor, str]:
    """An administrator uploads the file and starts it; the import's address."""
    subprocess.run(
        [sys.executable, "-P", "-m", "ripeline.cli", "user", "add", "ada@example.com", "--role", "admin",
         "--password-stdin"],
        input=f"{PASSWORD}\n", text=True, env=environment(running.home), check=True, capture_output=True,
    )  # fmt: skip
    visitor = Visitor(running.port)
    visitor.get("/sign-in")
    visitor.post("/sign-in", {"email": "ada@example.com", "password": PASSWORD})
    where = visitor.post("/imports/new", {"kind": "leads"}, file)
    assert visitor.post(f"{where}/mapping", {"start": "1"}) == where
    return visitor, where


@pytest.mark.parametrize("victim", ["worker", "web", "database"])
def test_whatever_is_killed_under_the_browsers_import_it_ends_as_undisturbed(
    up: Callable[..., Up],  # noqa: F811 - the fixture
    file: Path,
    undisturbed: dict[str, list[tuple[Any, ...]]],
    victim: str,
) -> None:
    running = up()
    running.until_said("Ripeline is ready")
    visitor, where = begun_by_browser(running, file)
    victims = {"database": lambda: server(running.home)}
    kill_in_the_middle(running.home, victims.get(victim, lambda: running.child(victim)))
    until(lambda: state(running.home) == "done", seconds=120)
    until(lambda: running.page("/-/ready") == 200)
    assert "leads.csv is in" in visitor.get(where)
    found = outcome(running.home)
    assert found.pop("states")
    assert found == {name: rows for name, rows in undisturbed.items() if name != "states"}
    assert running.end() == 0
