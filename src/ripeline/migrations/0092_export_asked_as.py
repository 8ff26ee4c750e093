from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ripeline", "0091_imports_pass")]

    operations = [migrations.AddField("export", "asked_as", models.JSONField(null=True))]
