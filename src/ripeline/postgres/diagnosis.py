"""From what PostgreSQL writes when it will not start to what a person should do about it."""

import re

from ripeline.postgres import errors

_KNOWN: list[tuple[str, type[errors.DatabaseError], str]] = [
    (
        r"No space left on device|Disk quota exceeded",
        errors.DiskFull,
        "Make room on the disk that holds the home; nothing is lost, and the database starts again by itself.",
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


def explain(log: str, what: str) -> errors.DatabaseError:
    """The typed error for what PostgreSQL wrote; ``what`` failed. Unknown reasons carry the last lines themselves."""
    for pattern, kind, do in _KNOWN:
        found = next((line for line in reversed(log.splitlines()) if re.search(pattern, line)), None)
        if found:
            return kind(f"{what} PostgreSQL says: {_PREFIX.sub('', found).strip().rstrip('.')}.", do)
    last = " / ".join(line.strip() for line in log.splitlines()[-_LINES:] if line.strip()) or "nothing at all"
    return errors.DoesNotStart(f"{what} PostgreSQL says: {last}", "Its whole log is in the home's log/postgres.log.")
