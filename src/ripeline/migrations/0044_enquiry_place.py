from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0043_joined_by_name'),
    ]

    operations = [
        migrations.AddField(
            model_name='enquiry',
            name='place',
            field=models.CharField(blank=True, default='', max_length=200),
        ),
    ]
