"""Where enquiries of before came in. By itself: with the column (0044) it would keep everybody from reading meanwhile."""

from django.db import migrations

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
WHERE said.id = enquiry.id AND enquiry.place = '' AND said.place <> ''
"""


class Migration(migrations.Migration):

    dependencies = [("ripeline", "0046_lists_from_indexes")]

    operations = [migrations.RunSQL(_PLACES, migrations.RunSQL.noop)]
