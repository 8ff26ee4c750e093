"""Scoring leads by the current model, set by set."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from ripeline.base import clock
from ripeline.base.statements import prepared, prepared_rows
from ripeline.catalog.rules import HAND_RAISERS
from ripeline.ripeness import claims, engagement, facts, rules, storing
from ripeline.ripeness.current import Current, current
from ripeline.science import reasons
from ripeline.science.features import Encoder
from ripeline.science.gate import FloatArray
from ripeline.science.model import Model
from ripeline.science.prior import MONTH, Scores
from ripeline.science.terms import Facts, Term

BLOCK = 20_000  # leads at a time, where it is said which
PIECE = 1_000  # of all leads, so many are read, scored and written in one transaction, for whose end a visit waits
HORIZON = 365.0  # days: past them an open lead is an old one on a new clock

_FACTS = """
{first}
SELECT lead.id, lead.email, lead.title, lead.phone <> '', lead.company <> '', lead.episode, lead.episode_at,
       COALESCE(source.source_type, ''),
       -- not EXISTS, for which the planner may read every enquiry there is, once for each block
       COALESCE((SELECT true FROM enquiry WHERE enquiry.lead_id = lead.id AND enquiry.message <> '' LIMIT 1), false),
       lead.last_reached_at, {more}
FROM {beside}lead LEFT JOIN source ON source.id = lead.source_id
WHERE lead.merged_into_id IS NULL AND lead.state NOT IN ('won', 'lost', 'disqualified') AND {which}
ORDER BY lead.id
"""
_LOCK = "pg_advisory_xact_lock{}(hashtext('ripeline current model'))"
_THESE = _FACTS.format(first="", more="false", beside="", which="lead.id = ANY(%(ids)s::uuid[])")
_NEXT = """
SELECT id FROM lead WHERE merged_into_id IS NULL AND state NOT IN ('won', 'lost', 'disqualified') AND id > %s::uuid
ORDER BY id LIMIT %s
"""
_OPEN = "lead.state NOT IN ('won', 'lost', 'disqualified')"
_AGAIN = _THESE.replace(_OPEN, "lead.state = 'lost'").replace(  # as they would be, taken up at this moment
    "lead.episode, lead.episode_at", "lead.episode + 1, %(now)s::timestamptz"
)
# Before the facts are read: whoever writes a score later has then read later, too.
_HOLD = "SELECT FROM score WHERE lead_id = ANY(%s::uuid[]) ORDER BY lead_id FOR UPDATE"
# The same of some leads, and who has others merged into them; nobody changes the model until the transaction ends.
_HELD = _FACTS.format(
    first=f"WITH held AS MATERIALIZED (SELECT {_LOCK.format('_shared')})", beside="held CROSS JOIN ",
    more="EXISTS (SELECT FROM lead AS other WHERE other.merged_into_id = lead.id)",
    which="lead.id = ANY(%(ids)s::uuid[])",
)  # fmt: skip
_CLOSED = "(lead.merged_into_id IS NOT NULL OR lead.state IN ('won', 'lost', 'disqualified'))"
_DROP_CLOSED = f"DELETE FROM score USING lead WHERE lead.id = score.lead_id AND {_CLOSED}"  # noqa: S608
_DROP_OF_THESE = f"""
DELETE FROM score WHERE lead_id IN (
    SELECT id FROM lead WHERE id = ANY(%(ids)s::uuid[]) AND {_CLOSED}
    UNION ALL SELECT id FROM lead WHERE merged_into_id = ANY(%(ids)s::uuid[])
)
"""  # noqa: S608

_FIGURES = (
    "log_odds", "log_odds_sd", "p_ever", "p_ever_low", "p_ever_high", "p_30", "p_30_low", "p_30_high", "p_win",
)  # fmt: skip

_Row = tuple[UUID, str, str, bool, bool, int, datetime, str, bool, datetime | None, bool]


def rescore(
    lead_ids: Collection[UUID] | None = None,
    *,
    born: Collection[UUID] = (),
    between: Callable[[], object] = lambda: None,
) -> int:
    """Score these leads, or every open one; how many. Idempotent; closed and merged leads lose their score.

    `born`: those that came to be in this very transaction and have done nothing since. `between`: what is done after
    each thousand of all, while no transaction is open.

    All of them are scored by one process at a time: who comes meanwhile waits, and then scores them anew.
    """
    if lead_ids is not None:
        ordered = sorted(lead_ids)
        return sum(_score(ordered[start : start + BLOCK], born) for start in range(0, len(ordered), BLOCK))
    with _one_at_a_time():
        done = None
        while done is None:  # begun anew where another model was put to use on the way
            done = _pass(between)
    with connection.cursor() as cursor:
        cursor.execute(_DROP_CLOSED)
    claims.count()
    return done


def _score(lead_ids: Sequence[UUID], born: Collection[UUID]) -> int:
    """Score some leads, at most a block, by the model that is current when that is written; how many."""
    with transaction.atomic(savepoint=False):
        if known := [pk for pk in lead_ids if pk not in born]:
            prepared_rows(_HOLD, [known])
        rows = _facts(_HELD, ids=lead_ids)
        _write(rows, current(anew=True), born)
        if len(rows) < len(lead_ids) or any(row[-1] for row in rows):
            with prepared() as cursor:
                cursor.execute(_DROP_OF_THESE, {"ids": lead_ids})
    return len(rows)


def _pass(between: Callable[[], object]) -> int | None:
    """Score all leads piece by piece, each by the model that is current when it is written; how many.

    None where the model is found to be no longer the one that it began with.
    """
    began_with, done, after = current().name, 0, UUID(int=0)
    while True:
        with transaction.atomic(savepoint=False):
            keep_current()
            by = current(anew=True)
            if by.name != began_with:
                return None
            ids = [pk for (pk,) in prepared_rows(_NEXT, [after, PIECE])]
            prepared_rows(_HOLD, [ids])
            rows = _facts(_THESE, ids=ids)
            _write(rows, by)
        done += len(rows)
        if len(ids) < PIECE:
            return done
        after = ids[-1]
        between()


def keep_current(*, to_change_it: bool = False) -> None:
    """Let nobody else change which model is current until the transaction ends; many may, who only score by it."""
    prepared_rows(f"SELECT {_LOCK.format('' if to_change_it else '_shared')}")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait until nobody else scores all leads; nobody else does inside the block, nor until a transaction around it
    ends."""
    within = "_xact" if connection.in_atomic_block else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory{within}_lock(hashtext('ripeline rescore'))")
    try:
        yield
    finally:
        if not within and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('ripeline rescore'))")


