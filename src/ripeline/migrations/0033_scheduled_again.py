from django.db import migrations, models

# Whose schedule fails was written to already.
TOLD = """
UPDATE import_schedule SET is_told = true
WHERE (SELECT result FROM import_check WHERE schedule_id = import_schedule.id ORDER BY at DESC, id DESC LIMIT 1)
      IN ('failed', 'waits')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ripeline", "0032_trials_again"),
    ]

    operations = [
        migrations.AddField("importschedule", "again_at", models.DateTimeField(null=True)),
        migrations.AddField("importschedule", "is_told", models.BooleanField(default=False)),
        migrations.AddField("importschedule", "tries", models.PositiveSmallIntegerField(default=0)),
        migrations.RunSQL(TOLD, migrations.RunSQL.noop),
    ]
