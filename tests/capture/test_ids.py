"""An id says who somebody is only within the system that gave it; a number that counts rows says hardly anything."""

import io
from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from ripeline.capture.exports.exporting import export
from ripeline.capture.imports import batches, queries
from ripeline.capture.imports.actions import Said
from ripeline.capture.models import ImportCompany, ImportedFirm, ImportRun
from ripeline.leads.knowing import identity
from ripeline.leads.models import Identity, Lead, Opportunity
from ripeline.leads.words import systems
from ripeline.people.models import User
from ripeline.ripeness import explaining
from ripeline.timeline.models import Activity
from tests.capture import exports
from tests.capture.importing import again, counts, csv, imported, outcomes

HUBSPOT = exports.HUBSPOT_CONTACTS.encode()
PIPEDRIVE = csv(
    "Person - ID,Person - Name,Person - Email - Work,Person - Organization,Person - Owner,Person - Person created",
    "101,Rita Silva,rita@mar.example,Mar Azul,Alice,2026-05-20 10:00:00",
    "102,Ana Vaz,ana@mar.example,Mar Azul,Alice,2026-05-20 10:00:00",
)


def of_any_kind(content: bytes, name: str = "export.csv") -> ImportRun:
    return imported(content, kind=None, name=name)


def known_by(value: str, system: str = "") -> str:
    """Whose id it is; "" for nobody's."""
    key = identity.external(value, system)
    assert key
    found = identity.resolve([key])
    return Lead.objects.get(pk=found[key]).name if found else ""


def test_one_number_in_two_systems_is_two_people(alice: User) -> None:
    assert counts(of_any_kind(HUBSPOT)) == (4, 0, 0, 0)
    assert counts(of_any_kind(PIPEDRIVE)) == (2, 0, 0, 0)
    assert (known_by("101", "hubspot"), known_by("101", "pipedrive"), known_by("101")) == (
        "Priya Raman", "Rita Silva", "",
    )  # fmt: skip
    assert Lead.objects.get(name="Rita Silva").reference == "101"
    assert counts(of_any_kind(PIPEDRIVE)) == (0, 0, 2, 0)


def test_deals_and_notes_find_their_person_by_an_id_of_their_own_system_alone(alice: User) -> None:
    of_any_kind(HUBSPOT)
    deals = csv("Deal - ID,Deal - Title,Deal - Status,Deal - Won time,Person - ID", "7,Boats,Won,2026-05-27,101")
    notes = csv("Note - ID,Note - Content,Note - Add time,Person - ID", "1,Hello,2026-05-22,101")
    for file in (deals, notes):
        assert counts(of_any_kind(file))[3] == 1, "101 there is not 101 here"
    assert next(iter(queries.rejects(ImportRun.objects.get(kind="outcomes"), 1))).reason == (
        "no lead has this id of Pipedrive: import its lead first"
    )
    of_any_kind(PIPEDRIVE)
    of_any_kind(deals, "again.csv")
    of_any_kind(notes, "again.csv")
    rita = Lead.objects.get(name="Rita Silva")
    assert Opportunity.objects.get(product="Boats").lead == rita
    assert Activity.objects.get(kind="note").lead_id == rita.pk


def test_two_ids_of_one_system_are_two_people_but_of_two_systems_may_be_one(alice: User) -> None:
    head, ann = "Id,Name,Phone", "Ann Berg,+44 20 7183 8750"
    for system, id_, expected in (("crm", "c-1", 1), ("shop", "s-7", 1), ("shop", "s-8", 2), ("", "9000001", 2)):
        imported(csv(head, f"{id_},{ann}"), said=Said(system=system))
        assert Lead.objects.count() == expected, f"{system} {id_}"


def test_a_companys_id_is_its_systems_too(alice: User) -> None:
    of_any_kind(exports.HUBSPOT_COMPANIES.encode())
    of_any_kind(exports.PIPEDRIVE_ORGANIZATIONS.replace("31,Mar", "9001,Mar").encode())
    of_any_kind(HUBSPOT)
    assert Lead.objects.get(name="Priya Raman").company == "Northgate Dental"
    assert set(ImportCompany.objects.values_list("reference", flat=True)) == {
        "hubspot:9001", "hubspot:9002", "pipedrive:9001",
    }  # fmt: skip


