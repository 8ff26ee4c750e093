from django.db import migrations, models

# Taken back, remarks of the new kinds stand there as those about a cell do, in words.
_IN_WORDS = """
UPDATE import_remark
SET about = 'cell',
    text = CASE about WHEN 'ended' THEN 'Stands otherwise here, and stays so: ' || text
        ELSE 'Was in hand there, but has no owner here: it went to Qualify as new' END
WHERE about IN ('ended', 'unowned')
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0066_fields_made'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='importremark',
            name='import_remark_about',
        ),
        migrations.AlterField(
            model_name='importremark',
            name='about',
            field=models.CharField(choices=[('cell', 'A cell that was not understood, or was mended'), ('owner', 'An owner who is not here'), ('early', 'Won before they came to us'), ('kept_open', 'Left open: worked on, or back again, since'), ('by_hand', 'Differs from what somebody corrected here'), ('amount', 'The deal is here with another amount'), ('company', 'Joined by its company'), ('person', 'Joined by the name of its person'), ('name', 'Somebody of another name in an earlier row'), ('again', 'An earlier row says something else of the same person'), ('ended', 'Ended there, and not here'), ('unowned', 'In hand there, with nobody here')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='importremark',
            constraint=models.CheckConstraint(condition=models.Q(('about__in', ['cell', 'owner', 'early', 'kept_open', 'by_hand', 'amount', 'company', 'person', 'name', 'again', 'ended', 'unowned'])), name='import_remark_about'),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, _IN_WORDS),
    ]
