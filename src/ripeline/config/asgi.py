"""The web process: raw ASGI for what comes in thousands (hits) or hundreds (enquiries), Django (as WSGI in threads) for
the rest.
"""

import gc
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast
from urllib.parse import quote_from_bytes

from a2wsgi import WSGIMiddleware
from a2wsgi.asgi_typing import Receive, Scope, Send
from a2wsgi.wsgi_typing import WSGIApp
from django.urls import get_resolver

from ripeline.config import bodies, environment
from ripeline.config.intake import application as _intake
from ripeline.config.wsgi import application as django
from ripeline.intake.app import PREFIX, lifespan

_wsgi = WSGIMiddleware(cast(WSGIApp, django), workers=environment.load().web_threads)
PLAIN = bytes(range(128))
ENQUIRIES = "/api/v1/enquiries"
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
    elif scope["type"] == "http" and scope["path"] == ENQUIRIES:
        await _enquiries(cast(Any, scope), cast(Any, receive), cast(Any, send))
    elif scope["type"] == "http":
        await _pages(scope, receive, send)


async def _pages(scope: Any, receive: Any, send: Any) -> None:
    """Django. A query whose letters nobody encoded (`?utm_source=café`) is encoded: a2wsgi takes ASCII alone."""
    if not scope["query_string"].isascii():
        scope = {**scope, "query_string": quote_from_bytes(scope["query_string"], safe=PLAIN).encode()}
    try:
        receive = await bodies.whole(scope, receive)
    except TimeoutError:
        await send({"type": "http.response.start", "status": 408, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"What you sent did not come in time.\n"})
        return
    except bodies.CrowdedError:
        headers = [(b"content-type", b"text/plain"), (b"retry-after", b"5")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": b"Very much comes in just now. Please send it again.\n"})
        return
    except ConnectionError:  # half of it is nothing
        return
    await _wsgi(scope, _coroutines(receive), _coroutines(send))


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
