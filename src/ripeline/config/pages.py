"""Django, which is WSGI, behind ASGI: a page is made in a thread and handed to the loop whole.

`a2wsgi` reads what comes; its way back goes from the thread to the loop and waits three times for each page, which took
a tenth of its time, and lets a thread wait for ever where somebody goes away in the middle of a long answer.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from a2wsgi.wsgi import Body, build_environ

Send = Callable[[Any], Awaitable[Any]]
Headers = list[tuple[str, str]]


class Pages:
    """A WSGI application for an ASGI server, in so many threads."""

    def __init__(self, application: Callable[..., Iterable[bytes]], *, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(thread_name_prefix="page", max_workers=threads)

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Send) -> None:
        loop = asyncio.get_running_loop()
        environ = build_environ(scope, Body(loop, receive))
        answer = _Answer(loop, send)
        context = contextvars.copy_context()
        body = await loop.run_in_executor(self._threads, context.run, answer.made, self._application, environ)
        if body is not None:
            await send(answer.start)
            await send({"type": "http.response.body", "body": body})


@dataclass
class _Answer:
    """What an application answers."""

    loop: asyncio.AbstractEventLoop
    send: Send
    start: dict[str, Any] = field(default_factory=dict)

    def made(self, application: Callable[..., Iterable[bytes]], environ: Any) -> bytes | None:
        """The body of an answer that is whole; None where it came part by part, and was sent so."""
        found = application(environ, self._begin)
        try:
            if not getattr(found, "streaming", True):
                return b"".join(found)
            self._wait_for(self.start)
            for part in found:
                self._wait_for({"type": "http.response.body", "body": part, "more_body": True})
            self._wait_for({"type": "http.response.body", "body": b""})
            return None
        finally:
            getattr(found, "close", lambda: None)()

    def _begin(self, status: str, headers: Headers, _: Any = None) -> Callable[[bytes], Any]:
        said = [(name.strip().lower().encode("latin1"), value.strip().encode("latin1")) for name, value in headers]
        self.start = {"type": "http.response.start", "status": int(status.partition(" ")[0]), "headers": said}
        return _refuse

    def _wait_for(self, message: Any) -> None:
        """Send this from the thread, which goes on when it has gone out."""

        async def sent() -> None:
            await self.send(message)

        asyncio.run_coroutine_threadsafe(sent(), self.loop).result()


def _refuse(_: bytes) -> None:
    raise RuntimeError("An application gives its body back; it does not write it.")
