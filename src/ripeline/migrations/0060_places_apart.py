from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ripeline", "0058_said_again")]

    operations = [
        migrations.AddIndex(
            model_name="reaction",
            index=models.Index(
                fields=["due_at", "id"], name="reaction_apart", condition=models.Q(("kind__in", ("ripe", "recognised")))
            ),
        ),
    ]
