from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("ripeline", "0063_questions_spoken"),
    ]

    operations = [
        migrations.AddField(
            model_name="wording",
            name="language",
            field=models.CharField(blank=True, db_default="", default="", max_length=2),
        ),
        migrations.AddField(
            model_name="wording",
            name="name",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.RemoveConstraint(
            model_name="wording",
            name="purpose_wording_once",
        ),
        migrations.AddConstraint(
            model_name="wording",
            constraint=models.UniqueConstraint(fields=("purpose", "language", "version"), name="purpose_wording_once"),
        ),
    ]
