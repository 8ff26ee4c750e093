"""The intake as an ASGI application: what it answers, path by path.

POST /i/e      one event       202 after COMMIT; 403, 413, 422, 429 and the reason; 503 and Retry-After where it is full
POST /i/batch  many events     the same
GET  /i/p.gif  a picture       for pages and mails without scripts
GET  /i/c/…    a tracked link  on to where it leads; recorded, if the database answers in time
GET  /i/r.js   the script
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import psycopg
import uuid_utils.compat
from psycopg import AsyncConnection

from ripeline.base import clock
from ripeline.intake import body, script
from ripeline.intake.answers import Answer, Refused, accepted, not_a_link, onward, pixel
from ripeline.intake.rates import Rates
from ripeline.intake.setup import Setup, Site, renewed
from ripeline.intake.tried import Tried
from ripeline.intake.writer import Full, Person, Writer
from ripeline.timeline import links
from ripeline.timeline.hits import Hit

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/i/"
MOST_ONE, MOST_BATCH = 32_768, 1_048_576  # bytes of a body
LOOKS = 2.0  # seconds between looks whether the setup has changed
LINK_PATIENCE = 2.0  # seconds that somebody who follows a link waits for the database
BODY_PATIENCE = 15.0  # seconds that a body may take to come
PERSON_DAYS = 90  # a link says who follows it for so long
AGAIN = 2  # seconds, in Retry-After


@dataclass(frozen=True)
class Terms:
    """What an intake works by."""

    database_url: str
    secret: str  # signs tracked links
    queue: int = 20_000  # events that may wait
    rate: int = 100  # events a second from one address; 0: no limit
    is_proxied: bool = False  # X-Forwarded-For is a proxy's of ours


class Intake:
    """One process's intake: its queue, its setup, its limits."""

    def __init__(self, terms: Terms) -> None:
        self._url = terms.database_url
        self._is_proxied = terms.is_proxied
        self._secret = terms.secret
        self.writer = Writer(self._url, capacity=terms.queue)
        self.setup = Setup()
        self._rates = Rates(terms.rate)
        self._tried = Tried()
        self._watch: asyncio.Task[None] | None = None
        self._look_now = asyncio.Event()
        self._looked = asyncio.Condition()
        self._begun = self._seen = 0  # looks at the setup, and the latest that has been seen

    async def start(self) -> None:
        """Begin to write, and to watch the setup. Does not wait for the database."""
        self.writer.start()
        self._watch = asyncio.create_task(self._keep_setup())

    async def stop(self) -> None:
        if self._watch:
            self._watch.cancel()
            await asyncio.wait([self._watch], timeout=2)
        await self.writer.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin", "")
        try:
            answer = await self._answer(scope, headers, receive)
        except Refused as refused:
            answer = refused.answer
        except Exception:
            log.exception("The intake failed at %s.", scope["path"])
            answer = Refused(503, "Something is wrong here; please try again later.", retry_after=30).answer
        extra = []
        if origin and self.setup.allows(_host(origin)):
            extra = [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]
        length = (b"content-length", str(len(answer.body)).encode())
        start = {"type": "http.response.start", "status": answer.status, "headers": [*answer.headers, *extra, length]}
        await send(start)
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _answer(self, scope: Scope, headers: dict[bytes, str], receive: Receive) -> Answer:
        path, method = scope["path"][len(PREFIX) :], scope["method"]
        if path == "r.js" and method in ("GET", "HEAD"):
            return script.answer(headers, scope["query_string"].decode("latin-1"))
        if path in ("e", "batch"):
            if method == "OPTIONS":
                return self._preflight(headers)
            if method == "POST":
                return await (self._one if path == "e" else self._batch)(scope, headers, receive)
        elif path == "p.gif" and method in ("GET", "HEAD"):
            return await self._pixel(scope, headers)
        elif path.startswith("c/") and method in ("GET", "HEAD"):
            return await self._link(scope, headers, path[2:])
        elif path != "r.js" and path != "p.gif" and not path.startswith("c/"):
            raise Refused(404, "There is nothing at this address.")
        raise Refused(405, f"{method} is not for this address.")

    async def _one(self, scope: Scope, headers: dict[bytes, str], receive: Receive) -> Answer:
        by, address = self._sender(scope, headers)
        event = _decoded(body.one, await _read(headers, receive, MOST_ONE))
        site = await self._site(event.site, headers)
        self._limit(address, 1)
        hit = _made(event, event.sent, by, site, self.setup)
        await self._store([hit], self._persons([event], [hit]))
        return accepted(1)

    async def _batch(self, scope: Scope, headers: dict[bytes, str], receive: Receive) -> Answer:
        by, address = self._sender(scope, headers)
        given = _decoded(body.batch, await _read(headers, receive, MOST_BATCH))
        site = await self._site(given.site, headers)
        self._limit(address, len(given.events))
        if given.agent or given.address:
            by = body.sender(given.agent or by.agent, given.address or address, by.received)
        setup, sent = self.setup, given.sent
        hits = [_made(event, sent, by, site, setup, place) for place, event in enumerate(given.events)]
        await self._store(hits, self._persons(given.events, hits))
        return accepted(len(hits))

    async def _pixel(self, scope: Scope, headers: dict[bytes, str]) -> Answer:
        """A page without scripts (?site=…, the page says where by Referer), or a mail that was opened (?t=…)."""
        by, address = self._sender(scope, headers)
        query = parse_qs(scope["query_string"].decode("latin-1")[:4000], max_num_fields=10)
        token, key = query.get("t", [""])[0], query.get("site", [""])[0]
        self._limit(address, 1)
        if token:
            try:
                link = links.read(token, self._secret, "open")
            except links.BadLink as bad:
                raise Refused(422, str(bad)) from bad
            if _is_shy(headers):  # an opening that is nobody's says nothing
                return pixel()
            await self._store([body.link_hit(link, "open", uuid_utils.compat.uuid7(), by, self.setup)])
        else:
            site = await self._site(key, headers)
            if not site.has(_host(headers.get(b"referer", ""))):
                self._tried.note(_host(headers.get(b"referer", "")))
                raise Refused(422, "The picture does not say on which page of the site it stands.")
            event = body.Event(
                visitor=uuid_utils.compat.uuid7(), id=uuid_utils.compat.uuid7(), url=headers[b"referer"][:2000]
            )
            await self._store([_made(event, None, by, site, self.setup)])
        return pixel()

    async def _link(self, scope: Scope, headers: dict[bytes, str], token: str) -> Answer:
        by, address = self._sender(scope, headers)
        try:
            link = links.read(token, self._secret, "click")
        except links.BadLink:
            return not_a_link(headers.get(b"accept-language", ""))
        if _is_shy(headers):
            link = links.nobodys(link)
        hit = body.link_hit(link, "click", uuid_utils.compat.uuid7(), by, self.setup)
        if not self._rates.take(address, 1):
            try:
                await asyncio.wait_for(self.writer.put([hit]), LINK_PATIENCE)
            except (Full, TimeoutError):
                log.warning("A link was followed that could not be recorded.")
        return onward(self._handing_on(link, hit))

    def _handing_on(self, link: links.Link, hit: Hit) -> str:
        """The target; on a site of ours with who the link was made for, which the script there hands back."""
        if not link.lead_id or hit.who != "human" or not self.setup.allows(hit.host):
            return link.target
        said = links.Link("person", lead_id=link.lead_id, message=link.message, sent=link.sent)
        target, hash_, fragment = link.target.partition("#")
        joint = "&" if "?" in target else "?"
        return f"{target}{joint}{links.PARAMETER}={links.make(said, self._secret)}{hash_}{fragment}"

    def _persons(self, events: list[Any], hits: list[Hit]) -> list[Person]:
        """Who came by a link made for a lead and may be known again. A token that is not ours says nothing."""
        found: list[Person] = []
        for event, hit in zip(events, hits, strict=True):
            if event.person and event.consent and hit.who == "human":
                try:
                    link = links.read(event.person, self._secret, "person")
                except links.BadLink:
                    continue
                is_fresh = not link.sent or hit.received < (link.sent + PERSON_DAYS * 86_400) * 1_000_000
                if link.lead_id and is_fresh:
                    found.append((hit.visitor_id, link.lead_id, hit.occurred))
        return found

    async def _store(self, hits: list[Hit], persons: list[Person] | tuple[()] = ()) -> None:
        try:
            await self.writer.put(hits, persons)
        except Full as full:
            raise Refused(503, "More comes in than can be stored just now; send it again.", retry_after=AGAIN) from full

    def _limit(self, address: str, events: int) -> None:
        if wait := self._rates.take(address, events):
            raise Refused(429, "Too many events from this address; send slower.", retry_after=wait)

    def _sender(self, scope: Scope, headers: dict[bytes, str]) -> tuple[body.Sender, str]:
        address = scope["client"][0] if scope.get("client") else ""
        if self._is_proxied and (forwarded := headers.get(b"x-forwarded-for")):
            address = forwarded.rpartition(",")[2].strip()
        agent = headers.get(b"user-agent", "")
        received = round(clock.now().timestamp() * 1_000_000)
        return body.sender(agent, address, received, is_head=scope["method"] == "HEAD"), address

    async def _site(self, key: str, headers: dict[bytes, str]) -> Site:
        """The site of a key, if the page that sends is on it. A server that sends has no Origin."""
        site = self.setup.sites.get(key)
        is_now = True
        if site is None:
            is_now = await self._look_again()
            site = self.setup.sites.get(key)
        if not self.setup.version or (site is None and not is_now):
            raise Refused(503, "The database is away; send it again.", retry_after=AGAIN)
        if site is None:
            raise Refused(422, "site is not the key of one of our sites; copy the script's tag anew from the settings.")
        origin = headers.get(b"origin", "")
        if origin and not site.has(_host(origin)):
            self._tried.note(_host(origin))
            raise Refused(403, f"This key is for {site.host} alone; add your site in the settings.")
        return site

    def _preflight(self, headers: dict[bytes, str]) -> Answer:
        if not self.setup.allows(_host(headers.get(b"origin", ""))):
            raise Refused(403, "This site is not among those whose visits are recorded.")
        allowed = [
            (b"access-control-allow-methods", b"POST"),
            (b"access-control-allow-headers", b"content-type"),
            (b"access-control-max-age", b"86400"),
        ]
        return Answer(204, b"", allowed)

    async def _keep_setup(self) -> None:
        """Look every few seconds, or when asked, whether somebody has changed the sites or rules."""
        while True:
            try:
                async with await AsyncConnection.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                    while True:
                        self._begun += 1
                        self.setup = await renewed(connection, self.setup)
                        async with self._looked:
                            self._seen = self._begun
                            self._looked.notify_all()
                        try:
                            await asyncio.wait_for(self._look_now.wait(), LOOKS)
                            await asyncio.sleep(0.2)  # strangers' keys make us look no oftener than that
                        except TimeoutError:
                            pass
                        self._look_now.clear()
                        await self._tried.write(connection)
            except (psycopg.Error, OSError):
                await asyncio.sleep(0.5)

    async def _look_again(self) -> bool:
        """Whether the setup is as it was now or later: a look that had begun already may have missed what is new."""
        wanted = self._begun + 1
        self._look_now.set()
        try:
            async with self._looked:
                return await asyncio.wait_for(self._looked.wait_for(lambda: self._seen >= wanted), 2.0)
        except TimeoutError:
            return False


