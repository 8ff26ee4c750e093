"""How many events one address may send: a bucket that fills with time and holds ten seconds' worth."""

import time
from collections import OrderedDict

BURST = 10.0  # seconds' worth
_REMEMBERED = 50_000  # addresses; the one heard of longest ago is forgotten


class Rates:
    """Buckets by address. `per_second` 0: no limit."""

    def __init__(self, per_second: int) -> None:
        self._rate = float(per_second)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, events: int, now: float | None = None) -> int:
        """0 where that many may come now, else after how many seconds they may.

        More at once than a bucket holds are let in by a full one, and have to be waited for afterwards.
        """
        if not self._rate:
            return 0
        moment = time.monotonic() if now is None else now
        full = self._rate * BURST
        left, at = self._buckets.pop(address, (full, moment))
        left = min(full, left + (moment - at) * self._rate)
        needed = min(events, full)
        is_allowed = left >= needed
        self._buckets[address] = (left - events if is_allowed else left, moment)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return 0 if is_allowed else int((needed - left) / self._rate) + 1
