from django.db import migrations, models

# What is known of it already: where a card was taken, which file an imported row stood in, the page of a form.
_PLACES = """
UPDATE enquiry SET place = left(said.place, 200)
FROM (
    SELECT enquiry.id, coalesce(
        nullif(trail->>'place', ''), import_run.filename,
        substring(regexp_replace(landing_page, '^[a-z]+://', '') from '^[^?#]*')
    ) AS place
    FROM enquiry LEFT JOIN import_run ON import_run.id = enquiry.import_run_id AND enquiry.door = 'import'
) AS said
WHERE said.id = enquiry.id AND said.place <> ''
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ripeline', '0043_joined_by_name'),
    ]

    operations = [
        migrations.AddField(
            model_name='enquiry',
            name='place',
            field=models.CharField(blank=True, default='', max_length=200),
        ),
        migrations.RunSQL(_PLACES, migrations.RunSQL.noop),
    ]
