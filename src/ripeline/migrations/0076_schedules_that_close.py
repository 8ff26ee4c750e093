"""Files that come by themselves since before they could close leads leave them open, until somebody wants it otherwise."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0075_agreed_in'),
    ]

    operations = [
        migrations.AddField(
            model_name='importschedule',
            name='closes',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='importschedule',
            name='closes',
            field=models.BooleanField(default=True),
        ),
    ]
