"""That one home is served by one `ripeline up` at a time: a lock that goes when its holder does."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from ripeline.cli.opening import TAKEN
from ripeline.cli.output import Failed


@contextlib.contextmanager
def only_one(place: Path, address: str) -> Iterator[None]:
    """Be the one that serves this home, or end the command saying who does."""
    _lock(place).parent.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
    file = os.open(_lock(place), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(
                f"Ripeline already serves {place}{who(place)}. Use that one, stop it, or name another directory in "
                "RIPELINE_HOME.",
                status=TAKEN,
            ) from None
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()} {address}".encode())
        yield
    finally:
        os.close(file)


def serving(place: Path) -> bool:
    """Whether some `ripeline up` serves this home now."""
    try:
        file = os.open(_lock(place), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def address(place: Path) -> str | None:
    """Where people open what serves this home now, as that wrote it down; None when nothing does."""
    return _noted(place)[1] if serving(place) else None


def who(place: Path) -> str:
    """ " at http://127.0.0.1:8000 (process 812)"; empty when nobody wrote it down."""
    pid, where = _noted(place)
    return f" at {where} (process {pid})" if where else ""


def _noted(place: Path) -> tuple[str, str | None]:
    with contextlib.suppress(OSError, ValueError):
        pid, where = _lock(place).read_text(encoding="utf-8").split()
        return pid, where
    return "", None


def _lock(place: Path) -> Path:
    return place / "run" / "up.lock"
