"""How a table is said here. It uses as little of the slices as can be: those go on, and a migration must not."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from ripeline.base.ids import new_id

USER = settings.AUTH_USER_MODEL


def table(
    model: str,
    name: str,
    columns: dict[str, models.Field],
    *rules: models.Index | models.BaseConstraint,
    ordering: Sequence[str] = (),
) -> migrations.CreateModel:
    """A table whole: its columns in their order, its indexes and constraints."""
    options = {
        "db_table": name,
        "indexes": [rule for rule in rules if isinstance(rule, models.Index)],
        "constraints": [rule for rule in rules if isinstance(rule, models.BaseConstraint)],
        "ordering": list(ordering),
    }
    return migrations.CreateModel(model, list(columns.items()), {key: value for key, value in options.items() if value})


def own_id() -> models.UUIDField:
    return models.UUIDField(primary_key=True, default=new_id, editable=False, serialize=False)


def one_of(
    column: str, choices: Sequence[tuple[str, str]], *, name: str, or_none: bool = False
) -> models.CheckConstraint:
    """That the column holds one of the codes."""
    codes = [code for code, _ in choices]
    return models.CheckConstraint(condition=models.Q((f"{column}__in", ["", *codes] if or_none else codes)), name=name)


class CreateTables(Operation):
    """All tables in one step. In a step each, Django would draw its picture of all those before anew each time."""

    def __init__(self, tables: Sequence[Operation]) -> None:
        self.tables = tables

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.__dict__.pop("apps", None)  # the picture: drawn again when it is next looked at
        for each in self.tables:
            each.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for each in self.tables:
            each.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for each in reversed(self.tables):
            each.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Make {len(self.tables)} tables"
