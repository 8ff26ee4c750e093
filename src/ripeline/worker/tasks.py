"""Long work: rows that an action wrote and a worker claims, one at a time; what was broken off goes on.

Two threads do it: what takes seconds does not wait for what takes an hour. Each kind is safe beside the others, as it
is when several machines work: what is claimed is in one process's hands, and leads are locked in one order.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from ripeline.capture.exports import exports
from ripeline.capture.imports import actions as capture
from ripeline.capture.imports import queries as imports
from ripeline.capture.imports import schedules, trials, turns
from ripeline.insight import recovering
from ripeline.leads.many import batches
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness import queries as fits
from ripeline.simulation import actions as simulation
from ripeline.simulation import queries as simulations

SLICE = 3.0  # seconds after which a batch lets other short work pass: it goes on where it was for nothing

IsStopping = Callable[[], bool]
Kinds = Sequence[tuple[Callable[[], Sequence[Any]], Callable[[Any], bool]]]


class _Turn:
    """Says that somebody has to stop, for good or to let others pass; `was_over`: it had to, for others."""

    def __init__(self, is_stopping: IsStopping, is_over: Callable[[], bool]) -> None:
        self._is_stopping, self._is_over = is_stopping, is_over
        self.was_over = False

    def __call__(self) -> bool:
        if self._is_stopping():
            return True
        self.was_over = self._is_over()
        return self.was_over


def work(is_stopping: IsStopping) -> bool:
    """Do the next piece of any work that nobody else is doing; whether there was any."""
    return short(is_stopping) or long(is_stopping)


def short(is_stopping: IsStopping) -> bool:
    """The same of what takes seconds, and of what is done with many leads: that in slices."""
    began = time.monotonic()
    turn = _Turn(is_stopping, lambda: time.monotonic() > began + SLICE)
    kinds: Kinds = (
        (batches.waiting, lambda pk: batches.work(pk, tagged=fits.tagged, is_stopping=turn)),
        (lambda: exports.waiting(is_long=False), lambda pk: exports.work(pk, is_stopping=is_stopping)),
        (turns.short, lambda pk: capture.work(pk, is_stopping=is_stopping)),
        (lambda: turns.trials(is_long=False), lambda pk: trials.work(pk, is_stopping=is_stopping)),
    )
    return _first(kinds, is_stopping) or turn.was_over


def long(is_stopping: IsStopping) -> bool:
    """The same of the rest. An import makes room for a file to be written, and for leads to be put back to work."""

    def must_wait() -> bool:
        """A simulation makes room for what somebody waits for: it goes on with its next year afterwards."""
        return is_stopping() or any(waiting() for waiting in (batches.waiting, imports.waiting, recovering.waiting))

    turn = _Turn(is_stopping, lambda: exports.is_queued(is_long=True) or recovering.is_queued())
    before: Kinds = (
        (lambda: exports.waiting(is_long=True), lambda pk: exports.work(pk, is_stopping=is_stopping)),
        (recovering.waiting, lambda pk: recovering.work(pk, is_stopping=is_stopping)),
        (schedules.waiting, schedules.work),
    )
    after: Kinds = (
        (lambda: turns.trials(is_long=True), lambda pk: trials.work(pk, is_stopping=is_stopping)),
        (fits.waiting, lambda pk: ripeness.work(pk, is_stopping=is_stopping)),
        (simulations.waiting, lambda pk: simulation.work(pk, is_stopping=must_wait)),
    )
    if _first(before, is_stopping):
        return True
    for pk in turns.long():
        if is_stopping():
            return False
        if capture.work(pk, is_stopping=turn) or turn.was_over:  # no later one passes it meanwhile
            return True
    return _first(after, is_stopping)


def _first(kinds: Kinds, is_stopping: IsStopping) -> bool:
    return any(not is_stopping() and work_one(pk) for waiting, work_one in kinds for pk in waiting())
