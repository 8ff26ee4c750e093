"""A short import may go in before a long one where whoever brought it says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ripeline", "0090_sources_made")]

    operations = [
        migrations.AddField("importrun", "goes_first", models.BooleanField(default=False, db_default=False)),
    ]
