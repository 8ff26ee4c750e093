"""Enquiries by programs, answered many at a time: what comes at the same moment is read, kept, resolved, routed and
scored in one transaction.

Only what is right is answered here. All else goes on to Django, whose answers are those that are documented: nothing of
it was kept, so it is simply asked again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.conf import settings
from django.db import connection
from django.http.request import split_domain_port, validate_host
from pydantic import ValidationError

from ripeline.api.schemas import EnquiryIn, EnquiryOut, answer_of, entry_of
from ripeline.base.settled import look
from ripeline.capture.arriving.keeping import FROM_ONE_PROGRAM, RefusedError, keep_all
from ripeline.capture.doors import machines
from ripeline.capture.models import Submission
from ripeline.people import keys

log = logging.getLogger(__name__)

LARGEST = 256 * 1024  # bytes of a body; what is larger is Django's to refuse
MOST = 32  # in one transaction
PATIENCE = 0.008  # seconds that a few wait for as many as there were the last time
RESTS = 1.0  # seconds without an enquiry, after which the connection to the database is given back

Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Answer: TypeAlias = tuple[int, bytes]


@dataclass(frozen=True)
class Asked:
    """What a program sent: its key's secret, its own name for the enquiry, and the enquiry as JSON."""

    secret: str
    idempotency_key: str
    body: bytes


def answers(asked: Sequence[Asked]) -> list[Answer | None]:
    """The answer to each, in one transaction; None where it is not simply "created" or "repeated"."""
    try:
        with look():
            read = [_read(each) for each in asked]
            kept = iter(keep_all([(submission, FROM_ONE_PROGRAM) for submission in read if submission]))
            return [_answer(next(kept)) if submission else None for submission in read]
    except Exception:
        log.warning("Enquiries that came together could not be kept together; each is tried alone.", exc_info=True)
        connection.close()
        return [None] * len(asked)


def _read(asked: Asked) -> Submission | None:
    key = keys.holder(asked.secret)
    if key is None or "capture" not in key.scopes:
        return None
    try:
        return machines.submission_of(
            key=key, entry=entry_of(EnquiryIn.model_validate_json(asked.body)),
            idempotency_key=asked.idempotency_key,
        )  # fmt: skip
    except (ValidationError, RefusedError):
        return None


def _answer(kept: tuple[Submission, bool] | Exception) -> Answer | None:
    if isinstance(kept, Exception):
        return None
    found, is_new = kept
    try:
        return 201 if is_new else 200, EnquiryOut(**answer_of(found, is_new)).model_dump_json().encode()
    except ValidationError:
        return None


class Abreast:
    """The ASGI application; `otherwise` is asked what it does not answer itself."""

    def __init__(self, otherwise: App) -> None:
        self._otherwise = otherwise
        self._waiting: list[tuple[Asked, asyncio.Future[Answer | None]]] = []
        self._at_work: asyncio.Task[None] | None = None
        self._before = 1  # how many were answered together the last time
        self._enough: asyncio.Future[None] | None = None  # until as many wait again
        self._thread = ThreadPoolExecutor(1, "enquiries")  # one connection to the database
        self._rest: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if not _is_plain(scope, headers):
            await self._otherwise(scope, receive, send)
            return
        try:
            body, is_whole = await _body(receive)
        except ConnectionError:  # whoever asked has gone
            return
        secret, own = headers[b"authorization"].partition(" ")[2], headers.get(b"idempotency-key", "")
        answer = await self._answer(Asked(secret.strip()[:200], own, body)) if is_whole else None
        if answer is None:
            await self._otherwise(scope, _again(body, is_whole, receive), send)
            return
        status, text = answer
        said = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(text)).encode()),
                (b"x-content-type-options", b"nosniff")]  # fmt: skip
        await send({"type": "http.response.start", "status": status, "headers": said})
        await send({"type": "http.response.body", "body": text})

    async def _answer(self, asked: Asked) -> Answer | None:
        future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._enough and not self._enough.done() and len(self._waiting) >= self._before:
            self._enough.set_result(None)
        if self._at_work is None:
            self._at_work = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        if self._rest:
            self._rest.cancel()
        try:
            while self._waiting:
                await self._gather()
                some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                self._before = len(some)
                try:
                    found = await loop.run_in_executor(self._thread, answers, [asked for asked, _ in some])
                except Exception:
                    log.exception("Enquiries that came together could not be answered; each is tried alone.")
                    found = [None] * len(some)
                for (_, future), answer in zip(some, found, strict=True):
                    if not future.done():  # whoever asked may have gone
                        future.set_result(answer)
        finally:
            self._at_work = None
            self._rest = loop.call_later(RESTS, self.rest)

    def rest(self) -> Future[None]:
        """Give the connection to the database back."""
        return self._thread.submit(_close)

    async def _gather(self) -> None:
        """Where several came together the last time they do again, a moment apart."""
        if len(self._waiting) < self._before:
            self._enough = asyncio.get_running_loop().create_future()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough, PATIENCE)


def _close() -> None:
    connection.close()  # of the thread that calls it


def _is_plain(scope: Scope, headers: dict[bytes, str]) -> bool:
    """Whether it is an enquiry as they are meant to be sent; all else is Django's to judge."""
    host, _ = split_domain_port(headers.get(b"host", ""))
    own = headers.get(b"idempotency-key", "")
    return (
        scope["method"] == "POST"
        and len(headers) == len(scope["headers"])
        and headers.get(b"authorization", "").lower().startswith("bearer ")
        and headers.get(b"content-type", "").startswith("application/json")
        and len(own) <= 200
        and own.isascii()
        and validate_host(host, settings.ALLOWED_HOSTS)
    )


async def _body(receive: Receive) -> tuple[bytes, bool]:
    """What has come of the body, and whether that is all of it. Raises ConnectionError."""
    body = bytearray()
    while len(body) <= LARGEST:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect":
            raise ConnectionError
        if not message.get("more_body", False):
            return bytes(body), True
    return bytes(body), False


def _again(body: bytes, is_whole: bool, receive: Receive) -> Receive:
    """The same request, for somebody else to read."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": not is_whole}]

    async def received() -> Message:
        return first.pop() if first else await receive()

    return received
