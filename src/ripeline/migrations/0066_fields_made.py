from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("ripeline", "0065_said_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="importrun",
            name="fields_made",
            field=models.JSONField(db_default=[], default=list),
        ),
    ]
