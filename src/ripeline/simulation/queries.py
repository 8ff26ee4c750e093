"""Reading questions put to the simulated market: one, the latest, those waiting for a worker."""

from collections.abc import Sequence

from ripeline.people.models import User
from ripeline.simulation import rules
from ripeline.simulation.figures import Filled, filled
from ripeline.simulation.models import SimulationRun, SimulationState
from ripeline.simulation.record import Record, record

__all__ = ["Filled", "Record", "filled", "latest", "record", "run", "runs", "waiting"]

WAITING = (SimulationState.QUEUED, SimulationState.RUNNING)


def runs(actor: User, limit: int = 8) -> list[SimulationRun]:
    """Questions that were asked, the latest first."""
    rules.require_reader(actor)
    return list(SimulationRun.objects.select_related("asked_by").order_by("-asked_at", "-pk")[:limit])


def run(actor: User, run_id: int) -> SimulationRun | None:
    """One of them."""
    rules.require_reader(actor)
    return SimulationRun.objects.select_related("asked_by").filter(pk=run_id).first()


def latest(actor: User) -> SimulationRun | None:
    """What a page without a choice shows: the question asked last."""
    return next(iter(runs(actor, 1)), None)


def waiting() -> Sequence[int]:
    """Those that a worker is to work, the oldest first; some may be in another's hands."""
    found = SimulationRun.objects.filter(state__in=WAITING)
    return list(found.order_by("asked_at", "pk").values_list("pk", flat=True))
