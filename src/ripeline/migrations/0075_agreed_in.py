from django.db import migrations

# In which those agreed who are here: as their words tell; else as the form that they sent did, whatever it speaks now.
_BY_WORDS = """
UPDATE consent SET language = said.language FROM (
    SELECT DISTINCT ON (consent_id) consent_id, purpose_wording.language
    FROM consent_event JOIN purpose_wording ON purpose_wording.id = consent_event.wording_id
    WHERE consent_event.state IN ('pending', 'given')
    ORDER BY consent_id, at DESC, consent_event.id DESC
) AS said WHERE said.consent_id = consent.id AND said.language <> '' AND consent.language = ''
"""
_BY_FORM = """
UPDATE consent SET language = sent.language FROM (
    SELECT DISTINCT ON (lead_id) lead_id, coalesce(nullif(content->>'language', ''), door.language) AS language
    FROM submission JOIN door ON door.id = submission.door_id
    WHERE door.kind = 'form' AND lead_id IS NOT NULL AND submission.state = 'taken'
    ORDER BY lead_id, received_at DESC
) AS sent WHERE sent.lead_id = consent.lead_id AND consent.language = ''
"""


class Migration(migrations.Migration):
    """Apart from the column, whose lock would keep everybody waiting meanwhile."""

    dependencies = [
        ("ripeline", "0074_language_of_consent"),
    ]

    operations = [
        migrations.RunSQL(_BY_WORDS, migrations.RunSQL.noop),
        migrations.RunSQL(_BY_FORM, migrations.RunSQL.noop),
    ]
