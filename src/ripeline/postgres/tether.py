"""A child that ends when its parent does, even when the parent is killed and can do nothing any more."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def tether(how: signal.Signals) -> Callable[[], None]:
    """A preexec_fn for subprocess: the kernel sends the child ``how`` when the *thread* that started it ends.

    So the start must come from a thread that lives as long as the process: the main one. Linux only; elsewhere the
    child is found and ended by the next start.
    """
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None  # looked up before the fork

    def after_fork() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
            if os.getppid() != parent:  # it died in between
                os.kill(os.getpid(), signal.SIGKILL)

    return after_fork


def tie(how: signal.Signals) -> None:
    """The same for the calling process itself, where somebody else's code started it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
