"""Where things lie in a home, and how the database in it is addressed."""

import contextlib
import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ripeline.postgres.account import Account
from ripeline.postgres.errors import WrongPermissions

DATABASE = "ripeline"
USER = "ripeline"
PORT = 5432  # only part of the socket's name: nothing listens on TCP
_LONGEST = 103 - len(f"/.s.PGSQL.{PORT}.lock")  # bytes; a socket's path has at most 107 on Linux, 103 on macOS


@dataclass(frozen=True)
class Layout:
    """The paths of one home."""

    home: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "database"

    @property
    def run(self) -> Path:
        """What only matters while something runs."""
        return self.home / "run"

    @property
    def lease(self) -> Path:
        """Locked shared by every command, exclusively by the keeper once all are gone."""
        return self.run / "lease"

    @property
    def keeper_lock(self) -> Path:
        """Locked by the one keeper for as long as it lives."""
        return self.run / "keeper.lock"

    @property
    def state(self) -> Path:
        """What the keeper last said of itself, JSON."""
        return self.run / "state.json"

    @property
    def server_log(self) -> Path:
        """What PostgreSQL says."""
        return self.home / "log" / "postgres.log"

    @property
    def keeper_log(self) -> Path:
        """What the keeper did and why: starts, crashes, restarts."""
        return self.home / "log" / "keeper.log"

    @property
    def sockets(self) -> Path:
        """The private directory of the socket; in a short place where the home's own path is too long for a socket."""
        inside = self.run / "pg"
        if len(os.fsencode(inside)) <= _LONGEST:
            return inside
        mark = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        base = Path("/run") if os.geteuid() == 0 and Path("/run").is_dir() else Path("/tmp")  # noqa: S108 - checked below
        return base / f"ripeline-{os.geteuid()}-{mark}"

    @property
    def socket(self) -> Path:
        """The socket itself; PostgreSQL keeps a lock file beside it."""
        return self.sockets / f".s.PGSQL.{PORT}"

    @property
    def url(self) -> str:
        """The libpq address of the database. The port is named lest PGPORT in the environment mislead libpq."""
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(self.sockets), safe='')}&port={PORT}"

    def make_directories(self) -> None:
        """Make what the lease needs. As root the modes let the unprivileged user pass through, and no more."""
        mode = 0o711 if os.geteuid() == 0 else 0o700
        try:
            for directory in (self.home, self.run, self.server_log.parent):
                directory.mkdir(mode=mode, parents=True, exist_ok=True)
        except OSError as error:
            raise WrongPermissions(
                f"{error.filename} cannot be made ({error.strerror}).",
                "Give the home to the user that runs Ripeline, or name another one in RIPELINE_HOME.",
            ) from error

    def make_sockets(self, account: Account) -> None:
        """Make the socket's directory, 0700 and the database user's own; refuse one that somebody else put there."""
        directory = self.sockets
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
            account.give(directory)
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (account.uid, os.geteuid()):
            raise WrongPermissions(
                f"{directory} belongs to somebody else.", "Remove it; Ripeline makes it anew when it starts."
            )
        account.give(directory)
        directory.chmod(0o700)

    def read_state(self) -> dict[str, Any]:
        """The keeper's last word; empty when there is none. It may be out of date: only the locks are the truth."""
        try:
            value: dict[str, Any] = json.loads(self.state.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return value

    def write_state(self, value: dict[str, Any]) -> None:
        """Replace the state whole, so that no reader sees half of it; on a full disk in the room that it has."""
        text = json.dumps(value).encode()
        new = self.state.with_suffix(".new")
        try:
            new.write_bytes(text)
            new.replace(self.state)
        except OSError:
            new.unlink(missing_ok=True)
            with self.state.open("r+b") as file:
                file.write(text)
                file.truncate()
