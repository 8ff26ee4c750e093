"""`ripeline up`: one command starts everything, one Ctrl-C stops it, and what is killed comes back."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ripeline.postgres.layout import Layout
from ripeline.postgres.tether import tether
from tests.home_plugin import Command, environment, is_alive, kill, server, until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("up")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def children_of(pid: int) -> set[int]:
    with contextlib.suppress(OSError):
        return {
            int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()
        }
    return set()


class Up:
    """A running `ripeline up`."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.port = free_port()
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ripeline.cli", "up", "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(home, **settings),
            preexec_fn=tether(signal.SIGINT),  # it does not outlive a test run that is killed
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(self.process.stdout)

    @property
    def said(self) -> str:
        """Everything printed so far."""
        return "".join(self.lines)

    def until_said(self, words: str, times: int = 1) -> None:
        """Wait for some words."""
        until(lambda: self.said.count(words) >= times or not self.reader.is_alive(), seconds=90)
        assert self.said.count(words) >= times, self.said

    def page(self, path: str = "/sign-in") -> int:
        """The status of a page; 0 when nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", path)
            return connection.getresponse().status
        return 0

    def child(self, name: str) -> int:
        """The process number of web or worker."""
        for pid in children_of(self.process.pid):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_bytes().endswith(f"ripeline.cli\0{name}\0--prepared\0".encode()):
                    return pid
        return 0

    def descendants(self) -> set[int]:
        """Every process that belongs to it, the keeper and PostgreSQL among them."""
        found, waiting = set(), [self.process.pid]
        while waiting:
            children = children_of(waiting.pop()) - found
            waiting += children
            found |= children
        return found

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        """Ctrl-C; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(timeout=60)
        self.reader.join(timeout=20)
        return status


@contextlib.contextmanager
def ready(home: Path, **settings: str) -> Iterator[Up]:
    """`ripeline up` once it can be used, until nobody needs it any more."""
    running = Up(home, **settings)
    try:
        running.until_said("Ripeline is ready")
        yield running
    finally:
        running.end()
        running.process.communicate()


@pytest.fixture
def up(served: Path) -> Iterator[Callable[..., Up]]:
    """Start `ripeline up` on a copy of a home that has been used."""
    started: list[Up] = []

    def start(home: Path = served, **settings: str) -> Up:
        started.append(Up(home, **settings))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()


def test_one_ctrl_c_stops_everything_in_good_order(up: Callable[..., Up]):
    running = up()
    running.until_said("Ripeline is ready")
    assert f"Make the first administrator: http://127.0.0.1:{running.port}/first-run\n" in running.said
    assert running.page("/first-run") == 200
    family = running.descendants()
    assert len(family) >= 5
    assert running.end(signal.SIGINT) == 0
    assert running.said.rstrip().endswith("Stopped.")
    assert not [pid for pid in family if is_alive(pid)]
    assert "received fast shutdown request" in Layout(running.home).server_log.read_text()
    assert "Traceback" not in running.said


def test_where_others_can_reach_it_the_first_page_wants_the_printed_link(up: Callable[..., Up]):
    running = up(RIPELINE_BASE_URL="http://leads.example.com")
    running.until_said("Ripeline is ready")
    token = (running.home / "setup_token").read_text().strip()
    assert f"http://leads.example.com/first-run?token={token}" in running.said
    assert running.page("/first-run") == 403
    assert running.page("/first-run?token=guessed") == 403
    assert running.page(f"/first-run?token={token}") == 200


def test_whatever_is_killed_comes_back_and_that_is_said(up: Callable[..., Up]):
    running = up()
    running.until_said("Ripeline is ready")

    worker = until(lambda: running.child("worker"))
    kill(worker)
    running.until_said("worker   ended unexpectedly (by SIGKILL)")
    until(lambda: running.child("worker") not in (0, worker))

    web = running.child("web")
    kill(web)
    running.until_said("web      ended unexpectedly (by SIGKILL)")
    until(lambda: running.child("web") not in (0, web))
    until(lambda: running.page("/-/ready") == 200)

    pages = children_of(running.child("web"))
    for pid in pages:
        with contextlib.suppress(ProcessLookupError):
            kill(pid)
    until(lambda: children_of(running.child("web")) - pages and running.page("/-/ready") == 200)

    kill(server(running.home))
    running.until_said("The database ended unexpectedly")
    until(lambda: running.page("/-/ready") == 200)
    assert running.end(signal.SIGTERM) == 0


def test_when_it_is_killed_itself_nothing_is_left_running(up: Callable[..., Up]):
    running = up()
    running.until_said("Ripeline is ready")
    family = running.descendants()
    running.process.kill()
    until(lambda: not [pid for pid in family if is_alive(pid)])
    again = up(running.home)
    again.until_said("Ripeline is ready")
    assert again.end() == 0


def test_a_second_ctrl_c_does_not_wait(up: Callable[..., Up]):
    running = up()
    running.until_said("Ripeline is ready")
    family = running.descendants()
    os.kill(running.child("web"), signal.SIGSTOP)  # it will not end by itself
    running.process.send_signal(signal.SIGINT)
    running.until_said("Stopping")
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(timeout=10) == 130
    until(lambda: not [pid for pid in family if is_alive(pid)])


def test_a_taken_port_is_said_before_anything_starts(empty_home: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "ripeline.cli", "up", "--port", str(port)],
            env=environment(empty_home), capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 4
    assert f"Port {port} is taken by" in done.stderr
    assert f"(process {os.getpid()})" in done.stderr
    assert not list(empty_home.iterdir())


def test_a_second_one_says_where_the_first_is_and_other_commands_keep_the_database(
    up: Callable[..., Up], command: Callable[..., Command]
):
    running = up()
    running.until_said("Ripeline is ready")
    second = up(running.home)
    assert second.process.wait(timeout=60) == 4
    second.reader.join(timeout=20)
    assert (
        f"already serves {running.home} at http://127.0.0.1:{running.port} (process {running.process.pid})"
        in second.said
    )
    other = command(running.home)
    assert other.said == Layout(running.home).url
    assert running.end() == 0
    assert "The database stays up for another command" in running.said
    assert is_alive(server(running.home))


def test_a_storm_of_signals_stops_the_pages_as_one_does(up: Callable[..., Up]):
    running = up()
    running.until_said("Ripeline is ready")
    web = running.child("web")
    for _ in range(50):
        with contextlib.suppress(ProcessLookupError):
            os.kill(web, signal.SIGTERM)
    running.until_said("web      ended unexpectedly (exit status 0)")
    until(lambda: running.page("/-/ready") == 200)
    assert running.end() == 0
