"""Reading scores, the prior's terms, and what a set of leads should yield."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Count, Q, QuerySet

from ripeline.base import clock
from ripeline.leads.models import CLOSED_STATES, Lead, State
from ripeline.ripeness.models import Score, Term
from ripeline.ripeness.rules import RIPE_FROM, TURNING_FROM, Tag
from ripeline.science import prior
from ripeline.science.expectation import Expectation, expect
from ripeline.science.terms import Term as PriorTerm


def table() -> Sequence[Term]:
    """The editable prior in its order."""
    return list(Term.objects.order_by("position", "key"))


def prior_terms() -> tuple[PriorTerm, ...]:
    """Science's terms with the company's means."""
    own = {term.key: term for term in Term.objects.all()}
    return tuple(
        replace(term, mean=own[term.key].mean, sd=own[term.key].sd, basis=own[term.key].basis)
        if term.key in own
        else term
        for term in prior.DEFAULT_TERMS
    )


def of(lead_ids: Collection[UUID]) -> dict[UUID, Score]:
    """The stored scores of these leads."""
    return Score.objects.in_bulk(list(lead_ids))


def expected(leads: QuerySet[Lead]) -> Expectation:
    """What these leads should yield within 30, 90 and 365 days, with intervals; the decided ones count in full.

    Three queries, however many leads.
    """
    whole = leads.filter(merged_into__isnull=True).order_by()
    decided = whole.aggregate(
        won=Count("pk", filter=Q(state=State.WON)),
        elsewhere=Count("pk", filter=Q(state=State.LOST, close_reason__code="bought_elsewhere")),
        ripe=Count("pk", filter=Q(state=State.OPPORTUNITY)),
    )
    green = whole.exclude(state__in=[*CLOSED_STATES, State.OPPORTUNITY]).values("pk")
    scores = list(Score.objects.filter(lead_id__in=green).values_list("log_odds", "curve", "lead_id"))
    ages = dict(whole.exclude(state__in=[*CLOSED_STATES, State.OPPORTUNITY]).values_list("pk", "episode_at"))
    moment = clock.now()
    age_days = [max((moment - ages[lead_id]).total_seconds() / 86_400, 0) % 365 for _, _, lead_id in scores]
    return expect(
        np.array([log_odds for log_odds, _, _ in scores]),
        age_days=np.array(age_days),
        curve=np.array([prior.DEFAULT_CURVES.keys.index(curve) for _, curve, _ in scores], dtype=np.int64),
        ripe=decided["ripe"],
        won=decided["won"],
        bought_elsewhere=decided["elsewhere"],
    )


def model() -> dict[str, Any]:
    """Which model scores, how many leads it scored, and when it last did, for `ripeline status`."""
    newest = Score.objects.order_by("-scored_at").values("model", "scored_at").first()
    return {
        "name": newest["model"] if newest else None,
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
