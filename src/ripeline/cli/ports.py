"""Whether a port is free, and who has it if not."""

import contextlib
import errno
import os
import socket
from pathlib import Path


def taken(address: str, port: int) -> str | None:
    """A sentence when nothing can listen there now; None when the port is free."""
    family, kind, _, _, where = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(where)
            probe.listen(1)
        except OSError as error:
            return _explain(address, port, error)
    return None


def _explain(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        who = owner(port)
        other = port + 1 if port < 65535 else 8000
        return (
            f"Port {port} is taken{f' by {who}' if who else ''}. "
            f"Stop that, or choose another port: --port {other}, make run PORT={other}, or RIPELINE_PORT."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is kept for root. Choose one above 1023, or put a proxy in front."
    return f"Nothing can listen on {address}, port {port} ({error.strerror}). Check --bind or RIPELINE_BIND."


def owner(port: int) -> str | None:
    """The process that listens on the port, as far as we may see it: "nginx (process 812)"."""
    sockets = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:  # 0A: listening
                    sockets.add(f"socket:[{fields[9]}]")
    if not sockets:
        return None
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):
                if any(os.readlink(handle) in sockets for handle in (process / "fd").iterdir()):
                    return f"{_name(process)} (process {process.name})"
    return None


def _name(process: Path) -> str:
    """The program's name; our own web processes are known by what started them."""
    parent = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
    for each in (process, Path("/proc", parent)):
        if b"ripeline" in (each / "cmdline").read_bytes():
            return "another Ripeline"
    return (process / "comm").read_text(encoding="utf-8").strip()
