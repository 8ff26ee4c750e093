from django.db import migrations, models

import ripeline.base.clock


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0070_tried_sites'),
    ]

    operations = [
        migrations.CreateModel(
            name='TriedHost',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('host', models.CharField(max_length=190, unique=True)),
                ('times', models.PositiveIntegerField(default=1)),
                ('last_at', models.DateTimeField(default=ripeline.base.clock.now)),
            ],
            options={
                'db_table': 'tried_host',
            },
        ),
    ]
