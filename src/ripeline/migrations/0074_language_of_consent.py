from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ripeline", "0073_account_named"),
    ]

    operations = [
        migrations.AddField(
            model_name="consent",
            name="language",
            field=models.CharField(blank=True, db_default="", default="", max_length=2),
        ),
    ]
