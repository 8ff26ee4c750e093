"""Django, which is WSGI, behind ASGI: a page is made in a thread and handed to the loop whole.

`a2wsgi` reads what comes; its way back goes from the thread to the loop and waits three times for each page, which took
a tenth of its time. Only a long answer (a file of thousands of rows) goes that way part by part, as long as there is
somebody who takes it.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from a2wsgi.wsgi import Body, build_environ

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[Any]]
Headers = list[tuple[str, str]]
PATIENCE = 60.0  # seconds that somebody may take for one part of a long answer


class Pages:
    """A WSGI application for an ASGI server, in so many threads."""

    def __init__(self, application: Callable[..., Iterable[bytes]], *, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(thread_name_prefix="page", max_workers=threads)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        environ = build_environ(scope, Body(loop, receive))
        answer = _Answer(loop, receive, send)
        context = contextvars.copy_context()
        body = await loop.run_in_executor(self._threads, context.run, answer.made, self._application, environ)
        if body is not None:
            await send(answer.start)
            await send({"type": "http.response.body", "body": body})


@dataclass
class _Answer:
    """What an application answers."""

    loop: asyncio.AbstractEventLoop
    receive: Receive
    send: Send
    start: dict[str, Any] = field(default_factory=dict)
    is_gone: bool = False

    def made(self, application: Callable[..., Iterable[bytes]], environ: Any) -> bytes | None:
        """The body of an answer that is whole; None where it came part by part, and was sent so."""
        found = application(environ, self._begin)
        try:
            if not getattr(found, "streaming", True):
                return b"".join(found)
            self._send_by_parts(found)
            return None
        finally:
            getattr(found, "close", lambda: None)()

    def _begin(self, status: str, headers: Headers, _: Any = None) -> Callable[[bytes], Any]:
        said = [(name.strip().lower().encode("latin1"), value.strip().encode("latin1")) for name, value in headers]
        self.start = {"type": "http.response.start", "status": int(status.partition(" ")[0]), "headers": said}
        return _refuse

    def _send_by_parts(self, parts: Iterable[bytes]) -> None:
        watching = asyncio.run_coroutine_threadsafe(self._watch(), self.loop)
        try:
            self._wait_for(self.start)
            for part in parts:
                if self.is_gone:
                    return
                self._wait_for({"type": "http.response.body", "body": part, "more_body": True})
            self._wait_for({"type": "http.response.body", "body": b""})
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        """A server tells who asks whether they are still there, not who sends."""
        while not self.is_gone:
            self.is_gone = (await self.receive())["type"] == "http.disconnect"

    def _wait_for(self, message: Any) -> None:
        """Send this from the thread, which goes on when it has gone out. Raises TimeoutError if nobody takes it."""

        async def sent() -> None:
            async with asyncio.timeout(PATIENCE):
                await self.send(message)

        asyncio.run_coroutine_threadsafe(sent(), self.loop).result()


def _refuse(_: bytes) -> None:
    raise RuntimeError("An application gives its body back; it does not write it.")
