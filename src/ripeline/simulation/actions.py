"""Asking the simulated market: a row that the worker works, once for each question; cancelled, gone on with."""

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from ripeline.base import clock
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.simulation import rules
from ripeline.simulation.models import SimulationRun, SimulationState
from ripeline.simulation.rules import FigureError, Figures
from ripeline.simulation.working import STEPS, work
from ripeline.timeline import actions as timeline

__all__ = ["FigureError", "ask", "cancel", "work"]


def ask(
    *, actor: User, figures: Figures, worth: Decimal, currency: str, origins: Mapping[str, str] | None = None
) -> SimulationRun:
    """Put a question; the same one, whoever asks it and however often, is one row, worked once.

    One that was cancelled or broke goes on where it stopped. Raises FigureError, NotAllowed.
    """
    rules.require_reader(actor)
    asked = figures.checked()
    money, code = rules.money_checked(worth, currency)
    said = {name: text[:200] for name, text in (origins or {}).items()}
    with transaction.atomic():
        run, is_new = SimulationRun.objects.select_for_update().get_or_create(
            digest=rules.digest(asked),
            defaults={"figures": asked.to_json(), "worth": money, "currency": code, "asked_by": actor, "steps": STEPS},
        )
        run.worth, run.currency, run.origins = money, code, said
        run.asked_by, run.asked_at = actor, clock.now()
        if run.state in (SimulationState.CANCELLED, SimulationState.FAILED):
            run.state, run.begun, run.problem, run.ended_at = SimulationState.QUEUED, 0, "", None
        run.cancel_asked = False
        run.save()
        if is_new:
            people.audit(actor=actor, verb="simulation.ask", target=str(run.pk))
        if run.state == SimulationState.QUEUED:
            timeline.wake_worker()
    return run


def cancel(*, actor: User, run_id: int) -> SimulationRun | None:
    """Stop after the present step; what is found so far is kept. Nothing happens to one that has ended."""
    rules.require_reader(actor)
    with transaction.atomic():
        run = SimulationRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            return None
        if run.state == SimulationState.QUEUED:
            run.state, run.ended_at = SimulationState.CANCELLED, clock.now()
        elif run.state == SimulationState.RUNNING:
            run.cancel_asked = True
        run.save(update_fields=["state", "ended_at", "cancel_asked"])
    return run