def _facts(which: str, *, ids: Sequence[UUID]) -> Sequence[_Row]:
    rows: Sequence[Any] = prepared_rows(which, {"ids": ids})
    return rows


def _write(rows: Sequence[_Row], by: Current, born: Collection[UUID] = ()) -> None:
    if not rows:
        return
    moment = clock.now()
    model = by.model
    known, scores, heard = _judged(rows, model, moment, born)
    today = moment.date()
    numbers = np.column_stack([heard.figures.get(name, getattr(scores, name)) for name in _FIGURES]).tolist()
    windows = np.where(heard.soon[:, None], [0, int(MONTH)], scores.window).tolist()
    concentrated = (scores.concentrated | heard.soon).tolist()
    keys = [model.curves.keys[code] for code in known.curve.tolist()]
    days = {ahead: today + timedelta(days=ahead) for ahead in {day for window in windows for day in window}}
    said = _reasons(reasons.rank(known.design, model.terms), model.terms, heard)
    shifts, chances = heard.shift.tolist(), heard.stage_p.tolist()
    storing.store(
        [
            (
                row[0], *figures[:2], keys[at], *figures[2:], days[window[0]], days[window[1]], concentrated[at], why,
                shifts[at], heard.stage[at], chances[at], by.name, moment,
            )
            for at, (row, figures, window, why) in enumerate(zip(rows, numbers, windows, said, strict=True))
        ], today=today,
    )  # fmt: skip


