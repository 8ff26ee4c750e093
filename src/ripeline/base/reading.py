"""Reading what every page reads: whole objects by a plain statement.

The ORM takes longer to write such a statement and to make its objects than PostgreSQL to answer it. What is asked in
many ways (lists, filters) stays with the ORM; what is asked often and in one way is prepared (`base.statements`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

from django.db import connection
from django.db.models import JSONField, Model
from django.db.models.base import ModelState

from ripeline.base.statements import prepared_rows, read_moments_compiled

M = TypeVar("M", bound=Model)
_Names = tuple[str, ...]
_Given = Mapping[str, Any] | Sequence[Any]
_Relation = tuple[str, str, type[Model]]  # its name, the column that holds its key, and what it leads to


def read(model: type[M], rest: str, given: _Given = (), *, named: tuple[str, ...] = ()) -> list[M]:
    """The objects of a table that `rest` (WHERE … ORDER BY …) leaves, with all of their own columns.

    `named`: relations of which nothing but the name is shown, so that it is read along.
    """
    select, names, decoded, relations = _select(model, named)
    found = []
    for values in prepared_rows(f"{select} {rest}", given):
        columns = dict(zip(names, values, strict=False))
        for name in decoded:
            if columns[name] is not None:
                columns[name] = json.loads(columns[name])
        related = {
            name: None if (pk := columns[key]) is None else made(other, {"id": pk, "name": said})
            for (name, key, other), said in zip(relations, values[len(names) :], strict=True)
        }
        found.append(made(model, columns, related))
    return found


def whole(model: type[M], rest: str, given: _Given = (), *, beside: tuple[str, ...]) -> list[M]:
    """The same with these relations (`owner`, `account__owner`), each after the one it hangs on: all their columns.

    It is prepared, for to plan so many joins takes longer than to follow them.
    """
    select, parts = _select_whole(model, beside)
    found = []
    for values in prepared_rows(f"{select} {rest}", given):
        read: list[Any] = []
        for part in parts:
            columns = dict(zip(part.names, values[part.start :], strict=False))
            for name in part.decoded:
                if columns[name] is not None:
                    columns[name] = json.loads(columns[name])
            one = None if columns[part.key] is None else made(part.model, columns)
            if part.of is not None and (of := read[part.of]) is not None:
                of._state.fields_cache[part.name] = one
            read.append(one)
        found.append(read[0])
    return found


def rows(statement: str, given: _Given = ()) -> list[tuple[Any, ...]]:
    """What a statement answers. Values go in `given`, never into the statement."""
    with connection.cursor() as cursor:
        read_moments_compiled(cursor)
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


@dataclass(frozen=True)
class _Part:
    """A table of a statement: which model it keeps, where its columns begin, and as what it hangs on which other."""

    model: type[Model]
    start: int
    names: _Names
    decoded: _Names  # those of JSON
    key: str
    of: int | None = None
    name: str = ""


@lru_cache(maxsize=64)
def _select_whole(model: type[Model], beside: tuple[str, ...]) -> tuple[str, Sequence[_Part]]:
    """The statement's beginning, and its tables: the model's own first."""
    aliases, joins = {"": model._meta.db_table}, ""
    columns: list[str] = []
    parts: list[_Part] = []
    for path in ("", *beside):
        of, _, name = path.rpartition("__")
        one, alias, at = model, aliases.setdefault(path, path), None
        if path:
            at = ["", *beside].index(of)
            field = parts[at].model._meta.get_field(name)
            one = cast(type[Model], field.related_model)
            joins += (
                f' LEFT JOIN "{one._meta.db_table}" AS "{alias}"'
                f' ON "{alias}"."{one._meta.pk.column}" = "{aliases[of]}"."{field.column}"'  # type: ignore[union-attr]
            )
        fields = one._meta.concrete_fields
        names = tuple(field.attname for field in fields)
        decoded = tuple(field.attname for field in fields if isinstance(field, JSONField))
        parts.append(_Part(one, len(columns), names, decoded, one._meta.pk.attname, at, name))
        columns += [f'"{alias}"."{field.column}"' for field in fields]
    return f'SELECT {", ".join(columns)} FROM "{model._meta.db_table}"{joins}', parts  # noqa: S608


@lru_cache(maxsize=64)
def _select(model: type[Model], named: tuple[str, ...]) -> tuple[str, _Names, _Names, tuple[_Relation, ...]]:
    """The statement's beginning, the names of its columns, those which hold JSON, and the relations that are named."""
    fields, table = model._meta.concrete_fields, model._meta.db_table
    columns, joins, relations = [f'"{table}"."{field.column}"' for field in fields], "", []
    for name in named:
        key, other = (field := model._meta.get_field(name)).attname, cast(type[Model], field.related_model)  # type: ignore[union-attr]
        columns.append(f'"{name}"."name"')
        joins += f' LEFT JOIN "{other._meta.db_table}" AS "{name}" ON "{name}"."id" = "{table}"."{key}"'
        relations.append((name, key, other))
    decoded = tuple(field.attname for field in fields if isinstance(field, JSONField))
    select = f'SELECT {", ".join(columns)} FROM "{table}"{joins}'  # noqa: S608
    return select, tuple(field.attname for field in fields), decoded, tuple(relations)
