from django.db import migrations

# What machines did with the links made for one person: few of a large table, found by the person. Months made later
# have it, too.
_INDEX = """
CREATE INDEX hit_tried ON hit (lead_id) WHERE lead_id IS NOT NULL AND who <> 'human' AND kind <> 'open'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0060_places_apart'),
    ]

    operations = [
        migrations.RunSQL(_INDEX, "DROP INDEX hit_tried"),
    ]
