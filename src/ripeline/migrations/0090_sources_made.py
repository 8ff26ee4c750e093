"""Which sources and campaigns an import made; of one that went in before this was kept, it is not known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ripeline", "0088_further_people")]

    operations = [
        migrations.AddField("importrun", "made", models.JSONField(null=True)),  # a default would say "none" of those
        migrations.AlterField("importrun", "made", models.JSONField(null=True, default=dict)),
    ]
