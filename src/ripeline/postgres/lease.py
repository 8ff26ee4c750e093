"""What every command does before it uses the database: take the lease, and see to it that a keeper lives.

Two locks tell the truth, whatever was killed: ``run/lease`` (shared: a command uses the database; exclusive: the
keeper is stopping it) and ``run/keeper.lock`` (exclusive: a keeper lives). Whoever gets the second starts a keeper
and hands the locked file over to it, so that of two commands starting at once exactly one does.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ripeline.postgres.diagnosis import full_disk
from ripeline.postgres.errors import DatabaseError, DoesNotStart, TakesTooLong, WrongPermissions
from ripeline.postgres.handshake import takes_connections
from ripeline.postgres.layout import Layout

_TICK = 0.01  # seconds between two looks while something is about to happen
_STEADY = 60.0  # seconds after which an earlier end no longer slows the next start down
_LONGEST_PAUSE = 30.0
_PATIENCE = 180.0  # seconds; recovery after a crash replays at most a quarter of an hour of changes

_open_locks: set[int] = set()


@contextlib.contextmanager
def ensure(
    home: Path,
    *,
    database_url: str | None = None,
    pg_bin: Path | None = None,
    run_as: str | None = None,
    durable: bool = True,
    progress: Callable[[str], None] = lambda _: None,
    patience: float = _PATIENCE,
) -> Iterator[str]:
    """Give the libpq URL of a database that takes connections, and keep it running inside the ``with``.

    With ``database_url`` that server is meant and nothing is started. Otherwise the home's embedded server is joined
    or started; it stops once no command on the machine uses it. ``durable=False`` switches fsync off (tests).
    ``progress`` gets a sentence when there is something to wait for. Raises DatabaseError.
    """
    if database_url:
        yield database_url
        return
    holder = _Holder(Layout(home), pg_bin=pg_bin, run_as=run_as, durable=durable)
    deadline = time.monotonic() + patience
    try:
        holder.take_lease(deadline, progress)
        yield holder.start(deadline, progress)
    finally:
        holder.close()


class _Holder:
    """One command's hold on the database."""

    def __init__(self, layout: Layout, *, pg_bin: Path | None, run_as: str | None, durable: bool) -> None:
        self.layout = layout
        named = ["--pg-bin", str(pg_bin)] if pg_bin else []
        user = ["--run-as", run_as] if run_as else []
        self.options = [*named, *user, *([] if durable else ["--not-durable"])]
        self.closed = threading.Event()
        self.lease: int | None = None
        self.keeper: subprocess.Popen[bytes] | None = None

    def take_lease(self, deadline: float, progress: Callable[[str], None]) -> None:
        """Hold the lease; waits while a keeper is stopping the server."""
        self.layout.make_directories()
        self.lease = open_lock(self.layout.lease)
        said = False
        while not try_lock(self.lease, fcntl.LOCK_SH):
            if not said:
                progress("Waiting for the database to finish stopping …")
                said = True
            if time.monotonic() > deadline:
                raise TakesTooLong("The database has been stopping for too long.", f"See {self.layout.server_log}.")
            time.sleep(_TICK)

    def start(self, deadline: float, progress: Callable[[str], None]) -> str:
        """Start a keeper unless one lives, and wait until the database takes connections."""
        tried = False
        patient_until = time.monotonic() + 3
        if not self.layout.data.exists():
            progress("Making the database …")
            patient_until = deadline
        while time.monotonic() < deadline:
            state = self.layout.read_state()
            if state.get("phase") == "ready" and takes_connections(self.layout.socket):
                threading.Thread(target=self._guard, name="keeper's guard", daemon=True).start()
                return self.layout.url
            lock = open_lock(self.layout.keeper_lock)
            if not try_lock(lock, fcntl.LOCK_EX):
                close_lock(lock)
            elif tried:
                close_lock(lock)
                raise self._why()
            else:
                tried = True
                self._start_keeper(lock)
            if time.monotonic() > patient_until:
                progress("Waiting for the database; after a crash it repairs itself first …")
                patient_until = deadline
            time.sleep(_TICK)
        raise TakesTooLong("The database is not ready yet.", f"See {self.layout.server_log}, and try again.")

    def _start_keeper(self, lock: int) -> None:
        """Hand the locked file over: the lock lives on in the keeper, and our copy is closed."""
        try:
            before = self.layout.read_state().get("postgres")  # perhaps still running: the keeper will know it is ours
            self.layout.write_state({"phase": "starting", "postgres": before})
            with self.layout.keeper_log.open("ab") as output:
                self.keeper = subprocess.Popen(
                    [sys.executable, "-P", "-m", "ripeline.postgres.keeper", str(self.layout.home), *self.options],
                    stdin=subprocess.DEVNULL,
                    stdout=output,  # never ours: who reads our output to its end would wait for the keeper's
                    stderr=output,
                    cwd="/",
                    pass_fds=(lock,),
                    start_new_session=True,  # a Ctrl-C is for the commands
                )
        except OSError as error:
            raise WrongPermissions(
                f"The database cannot be started in {self.layout.home} ({error}).",
                "Check that the directory and all in it belong to the user that runs Ripeline.",
            ) from error
        finally:
            close_lock(lock)

    def _guard(self) -> None:
        """Should the keeper be killed, start another: blocks until its lock is free, which is when it is gone."""
        pause = 0.0
        while not self.closed.is_set():
            begun = time.monotonic()
            try:
                lock = open_lock(self.layout.keeper_lock)
                fcntl.flock(lock, fcntl.LOCK_EX)
            except (OSError, DatabaseError):
                return  # the home itself is gone
            if time.monotonic() - begun > _STEADY:
                pause = 0.0
            if self.closed.wait(pause):
                close_lock(lock)
                return
            if self.keeper is not None:
                self.keeper.wait()
            with contextlib.suppress(DatabaseError):
                self._start_keeper(lock)
            pause = min(_LONGEST_PAUSE, max(0.1, pause * 2))

    def _why(self) -> DatabaseError:
        """Why the keeper we started is gone."""
        if error := self.layout.read_state().get("error"):
            return DatabaseError.from_json(error)
        if full := full_disk(self.layout.home):
            return full
        with contextlib.suppress(OSError):
            last = self.layout.keeper_log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
            return DoesNotStart(f"The database's keeper ended: {' '.join(last)}.", f"See {self.layout.keeper_log}.")
        return DoesNotStart("The database's keeper ended at once.", f"See {self.layout.keeper_log}.")

    def close(self) -> None:
        """Let go. The keeper notices; nobody waits for it."""
        self.closed.set()
        if self.lease is not None:
            close_lock(self.lease)
            self.lease = None
        if self.keeper is not None:
            self.keeper.poll()
            self.keeper.returncode = self.keeper.returncode or 0  # it outlives us by design: no warning about that


def open_lock(file: Path) -> int:
    """Open a lock's file; closing it lets the lock go."""
    try:
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WrongPermissions(
            f"{file} cannot be opened ({error.strerror}).",
            "Run Ripeline as the user that made this home, or name another one in RIPELINE_HOME.",
        ) from error
    _open_locks.add(lock)
    return lock


def close_lock(lock: int) -> None:
    """Let it go."""
    if lock in _open_locks:
        _open_locks.discard(lock)
        os.close(lock)


def _forget_locks() -> None:
    """In a forked child: its copies of our files would hold the keeper's lock after the keeper's death."""
    for lock in list(_open_locks):
        close_lock(lock)


os.register_at_fork(after_in_child=_forget_locks)


def try_lock(file: int, how: int) -> bool:
    """Lock it now or not at all."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
