from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ripeline", "0088_further_people")]

    operations = [migrations.AddField("importrun", "made", models.JSONField(null=True, default=dict))]
