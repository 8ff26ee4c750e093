"""A body is here before one of Django's few threads is given to it: who sends slowly keeps nobody else waiting."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

MOST_OF_STRANGERS = 1024 * 1024  # bytes; who is signed in sends more, and the rest of it while a thread waits
PATIENCE = 120.0  # seconds that a body may take to come; of a large one, each part of it
AT_ONCE = 64 * MOST_OF_STRANGERS  # bytes of bodies that are on their way to a process; who comes then comes again


class CrowdedError(Exception):
    """So much is on its way already that this must be sent again."""


class TooLargeError(Exception):
    """It has no length, and is larger than strangers send."""


class _Coming:
    """How many bytes are on their way: what they are said to be, for that much may be held."""

    size = 0


def is_large(scope: Scope) -> bool:
    """Whether it is more than strangers send, so that a thread waits while it comes."""
    return _length(scope) > MOST_OF_STRANGERS


async def whole(scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
    """The same request, once all of its body is here; of a large one each part comes in time, or raises TimeoutError.

    One that was sent in chunks without a length has one then, since Django takes it for empty else. Raises
    TimeoutError where it does not come, ConnectionError where whoever sent it has gone, CrowdedError and TooLargeError.
    """
    size, is_chunked = _length(scope), _is_chunked(scope)
    if size > MOST_OF_STRANGERS:
        return scope, _in_time(receive)
    if not size and not is_chunked:
        return scope, receive
    held = size or MOST_OF_STRANGERS
    if _Coming.size + held > AT_ONCE:
        raise CrowdedError
    _Coming.size += held
    try:
        body = await _read(receive)
    finally:
        _Coming.size -= held
    if is_chunked:
        rest = [(name, value) for name, value in scope["headers"] if name != b"transfer-encoding"]
        scope = {**scope, "headers": [*rest, (b"content-length", str(len(body)).encode())]}
    read: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return read.pop() if read else await receive()

    return scope, received


def _length(scope: Scope) -> int:
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(said[:20]) if said.isdigit() else 0


def _is_chunked(scope: Scope) -> bool:
    names = {name: value for name, value in scope["headers"] if name in (b"content-length", b"transfer-encoding")}
    return b"content-length" not in names and names.get(b"transfer-encoding", b"").lower() == b"chunked"


def _in_time(receive: Receive) -> Receive:
    async def received() -> Message:
        async with asyncio.timeout(PATIENCE):
            return await receive()

    return received


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > MOST_OF_STRANGERS:
                raise TooLargeError
            if not message.get("more_body", False):
                return b"".join(parts)
