"""One fit: learn from what is known as of a day, hold it against the current model on later outcomes, and decide.

The candidate is the model fitted on everything known on the day. It cannot be judged on what it has seen, so a second
one is learnt in the same way from what was known some 60 days before, and judged on what happened since, beside the
general rule and the current model. The current model has mostly seen part of those days itself, having been fitted last
night: then it has no fair score there. Where it learnt from the same columns, it is the same way of learning as the
candidate with less to go by; where from others, that way is fitted on the earlier day too and takes part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from ripeline.ripeness import current, judging
from ripeline.ripeness.episodes import Episodes, day, episodes, moment
from ripeline.ripeness.facts import SAYINGS, Captured, at_capture
from ripeline.ripeness.judging import Judged
from ripeline.ripeness.models import ModelRun, Verdict
from ripeline.science import drift
from ripeline.science.errors import NoEventsError, NotConvergedError, ScienceError, SeparationError
from ripeline.science.model import Model, Record, Renewed, renew
from ripeline.science.outcomes import RIPE, Outcomes
from ripeline.science.terms import Term

RULE, NOW, THEN = "the general rule", "the current model", "the renewed model"
IN_USE = "It is put to use."  # how the reason of a promoted run ends

# Leads whose deal was lost, and when, as of a moment: what the closing ratio learns from.
_LOST = """
SELECT a.lead_id, max(a.occurred_at) FROM activity AS a
WHERE a.kind = 'lost' AND a.occurred_at <= %(as_of)s AND (a.data ? 'imported' OR a.recorded_at <= %(as_of)s)
  AND NOT EXISTS (SELECT FROM activity AS u WHERE u.lead_id = a.lead_id AND u.kind = 'undone'
                  AND u.data->>'of' = a.id::text AND u.recorded_at <= %(as_of)s)
