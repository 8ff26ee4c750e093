"""The web process: raw ASGI for what comes in thousands (hits) or hundreds (enquiries), Django (as WSGI in threads) for
the rest.
"""

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast
from urllib.parse import quote_from_bytes

from a2wsgi.asgi_typing import Receive, Scope, Send
from django.urls import get_resolver

from ripeline.config import bodies, environment
from ripeline.config.intake import application as _intake
from ripeline.config.pages import Pages
from ripeline.config.wsgi import application as django
from ripeline.intake.app import PREFIX, lifespan

_threads = environment.load().web_threads
_django = Pages(django, threads=_threads)
_large = asyncio.Semaphore(max(1, _threads // 2))  # large bodies that come at the same time
PLAIN = bytes(range(128))
ENQUIRIES = "/api/v1/enquiries"
PROGRAMS = ("/api/", "/h/")  # whose answers are read by programs
_ = get_resolver().url_patterns  # every page is loaded before anybody asks for one


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Dispatch one connection. `/-/alive` answers without Django or the database: the process breathes."""
    if scope["type"] == "lifespan":
        await lifespan(_intake, cast(Any, receive), cast(Any, send))
    elif scope["type"] == "http" and scope["path"].startswith(PREFIX):
        await _intake(cast(Any, scope), cast(Any, receive), cast(Any, send))
    elif scope["type"] == "http" and scope["path"] == "/-/alive":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"alive\n"})
    elif scope["type"] == "http":
        await _once_here(_enquiries if scope["path"] == ENQUIRIES else _pages, scope, receive, send)


async def _once_here(answer: Any, scope: Any, receive: Any, send: Any) -> None:
    """Answer once the body is here. While a large one comes a thread waits, so only some of the threads do."""
    try:
        scope, receive = await bodies.whole(scope, receive)
        if bodies.is_large(scope):
            async with asyncio.timeout(bodies.PATIENCE):
                await _large.acquire()
    except ConnectionError:  # half of it is nothing
        return
    except bodies.TooLargeError:
        await _refuse(scope, send, 413, "That is too much at once.")
        return
    except bodies.CrowdedError:
        await _refuse(scope, send, 503, "Very much comes in just now. Please send it again.")
        return
    except TimeoutError:
        if bodies.is_large(scope):
            await _refuse(scope, send, 503, "Many large files come in just now. Please send it again.")
        else:
            await _refuse(scope, send, 408, "What you sent did not come in time.")
        return
    try:
        await answer(scope, receive, send)
    finally:
        if bodies.is_large(scope):
            _large.release()


async def _refuse(scope: Any, send: Any, status: int, text: str) -> None:
    """Plainly, or as JSON to a program."""
    kind, body = b"text/plain", f"{text}\n"
    if scope["path"].startswith(PROGRAMS):
        kind, body = b"application/json", json.dumps({"error": text, "fields": {}})
    headers = [(b"content-type", kind)] + [(b"retry-after", b"5")] * (status == 503)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


async def _pages(scope: Any, receive: Any, send: Any) -> None:
    """Django. A query whose letters nobody encoded (`?utm_source=café`) is encoded: a2wsgi takes ASCII alone."""
    if not scope["query_string"].isascii():
        scope = {**scope, "query_string": quote_from_bytes(scope["query_string"], safe=PLAIN).encode()}
    await _django(scope, _coroutines(receive), send)


def _coroutines(call: Callable[..., Awaitable[Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """a2wsgi hands these to the loop from a thread, which takes coroutines alone; granian's are mere awaitables."""

    async def called(*args: Any) -> Any:
        return await call(*args)

    return called


def _abreast() -> Any:
    from ripeline.api.abreast import Abreast  # Django has to be ready

    return Abreast(_pages)


_enquiries = _abreast()
gc.collect()
gc.freeze()  # and stays: looking for garbage in all of it kept one page in a hundred waiting for a tenth of a second
