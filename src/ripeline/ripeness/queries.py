"""Reading scores, the prior's terms, and what a set of leads should yield."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from scipy.special import expit

from ripeline.base import clock, reading
from ripeline.base.statements import prepared_rows
from ripeline.leads.models import CLOSED_STATES, Lead, State
from ripeline.ripeness import scoring
from ripeline.ripeness.claims import ENOUGH as ENOUGH_CLAIMS
from ripeline.ripeness.claims import kept, kept_bands
from ripeline.ripeness.current import ENOUGH as MOSTLY
from ripeline.ripeness.current import current, terms
from ripeline.ripeness.engagement import ARRIVAL, WINDOW
from ripeline.ripeness.models import PRIOR, ModelRun, Score, Term
from ripeline.ripeness.opinions import disputes, perceived
from ripeline.ripeness.rules import RIPE_FROM, TURNING_FROM, Kept, Tag, band
from ripeline.ripeness.runs import waiting
from ripeline.science.expectation import Expectation, expect, shared_error
from ripeline.science.model import Model
from ripeline.science.prior import Prior
from ripeline.science.terms import Term as PriorTerm

__all__ = [
    "Chances", "again", "all_scores", "beside", "chances", "current", "current_run", "disputes", "expected",
    "expected_again", "is_mostly_prior", "kept", "kept_bands", "model", "of", "perceived", "prior_terms", "run", "runs",
    "table", "tagged", "waiting",
]  # fmt: skip


def table() -> Sequence[Term]:
    """The editable prior in its order."""
    return list(Term.objects.order_by("position", "key"))


def prior_terms() -> tuple[PriorTerm, ...]:
    """Science's terms with the company's means."""
    return terms()


def again(lead_ids: Sequence[UUID]) -> dict[UUID, float]:
    """P(ripe within a month) that lost leads will have once they are taken up again."""
    return scoring.again(lead_ids)


def of(lead_ids: Collection[UUID]) -> dict[UUID, Score]:
    """The stored scores of these leads."""
    if not lead_ids:
        return {}
    return {score.lead_id: score for score in reading.read(Score, "WHERE lead_id = ANY(%s)", [list(lead_ids)])}


@dataclass(slots=True)
class Chances:
    """What a list shows of a score."""

    p_30: float
    p_ever: float


_CHANCES = """
SELECT score.p_30, score.p_ever FROM unnest(%s::uuid[]) WITH ORDINALITY AS asked (id, place)
LEFT JOIN score ON score.lead_id = asked.id ORDER BY asked.place
"""


def chances(lead_ids: Sequence[UUID]) -> dict[UUID, Chances]:
    """How ripe these leads are, of those that have a score: a list reads no more of it."""
    if not lead_ids:
        return {}
    found = prepared_rows(_CHANCES, [f"{{{','.join([pk.hex for pk in lead_ids])}}}"])
    return {pk: Chances(*row) for pk, row in zip(lead_ids, found, strict=True) if row[0] is not None}


def expected(leads: QuerySet[Lead]) -> Expectation:
    """What these leads should yield within 30, 90 and 365 days, with intervals; the decided ones count in full.

    By the current model: its curves, its closing ratio, and the doubt that the leads of this set share. Five queries at
    most, however many leads.
    """
    whole = leads.filter(merged_into__isnull=True).order_by()
    decided = whole.aggregate(
        won=Count("pk", filter=Q(state=State.WON)),
        elsewhere=Count("pk", filter=Q(state=State.LOST, close_reason__code="bought_elsewhere")),
        ripe=Count("pk", filter=Q(state=State.OPPORTUNITY)),
    )
    by = current()
    code = {key: at for at, key in enumerate(by.model.curves.keys)}
    scores = _scored(whole.exclude(state__in=[*CLOSED_STATES, State.OPPORTUNITY]))
    return expect(
        np.array([log_odds for _, log_odds, _, _ in scores]),
        age_days=np.array([max(age, 0.0) % 365 for _, _, _, age in scores]),
        curve=np.array([code[curve] for _, _, curve, _ in scores], dtype=np.int64),
        ripe=decided["ripe"],
        won=decided["won"],
        bought_elsewhere=decided["elsewhere"],
        shared_sd=_shared_sd([row[0] for row in scores], by.model),
        prior=_closing(by.model),
        curves=by.model.curves,
    )


def _scored(leads: QuerySet[Lead]) -> list[tuple[str, float, str, float]]:
    """(id, log-odds, curve, age in days) of those that have a score: plain figures, for they may be many thousands."""
    try:
        sql, given = leads.values_list("pk", "episode_at").query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT score.lead_id::text, score.log_odds, score.curve,"  # noqa: S608
            " EXTRACT(EPOCH FROM %s::timestamptz - lead.episode_at)::float8 / 86400"
            f" FROM ({sql}) AS lead (id, episode_at) JOIN score ON score.lead_id = lead.id",
            [clock.now(), *given],
        )
        return list(cursor.fetchall())


def expected_again(leads: QuerySet[Lead]) -> Expectation:
    """What these leads should yield if they were followed up from now on: lost ones as old leads, taken up anew.

    As `expected` otherwise; nothing counts as decided. A handful of queries, however many leads.
    """
    whole = leads.filter(merged_into__isnull=True).order_by()
    by, moment = current(), clock.now()
    at_work = whole.exclude(state__in=[*CLOSED_STATES, State.OPPORTUNITY])
    rows = list(
        Score.objects.filter(lead_id__in=at_work.values("pk"))
        .annotate(since=Subquery(Lead.objects.filter(pk=OuterRef("lead_id")).values("episode_at")))
        .values_list("lead_id", "log_odds", "curve", "since")
    )
    kinds = list(whole.filter(state=State.LOST).values_list("source__source_type", flat=True))
    again = by.model.facts(
        source_type=[kind or "" for kind in kinds], signals={"reopened": np.ones(len(kinds), dtype=np.int64)}
    )
    anew = by.model.score(again, age_days=np.zeros(len(kinds))).log_odds if kinds else np.zeros(0)
    keys, old = by.model.curves.keys, by.model.curves.keys.index("old")
    return expect(
        np.append([row[1] for row in rows], anew),
        age_days=np.append([(moment - row[3]).total_seconds() / 86_400 % 365 for row in rows], np.zeros(len(kinds))),
        curve=np.array([keys.index(row[2]) for row in rows] + [old] * len(kinds), dtype=np.int64),
        ripe=whole.filter(state=State.OPPORTUNITY).count(),
        shared_sd=_shared_sd([str(row[0]) for row in rows], by.model) if rows else None,
        prior=_closing(by.model),
        curves=by.model.curves,
    )


_SAMPLE = 500  # leads that stand for a larger set when its average is asked for: it is then right to 0.02 of each fact


def _shared_sd(ids: Sequence[str], model: Model) -> float:
    """The doubt that these leads share, by how far their average is from the typical lead's."""
    some = [UUID(pk) for pk in sorted(ids)[:: max(len(ids) // _SAMPLE, 1)]]
    return shared_error(
        scoring.design(some, model), model.terms, prior=model.prior, covariance=model.covariance
    )  # fmt: skip


def _closing(model: Model) -> Prior:
    """The prior with the closing ratio that the model has learnt, also where it learnt from wins alone."""
    if model.log_odds_of_win is None:
        return model.prior
    worth = model.prior.closing_won + model.prior.closing_lost
    of_win, ever = expit(model.log_odds_of_win), expit(model.prior.log_odds)
    ratio = float(min(max(of_win / ever, 0.001), 0.999))
    return replace(model.prior, closing_won=ratio * worth, closing_lost=(1 - ratio) * worth)


def runs(limit: int | None = None) -> list[ModelRun]:
    """The model runs, newest first, the general rule last."""
    found = ModelRun.objects.select_related("asked_by", "chosen_by").order_by("is_prior", "-pk")
    return list(found[:limit] if limit else found)


def run(run_id: int) -> ModelRun | None:
    """One of them."""
    return ModelRun.objects.select_related("asked_by", "chosen_by").filter(pk=run_id).first()


def current_run() -> ModelRun | None:
    """The one that scores."""
    return ModelRun.objects.select_related("asked_by", "chosen_by").filter(is_current=True).first()


def is_mostly_prior() -> bool:
    """Whether scores are mostly the general rule as yet."""
    found = ModelRun.objects.filter(is_current=True).values_list("mostly_prior", flat=True).first()
    return found is None or found > MOSTLY


_EPOCH = date(1970, 1, 1)


class Beside(NamedTuple):
    """What is shown beside a score: how often the same was said and came true, whether it is mostly the general rule,
    and how good the lead seems to whoever works it."""

    kept: Kept | None
    is_mostly_prior: bool
    perceived: str
    stage_said: str  # in which stage somebody said it is, as far as that is remembered
    stage_said_by: str
    stage_said_at: datetime | None
    counted_from: date | None  # the day (UTC) from which on visits count; None where nothing was done before it


_BESIDE = f"""
SELECT (SELECT ARRAY[n, did, by_rule::int, said] FROM kept_word
        WHERE band = %(band)s AND n >= %(enough)s AND (by_rule OR %(has_learnt)s) ORDER BY by_rule LIMIT 1),
       (SELECT mostly_prior FROM model_run WHERE is_current),
       COALESCE((SELECT quality FROM perceived WHERE lead_id = %(lead)s), ''), said.stage, said.name, said.said_at,
       (SELECT CASE WHEN bool_or((e.reading | e.product | e.prices | e.download)
                                 >> LEAST(GREATEST(e.day - came.day, 0), 63)::int <> 0) THEN came.day + 1 END
        FROM (SELECT floor(extract(epoch FROM episode_at) / 86400 + {ARRIVAL})::int AS day FROM lead
              WHERE id = %(lead)s) AS came
        JOIN engagement AS e ON e.lead_id = ANY(ARRAY(
            SELECT %(lead)s::uuid UNION ALL SELECT id FROM lead WHERE merged_into_id = %(lead)s)) GROUP BY came.day)
FROM (SELECT 1) AS one LEFT JOIN (
    SELECT stage, said_at, "user".name FROM stage_said JOIN "user" ON "user".id = stage_said.user_id
    WHERE lead_id = %(lead)s AND said_at >= %(remembered)s) AS said ON true
"""  # noqa: S608 - a number of our own


def beside(score: Score) -> Beside:
    """What is shown beside a lead's score, in one query."""
    has_learnt = score.model != PRIOR
    given: dict[str, Any] = {
        "band": band(score.p_30),
        "enough": ENOUGH_CLAIMS,
        "has_learnt": has_learnt,
        "lead": score.lead_id,
        "remembered": clock.now() - timedelta(days=WINDOW),
    }
    ((counts, mostly, quality, stage, name, at, day),) = prepared_rows(_BESIDE, given)
    said = Kept(int(counts[0]), int(counts[1]), bool(counts[2]) and has_learnt, counts[3]) if counts else None
    return Beside(
        said,
        mostly is None or mostly > MOSTLY,
        quality,
        stage or "",
        name or "",
        at,
        _EPOCH + timedelta(days=day) if day else None,
    )


def model() -> dict[str, Any]:
    """Which model scores, how many leads it scored, and when it last did, for `ripeline status`."""
    newest = Score.objects.order_by("-scored_at").values("model", "scored_at").first()
    return {
        "name": newest["model"] if newest else None,
        "mostly_prior": is_mostly_prior(),
        "scored": Score.objects.count(),
        "last": newest["scored_at"].isoformat() if newest else None,
    }


def all_scores() -> QuerySet[Score]:
    """Every score, for ordering a list by it."""
    return Score.objects.all()


def tagged(tag: str) -> QuerySet[Score]:
    """The scores that have this tag (`rules.Tag`); none for a tag that there is not."""
    match tag:
        case Tag.RIPE:
            return Score.objects.filter(p_30__gte=RIPE_FROM)
        case Tag.TURNING:
            return Score.objects.filter(p_30__gte=TURNING_FROM, p_30__lt=RIPE_FROM)
        case Tag.GREEN:
            return Score.objects.filter(p_30__lt=TURNING_FROM)
    return Score.objects.none()
