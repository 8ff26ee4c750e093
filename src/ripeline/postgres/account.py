"""The user PostgreSQL runs as. It refuses to run as root, so as root we hand it to an unprivileged user that exists."""

import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ripeline.postgres.errors import CannotReach, WrongPermissions


@dataclass(frozen=True)
class Account:
    """A user of this machine; ``dropped`` when we are root and must become it."""

    name: str
    uid: int
    gid: int
    dropped: bool

    @property
    def popen(self) -> dict[str, Any]:
        """The arguments with which subprocess starts a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.dropped else {}

    def give(self, path: Path) -> None:
        """Make the user the owner of one file or directory."""
        if self.dropped:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def obstacle(self, path: Path) -> Path | None:
        """The first directory on the way that the user cannot enter, or the path itself if it cannot be read.

        Judged by owner, group and mode alone, which is what a home or a virtual environment under /root differs in.
        """
        if not self.dropped:
            return None
        real = path.resolve()
        for directory in reversed(real.parents):
            if not self._may(directory, stat.S_IXOTH):
                return directory
        is_program = real.is_dir() or real.stat().st_mode & 0o111
        return None if self._may(real, stat.S_IROTH | (stat.S_IXOTH if is_program else 0)) else real

    def _may(self, path: Path, wanted: int) -> bool:
        found = path.stat()
        shift = 6 if found.st_uid == self.uid else 3 if found.st_gid == self.gid else 0
        return (found.st_mode >> shift) & wanted == wanted

    def must_reach(self, directory: Path) -> None:
        """Raise CannotReach, with the way out, when the user cannot pass into a directory of ours."""
        if not self.dropped:
            return
        for part in (*reversed(directory.resolve().parents), directory.resolve()):
            if not self._may(part, stat.S_IXOTH):
                raise CannotReach(
                    f"The database must run as the unprivileged user {self.name}, who cannot enter {part}.",
                    f"Choose a home elsewhere (RIPELINE_HOME=/var/lib/ripeline), or let others pass: chmod o+x {part}",
                )


def choose(data: Path, named: str | None) -> Account:
    """Who the database runs as. Data that exists keeps its owner, so that a user installed later changes nothing."""
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        mine = Account(_name(os.geteuid()), os.geteuid(), os.getegid(), dropped=False)
        if owner not in (None, mine.uid):
            raise WrongPermissions(
                f"{data} belongs to the user {_name(owner or 0)}, and you are {mine.name}.",
                f"Run Ripeline as {_name(owner or 0)} (or root), or name another directory in RIPELINE_HOME.",
            )
        return mine
    chosen = _unprivileged(named, owner)
    if owner not in (None, chosen.pw_uid):
        raise WrongPermissions(
            f"{data} belongs to the user {_name(owner or 0)}, and the database shall run as {chosen.pw_name}.",
            f"Hand it over: chown -R {chosen.pw_name} {data}",
        )
    return Account(chosen.pw_name, chosen.pw_uid, chosen.pw_gid, dropped=True)


def _unprivileged(named: str | None, owner: int | None) -> pwd.struct_passwd:
    for entry in _candidates(named, owner):
        if entry.pw_uid != 0:
            return entry
    raise WrongPermissions(
        "PostgreSQL refuses to run as root, and there is no unprivileged user to run it as.",
        "Name one in RIPELINE_RUN_AS, or start Ripeline as an ordinary user.",
    )


def _candidates(named: str | None, owner: int | None) -> Iterator[pwd.struct_passwd]:
    everybody = {entry.pw_name: entry for entry in pwd.getpwall()}
    if named:
        yield from [everybody[named]] if named in everybody else []
        return
    yield from [entry for entry in everybody.values() if entry.pw_uid == owner]
    yield from [everybody[name] for name in ("postgres", "nobody") if name in everybody]


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"number {uid}"