def _judged(
    rows: Sequence[_Row], model: Model, moment: datetime, born: Collection[UUID] = ()
) -> tuple[Facts, Scores, engagement.Heard]:
    """What is known of leads, what the model says of it, and that after what they did since they came."""
    ages = _ages(rows, moment)
    known = _encoded(rows, ages, model)
    scores = model.score(known, age_days=ages % HORIZON)
    heard = engagement.hear(
        [row[0] for row in rows], scores, began=[row[6] for row in rows], reached=[row[9] for row in rows],
        ages=ages % HORIZON, curve=known.curve, model=model, moment=moment, born=born,
        raised=[row[5] == 1 and row[7] in HAND_RAISERS for row in rows],
    )  # fmt: skip
    return known, scores, heard


def again(lead_ids: Sequence[UUID]) -> dict[UUID, float]:
    """P(ripe within a month) of lost leads as it will be scored once they are taken up again, were that now."""
    moment, model = clock.now(), current().model
    found: dict[UUID, float] = {}
    for start in range(0, len(lead_ids), BLOCK):
        ids = list(lead_ids[start : start + BLOCK])
        rows: Sequence[Any] = prepared_rows(_AGAIN, {"ids": ids, "now": moment})
        if rows:
            _, scores, heard = _judged(rows, model, moment)
            chances = heard.figures.get("p_30", scores.p_30).tolist()
            found |= {row[0]: chance for row, chance in zip(rows, chances, strict=True)}
    return found


def _ages(rows: Sequence[_Row], moment: datetime) -> FloatArray:
    return np.array([max((moment - row[6]).total_seconds() / 86_400, 0.0) for row in rows])


def _encoded(rows: Sequence[_Row], ages: FloatArray, model: Model) -> Facts:
    """What is known of these leads, as the model wants it."""
    old = np.array([row[5] > 1 for row in rows]) | (ages >= HORIZON)
    signals = [
        rules.signals(rules.Known(row[1], row[2], row[3], row[4], row[8], bool(is_old)))
        for row, is_old in zip(rows, old, strict=True)
    ]
    return model.facts(
        source_type=np.array([row[7] for row in rows]),
        signals={key: np.array([found[key] for found in signals]) for key in rules.SIGNALS},
        table=own_columns(model.encoder, [row[0] for row in rows], [row[6] for row in rows]),
    )


def design(lead_ids: Sequence[UUID], model: Model) -> FloatArray:
    """The facts of open leads (at most a block of them) as rows of the model's design."""
    rows = _facts(_THESE, ids=list(lead_ids)) if lead_ids else ()
    if not rows:
        return np.empty((0, len(model.terms)))
    return _encoded(rows, _ages(rows, clock.now()), model).design


def _reasons(ranked: reasons.Ranked, table: Sequence[Term], heard: engagement.Heard) -> Iterator[list[list[Any]]]:
    """Of each lead its reasons as they are stored, heaviest first: [term, has it, weight], and of what has no term of
    the prior (the company's own features, what they did lately) the words."""
    keys = [term.key for term in table]
    words = [term.present if term.kind == "feature" else "" for term in table]
    weights = np.round(ranked.weight, 4).tolist()
    for terms, present, weight, lately in zip(
        ranked.term.tolist(), ranked.present.tolist(), weights, heard.reasons, strict=True
    ):
        found = [
            [keys[at], has, heavy, words[at]] if words[at] else [keys[at], has, heavy]
            for at, has, heavy in zip(terms, present, weight, strict=True)
            if at >= 0
        ]
        found += [[key, True, round(heavy, 4), told] for key, heavy, told in lately]
        yield sorted(found, key=lambda one: -abs(one[2])) if lately else found


def own_columns(encoder: Encoder, leads: Sequence[UUID], starts: Sequence[datetime]) -> dict[str, Any]:
    """The company's own columns that a model was fitted on, for these leads; nothing is read where it has none."""
    if not encoder.features:
        return {}
    numbers = {feature.column: False for feature in encoder.features}
    numbers |= {feature.column: True for feature in encoder.features if feature.is_of_number}
    return facts.of_open(leads, starts, numbers)
