"""From what PostgreSQL writes when it will not start to what a person should do about it."""

import contextlib
import re
import shutil
from pathlib import Path

from ripeline.postgres import errors

_ROOM = 4 * 2**20  # bytes, with less of which nothing works
_MAKE_ROOM = "Make room on the disk that holds the home, and start again: what was accepted is there."
_KNOWN: list[tuple[str, type[errors.DatabaseError], str]] = [
    (
        r"No space left on device|Disk quota exceeded",
        errors.DiskFull,
        _MAKE_ROOM,
    ),
    (
        r"initialized by PostgreSQL version|database files are incompatible",
        errors.VersionMismatch,
        "Install the PostgreSQL that made the data, and name its directory in RIPELINE_PG_BIN.",
    ),
    (
        r"lock file \".*\" already exists|pre-existing shared memory block",
        errors.AnotherInstance,
        "Stop the other server that works on this home, then try again.",
    ),
    (
        r"has invalid permissions|has wrong ownership|Permission denied|Operation not permitted|Read-only file system",
        errors.WrongPermissions,
        "Give the home's directory database, with everything in it, back to the user that made it, mode 700.",
    ),
    (
        r"Cannot allocate memory|could not map anonymous shared memory|could not create shared memory",
        errors.OutOfMemory,
        "Free some memory, or raise the container's limit (512 MB is enough to begin with).",
    ),
]
_PREFIX = re.compile(r"^.*?\b(FATAL|PANIC|ERROR|initdb: error|postgres: error):\s*")
_LINES = 6


def full_disk(home: Path) -> errors.DiskFull | None:
    """The error for a disk on which even PostgreSQL's own words found no room; None while there is some."""
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(home).free
        if free < _ROOM:
            return errors.DiskFull(f"The disk that holds {home} is full ({free // 2**20} MB left).", _MAKE_ROOM)
    return None


def explain(log: str, what: str) -> errors.DatabaseError:
    """The typed error for what PostgreSQL wrote; ``what`` failed. Unknown reasons carry the last lines themselves."""
    for pattern, kind, do in _KNOWN:
        found = next((line for line in reversed(log.splitlines()) if re.search(pattern, line)), None)
        if found:
            return kind(f"{what} The reason given: {_PREFIX.sub('', found).strip().rstrip('.')}.", do)
    last = " / ".join(line.strip() for line in log.splitlines()[-_LINES:] if line.strip()) or "nothing at all"
    return errors.DoesNotStart(f"{what} The last words: {last}", "Its whole log is in the home's log/postgres.log.")
