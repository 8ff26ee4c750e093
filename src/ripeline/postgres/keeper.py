"""The keeper: a small process of its own that owns the server, restarts it and stops it after the last command.

Commands hold the home's lease shared; the kernel takes it from them however they end. The keeper waits for the lease
exclusively: when it gets it nobody is left, and it stops the server, still holding the lease, so that a new command
waits until that is done. The keeper's own lock is inherited from the command that started it and says that it lives.
Signals are ignored: who wants the database gone ends the commands.
"""

import argparse
import contextlib
import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from ripeline.postgres import account, cluster, leftovers, programs
from ripeline.postgres.diagnosis import explain, full_disk
from ripeline.postgres.errors import DatabaseError
from ripeline.postgres.handshake import takes_connections
from ripeline.postgres.layout import Layout
from ripeline.postgres.tether import tether

log = logging.getLogger("keeper")

_STEADY = 60.0  # seconds after which an earlier crash no longer slows a restart down
_LONGEST_PAUSE = 30.0
_CLEAN_STOP = 60.0  # seconds for a fast shutdown, which writes everything to disk
_REPAIR = 10.0
_LOG_KEPT = 10 * 2**20  # bytes


class Keeper:
    """One server, from its first start until the last command is gone."""

    def __init__(self, layout: Layout, *, durable: bool) -> None:
        self.layout = layout
        self.durable = durable
        self.nobody_left = threading.Event()
        self.stopped = threading.Event()
        self.saying = threading.Lock()
        self.server: subprocess.Popen[bytes] | None = None
        self.was_ready = False
        self.restarts = 0
        self.version = ""

    def run(self, *, pg_bin: Path | None, run_as: str | None) -> int:
        """Everything; the exit status is 1 when the server never started, and the state says why."""
        self.layout.make_directories()
        threading.Thread(target=self._wait_until_nobody_is_left, daemon=True).start()
        try:
            self._keep(pg_bin, run_as)
        except DatabaseError as error:
            log.error("%s", error)
            self._say("failed", error=error.to_json())
            return 1
        finally:
            self._end_server()
            self.stopped.set()
        self._say("stopped")
        log.info("Stopped: no command is left.")
        return 0

    def _keep(self, pg_bin: Path | None, run_as: str | None) -> None:
        user = account.choose(self.layout.data, run_as)
        found = programs.find(self.layout, pg_bin, user)
        user.must_reach(self.layout.run)
        user.must_reach(self.layout.home)
        self.version = found.version
        cluster.make(self.layout, found, user, durable=self.durable)
        pause = 0.0
        while not self.nobody_left.is_set():
            started = time.monotonic()
            error = self._serve(found, user)
            if self.nobody_left.is_set():
                return
            if not self.was_ready:
                raise error
            pause = 0.1 if time.monotonic() - started > _STEADY else min(_LONGEST_PAUSE, max(0.1, pause * 2))
            self.restarts += 1
            log.warning("The database ended unexpectedly (%s). Starting it again in %.1f s.", error.what, pause)
            self._say("restarting", error=error.to_json())
            self.nobody_left.wait(pause)

    def _serve(self, found: programs.Programs, user: account.Account) -> DatabaseError:
        """Run the server until it ends, and say why it did."""
        leftovers.clear(self.layout, ours=self.layout.read_state().get("postgres"))
        self.layout.make_sockets(user)
        _rotate(self.layout.server_log)
        with self.layout.server_log.open("ab") as output:
            begin = output.tell()
            self.server = subprocess.Popen(
                cluster.command(self.layout, found, durable=self.durable),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=cluster.environment(),
                process_group=0,
                preexec_fn=tether(signal.SIGINT),  # should this keeper be killed, the server shuts down cleanly
                **user.popen,
            )
        self._say("starting")
        if self._wait_until_ready(self.server):
            self.was_ready = True
            log.info("PostgreSQL %s is ready (process %d).", found.version, self.server.pid)
            self._say("ready")
        status = self.server.wait()
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        with self.layout.server_log.open("rb") as file:
            file.seek(begin)
            said = file.read()[-20_000:].decode(errors="replace")
        return full_disk(self.layout.home) or explain(said, f"The database ended ({how}).")

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> bool:
        """PostgreSQL writes "ready" into the eighth line of postmaster.pid once it takes connections."""
        pidfile = self.layout.data / "postmaster.pid"
        while server.poll() is None and not self.nobody_left.is_set():
            with contextlib.suppress(OSError):
                lines = pidfile.read_text(encoding="ascii", errors="replace").splitlines()
                if len(lines) >= 8 and lines[0].strip() == str(server.pid) and lines[7].strip() == "ready":
                    return True
            time.sleep(0.01)
        return False

    def _wait_until_nobody_is_left(self) -> None:
        """Blocks on the lease in a thread; then asks the server to go, ever more firmly."""
        lease = os.open(self.layout.lease, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lease, fcntl.LOCK_EX)  # held until this process ends
        self.nobody_left.set()
        self._say("stopping")
        self._let_it_repair_itself()
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.server is not None:
                self.server.send_signal(how)
            if self.stopped.wait(_CLEAN_STOP):
                return

    def _let_it_repair_itself(self) -> None:
        """PostgreSQL 18.4, told to stop while it recovers from a killed backend, waits for a checkpointer for ever."""
        deadline = time.monotonic() + _REPAIR
        while self.was_ready and time.monotonic() < deadline and not takes_connections(self.layout.socket):
            if self.server is None or self.server.returncode is not None:
                return
            time.sleep(0.01)

    def _end_server(self) -> None:
        """After an error of our own nothing must be left running."""
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait()

    def _say(self, phase: str, **more: Any) -> None:
        if self.nobody_left.is_set() and phase not in ("stopping", "stopped", "failed"):
            return
        with self.saying:
            self.layout.write_state(
                {
                    "phase": phase,
                    "keeper": os.getpid(),
                    "postgres": self.server.pid if self.server is not None else None,
                    "version": self.version,
                    "url": self.layout.url,
                    "restarts": self.restarts,
                    **more,
                }
            )


def _rotate(file: Path) -> None:
    """Keep one older log; the server is not running when this is called."""
    with contextlib.suppress(FileNotFoundError):
        if file.stat().st_size > _LOG_KEPT:
            file.replace(file.with_suffix(".log.1"))


def main(arguments: list[str] | None = None) -> int:
    """What ``python -m ripeline.postgres.keeper`` runs; only the lease starts it."""
    parser = argparse.ArgumentParser(prog="keeper")
    parser.add_argument("home", type=Path)
    parser.add_argument("--pg-bin", type=Path)
    parser.add_argument("--run-as")
    parser.add_argument("--not-durable", action="store_true")
    given = parser.parse_args(arguments)
    for unwanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(unwanted, signal.SIG_IGN)
    os.umask(0o077)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    keeper = Keeper(Layout(given.home), durable=not given.not_durable)
    try:
        return keeper.run(pg_bin=given.pg_bin, run_as=given.run_as)
    except OSError as error:
        log.exception("The keeper failed.")
        failed = explain(str(error), "The database's keeper failed.")
        keeper.layout.write_state({"phase": "failed", "error": failed.to_json()})
        return 1


if __name__ == "__main__":
    sys.exit(main())
