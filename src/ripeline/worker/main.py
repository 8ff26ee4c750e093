"""The worker process: reactions, the schedule, long work and the post side by side, until told to stop.

Each runs in a thread of its own, so that an import or a nightly pass does not keep reactions waiting, nor an import of
a million rows what takes seconds. The main thread
listens for NOTIFY and wakes them; without a word they look every few seconds anyhow.
"""

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import psycopg
from django.db import DatabaseError, connection, connections

from ripeline.leads import queries as leads
from ripeline.outbox.coming_back import Reader
from ripeline.outbox.delivery import Sender
from ripeline.timeline.actions import NEWS, POST, WAKE, WORK
from ripeline.worker import reactions, schedule, tasks
from ripeline.worker.making_way import TURN

log = logging.getLogger(__name__)

POLL = 5.0  # seconds between looks where nobody calls
REST = 0.25  # seconds between looks for what is not about single visits, however often somebody calls
AWHILE = 1.0  # seconds between looks for places on people's days, for which each day concerned is read whole
GLANCE = 0.5  # seconds after which a signal to stop is noticed
PATIENCE = (0.5, 1, 2, 5, 10)  # seconds between tries while the database is away


class Worker:
    """Threads that share a stop signal; each has an event that wakes it."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.wakes: list[tuple[str | None, threading.Event]] = []  # what each is called about

    def run(self) -> None:
        """Work until `stop`; returns when the batches in hand are done."""
        post, returns = Sender(answered=leads.answered), Reader()
        threads = [
            self._thread("visits", lambda: reactions.work(lanes=[reactions.VISITS]) > 0, called=NEWS),
            self._thread("reactions", lambda: reactions.work(lanes=reactions.OTHERS) > 0, called=NEWS, rest=REST),
            # a full batch only is gone on with at once: that of many costs hardly more than that of one
            self._thread(
                "places", lambda: reactions.work(lanes=[reactions.PLACES]) >= reactions.BATCH, called=NEWS, rest=AWHILE
            ),
            self._thread("schedule", lambda: schedule.tick() > 0, called=WORK),  # nobody has to wait for its hour
            self._thread("short work", lambda: tasks.short(self.stopping.is_set), called=WORK),
            self._thread("long work", lambda: tasks.long(self.stopping.is_set), called=WORK),
            self._thread("post", lambda: post.work(self.stopping.is_set), called=POST),
            self._thread("what comes back", lambda: returns.work(self.stopping.is_set)),
        ]
        for thread in threads:
            thread.start()
        self._loop("listener", self._listen)
        for _, wake in self.wakes:
            wake.set()
        for thread in threads:
            thread.join()
        post.close()

    def stop(self, *_: object) -> None:
        """Stop after the current batches."""
        self.stopping.set()

    def _thread(
        self, name: str, step: Callable[[], bool], *, called: str | None = None, rest: float = 0.0
    ) -> threading.Thread:
        """A thread that repeats `step` while it finds something to do, then waits to be `called` about that, and looks
        every few seconds anyhow.

        `rest`: seconds before it may be woken again. Every visit of a known person wakes the reactions, and only some
        of them are about it; hundreds a second would have the others look for nothing all the time.
        """
        wake = threading.Event()
        self.wakes.append((called, wake))

        def work() -> None:
            while not self.stopping.is_set():
                wake.clear()
                if not step() and not self.stopping.wait(rest):
                    wake.wait(POLL)

        return threading.Thread(target=self._loop, args=(name, work), name=name)

    def _loop(self, name: str, work: Callable[[], None]) -> None:
        """Run `work` and, when the database goes away under it, begin again once it is back.

        So it does after an error that nobody foresaw: a thread that ended would leave a worker that seems to live.
        """
        failures = 0
        while not self.stopping.is_set():
            try:
                work()
                failures = 0
            except Exception as problem:
                connections.close_all()
                wait = PATIENCE[min(failures, len(PATIENCE) - 1)]
                failures += 1
                if isinstance(problem, DatabaseError | psycopg.Error):
                    said = _first_line(problem)
                    log.warning("%s: the database does not answer (%s); again in %s s.", name, said, wait)
                else:
                    log.exception("%s failed; again in %s s.", name, wait)
                self.stopping.wait(wait)
        connections.close_all()

    def _listen(self) -> None:
        """Wake the threads when something is notified; leaves a sign of life every few seconds."""
        parameters = connection.get_connection_params()
        for name in ("cursor_factory", "context"):
            parameters.pop(name, None)
        with psycopg.connect(**parameters, autocommit=True) as ears:
            ears.execute(f"LISTEN {WAKE}")
            shown = -POLL
            while not self.stopping.is_set():
                if time.monotonic() - shown >= POLL:
                    schedule.beat()
                    shown = time.monotonic()
                said = {notice.payload for notice in ears.notifies(timeout=GLANCE, stop_after=1)}
                for called, wake in self.wakes:
                    if called in said:
                        wake.set()


def run() -> None:
    """Work until SIGTERM or SIGINT; a second signal ends the process at once."""
    worker = Worker()
    sys.setswitchinterval(TURN)

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        threading.Thread(target=worker.stop).start()  # a handler may interrupt a holder of the event's own lock

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    worker.run()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
