"""A call noted, a card file and a signature looked over: who took it and from where is on the enquiry."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ripeline.base import clock
from ripeline.capture.arriving import admission
from ripeline.leads import queries
from ripeline.leads.decisions.actions import By, Next, set_next
from ripeline.leads.models import Enquiry, Lead, NextKind
from ripeline.people.models import Company, User
from tests.cast import MONDAY, MakeLead

CARDS = (
    b"BEGIN:VCARD\nVERSION:3.0\nFN:Priya Raman\nORG:Northgate Dental\nEMAIL:priya@northgate.example\nEND:VCARD\n"
    b"BEGIN:VCARD\nVERSION:4.0\nFN:Tom Reyes\nTEL:+44 20 7183 8750\nNOTE:Asked for a price\nEND:VCARD\n"
)
SIGNATURE = "Best regards\nPriya Raman\nOwner\nNorthgate Dental Ltd\npriya.raman@northgate.example\n+44 20 7183 8750"


@pytest.fixture(autouse=True)
def here(db: None) -> None:
    Company.objects.update(country="GB", time_zone="Europe/London")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def given(page: str) -> dict[str, str]:
    """What a page's form would send as it stands."""
    fields = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checkbox" not in tag or "checked" in tag) and "radio" not in tag:
            fields[name[1]] = value[1] if value else ""
    fields |= dict(re.findall(r'<textarea id="[^"]*" name="([^"]*)"[^>]*>([^<]*)</textarea>', page))
    return fields


def read(client: Client, content: bytes = CARDS) -> Any:
    return client.post("/leads/cards", {"files": SimpleUploadedFile("people.vcf", content)})


def test_a_card_file_is_looked_over_and_then_brought_in_with_who_and_where(alice: User) -> None:
    client = signed_in(alice)
    page = read(client).text
    assert "2 people were read" in page
    assert not Lead.objects.exists(), "nothing is kept before somebody has looked"
    fields = given(page) | {"place": "Hall 7", "campaign": "Spring fairs", "source": "Dental Expo", "heat": "hot"}
    for _ in range(2):  # pressed twice
        assert client.post("/leads/cards", fields).status_code == 302
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["Priya Raman", "Tom Reyes"]
    for enquiry in Enquiry.objects.select_related("campaign", "source", "lead"):
        assert (enquiry.door, enquiry.captured_by, enquiry.lead.owner) == ("card", alice, alice)
        assert (enquiry.place, enquiry.trail) == ("Hall 7", {"heat": "hot"})
        assert enquiry.campaign
        assert enquiry.source
        assert (enquiry.campaign.name, enquiry.source.name) == ("Spring fairs", "Dental Expo")
    assert Enquiry.objects.get(lead__name="Tom Reyes").message == "Asked for a price"
    lead = Lead.objects.get(name="Tom Reyes")
    record = client.get(f"/leads/{lead.pk}").text
    assert "by their card" in record
    assert "met at Hall 7, hot when met" in record


def test_who_is_wrong_stays_on_the_page_and_the_others_are_in(alice: User) -> None:
    client = signed_in(alice)
    fields = given(read(client).text) | {"0-email": "priya@", "place": "Hall <7>"}
    answer = client.post("/leads/cards", fields)
    assert answer.status_code == 422
    assert "1 needs another look" in answer.text
    assert "One came in." in answer.text
    assert 'value="priya@"' in answer.text
    assert "Hall &lt;7&gt;" in answer.text
    assert "is not an e-mail address" in answer.text
    assert list(Lead.objects.values_list("name", flat=True)) == ["Tom Reyes"]
    mended = given(answer.text) | {"0-email": "priya@northgate.example"}
    assert client.post("/leads/cards", mended).status_code == 302
    assert Lead.objects.count() == 2


def test_whom_one_unticks_does_not_come_in(alice: User) -> None:
    client = signed_in(alice)
    fields = given(read(client).text)
    del fields["0-take"]
    client.post("/leads/cards", fields)
    assert list(Lead.objects.values_list("name", flat=True)) == ["Tom Reyes"]


def test_who_is_here_already_is_said_as_far_as_one_may_know(make_lead: MakeLead, alice: User, bob: User) -> None:
    make_lead(bob, email="priya@northgate.example")
    page = read(signed_in(alice)).text
    assert "Here already, with Bob" in page


