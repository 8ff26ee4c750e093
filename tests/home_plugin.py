"""Homes of their own for tests about processes, and commands that use their database until told to stop."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest

from ripeline.postgres import ensure
from ripeline.postgres.layout import Layout
from ripeline.postgres.tether import tether

T = TypeVar("T")

_HOLD = """
import sys
from pathlib import Path
from ripeline.postgres import DatabaseError, ensure
try:
    with ensure(Path(sys.argv[1]), durable=False, pg_bin=Path(sys.argv[2]) if sys.argv[2:] else None) as url:
        print(url, flush=True)
        sys.stdin.read()
except DatabaseError as error:
    print(type(error).__name__, error, flush=True)
"""


def until(what: Callable[[], T], *, seconds: float = 60.0) -> T:
    """Wait for something to become true, and give it; a test that waits in vain fails saying for what."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.02)
    return found


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The settings of a command in a home of its own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("RIPELINE_") and k != "DATABASE_URL"}
    return {**clean, "RIPELINE_HOME": str(home), **settings}


class Command:
    """A process that uses the database of a home, as every command of Ripeline does."""

    def __init__(self, home: Path, *arguments: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(home), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
            preexec_fn=tether(signal.SIGKILL),  # it does not outlive a test run that is killed
        )

    @property
    def said(self) -> str:
        """The address of the database, or the error."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        """Leave in good order."""
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="session")
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose database is made, to be copied: quicker than making each."""
    with _fresh() as home:
        with ensure(home, durable=False) as url, psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
        stopped(home)
        yield home


@pytest.fixture
def empty_home() -> Iterator[Path]:
    """A home that nobody has used."""
    with _fresh() as home:
        yield home


@pytest.fixture
def home(_made_once: Path, empty_home: Path) -> Path:
    """A home with a database in it: its table `kept` has 1,000 rows."""
    subprocess.run(["cp", "-a", _made_once / "database", empty_home], check=True)
    return empty_home


@pytest.fixture(scope="session")
def _served_once() -> Iterator[Path]:
    """A home as `ripeline db migrate` makes it, to be copied: to make each would cost some seconds."""
    with _fresh() as home:
        subprocess.run(
            [sys.executable, "-P", "-m", "ripeline.cli", "db", "migrate"],
            env=environment(home),
            check=True,
            capture_output=True,
        )
        stopped(home)
        yield home


@pytest.fixture
def served(_served_once: Path, empty_home: Path) -> Path:
    """A home that Ripeline has been started in before, with nobody and nothing in it."""
    return copied(_served_once, empty_home)


def copied(home: Path, to: Path) -> Path:
    """The same home at another place; nothing may run in it."""
    subprocess.run(["cp", "-a", f"{home}/.", to], check=True)
    return to


@pytest.fixture
def command() -> Iterator[Callable[..., Command]]:
    """Start commands on a home; those that a test leaves running end with it."""
    started: list[Command] = []

    def start(home: Path, *arguments: str, **environment: str) -> Command:
        started.append(Command(home, *arguments, **environment))
        return started[-1]

    yield start
    for each in started:
        if each.process.returncode is None:
            each.kill()


@contextlib.contextmanager
def _fresh() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="ripeline-home-"))
    home.chmod(0o711)  # as root the database's user passes through
    try:
        yield home
    finally:
        stopped(home)
        shutil.rmtree(home, ignore_errors=True)


def stopped(home: Path) -> None:
    """Wait until the home's keeper and its database are gone."""
    lock = Layout(home).keeper_lock
    if lock.exists():
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)


def keeper(home: Path) -> int:
    """The process number of the home's keeper."""
    return int(Layout(home).read_state()["keeper"])


def server(home: Path) -> int:
    """The process number of the home's PostgreSQL, as PostgreSQL itself says."""
    return int((home / "database" / "postmaster.pid").read_text().splitlines()[0])


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def rows(url: str) -> int:
    """How many rows of the table `kept` there are; waits while the database comes back."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with psycopg.connect(url) as connection:
                found = connection.execute("SELECT count(*) FROM kept").fetchone()
                return found[0] if found else 0
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def kill(pid: int) -> None:
    """kill -9."""
    os.kill(pid, signal.SIGKILL)
