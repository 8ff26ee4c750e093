"""What 0001 to 0077 come to, for an installation that has none of them; others go on with those."""

from django.db import migrations

from ripeline.migrations.tables import ALL
from ripeline.migrations.tables.making import CreateTables


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    replaces = [
        ("ripeline", "0001_initial"),
        ("ripeline", "0002_workbooks"),
        ("ripeline", "0003_doors"),
        ("ripeline", "0004_kept_views"),
        ("ripeline", "0005_tracking"),
        ("ripeline", "0006_outbox"),
        ("ripeline", "0007_programs"),
        ("ripeline", "0008_batches"),
        ("ripeline", "0009_exports"),
        ("ripeline", "0010_simulation_and_recovery"),
        ("ripeline", "0011_consent_asked"),
        ("ripeline", "0012_import_undo"),
        ("ripeline", "0013_planner"),
        ("ripeline", "0014_presets"),
        ("ripeline", "0015_names_with_apostrophes"),
        ("ripeline", "0016_came_again"),
        ("ripeline", "0017_import_policy"),
        ("ripeline", "0018_mapping_names"),
        ("ripeline", "0019_identity"),
        ("ripeline", "0020_engagement"),
        ("ripeline", "0021_scheduled_imports"),
        ("ripeline", "0022_possible_duplicates"),
        ("ripeline", "0023_booths"),
        ("ripeline", "0024_long_trials"),
        ("ripeline", "0025_belief"),
        ("ripeline", "0026_known_visitors"),
        ("ripeline", "0027_imported_firms"),
        ("ripeline", "0028_assets"),
        ("ripeline", "0029_engagement_of_before"),
        ("ripeline", "0030_ripened"),
        ("ripeline", "0031_counted_links"),
        ("ripeline", "0032_trials_again"),
        ("ripeline", "0033_scheduled_again"),
        ("ripeline", "0034_provider_id"),
        ("ripeline", "0035_typical_amounts"),
        ("ripeline", "0036_asset_stage"),
        ("ripeline", "0037_closed_of_owner"),
        ("ripeline", "0038_least_worths"),
        ("ripeline", "0039_activity_consent"),
        ("ripeline", "0041_consent_said_at"),
        ("ripeline", "0042_bounce_box"),
        ("ripeline", "0043_joined_by_name"),
        ("ripeline", "0044_enquiry_place"),
        ("ripeline", "0045_amended_answers"),
        ("ripeline", "0046_lists_from_indexes"),
        ("ripeline", "0047_places_known"),
        ("ripeline", "0050_ids_of_systems"),
        ("ripeline", "0051_other_name"),
        ("ripeline", "0055_consent_declined"),
        ("ripeline", "0056_companies_by_word"),
        ("ripeline", "0057_visits_apart"),
        ("ripeline", "0058_said_again"),
        ("ripeline", "0060_places_apart"),
        ("ripeline", "0061_tried_links"),
        ("ripeline", "0062_language_of_forms"),
        ("ripeline", "0063_questions_spoken"),
        ("ripeline", "0064_words_by_language"),
        ("ripeline", "0065_said_at"),
        ("ripeline", "0066_fields_made"),
        ("ripeline", "0067_where_they_stood"),
        ("ripeline", "0068_imprint"),
        ("ripeline", "0069_closed_by_a_file"),
        ("ripeline", "0070_tried_sites"),
        ("ripeline", "0071_tried_hosts"),
        ("ripeline", "0072_doors_of_a_country"),
        ("ripeline", "0073_account_named"),
        ("ripeline", "0074_language_of_consent"),
        ("ripeline", "0075_agreed_in"),
        ("ripeline", "0076_schedules_that_close"),
        ("ripeline", "0077_remarks_seen"),
    ]

    operations = [CreateTables(ALL)]