def test_a_signature_is_read_says_what_it_guessed_and_is_mended(alice: User) -> None:
    client = signed_in(alice)
    page = client.post("/leads/cards", {"text": SIGNATURE}).text
    assert re.search(r'Company <span class="optional">guessed</span>', page)
    assert not re.search(r'E-mail <span class="optional">guessed</span>', page)
    fields = given(page)
    assert fields["0-phone"] == "+442071838750"
    assert client.post("/leads/cards", fields | {"0-title": "Co-owner"}).status_code == 302
    lead, enquiry = Lead.objects.get(), Enquiry.objects.get()
    assert (lead.name, lead.title, lead.company) == ("Priya Raman", "Co-owner", "Northgate Dental Ltd")
    assert (enquiry.door, enquiry.captured_by) == ("signature", alice)


def test_a_second_number_of_a_signature_is_theirs_and_nothing_that_they_said(alice: User) -> None:
    client = signed_in(alice)
    numbers = "Tel 0221 4567890\nFax 0221 4567891\nMobil: 0171 1234567"
    text = f"Vera Köhler\nMVZ Köhler und Partner PartG\n{numbers}\nvera@mvz.example"
    Company.objects.update(country="DE")
    fields = given(client.post("/leads/cards", {"text": text}).text)
    assert (fields["0-other_phones"], fields["0-company"]) == ("+491711234567", "MVZ Köhler und Partner PartG")
    assert client.post("/leads/cards", fields).status_code == 302
    lead = Lead.objects.get()
    assert list(queries.reached(lead, [lead.pk]).numbers) == ["+491711234567"]
    assert Enquiry.objects.get().message == ""
    assert "said what they need" not in client.get(f"/leads/{lead.pk}").text


def test_all_numbers_of_a_card_file_are_theirs_as_those_of_any_file(alice: User) -> None:
    Company.objects.update(country="DE")
    card = (
        "BEGIN:VCARD\nVERSION:3.0\nFN:Vera Köhler\nEMAIL:vera@mvz.example\nTEL;TYPE=home:0221 4567890\n"
        "TEL;TYPE=work,fax:0221 4567891\nTEL;TYPE=work:+49 221 4567-100\nTEL;TYPE=cell:0171 1234567\n"
        "TEL;TYPE=cell,voice:+49 171 1234567\nEND:VCARD\n"
    )
    client = signed_in(alice)
    fields = given(client.post("/leads/cards", {"text": card}).text)
    assert fields["0-phone"] == "+49 221 4567-100"
    assert fields["0-other_phones"] == "+492214567890, +491711234567"
    assert client.post("/leads/cards", fields).status_code == 302
    lead = Lead.objects.get()
    assert sorted(queries.reached(lead, [lead.pk]).numbers) == ["+491711234567", "+492214567890"]
    assert Enquiry.objects.get().message == ""
    assert "0171 1234567" not in client.get(f"/leads/{lead.pk}").text
    assert client.get("/leads", {"q": "0171 1234567", "view": "all"}).text.count("Vera Köhler") > 0


def test_who_is_read_alone_is_asked_the_questions_of_every_door_and_nothing_is_lost(alice: User) -> None:
    client = signed_in(alice)
    page = client.post("/leads/cards", {"text": SIGNATURE}).text
    assert "When should it be in place?" in page
    wrong = client.post("/leads/cards", given(page) | {"q-timeline": "whenever", "0-name": "Priya R."})
    assert (wrong.status_code, "1 needs another look" in wrong.text) == (422, True)
    assert "Please choose one of the answers" in wrong.text
    assert 'value="Priya R."' in wrong.text
    assert not Lead.objects.exists()
    assert client.post("/leads/cards", given(wrong.text) | {"q-timeline": "Later"}).status_code == 302
    assert Enquiry.objects.get().answers == {"timeline": "Later"}


