import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0064_words_by_language'),
    ]

    operations = [
        migrations.AddField(
            model_name='planitem',
            name='said_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
    ]
