"""The indexes of lists hold whose a lead is, and its state. Reading goes on meanwhile; who writes waits for one at a time."""

from typing import Any

from django.db import migrations, models

_HERE = models.Q(("merged_into__isnull", True))
_OPEN = models.Q(
    ("merged_into__isnull", True), ("state__in", ["new", "qualifying", "working", "opportunity", "nurture"])
)
_NEWEST = ["-captured_at", "-id"]
_WHOSE = ["owner", "responsible"]
_NEW = [
    models.Index(
        fields=["owner", *_NEWEST], name="lead_newest_of_owner", condition=_HERE,
        include=["responsible", "source", "state"],
    ),
    models.Index(fields=["owner", "next_at", "id"], name="lead_next_of_owner", condition=_OPEN),
    models.Index(fields=["responsible", "owner"], name="lead_with_desk", condition=_HERE),
    models.Index(fields=["next_at", "id"], name="lead_next_of_all", condition=_OPEN, include=_WHOSE),
    models.Index(fields=_NEWEST, name="lead_newest_of_all", condition=_HERE, include=[*_WHOSE, "state"]),
    models.Index(fields=["state", *_NEWEST], name="lead_newest_in_state", condition=_HERE, include=_WHOSE),
    models.Index(
        fields=["source", *_NEWEST], name="lead_newest_from_source", condition=_HERE, include=[*_WHOSE, "state"]
    ),
]
_OLD = ["lead_of_owner", "lead_closed_of_owner", "lead_next", "lead_newest", "lead_in_state", "lead_from_source"]


class AddIndex(migrations.AddIndex):
    """Unless it is there: each is built in a transaction of its own, and an upgrade that broke off goes on."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        create = str(self.index.create_sql(model, schema_editor))
        schema_editor.execute(create.replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS", 1))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("ripeline", "0045_amended_answers")]

    operations = [
        *(AddIndex(model_name="lead", index=index) for index in _NEW),
        *(migrations.RemoveIndex(model_name="lead", name=name) for name in _OLD),
    ]
