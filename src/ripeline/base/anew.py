"""A door outlives a database that begins anew: what was asked of it is asked once more."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

P = ParamSpec("P")
T = TypeVar("T")

AWAY = (OperationalError, InterfaceError)  # the connection broke off, or there is none to be had


def anew(view: Callable[P, T]) -> Callable[P, T]:
    """Do it again, by another connection, where the database broke off. For what counts once however often it comes."""

    @wraps(view)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return view(*args, **kwargs)
        except AWAY:
            if connection.in_atomic_block:
                raise
            connection.close()
        return view(*args, **kwargs)

    return asked
