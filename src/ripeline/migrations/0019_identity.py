"""One key for a mailbox however it is spelt, and a telephone with a name as one more: existing leads get theirs.

Where two leads are one mailbox already, the first keeps it; they are found as possible duplicates.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Now

from ripeline.base.addresses import PROVIDERS, mailbox_key
from ripeline.leads.words.keys import phone_key

SIZE = 1000


def spell(apps: Any, schema_editor: Any) -> None:
    identity = apps.get_model("ripeline", "Identity")
    of_providers = Q(pk__in=[])
    for domain in PROVIDERS:
        of_providers |= Q(key__endswith=f"@{domain}")
    for each in identity.objects.filter(of_providers, kind="email").order_by("pk").iterator(chunk_size=SIZE):
        key = mailbox_key(each.key)
        if key != each.key and not identity.objects.filter(kind="email", key=key).exists():
            identity.objects.filter(pk=each.pk).update(key=key)


def add_phones(apps: Any, schema_editor: Any) -> None:
    identity, lead = apps.get_model("ripeline", "Identity"), apps.get_model("ripeline", "Lead")
    people = lead.objects.filter(phone__startswith="+").order_by("pk").values_list("pk", "phone", "name", "company")
    rows = people.iterator(chunk_size=SIZE)
    while some := list(islice(rows, SIZE)):
        identity.objects.bulk_create(list(_keys(identity, some)), ignore_conflicts=True)


def _keys(identity: Any, people: Any) -> Iterator[Any]:
    for pk, *said in people:
        if key := phone_key(*said):
            yield identity(kind="phone", key=key, lead_id=pk, created_at=Now())


class Migration(migrations.Migration):
    dependencies = [("ripeline", "0018_mapping_names")]
    operations = [
        migrations.RemoveConstraint(model_name="identity", name="identity_kind"),
        migrations.AlterField(
            model_name="identity",
            name="kind",
            field=models.CharField(
                choices=[
                    ("email", "E-mail"),
                    ("external", "External id"),
                    ("natural", "Row of an import"),
                    ("phone", "Telephone and name"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="identity",
            constraint=models.CheckConstraint(
                condition=Q(("kind__in", ["email", "external", "natural", "phone"])), name="identity_kind"
            ),
        ),
        migrations.RunPython(spell, migrations.RunPython.noop),
        migrations.RunPython(add_phones, migrations.RunPython.noop),
    ]
