"""The data directory: made whole or not at all, and the settings it is run with."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from ripeline.postgres import leftovers
from ripeline.postgres.account import Account
from ripeline.postgres.diagnosis import explain
from ripeline.postgres.errors import DiskFull, WrongPermissions
from ripeline.postgres.layout import DATABASE, PORT, USER, Layout
from ripeline.postgres.programs import Programs
from ripeline.postgres.tether import tether

_ROOM = 200 * 2**20  # bytes: a fresh cluster takes 40 MB and its log of changes up to 80 before it is recycled
_MB = 2**20
_GB = 2**30


def make(layout: Layout, programs: Programs, account: Account, *, durable: bool) -> None:
    """Make the data directory if there is none. What an interrupted attempt leaves, the next one removes."""
    if layout.data.exists():
        return
    free = shutil.disk_usage(layout.home).free
    if free < _ROOM:
        raise DiskFull(
            f"{layout.home} lies on a disk with only {free // _MB} MB left.",
            f"Make room ({_ROOM // _MB} MB to begin with), or name another directory in RIPELINE_HOME.",
        )
    making = layout.data.with_name("database.making")
    leftovers.end_all(making)
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    account.give(making)
    _run([programs.bin / "initdb", "-D", making, *_initdb_options(programs, durable=durable)], programs, account)
    _run(
        [programs.bin / "postgres", "--single", "-D", making, "postgres"],
        programs,
        account,
        f"CREATE DATABASE {DATABASE};\n",
    )
    making.rename(layout.data)


def _initdb_options(programs: Programs, *, durable: bool) -> list[str]:
    """UTF-8 whatever the machine's locale; from 17 on PostgreSQL brings its own, the same on every machine."""
    own = programs.major >= 17
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] if own else ["--locale=C"]
    return [
        f"--username={USER}",
        "--auth=trust",  # the socket's directory lets nobody else in
        "--encoding=UTF8",
        "--text-search-config=simple",
        "--data-checksums",
        *locale,
        *([] if durable else ["--no-sync"]),
    ]


def _run(command: list[str | Path], programs: Programs, account: Account, stdin: str = "") -> None:
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            env=environment(),
            cwd="/",
            check=False,
            preexec_fn=tether(signal.SIGKILL),  # half-made data is worth nothing
            **account.popen,
        )
    except PermissionError as error:
        raise WrongPermissions(
            f"{programs.bin} cannot be executed ({error.strerror}).",
            "Check that its file system is not mounted noexec, or name another directory in RIPELINE_PG_BIN.",
        ) from error
    if done.returncode != 0:
        raise explain(done.stdout + done.stderr, f"The database could not be made ({Path(command[0]).name}).")


def environment() -> dict[str, str]:
    """The environment of PostgreSQL's programs: without PG… names that would change what they do, and in English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LD_", "RIPELINE_"))}
    kept.pop("DATABASE_URL", None)
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


# How statements are planned. What a server of the company's own should have, too: docs/reference/settings.md.
PLANNING = {
    "jit": "off",  # queries here are short; compiling them takes longer than they do
    "random_page_cost": "1.1",
    "parallel_setup_cost": "20000",  # … and so does starting a process for them; reports are worth one
}


def command(layout: Layout, programs: Programs, *, durable: bool) -> list[str]:
    """How the server is started in the foreground."""
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{layout.sockets}"',
        "unix_socket_permissions": "0700",
        "log_destination": "stderr",
        "logging_collector": "off",
        "log_line_prefix": "%m [%p] ",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
        "timezone": "UTC",
        **PLANNING,
        "checkpoint_timeout": "15min",
        "max_wal_size": "2GB",
        **_memory(memory_limit()),
        **({} if durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(programs.bin / "postgres"), "-D", str(layout.data), *options]


def memory_limit() -> int:
    """The bytes of memory this machine, or the container we are in, has."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(physical, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    except (OSError, ValueError):
        return physical


def _memory(total: int) -> dict[str, str]:
    """Modest shares of the machine: the web process, the worker and the file cache live on it too."""

    def share(parts: int, least: int, most: int) -> str:
        return f"{max(least, min(most, total // parts)) // _MB}MB"

    found = {
        "shared_buffers": share(8, 32 * _MB, _GB),
        "effective_cache_size": share(2, 128 * _MB, 64 * _GB),
        "maintenance_work_mem": share(32, 32 * _MB, 256 * _MB),
        "work_mem": share(256, 4 * _MB, 32 * _MB),
    }
    if not _roomy_shared_memory():
        found["dynamic_shared_memory_type"] = "mmap"
    return found


def _roomy_shared_memory() -> bool:
    """Containers often have a /dev/shm of 64 MB, where a parallel query fails."""
    try:
        return shutil.disk_usage("/dev/shm").total >= 512 * _MB  # noqa: S108 - its size is read, nothing is put there
    except OSError:
        return False
