"""What leads did since they came to us, put to their scores: ripe sooner or not, in which stage, and why in words.

A set of leads at a time. What they did stands in `engagement`, a row each; who came to us again, on the timeline; what
was merged into a lead counts as its own. Who has left no trace is scored as if nobody had looked: silence of somebody
who cannot be seen says nothing. How far signals are believed is learnt (`trusting`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from scipy.special import expit, logit, ndtri

from ripeline.base.settled import Settled
from ripeline.base.statements import prepared_rows
from ripeline.catalog.rules import HAND_RAISERS
from ripeline.ripeness.models import SignalTrust
from ripeline.ripeness.signal_words import SILENCE, said, said_by
from ripeline.science import engagement as days
from ripeline.science import signals, stages
from ripeline.science.gate import BoolArray, FloatArray, IntArray
from ripeline.science.model import Model
from ripeline.science.prior import Scores, ripe_within
from ripeline.science.signals import COMPARING, DEFAULT_SIGNALS, INTEREST, RESTING
from ripeline.timeline.counting import days_of

WINDOW = int(DEFAULT_SIGNALS.window_days)
ARRIVAL = 0.5  # days: what they do for so long after they came is how they came, also where a day (UTC) ends meanwhile
_DAY = 86_400
_Z = float(ndtri(0.9))  # of the intervals that scores have

# One part for each way, so that each finds its rows by an index.
_MASKS = """
SELECT lead_id, day, reading, product, prices, download FROM engagement WHERE lead_id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT lead.merged_into_id, e.day, e.reading, e.product, e.prices, e.download
FROM lead JOIN engagement AS e ON e.lead_id = lead.id WHERE lead.merged_into_id = ANY(%(ids)s::uuid[])
"""
# The same from the timeline, as it was kept at a moment gone by.
_REPLAYED = days_of("""(
    SELECT lead_id, kind, data->>'page' AS page, occurred_at FROM activity
    WHERE lead_id = ANY(%(ids)s::uuid[]) AND origin = 'hit' AND occurred_at <= %(moment)s::timestamptz
      AND recorded_at <= %(moment)s::timestamptz
    UNION ALL
    SELECT lead.merged_into_id, a.kind, a.data->>'page', a.occurred_at
    FROM lead JOIN activity AS a ON a.lead_id = lead.id
    WHERE lead.merged_into_id = ANY(%(ids)s::uuid[]) AND a.origin = 'hit'
      AND a.occurred_at <= %(moment)s::timestamptz AND a.recorded_at <= %(moment)s::timestamptz
) AS said""")
_ASKED = ", ".join(f"'{kind}'" for kind in sorted(HAND_RAISERS))
# Who came again; by a source that says they asked for us, with its kind. Such a first time of a record that was merged
# is one more of whom it was merged into.
_AGAIN = f"""
SELECT a.lead_id, a.occurred_at, (
    SELECT source.source_type FROM source WHERE source.id::text = a.data->>'source' AND source.source_type IN ({_ASKED})
) AS told FROM activity AS a
WHERE a.kind = 'enquired' AND a.lead_id = ANY(%(ids)s::uuid[])
  AND a.occurred_at > %(after)s::timestamptz AND a.occurred_at <= %(moment)s::timestamptz
  AND a.recorded_at <= %(moment)s::timestamptz
UNION ALL
SELECT lead.merged_into_id, a.occurred_at, (
    SELECT source.source_type FROM source WHERE source.id::text = a.data->>'source' AND source.source_type IN ({_ASKED})
) FROM lead JOIN activity AS a ON a.lead_id = lead.id
WHERE lead.merged_into_id = ANY(%(ids)s::uuid[]) AND (a.kind = 'enquired' OR a.kind = 'captured' AND EXISTS (
    SELECT FROM source WHERE source.id::text = a.data->>'source' AND source.source_type IN ({_ASKED})))
  AND a.occurred_at > %(after)s::timestamptz AND a.occurred_at <= %(moment)s::timestamptz
  AND a.recorded_at <= %(moment)s::timestamptz
