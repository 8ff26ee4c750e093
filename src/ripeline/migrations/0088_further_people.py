"""How many people beside the first of a row became leads."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ripeline", "0086_leaks_from_indexes")]

    operations = [
        migrations.AddField(
            model_name="importrun",
            name="further",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