GROUP BY a.lead_id
"""


@dataclass(frozen=True, eq=False, kw_only=True)
class Gathered:
    """What is known as of a day: the episodes that tell something, and the facts of each."""

    outcomes: Outcomes
    captured: Captured
    wins_alone: bool
    won: int
    lost: int
    before_captured: int

    def record(self, *, columns: frozenset[str] | None = None, wins_alone: bool | None = None) -> Record:
        """For `science.model.renew`; `columns`: learn from these of one's own alone."""
        table = self.captured.table
        return Record(
            outcomes=self.outcomes,
            source_type=self.captured.source_type,
            signals=self.captured.signals,
            table={name: v for name, v in table.items() if columns is None or name in columns},
            labels=self.captured.labels,
            sayings=SAYINGS,
            wins_alone=self.wins_alone if wins_alone is None else wins_alone,
            won=self.won,
            lost=self.lost,
        )

    def take(self, rows: Any) -> "Gathered":
        """Some of the episodes."""
        facts = self.captured
        return replace(
            self,
            outcomes=self.outcomes.take(rows),
            captured=replace(
                facts,
                source_type=facts.source_type[rows],
                signals={key: values[rows] for key, values in facts.signals.items()},
                table={name: values[rows] for name, values in facts.table.items()},
            ),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """What a fit found, and what is to be done with it."""

    gathered: Gathered
    verdict: Verdict
    reason: str
    renewed: Renewed | None = None
    terms: tuple[Term, ...] = ()  # believed before, by the company
    metrics: Mapping[str, Any] = field(default_factory=dict)
    calibration: list[dict[str, float]] = field(default_factory=list)

    @property
    def first_day(self) -> date | None:
        starts = self.gathered.outcomes.start
        return moment(float(starts.min())).date() if len(starts) else None

    def coefficients(self) -> list[dict[str, Any]]:
        """Each term before and after, in log-odds of ever buying."""
        if self.renewed is None:
            return []
        before = {term.key: term.mean for term in self.terms}
        return [
            {
                "key": term.key, "label": term.label, "before": round(before.get(term.key, 0.0), 4),
                "mean": round(term.mean, 4), "sd": round(term.sd, 4),
            }
            for term in self.renewed.model.terms
        ]  # fmt: skip


def gather(as_of: datetime) -> Gathered:
    """What is known as of a moment."""
    found = episodes(as_of=as_of)
    seen = found.observed()
    kept = found.take(seen.kept)
    ripe = np.isfinite(kept.ripe_at)
    won = ripe & np.isfinite(kept.won_at)
    lost = ripe & ~won & _lost(kept, as_of)
    wins_alone = (
        bool(ripe.any()) and bool(np.all(won == ripe)) and bool(np.all(kept.won_at[ripe] == kept.ripe_at[ripe]))
    )
    return Gathered(
        outcomes=seen.outcomes,
        captured=at_capture(kept),
        wins_alone=wins_alone,
        won=int(won.sum()),
        lost=int(lost.sum()),
        before_captured=seen.before,
    )


def _lost(kept: Episodes, as_of: datetime) -> Any:
    """Whether each episode's lead was lost after it had begun."""
    with connection.cursor() as cursor:
        cursor.execute(_LOST, {"as_of": as_of})
        last = {lead_id: day(at) for lead_id, at in cursor.fetchall()}
    return np.array(
        [
            last.get(lead, -np.inf) >= start - 1.0
            for lead, start in zip(kept.lead.list(), kept.start.tolist(), strict=True)
        ],
        dtype=np.bool_,
    )


def find(as_of: datetime, *, now_used: ModelRun | None, looks_back: bool = False) -> Found:
    """Learn as of a moment and decide whether what was learnt is put to use. Writes nothing."""
    rule = Model.of_prior(current.terms())
    known = gather(as_of)
    if few := _too_few(known):
        return Found(gathered=known, verdict=Verdict.TOO_LITTLE, reason=few)
    since = judging.held_out(known.outcomes)
    if since is None:
        return Found(gathered=known, verdict=Verdict.TOO_LITTLE, reason=_cannot_judge(known))
    try:
        renewed = _learn(rule, known)
        figures, bands, verdict, reason = _compare(rule, known, since, now_used)
    except ScienceError as problem:
        return Found(gathered=known, verdict=Verdict.KEPT, reason=in_words(problem))
    if looks_back:
        verdict, reason = (
            Verdict.LOOKED_BACK,
            f"{reason} It was asked for as of a day gone by, so it is kept to be looked at.",
        )
    return Found(
        gathered=known, verdict=verdict, reason=reason, renewed=renewed, terms=rule.terms, metrics=figures,
        calibration=bands,
    )  # fmt: skip


def _learn(
    rule: Model, known: Gathered, *, columns: frozenset[str] | None = None, wins_alone: bool | None = None
) -> Renewed:
    """Learn from a record; where the world has changed lately, what is new counts more."""
    record = known.record(columns=columns, wins_alone=wins_alone)
    renewed = renew(rule, record)
    if not has_changed(renewed.model, known):
        return renewed
    return renew(rule, record, weight=drift.recency(known.outcomes))


def has_changed(model: Model, known: Gathered) -> bool:
    """Whether the last weeks brought clearly more or fewer ripe leads than the model expected."""
    return bool(watched(model, known).changed)


def watched(model: Model, known: Gathered) -> drift.Watch:
    """Expected and actual ripe leads of the last weeks, day by day."""
    odds, curve = judging.odds_of(model, known.captured, wins_alone=known.wins_alone)
    until = known.outcomes.as_of
    days = drift.daily(
        odds, known.outcomes, curve=curve, curves=model.curves, since=until - 2 * drift.WINDOW, until=until
    )
    return drift.watch(days)


def _compare(
    rule: Model, known: Gathered, since: float, now_used: ModelRun | None
) -> tuple[dict[str, Any], list[dict[str, float]], Verdict, str]:
    """Who was right about what happened since a day: (figures, bands, verdict, reason)."""
    before = gather(moment(since))
    rows = judging.later(known.outcomes, since)
    happened = known.take(rows)
    rivals: dict[str, Model] = {THEN: _learn(rule, before, wins_alone=known.wins_alone).model, RULE: rule}
    if (other := _rival(rule, known, before, since, now_used)) is not None:
        rivals[NOW] = other
    judged = {
        name: judging.judge(
            model, happened.captured, happened.outcomes, day=since, wins_alone=known.wins_alone
        )
        for name, model in rivals.items()
    }  # fmt: skip
    verdict, reason = _decide(judged, since, known, now_used)
    figures = {
        "since": moment(since).date().isoformat(), "n": len(happened.outcomes),
        "models": {name: one.figures() for name, one in judged.items()},
    }  # fmt: skip
    return figures, judged[THEN].bands, verdict, reason


def _rival(rule: Model, known: Gathered, before: Gathered, since: float, now_used: ModelRun | None) -> Model | None:
    """The current model, or what it would have been on that day; None where that is one of the others."""
    if now_used is None or now_used.is_prior:
        return None
    if now_used.as_of is not None and day(now_used.as_of) <= since:
        return current.of_run(now_used)
    columns = frozenset(now_used.columns)
    if columns == frozenset(known.captured.table):
        return None
    return _learn(rule, before, columns=columns, wins_alone=known.wins_alone).model


def _decide(
    judged: Mapping[str, Judged], since: float, known: Gathered, now_used: ModelRun | None
) -> tuple[Verdict, str]:
    scores = {name: one.log_score for name, one in judged.items()}
    rivals = {name: score for name, score in scores.items() if name != THEN}
    rival = judging.best(rivals)
    events = judged[THEN].actual
    what = f"the {events} leads that {'were won' if known.wins_alone else 'ripened'} since {_said(since)}"
    gain = (scores[THEN] - rivals[rival]) / max(events, 1)
    if scores[THEN] <= rivals[rival]:
        return Verdict.KEPT, (
            f"On {what} it would have been worse than {rival} ({abs(gain):.2f} less for each, by log score), so the"
            " current one stays."
        )
    reason = f"On {what} it would have been better than {rival} ({gain:.2f} more for each, by log score)."
    if chosen := _chosen_lately(now_used, known, since):
        return Verdict.KEPT, f"{reason} {chosen}"
    return Verdict.PROMOTED, f"{reason} {IN_USE}"


def _chosen_lately(now_used: ModelRun | None, known: Gathered, since: float) -> str:
    """Why a choice that a person made stands for now; "" where it does not bind (any more)."""
    if now_used is None or now_used.chosen_by is None or now_used.current_since is None:
        return ""
    chosen = day(now_used.current_since)
    ripe = (known.outcomes.start + known.outcomes.time)[known.outcomes.code == RIPE]
    if chosen <= since or int((ripe > chosen).sum()) >= judging.FEWEST:
        return ""
    return (
        f"But {now_used.chosen_by.name} chose the current one on {_said(chosen)}, and too little has happened since to"
        " overrule that."
    )


def _said(of_day: float) -> str:
    at = moment(of_day).date()
    return f"{at.day} {at:%B %Y}"


def _too_few(known: Gathered) -> str:
    n, events = len(known.outcomes), known.outcomes.events
    if not n:
        return "No lead has come yet, so there is nothing to learn from."
    if events < judging.FEWEST:
        ripe = "none has" if not events else "one has" if events == 1 else f"{events} have"
        return (
            f"Of {n:,} leads {ripe} ripened so far; from {2 * judging.FEWEST} on the model learns. Until then the"
            " general rule stays."
        )
    return ""


def _cannot_judge(known: Gathered) -> str:
    return (
        f"{known.outcomes.events} of {len(known.outcomes):,} leads have ripened, too few before and after any one day"
        f" to see whether a model would have been right ({judging.FEWEST} on either side). The current one stays."
    )


def in_words(problem: ScienceError) -> str:
    """What went wrong with a fit, for whoever reads the list of runs."""
    match problem:
        case SeparationError():
            return "All leads of the record ripened, so nothing tells them apart. The current one stays."
        case NoEventsError():
            return "Nothing has ripened yet that could be learnt from. The current one stays."
        case NotConvergedError():
            return "The fit did not settle, and a model that did not is not put to use. The current one stays."
    return f"The record cannot be learnt from ({problem}). The current one stays."


def covers(as_of: datetime, now: datetime) -> bool:
    """Whether a moment is as good as now."""
    return now - as_of < timedelta(minutes=5)
