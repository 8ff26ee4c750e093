"""Exports of HubSpot, Salesforce, Pipedrive, LinkedIn and badge scanners go in as they come, joined by their ids."""

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ripeline.capture.columns.detection import detect
from ripeline.capture.columns.looking import look
from ripeline.capture.columns.mapping import fitting, guess
from ripeline.capture.columns.presets import presets, recognised
from ripeline.capture.imports import actions, queries
from ripeline.capture.imports.actions import Said
from ripeline.capture.models import ImportRun, ImportWord
from ripeline.leads.knowing import named
from ripeline.leads.models import Account, Lead, Opportunity
from ripeline.people.models import User
from ripeline.people.queries import system
from ripeline.timeline.models import Activity
from tests.capture import exports
from tests.capture.importing import again, counts, rejected


def labels(text: str) -> tuple[str, ...]:
    return detect(io.BytesIO(text.encode()), name="export.csv").dialect.labels


def assert_it_goes_in_as(code: str, text: str) -> None:
    found = detect(io.BytesIO(text.encode()), name="export.csv")
    preset = recognised(found.dialect.labels)
    assert preset
    assert preset.code == code
    mapping = fitting(preset.kind, found.dialect.labels, guess(preset.kind, found.dialect.labels, found.samples))
    assert mapping.problems() == []


@pytest.mark.parametrize("code", exports.ALL)
def test_an_export_is_known_by_its_headings_and_can_go_in_as_it_is(code: str) -> None:
    assert_it_goes_in_as(code, exports.ALL[code])


@pytest.mark.parametrize(
    ("code", "heading"), [(code, each) for code, several in exports.HEADINGS.items() for each in several]
)
def test_whatever_columns_a_view_or_a_report_has_it_is_known_and_can_go_in(code: str, heading: str) -> None:
    assert_it_goes_in_as(code, f"{heading}\n{','.join('x' for _ in heading.split(','))}\n")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Firmen-ID;Firma;Webseite;Ort\n1;Ahrtal Wärme;ahrtal.example;Ahrweiler\n", "companies"),
        ("Company ID,Company name,Domain,City\n7,Acme,acme.example,Hull\n", "companies"),
        ("Company,Website,Phone\nAcme,acme.example,+44 20 7183 0000\n", "leads"),
        ("Firma;Ansprechpartner;Webseite\nAcme;Ann Lee;acme.example\n", "leads"),
        ("Unternehmen\nTrumpf SE\nHeller GmbH\n", "companies"),
        ("Company,City\nAcme,Hull\n", "companies"),
        ("Company,City,Contact person\nAcme,Hull,Ann Lee\n", "leads"),
        ("Company,Website,Amount,Close date,Status\nAcme,acme.example,500,2026-01-31,Won\n", "leads"),
    ],
)
def test_a_file_that_names_companies_and_nobody_at_them_is_one_of_companies(text: str, kind: str) -> None:
    looked = look(io.BytesIO(text.encode()), kind=None, name="file.csv", said=Said())
    assert looked.mapping.kind == kind
    if kind == "companies":
        assert looked.mapping.fields() >= {"company"}
        assert looked.mapping.problems() == []


@pytest.mark.django_db
def test_a_plain_list_of_notes_is_one_and_of_no_system() -> None:
    text = "Email,Date,Type,Subject,Text,By\nann@x.example,2026-05-12,Call,The price,She asked for it,Alice\n"
    looked = look(io.BytesIO(text.encode()), kind=None, name="notes.csv", said=Said())
    assert (looked.preset, looked.dialect.system) == (None, "")
    assert looked.mapping.to_json() == {
        "Email": "email", "Date": "happened_at", "Type": "activity", "Subject": "subject", "Text": "body", "By": "by",
    }  # fmt: skip
    assert looked.mapping.problems() == []


