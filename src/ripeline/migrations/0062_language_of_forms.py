from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0061_tried_links'),
    ]

    operations = [
        migrations.AddField(
            model_name='door',
            name='language',
            field=models.CharField(choices=[('en', 'English'), ('de', 'German')], default='en', max_length=2),
        ),
        migrations.AddField(
            model_name='door',
            name='privacy_url',
            field=models.CharField(blank=True, default='', max_length=500),
        ),
        migrations.AddConstraint(
            model_name='door',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['en', 'de'])), name='door_language'),
        ),
    ]
