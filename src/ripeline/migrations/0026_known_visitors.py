from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0025_belief'),
    ]

    operations = [
        migrations.AddField(
            model_name='door',
            name='known',
            field=models.CharField(choices=[('skip', 'What they have not answered yet'), ('more', 'What they have not answered yet, and the next of your questions instead of the rest'), ('alike', 'Everything, like everybody')], default='skip', max_length=8),
        ),
        migrations.AddConstraint(
            model_name='door',
            constraint=models.CheckConstraint(condition=models.Q(('known__in', ['skip', 'more', 'alike'])), name='door_known'),
        ),
    ]
