"""Many new rows at once."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import JSONField, Model
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