def test_several_are_asked_once_for_all_of_them_and_whoever_stays_is_still_asked(alice: User) -> None:
    client = signed_in(alice)
    page = read(client).text
    assert '<summary>Your questions <span class="soft">one answer for all of them</span>' in page
    wrong = client.post("/leads/cards", given(page) | {"q-timeline": "whenever"})
    assert (wrong.status_code, "Please choose one of the answers" in wrong.text) == (422, True)
    assert not Lead.objects.exists()
    asked = {"q-timeline": "Later", "q-product": "Chair 4", "0-email": "priya@"}
    left = client.post("/leads/cards", given(page) | asked)
    assert (left.status_code, "One came in." in left.text) == (422, True)
    assert '<option value="Later" selected>' in left.text
    mended = given(left.text) | {"q-timeline": "Later", "0-email": "priya@northgate.example"}
    assert client.post("/leads/cards", mended).status_code == 302
    said = {enquiry.lead.name: enquiry.said for enquiry in Enquiry.objects.select_related("lead")}
    both = {"timeline": "Later", "product": "Chair 4"}
    assert said == {"Priya Raman": both, "Tom Reyes": both}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Choose a file"),
        ({"text": "   "}, "Choose a file"),
        ({"text": "see you then"}, "Nobody can be made out"),
        ({"files": SimpleUploadedFile("x.vcf", b"PK\x03\x04")}, "x.vcf: This is no vCard file"),
        ({"files": [SimpleUploadedFile(f"{n}.vcf", CARDS) for n in range(51)]}, "50 files at once"),
    ],
)
def test_what_cannot_be_read_is_said_beside_it(alice: User, sent: dict[str, Any], said: str) -> None:
    answer = signed_in(alice).post("/leads/cards", sent)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_call_is_an_enquiry_with_who_took_it_and_a_day(sam: User) -> None:
    client = signed_in(sam)
    with clock.at(MONDAY):
        key = given(client.get("/leads/call").text)["key"]
        call = {"key": key, "phone": "020 7183 8750", "note": "Wants a price", "when": "tomorrow 10:00"}
        for _ in range(2):
            assert client.post("/leads/call", call).status_code == 302
    lead, enquiry = Lead.objects.get(), Enquiry.objects.select_related("source").get()
    assert lead.phone == "+442071838750"
    assert (enquiry.door, enquiry.captured_by, enquiry.message) == ("call", sam, "Wants a price")
    assert enquiry.source
    assert enquiry.source.source_type == "inbound_call"
    assert lead.next_at
    assert (lead.next_at.date() - MONDAY.date()).days == 1
    assert (lead.next_committed, lead.next_note) == (True, "Wants a price")


@pytest.mark.parametrize(
    ("when", "said"),
    [("tomorrow 10:00", "Saturday 6 June 10:00. Saturday 6 June is a day off."), ("mon", "Monday 8 June.")],
)
def test_of_a_call_the_hour_is_said_and_that_the_day_is_one_off(sam: User, when: str, said: str) -> None:
    client = signed_in(sam)
    with clock.at(MONDAY + timedelta(days=4)):
        call = {"key": "k", "phone": "020 7183 8750", "note": "Wants a price", "when": when}
        assert f"Next is you, {said}" in client.post("/leads/call", call, follow=True).text


def test_two_calls_from_one_page_that_back_led_to_are_two_people(sam: User) -> None:
    client = signed_in(sam)
    page = client.get("/leads/call")
    assert "no-store" in page["Cache-Control"]
    key = given(page.text)["key"]
    for name, phone in (("Priya", "+44 20 7183 8750"), ("Otto", "+44 20 7183 8751"), ("Priya", "+44 20 7183 8750")):
        assert client.post("/leads/call", {"key": key, "name": name, "phone": phone}).status_code == 302
    found = sorted(Lead.objects.values_list("name", "phone"))
    assert found == [("Otto", "+442071838751"), ("Priya", "+442071838750")]
    assert Enquiry.objects.count() == 2


def test_a_call_sent_again_with_another_day_or_note_is_the_same_call_on_that_day(sam: User) -> None:
    client = signed_in(sam)
    with clock.at(MONDAY):
        for day, when in ((3, "in 3 days"), (1, "tomorrow 10:00"), (3, "in 3 days"), (1, "tomorrow 10:00")):
            client.post("/leads/call", {"key": "a", "name": "Ann", "when": when, "note": f"Day {day}"})
            lead = Lead.objects.get()
            assert lead.next_at
            assert (lead.next_at.date() - MONDAY.date()).days == day
            assert (lead.next_committed, lead.next_note) == (True, f"Day {day}")
    assert Enquiry.objects.count() == 1


