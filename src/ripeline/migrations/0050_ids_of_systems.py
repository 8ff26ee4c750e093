"""Ids that came with files of a known system are kept with that system; whole numbers that were written as fractions
are whole. What another lead has already stays as it is."""

from collections import defaultdict
from typing import Any

from django.db import migrations, models

from ripeline.capture.columns.presets import recognised

_WHOLE = r"""
UPDATE identity SET key = wanted.key
FROM (
    SELECT DISTINCT ON (regexp_replace(key, '\.0{1,2}$', '')) id, regexp_replace(key, '\.0{1,2}$', '') AS key
    FROM identity WHERE kind = 'external' AND key ~ '^\+?\d{3,}\.0{1,2}$' ORDER BY 2, id
) AS wanted
WHERE identity.id = wanted.id
    AND NOT EXISTS (SELECT FROM identity AS other WHERE other.kind = 'external' AND other.key = wanted.key)
"""
# What an import gave to a lead: the id that it brought with it, or that it added to one who was here.
_PEOPLE = """
UPDATE identity SET key = %(system)s || ':' || identity.key
FROM lead
WHERE identity.kind = 'external' AND lead.id = identity.lead_id
    AND (identity.import_run_id = ANY(%(runs)s::uuid[]) OR (
        identity.import_run_id IS NULL AND lead.import_run_id = ANY(%(runs)s::uuid[])
        AND identity.key = regexp_replace(lead.reference, '^(\\+?\\d{3,})\\.0{1,2}$', '\\1')
    ))
    AND length(identity.key) < 210 AND NOT EXISTS (
        SELECT FROM identity AS other
        WHERE other.kind = 'external' AND other.key = %(system)s || ':' || identity.key
    )
"""
_COMPANIES = """
UPDATE import_company SET reference = %(system)s || ':' || reference
WHERE length(reference) < 210
    AND reference IN (SELECT reference FROM imported_firm WHERE run_id = ANY(%(runs)s::uuid[]))
    AND NOT EXISTS (
        SELECT FROM import_company AS other WHERE other.reference = %(system)s || ':' || import_company.reference
    )
"""
_FIRMS = """
UPDATE imported_firm SET reference = %(system)s || ':' || reference
WHERE reference <> '' AND length(reference) < 210 AND run_id = ANY(%(runs)s::uuid[])
"""


def keep_with_their_system(apps: Any, schema_editor: Any) -> None:
    runs: dict[str, list[Any]] = defaultdict(list)
    for run in apps.get_model("ripeline", "ImportRun").objects.only("id", "dialect").iterator():
        preset = recognised([column["label"] for column in run.dialect.get("columns", ())])
        if preset and preset.system:
            runs[preset.system].append(run.pk)
            run.dialect["system"] = preset.system
            run.save(update_fields=["dialect"])
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_WHOLE)
        for system, ids in runs.items():
            for statement in (_PEOPLE, _COMPANIES, _FIRMS):
                cursor.execute(statement, {"system": system, "runs": ids})


# Going back there is less room for an id: what does not fit is shortened, and stays one of a kind.
_SHORTER = "UPDATE {0} SET reference = left(reference, 200) || md5(reference) WHERE length(reference) > 240"


class Migration(migrations.Migration):
    dependencies = [('ripeline', '0047_places_known')]

    operations = [
        migrations.AlterField("importcompany", "reference", models.CharField(max_length=254, unique=True)),
        migrations.AlterField(
            "importedfirm", "reference", models.CharField(blank=True, default="", max_length=254)
        ),
        migrations.RunSQL(
            migrations.RunSQL.noop, [_SHORTER.format(table) for table in ("import_company", "imported_firm")]
        ),
        migrations.RunPython(keep_with_their_system, migrations.RunPython.noop, elidable=True),
    ]
