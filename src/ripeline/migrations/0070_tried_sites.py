import django.db.models.deletion
from django.db import migrations, models

import ripeline.base.clock


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0069_closed_by_a_file'),
    ]

    operations = [
        migrations.CreateModel(
            name='TriedSite',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('site', models.CharField(max_length=300)),
                ('times', models.PositiveIntegerField(default=1)),
                ('last_at', models.DateTimeField(default=ripeline.base.clock.now)),
                ('door', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='ripeline.door')),
            ],
            options={
                'db_table': 'tried_site',
                'constraints': [models.UniqueConstraint(fields=('door', 'site'), name='tried_site_once')],
            },
        ),
    ]
