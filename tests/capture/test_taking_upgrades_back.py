"""An upgrade that is taken back keeps what was remarked on rows since, in the words that people read."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from ripeline.capture.imports import queries, undoing_fields
from ripeline.capture.models import ImportCompany, ImportRemark, ImportRun, Remark
from ripeline.catalog.models import Source
from ripeline.leads.models import Account
from ripeline.outbox import consent
from ripeline.outbox import queries as outbox
from ripeline.outbox.actions import NEWS
from ripeline.outbox.consent import Evidence
from ripeline.outbox.models import Consent, ConsentEvent
from tests.capture.importing import csv, imported


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "about", "text"),
    [
        ("_said_again", Remark.AGAIN, "2: phone, Size: in metres, Fair: hall"),
        ("_other_name", Remark.NAME, "Ann"),
        ("_joined_by_name", Remark.PERSON, "Ann"),
        ("0017_import_policy", Remark.BY_HAND, "Ann"),
    ],
)
def test_a_kind_of_remark_that_an_earlier_version_does_not_know_is_read_by_it_all_the_same(
    name: str, about: str, text: str
) -> None:
    run = imported(csv("E-mail,Name", "a@x.example,Ann"))
    ImportRemark.objects.create(run=run, row=2, about=about, text=text)
    ImportRemark.objects.create(run=run, row=2, about=Remark.COMPANY, text="Acme")
    read = sorted(queries.remarks(run))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as where they were written by a transaction before
    loader = MigrationLoader(connection, replace_migrations=False)
    (key,) = (key for key in loader.disk_migrations if key[1].endswith(name))
    migration = loader.disk_migrations[key]
    remarks = [o for o in migration.operations if getattr(o, "model_name", "importremark") == "importremark"]
    migration.operations = remarks  # what it says of other tables stays
    before = loader.project_state(migration.dependencies)
    with connection.schema_editor() as editor:
        migration.unapply(before.clone(), editor)
    assert sorted(queries.remarks(run)) == read
    assert set(ImportRemark.objects.values_list("about", flat=True)) == {"cell", "company"}
    with connection.schema_editor() as editor:
        migration.apply(before.clone(), editor)
    assert sorted(queries.remarks(run)) == read


@pytest.mark.django_db
def test_a_companys_id_for_which_there_was_no_room_is_shortened_and_stays_its_own() -> None:
    long = ["hubspot:" + "7" * 240 + end for end in "ab"]
    for reference in long:
        ImportCompany.objects.create(reference=reference, account=Account.objects.create(key=reference[-9:], name="A"))
    loader = MigrationLoader(connection, replace_migrations=False)
    (key,) = (key for key in loader.disk_migrations if key[1].endswith("_ids_of_systems"))
    migration = loader.disk_migrations[key]
    before = loader.project_state(migration.dependencies)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor() as editor:
        migration.unapply(before.clone(), editor)
    kept = set(ImportCompany.objects.values_list("reference", flat=True))
    assert len(kept) == 2
    assert all(reference.startswith(long[0][:200]) and len(reference) <= 240 for reference in kept)
    with connection.schema_editor() as editor:
        migration.apply(before.clone(), editor)


@pytest.mark.django_db
def test_who_did_not_agree_at_first_and_did_later_has_withdrawn_nothing() -> None:
    for name in ("ann", "bo"):
        assert consent.decline(to=f"{name}@x.example", purpose=NEWS, evidence=Evidence(how="a form"))
    consent.give(to="ann@x.example", purpose=NEWS, evidence=Evidence(how="on paper"))
    loader = MigrationLoader(connection, replace_migrations=False)
    (key,) = (key for key in loader.disk_migrations if key[1].endswith("_consent_declined"))
    migration = loader.disk_migrations[key]
    before = loader.project_state(migration.dependencies)
    with connection.schema_editor() as editor:
        migration.unapply(before.clone(), editor)
    assert outbox.has_consent("ann@x.example", NEWS)
    assert list(ConsentEvent.objects.values_list("state", "how")) == [("given", "on paper")]
    assert Consent.objects.count() == 1, "of who never agreed nothing is known"
    with connection.schema_editor() as editor:
        migration.apply(before.clone(), editor)


@pytest.mark.django_db
def test_a_file_that_went_in_before_its_sources_were_kept_still_takes_them_along_when_it_is_taken_back() -> None:
    run = imported(csv("E-mail,Name,Source", "a@x.example,Ann,A fair of long ago"))
    source = str(Source.objects.get(name="A fair of long ago").pk)
    loader = MigrationLoader(connection, replace_migrations=False)
    (key,) = (key for key in loader.disk_migrations if key[1].endswith("_sources_made"))
    migration = loader.disk_migrations[key]
    before = loader.project_state(migration.dependencies)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor() as editor:
        migration.unapply(before.clone(), editor)
    with connection.schema_editor() as editor:
        migration.apply(before.clone(), editor)
    assert undoing_fields.sources_of(ImportRun.objects.get(pk=run.pk))["source"] == [source]
