"""What was said about leads, kept as it was shown, and how often it came true.

A claim is kept when a lead is scored, once in 30 days: "about a chance of a third to be ready within a month". When the
30 days are over, the episodes tell whether it was. Claims of a band are counted together, those of the general rule
apart from those of what was learnt: they answer whether what stands on the screen can be believed.
"""

from datetime import date, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from ripeline.base import clock
from ripeline.leads.models import Lead, State
from ripeline.ripeness.episodes import episodes
from ripeline.ripeness.models import PRIOR, Claim, KeptWord
from ripeline.ripeness.rules import BANDS, Kept
from ripeline.science.prior import MONTH

WITHIN = timedelta(days=30)
ENOUGH = 20  # claims of a band, before their number says anything

# Of those just scored and not ripe already, who has had no claim within 30 days.
#  width_bucket counts from 1, what is certain is in the last.
_KEEP = """
INSERT INTO claim (lead_id, day, p_30, p_ever, band, model)
SELECT lead_id, %(day)s, p_30, p_ever, LEAST(width_bucket(p_30, %(bands)s::float8[]), %(last)s) - 1, model
FROM scored JOIN lead ON lead.id = scored.lead_id
WHERE lead.state <> %(ripe)s
  AND NOT EXISTS (SELECT FROM claim WHERE claim.lead_id = scored.lead_id AND claim.day > %(since)s)
ON CONFLICT (lead_id, day) DO NOTHING
"""


def keep(cursor: Any, today: date) -> None:
    """Keep what is said today about the leads in the table `scored`."""
    given = {"day": today, "since": today - WITHIN, "bands": list(BANDS), "last": len(BANDS) - 1}
    cursor.execute(_KEEP, {**given, "ripe": State.OPPORTUNITY.value})


def count() -> None:
    """Count anew how often what was said came true; outcomes may have been corrected since."""
    today = clock.now().date()
    due = Claim.objects.filter(day__lte=today - WITHIN).order_by("lead_id", "day")
    rows = list(due.values_list("lead_id", "day", "band", "p_30", "model"))
    whose = _survivors()
    leads = [whose.get(row[0], row[0]).bytes for row in rows]
    counts, did = _came_true(leads, [row[1].toordinal() - _EPOCH for row in rows])
    rows = [row for row, is_counted in zip(rows, counts, strict=True) if is_counted]
    bands = np.array([row[2] for row in rows], dtype=np.int64)
    chances = np.array([row[3] for row in rows], dtype=np.float64)
    by_rule = np.array([row[4] == PRIOR for row in rows], dtype=np.bool_)
    counted = []
    for band, of_rule in product(range(len(BANDS) - 1), (True, False)):
        here = (bands == band) & (by_rule == of_rule)
        if n := int(here.sum()):
            said = float(chances[here].mean())
            counted.append(KeptWord(band=band, by_rule=of_rule, n=n, did=int(did[here].sum()), said=said,
                                    counted_at=clock.now()))  # fmt: skip
    with transaction.atomic():
        KeptWord.objects.all().delete()
        KeptWord.objects.bulk_create(counted)


_EPOCH = date(1970, 1, 1).toordinal()
_AGES = 100_000.0  # days: longer than any record reaches


def _survivors() -> dict[UUID, UUID]:
    """For each record that was merged away, the one that lives on: a redirect is always one step."""
    merged = Lead.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into")
    return {lead: target for lead, target in merged if target is not None}


def _came_true(leads: list[bytes], days: list[int]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which claims count, for the lead was neither ripe nor let go when they were made; and of those, in their order,
    whether the lead ripened within 30 days of the end of the day."""
    if not leads:
        return np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.bool_)
    found = episodes()
    n = len(found)
    said = np.array(days, dtype=np.float64)
    _, codes = np.unique(np.concatenate([found.lead.raw, np.array(leads, dtype="S16")]), return_inverse=True)
    line, own = codes[:n] * _AGES, codes[n:] * _AGES  # one line on which each lead has a stretch of its own
    began = np.argsort(line + found.start, kind="stable")
    last = np.searchsorted((line + found.start)[began], own + said + 1.0, side="right") - 1
    episode = began[np.maximum(last, 0)] if n else np.zeros(len(leads), dtype=np.int64)
    known = (last >= 0) & (codes[:n][episode] == codes[n:]) if n else np.zeros(len(leads), dtype=np.bool_)
    ripe_at = np.where(found.won_before_captured, -np.inf, found.ripe_at)
    over = np.fmin(ripe_at, found.never_at)[episode] < said if n else known
    counts: NDArray[np.bool_] = known & ~over
    ripe = np.isfinite(ripe_at)
    moments = np.sort((line + np.where(ripe, ripe_at, 0.0))[ripe])
    following = np.append(moments, np.inf)[np.searchsorted(moments, own + said)]
    hit: NDArray[np.bool_] = following < own + said + MONTH + 1.0
    return counts, hit[counts]


def kept(band: int, *, has_learnt: bool) -> Kept | None:
    """How often a claim of this band came true: of what was learnt, once that has said it often enough."""
    found = {word.by_rule: word for word in KeptWord.objects.filter(band=band, n__gte=ENOUGH)}
    word = (found.get(False) if has_learnt else None) or found.get(True)
    return Kept(word.n, word.did, word.by_rule and has_learnt) if word else None


def kept_bands(*, by_rule: bool) -> list[tuple[int, int, int, float]]:
    """(band, claims that are over, how many came true, what they said on the average), of every band that has any."""
    words = KeptWord.objects.filter(by_rule=by_rule).order_by("band")
    return list(words.values_list("band", "n", "did", "said"))
