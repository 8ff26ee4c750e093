"""Remarks on who is taken up again by a deal that was opened since, and on who is open there and ended here."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

# Taken back, remarks of the new kinds stand there as those about a cell do, in words.
_IN_WORDS = """
UPDATE import_remark
SET about = 'cell',
    text = CASE about WHEN 'new_deal' THEN 'Its lead had ended here before this deal was opened, and was taken up again'
        ELSE 'Open there, and ended here: ' || text END
WHERE about IN ('new_deal', 'open')
"""
_KINDS = [
    ("cell", "A cell that was not understood, or was mended"),
    ("owner", "An owner who is not here"),
    ("early", "Won before they came to us"),
    ("kept_open", "Left open: worked on, or back again, since"),
    ("by_hand", "Differs from what somebody corrected here"),
    ("amount", "The deal is here with another amount"),
    ("company", "Joined by its company"),
    ("person", "Joined by the name of its person"),
    ("name", "Somebody of another name in an earlier row"),
    ("again", "An earlier row says something else of the same person"),
    ("ended", "Ended there, and not here"),
    ("unowned", "In hand there, with nobody here"),
    ("closed", "Open here, and ended as the file says"),
    ("dated", "Ended there on a day that another column says"),
    ("moved", "The deal was with somebody else here"),
    ("held", "Left open: taken back to work here since"),
    ("owns", "Names another owner than the lead has"),
    ("next", "Dated as somebody had chosen there"),
    ("passed", "Due now: the day chosen there has passed"),
    ("decided", "Dated here otherwise than there"),
    ("no_next", "A day for somebody who is closed here"),
    ("back", "Closed here, and came to us again since"),
    ("new_deal", "Taken up again: a deal was opened since"),
    ("open", "Open there, and ended here"),
]


class Migration(migrations.Migration):

    dependencies = [
        ("ripeline", "0082_days_chosen_seen"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="importremark", name="import_remark_about"),
        migrations.AlterField(
            model_name="importremark", name="about", field=models.CharField(choices=_KINDS, max_length=10)
        ),
        AddConstraintNotValid(  # of those that are there 0084 sees, without keeping anybody waiting
            model_name="importremark",
            constraint=models.CheckConstraint(
                condition=models.Q(("about__in", [code for code, _ in _KINDS])), name="import_remark_about"
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, _IN_WORDS),
    ]
