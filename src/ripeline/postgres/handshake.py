"""Asking a server whether it takes connections, with the first message of PostgreSQL's protocol and nothing else."""

import contextlib
import socket
import struct
from pathlib import Path

from ripeline.postgres.layout import DATABASE, USER

_PROTOCOL_3 = 196608
_NOT_NOW = b"C57P03\0"  # the SQLSTATE of a server that starts, stops or repairs itself


def takes_connections(address: Path) -> bool:
    """True when a session could begin now; a server that has too many already counts as well."""
    parameters = b"".join(word.encode() + b"\0" for word in ("user", USER, "database", DATABASE, ""))
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        probe.connect(str(address))
        probe.sendall(struct.pack("!ii", len(parameters) + 8, _PROTOCOL_3) + parameters)
        answer = probe.recv(4096)
        if answer[:1] == b"R":
            probe.sendall(b"X" + struct.pack("!i", 4))  # goodbye, lest the server logs a broken connection
        return answer[:1] == b"R" or (answer[:1] == b"E" and _NOT_NOW not in answer)
    return False