def test_a_day_that_somebody_chose_since_the_call_stays_unless_an_earlier_one_was_promised(sam: User) -> None:
    client = signed_in(sam)
    with clock.at(MONDAY):
        client.post("/leads/call", {"key": "a", "name": "Ann", "when": "in 3 days"})
        chosen = Next(MONDAY + timedelta(days=2), NextKind.FOLLOW_UP, "A demo", committed=True)
        set_next(Lead.objects.get().pk, By(sam, "test", "chosen"), next=chosen)
        for when, days in (("in 8 days", 2), ("tomorrow 10:00", 1)):
            client.post("/leads/call", {"key": "a", "name": "Ann", "when": when})
            lead = Lead.objects.get()
            assert lead.next_at
            assert (lead.next_at.date() - MONDAY.date()).days == days


def test_a_known_caller_is_found_by_number_and_by_name_and_keeps_their_rep(
    make_lead: MakeLead, alice: User, sam: User
) -> None:
    lead = make_lead(alice, name="Priya Raman", phone="+442071838750", due=timedelta(days=20))
    client = signed_in(sam)
    for asked in ({"phone": "020 7183 8750"}, {"name": "priy"}):
        assert "Priya Raman" in client.get("/leads/call/known", asked).text
    assert "a new lead" in client.get("/leads/call/known", {"name": "Nobody"}).text
    client.post("/leads/call", {"key": "a", "known": str(lead.pk), "note": "Call me", "when": "tomorrow"})
    assert Lead.objects.count() == 1
    lead.refresh_from_db()
    assert lead.owner == alice
    assert lead.next_note == "Call me"
    assert Enquiry.objects.filter(lead=lead, door="call", captured_by=sam).count() == 1


def test_a_number_sent_before_its_owner_could_be_chosen_is_theirs_where_it_is_one_persons(
    make_lead: MakeLead, bob: User, sam: User
) -> None:
    lead, client = make_lead(bob, name="Priya Raman", phone="+442071838750"), signed_in(sam)
    client.post("/leads/call", {"key": "a", "phone": "020 7183 8750"})
    assert Enquiry.objects.filter(lead=lead).count() == 2
    client.post("/leads/call", {"key": "b", "phone": "020 7183 8750", "name": "Tom Reyes"})
    assert Lead.objects.count() == 2  # the same telephone, and somebody else
    Lead.objects.filter(name="Tom Reyes").update(phone="+442071838750")
    client.post("/leads/call", {"key": "c", "phone": "020 7183 8750"})
    assert Lead.objects.count() == 3  # nobody knows whose it is


def test_what_is_wrong_with_a_call_is_said_and_nothing_typed_is_lost(sam: User) -> None:
    client = signed_in(sam)
    for wrong, said in (
        ({"note": "Who was it?"}, "Say at least a name"),
        ({"name": "Ann", "when": "whenever"}, "is not a date"),
        ({"name": "Ann", "email": "ann@"}, "is not an e-mail address"),
    ):
        answer = client.post("/leads/call", {"key": "a", **wrong})
        assert answer.status_code == 422
        assert said in answer.text
        assert all(value in answer.text for value in wrong.values())
    assert not Lead.objects.exists()


def test_where_somebody_else_changes_the_same_people_nothing_typed_is_lost(
    sam: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(sam)
    fields = given(read(client).text)

    def crossed(*_: object) -> None:
        raise admission.CrossedError

    call = {"key": "a", "name": "Ann", "note": "Wants a price"}
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(admission, "_admit", crossed)
        for path, sent, typed in (("/leads/call", call, "Wants a price"), ("/leads/cards", fields, "Priya Raman")):
            answer = client.post(path, sent)
            assert answer.status_code == 422
            assert "Somebody else was changing the same leads" in answer.text
            assert typed in answer.text
    assert not Lead.objects.exists()
    assert client.post("/leads/call", call).status_code == 302
    assert Lead.objects.get().name == "Ann"


def test_nobody_finds_callers_whom_they_may_not_find(make_lead: MakeLead, mallory: User, carol: User) -> None:
    lead = make_lead(mallory, name="Priya Raman", phone="+442071838750")
    client = signed_in(carol)
    assert "Priya" not in client.get("/leads/call/known", {"phone": "020 7183 8750"}).text
    for number, known in enumerate((str(lead.pk), "nonsense", "")):
        sent = {"key": str(number), "name": "Priya", "known": known}
        assert client.post("/leads/call", sent).status_code == 302
    assert Enquiry.objects.filter(lead=lead, door="call").count() == 0
