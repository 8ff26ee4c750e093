"""What several threads want at the same moment, done by one of them for all: one transaction instead of many."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from django.db import connection

T = TypeVar("T")
R = TypeVar("R")

MOST = 32  # carried out together


class Together(Generic[T, R]):
    """`work` for one thing wanted, or for all that are waiting by the time it is free again.

    It gets what is wanted in the order in which it came, and returns a result or an exception for each; it must do all
    or nothing. Where it fails as a whole, each is done by itself, so that nobody fails by what another sent.
    """

    def __init__(self, work: Callable[[Sequence[T]], Sequence[R | Exception]]) -> None:
        self._work = work
        self._waiting: deque[_Wanted[T, R]] = deque()
        self._at_work = Lock()

    def __call__(self, wanted: T) -> R:
        if connection.in_atomic_block:  # what belongs to a transaction is done in it
            return _given(self._work([wanted])[0])
        mine = _Wanted[T, R](wanted)
        self._waiting.append(mine)
        while mine.result is None:
            with self._at_work:
                if mine.result is None:
                    self._do([self._waiting.popleft() for _ in range(min(len(self._waiting), MOST))])
        return _given(mine.result[0])

    def _do(self, some: "Sequence[_Wanted[T, R]]") -> None:
        try:
            results = self._work([each.what for each in some])
        except Exception as problem:
            if len(some) > 1:
                for each in some:
                    self._do([each])
                return
            results = [problem]
        except BaseException:  # this process ends; nobody is to wait for it
            results = [RuntimeError("broken off")] * len(some)
            raise
        finally:
            for each, result in zip(some, results, strict=True):
                each.result = each.result or (result,)


class _Wanted(Generic[T, R]):
    def __init__(self, what: T) -> None:
        self.what = what
        self.result: tuple[R | Exception] | None = None


def _given(result: R | Exception) -> R:
    if isinstance(result, Exception):
        raise result
    return result
