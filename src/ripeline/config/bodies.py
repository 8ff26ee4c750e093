"""A body is here before one of Django's few threads is given to it: who sends slowly keeps nobody else waiting."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

MOST_OF_STRANGERS = 1024 * 1024  # bytes; who is signed in sends more, and the rest of it while a thread waits
PATIENCE = 120.0  # seconds that a body may take to come
AT_ONCE = 64 * MOST_OF_STRANGERS  # bytes of bodies that are on their way to a process; who comes then comes again


class CrowdedError(Exception):
    """So much is on its way already that this must be sent again."""


class _Coming:
    """How many bytes are on their way: what they are said to be, for that much may be held."""

    size = 0


async def whole(scope: MutableMapping[str, Any], receive: Receive) -> Receive:
    """The same body, once all of it is here; what is larger than strangers send, or has no length, is left as it is.

    Raises TimeoutError where it does not come, ConnectionError where whoever sent it has gone, and CrowdedError.
    """
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    if not said.isdigit() or not 0 < int(said[:20]) <= MOST_OF_STRANGERS:
        return receive
    size = int(said)
    if _Coming.size + size > AT_ONCE:
        raise CrowdedError
    _Coming.size += size
    try:
        body = await _read(receive)
    finally:
        _Coming.size -= size
    read: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return read.pop() if read else await receive()

    return received


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(parts)
