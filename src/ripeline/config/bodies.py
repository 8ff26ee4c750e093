"""A body is here before one of Django's few threads is given to it: who sends slowly keeps nobody else waiting."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

MOST_OF_STRANGERS = 1024 * 1024  # bytes; who is signed in sends more, and the rest of it while a thread waits
PATIENCE = 120.0  # seconds that a body may take to come


async def whole(scope: MutableMapping[str, Any], receive: Receive) -> Receive:
    """The same body, once all of it is here; what is larger than strangers send, or has no length, is left as it is.

    Raises TimeoutError where it does not come, and ConnectionError where whoever sent it has gone.
    """
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    if not said.isdigit() or not 0 < int(said[:20]) <= MOST_OF_STRANGERS:
        return receive
    parts: list[bytes] = []
    async with asyncio.timeout(PATIENCE):
        is_over = False
        while not is_over:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            parts.append(message.get("body", b""))
            is_over = not message.get("more_body", False)
    read: list[Message] = [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

    async def received() -> Message:
        return read.pop() if read else await receive()

    return received
