"""What was said about leads, kept as it was shown, and how often it came true.

A claim is kept when a lead is scored, once in 30 days: "about a chance of a third to be ready within a month". When the
30 days are over, the episodes tell whether it was. Claims of a band are counted together, those of the general rule
apart from those of what was learnt: they answer whether what stands on the screen can be believed.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from ripeline.base import clock
from ripeline.base.copying import copied, copied_rows
from ripeline.leads.models import State
from ripeline.ripeness.episodes import Episodes, episodes
from ripeline.ripeness.models import PRIOR, KeptWord
from ripeline.ripeness.rules import BANDS, Kept
from ripeline.science.gate import FloatArray
from ripeline.science.prior import MONTH

WITHIN = timedelta(days=30)
ENOUGH = 20  # claims of a band, before their number says anything

# Of those just scored and not ripe already, who has had no claim within 30 days.
#  width_bucket counts from 1, what is certain is in the last.
KEEP = """
INSERT INTO claim (lead_id, day, p_30, p_ever, band, model)
SELECT lead_id, %(day)s::date, p_30, p_ever, LEAST(width_bucket(p_30, %(bands)s::float8[]), %(last)s::int) - 1, model
FROM scored JOIN lead ON lead.id = scored.lead_id
WHERE lead.state <> %(ripe)s
  AND NOT EXISTS (SELECT FROM claim WHERE claim.lead_id = scored.lead_id AND claim.day > %(since)s::date)
ON CONFLICT (lead_id, day) DO NOTHING
"""


def given(today: date) -> dict[str, Any]:
    """What `KEEP` is to be told, to keep what is said today about the leads in `scored`."""
    return {
        "day": today, "since": today - WITHIN, "bands": list(BANDS), "last": len(BANDS) - 1,
        "ripe": State.OPPORTUNITY.value,
    }  # fmt: skip


# Some of the claims whose 30 days are over, by the order of (lead_id, day); of a record that was merged away, the lead
# that lives on: a redirect is always one step.
_DUE = """
SELECT claim.lead_id, COALESCE(lead.merged_into_id, claim.lead_id), claim.day - '1970-01-01'::date, claim.band::int,
       claim.p_30, claim.model = %(rule)s
FROM claim LEFT JOIN lead ON lead.id = claim.lead_id
WHERE claim.day <= %(until)s AND (claim.lead_id, claim.day) > (%(lead)s, '1970-01-01'::date + %(day)s)
ORDER BY claim.lead_id, claim.day LIMIT %(limit)s
"""
_ROW = copied_rows(own="S16", lead="S16", day=">i4", band=">i4", p_30=">f8", by_rule="?")
_BLOCK = 200_000  # claims at a time: there are a dozen a year for each open lead
_AGES = 100_000.0  # days: longer than any record reaches


def count() -> None:
    """Count anew how often what was said came true; outcomes may have been corrected since."""
    moment = clock.now()
    record, cells = _Record(episodes()), (len(BANDS) - 1) * 2
    n, did, said = np.zeros(cells, dtype=np.int64), np.zeros(cells, dtype=np.int64), np.zeros(cells)
    for rows in _due(moment.date() - WITHIN):
        counts, hit = record.came_true(rows["lead"], rows["day"].astype(np.float64))
        cell = (rows["band"] * 2 + rows["by_rule"])[counts]
        n += np.bincount(cell, minlength=cells)
        did += np.bincount(cell[hit], minlength=cells)
        said += np.bincount(cell, weights=rows["p_30"][counts], minlength=cells)
    counted = [
        KeptWord(band=cell // 2, by_rule=bool(cell % 2), n=int(n[cell]), did=int(did[cell]),
                 said=float(said[cell] / n[cell]), counted_at=moment)
        for cell in np.flatnonzero(n).tolist()
    ]  # fmt: skip
    with transaction.atomic():
        KeptWord.objects.all().delete()
        KeptWord.objects.bulk_create(counted)


def _due(until: date) -> Iterator[NDArray[np.void]]:
    given: dict[str, Any] = {"rule": PRIOR, "until": until, "lead": UUID(int=0), "day": 0, "limit": _BLOCK}
    while len(rows := copied(_DUE, given, _ROW)):
        yield rows
        last = rows[-1]
        given |= {"lead": UUID(bytes=bytes(last["own"]).ljust(16, b"\0")), "day": int(last["day"])}


class _Record:
    """What became of every lead, to ask of many claims at once."""

    def __init__(self, found: Episodes) -> None:
        self._leads, self._whose = np.unique(found.lead.raw, return_inverse=True)
        line = self._whose * _AGES  # one line on which each lead has a stretch of its own
        self._order = np.argsort(line + found.start, kind="stable")
        self._begins = (line + found.start)[self._order]
        ripe_at = np.where(found.won_before_captured, -np.inf, found.ripe_at)
        self._over = np.fmin(ripe_at, found.never_at)
        ripe = np.isfinite(ripe_at)
        self._ripens = np.append(np.sort((line + np.where(ripe, ripe_at, 0.0))[ripe]), np.inf)

    def came_true(self, leads: NDArray[np.bytes_], said: FloatArray) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which claims count, for the lead was neither ripe nor let go when they were made; and of those, in their
        order, whether the lead ripened within 30 days of the end of the day."""
        if not len(self._leads):
            return np.zeros(len(leads), dtype=np.bool_), np.zeros(0, dtype=np.bool_)
        place = np.minimum(np.searchsorted(self._leads, leads), len(self._leads) - 1)
        own = place * _AGES
        last = np.searchsorted(self._begins, own + said + 1.0, side="right") - 1
        episode = self._order[np.maximum(last, 0)]
        known = (self._leads[place] == leads) & (last >= 0) & (self._whose[episode] == place)
        counts: NDArray[np.bool_] = known & ~(self._over[episode] < said)
        following = self._ripens[np.searchsorted(self._ripens, own + said)]
        hit: NDArray[np.bool_] = following < own + said + MONTH + 1.0
        return counts, hit[counts]


def kept(band: int, *, has_learnt: bool) -> Kept | None:
    """How often a claim of this band came true: of what was learnt, once that has said it often enough."""
    found = {word.by_rule: word for word in KeptWord.objects.filter(band=band, n__gte=ENOUGH)}
    word = (found.get(False) if has_learnt else None) or found.get(True)
    return Kept(word.n, word.did, word.by_rule and has_learnt, word.said) if word else None


def kept_bands(*, by_rule: bool) -> list[tuple[int, int, int, float]]:
    """(band, claims that are over, how many came true, what they said on the average), of every band that has any."""
    words = KeptWord.objects.filter(by_rule=by_rule).order_by("band")
    return list(words.values_list("band", "n", "did", "said"))
