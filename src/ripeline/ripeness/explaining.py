"""Why a lead scores as it does, with everything that adds up to it."""

import contextlib
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from ripeline.base import clock
from ripeline.leads.knowing import identity
from ripeline.leads.models import Lead
from ripeline.leads.words import systems
from ripeline.ripeness import claims, rules, scoring
from ripeline.ripeness.current import current
from ripeline.ripeness.models import PRIOR, Score
from ripeline.science.terms import contributions


@dataclass(frozen=True)
class Part:
    """What one fact adds to the average lead's log-odds of ever buying."""

    key: str
    label: str
    adds: float


@dataclass(frozen=True)
class Explanation:
    """A score, in words and in parts: `average` and what the parts add make the log-odds at capture, but for what the
    lead's curve adds (`curve`)."""

    lead: Lead
    score: Score
    sentence: str
    outlook: str
    kept: rules.Kept | None
    is_mostly_prior: bool
    average: float
    curve: float
    parts: list[Part]


def find(text: str) -> list[Lead]:
    """Whom somebody may mean by an id, another system's id or an e-mail address; who was merged is who they became."""
    keys = (identity.email(text), *(identity.external(text, system) for system in ("", *systems.LABELS)))
    found = set(identity.resolve(key for key in keys if key).values())
    with contextlib.suppress(ValueError):
        found |= {lead.merged_into_id or lead.pk for lead in Lead.objects.filter(pk=UUID(text.strip()))}
    return list(Lead.objects.filter(pk__in=found).order_by("pk"))


def explain(lead: Lead) -> Explanation | None:
    """Why this lead scores as it does; None where it has no score: it is closed."""
    scoring.rescore([lead.pk])
    score = Score.objects.filter(pk=lead.pk).first()
    if score is None:
        return None
    by = current()
    design = scoring.design([lead.pk], by.model)
    added = contributions(design, by.model.terms)[0]
    order = np.argsort(-np.abs(added), kind="stable")
    kept = claims.kept(rules.band(score.p_30), has_learnt=score.model != PRIOR)
    average = by.model.prior.log_odds
    return Explanation(
        lead=lead,
        score=score,
        sentence=rules.sentence(score, kept),
        outlook=rules.outlook(score, clock.now().date()),
        kept=kept,
        is_mostly_prior=by.is_mostly_prior,
        average=average,
        curve=score.log_odds - average - float(added.sum()),
        parts=[
            Part(by.model.terms[at].key, by.model.terms[at].label, float(added[at])) for at in order if added[at] != 0.0
        ],
    )
