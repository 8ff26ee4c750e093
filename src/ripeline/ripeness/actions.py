"""What is done about ripeness: the prior kept, leads scored, the model taught, and people's own view noted."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from ripeline.catalog import actions as catalog
from ripeline.people import actions as people
from ripeline.people import rules as people_rules
from ripeline.people.models import User
from ripeline.ripeness import engagement, runs, scoring
from ripeline.ripeness.models import Claim, Dispute, Perceived, Score, StageSaid, Term
from ripeline.ripeness.opinions import dispute, perceive, say_stage, take_back
from ripeline.ripeness.runs import promote, request_fit, request_nightly, rollback, work
from ripeline.ripeness.scoring import rescore
from ripeline.ripeness.trusting import learn_trust
from ripeline.ripeness.watching import watch
from ripeline.science import prior

__all__ = [
    "dispute", "forget", "hear", "learn_from", "learn_trust", "perceive", "promote", "request_fit", "request_nightly",
    "rescore", "rollback", "say_stage", "seed", "set_term", "take_back", "watch", "work",
]  # fmt: skip


def seed() -> None:
    """Make the prior's terms that are missing; leaves people's changes to them alone."""
    Term.objects.bulk_create(
        [
            Term(key=t.key, kind=t.kind, label=t.label, mean=t.mean, sd=t.sd, basis=t.basis, position=place)
            for place, t in enumerate(prior.DEFAULT_TERMS)
        ],
        ignore_conflicts=True,
    )
    runs.seed()


def hear(lead_ids: Collection[UUID]) -> int:
    """Score leads that were seen doing something, each as whom it was merged into; how many."""
    return rescore(engagement.survivors(lead_ids))


def forget(lead_ids: Collection[UUID]) -> None:
    """Delete what was said and thought of leads that are being deleted."""
    for said in (Score, Claim, Dispute, Perceived, StageSaid):
        said.objects.filter(lead_id__in=lead_ids).delete()


def learn_from(*, actor: User, key: str, is_learnt_from: bool) -> None:
    """Say of a custom field whether it is known when somebody comes to us, so that the model may learn from it.

    From the next fit on.
    """
    people_rules.require_administers(actor)
    with transaction.atomic():
        if not catalog.set_learnt_from(key, is_learnt_from):
            raise people.PeopleError(f"There is no field {key!r}; ripeline model fields lists them.", "field")
        people.audit(actor=actor, verb="model.field", target=key, learnt_from=is_learnt_from)


def set_term(*, actor: User, key: str, mean: float, sd: float, basis: str) -> int:
    """Change one prior mean (log-odds of ever buying) and its sd, with its source; every open lead is rescored."""
    basis = basis.strip()
    if not basis:
        raise people.PeopleError("Say where the figure comes from, or “judgement”.", "basis")
    if not (-5 <= mean <= 5 and 0 < sd <= 5):
        raise people.PeopleError("The mean must lie between −5 and 5, its uncertainty between 0 and 5.", "mean")
    with transaction.atomic():
        scoring.keep_current(to_change_it=True)  # nobody scores by means that were just changed
        term = Term.objects.select_for_update().get(key=key)
        people.audit(actor=actor, verb="ripeness.set_term", target=key, before=[term.mean, term.sd], after=[mean, sd])
        Term.objects.filter(key=key).update(mean=mean, sd=sd, basis=basis)
    return rescore()
