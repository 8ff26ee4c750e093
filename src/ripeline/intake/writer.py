"""Group commit: what many requests bring in one moment is written in one transaction, and only then is each answered.

The queue is bounded: where the database does not keep up, `put` refuses and the caller says so (503), instead of
growing. A database that restarts is waited for a few seconds; what was being written is written again, and stored once
(see `timeline.storing`).
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from ripeline.base import clock
from ripeline.timeline import storing
from ripeline.timeline.hits import Hit

log = logging.getLogger(__name__)

WRITERS = 2  # while one waits for the disk the other gathers
GROUP = 2000  # hits in one transaction
SMALL = 200  # up to so many by one statement, more by COPY
GRACE = 5.0  # seconds that requests wait for a database that is away
PAUSE = 0.2  # seconds between tries to connect
STATEMENT_TIMEOUT = 20_000  # ms; visits.LONGEST_STORE rests on it

Connection = AsyncConnection[tuple[object, ...]]
Person = tuple[UUID, UUID, int]  # visitor, lead, since in microseconds: came by a link made for that lead


class Full(Exception):
    """Not stored: more is waiting than the queue holds, or the database is away. May be sent again."""


class _Waiting:
    __slots__ = ("done", "hits", "persons")

    def __init__(self, hits: Sequence[Hit], persons: Sequence[Person], done: asyncio.Future[None]) -> None:
        self.hits, self.persons, self.done = hits, persons, done


class Writer:
    """A queue of hits and the few tasks that write it. Lives in one event loop."""

    def __init__(self, url: str, *, capacity: int, writers: int = WRITERS) -> None:
        self._url = url
        self._capacity = capacity
        self._writers = writers
        self._queue: deque[_Waiting] = deque()
        self._size = 0  # hits that wait or are being written
        self._idle: deque[asyncio.Future[None]] = deque()  # writers with nothing to do
        self._tasks: list[asyncio.Task[None]] = []
        self._away_since: float | None = None
        self._stopping = False

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._work(), name=f"intake writer {n}") for n in range(self._writers)]

    async def stop(self) -> None:
        """Write what waits, then leave."""
        self._stopping = True
        while self._idle:
            self._wake()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=6)
        for task in self._tasks:
            task.cancel()
        self._refuse(self._take(everything=True))

    async def put(self, hits: Sequence[Hit], persons: Sequence[Person] = ()) -> None:
        """Return when the hits are committed. Raises Full when they are not, and may be sent again."""
        if self._stopping or self._is_away() or self._size + len(hits) > self._capacity:
            raise Full
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._size += len(hits)
        self._queue.append(_Waiting(hits, persons, done))
        self._wake()
        await done

    def _wake(self) -> None:
        while self._idle:
            idle = self._idle.popleft()
            if not idle.done():
                idle.set_result(None)
                return

    def _is_away(self) -> bool:
        """Whether the database has been away for longer than a request shall wait."""
        return self._away_since is not None and time.monotonic() - self._away_since > GRACE

    async def _work(self) -> None:
        while not (self._stopping and not self._queue):
            try:
                async with await self._connect() as connection:
                    self._away_since = None
                    await self._write_all(connection)
            except (psycopg.Error, OSError) as problem:
                if self._away_since is None:
                    self._away_since = time.monotonic()
                    log.warning("The database does not take hits (%s); trying again.", _first_line(problem))
                if self._is_away() or self._stopping:
                    self._refuse(self._take(everything=True))
                await asyncio.sleep(PAUSE)

    async def _connect(self) -> Connection:
        connection = await AsyncConnection.connect(
            self._url,
            autocommit=True,
            connect_timeout=5,
            options=f"-c statement_timeout={STATEMENT_TIMEOUT} -c synchronous_commit=on",
        )
        connection.prepare_threshold = 1
        return connection

    async def _write_all(self, connection: Connection) -> None:
        """Write until told to stop; leaves by an error of the connection, with what was in hand back in the queue."""
        while True:
            while self._queue:
                group = self._take()
                try:
                    await self._write(connection, group)
                except (psycopg.OperationalError, OSError):
                    self._queue.extendleft(reversed(group))
                    raise
                except BaseException:
                    self._refuse(group)
                    raise
            if self._stopping:
                return
            idle: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._idle.append(idle)
            await idle

    def _take(self, *, everything: bool = False) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        while self._queue and (everything or not group or size + len(self._queue[0].hits) <= GROUP):
            group.append(self._queue.popleft())
            size += len(group[-1].hits)
        return group

    async def _write(self, connection: Connection, group: Sequence[_Waiting]) -> None:
        try:
            await store(
                connection, [hit for each in group for hit in each.hits], [p for each in group for p in each.persons]
            )
        except (psycopg.OperationalError, OSError):
            raise
        except psycopg.Error as problem:
            if len(group) > 1:  # so that what cannot be stored fails alone
                for each in group:
                    await self._write(connection, [each])
                return
            log.error("Hits that cannot be stored: %s", _first_line(problem))
            self._refuse(group)
        else:
            self._finish(group)

    def _finish(self, group: Sequence[_Waiting]) -> None:
        for each in group:
            if not each.done.done():
                each.done.set_result(None)
            self._size -= len(each.hits)

    def _refuse(self, group: Sequence[_Waiting]) -> None:
        for each in group:
            if not each.done.done():
                each.done.set_exception(Full())
            self._size -= len(each.hits)


async def store(connection: Connection, hits: Sequence[Hit], persons: Sequence[Person] = ()) -> None:
    """Commit hits, each once, and what follows from them for known people."""
    now = clock.now()
    if not persons and len(hits) <= SMALL:
        await connection.execute(storing.STORE, {"hits": storing.as_json(hits), "now": now})
        return
    try:
        await _store_many(connection, hits, persons, now, storing.COPY)
    except psycopg.errors.UniqueViolation:
        await _store_many(connection, hits, persons, now, None)


async def _store_many(
    connection: Connection, hits: Sequence[Hit], persons: Sequence[Person], now: datetime, straight: str | None
) -> None:
    """By COPY straight into the table; with None, by way of a table that may hold what is there already."""
    async with connection.transaction():
        if persons:
            visitors, leads, since = zip(*persons, strict=True)
            given = {"visitors": list(visitors), "leads": list(leads), "since": list(since), "now": now}
            await connection.execute(storing.LINK_WEAKLY, given)
        if straight is None:
            await connection.execute(storing.STAGE)
        async with connection.cursor().copy(straight or storing.COPY_STAGE) as copy:
            await copy.write(storing.as_copy(hits))
        if straight is None:
            await connection.execute(storing.FROM_STAGE)
        found = await connection.execute(storing.KNOWN, {"visitors": storing.visitors(hits)})
        known = {row[0] for row in await found.fetchall()}
        if theirs := storing.of_known(hits, known):  # type: ignore[arg-type]
            ids = {"visitors": [h.visitor_id for h in theirs], "events": [h.event_id for h in theirs], "now": now}
            await connection.execute(storing.PROMOTE, ids)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