@pytest.mark.parametrize(
    "heading",
    [
        "Record ID,Deal Name,Associated Company,Deal Stage,Amount,Close Date,Deal Owner",
        "Deal - ID,Deal - Title,Deal - Organization,Deal - Status,Deal - Won time",
        "Badge ID,Scan Date/Time,First Name,Last Name,Company,Email",
    ],
)
def test_the_id_of_a_deal_or_a_badge_is_never_taken_for_a_persons(heading: str) -> None:
    rows = "\n".join(",".join(f"{n}{at}" for at, _ in enumerate(heading.split(","))) for n in range(5))
    found = detect(io.BytesIO(f"{heading}\n{rows}\n".encode()), name="export.csv")
    preset = recognised(found.dialect.labels)
    assert preset
    assert "external_id" not in [each.target for each in guess(preset.kind, found.dialect.labels, found.samples)]


def test_of_several_columns_for_one_thing_the_first_with_cells_is_taken() -> None:
    text = "Person - ID,Person - Name,Person - Email - Work,Person - Email - Home\n1,Rita,,rita@home.example\n"
    found = detect(io.BytesIO(text.encode()), name="export.csv")
    targets = [each.target for each in guess("leads", found.dialect.labels, found.samples)]
    assert targets == ["external_id", "name", "ignore", "email"]


TECHNICAL = {
    "hubspot_contacts": "Original Source Drill-Down 1,Original Traffic Source Drill-Down 2,hs_email_domain,"
    "Created by user ID,Merged Contact IDs,Last Modified Date,Record source detail 1",
    "salesforce_contacts": "CreatedById,LastModifiedById,SystemModstamp,IsDeleted,PhotoUrl,RecordTypeId",
    "pipedrive_people": "Person - Label IDs,Person - Visible to,Person - Update time",
}


@pytest.mark.parametrize("code", TECHNICAL)
def test_what_only_their_system_reads_is_left_out_and_what_people_read_is_kept(code: str) -> None:
    beside = f"{TECHNICAL[code]},Favourite boat"
    heading, *rows = exports.ALL[code].splitlines()
    text = "\n".join([f"{heading},{beside}", *(row + ",x" * (beside.count(",") + 1) for row in rows)])
    found = detect(io.BytesIO(text.encode()), name="export.csv")
    assert recognised(found.dialect.labels).code == code  # type: ignore[union-attr]
    guesses = dict(zip(found.dialect.labels, guess("leads", found.dialect.labels, found.samples), strict=True))
    left = [guesses[label] for label in TECHNICAL[code].split(",")]
    assert {each.target for each in left} == {"ignore"}
    assert "for its own use; keep it if you read it" in left[0].because
    assert guesses["Favourite boat"].target == "custom:Favourite boat"


def test_other_versions_and_languages_are_known_too() -> None:
    assert recognised(labels(exports.SALESFORCE_API_LEADS)).code == "salesforce_leads"  # type: ignore[union-attr]
    assert recognised(labels(exports.GERMAN_CONTACTS)).code == "hubspot_contacts"  # type: ignore[union-attr]


def test_every_preset_has_a_file_here_and_a_plain_list_is_none() -> None:
    assert {preset.code for preset in presets()} == exports.ALL.keys()
    assert recognised(["Name", "E-mail", "Company", "Source", "Created", "Amount", "Status", "Owner"]) is None
    assert recognised(["mql_id", "first_contact_date", "landing_page_id", "origin"]) is None


def imported(text: str, said: Said | None = None, name: str = "export.csv") -> ImportRun:
    run = actions.begin(actor=system(), kind=None, filename=name, file=io.BytesIO(text.encode()), said=said)
    actions.confirm(actor=system(), run_id=run.pk)
    actions.work(run.pk)
    return again(run)


