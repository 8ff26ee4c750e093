from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0044_enquiry_place'),
    ]

    operations = [
        migrations.AddField(
            model_name='enquiry',
            name='amended',
            field=models.JSONField(default=dict),
        ),
    ]
