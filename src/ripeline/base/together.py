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
    """`work` for one thing wanted, or for all of the same `kind` that are waiting by the time it is free again.

    It gets what is wanted in the order in which it came, and returns a result or an exception for each; it must do all
    or nothing. Where it fails as a whole, each is done by itself, so that nobody fails by what another sent.
    """

    def __init__(
        self, work: Callable[[Sequence[T]], Sequence[R | Exception]], *, kind: Callable[[T], object] = lambda _: None
    ) -> None:
        self._work, self._kind = work, kind
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
                    self._do(self._next())
        return _given(mine.result[0])

    def _next(self) -> "list[_Wanted[T, R]]":
        """Who has waited longest, with the others of their kind."""
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        kind = self._kind(waiting[0].what)
        some = [each for each in waiting if self._kind(each.what) == kind][:MOST]
        self._waiting.extendleft(reversed([each for each in waiting if each not in some]))
        return some

    def _do(self, some: "Sequence[_Wanted[T, R]]") -> None:
        try:
            for each, result in zip(some, self._work([each.what for each in some]), strict=True):
                each.result = (result,)
        except Exception as problem:
            connection.close_if_unusable_or_obsolete()
            if len(some) == 1:
                some[0].result = (problem,)
            else:
                for each in some:
                    self._do([each])
        finally:  # nobody is to wait for a process that ends
            for each in some:
                each.result = each.result or (RuntimeError("It was broken off."),)


class _Wanted(Generic[T, R]):
    def __init__(self, what: T) -> None:
        self.what = what
        self.result: tuple[R | Exception] | None = None


def _given(result: R | Exception) -> R:
    if isinstance(result, Exception):
        raise result
    return result
