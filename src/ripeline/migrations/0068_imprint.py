from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0067_where_they_stood'),
    ]

    operations = [
        migrations.AddField(
            model_name='company',
            name='imprint',
            field=models.CharField(blank=True, db_default='', default='', max_length=1000),
        ),
    ]
