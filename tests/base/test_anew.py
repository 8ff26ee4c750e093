"""What counts as a database that is away, and what is asked of it once more."""

import pytest
from django.db import InterfaceError, OperationalError
from psycopg import errors

from ripeline.base.anew import anew, is_away


def told(cause: Exception | None) -> OperationalError:
    problem = OperationalError("of PostgreSQL")
    problem.__cause__ = cause
    return problem


@pytest.mark.parametrize(
    "cause", [None, errors.AdminShutdown(), errors.CannotConnectNow(), errors.TooManyConnections()]
)
def test_a_database_that_stops_or_begins_anew_is_away(cause: Exception | None) -> None:
    assert is_away(told(cause))
    assert is_away(InterfaceError("the connection is closed"))


@pytest.mark.parametrize("cause", [errors.QueryCanceled(), errors.DeadlockDetected(), errors.LockNotAvailable(),
                                   errors.DiskFull()])  # fmt: skip
def test_a_database_that_answered_is_not_away_and_is_not_asked_again(cause: Exception) -> None:
    asked = []

    @anew
    def view() -> None:
        asked.append(1)
        raise told(cause)

    with pytest.raises(OperationalError):
        view()
    assert asked == [1]
    assert not is_away(told(cause))