"""  # noqa: S608 - our own constants


def _told(masks: str, also: str = "") -> str:
    """All that is read of leads, in one question: a row has their days, or a moment of theirs, which bears the stage
    that was said then, or by what kind of source they asked for us, if that is what it is."""
    return f"""
SELECT masks.*, NULL::timestamptz, NULL::text FROM ({masks}) AS masks
UNION ALL
SELECT again.lead_id, NULL, NULL, NULL, NULL, NULL, again.occurred_at, again.told FROM ({_AGAIN}) AS again
{also}"""  # noqa: S608 - our own constants


_BEFORE = _told(_REPLAYED)
_NOW = _told(
    _MASKS,
    """
UNION ALL
SELECT lead_id, NULL, NULL, NULL, NULL, NULL, said_at, stage FROM stage_said WHERE lead_id = ANY(%(ids)s::uuid[])
""",
)


@dataclass(frozen=True)
class Trust:
    """How far signals are believed, and how unsure that is."""

    power: float
    sd: float


def trust() -> Trust:
    """As learnt last; before that, as the table of signals says."""
    return _trust.now()


def _read_trust() -> Trust:
    found = SignalTrust.objects.values_list("power", "sd").first()
    return Trust(*found) if found else Trust(1.0, DEFAULT_SIGNALS.trust_sd)


_trust = Settled(_read_trust, "signal_trust")


def _weight(age: int) -> float:
    return float(np.exp(-max(age, 0) / DEFAULT_SIGNALS.memory_days))


def days_since(began: FloatArray, today: int) -> FloatArray:
    """On how many days, up to today, what was done counts."""
    found: FloatArray = np.maximum(today - np.floor(began + ARRIVAL), 0.0)
    return found


@dataclass(frozen=True, eq=False)
class Signs:
    """What n leads did; arrays have shape (n,) or (n, 4). `day`: bit 0 of the masks, in days since 1970 (UTC).

    `stage`, `said_at`: the stage that somebody said of each lately, -1 where nobody did; and on which day.
    """

    is_seen: BoolArray
    masks: IntArray
    day: IntArray
    replies: Sequence[Sequence[float]]  # days since 1970, with fractions
    stage: IntArray
    said_at: FloatArray
    asked_at: FloatArray  # days since 1970; when they came again and asked for us, -inf where they did not
    asked_by: Sequence[str]  # by what kind of source

    def since(self, began: FloatArray, today: int, *, but: FloatArray | None = None) -> days.Seen:
        """What counts of it after something began; nothing, of whoever was not seen. `but`: the moment of each at which
        they came again that is not to be counted."""
        if not self.is_seen.any():
            return days.nothing(len(began))
        seen_for = np.where(self.is_seen, days_since(began, today), 0.0)
        without = np.full(len(began), -np.inf) if but is None else but
        again = np.array(
            [
                sum(_weight(today - int(at)) for at in theirs if at > start + ARRIVAL and at != left_out)
                for theirs, start, left_out in zip(self.replies, began.tolist(), without.tolist(), strict=True)
            ]
        )
        return days.seen(self.masks, ago=today - self.day, since=seen_for, replies=again)

    def asked(self, began: FloatArray, raised: BoolArray) -> FloatArray:
        """When they asked for us, as far as the chances at capture do not know of it; -inf where they did not.

        `raised`: who asked for us when it began. What they say within half a day of that is the same once more.
        """
        after = began + np.where(raised, ARRIVAL, 0.0)
        found: FloatArray = np.where(self.asked_at > after, self.asked_at, -np.inf)
        return found


def read(lead_ids: Sequence[UUID], moment: datetime, *, is_past: bool = False, born: Collection[UUID] = ()) -> Signs:
    """What these leads (each once) did up to now, in their order; or what was known of it at a moment in the past.

    Who was just `born` has done nothing, and is not looked up.
    """
    place = {pk: at for at, pk in enumerate(lead_ids)}
    n = len(place)
    masks, day = np.zeros((n, len(days.MASKS)), dtype=np.int64), np.zeros(n, dtype=np.int64)
    stage, said_at, asked_at = np.full(n, -1, dtype=np.int64), np.zeros(n), np.full(n, -np.inf)
    asked_by = [""] * n
    replies: list[list[float]] = [[] for _ in range(n)]
    today = int(moment.timestamp() // _DAY)
    after = datetime.fromtimestamp(moment.timestamp() - WINDOW * _DAY, tz=moment.tzinfo)
    ids = [pk for pk in lead_ids if pk not in born]
    given: dict[str, Any] = {"ids": ids, "after": after, "moment": moment}
    for lead_id, latest, *held, moment_of_it, told in prepared_rows(_BEFORE if is_past else _NOW, given) if ids else ():
        at = place[lead_id]
        if moment_of_it is None:
            _merge(masks, day, at, latest, held)
        elif told is None or told in HAND_RAISERS:
            replies[at].append(on := moment_of_it.timestamp() / _DAY)
            if told and on > asked_at[at]:
                asked_at[at], asked_by[at] = on, told
        elif today - int(on := moment_of_it.timestamp() / _DAY) < WINDOW:
            stage[at], said_at[at] = stages.STAGES.index(told), on
    is_seen = masks.any(axis=1) | np.array([bool(theirs) for theirs in replies], dtype=np.bool_)
    return Signs(
        is_seen=is_seen, masks=masks, day=day, replies=replies, stage=stage, said_at=said_at, asked_at=asked_at,
        asked_by=asked_by,
    )  # fmt: skip


def _merge(masks: IntArray, day: IntArray, at: int, latest: int, held: Sequence[int]) -> None:
    """Add one row's days to what is there already, of a record that was merged."""
    newest = max(int(day[at]), latest) if masks[at].any() else latest
    whole = (1 << days.WINDOW) - 1
    for kind, mask in enumerate(held):
        before = int(masks[at, kind]) << min(newest - int(day[at]), days.WINDOW) if masks[at, kind] else 0
        masks[at, kind] = (before | mask << min(newest - latest, days.WINDOW)) & whole
    day[at] = newest


