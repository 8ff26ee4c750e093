"""How far signals are believed, learnt each night from the company's own outcomes.

On days gone by, a month apart over the last year, each lead then open that had been seen is asked: how likely did the
model hold it to be ripe within the month, how likely would what it had done have made it, and was it? What had not been
written down by that day does not count: somebody recognised later, because they bought, was not seen before. The belief
before is that of the table of signals, 1 give or take a half, so a company without outcomes believes the table.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from scipy.special import logit

from ripeline.base import clock
from ripeline.ripeness.current import current
from ripeline.ripeness.episodes import Episodes, day, episodes
from ripeline.ripeness.facts import at_capture
from ripeline.ripeness.models import SignalTrust
from ripeline.science import engagement, signals
from ripeline.science.gate import BoolArray, FloatArray
from ripeline.science.outcomes import HORIZON
from ripeline.science.prior import MONTH, ripe_within
from ripeline.timeline import counting

MONTHS = 12
_DAY = 86_400

# What was known on a day of what leads had done in the nine weeks before it.
_SOURCE = """(SELECT lead_id, kind, data->>'page' AS page, occurred_at FROM activity
              WHERE lead_id = ANY(%(ids)s) AND origin = 'hit' AND kind = ANY(%(kinds)s)
                AND occurred_at > %(after)s AND occurred_at <= %(on)s AND recorded_at <= %(on)s) AS said"""
_KNOWN = counting.days_of(_SOURCE)
_SEEN = "SELECT DISTINCT lead_id FROM engagement"


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
    leads = found.take(rows).lead.list()
    masks = _known(leads, on)
    at = [place for place, pk in enumerate(leads) if pk in masks]
    if not at:
        return 0, 0
    rows, today = rows[at], int(on.timestamp() // _DAY)
    started = np.array([np.floor(_unix(on, found.start[row])) for row in rows])
    done = engagement.seen(
        [masks[leads[place]][1] for place in at],
        ago=[today - masks[leads[place]][0] for place in at],
        since=np.maximum(today - started, 0.0),
    )
    p_30 = _p_30(odds[rows], curve[rows], day(on) - found.start[rows])
    was = found.ripe_at[rows] <= day(on) + MONTH

    def odds_of(power: float) -> FloatArray:
        believed = signals.believe(p_30, counts=done.counts, pages=done.pages, days=done.days, trust=power).p_30
        odds: FloatArray = np.exp(signals.damped(logit(believed.clip(1e-6, 1 - 1e-6)) - logit(p_30)))
        return odds

    trust.learn(ripe=was, chance=p_30, odds_of=odds_of)
    return len(rows), int(was.sum())


def _is_open(found: Episodes, on: float) -> BoolArray:
    """Begun before a day, watched then and for the month that followed, and neither ripe nor let go for good."""
    with np.errstate(invalid="ignore"):
        ended = (found.ripe_at <= on) | (found.never_at <= on)
        lost_sight = (found.watched_until < on + MONTH) & ~(found.ripe_at <= on + MONTH)
        is_open: BoolArray = (
            (found.start < on - 1) & (on - found.start < HORIZON) & (found.watched_from <= on) & ~ended & ~lost_sight
        )
    return is_open


def _known(leads: Sequence[UUID | None], on: datetime) -> dict[UUID | None, tuple[int, list[int]]]:
    """The days of those of whom something had been written down by then."""
    given: dict[str, Any] = {
        "ids": [pk for pk in leads if pk], "kinds": list(counting.COUNTED), "on": on,
        "after": on - timedelta(days=counting.WINDOW),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, given)
        return {lead_id: (latest, held) for lead_id, latest, *held in cursor.fetchall()}


def _p_30(odds: FloatArray, curve: Any, age: FloatArray) -> FloatArray:
    found = ripe_within(odds, age_days=age, curve=curve, days=MONTH, curves=current().model.curves)
    return found.clip(1e-4, 1 - 1e-4)


def _unix(on: datetime, start: float) -> float:
    """A day of the episodes as days since 1970."""
    return on.timestamp() / _DAY - (day(on) - start)