def test_whose_ids_a_file_has_can_be_said_and_is_remembered(alice: User) -> None:
    of_any_kind(HUBSPOT)
    deals = csv("Number,Won on,What", "101,2026-05-27,Boats")
    mapping = {"Number": "external_id", "Won on": "won_at", "What": "product"}
    assert counts(outcomes(deals, mapping=mapping))[3] == 1, "it is the company's own 101"
    run = outcomes(deals + b"102,2026-05-28,Sails\n", mapping=mapping, said=Said(system="hubspot"))
    assert counts(run)[3] == 0
    assert {str(deal.lead) for deal in Opportunity.objects.exclude(product="")} == {"Priya Raman", "Jonas Weber"}
    assert counts(outcomes(csv("Number,Won on,What", "103,2026-05-29,Oars"))) == (0, 1, 0, 0)


def test_a_file_that_does_not_say_whose_ids_it_has_goes_with_those_it_comes_with(carol: User) -> None:
    uploads = [
        batches.Upload("deals.csv", io.BytesIO(csv("Lead id,Won on,Product", "101,2026-05-27,Boats"))),
        batches.Upload("people.csv", io.BytesIO(HUBSPOT)),
    ]
    batch = batches.begin(actor=carol, uploads=uploads)
    assert {run.dialect["system"] for run in queries.batch(carol, batch)} == {"hubspot"}
    other = batches.Upload("more.csv", io.BytesIO(csv("Lead id,Won on,Product", "102,2026-05-27,Sails")))
    alone = batches.begin(actor=carol, uploads=[other])
    assert again(queries.batch(carol, alone)[0]).dialect["system"] == ""


def test_a_file_that_was_left_before_ids_had_a_system_goes_with_others(carol: User) -> None:
    deals = csv("Lead id,Won on,Product", "101,2026-05-27,Boats")
    batches.begin(actor=carol, uploads=[batches.Upload("deals.csv", io.BytesIO(deals))])
    left = ImportRun.objects.get()
    del left.dialect["system"]
    left.save(update_fields=["dialect"])
    uploads = [
        batches.Upload("deals.csv", io.BytesIO(deals)),
        batches.Upload("people.csv", io.BytesIO(HUBSPOT)),
    ]
    batch = batches.begin(actor=carol, uploads=uploads)
    assert {run.dialect["system"] for run in queries.batch(carol, batch)} == {"hubspot"}


def test_of_two_lists_that_count_their_rows_in_one_file_nobody_becomes_another(alice: User) -> None:
    run = imported(
        csv(
            "Id,Name,E-mail",
            "1,Al Fa,al@f.example",
            "2,Be Ta,be@t.example",
            "1,Xe No,xe@f.example",
            "2,Be Ta,b@t.example",
        ),
        mapping={"Id": "external_id", "Name": "name", "E-mail": "email"},
    )
    assert counts(run) == (3, 0, 1, 0)
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["Al Fa", "Be Ta", "Xe No"]
    assert Lead.objects.get(name="Xe No").custom == {"id": "1"}
    (remark,) = (text for _, text in queries.remarks(run))
    assert remark == "Id: “1” is the id of Al Fa in row 2, who is somebody else, and was left out"


@pytest.mark.parametrize(
    ("system", "row", "is_one"),
    [
        ("", "7,Jo Lo,jo@firm.example,", False),  # a colleague, of another list
        ("", "7,Ann Berg,ann@elsewhere.example,", True),
        ("", "7,A. Berg,anna@firm.example,", True),
        ("", "7,,,+44 20 7183 8750", True),
        ("", "7,Ann Lo,ann.lo@firm.example,", False),  # two Anns
        ("", "7,Ann Lo,Ann@firm.example,", True),  # the mailbox says who she is
        ("", "7,,other@firm.example,", False),
        ("shop", "7,Ann Lo,ann.lo@firm.example,", True),  # married: the id knows her
        ("shop", "7,Jo Lo,jo@elsewhere.example,+44 20 7183 8751", False),
    ],
)
def test_a_short_number_of_no_named_system_knows_only_who_agrees_in_something(
    system: str, row: str, is_one: bool, alice: User
) -> None:
    said, head = Said(system=system), "Id,Name,E-mail,Phone"
    imported(csv(head, "7,Ann Berg,ann@firm.example,+44 20 7183 8750"), said=said)
    imported(csv(head, row), said=said)
    assert Lead.objects.count() == (1 if is_one else 2)


