"""Statements that are asked so often that PostgreSQL should not plan each of them anew."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from psycopg.types.datetime import TimestamptzLoader


@contextmanager
def prepared() -> Iterator[Any]:
    """A cursor whose statements are prepared once they have been asked some times on a connection.

    PostgreSQL binds the parameters, so their types must follow from the statement (`%s::uuid[]`).
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    connection.close_if_health_check_failed()  # as Django's own cursors do
    connection.ensure_connection()
    with connection.wrap_database_errors:
        bound = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    with connection._prepare_cursor(bound) as cursor:
        yield cursor


def prepared_rows(statement: str, given: Mapping[str, Any] | Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """What a prepared statement returns."""
    with prepared() as cursor:
        read_moments_compiled(cursor)
        cursor.execute(statement, given)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def read_moments_compiled(cursor: Any) -> None:
    """Moments are read by psycopg's compiled code: Django's, which is Python, took a tenth of the time of a list."""
    cursor.adapters.register_loader("timestamptz", TimestamptzLoader)  # in UTC, as the connection is
