"""Long work: rows that an action wrote and a worker claims, one at a time; what was broken off goes on."""

from collections.abc import Callable, Sequence
from typing import Any

from ripeline.capture.exports import exports
from ripeline.capture.imports import actions as capture
from ripeline.capture.imports import queries as imports
from ripeline.capture.imports import schedules, trials
from ripeline.insight import recovering
from ripeline.leads.many import batches
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness import queries as fits
from ripeline.simulation import actions as simulation
from ripeline.simulation import queries as simulations


def work(is_stopping: Callable[[], bool]) -> bool:
    """Do the next piece of long work that nobody else is doing; whether there was any."""

    def must_wait() -> bool:
        """A simulation makes room for what somebody waits for: it goes on with its next year afterwards."""
        return is_stopping() or any(waiting() for waiting in (batches.waiting, imports.waiting, recovering.waiting))

    kinds: Sequence[tuple[Callable[[], Sequence[Any]], Callable[[Any], bool]]] = (
        (batches.waiting, lambda pk: batches.work(pk, tagged=fits.tagged, is_stopping=is_stopping)),
        (exports.waiting, lambda pk: exports.work(pk, is_stopping=is_stopping)),
        (schedules.waiting, schedules.work),
        (imports.waiting, lambda pk: capture.work(pk, is_stopping=is_stopping)),
        (trials.waiting, lambda pk: trials.work(pk, is_stopping=is_stopping)),
        (recovering.waiting, lambda pk: recovering.work(pk, is_stopping=is_stopping)),
        (fits.waiting, lambda pk: ripeness.work(pk, is_stopping=is_stopping)),
        (simulations.waiting, lambda pk: simulation.work(pk, is_stopping=must_wait)),
    )
    return any(not is_stopping() and work_one(pk) for waiting, work_one in kinds for pk in waiting())
