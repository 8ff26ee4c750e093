from django.db import migrations, models

# What is new has a value in the database, too: processes of the version before go on adding doors until they are
# replaced. So in 0063 and 0064.


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0061_tried_links'),
    ]

    operations = [
        migrations.AddField(
            model_name='door',
            name='language',
            field=models.CharField(
                choices=[('en', 'English'), ('de', 'German')], db_default='en', default='en', max_length=2
            ),
        ),
        migrations.AddField(
            model_name='door',
            name='privacy_url',
            field=models.CharField(blank=True, db_default='', default='', max_length=500),
        ),
        migrations.AddConstraint(
            model_name='door',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['en', 'de'])), name='door_language'),
        ),
    ]
