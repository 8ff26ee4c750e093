from django.db import migrations, models


# Taken back, who was asked and did not agree is somebody of whom nothing is known; nor is it of who agreed later that
# they had been asked before. They never withdrew anything.
_NOT_KNOWN = """
SET CONSTRAINTS ALL IMMEDIATE;
DELETE FROM consent_event USING consent WHERE consent_event.consent_id = consent.id AND consent.state = 'declined';
DELETE FROM consent WHERE state = 'declined';
DELETE FROM consent_event WHERE state = 'declined';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0051_other_name'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='consent',
            name='consent_state',
        ),
        migrations.AlterField(
            model_name='consent',
            name='state',
            field=models.CharField(choices=[('pending', 'Asked, not confirmed yet'), ('given', 'Given'), ('withdrawn', 'Withdrawn'), ('declined', 'Asked, did not agree')], max_length=9),
        ),
        migrations.AlterField(
            model_name='consentevent',
            name='state',
            field=models.CharField(choices=[('pending', 'Asked, not confirmed yet'), ('given', 'Given'), ('withdrawn', 'Withdrawn'), ('declined', 'Asked, did not agree')], max_length=9),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'given', 'withdrawn', 'declined'])), name='consent_state'),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, _NOT_KNOWN),
    ]
