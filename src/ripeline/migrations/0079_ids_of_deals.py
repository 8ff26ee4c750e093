"""Deals by the ids that other systems gave them; and remarks of three kinds more."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

import ripeline.base.clock

# Taken back, remarks of the new kinds stand there as those about a cell do, in words.
_IN_WORDS = """
UPDATE import_remark
SET about = 'cell',
    text = CASE about WHEN 'moved' THEN 'Its deal was with somebody else here, and is with whom the row names now'
        WHEN 'held' THEN 'Left open, since it was taken back to work here: ' || text
        ELSE 'Names another owner than the lead has here: ' || text END
WHERE about IN ('moved', 'held', 'owns')
"""
_KINDS = [
    ('cell', 'A cell that was not understood, or was mended'), ('owner', 'An owner who is not here'),
    ('early', 'Won before they came to us'), ('kept_open', 'Left open: worked on, or back again, since'),
    ('by_hand', 'Differs from what somebody corrected here'), ('amount', 'The deal is here with another amount'),
    ('company', 'Joined by its company'), ('person', 'Joined by the name of its person'),
    ('name', 'Somebody of another name in an earlier row'),
    ('again', 'An earlier row says something else of the same person'), ('ended', 'Ended there, and not here'),
    ('unowned', 'In hand there, with nobody here'), ('closed', 'Open here, and ended as the file says'),
    ('dated', 'Ended there on a day that another column says'), ('moved', 'The deal was with somebody else here'),
    ('held', 'Left open: taken back to work here since'), ('owns', 'Names another owner than the lead has'),
]


class Migration(migrations.Migration):
    dependencies = [("ripeline", "0078_same_companies")]

    operations = [
        migrations.CreateModel(
            name="DealId",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=254, unique=True)),
                ("system", models.CharField(blank=True, default="", max_length=40)),
                ("said", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=ripeline.base.clock.now)),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deal_ids", to="ripeline.lead"
                    ),
                ),
                (
                    "opportunity",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deal_ids", to="ripeline.opportunity",
                    ),
                ),
            ],
            options={
                "db_table": "deal_id",
                "constraints": [
                    models.UniqueConstraint(fields=("opportunity", "system"), name="deal_id_once_a_system")
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="importremark", name="import_remark_about"),
        migrations.AlterField(
            model_name="importremark", name="about", field=models.CharField(choices=_KINDS, max_length=10)
        ),
        AddConstraintNotValid(  # of those that are there 0080 sees, without keeping anybody waiting
            model_name="importremark",
            constraint=models.CheckConstraint(
                condition=models.Q(("about__in", [code for code, _ in _KINDS])), name="import_remark_about"
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, _IN_WORDS),
    ]  # fmt: skip
