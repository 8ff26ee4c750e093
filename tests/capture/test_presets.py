"""Exports of HubSpot, Salesforce, Pipedrive, LinkedIn and badge scanners go in as they come, joined by their ids."""

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ripeline.capture import actions, queries
from ripeline.capture.actions import Said
from ripeline.capture.detection import detect
from ripeline.capture.mapping import fitting, guess
from ripeline.capture.models import ImportRun, ImportWord
from ripeline.capture.presets import presets, recognised
from ripeline.leads.models import Account, Lead, Opportunity
from ripeline.people.models import User
from ripeline.people.queries import system
from ripeline.timeline.models import Activity
from tests.capture import exports
from tests.capture.importing import again, counts


def labels(text: str) -> tuple[str, ...]:
    return detect(io.BytesIO(text.encode()), name="export.csv").dialect.labels


@pytest.mark.parametrize("code", exports.ALL)
def test_an_export_is_known_by_its_headings_and_can_go_in_as_it_is(code: str) -> None:
    found = detect(io.BytesIO(exports.ALL[code].encode()), name="export.csv")
    preset = recognised(found.dialect.labels)
    assert preset
    assert preset.code == code
    mapping = fitting(preset.kind, found.dialect.labels, guess(preset.kind, found.dialect.labels, found.samples))
    assert mapping.problems() == []


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


def rejected(run: ImportRun) -> list[tuple[int, str]]:
    return [(reject.row, reject.reason) for reject in queries.rejects(run)]


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
