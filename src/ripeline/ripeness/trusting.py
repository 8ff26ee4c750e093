"""How far signals are believed, learnt each night from the company's own outcomes.

On days gone by, a month apart over the last year, each lead then open that had been seen is asked: how likely does the
model hold it to be ripe within the month, how likely would what it had done, and left undone, have made it, and was it?
What had not been written down by that day does not count: somebody recognised later, because they bought, was not seen
before. The belief before is that of the table of signals, 1 give or take a half, so a company without outcomes believes
the table.

The model is the one that scores now, since its scores are what signals move. It may have been fitted on these very
outcomes: in that part this is in-sample, and what signals share with what was known at the beginning is the model's.
"""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from scipy.special import logit

from ripeline.base import clock
from ripeline.catalog.rules import HAND_RAISERS
from ripeline.ripeness import engagement
from ripeline.ripeness.current import current
from ripeline.ripeness.episodes import SOURCE_TYPES, Episodes, day, episodes
from ripeline.ripeness.facts import at_capture
from ripeline.ripeness.models import SignalTrust
from ripeline.science import signals
from ripeline.science.gate import BoolArray, FloatArray
from ripeline.science.outcomes import HORIZON
from ripeline.science.prior import MONTH, ripe_within

MONTHS = 12

# Who was ever seen: whom it is worth asking about.
_SEEN = """
SELECT COALESCE(lead.merged_into_id, lead.id) FROM engagement JOIN lead ON lead.id = engagement.lead_id
UNION
SELECT COALESCE(lead.merged_into_id, lead.id) FROM activity AS a JOIN lead ON lead.id = a.lead_id
WHERE a.kind = 'enquired'
"""


def learn_trust() -> SignalTrust:
    """Learn anew how far signals are believed, from the last year. Idempotent."""
    now, trust = clock.now(), signals.Trust()
    with connection.cursor() as cursor:
        cursor.execute(_SEEN)
        seen = [pk for (pk,) in cursor.fetchall()]
    n = ripe = 0
    if seen:
        found = episodes(as_of=now)
        found = found.take(found.lead.among(seen) & ~found.won_before_captured)
        odds, curve = _odds(found)
        for month in range(1, MONTHS + 1):
            learnt = _learn_from(trust, found, odds, curve, now - timedelta(days=MONTH * month))
            n, ripe = n + learnt[0], ripe + learnt[1]
    kept, _ = SignalTrust.objects.update_or_create(
        id=1, defaults={"power": trust.power, "sd": trust.sd, "n": n, "ripe": ripe, "learnt_at": now}
    )
    return kept


def _odds(found: Episodes) -> tuple[FloatArray, Any]:
    """The log-odds of each at capture by the model that scores, and its curve."""
    known, model = at_capture(found), current().model
    facts = model.facts(source_type=known.source_type, signals=known.signals, table=known.table)
    return model.score(facts, age_days=np.zeros(len(found))).log_odds, facts.curve


def _learn_from(trust: signals.Trust, found: Episodes, odds: FloatArray, curve: Any, on: datetime) -> tuple[int, int]:
    """Learn from who was open and had been seen on a day; how many, and how many were ripe within the month."""
    rows = np.flatnonzero(_is_open(found, day(on)))
    signs = engagement.read([pk for pk in found.take(rows).lead.list() if pk], on, is_past=True)
    if not signs.is_seen.any():
        return 0, 0
    asked = signs.asked(found.start[rows], _raised(found)[rows])
    done = signs.since(found.start[rows], int(day(on)), but=asked)
    counts, pages, days, ago = (
        each[signs.is_seen] for each in (done.counts, done.pages, done.days, day(on) - asked)
    )  # fmt: skip
    rows = rows[signs.is_seen]
    p_30 = _p_30(odds[rows], curve[rows], day(on) - found.start[rows])
    was = found.ripe_at[rows] <= day(on) + MONTH

    def odds_of(power: float) -> FloatArray:
        believed = signals.believe(p_30, counts=counts, pages=pages, days=days, asked_days=ago, trust=power).p_30
        odds: FloatArray = np.exp(signals.damped(logit(believed.clip(1e-6, 1 - 1e-6)) - logit(p_30)))
        return odds

    trust.learn(ripe=was, chance=p_30, odds_of=odds_of)
    return len(rows), int(was.sum())


def _raised(found: Episodes) -> BoolArray:
    """Who asked for us when their episode began, which the chances at capture know."""
    kinds = np.isin(np.array(SOURCE_TYPES), list(HAND_RAISERS))
    raised: BoolArray = kinds[found.source_type] & (found.number == 1)
    return raised


def _is_open(found: Episodes, on: float) -> BoolArray:
    """Begun before a day, watched then and for the month that followed, and neither ripe nor let go for good."""
    with np.errstate(invalid="ignore"):
        ended = (found.ripe_at <= on) | (found.never_at <= on)
        lost_sight = (found.watched_until < on + MONTH) & ~(found.ripe_at <= on + MONTH)
        is_open: BoolArray = (
            (found.start < on - 1) & (on - found.start < HORIZON) & (found.watched_from <= on) & ~ended & ~lost_sight
        )
    return is_open


def _p_30(odds: FloatArray, curve: Any, age: FloatArray) -> FloatArray:
    found = ripe_within(odds, age_days=age, curve=curve, days=MONTH, curves=current().model.curves)
    return found.clip(1e-4, 1 - 1e-4)
