"""Who has stalled is found among those with whom we had talked, and the open deals: inside sales' talks by now, too."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_TALKED = models.Q(last_reached_at__isnull=False, state__in=["qualifying", "working"]) | models.Q(state="opportunity")


class AddIndex(AddIndexConcurrently):
    """One that was broken off in the making is made anew."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {self.index.name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("ripeline", "0084_new_deals_seen")]

    operations = [
        AddIndex(
            "lead",
            models.Index(
                fields=["last_touch_at", "state_at"],
                name="lead_talked",
                condition=models.Q(_TALKED, merged_into__isnull=True),
            ),
        ),
    ]
