"""For those who supervise: what the keeper says, and whether the database has stopped."""

import fcntl
import time
from pathlib import Path

from ripeline.postgres.layout import Layout
from ripeline.postgres.lease import close_lock, open_lock, try_lock


class KeeperNews:
    """What the keeper wrote into its log since this object was made."""

    def __init__(self, home: Path) -> None:
        self._log = Layout(home).keeper_log
        self._read = self._log.stat().st_size if self._log.exists() else 0

    def read(self) -> list[str]:
        """The new lines, without their time."""
        try:
            with self._log.open("rb") as file:
                file.seek(self._read)
                new = file.read()
        except OSError:
            return []
        whole, _, _ = new.rpartition(b"\n")
        self._read += len(whole) + 1 if whole else 0
        return [line.partition(" ")[2].partition(" ")[2] for line in whole.decode(errors="replace").splitlines()]


def is_kept(home: Path) -> bool:
    """Whether a keeper lives."""
    lock = open_lock(Layout(home).keeper_lock)
    try:
        return not try_lock(lock, fcntl.LOCK_SH)
    finally:
        close_lock(lock)


def wait_until_stopped(home: Path, seconds: float = 20.0) -> bool:
    """Wait for the keeper to stop the database after its last command; False when another command still uses it."""
    layout = Layout(home)
    begun = time.monotonic()
    while is_kept(home):
        elapsed = time.monotonic() - begun
        stopping = layout.read_state().get("phase") in ("stopping", "stopped")
        if elapsed > (seconds if stopping else 1.0):
            return False
        time.sleep(0.02)
    return True
