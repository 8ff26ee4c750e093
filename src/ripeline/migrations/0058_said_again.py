from django.db import migrations, models

# Taken back, a remark of the new kind stands there as one about a cell does, in words.
_IN_WORDS = """
UPDATE import_remark
SET about = 'cell',
    text = 'Row ' || split_part(text, ': ', 1) || ' is the same person and says something else, which stays: '
        || substr(text, strpos(text, ': ') + 2)
WHERE about = 'again'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0057_visits_apart'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='importremark',
            name='import_remark_about',
        ),
        migrations.AlterField(
            model_name='importremark',
            name='about',
            field=models.CharField(choices=[('cell', 'A cell that was not understood, or was mended'), ('owner', 'An owner who is not here'), ('early', 'Won before they came to us'), ('kept_open', 'Left open: worked on, or back again, since'), ('by_hand', 'Differs from what somebody corrected here'), ('amount', 'The deal is here with another amount'), ('company', 'Joined by its company'), ('person', 'Joined by the name of its person'), ('name', 'Somebody of another name in an earlier row'), ('again', 'An earlier row says something else of the same person')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='importremark',
            constraint=models.CheckConstraint(condition=models.Q(('about__in', ['cell', 'owner', 'early', 'kept_open', 'by_hand', 'amount', 'company', 'person', 'name', 'again'])), name='import_remark_about'),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, _IN_WORDS),
    ]
