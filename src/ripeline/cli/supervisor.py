"""Children that are started, watched, restarted when they end, and stopped in order.

Everything happens in the main thread, which reads one queue: signals, ends of children, timers. (The kernel ends the
children when the thread that started them ends, so no other thread may start them.) Other threads only wait and report.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ripeline.postgres.tether import tether

_STEADY = 30.0  # seconds after which earlier ends no longer slow a restart down
_LONGEST_PAUSE = 30.0
_TICK = 0.5


@dataclass
class Child:
    """One kind of process that shall be running."""

    name: str
    command: list[str]
    environment: dict[str, str]
    patience: float = 10.0  # seconds to end by itself when asked
    process: subprocess.Popen[bytes] | None = None
    pause: float = 0.0
    started: float = 0.0

    @property
    def alive(self) -> bool:
        """Whether it runs now."""
        return self.process is not None and self.process.returncode is None

    def ask_to_end(self) -> None:
        """Ask it alone: it ends what it started."""
        if self.alive and self.process is not None:
            self.process.send_signal(signal.SIGTERM)

    def kill_all(self) -> None:
        """It and all that it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


@dataclass(frozen=True)
class _Event:
    what: str  # "signal", "ended", "start"
    child: Child | None = None
    status: int = 0


@dataclass
class Supervisor:
    """Runs children until a signal asks it to stop. ``say`` prints one line under a name."""

    children: list[Child]  # stopped in this order
    say: Callable[[str, str], None]
    tick: Callable[[], None] = lambda: None  # called twice a second
    events: "queue.SimpleQueue[_Event]" = field(default_factory=queue.SimpleQueue)
    stopping: bool = False

    def run(self) -> bool:
        """Until the first SIGINT or SIGTERM; False when a second one came before all had ended."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.events.put(_Event("signal")))
        try:
            for child in self.children:
                self._start(child)
            self._watch()
            return self._stop()
        finally:
            for child in self.children:
                if child.alive:
                    child.kill_all()

    def _watch(self) -> None:
        while not self.stopping:
            event = self._next(_TICK)
            self.tick()
            if event is None:
                continue
            if event.what == "signal":
                self.stopping = True
            elif event.child and event.what == "ended":
                self._plan_restart(event.child, event.status)
            elif event.child and event.what == "start":
                self._start(event.child)

    def _next(self, seconds: float) -> _Event | None:
        try:
            return self.events.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None

    def _start(self, child: Child) -> None:
        child.started = time.monotonic()
        try:
            child.process = process = subprocess.Popen(
                child.command,
                env=child.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                process_group=0,  # a Ctrl-C in the terminal reaches us alone
                preexec_fn=tether(signal.SIGTERM),
            )
        except OSError as error:  # no memory or no process left, just now
            self._restart_later(child, f"cannot be started ({error.strerror})")
            return
        threading.Thread(target=self._copy_output, args=(child.name, process), daemon=True).start()
        threading.Thread(target=self._await_end, args=(child, process), daemon=True).start()

    def _copy_output(self, name: str, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is not None:
            for line in process.stdout:
                self.say(name, line.decode(errors="replace").rstrip("\r\n"))

    def _await_end(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        self.events.put(_Event("ended", child, process.wait()))

    def _plan_restart(self, child: Child, status: int) -> None:
        child.kill_all()  # what it may have left behind holds the port
        self._restart_later(child, f"ended unexpectedly ({describe(status)})")

    def _restart_later(self, child: Child, why: str) -> None:
        steady = time.monotonic() - child.started > _STEADY
        child.pause = 0.5 if steady else min(_LONGEST_PAUSE, max(0.5, child.pause * 2))
        self.say(child.name, f"{why}; starting it again in {child.pause:g} s.")
        timer = threading.Timer(child.pause, self.events.put, [_Event("start", child)])
        timer.daemon = True
        timer.start()

    def _stop(self) -> bool:
        """Each in turn; one that does not end in time is killed, and at a second signal all are: False then."""
        self.say("up", "Stopping … (Ctrl-C again does not wait)")
        for child in self.children:
            deadline = time.monotonic() + child.patience
            child.ask_to_end()
            while child.alive:
                event = self._next(deadline - time.monotonic())
                if event is None:
                    self.say(child.name, "did not end in time; killed.")
                    deadline = time.monotonic() + child.patience
                    child.kill_all()
                elif event.what == "signal":
                    for each in self.children:
                        each.kill_all()
                    return False
        return True


def describe(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    with contextlib.suppress(ValueError):
        return f"by {signal.Signals(-status).name}"
    return f"by signal {-status}"


def own_command(*arguments: str) -> list[str]:
    """This very Ripeline, whatever is on PATH."""
    return [sys.executable, "-P", "-m", "ripeline.cli", *arguments]
