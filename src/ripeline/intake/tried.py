"""Hosts whose pages sent hits by the tag of another site: not recorded, and said to whoever sets tracking up."""

from psycopg import AsyncConnection

from ripeline.base import clock
from ripeline.catalog.setup import FORGET_TRIED, NOTE_TRIED, TRIED_KEPT

LONGEST = 190  # characters of a host


class Tried:
    """Counted here, and written where the setup is read anyway: a refusal costs the database nothing."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}

    def note(self, host: str) -> None:
        """Anybody can send any host: no more of them wait than are kept."""
        if host and len(host) <= LONGEST and (host in self._times or len(self._times) < TRIED_KEPT):
            self._times[host] = self._times.get(host, 0) + 1

    async def write(self, connection: AsyncConnection[tuple[object, ...]]) -> None:
        if not self._times:
            return
        times, self._times = self._times, {}
        for host, count in times.items():
            await connection.execute(NOTE_TRIED, {"host": host, "times": count, "at": clock.now()})
        await connection.execute(FORGET_TRIED, {"kept": TRIED_KEPT})
