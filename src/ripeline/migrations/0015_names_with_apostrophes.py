"""Leads with an apostrophe or a letter such as ø in them are found by what people type: their words are spelt anew."""

from typing import Any

from django.db import migrations
from django.db.models import F, Value
from django.db.models.functions import Concat

from ripeline.leads.words.plain import APOSTROPHES, STROKED
from ripeline.leads.words.searching import SEARCHED
from ripeline.leads.words.searching import search_tokens

SIZE = 1000


def spell(apps: Any, schema_editor: Any) -> None:
    lead = apps.get_model("ripeline", "Lead")
    said = Concat(F("name"), Value(" "), F("company"), Value(" "), F("title"), Value(" "), F("email"))
    found = lead.objects.annotate(said=said).filter(said__regex=f"[{STROKED}{APOSTROPHES}]").only("id", *SEARCHED)
    batch = []
    for each in found.iterator(chunk_size=SIZE):
        each.search = search_tokens(**{name: getattr(each, name) for name in SEARCHED})
        batch.append(each)
        if len(batch) == SIZE:
            lead.objects.bulk_update(batch, ["search"])
            batch = []
    lead.objects.bulk_update(batch, ["search"])


class Migration(migrations.Migration):
    dependencies = [("ripeline", "0014_presets")]
    operations = [migrations.RunPython(spell, migrations.RunPython.noop)]
