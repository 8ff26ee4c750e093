"""Reading what every page reads: whole objects by a plain statement.

The ORM takes longer to write such a statement and to make its objects than PostgreSQL to answer it. What is asked in
many ways (lists, filters) stays with the ORM; what is asked often and in one way is prepared (`base.statements`).
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import JSONField, Model
from django.db.models.base import ModelState

M = TypeVar("M", bound=Model)


def read(model: type[M], rest: str, given: Sequence[Any] = ()) -> list[M]:
    """The objects of a table that `rest` (WHERE … ORDER BY …) leaves, with all of their own columns."""
    select, names, decoded = _select(model)
    found = []
    for values in rows(f"{select} {rest}", given):
        columns = dict(zip(names, values, strict=True))
        for name in decoded:
            if columns[name] is not None:
                columns[name] = json.loads(columns[name])
        found.append(made(model, columns))
    return found


def rows(statement: str, given: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """What a statement answers. Values go in `given`, never into the statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())


def made(model: type[M], columns: Mapping[str, Any], related: Mapping[str, Any] | None = None) -> M:
    """A stored object of which these columns were read, as unpickling makes one, which is quicker than `from_db`.

    Columns that are not given are fetched when they are asked for, as of any deferred object.
    """
    one = model.__new__(model)
    state = ModelState()
    state.adding, state.db = False, "default"
    state.fields_cache = dict(related or {})
    one.__dict__.update(columns, _state=state)
    return one


@lru_cache(maxsize=64)
def _select(model: type[Model]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The statement's beginning, the names of its columns, and those which hold JSON."""
    fields, table = model._meta.concrete_fields, model._meta.db_table
    columns = ", ".join(f'"{table}"."{field.column}"' for field in fields)
    decoded = tuple(field.attname for field in fields if isinstance(field, JSONField))
    return f'SELECT {columns} FROM "{table}"', tuple(field.attname for field in fields), decoded  # noqa: S608
