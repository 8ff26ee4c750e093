"""A door outlives a database that begins anew: what was asked of it is asked once more."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

P = ParamSpec("P")
T = TypeVar("T")

_STATES = ("08", "57P", "53300")  # of PostgreSQL: the connection broke off, it stops or starts, it has no more of them


def is_away(problem: BaseException | None) -> bool:
    """Whether the connection broke off, or there is none to be had: nothing is wrong with what was asked."""
    if isinstance(problem, OperationalError):
        state = getattr(problem.__cause__, "sqlstate", None)
        return state is None or state.startswith(_STATES)
    return isinstance(problem, InterfaceError)


def anew(view: Callable[P, T]) -> Callable[P, T]:
    """Do it again, by another connection, where the database broke off. For what counts once however often it comes."""

    @wraps(view)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return view(*args, **kwargs)
        except (OperationalError, InterfaceError) as problem:
            if connection.in_atomic_block or not is_away(problem):
                raise
            connection.close()
        return view(*args, **kwargs)

    return asked