def test_what_goes_out_with_its_system_comes_back_as_the_same(alice: User) -> None:
    of_any_kind(HUBSPOT)
    table = list(export(actor=alice))
    assert {row[1] for row in table[1:]} == {f"hubspot:10{n}" for n in range(1, 5)}
    run = imported(csv("External id,Name", *(f"{row[1]},{row[2]}" for row in table[1:])))
    assert (run.created, run.rejected, Lead.objects.count()) == (0, 0, 4)
    assert Lead.objects.get(name="Priya Raman").reference == "101"
    assert explaining.find("101") == explaining.find("hubspot:101") == [Lead.objects.get(name="Priya Raman")]


@pytest.mark.parametrize(("said", "system"), [("HubSpot", "hubspot"), (" The Shop: Ö ", "the-shop-ö"), ("", "")])
def test_a_system_is_the_same_however_it_is_written(said: str, system: str) -> None:
    assert systems.named(said) == systems.named(system) == system


def test_ids_of_before_are_given_their_system_and_whole_numbers_are_whole(alice: User) -> None:
    upgrade = import_module("ripeline.migrations.0050_ids_of_systems").keep_with_their_system
    of_any_kind(exports.HUBSPOT_COMPANIES.encode())
    run = of_any_kind(HUBSPOT)
    own = imported(csv("Id,Name", "44207183,Ann", "11111,Bo", "22222,Cy"))
    named = {lead.name: lead for lead in Lead.objects.all()}
    for key, lead in (("44207183.0", "Ann"), ("11111.0", "Cy")):  # the latter is Bo's: it stays as it is
        Identity.objects.create(kind="external", key=key, lead=named[lead], created_at=datetime(2026, 5, 1, tzinfo=UTC))
    Identity.objects.filter(lead=named["Ann"], key="44207183").delete()
    for each in Identity.objects.filter(kind="external", key__startswith="hubspot:"):  # as they were before
        Identity.objects.filter(pk=each.pk).update(key=each.key.removeprefix("hubspot:"))
    Identity.objects.create(kind="external", key="5", lead=named["Priya Raman"])  # by the API, later
    for table in (ImportCompany, ImportedFirm):
        for each in table.objects.all():
            table.objects.filter(pk=each.pk).update(reference=each.reference.removeprefix("hubspot:"))
    for each in ImportRun.objects.all():
        del each.dialect["system"]
        each.save(update_fields=["dialect"])
    with connection.schema_editor() as editor:
        upgrade(apps, editor)
    assert again(run).dialect["system"] == "hubspot"
    assert "system" not in again(own).dialect
    assert (known_by("101", "hubspot"), known_by("5"), known_by("5", "hubspot")) == ("Priya Raman", "Priya Raman", "")
    assert (known_by("44207183"), known_by("11111"), known_by("11111.0")) == ("Ann", "Bo", "Cy")
    for table in (ImportCompany, ImportedFirm):
        assert set(table.objects.values_list("reference", flat=True)) == {"hubspot:9001", "hubspot:9002"}
    assert counts(of_any_kind(HUBSPOT, "again.csv")) == (0, 0, 4, 0)


MOVED = PIPEDRIVE.replace(b"rita@mar.example", b"rita.silva@mar.example")


def test_an_address_that_its_own_system_has_changed_is_theirs_from_now_on_and_the_old_one_finds_them_too(
    alice: User,
) -> None:
    of_any_kind(PIPEDRIVE)
    assert counts(of_any_kind(MOVED)) == (0, 1, 1, 0)
    rita = Lead.objects.get(name="Rita Silva")
    assert rita.email == "rita.silva@mar.example"
    assert identity.resolve([key for key in [identity.email("rita@mar.example")] if key]) == {
        identity.email("rita@mar.example"): rita.pk
    }
    assert counts(of_any_kind(MOVED)) == (0, 0, 2, 0)
    imported(csv("E-mail,Name", "rita@mar.example,Rita Silva"))
    rita.refresh_from_db()
    assert rita.email == "rita.silva@mar.example", "a list without its id changes nothing back"
