"""Many rows at once: in by COPY, and out into numpy."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import JSONField, Model
from numpy.typing import NDArray
from psycopg.types.json import Jsonb


def insert_all(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows (value by attribute, all the same ones; the others have their defaults) of one table by COPY.

    What `bulk_create` does, in a fraction of its time. Constraints hold as always.
    """
    if not rows:
        return
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    names = itemgetter(*(field.attname for field in fields))
    json = [at for at, field in enumerate(fields) if isinstance(field, JSONField)]
    missing = [field for field in fields if field.attname not in rows[0]]
    constant = {field.attname: field.get_default() for field in missing if not callable(field.default)}
    made = [field for field in missing if callable(field.default)]
    statement = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
    # Django does not translate the errors of a COPY by itself.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            values = list(names({**constant, **{field.attname: field.get_default() for field in made}, **row}))
            for at in json:
                values[at] = Jsonb(values[at])
            copy.write_row(values)


_HEADER, _TRAILER = 19, 2  # bytes of a binary COPY before its rows (without extension) and after them


def copied_rows(**columns: str) -> np.dtype[np.void]:
    """How rows of these columns (numpy's kind by name) come in a binary COPY: all of one size, so none may be NULL."""
    parts = [part for name, kind in columns.items() for part in ((f"{name}_size", ">i4"), (name, kind))]
    return np.dtype([("fields", ">i2"), *parts])


def copied(query: str, given: Mapping[str, Any], rows: np.dtype[np.void]) -> NDArray[np.void]:
    """The rows of a query as PostgreSQL sends them, read without looking at each."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        plain: Any = cursor.cursor  # the one that logs queries takes no parameters for a COPY
        with plain.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)", given) as copy:
            sent = b"".join(copy)
    found = np.frombuffer(sent, dtype=rows, offset=_HEADER, count=(len(sent) - _HEADER - _TRAILER) // rows.itemsize)
    columns = len(rows.fields or ()) // 2
    if len(found) and not (found["fields"] == columns).all():
        raise RuntimeError("the query returns rows of another shape than they are read in")
    return found