@dataclass(frozen=True, eq=False)
class Heard:
    """Scores after what was heard of n leads; arrays have shape (n,), reasons a list each.

    `shift`: what it adds to the log-odds of P(ripe within 30 days).
    """

    figures: dict[str, FloatArray]
    soon: BoolArray  # most of the chance that remains lies within the month
    shift: FloatArray
    reasons: Sequence[Sequence[tuple[str, float, str]]]  # key, weight, words
    stage: Sequence[str]
    stage_p: FloatArray


def hear(
    lead_ids: Sequence[UUID],
    scores: Scores,
    *,
    began: Sequence[datetime],
    reached: Sequence[datetime | None],
    ages: FloatArray,
    curve: IntArray,
    model: Model,
    moment: datetime,
    born: Collection[UUID] = (),
    raised: Sequence[bool] = (),
) -> Heard:
    """The scores of these leads after what they did since they came to us.

    Parameters as `scoring` has them: `began`, when the episode did; `reached`, when they were last spoken to.
    `born`: see `read`. `raised`: whether they asked for us when the episode began.
    """
    signs, believed_by = read(lead_ids, moment, born=born), trust()
    today = int(moment.timestamp() // _DAY)
    start = np.array([at.timestamp() / _DAY for at in began])
    at_first = np.array(raised, dtype=np.bool_) if raised else np.zeros(len(start), dtype=np.bool_)
    asked = signs.asked(start, at_first)
    done = signs.since(start, today, but=asked)
    shift = _shift(scores, signs, done, believed_by, moment.timestamp() / _DAY - asked)
    figures = _figures(scores, shift, believed_by.sd)
    known = np.array([max(at, came).timestamp() / _DAY if at else came.timestamp() / _DAY
                      for at, came in zip(reached, began, strict=True)])  # fmt: skip
    inferred = stages.infer(
        p_30=scores.p_30,
        p_90=ripe_within(scores.log_odds, age_days=ages, curve=curve, days=90.0, curves=model.curves),
        p_ever=scores.p_ever,
        curve=np.array(model.curves.keys)[curve],
        known_days=np.maximum(moment.timestamp() / _DAY - known, 0.0),
        seen=signs.since(np.where(signs.stage >= 0, np.maximum(start, signs.said_at), start), today),
        said=signs.stage,
        asked_days=moment.timestamp() / _DAY - _asked(signs, start, at_first),
        trust=believed_by.power,
    )
    return Heard(
        figures=figures,
        soon=(figures["p_30"] * 2 > figures["p_ever"]) & (shift > 0),
        shift=shift,
        reasons=_reasons(signs, done, shift, start, today, asked),
        stage=[stages.STAGES[at] for at in inferred.stage.tolist()],
        stage_p=inferred.chance,
    )


def _asked(signs: Signs, start: FloatArray, raised: BoolArray) -> FloatArray:
    """When they asked for us last, in days since 1970; never, where somebody has said the stage since."""
    asked = np.maximum(np.where(raised, start, -np.inf), signs.asked_at)
    return np.where((signs.stage >= 0) & (asked <= signs.said_at), -np.inf, asked)


def _shift(scores: Scores, signs: Signs, done: days.Seen, believed_by: Trust, asked_days: FloatArray) -> FloatArray:
    """What they did adds to the log-odds of P(ripe within 30 days); nothing, of whoever was not seen."""
    if not signs.is_seen.any():
        return np.zeros(len(scores.p_30))
    found = signals.believe(
        scores.p_30, counts=done.counts, pages=done.pages, days=done.days, asked_days=asked_days,
        trust=believed_by.power,
    )  # fmt: skip
    before = np.clip(scores.p_30, 1e-9, 1 - 1e-9)
    believed = logit(np.clip(found.p_30, 1e-9, 1 - 1e-9)) - logit(before)
    return np.where(signs.is_seen & (scores.p_30 > 0), signals.damped(believed), 0.0)


def _figures(scores: Scores, shift: FloatArray, sd: float) -> dict[str, FloatArray]:
    """The chances with the shift: who is ripe sooner buys likelier, too. Its doubt widens the interval."""
    if not shift.any():
        return {"p_ever": scores.p_ever, "p_30": scores.p_30}
    month = np.where(shift == 0, scores.p_30, expit(logit(np.clip(scores.p_30, 1e-12, 1 - 1e-12)) + shift))
    later = np.divide(scores.p_ever - scores.p_30, 1 - scores.p_30, out=np.zeros_like(month), where=scores.p_30 < 1)
    ever = np.where(shift == 0, scores.p_ever, month + (1 - month) * later)
    of_ever = logit(np.clip(ever, 1e-12, 1 - 1e-12)) - logit(np.clip(scores.p_ever, 1e-12, 1 - 1e-12))
    doubt = _Z * sd * np.abs(shift)
    found = {"p_ever": ever, "p_30": month}
    for end, side in (("low", -1.0), ("high", 1.0)):
        was = getattr(scores, f"p_ever_{end}")
        found[f"p_ever_{end}"] = np.where(shift == 0, was, _moved(was, of_ever))
        was = getattr(scores, f"p_30_{end}")
        reach = np.abs(logit(np.clip(was, 1e-12, 1 - 1e-12)) - logit(np.clip(scores.p_30, 1e-12, 1 - 1e-12)))
        moved = expit(logit(np.clip(month, 1e-12, 1 - 1e-12)) + side * np.hypot(reach, doubt))
        found[f"p_30_{end}"] = np.where(shift == 0, was, np.minimum(moved, found[f"p_ever_{end}"]))
    won = np.divide(scores.p_win, scores.p_ever, out=np.zeros_like(month), where=scores.p_ever > 0)
    found["p_win"] = np.where(shift == 0, scores.p_win, won * ever)
    return found


def _moved(p: FloatArray, by: FloatArray) -> FloatArray:
    moved: FloatArray = expit(logit(np.clip(p, 1e-12, 1 - 1e-12)) + by)
    return moved


def _reasons(
    signs: Signs, done: days.Seen, shift: FloatArray, start: FloatArray, today: int, asked: FloatArray
) -> list[list[tuple[str, float, str]]]:
    """Why the shift, in words: shared out among what speaks for being ripe soon; where it is down, that it is quiet."""
    found: list[list[tuple[str, float, str]]] = [[] for _ in range(len(shift))]
    shifted = np.flatnonzero(np.abs(shift) >= 0.05)
    if not len(shifted):
        return found
    since = days_since(start[shifted], today)
    ago = today - signs.day[shifted]
    week, month = (days.days_within(signs.masks[shifted], ago=ago, since=since, days=span) for span in (7, 28))
    asked_days = np.maximum(today + 1 - asked[shifted], 0.0)
    speaks = np.column_stack([_speaks(done)[shifted], _asking_speaks(asked_days)])
    share = speaks / np.maximum(speaks.sum(axis=1, keepdims=True), 1e-12)
    for at, row in enumerate(shifted.tolist()):
        if shift[row] < 0 or not speaks[at].any():
            found[row] = [("signal.silence", float(shift[row]), SILENCE)]
            continue
        for kind in np.argsort(-speaks[at], kind="stable").tolist():
            weight = float(shift[row] * share[at, kind])
            if weight >= 0.05:
                counted = (int(week[at, kind]), int(month[at, kind])) if kind < len(days.MASKS) else (0, 0)
                if _KINDS[kind] == "asked":
                    words = said_by(HAND_RAISERS[signs.asked_by[row]], float(asked_days[at]))
                else:
                    words = said(_KINDS[kind], *counted)
                found[row].append((f"signal.{_KINDS[kind]}", weight, words))
    return found


_KINDS = (*days.MASKS, "again", "asked")


def _asking_speaks(asked_days: FloatArray) -> FloatArray:
    """How much having asked for us speaks for being ripe within a month, shape (n,)."""
    log_l = signals.of_asking(asked_days, n=len(asked_days))
    found: FloatArray = log_l[COMPARING] - log_l[INTEREST]
    return found


def _speaks(done: days.Seen) -> FloatArray:
    """How much each of `_KINDS` but the last speaks for being ripe within a month, shape (n, 5)."""
    known = DEFAULT_SIGNALS
    rate, share = known.per_day, known.page_share
    of_visit = np.log(rate[COMPARING, 0] / rate[RESTING, 0]) + np.log(share[COMPARING] / share[RESTING])
    of_rest = np.log(rate[COMPARING, 1:] / rate[RESTING, 1:])
    parts = np.hstack([done.pages * of_visit, done.counts[:, 1:2] * of_rest[0], done.counts[:, 2:3] * of_rest[1]])
    positive: FloatArray = np.maximum(parts, 0.0)
    return positive


def survivors(lead_ids: Collection[UUID]) -> set[UUID]:
    """These leads, with whom each was merged into in its place."""
    with connection.cursor() as cursor:
        ids: dict[str, Any] = {"ids": list(lead_ids)}
        cursor.execute("SELECT COALESCE(merged_into_id, id) FROM lead WHERE id = ANY(%(ids)s::uuid[])", ids)
        return {pk for (pk,) in cursor.fetchall()}
