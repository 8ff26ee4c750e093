"""Remarks on the days that a file says somebody chose, and on who came again."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

# Taken back, remarks of the new kinds stand there as those about a cell do.
_IN_WORDS = """
UPDATE import_remark SET about = 'cell', text = 'The day chosen there: ' || text
WHERE about IN ('next', 'passed', 'decided', 'no_next', 'back')
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
]


class Migration(migrations.Migration):

    dependencies = [
        ("ripeline", "0080_remarks_seen_again"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="importremark", name="import_remark_about"),
        migrations.AlterField(
            model_name="importremark", name="about", field=models.CharField(choices=_KINDS, max_length=10)
        ),
        AddConstraintNotValid(  # of those that are there 0082 sees, without keeping anybody waiting
            model_name="importremark",
            constraint=models.CheckConstraint(
                condition=models.Q(("about__in", [code for code, _ in _KINDS])), name="import_remark_about"
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, _IN_WORDS),
    ]
