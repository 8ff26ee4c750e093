"""Scoring leads, set by set, and keeping the prior."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from psycopg.types.json import Jsonb

from ripeline.base import clock
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.ripeness import queries, rules
from ripeline.ripeness.models import Term
from ripeline.science import prior, reasons, terms

MODEL = "prior-1"  # the Rule of 45 with its editable means
BLOCK = 20_000  # leads read, scored and written at a time
HORIZON = 365.0  # days: past them an open lead is an old one on a new clock

_COLUMNS = (
    "lead_id", "log_odds", "log_odds_sd", "curve", "p_ever", "p_ever_low", "p_ever_high", "p_30",
    "p_30_low", "p_30_high", "p_win", "window_start", "window_end", "is_concentrated", "reasons", "model", "scored_at",
)  # fmt: skip

# One pass: the leads' facts in, the scores out by COPY, and one statement that changes what differs.
_FACTS = """
SELECT lead.id, lead.email, lead.title, lead.phone <> '', lead.company <> '', lead.episode, lead.episode_at,
       COALESCE(source.source_type, ''),
       EXISTS (SELECT FROM enquiry WHERE enquiry.lead_id = lead.id AND enquiry.message <> '')
FROM lead LEFT JOIN source ON source.id = lead.source_id
WHERE lead.merged_into_id IS NULL AND lead.state NOT IN ('won', 'lost', 'disqualified') AND {which}
ORDER BY lead.id LIMIT %(limit)s
"""
_KEEP = "CREATE TEMP TABLE scored (LIKE score) ON COMMIT DROP"
_COPY = f"COPY scored ({', '.join(_COLUMNS)}) FROM STDIN"
_MERGE = f"""
INSERT INTO score ({", ".join(_COLUMNS)}) SELECT {", ".join(_COLUMNS)} FROM scored ORDER BY lead_id
ON CONFLICT (lead_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}
"""  # noqa: S608
_DROP_CLOSED = """
DELETE FROM score USING lead WHERE lead.id = score.lead_id AND score.lead_id = ANY(%s)
AND (lead.merged_into_id IS NOT NULL OR lead.state IN ('won', 'lost', 'disqualified'))
"""

_Row = tuple[UUID, str, str, bool, bool, int, datetime, str, bool]


def seed() -> None:
    """Make the prior's terms that are missing; leaves people's changes to them alone."""
    Term.objects.bulk_create(
        [
            Term(key=t.key, kind=t.kind, label=t.label, mean=t.mean, sd=t.sd, basis=t.basis, position=place)
            for place, t in enumerate(prior.DEFAULT_TERMS)
        ],
        ignore_conflicts=True,
    )


def set_term(*, actor: User, key: str, mean: float, sd: float, basis: str) -> int:
    """Change one prior mean (log-odds of ever buying) and its sd, with its source; every open lead is rescored."""
    basis = basis.strip()
    if not basis:
        raise people.PeopleError("Say where the figure comes from, or “judgement”.", "basis")
    if not (-5 <= mean <= 5 and 0 < sd <= 5):
        raise people.PeopleError("The mean must lie between −5 and 5, its uncertainty between 0 and 5.", "mean")
    with transaction.atomic():
        term = Term.objects.select_for_update().get(key=key)
        people.audit(actor=actor, verb="ripeness.set_term", target=key, before=[term.mean, term.sd], after=[mean, sd])
        Term.objects.filter(key=key).update(mean=mean, sd=sd, basis=basis)
    return rescore()


def rescore(lead_ids: Collection[UUID] | None = None) -> int:
    """Score these leads, or every open one; how many. Idempotent; closed and merged leads lose their score."""
    table = queries.prior_terms()
    done = 0
    for rows in _blocks(lead_ids):
        with transaction.atomic():
            _write(rows, table)
        done += len(rows)
    if lead_ids is not None:
        with connection.cursor() as cursor:
            cursor.execute(_DROP_CLOSED, [list(lead_ids)])
    return done


def _blocks(lead_ids: Collection[UUID] | None) -> Iterator[Sequence[_Row]]:
    """The facts of the leads in blocks, by the order of their ids."""
    if lead_ids is not None:
        ordered = sorted(lead_ids)
        for start in range(0, len(ordered), BLOCK):
            yield _facts("lead.id = ANY(%(ids)s)", ids=ordered[start : start + BLOCK])
        return
    after = UUID(int=0)
    while rows := _facts("lead.id > %(after)s", after=after):
        yield rows
        after = rows[-1][0]


def _facts(which: str, **given: Any) -> Sequence[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(_FACTS.format(which=which), {**given, "limit": BLOCK})
        rows: Sequence[_Row] = cursor.fetchall()
        return rows


def _write(rows: Sequence[_Row], table: Sequence[terms.Term]) -> None:
    if not rows:
        return
    moment = clock.now()
    ages = np.array([max((moment - row[6]).total_seconds() / 86_400, 0.0) for row in rows])
    old = np.array([row[5] > 1 for row in rows]) | (ages >= HORIZON)
    signals = [
        rules.signals(rules.Known(row[1], row[2], row[3], row[4], row[8], bool(is_old)))
        for row, is_old in zip(rows, old, strict=True)
    ]
    facts = terms.encode(
        table,
        source_type=np.array([row[7] for row in rows]),
        signals={key: np.array([found[key] for found in signals]) for key in rules.SIGNALS},
        curves=prior.DEFAULT_CURVES,
    )
    scores = prior.score(facts.design, table, age_days=ages % HORIZON, curve=facts.curve)
    ranked = reasons.rank(facts.design, table)
    today = moment.date()
    with connection.cursor() as cursor:
        cursor.execute(_KEEP)
        with cursor.copy(_COPY) as copy:
            copy.set_types(
                ["uuid", "float8", "float8", "varchar"]
                + ["float8"] * 7
                + ["date", "date", "bool", "jsonb", "varchar", "timestamptz"]
            )
            for at, row in enumerate(rows):
                said = ranked.words(at, table)
                present = ranked.present[at].tolist()
                copy.write_row(
                    (
                        row[0], scores.log_odds[at].item(), scores.log_odds_sd[at].item(),
                        prior.DEFAULT_CURVES.keys[facts.curve[at]], scores.p_ever[at].item(),
                        scores.p_ever_low[at].item(), scores.p_ever_high[at].item(), scores.p_30[at].item(),
                        scores.p_30_low[at].item(), scores.p_30_high[at].item(), scores.p_win[at].item(),
                        today + timedelta(days=int(scores.window[at, 0])),
                        today + timedelta(days=int(scores.window[at, 1])),
                        bool(scores.concentrated[at]),
                        Jsonb([[r.key, has, round(r.weight, 4)] for r, has in zip(said, present, strict=False)]),
                        MODEL, moment,
                    )
                )  # fmt: skip
        cursor.execute(_MERGE)
        cursor.execute("DROP TABLE scored")
