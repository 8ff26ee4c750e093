"""Imports by the browser's requests: uploaded, mapped, started, followed and read; refused in the words people see."""

import csv
import io
import re
from collections.abc import Callable, Iterable
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from ripeline.capture.cells import values
from ripeline.capture.imports import actions, queries
from ripeline.capture.models import ImportMapping, ImportRun
from ripeline.catalog.actions import custom_fields
from ripeline.catalog.models import FieldType
from ripeline.leads.models import Lead
from ripeline.people.models import Company, User
from tests.bad_files import NOBODY, REFUSED, TAKEN, Bad, Odd
from tests.capture import exports
from tests.capture.sheets import workbook

pytestmark = pytest.mark.django_db

FILE = (
    b"Name,E-mail,Created,Amount\n"
    b"Priya Raman,priya@northgate.example,03/04/2026,\"1.200,50\"\n"
    b",jonas-helio,07/08/2025,80\n"
)  # fmt: skip
DEALS = b"Customer e-mail,Deal stage,Amount,Close date\npriya@northgate.example,Won,1200,2026-04-03\n"

SignIn = Callable[[User], Client]


@pytest.fixture
def signed_in() -> SignIn:
    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def text(response: Any) -> str:
    """What the page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def upload(client: Client, content: bytes, *, kind: str = "leads", name: str = "leads.csv") -> Any:
    return client.post("/imports/new", {"kind": kind, "file": SimpleUploadedFile(name, content)})


def chosen(page: Any, name: str) -> str:
    """The chosen value of a select."""
    select = re.search(rf'<select id="{name}".*?</select>', page.text, re.DOTALL)
    assert select, f"no {name}"
    found = re.search(r'<option value="([^"]*)" selected', select[0])
    return found[1] if found else ""


def worked(client: Client, content: bytes, **form: str) -> tuple[UUID, Any]:
    """A file uploaded, started with what the form says, and worked; its page."""
    where = upload(client, content).url
    pk = UUID(where.rsplit("/", 1)[1])
    started = client.post(f"{where}/mapping", {**form, "start": "1"})
    assert started.status_code == 302, text(started)
    actions.work(pk)
    return pk, client.get(where)


def test_a_file_is_looked_at_mapped_started_followed_and_read(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    assert "Bring your spreadsheet" in text(client.get("/imports"))
    where = upload(client, FILE).url
    page = client.get(where)
    assert [chosen(page, f"to-{n}") for n in range(4)] == ["name", "email", "captured_at", "amount"]
    assert (chosen(page, "order-2"), chosen(page, "mark-3")) == ("", "comma")
    assert "could be day first or month first: say which" in text(page)
    assert "The heading says “E-mail”" in text(page)
    refused = client.post(f"{where}/mapping", {"start": "1"})
    assert refused.status_code == 422
    asked = client.post(f"{where}/mapping", {"order-2": "day"}, headers={"HX-Request": "true"})
    assert "<html" not in asked.text
    assert "3 Apr 2026" in text(asked)
    assert "1,200.50" in text(asked)
    assert "Row 3 stays out" in text(asked)
    assert "say which" not in text(client.get(where)), "what was said is kept"
    assert client.post(f"{where}/mapping", {"order-2": "day", "start": "1"}).url == where
    assert "Waiting for its turn" in text(client.get(where))
    assert "Waiting" in text(client.get(f"{where}/progress"))
    actions.work(UUID(where.rsplit("/", 1)[1]))
    assert client.get(f"{where}/progress", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    result = text(client.get(where))
    assert "leads.csv is in" in result
    assert "1 row did not go in" in result
    assert "is not an e-mail address" in result
    assert "E-mail: jonas-helio · 07/08/2025 · 80" in result
    rejected = b"".join(client.get(f"{where}/rejected.csv").streaming_content).decode("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(rejected)))["Created"] == "07/08/2025"
    assert "leads.csv" in text(client.get("/imports"))
    assert Lead.objects.get().captured_at.date().isoformat() == "2026-04-03"


def test_a_column_that_goes_into_a_field_of_another_name_says_so(signed_in: SignIn, mona: User) -> None:
    custom_fields({"chairs": ("Chairs or rooms", FieldType.TEXT)})
    page = signed_in(mona).get(upload(signed_in(mona), b"Name,E-mail,Chairs,Rooms\nAnn,ann@x.example,7,2\n").url)
    assert "Keep it in your field “Chairs or rooms”" in text(page)
    assert "Keep it as “Rooms”" in text(page)


def test_a_column_that_is_called_like_a_field_that_everybody_has_is_kept_under_another_name(
    signed_in: SignIn, mona: User
) -> None:
    page = signed_in(mona).get(upload(signed_in(mona), b"Name,E-mail,Company,Firma\nAnn,a@x.example,Acme,Fjord\n").url)
    assert "Keep it as “Firma in the file”" in text(page)


def test_a_file_that_does_not_say_when_people_came_is_warned_of(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    page = text(client.get(upload(client, b"Name,Email,Am Stand\nAnn,ann@x.example,31.01.2026\n").url))
    assert "No column says when they came." in page
    assert "such as “Am Stand”" in page
    page = text(client.get(upload(client, b"Name,Email,Angelegt am\nBo,b@x.example,31.01.2026\n").url))
    assert "No column says when they came." not in page


def test_who_leaves_a_column_called_name_to_itself_is_warned_that_leads_go_in_nameless(
    signed_in: SignIn, mona: User
) -> None:
    where = upload(signed_in(mona), b"Display name,E-mail\nAnn Cole,ann@x.example\n").url
    assert "No column goes to Name, though “Display name” is called like it" in text(signed_in(mona).get(where))
    mended = signed_in(mona).post(f"{where}/mapping", {"to-0": "name"})
    assert "No column goes to Name" not in text(mended)


def test_what_a_file_would_do_is_shown_before_it_goes_in(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    worked(client, b"E-mail,Name\nann@x.example,Ann\n")
    page = upload(client, b"E-mail,Name\nann@x.example,Anna\nbo@x.example,Bo\nBo at home,\n")
    run_id = UUID(page.url.rpartition("/")[2])
    form = {"to-0": "email", "to-1": "name"}
    tried = client.post(f"/imports/{run_id}/mapping", {**form, "try": "1"})
    assert tried.status_code == 200
    said = text(tried)
    assert "3 rows, tried and rolled back. Nothing has gone in yet. New leads 1" in said
    assert "Fields of one record that is here would change: " in said
    assert "Ann Name Ann Anna" in said
    run = ImportRun.objects.get(pk=run_id)
    assert (run.state, run.position, Lead.objects.count()) == ("uploaded", 0, 1)
    client.post(f"/imports/{run_id}/mapping", {**form, "start": "1"})
    actions.work(run_id)
    run.refresh_from_db()
    assert (run.created, run.updated, run.rejected) == (1, 1, 1)


def test_another_separator_or_encoding_finds_other_columns(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    where = upload(client, "Name;Mail|a;b\nAnn;a@x.example|é;1\nBo;b@x.example|2;3\n".encode("cp1252")).url
    assert chosen(client.get(where), "delimiter") == "semicolon"
    page = client.post(f"{where}/mapping", {"delimiter": "vertical bar", "to-0": "email"})
    assert chosen(page, "delimiter") == "vertical bar"
    assert "Name;Mail" in text(page)
    assert set(ImportRun.objects.get().mapping) == {"Name;Mail", "a;b"}
    page = client.post(f"{where}/mapping", {"encoding": "cp850"})
    assert chosen(page, "encoding") == "cp850"
    page = client.post(f"{where}/mapping", {"delimiter": "semicolon", "header": "no"})
    assert "Column 1" in text(page)


def test_a_page_asks_whose_ids_a_file_has_and_keeps_the_answer(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    where = upload(client, b"Lead id,Name\n17,Ann Lee\n18,Bo Li\n").url
    assert "Whose ids does it have?" in text(client.get(where))
    for said in ("HubSpot", "hub spot <b>"):
        page = client.post(f"{where}/mapping", {"system": said})
    assert 'value="hub-spot-b"' in page.text
    assert client.post(f"{where}/mapping", {"system": " hubspot"}).text.count('value="HubSpot"') == 2
    assert ImportRun.objects.get().dialect["system"] == "hubspot"
    page = client.post(f"{where}/mapping", {"system": "hubspot", "to-0": "ignore"})
    assert "Whose ids" not in text(page), "there are none"


def test_a_workbook_is_read_and_another_of_its_sheets_can_be_chosen(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    rows = [("Name", "E-mail"), ("Ann Lee", "ann@x.example"), ("Bo Li", "bo@x.example")]
    content = workbook(rows, more={"Partners": [("Partner", "Mail"), ("Cy Fox", "cy@x.example")]})
    where = upload(client, content, name="leads.xlsx").url
    page = client.get(where)
    assert "Read from the sheet Leads of 2, heading in row 1" in text(page)
    assert "Leads: 3 rows Partners: 2 rows" in text(page)
    assert chosen(page, "sheet") == "Leads"
    asked = client.post(f"{where}/mapping", {"sheet": "Partners", "to-0": "name"}, headers={"HX-Request": "true"})
    assert "cy@x.example" in text(asked)
    assert chosen(asked, "to-1") == "email"
    assert client.post(f"{where}/mapping", {"sheet": "Partners", "to-0": "name", "start": "1"}).status_code == 302
    actions.work(UUID(where.rsplit("/", 1)[1]))
    assert [lead.name for lead in Lead.objects.all()] == ["Cy Fox"]


def test_an_export_is_named_and_its_words_are_asked_for_on_the_same_page(
    signed_in: SignIn, mona: User, alice: User, bob: User
) -> None:
    client = signed_in(mona)
    where = upload(client, exports.HUBSPOT_CONTACTS.encode(), kind="", name="contacts.csv").url
    page = client.get(where)
    assert "an export of HubSpot contacts" in text(page)
    assert "Their words, ours" in text(page)
    names = {word: name for name, word in re.findall(r'<b id="(word-[^"]+)-is">(.*?)</b>', page.text)}
    assert (chosen(page, names["Alice"]), chosen(page, names["Jo Former"])) == (alice.email, "")
    assert (chosen(page, names["Unqualified"]), chosen(page, names["Customer"])) == ("disqualified", "won")
    form = {names["Jo Former"]: bob.email, names["Unqualified"]: "lost"}
    asked = client.post(f"{where}/mapping", form, headers={"HX-Request": "true"})
    assert chosen(asked, names["Jo Former"]) == bob.email
    client.post(f"{where}/mapping", {**form, "start": "1"})
    actions.work(UUID(where.rsplit("/", 1)[1]))
    assert Lead.objects.get(reference="102").owner == bob
    assert Lead.objects.get(reference="103").state == "lost"


def test_several_files_go_in_together_in_the_order_that_joins_them(
    signed_in: SignIn, mona: User, sam: User, alice: User
) -> None:
    client = signed_in(mona)
    files = {
        "notes.csv": exports.HUBSPOT_NOTES, "deals.csv": exports.HUBSPOT_DEALS, "people.csv": exports.HUBSPOT_CONTACTS,
        "firms.csv": exports.HUBSPOT_COMPANIES,
    }  # fmt: skip
    uploads = [SimpleUploadedFile(name, content.encode()) for name, content in files.items()]
    where = client.post("/imports/new", {"file": uploads}).url
    page = text(client.get(where))
    assert page.index("firms.csv") < page.index("people.csv") < page.index("deals.csv") < page.index("notes.csv")
    assert "HubSpot companies" in page
    assert "Their words, ours" in page
    assert signed_in(sam).get(where).status_code == 404
    assert client.post(where).status_code == 302
    for _ in files:
        (first,) = queries.waiting()
        actions.work(first)
    page = text(client.get(where))
    assert "4 files are in" in page
    assert "Together 13 8 3 0 2" in page


def test_one_of_several_files_that_is_switched_to_deals_goes_in_after_the_people(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    uploads = [SimpleUploadedFile("a-deals.csv", DEALS), SimpleUploadedFile("people.csv", FILE)]
    where = client.post("/imports/new", {"file": uploads}).url
    page = text(client.get(where))
    assert page.count("This looks like a file of deals. Import as outcomes?") == 1
    assert page.index("a-deals.csv") < page.index("people.csv")
    deals = ImportRun.objects.get(filename="a-deals.csv")
    client.post(f"/imports/{deals.pk}/read-as", {"kind": "outcomes"})
    page = text(client.get(where))
    assert "This looks like a file of deals" not in page
    assert page.index("people.csv") < page.index("a-deals.csv")


def test_a_file_of_deals_that_went_in_as_people_can_be_read_as_deals_the_next_time(
    signed_in: SignIn, mona: User
) -> None:
    client = signed_in(mona)
    worked(client, DEALS)
    page = text(client.get(upload(client, DEALS, name="again.csv").url))
    assert "This looks like a file of deals" not in page
    assert "Import as outcomes instead" in page


def test_what_one_of_several_files_was_taken_for_is_changed_on_their_page(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    notes = b"E-mail,Company,Text,When\npriya@northgate.example,Northgate,Rang about the quote,2026-04-03\n"
    people = b"Name,E-mail\nPriya Raman,priya@northgate.example\n"
    uploads = [SimpleUploadedFile("a-notes.csv", notes), SimpleUploadedFile("people.csv", people)]
    where = client.post("/imports/new", {"file": uploads}).url
    run = ImportRun.objects.get(filename="a-notes.csv")
    assert chosen(client.get(where), f"kind-{run.pk}") == "leads"
    page = client.post(where, {f"kind-{run.pk}": "activities"})  # pressed “Import these files” without a script
    assert "a-notes.csv is read as notes and activities now" in text(page)
    assert "Nothing has gone in" in text(page)
    assert chosen(page, f"kind-{run.pk}") == "activities"
    assert text(page).index("people.csv") < text(page).index("a-notes.csv", text(page).index("people.csv"))
    assert not ImportRun.objects.exclude(state="uploaded").exists()
    part = client.post(where, {f"kind-{run.pk}": "companies"}, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<form id="together"')
    assert client.post(where, {f"kind-{run.pk}": "companies"}).status_code == 302  # as it stands: they go in


def test_one_of_several_files_stays_out_and_the_others_go_in(signed_in: SignIn, mona: User, sam: User) -> None:
    client = signed_in(mona)
    uploads = [SimpleUploadedFile("deals.csv", DEALS), SimpleUploadedFile("people.csv", FILE)]
    where = client.post("/imports/new", {"file": uploads}).url
    deals, people = (ImportRun.objects.get(filename=name) for name in ("deals.csv", "people.csv"))
    assert signed_in(sam).post(where, {"drop": str(deals.pk)}).status_code == 404
    page = client.post(where, {"drop": str(deals.pk)}, follow=True)
    assert "deals.csv stays out; nothing of it went in" in text(page)
    assert "1 file to go in" in text(page)
    assert list(ImportRun.objects.values_list("pk", flat=True)) == [people.pk]
    page = client.post(where, {"drop": str(people.pk)}, follow=True)
    assert page.redirect_chain == [("/imports", 302)]


def test_of_several_files_one_that_cannot_be_read_keeps_all_out(signed_in: SignIn, mona: User) -> None:
    good, bad = SimpleUploadedFile("a.csv", FILE), SimpleUploadedFile("b.csv", b"%PDF-1.7")
    answer = signed_in(mona).post("/imports/new", {"file": [good, bad]})
    assert answer.status_code == 422
    assert "b.csv is a PDF document" in text(answer)
    assert not ImportRun.objects.exists()


def test_of_several_files_each_says_whose_its_telephone_numbers_are(signed_in: SignIn, mona: User) -> None:
    Company.objects.update_or_create(defaults={"country": "DE"})
    client = signed_in(mona)
    numbers = SimpleUploadedFile("numbers.csv", b"Name,Telefon\nAnn,030 901820\n")
    where = client.post("/imports/new", {"file": [numbers, SimpleUploadedFile("people.csv", FILE)]}).url
    page = text(client.get(where))
    assert page.count("Telephone numbers without a country code are read as those of Germany.") == 1


def test_addresses_of_a_country_speak_for_numbers_that_are_none_at_home(signed_in: SignIn, mona: User) -> None:
    Company.objects.update_or_create(defaults={"country": "PT"})
    rows = ["089 1234567,a@x.de", "0171 2345678,b@y.de", "040 428280,c@z.com"]
    content = "\n".join(["Telefon,E-Mail", *rows]).encode()
    page = signed_in(mona).get(upload(signed_in(mona), content).url)
    assert chosen(page, "country") == "DE"
    assert "2 of the 2 addresses that end in a country’s are of it, and all 3 looked at are numbers there" in text(page)
    page = signed_in(mona).get(upload(signed_in(mona), content.replace(b".de", b".io")).url)
    assert chosen(page, "country") == "PT"
    assert "Your company’s; none of the 3 looked at is a number there" in text(page)


def hidden(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found
    return found[1]


OLD_LIST = (
    b"Name,E-Mail,Stand,Region\nAnn,ann@x.example,gewonnen,Texas\nBo,bo@x.example,verloren,Texas\n"
    b"Cy,cy@x.example,offen,Ohio\nDi,di@x.example,wiedervorlegen,Ohio\n"
)


def test_a_column_of_outcomes_in_an_unknown_file_is_proposed_with_its_words_translated(
    signed_in: SignIn, mona: User
) -> None:
    client = signed_in(mona)
    where = upload(client, OLD_LIST).url
    page = client.get(where)
    assert chosen(page, "to-2") == "state"
    assert "Its words say where each stands: “gewonnen”, “verloren”, “offen”" in text(page)
    assert "Their words, ours" in text(page)
    assert "wiedervorlegen Where it stands, in “Stand” 1 Choose: what is it here?" in text(page)
    actions.confirm(actor=mona, run_id=UUID(where.rsplit("/", 1)[1]))
    actions.work(UUID(where.rsplit("/", 1)[1]))
    assert dict(Lead.objects.values_list("name", "state")) == {"Ann": "won", "Bo": "lost", "Cy": "new", "Di": "new"}


def test_words_that_are_nothing_here_yet_are_asked_about_once_before_the_rows_go_in(
    signed_in: SignIn, mona: User
) -> None:
    client = signed_in(mona)
    where = upload(client, OLD_LIST).url
    page = client.post(f"{where}/mapping", {"start": "1"})
    assert page.status_code == 422
    assert "1 word has no meaning yet: their rows will be New. Choose what they are here, or import them so." in text(
        page
    )
    assert "Has no meaning yet: its rows will be New." in text(page)
    assert ImportRun.objects.get().state == "uploaded"
    answer = client.post(f"{where}/mapping", {"start": "1", "unsettled": hidden(page, "unsettled")})
    assert answer.status_code == 302
    assert ImportRun.objects.get().state == "queued"


def test_of_several_files_one_that_does_not_say_when_people_came_is_warned_of(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    people = SimpleUploadedFile("people.csv", b"Name,E-mail\nAnn,ann@x.example\n")
    dated = SimpleUploadedFile("fair.csv", b"Name,E-mail,Created (GMT+1)\nBo,bo@x.example,2026-02-03 10:00\n")
    where = client.post("/imports/new", {"file": [people, dated]}).url
    page = text(client.get(where))
    assert page.count("No column says when they came.") == 1
    run = ImportRun.objects.get(filename="people.csv")
    client.post(f"/imports/{run.pk}/mapping", {"came": "2026-02-04"})
    assert "No column says when they came." not in text(client.get(where))


def test_of_several_files_words_that_are_nothing_here_yet_are_asked_about_once(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    other = SimpleUploadedFile("people.csv", b"Name,E-mail\nEd,ed@x.example\n")
    uploads = [SimpleUploadedFile("old.csv", OLD_LIST), other]
    where = client.post("/imports/new", {"file": uploads}).url
    page = client.post(where)
    assert page.status_code == 422
    assert "1 word has no meaning yet" in text(page)
    assert client.post(where, {"unsettled": hidden(page, "unsettled")}).status_code == 302


def test_of_several_files_a_word_that_was_chosen_in_this_very_going_in_is_not_asked_about(
    signed_in: SignIn, mona: User
) -> None:
    client = signed_in(mona)
    other = SimpleUploadedFile("people.csv", b"Name,E-mail\nEd,ed@x.example\n")
    where = client.post("/imports/new", {"file": [SimpleUploadedFile("old.csv", OLD_LIST), other]}).url
    (name,) = re.findall(r'name="(word-state-[^"]+)"[^>]*>\s*<option value="" selected', client.get(where).text)
    assert client.post(where, {name: "working"}).status_code == 302
    assert set(ImportRun.objects.values_list("state", flat=True)) == {"queued"}
    for run in ImportRun.objects.order_by("pk"):
        actions.work(run.pk)
    assert Lead.objects.get(name="Di").state == "new"  # in hand there, and nobody here has them
    said = queries.remarked(ImportRun.objects.get(filename="old.csv"))
    assert "were in hand there (“offen”: 1, “wiedervorlegen”: 1)" in " ".join(said)


@pytest.mark.parametrize("word", ["in Verhandlung", "Angebot verschickt", "Termin vereinbart", "Erstgespräch"])
def test_german_stages_are_known(word: str) -> None:
    assert (values.state(word).value, values.outcome(word).value) == ("working", "open")


def test_who_says_in_german_that_nothing_comes_of_it_is_lost() -> None:
    assert {values.state(word).value for word in ("kein Interesse", "Absage", "kein Bedarf")} == {"lost"}


def test_a_column_of_outcomes_that_is_kept_as_it_is_has_a_hint_beside_it(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    where = upload(client, OLD_LIST).url
    hint = "Its words look like where each stands (“gewonnen”, “verloren”, “offen”)"
    assert hint not in text(client.get(where))
    page = client.post(f"{where}/mapping", {"to-2": "custom:Stand"})
    assert hint in text(page)
    assert "if they do, choose “Where it stands”" in text(page)


def with_outcomes(heading: str, words: Iterable[str]) -> bytes:
    rows = [f"P{at},p{at}@x.example,{word}" for at, word in enumerate(words)]
    return "\n".join([f"Name,E-mail,{heading}", *rows]).encode()


@pytest.mark.parametrize("heading", ["Result", "Status", "Ergebnis", "Stand"])
def test_an_outcome_column_with_words_nobody_knows_is_proposed_and_those_are_to_be_chosen(
    signed_in: SignIn, mona: User, heading: str
) -> None:
    words = [
        "won",
        "Lost",
        "beer first",
        "see Tom",
        "",
        "third round",
        "No answer",
        "Callback",
        "Interested",
        "her desk",
    ]
    client = signed_in(mona)
    where = upload(client, with_outcomes(heading, words)).url
    page = client.get(where)
    assert chosen(page, "to-2") == "state"
    assert f"beer first Where it stands, in “{heading}” 1 Choose: what is it here?" in text(page)
    for word in ("No answer", "Callback", "Interested"):
        assert f"{word} Where it stands, in “{heading}” 1 Choose" not in text(page), "known: still open"
    actions.confirm(actor=mona, run_id=UUID(where.rsplit("/", 1)[1]))
    actions.work(UUID(where.rsplit("/", 1)[1]))
    assert Lead.objects.get(name="P0").state == "won"
    assert Lead.objects.get(name="P1").state == "lost"
    assert Lead.objects.filter(state="new").count() == 8


def test_words_of_another_system_can_be_chosen_as_what_they_are_with_their_reason(
    signed_in: SignIn, mona: User, alice: User
) -> None:
    client = signed_in(mona)
    rows = ["Ann,ann@x.example,Opportunity,Alice", "Bea,bea@x.example,weg,", "Cy,cy@x.example,Verloren – kein Budget,"]
    where = upload(client, "\n".join(["Name,E-mail,Status,Owner", *rows]).encode()).url
    page = client.get(where)
    names = dict(re.findall(r'<b id="(word-state-\w+)-is">([^<]*)</b>', page.text))
    fields = {word: name for name, word in names.items()}
    assert '<option value="lost:no_budget">Lost: No budget</option>' in page.text
    assert "Opportunity: a deal is open" in text(page)
    chosen_reason = re.search(rf'name="why-{fields["Verloren – kein Budget"]}".*?selected>([^<]*)<', page.text)
    assert chosen_reason
    assert chosen_reason[1] == "No budget"
    client.post(f"{where}/mapping", {fields["Opportunity"]: "opportunity", fields["weg"]: "lost:no_budget"})
    actions.confirm(actor=mona, run_id=UUID(where.rsplit("/", 1)[1]))
    actions.work(UUID(where.rsplit("/", 1)[1]))
    found = {lead.name: lead for lead in Lead.objects.select_related("close_reason", "owner")}
    assert (found["Ann"].state, found["Ann"].owner) == ("opportunity", alice)
    for name in ("Bea", "Cy"):
        assert (found[name].state, str(found[name].close_reason)) == ("lost", "No budget")


def test_the_page_says_from_when_who_ended_counts_where_no_column_says(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    page = text(client.get(upload(client, OLD_LIST).url))
    assert "No column says since when: who is won counts from the day of this import, and is left out" in page
    assert "who is lost or disqualified counts so from the day of this import" in page
    came = b"Name,E-mail,Stand,Created\nAnn,ann@x.example,gewonnen,2021-01-10\n"
    page = text(client.get(upload(client, came).url))
    assert "who is won counts from the day they came" in page
    assert "who is lost" not in page
    seen = b"Name,E-mail,Stand,Created,Last activity\nAnn,ann@x.example,verloren,2021-01-10,2021-03-01\n"
    page = text(client.get(upload(client, seen).url))
    assert "lost or disqualified counts so from “Last activity”, else the day they came, else the day of this" in page
    since = b"Name,E-mail,Stand,Status since\nAnn,ann@x.example,gewonnen,2021-01-10\n"
    assert "No column says since when" not in text(client.get(upload(client, since).url))


def test_a_few_words_of_won_and_lost_under_any_heading_have_a_hint(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    words = ["won", "lost", "beer first", "see Tom", "", "third round", "her desk"]
    assert "look like where each stands (“won”, “lost”)" in text(
        client.get(upload(client, with_outcomes("How it went", words)).url)
    )
    few = ["won", *(f"they said {at}" for at in range(9))]
    assert "look like where each stands" not in text(client.get(upload(client, with_outcomes("Remark", few)).url))


@pytest.mark.parametrize(
    "column", [b"State,Texas,Ohio,Utah", b"Stand,A 12,B 3,A 12", b"Status,active,inactive,active", b"Status,x,x,"]
)
def test_a_column_that_is_only_called_so_is_no_state(signed_in: SignIn, mona: User, column: bytes) -> None:
    heading, *cells = column.split(b",")
    rows = [b"P%d,p%d@x.example,%s" % (at, at, cell) for at, cell in enumerate(cells)]
    page = signed_in(mona).get(upload(signed_in(mona), b"\n".join([b"Name,E-mail," + heading, *rows])).url)
    assert chosen(page, "to-2") == f"custom:{heading.decode()}"
    assert "look like where each stands" not in text(page)


def test_the_page_asks_whose_countrys_the_telephone_numbers_are(signed_in: SignIn, mona: User, sam: User) -> None:
    Company.objects.update_or_create(defaults={"country": "AT"})
    content = b"Name,Telefon\nAnn,030 901820\nBo,089 233 00\n"
    page = signed_in(mona).get(upload(signed_in(mona), content).url)
    assert chosen(page, "country") == "AT"
    assert "Your company’s; " in text(page)
    _, page = worked(signed_in(mona), content, **{"to-0": "name", "to-1": "phone", "country": "DE"})
    assert sorted(Lead.objects.values_list("phone", flat=True)) == ["+4930901820", "+498923300"]
    assert "Telephone numbers without a country code Germany You said so" in text(page)
    later = signed_in(sam).get(upload(signed_in(sam), content + b"Cy,040 42828 0\n").url)
    assert chosen(later, "country") == "DE"
    assert "As last time" in text(later)


def test_numbers_that_say_their_country_speak_for_the_others_of_a_file(signed_in: SignIn, mona: User) -> None:
    numbers = ["+49 89 1234567", "+49 30 901820", "+49 221 2210", "030 901820"]
    content = "\n".join(["Name,Phone", *(f"P{at},{number}" for at, number in enumerate(numbers))]).encode()
    page = signed_in(mona).get(upload(signed_in(mona), content).url)
    assert chosen(page, "country") == "DE"
    assert "3 of the 3 numbers that say theirs are of it, and the one looked at is a number there" in text(page)
    told = b"Name,Phone,Country\nAnn,030 901820,Germany\n"
    page = signed_in(mona).get(upload(signed_in(mona), told).url)
    assert 'name="country"' not in page.text  # a column says it


def test_a_mapping_used_before_is_used_again_and_said_so(signed_in: SignIn, mona: User, sam: User) -> None:
    content = b"Who,Where\nAnn,a@x.example\n"
    worked(signed_in(mona), content, **{"to-0": "company", "to-1": "email"})
    page = signed_in(sam).get(upload(signed_in(sam), content + b"Bo,b@x.example\n").url)
    assert "You had a file with these headings before" in text(page)
    assert chosen(page, "to-0") == "company"
    assert "As last time" in text(page)


def test_remembered_mappings_are_listed_named_and_forgotten(
    signed_in: SignIn, mona: User, sam: User, bob: User
) -> None:
    client = signed_in(mona)
    assert "None yet" in text(client.get("/imports/mappings"))
    worked(client, b"Post,Who\nann@x.example,Ann\n", **{"to-0": "email", "to-1": "name"})
    (kept,) = ImportMapping.objects.all()
    page = text(client.get("/imports/mappings"))
    assert "leads.csv" in page
    assert "Post E-mail" in page
    client.post(f"/imports/mappings/{kept.pk}/name", {"name": "  The fair   in Cologne "})
    worked(client, b"Post,Who\nbo@x.example,Bo\n")
    assert "The fair in Cologne" in text(signed_in(sam).get("/imports/mappings"))
    for path in (f"/imports/mappings/{kept.pk}/forget", f"/imports/mappings/{kept.pk}/name"):
        assert signed_in(bob).post(path).status_code == 403
    assert signed_in(bob).get("/imports/mappings").status_code == 403
    client.post(f"/imports/mappings/{kept.pk}/forget")
    client.post(f"/imports/mappings/{kept.pk}/forget")
    assert not ImportMapping.objects.exists()
    assert "as they were then" not in text(client.get(upload(client, b"Post,Who\ncem@x.example,Cem\n").url))


def test_outcomes_are_booked_and_told_as_deals(signed_in: SignIn, ada: User) -> None:
    client = signed_in(ada)
    worked(client, b"Id,E-mail,Created\n1,a@x.example,2023-01-01\n")
    where = upload(client, b"Id,Won date\n1,2023-02-01\n2,2023-02-01\n", kind="outcomes", name="deals.csv").url
    assert "Sales rep" not in text(client.get(where))
    client.post(f"{where}/mapping", {"start": "1"})
    actions.work(UUID(where.rsplit("/", 1)[1]))
    result = text(client.get(where))
    assert "Deals booked 1 Unchanged 0" in result
    assert "No lead has this id: import its lead first" in result
    assert "What happens next" not in result


def test_a_file_of_deals_taken_for_leads_is_asked_about_and_switched_at_once(
    signed_in: SignIn, mona: User, sam: User
) -> None:
    client = signed_in(mona)
    where = upload(client, DEALS).url
    page = client.get(where)
    assert "This looks like a file of deals: import as outcomes?" in text(page)
    page = client.post(f"{where}/read-as", {"kind": "outcomes"}, follow=True)
    assert (chosen(page, "to-1"), chosen(page, "to-3")) == ("outcome", "closed_at")
    assert ImportRun.objects.get().kind == "outcomes"
    assert "This looks like a file of deals" not in text(page)
    assert "Read it as leads instead" in text(page)
    assert signed_in(sam).post(f"{where}/read-as", {"kind": "leads"}).status_code == 404
    page = client.post(f"{where}/read-as", {"kind": "leads"}, follow=True)
    assert "This looks like a file of deals" in text(page)
    client.post(f"{where}/read-as", {"kind": "nonsense"})
    assert ImportRun.objects.get().kind == "leads"
    actions.confirm(actor=mona, run_id=ImportRun.objects.get().pk)
    client.post(f"{where}/read-as", {"kind": "outcomes"})  # it has started
    assert ImportRun.objects.get().kind == "leads"
    actions.work(ImportRun.objects.get().pk)
    again = upload(client, DEALS.replace(b"1200", b"1300")).url
    assert "This looks like a file of deals" not in text(client.get(again))  # it was meant so


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "One old lead was taken up again, and has its first date within a week. It comes to Today"),
        (9, "9 old leads were taken up again. All have their first date within a week, the likeliest first."),
        (60, "60 old leads were taken up again. Their first look is spread over the next 2 weeks, the likeliest first"),
    ],
)
def test_old_leads_are_told_with_when_they_come_up(count: int, words: str, signed_in: SignIn, ada: User) -> None:
    content = b"E-mail,Created\n" + b"".join(b"p%d@x.example,2020-01-01\n" % n for n in range(count))
    pk, page = worked(signed_in(ada), content)
    assert words in text(page)
    assert f"/leads?view=all&amp;run={pk}" in page.text


def test_old_leads_that_ended_are_not_said_to_be_taken_up_again(signed_in: SignIn, ada: User) -> None:
    rows = [
        b"a@x.example,2020-01-01,won",
        b"b@x.example,2020-01-01,lost",
        *(b"%d@x.example,2020-01-01," % n for n in range(3)),
    ]
    _, page = worked(signed_in(ada), b"\n".join([b"E-mail,Created,Status", *rows]))
    assert "5 old leads, taken up again where not ended" in text(page)
    assert "3 old leads were taken up again and are open now" in text(page)


def test_an_import_can_be_cancelled_gone_on_with_and_put_aside(signed_in: SignIn, ada: User) -> None:
    client = signed_in(ada)
    where = upload(client, b"E-mail\n" + b"".join(b"p%d@x.example\n" % n for n in range(6))).url
    pk = UUID(where.rsplit("/", 1)[1])
    client.post(f"{where}/mapping", {"start": "1"})

    def watch(run: ImportRun) -> None:
        if run.position == 2:
            assert "2 of 6 rows" in text(client.get(f"{where}/progress"))
            client.post(f"{where}/cancel")
            assert "stopping after these" in text(client.get(f"{where}/progress"))

    actions.work(pk, size=2, watch=watch)
    assert "2 of 6 rows were dealt with, and stay as they are" in text(client.get(where))
    client.post(f"{where}/go-on")
    actions.work(pk)
    assert "leads.csv is in" in text(client.get(where))
    other = upload(client, b"E-mail\nz@x.example\n", name="other.csv").url
    assert client.post(f"{other}/discard", follow=True).status_code == 200
    assert client.get(other).status_code == 404


@pytest.mark.parametrize("bad", REFUSED, ids=lambda bad: bad.name)
def test_a_file_chosen_by_mistake_is_refused_beside_its_field(signed_in: SignIn, mona: User, bad: Bad) -> None:
    response = upload(signed_in(mona), bad.content, kind="outcomes", name=bad.filename)
    assert response.status_code == 422
    assert bad.said in text(response)
    assert 'value="outcomes" checked' in response.text, "what was chosen is kept"
    assert not ImportRun.objects.exists()


def test_no_file_at_all_and_columns_that_identify_nobody_are_said(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    assert "Choose a file." in text(client.post("/imports/new", {"kind": "leads"}))
    where = upload(client, NOBODY.content).url
    assert "Nobody could be told from another: map a column to E-mail, Phone, Name or Id in" in text(client.get(where))
    refused = client.post(f"{where}/mapping", {"start": "1"})
    assert (refused.status_code, NOBODY.said in text(refused)) == (422, True)
    assert "Import as companies" not in refused.text
    firms = client.post(f"{where}/mapping", {"to-0": "company"})
    assert "or import the file as companies." in text(firms)
    client.post(f"{where}/read-as", {"kind": "companies"})
    assert "Read as companies, at which it names nobody. Read it as leads instead" in text(client.get(where))
    client.post(f"{where}/read-as", {"kind": "leads"})
    twice = client.post(f"{where}/mapping", {"to-0": "name", "to-1": "name"})
    assert "are all mapped to Name: keep one of them" in text(twice)


@pytest.mark.parametrize("odd", TAKEN, ids=lambda odd: odd.name)
def test_an_odd_file_costs_its_odd_rows_only(signed_in: SignIn, mona: User, odd: Odd) -> None:
    pk, page = worked(signed_in(mona), odd.content)
    run = ImportRun.objects.get(pk=pk)
    assert (run.created, run.rejected) == (odd.created, odd.rejected)
    assert odd.said in text(page)


def test_reps_do_not_import_and_nobody_sees_anothers_rows(
    signed_in: SignIn, alice: User, mallory: User, sam: User, mona: User, carol: User, ada: User
) -> None:
    pk, _ = worked(signed_in(mona), b"E-mail,Owner\na@x.example,gone@x.example\nb@x.example,\nnonsense,\n")
    paths = ["", "/progress", "/rejected.csv", "/remarks.csv"]
    for rep in (alice, mallory):
        assert signed_in(rep).get("/imports").status_code == 403
        assert upload(signed_in(rep), FILE).status_code == 403
        assert all(signed_in(rep).get(f"/imports/{pk}{path}").status_code == 403 for path in paths)
    for other in (sam, carol):
        assert "leads.csv" not in text(signed_in(other).get("/imports"))
        assert all(signed_in(other).get(f"/imports/{pk}{path}").status_code == 404 for path in paths)
        for verb in ("mapping", "cancel", "go-on", "discard"):
            assert signed_in(other).post(f"/imports/{pk}/{verb}").status_code == 404
    assert signed_in(ada).get(f"/imports/{pk}").status_code == 200
    assert Client().get("/imports").status_code == 302


def test_the_list_costs_the_same_however_long_and_turns_its_pages(
    signed_in: SignIn, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(ada)
    for number in range(33):
        upload(client, b"E-mail\np%d@x.example\n" % number, name=f"list-{number:02}.csv")
    with django_assert_max_num_queries(6):
        first = client.get("/imports")
    assert "list-32.csv" in text(first)
    assert "list-02.csv" not in text(first)
    older = re.search(r'href="(/imports\?before=[^"]+)"', first.text)
    assert older
    assert "list-02.csv" in text(client.get(older[1]))
    assert client.get("/imports?before=nonsense").status_code == 200


def test_the_batch_leads_to_how_it_ripens_for_whoever_may_see_it(signed_in: SignIn, mona: User, sam: User) -> None:
    rows = "".join(f"p{n}@firm.example,Person {n}\n" for n in range(12))
    run_id, _ = worked(signed_in(mona), f"E-mail,Name\n{rows}".encode())
    page = signed_in(mona).get(f"/imports/{run_id}").content.decode()
    assert "What to expect of them" in page
    assert "Nothing says where most of them come from." in page
    assert f'href="/insight?run={run_id}"' in page
    assert signed_in(mona).get(f"/insight?run={run_id}").status_code == 200
    assert "/insight?run=" not in signed_in(sam).get(f"/imports/{run_id}").content.decode()


def test_a_file_that_says_where_its_people_come_from_is_believed(signed_in: SignIn, mona: User) -> None:
    rows = "".join(f"p{n}@firm.example,Person {n},Gekaufte Adressen\n" for n in range(12))
    run_id, _ = worked(signed_in(mona), f"E-mail,Name,Lead source\n{rows}".encode())
    page = signed_in(mona).get(f"/imports/{run_id}").content.decode()
    assert "What to expect of them" in page
    assert "Nothing says where most of them come from." not in page
    assert Lead.objects.filter(source__source_type="purchased_list").count() == 12


def test_a_column_can_be_the_answer_to_a_question_of_ours(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    where = upload(client, b"Email,When should it be in place?,Aim\npriya@northgate.example,soonish,A press\n").url
    page = client.get(where)
    assert [chosen(page, f"to-{n}") for n in range(3)] == ["email", "answer:timeline", "custom:Aim"]
    assert "The heading is a question of ours" in text(page)
    assert "“soonish” does not fit “When should it be in place?” and was kept as it is" in text(page), (
        "before it goes in"
    )
    asked = client.post(f"{where}/mapping", {"to-2": "answer:need"}, headers={"HX-Request": "true"})
    assert chosen(asked, "to-2") == "answer:need"
    client.post(f"{where}/mapping", {"to-2": "answer:need", "start": "1"})
    actions.work(UUID(where.rsplit("/", 1)[1]))
    assert "answer to “What would you like to achieve?”" in text(client.get(where))
    assert Lead.objects.get().enquiries.get().answers == {"need": "A press"}
    assert "answer to “When should it be in place?”" in text(client.get("/imports/mappings"))


def test_why_who_is_called_lost_was_lost_can_be_chosen_by_word_and_is_remembered(
    signed_in: SignIn, mona: User, sam: User
) -> None:
    client = signed_in(mona)
    content = b"Name,E-mail,Status\nAnn,ann@x.example,lost\nBo,bo@x.example,kein Bedarf\nCy,cy@x.example,won\n"
    where = upload(client, content).url
    page = client.get(where)
    lost, need = (re.search(rf'id="(word-state-\w+)-is">{word}<', page.text)[1] for word in ("lost", "kein Bedarf"))  # type: ignore[index]
    assert (chosen(page, f"why-{lost}"), chosen(page, f"why-{need}")) == ("lost_unstated", "no_project")
    assert page.text.count("The word says so.") == 1
    assert page.text.count('id="why-') == 3  # two selects and what is said of one: none for who is won
    form = {lost: "lost", f"why-{lost}": "price", need: "lost", f"why-{need}": "no_project"}
    page = client.post(f"{where}/mapping", form)
    assert chosen(page, f"why-{lost}") == "price"
    assert client.post(f"{where}/mapping", {**form, "start": "1"}).status_code == 302
    actions.work(UUID(where.rsplit("/", 1)[1]))
    assert dict(Lead.objects.values_list("name", "close_reason__code")) == {
        "Ann": "price", "Bo": "no_project", "Cy": "bought_from_us",
    }  # fmt: skip
    later = signed_in(sam).get(upload(signed_in(sam), b"Name,E-mail,Stand\nDi,di@x.example,lost\n").url)
    assert chosen(later, f"why-{lost}") == "price"


def test_whether_who_is_open_here_is_closed_is_chosen_and_counted_before_and_after(
    signed_in: SignIn, mona: User, alice: User
) -> None:
    client = signed_in(mona)
    worked(client, b"Name,E-mail,Status,Owner\nAnn,ann@x.example,open,Alice\nBo,bo@x.example,open,Alice\n")
    later = b"Name,E-mail,Status,Owner\nAnn,ann@x.example,won,\nBo,bo@x.example,lost,\n"
    where = upload(client, later).url
    assert chosen(client.get(where), "closes") == "yes"
    tried = text(client.post(f"{where}/mapping", {"try": "1"}))
    assert "Open here, and would be closed as won: 1 , lost: 1" in tried
    left = text(client.post(f"{where}/mapping", {"try": "1", "closes": "no"}))
    assert "would be closed as" not in left
    assert "2 rows say won, lost or disqualified of people who stand otherwise here" in left
    assert chosen(client.get(where), "closes") == "no"
    client.post(f"{where}/mapping", {"start": "1", "closes": "yes"})
    actions.work(UUID(where.rsplit("/", 1)[1]))
    assert "Open here, and closed as the file says: won: 1 , lost: 1" in text(client.get(where))
    assert sorted(Lead.objects.values_list("state", flat=True)) == ["lost", "won"]
    assert 'name="closes"' not in client.get(upload(client, FILE).url).text


def test_who_was_in_hand_there_and_has_nobody_here_is_counted_by_word_and_listed(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    rows = b"Ann,a@x.example,Contacted\nBo,b@x.example,Contacted\nCy,c@x.example,in progress\nDi,d@x.example,new\n"
    where = upload(client, b"Name,E-mail,Lead Status\n" + rows).url
    tried = text(client.post(f"{where}/mapping", {"try": "1"}))
    assert "3 rows were in hand there (“Contacted”: 2, “in progress”: 1), but have no owner here" in tried
    assert "“Contacted”: 2 rows (rows 2, 3)" in tried
    client.post(f"{where}/mapping", {"start": "1"})
    actions.work(UUID(where.rsplit("/", 1)[1]))
    page = client.get(where)
    assert "“Contacted”: 2 , “in progress”: 1" in text(page)
    link = re.search(r'href="(/leads\?[^"]*)">“Contacted”: 2', page.text)
    assert link
    listed = text(client.get(unescape(link[1])))
    assert "Ann" in listed
    assert "Bo" in listed
    assert "Cy" not in listed


def test_what_people_wrote_can_be_read_as_notes_and_back(signed_in: SignIn, mona: User) -> None:
    client = signed_in(mona)
    content = b"Date,Name,E-Mail,Subject,Message\n2026-03-02,Ann,ann@x.example,Offer,Please call\n"
    where = upload(client, content, kind="").url
    page = client.get(where)
    assert "Read as people who wrote to you, each with what they said." in text(page)
    assert "Offer Please call" in text(page), "the preview has both in one"
    client.post(f"{where}/read-as", {"kind": "activities"})
    assert "Read as notes and calls with leads that are here. Read it as leads instead" in text(client.get(where))
    client.post(f"{where}/read-as", {"kind": "leads"})
    assert "Read as people who wrote to you" in text(client.get(where))


def test_the_page_says_where_another_table_begins_and_where_the_heading_stands_once_more(
    signed_in: SignIn, mona: User
) -> None:
    client = signed_in(mona)
    head, ann = b"Name,E-mail,Phone\n", b"Ann,ann@x.example,\n"
    page = text(client.get(upload(client, head + ann + b"Name,Mail,Telefon\nBo,bo@x.example,\n").url))
    assert "The heading stands once more in row 3. That row stays out; the rows below go in as all others." in page
    page = text(client.get(upload(client, head + ann + b"Partner,Firma,Mail\nPia,Fjord,pia@y.example\n").url))
    assert "Another table begins in row 3." in page
