"""Tests reach this machine alone: one that needed the network would fail one day for a reason that is not ours."""

import socket
from typing import Any

import pytest

_HERE = ("127.0.0.1", "::1", "localhost", "", None)


def _refuse(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name not in _HERE and not str(name).startswith("127."):
        raise PermissionError(f"A test tried to reach {name!r}; tests reach only this machine.")


class _GuardedSocket(socket.socket):
    """A socket that connects to loopback addresses and local files alone."""

    def connect(self, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse(address[0])
        super().connect(address)

    def connect_ex(self, address: Any) -> int:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse(address[0])
        return super().connect_ex(address)


def pytest_configure(config: pytest.Config) -> None:
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
        _refuse(host)
        return look_up(host, *arguments, **named)

    socket.socket = _GuardedSocket  # type: ignore[misc]
    socket.getaddrinfo = getaddrinfo
