"""Companies are found by their names however these are written: also those that are known by their domain by now.

Reading and writing go on meanwhile: the column is added without a rewrite, filled block by block, each in a transaction
of its own, and only then indexed, without a lock that would keep anybody waiting.
"""

import re
import unicodedata
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

_BLOCK = 2000
_NEXT = "SELECT id, name FROM account WHERE id > %s ORDER BY id LIMIT %s"
_FILL = """
UPDATE account SET named = given.named FROM unnest(%s::uuid[], %s::text[]) AS given(id, named)
WHERE account.id = given.id AND account.named = ''
"""


def _key(name: str) -> str:
    """As `leads.rules.account_key` said at the time."""
    words = " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", name).casefold()))
    return f"n:{words}"[:200] if words else ""


def fill(apps: Any, schema_editor: Any) -> None:
    """Broken off, it begins again and changes nothing of what is there."""
    after = "00000000-0000-0000-0000-000000000000"
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(_NEXT, [after, _BLOCK])
            rows = cursor.fetchall()
            if not rows:
                return
            cursor.execute(_FILL, [[pk for pk, _ in rows], [_key(name) for _, name in rows]])
            after = rows[-1][0]


class AddField(migrations.AddField):
    """Unless it is there: an upgrade that broke off goes on."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        with schema_editor.connection.cursor() as cursor:
            columns = schema_editor.connection.introspection.get_table_description(cursor, "account")
        if not any(column.name == self.name for column in columns):
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddIndex(AddIndexConcurrently):
    """Unless it is there whole; one that was broken off in the making is made anew."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {self.index.name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("ripeline", "0072_doors_of_a_country")]

    operations = [
        AddField("account", "named", models.CharField(blank=True, db_default="", default="", max_length=200)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndex("account", models.Index(fields=["named"], name="account_named")),
        RemoveIndexConcurrently("account", "account_called"),
    ]
