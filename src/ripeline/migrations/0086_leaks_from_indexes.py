"""Who asked for us and heard from nobody, and whom we gave up on, is found without reading every lead."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_OPEN = models.Q(merged_into__isnull=True, state__in=["new", "qualifying", "working", "opportunity", "nurture"])


class AddIndex(AddIndexConcurrently):
    """One that was broken off in the making is made anew."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {self.index.name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("ripeline", "0085_lead_talked")]

    operations = [
        AddIndex(
            "lead",
            models.Index(fields=["source", "episode_at"], name="lead_untouched", condition=models.Q(_OPEN, touches=0)),
        ),
        AddIndex(
            "lead",
            models.Index(
                fields=["last_touch_at"],
                name="lead_unreached",
                condition=models.Q(
                    merged_into__isnull=True,
                    state__in=["new", "qualifying", "working"],
                    touches__gt=0,
                    last_reached_at__isnull=True,
                ),
            ),
        ),
        AddIndex(
            "lead",
            models.Index(
                fields=["close_reason"], name="lead_lost", condition=models.Q(state="lost", merged_into__isnull=True)
            ),
        ),
    ]
