"""Long work: rows that an action wrote and a worker claims, one at a time; what was broken off goes on."""

from collections.abc import Callable

from ripeline.capture import actions as capture
from ripeline.capture import exports
from ripeline.capture import queries as imports
from ripeline.leads import batches
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness import queries as fits


def work(is_stopping: Callable[[], bool]) -> bool:
    """Do the next piece of long work that nobody else is doing; whether there was any."""
    if any(
        not is_stopping() and batches.work(batch_id, tagged=fits.tagged, is_stopping=is_stopping)
        for batch_id in batches.waiting()
    ):
        return True
    if any(not is_stopping() and exports.work(pk, is_stopping=is_stopping) for pk in exports.waiting()):
        return True
    if any(not is_stopping() and capture.work(run_id, is_stopping=is_stopping) for run_id in imports.waiting()):
        return True
    return any(not is_stopping() and ripeness.work(run_id, is_stopping=is_stopping) for run_id in fits.waiting())