@pytest.mark.django_db
@pytest.mark.usefixtures("on_monday", "alice")
class TestJoined:
    def test_companies_people_deals_and_notes_of_hubspot_belong_together(self, alice: User) -> None:
        assert counts(imported(exports.HUBSPOT_COMPANIES)) == (2, 0, 0, 0)
        run = imported(exports.HUBSPOT_CONTACTS)
        assert (counts(run), rejected(run)) == ((4, 0, 0, 0), [])
        assert queries.remarked(run)[0].startswith("One row names an owner who is not here: Jo Former.")
        by_id = {lead.reference: lead for lead in Lead.objects.select_related("account", "close_reason")}
        assert {pk: str(lead.account) for pk, lead in by_id.items()} == {
            "101": "Northgate Dental", "102": "Helio Optics", "103": "Helio Optics", "104": "Northgate Dental",
        }  # fmt: skip
        assert (by_id["101"].name, by_id["101"].owner, by_id["101"].country) == ("Priya Raman", alice, "GB")
        assert Account.objects.get(name="Northgate Dental").owner == alice
        states = {pk: lead.state for pk, lead in by_id.items()}
        assert states == {"101": "working", "102": "new", "103": "disqualified", "104": "won"}
        deals = imported(exports.HUBSPOT_DEALS)
        assert counts(deals) == (0, 3, 0, 1)
        assert rejected(deals) == [(5, "nobody who is here came from this company: import its people first")]
        won = Lead.objects.get(reference="101")
        assert (won.state, won.opportunities.get().amount) == ("won", Decimal("12000.50"))
        lenses = Opportunity.objects.get(lead__reference="102", state="open")
        assert (lenses.name, str(lenses.expected_close)) == ("Lenses", "2027-01-31")
        assert any("name" in sentence and "company" in sentence for sentence in queries.remarked(deals))
        notes = imported(exports.HUBSPOT_NOTES)
        assert (counts(notes), notes.kind) == ((2, 0, 0, 1), "activities")
        entry = Activity.objects.get(lead_id=won.pk, kind="note")
        assert entry.body == "Wants a demo,\nbefore the summer"
        assert entry.occurred_at == datetime(2026, 5, 21, 11, tzinfo=UTC)
        called = Lead.objects.get(reference="102")
        assert (called.touches, called.last_touch_at) == (0, None), "what others did elsewhere is no touch of ours"

    def test_importing_all_of_it_again_changes_nothing(self) -> None:
        files = (exports.HUBSPOT_COMPANIES, exports.HUBSPOT_CONTACTS, exports.HUBSPOT_DEALS, exports.HUBSPOT_NOTES)
        for text in files:
            imported(text)
        before = (Lead.objects.count(), Activity.objects.count(), Opportunity.objects.count(), Account.objects.count())
        found = [counts(imported(text)) for text in files]
        assert [each[:2] for each in found] == [(0, 0)] * 4
        after = (Lead.objects.count(), Activity.objects.count(), Opportunity.objects.count(), Account.objects.count())
        assert after == before

    def test_salesforce_and_pipedrive_deals_find_their_people_and_companies(self) -> None:
        for text in (exports.SALESFORCE_ACCOUNTS, exports.SALESFORCE_CONTACTS, exports.SALESFORCE_TASKS):
            assert counts(imported(text)) == (1, 0, 0, 0)
        assert counts(imported(exports.SALESFORCE_LEADS)) == (2, 0, 0, 0)
        assert counts(imported(exports.SALESFORCE_OPPORTUNITIES)) == (0, 2, 0, 0)
        ana = Lead.objects.get(email="ana@casa.example")
        deals = Opportunity.objects.order_by("name").values_list("product", "state", "lead__email")
        assert sorted(deals) == [
            ("Verde 1", "open", "ana@casa.example"),  # names her
            ("Verde 2", "won", "maria@casa.example"),  # names the company, from where she came first
        ]
        assert Activity.objects.get(lead_id=ana.pk, kind="call").body == "Call about the offer\nShe likes it"
        for text in (exports.PIPEDRIVE_ORGANIZATIONS, exports.PIPEDRIVE_PEOPLE):
            assert counts(imported(text)) == (1, 0, 0, 0)
        rita = Lead.objects.get(email="rita@mar.example")
        assert (rita.name, rita.phone, str(rita.account)) == ("Rita Silva", "+351912345678", "Mar Azul")
        assert counts(imported(exports.PIPEDRIVE_DEALS)) == (0, 1, 0, 0)
        assert counts(imported(exports.PIPEDRIVE_ACTIVITIES)) == (1, 0, 0, 0)

    def test_a_report_of_leads_and_contacts_has_each_person_in_the_columns_of_the_one_or_the_other(self) -> None:
        run = imported(exports.SALESFORCE_PEOPLE)
        assert counts(run) == (3, 0, 0, 0)
        people = Lead.objects.order_by("name")
        assert [(lead.name, lead.email, lead.company, lead.reference) for lead in people] == [
            ("Ana Sousa", "ana@norte.example", "Norte", "0035g00000AbCdE"),
            ("Maria Santos", "maria@casa.example", "Casa Verde", "00Q5g00000AbCdE"),
            ("Rui Costa", "rui@private.example", "Costa", "00Q5g00000AbCdF"),
        ]
        assert people[2].custom == {
            "contact_email": "rui@norte.example", "account_account_name": "Norte",
            "contact_contact_id": "0035g00000AbCdF",
        }, "of who was a lead and is a contact nothing is lost"  # fmt: skip
        found = detect(io.BytesIO(exports.SALESFORCE_PEOPLE.encode()), name="export.csv")
        guesses = guess("leads", found.dialect.labels, found.samples)
        assert guesses[3].because.endswith("; of its 2 columns the first that has a cell in a row")
        twice = fitting("leads", ("Mail", "Contact: Email"), [guesses[3], guesses[3]])
        assert "are all mapped to email: keep one" in twice.problems()[0], "only such a report"

    def test_linkedin_and_badge_scans_bring_their_people(self, alice: User) -> None:
        assert counts(imported(exports.LINKEDIN_CONNECTIONS)) == (2, 0, 0, 0)
        assert counts(imported(exports.LINKEDIN_CONNECTIONS.replace("Analyst", "Countess"))) == (0, 1, 1, 0)
        assert counts(imported(exports.LINKEDIN_FORMS)) == (1, 0, 0, 0)
        assert counts(imported(exports.BADGES)) == (2, 0, 0, 0)
        kim = Lead.objects.get(email="kim@sun.example")
        assert (kim.country, kim.title, kim.owner, kim.custom["rating"]) == ("US", "", alice, "Warm")

    def test_what_a_word_means_is_said_once_and_remembered(self, bob: User) -> None:
        said = Said(words={"owner": {"jo former": bob.email, "alice": "-"}, "state": {"unqualified": "nurture"}})
        run = imported(exports.HUBSPOT_CONTACTS, said)
        assert queries.remarked(run) == []
        assert Lead.objects.get(reference="102").owner == bob
        assert Lead.objects.get(reference="103").state == "nurture"
        assert ImportWord.objects.count() == 3
        more = exports.HUBSPOT_CONTACTS.replace("10", "20").replace("@", "2@")
        assert counts(imported(more))[0] == 4
        assert Lead.objects.get(reference="202").owner == bob

    def test_deals_and_activities_that_name_their_people_by_name_alone_find_them(self) -> None:
        """As in Pipedrive’s own exports, where a deal has “Contact person” and “Organization”, and no id of either."""
        people = (
            "Person - ID,Person - Name,Person - Email - Work,Person - Organization,Person - Owner,Person created",
            "1,Rita Silva,rita@mar.example,Mar Azul,Alice,2026-05-19",
            "2,Zé Silva,ze@mar.example,Mar Azul,Alice,2026-05-20",
            "3,Ana Vaz,ana@vaz.example,Vaz Lda,Alice,2026-05-20", "4,Ana Vaz,ana@other.example,Other,Alice,2026-05-20",
            "5,Rui Pó,rui@po.example,,Alice,2026-05-20",
        )  # fmt: skip
        imported("\n".join(people) + "\n")
        deals = (
            "Deal - ID,Deal - Title,Organization,Contact person,Deal - Status,Deal - Won time,Deal - Value",
            '91,Boats,Mar Azul,"Silva, Zé",Won,2026-05-27,100', "92,Sails,Vaz Lda,Ana Vaz,Won,2026-05-27,200",
            "93,Ropes,,Ana Vaz,Won,2026-05-27,300", "94,Oars,,Rui Po,Won,2026-05-27,400",
            "95,Nets,Mar Azul,Somebody Else,Open,,500", "96,Hooks,,Somebody Else,Open,,600",
            "97,Tar,Elsewhere,Rita Silva,Open,,700",
        )  # fmt: skip
        run = imported("\n".join(deals) + "\n")
        found = dict(Opportunity.objects.values_list("product", "lead__email"))
        assert found == {
            "Boats": "ze@mar.example", "Sails": "ana@vaz.example", "Oars": "rui@po.example", "Nets": "rita@mar.example",
        }  # fmt: skip
        assert rejected(run) == [
            (4, "several here are called “Ana Vaz”: say whose it is by id or e-mail address"),
            (7, "nobody who is here is called so, or came from this company: import its people first"),
            (8, "“Rita Silva” is here, but at Mar Azul: say whose it is by id or e-mail address"),
        ]
        said = queries.remarked(run)
        assert any(each.startswith("3 rows name their people by name alone") for each in said)
        assert any(each.startswith("One row names nobody who is here, but a company, row 6.") for each in said)
        notes = (
            "Note - ID,Note - Content,Note - Add time,Note - Person,Note - Organization",
            "1,<p>Wants <b>blue</b> ones</p><p>&amp; soon</p>,2026-05-22,Zé Silva,Mar Azul",
            "2,Hello,2026-05-22,Ana Vaz,", "3,Hello,2026-05-22,Nobody Here,",
        )  # fmt: skip
        run = imported("\n".join(notes) + "\n")
        assert (counts(run), [row for row, _ in rejected(run)]) == ((1, 0, 0, 2), [3, 4])
        entry = Activity.objects.get(kind="note", occurred_at=datetime(2026, 5, 22, tzinfo=UTC))
        assert entry.lead_id == Lead.objects.get(email="ze@mar.example").pk
        assert entry.body == "Wants blue ones\n& soon"

    def test_somebody_of_the_same_name_with_another_address_is_somebody_else(self) -> None:
        imported("Name,E-mail,Company\nRui Po,rui@po.example,Po Lda\n")
        deals = (
            "Deal - ID,Deal - Title,Organization,Contact person,Person - Email,Deal - Status,Deal - Won time",
            "91,Boats,,Rui Po,rui@elsewhere.example,Won,2026-05-27",
            "92,Sails,Po Lda,Rui Po,rui@private.example,Won,2026-05-27", "93,Oars,,Rui Po,,Won,2026-05-27",
        )  # fmt: skip
        run = imported("\n".join(deals) + "\n")
        assert set(Opportunity.objects.values_list("product", flat=True)) == {"Sails", "Oars"}
        assert [row for row, _ in rejected(run)] == [2]

    def test_where_more_are_called_so_than_are_looked_at_nobody_is_meant(self) -> None:
        people = [f"Rui Po {n},rui{n}@po.example" for n in range(named.ALIKE)]
        imported("\n".join(["Name,E-mail", *people, "Rui Po,rui@po.example"]) + "\n")
        (found,) = named.who([named.Called("Rui Po")])
        assert (found.here, found.many) == ([], True)
        assert len(named.who([named.Called("Rui Po 7")])[0].here) == 1

    def test_what_is_only_planned_there_is_no_history_here_but_its_lead_s_next_date(self) -> None:
        imported(exports.PIPEDRIVE_PEOPLE)
        tasks = exports.PIPEDRIVE_ACTIVITIES + "Later,Call,2026-05-23,,To do,rita@mar.example\n"
        run = imported(tasks)
        assert counts(run) == (1, 1, 0, 0)
        assert Lead.objects.get(email="rita@mar.example").next_note == "Was due on 23 May 2026: Later"

    def test_a_stage_with_its_pipeline_behind_it_is_that_stage(self) -> None:
        imported(exports.HUBSPOT_CONTACTS)
        text = exports.HUBSPOT_DEALS.replace("Closed Won,", "5. Closed Won (Sales Pipeline),")
        assert counts(imported(text.replace("Closed Lost,", "Closed lost (Sales Pipeline),")))[1] == 2
        assert Opportunity.objects.get(product="Scanner for Northgate").state == "won"
