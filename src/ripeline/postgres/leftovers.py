"""What a killed server leaves behind, cleared away before the next one starts.

Called by the keeper alone, while it holds its lock: no server of ours can rightly be running then.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from ripeline.postgres.errors import AnotherInstance
from ripeline.postgres.layout import Layout

_GOING = 3.0  # seconds in which a server we know nothing of may be found to be on its way out
_PATIENCE = 15.0  # seconds an orphaned server gets to shut down cleanly before it is made to


def clear(layout: Layout, *, ours: int | None, patience: float = _PATIENCE) -> None:
    """End what a killed keeper left running, and remove the files that name a server which no longer lives.

    ``ours`` is the server that the last keeper recorded. A living one that is not ours was started by a person:
    AnotherInstance, we do not end it.
    """
    pidfile = layout.data / "postmaster.pid"
    named = _named(pidfile)
    alive = _working_in(layout.data)
    if named in alive and named != ours and named in (alive := _wait(layout.data, _GOING)):
        raise AnotherInstance(
            f"A PostgreSQL server that Ripeline did not start (process {named}) works on {layout.data}.",
            f"Stop it (kill -INT {named}), then try again.",
        )
    for how, seconds in ((signal.SIGINT, patience), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if not alive:
            break
        # The server first: its children end with it. Without it they are told themselves.
        for pid in [named] if named in alive else alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        alive = _wait(layout.data, seconds)
    if alive:
        raise AnotherInstance(
            f"Processes of an earlier server ({', '.join(map(str, alive))}) still work on {layout.data}.",
            "Restart the machine if they cannot be ended.",
        )
    # Nobody works on the data, so these are stale; PostgreSQL would take a zombie of their number for a server.
    for stale in (pidfile, layout.socket, layout.socket.with_name(f"{layout.socket.name}.lock")):
        stale.unlink(missing_ok=True)


def end_all(directory: Path) -> None:
    """Kill whoever works in a directory that is about to be removed: an initdb whose keeper was killed."""
    for pid in _working_in(directory):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _wait(directory, 5.0)


def _wait(data: Path, seconds: float) -> list[int]:
    deadline = time.monotonic() + seconds
    while (alive := _working_in(data)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def _named(pidfile: Path) -> int:
    """The process number in postmaster.pid; 0 when there is none."""
    try:
        return int(pidfile.read_text(encoding="ascii", errors="replace").split("\n", 1)[0])
    except (OSError, ValueError):
        return 0


def _working_in(data: Path) -> list[int]:
    """The living processes whose working directory is the data directory, as it is for all of PostgreSQL's."""
    if not Path("/proc/self/cwd").exists():
        return _living_by_ps(data)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if os.readlink(entry / "cwd") == str(data.resolve()) and _state(entry) not in "ZX":
                    found.append(int(entry.name))
    return found


def _state(process: Path) -> str:
    """R, S, D … and Z for a zombie: the field after the command's closing bracket."""
    return (process / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]


def _living_by_ps(data: Path) -> list[int]:
    """Where there is no /proc: the process that postmaster.pid names, if it lives."""
    pid = _named(data / "postmaster.pid")
    try:
        if pid:
            os.kill(pid, 0)
    except (ProcessLookupError, PermissionError, OverflowError):
        return []
    return [pid] if pid else []
