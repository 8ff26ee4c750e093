"""The one source of the present moment, so that tests, the demo and simulations can live at another time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_source: ContextVar[Callable[[], datetime] | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    source = _source.get()
    return source() if source else datetime.now(UTC)


def is_real() -> bool:
    """Whether `now` is the machine's own time."""
    return _source.get() is None


@contextmanager
def at(moment: datetime | Callable[[], datetime]) -> Iterator[None]:
    """Live at `moment` (aware) inside the block; a callable is asked each time."""
    source = moment if callable(moment) else (lambda: moment)
    if source().tzinfo is None:
        raise ValueError("a moment needs a time zone")
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)