def _made(
    event: body.Event, sent: int | None, by: body.Sender, site: Site, setup: Setup, place: int | None = None
) -> Hit:
    try:
        return body.hit(event, sent, by, site, setup)
    except body.Unacceptable as wrong:
        where = "" if place is None else f" - at `$.events[{place}]`"
        raise Refused(422, f"{wrong}{where}") from wrong


def _is_shy(headers: dict[bytes, str]) -> bool:
    """Whether they ask not to be tracked: Global Privacy Control, or Do Not Track."""
    return "1" in (headers.get(b"sec-gpc"), headers.get(b"dnt"))


def _decoded(decoder: msgspec.json.Decoder[Any], raw: bytes) -> Any:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        raise Refused(422, f"{wrong}") from wrong


async def _read(headers: dict[bytes, str], receive: Receive, most: int) -> bytes:
    """The body, no longer than `most`."""
    if headers.get(b"content-encoding", "identity").lower() != "identity":
        raise Refused(415, "Send the body as it is, not compressed.")
    said = headers.get(b"content-length", "0")
    if said.isdecimal() and int(said[:20]) > most:
        raise Refused(413, f"A body has at most {most} bytes.")
    parts: list[bytes] = []
    size, is_over = 0, False
    while not is_over:
        try:
            message = await asyncio.wait_for(receive(), BODY_PATIENCE) if parts else await receive()
        except TimeoutError as slow:
            raise Refused(408, "The body did not come in time.") from slow
        if message["type"] == "http.disconnect":
            raise Refused(400, "The connection was closed before the body was complete.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise Refused(413, f"A body has at most {most} bytes.")
        is_over = not message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


@lru_cache(maxsize=4096)
def _host(url: str) -> str:
    """Host and port of an address; "" if it has none."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
    except ValueError:
        return ""


class Door:
    """The intake with a process's lifespan around it, for granian and for what composes it."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.intake: Intake | None = None

    async def start(self) -> None:
        self.intake = Intake(self._terms)
        await self.intake.start()

    async def stop(self) -> None:
        if self.intake:
            await self.intake.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(self, receive, send)
        elif scope["type"] == "http" and scope["path"] == "/-/alive":
            await _say(send, 200, b"alive\n")
        elif scope["type"] == "http" and scope["path"].startswith(PREFIX) and self.intake:
            await self.intake(scope, receive, send)
        elif scope["type"] == "http":
            await _say(send, 404, b"This is the intake; the pages are elsewhere.\n")


async def lifespan(door: Door, receive: Receive, send: Send) -> None:
    """Start and stop with the process."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await door.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await door.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _say(send: Send, status: int, text: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": text})
