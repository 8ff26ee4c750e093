"""Statements that are asked so often that PostgreSQL should not plan each of them anew."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import local
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from psycopg.types.datetime import TimestamptzLoader

FEW = 1_000  # rows that may stay in memory until the next are read
_kept = local()


@contextmanager
def prepared() -> Iterator[Any]:
    """A cursor whose statements are prepared once they have been asked some times on a connection.

    PostgreSQL binds the parameters, so their types must follow from the statement (`%s::uuid[]`).
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    with connection.wrap_database_errors:
        bound = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    with connection._prepare_cursor(bound) as cursor:
        yield cursor


def prepared_rows(statement: str, given: Mapping[str, Any] | Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """What a prepared statement returns."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    if connection.queries_logged or connection.execute_wrappers:
        with prepared() as cursor:
            read_moments_compiled(cursor)
            cursor.execute(statement, given)
            return list(cursor.fetchall())
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        cursor = _kept_cursor(connection.connection)
        cursor.execute(statement, _as_texts(given))
        found: list[tuple[Any, ...]] = cursor.fetchall()
    if len(found) > FEW:
        _kept.cursor = None  # nor what it holds
    return found


def _as_texts(given: Mapping[str, Any] | Sequence[Any]) -> Mapping[str, Any] | Sequence[Any]:
    """Arrays as PostgreSQL writes them: one text is sent quicker than each of what is in it."""
    if isinstance(given, Mapping):
        return {name: _array(value) if type(value) is list else value for name, value in given.items()}
    return [_array(value) if type(value) is list else value for value in given]


def _array(values: list[Any]) -> Any:
    kinds = set(map(type, values))
    if kinds == {UUID}:
        return f"{{{','.join([value.hex for value in values])}}}"
    if kinds == {str}:
        quoted = ['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]
        return f"{{{','.join(quoted)}}}"
    return values


def _kept_cursor(connection: Any) -> Any:
    """One for all statements of a thread's connection: to make one, and Django's around it, took longer than to ask."""
    cursor = getattr(_kept, "cursor", None)
    if cursor is None or cursor.connection is not connection:
        cursor = _kept.cursor = ServerBindingCursor(connection)  # type: ignore[call-arg]
        read_moments_compiled(cursor)
    return cursor


def read_moments_compiled(cursor: Any) -> None:
    """Moments are read by psycopg's compiled code: Django's, which is Python, took a tenth of the time of a list."""
    cursor.adapters.register_loader("timestamptz", TimestamptzLoader)  # in UTC, as the connection is
