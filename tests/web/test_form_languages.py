"""A form speaks the language that its keeper chose, from its page to the mail and the page that confirms."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from ripeline.base import clock
from ripeline.capture.doors import doors, profiling
from ripeline.capture.doors.drafts import DoorError, FormDraft
from ripeline.capture.doors.profiling import Known
from ripeline.capture.models import Door, Submission
from ripeline.catalog import assets, phrases, standard
from ripeline.catalog.assets import Draft
from ripeline.catalog.models import Question
from ripeline.catalog.phrases import Language, Phrases
from ripeline.leads.models import Enquiry
from ripeline.outbox import actions as outbox
from ripeline.outbox import consent, queries
from ripeline.outbox.consent import Evidence
from ripeline.people import queries as people
from ripeline.people.models import Company, User
from tests.mail_server import Post

PRIYA = "priya@nordtor.example"
NOTICE = "https://www.nordwind.example/datenschutz"
ENGLISH = re.compile(r"\b(the|you|your|please|nothing|this|here|thank)\b", re.IGNORECASE)


@pytest.fixture
def door(mona: User) -> Door:
    Company.objects.update(name="Nordwind Dental", country="DE")
    guide = assets.add(actor=mona, draft=Draft(title="Leitfaden", url="https://www.nordwind.example/leitfaden"))
    draft = FormDraft(
        name="Angebot", source_type="quote_request", title="Angebot anfordern",
        fields={"name": "required", "company": "optional"},
        questions=[("timeline", True), ("may_write", False)], language="de", privacy_url=NOTICE, gives=guide.pk,
    )  # fmt: skip
    return doors.keep_form(actor=mona, draft=draft)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sent(given: Mapping[str, str]) -> tuple[Client, str]:
    """A form filled in a little while after it was opened, and what came back."""
    client = Client()
    with clock.at(clock.now() - timedelta(seconds=20)):
        page = client.get("/f/angebot").text
    unseen = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page))
    return client, client.post("/f/angebot", unseen | given, follow=True).text


def test_a_german_form_is_german_in_every_fixed_word(client: Client, door: Door) -> None:
    page = client.get("/f/angebot").text
    assert '<html lang="de">' in page
    assert "When should it be in place?" not in page
    assert "Sie können das jederzeit zurücknehmen." in page
    for said in ("Ihr Name", "E-Mail", "Bitte wählen", "freiwillig", ">Absenden</button>"):
        assert said in page
    _, page = sent({"email": "priya@", "q-timeline": "Gestern"})
    assert "Bitte sehen Sie 3 Angaben noch einmal an." in page
    for said in (
        "Bitte ausfüllen.",
        "Das ist keine vollständige E-Mail-Adresse",
        "Bitte wählen Sie eine der Antworten",
    ):
        assert said in page
    _, page = sent({"name": "Priya Raman", "email": PRIYA, "q-timeline": "Later"})
    assert "Vielen Dank. Wir melden uns bei Ihnen." in page
    doors.set_active(actor=door.created_by, door=door, is_active=False)
    assert "Dieses Formular ist nicht mehr offen." in client.get("/f/angebot").text


def test_the_thanks_of_who_agreed_ask_them_to_confirm_it_where_a_mail_goes_out(door: Door, settings: Settings) -> None:
    given = {"name": "Priya Raman", "email": PRIYA, "q-timeline": "Later", "q-may_write": "yes"}
    _, page = sent(given)
    assert "Postfach" not in page, "no mail server, no mail"
    assert re.search(r'href="/get/[^"?]+[?]lang=de"', page)
    settings.SMTP_URL = "smtp://127.0.0.1:9"
    _, page = sent({**given, "q-may_write": ""})
    assert "Postfach" not in page, "they agreed to nothing"
    _, page = sent(given)
    assert "Bitte bestätigen Sie noch in Ihrem Postfach" in page


def test_sizes_are_written_as_the_language_does() -> None:
    assert [phrases.size(phrases.DE, n) for n in (68, 2048, 3 * 1024**2)] == ["68\xa0Bytes", "2,0\xa0KB", "3,0\xa0MB"]
    assert [phrases.size(phrases.EN, n) for n in (68, 2048)] == ["68\xa0bytes", "2.0\xa0KB"]


def test_a_german_form_asks_in_german_and_keeps_the_answer_that_every_door_has(client: Client, door: Door) -> None:
    page = client.get("/f/angebot").text
    assert "Wann soll es so weit sein?" in page
    assert '<option value="Within a month">Innerhalb eines Monats</option>' in page
    _, page = sent({"name": "", "email": PRIYA, "q-timeline": "Within a month"})
    assert '<option value="Within a month" selected>Innerhalb eines Monats</option>' in page, "what was chosen stays"
    sent({"name": "Priya Raman", "email": PRIYA, "q-timeline": "Within a month"})
    assert Enquiry.objects.get().answers == {"timeline": "Within a month"}


def test_mona_words_a_question_for_german_forms_and_is_told_where_one_has_no_words(door: Door, mona: User) -> None:
    hers = signed_in(mona)
    assert "Not all of it is in German" not in hers.get(f"/capture/doors/{door.pk}").text
    timeline = Question.objects.get(key="timeline")
    path = f"/capture/questions/{timeline.pk}"
    page = hers.get(path).text
    assert "Wann soll es so weit sein?" in page
    assert "Innerhalb eines Monats\nInnerhalb von drei Monaten" in page
    given = {
        "label": "By when?", "answer_type": "choice", "meaning": "timeline", "options": "Soon\nLater",
        "label-de": "Bis wann?", "options-de": "Bald",
    }  # fmt: skip
    answer = hers.post(path, given)
    assert (answer.status_code, "Write as many answers as above, in their order: 2." in answer.text) == (422, True)
    assert hers.post(path, given | {"options-de": "Bald\nSpäter"}).status_code == 302
    page = Client().get("/f/angebot").text
    assert "Bis wann?" in page
    assert '<option value="Soon">Bald</option>' in page
    assert hers.post(path, given | {"label-de": "", "options-de": ""}).status_code == 302
    assert "By when?" in Client().get("/f/angebot").text
    page = hers.get(f"/capture/doors/{door.pk}").text
    assert "Not all of it is in German." in page
    assert f'<a href="{path}">By when?</a> has no German words for the question and its answers.' in page
    assert "Read is “By when? · Soon · Later”" in page


BUDGET = {"label": "Is there a budget for it?", "answer_type": "choice", "meaning": "budget"}
YES = {"label-de": "Gibt es dafür ein Budget?", "options-de": "Ja\nEs ist beantragt\nNoch nicht"}


def in_german() -> dict[str, str]:
    return dict(Question.objects.get(key="budget").put("de").choices)


def test_answers_in_another_order_keep_their_german_words(mona: User) -> None:
    hers, path = signed_in(mona), f"/capture/questions/{Question.objects.get(key='budget').pk}"
    answer = hers.post(path, BUDGET | YES | {"options": "Not yet\nIt is being asked for\nYes"})
    assert answer.status_code == 302
    assert in_german() == {"Yes": "Ja", "It is being asked for": "Es ist beantragt", "Not yet": "Noch nicht"}
    assert "Noch nicht\nEs ist beantragt\nJa</textarea>" in hers.get(path).text


def test_where_an_answer_took_the_place_of_another_its_german_words_are_looked_at_once(mona: User) -> None:
    hers, path = signed_in(mona), f"/capture/questions/{Question.objects.get(key='budget').pk}"
    given = BUDGET | YES | {"options": "Never\nIt is being asked for\nNot yet"}
    page = hers.post(path, given)
    assert page.status_code == 422
    assert "“Ja” was for “Yes” and would be for “Never”." in page.text
    assert Question.objects.get(key="budget").options[0] == "Yes", "nothing is kept"
    seen = re.search(r'name="beside" value="([^"]*)"', page.text)
    assert seen
    assert (
        hers.post(path, given | {"beside": seen[1], "options-de": "Nie\nEs ist beantragt\nNoch nicht"}).status_code
        == 302
    )
    assert in_german()["Never"] == "Nie"
    fixed = (
        BUDGET
        | YES
        | {
            "options": "No, never\nIt is being asked for\nNot yet",
            "beside": "No, never\nIt is being asked for\nNot yet",
        }
    )
    assert hers.post(path, fixed | {"options-de": "Nie\nEs ist beantragt\nNoch nicht"}).status_code == 302, "seen"
    assert in_german()["No, never"] == "Nie"


def test_an_answer_can_be_added_with_its_german_words_at_once(mona: User) -> None:
    hers, path = signed_in(mona), f"/capture/questions/{Question.objects.get(key='budget').pk}"
    more = {"options": "Perhaps\nYes\nIt is being asked for\nNot yet", "options-de": f"Vielleicht\n{YES['options-de']}"}
    assert hers.post(path, BUDGET | YES | more).status_code == 302
    assert (in_german()["Perhaps"], in_german()["Yes"]) == ("Vielleicht", "Ja")


def test_a_german_question_with_english_answers_is_pointed_out(door: Door, mona: User) -> None:
    hers, path = signed_in(mona), f"/capture/questions/{Question.objects.get(key='timeline').pk}"
    given = {"label": "By when?", "answer_type": "choice", "meaning": "timeline", "options": "Soon\nLater"}
    assert hers.post(path, given | {"label-de": "Bis wann?"}).status_code == 302
    page = hers.get(f"/capture/doors/{door.pk}").text
    assert "has no German words for its answers. Read is “Soon · Later”" in page


def test_what_they_agree_to_in_no_german_words_is_pointed_out_with_what_they_read_meanwhile(
    door: Door, mona: User, ada: User
) -> None:
    said = outbox.say_purpose(actor=ada, code="events", name="Events", text="Invite me to your events.")
    asked = standard.keep(actor=mona, label="Events", answer_type="consent", meaning="consent", purpose="events",
                          hint="Four a year.")  # fmt: skip
    Door.objects.update(questions=[{"key": asked.key, "required": False}])
    assert "Invite me to your events." in Client().get("/f/angebot").text
    page = signed_in(mona).get(f"/capture/doors/{door.pk}").text
    assert "No German words for what they agree to; an administrator writes them" in page
    assert "Read is “Invite me to your events.”" in page
    assert "has no German words for the word of help below it" in page
    assert "write them under Mail, Purposes</a>" in signed_in(ada).get(f"/capture/doors/{door.pk}").text
    outbox.say_purpose(actor=ada, code="events", name="Termine", text="Laden Sie mich ein.", language="de")
    page = signed_in(mona).get(f"/capture/doors/{door.pk}").text
    assert "what they agree to" not in page
    assert said.text not in Client().get("/f/angebot").text
    Door.objects.update(language="en")
    assert "Not all of it is in" not in signed_in(mona).get(f"/capture/doors/{door.pk}").text


def test_what_somebody_agrees_to_or_does_not_stands_in_the_words_that_they_read(door: Door, mona: User) -> None:
    keep = standard.keep(
        actor=mona, label="You may keep my data.", answer_type="consent", meaning="other",
        spoken={"de": {"label": "Sie dürfen meine Daten behalten."}},
    )  # fmt: skip
    Door.objects.update(questions=[{"key": keep.key}])
    assert "Sie dürfen meine Daten behalten." in Client().get("/f/angebot").text
    sent({"name": "Priya Raman", "email": PRIYA, f"q-{keep.key}": "yes"})
    assert Enquiry.objects.get().answers == {keep.key: {"given": True, "wording": "Sie dürfen meine Daten behalten."}}
    sent({"name": "Hugo", "email": "hugo@acme.example"})
    assert Submission.objects.latest("received_at").content["declined"] == {
        keep.key: "Sie dürfen meine Daten behalten."
    }


def test_who_is_known_is_asked_the_rest_in_german_too(door: Door) -> None:
    Door.objects.update(known="more")
    door.refresh_from_db()
    known = Known(frozenset(), frozenset({"timeline", "may_write"}), frozenset())
    assert [each.label for each, _ in profiling.questions(door, known)] == [
        "Was ist Ihr Anteil daran?",
        "Gibt es dafür ein Budget?",
    ]


def test_who_agrees_on_a_german_form_confirms_in_german(door: Door, post: Post, send_all: Callable[[], None]) -> None:
    client, _ = sent({"name": "Priya Raman", "email": PRIYA, "q-timeline": "Later", "q-may_write": "yes"})
    send_all()
    asks = next(each for each in post.received if each.mail["Subject"] == "Bitte bestätigen: Neuigkeiten per E-Mail")
    assert asks.text.startswith("Guten Tag Priya Raman,")
    assert '<html lang="de">' in asks.html
    assert "Wenn die Schaltfläche nicht funktioniert" in asks.html
    path = re.search(r"https?://[^/]+(/confirm/\S+)", asks.text)
    assert path
    page = client.get(path[1]).text
    assert '<html lang="de">' in page
    assert "Waren Sie das?" in page
    assert "<title>Bitte bestätigen · Nordwind Dental</title>" in page
    assert "Ripeline" not in page, "strangers know the company"
    assert not queries.has_consent(PRIYA, "news")
    assert "Danke, das ist bestätigt" in client.post(path[1]).text
    assert queries.has_consent(PRIYA, "news")
    [standing] = queries.consents(PRIYA)
    asked = standing.events.earliest("at").wording
    assert asked
    assert (asked.language, asked.text[:18]) == ("de", "Schreiben Sie mir "), "the very words are the evidence"


def test_a_letter_to_who_agreed_on_a_german_form_is_german_around_its_text(
    door: Door, post: Post, send_all: Callable[[], None], settings: Settings
) -> None:
    settings.BASE_URL = "https://leads.example"
    Company.objects.update(country="GB")
    client, _ = sent({"name": "Priya Raman", "email": PRIYA, "q-timeline": "Later", "q-may_write": "yes"})
    send_all()
    asks = next(each for each in post.received if str(each.mail["Subject"]).startswith("Bitte bestätigen"))
    path = re.search(r"https?://[^/]+(/confirm/\S+)", asks.text)
    assert path
    client.post(path[1])
    post.received.clear()
    given = {"subject": "Neues", "text": "Ein neuer Planer.", "url": "https://www.nordwind.example/neu"}
    outbox.send(kind="letter", purpose="news", to=PRIYA, name="Priya Raman", key="1", context=given)
    send_all()
    [letter] = post.received
    assert letter.text.startswith("Guten Tag Priya Raman,\n\nEin neuer Planer.\n\nMehr lesen:\n")
    assert "Sie bekommen diese E-Mail, weil Sie zugestimmt haben: Neuigkeiten per E-Mail." in letter.text
    assert '<html lang="de">' in letter.html
    assert "Wenn die Schaltfläche nicht funktioniert" in letter.html
    link = re.search(
        r"Diese E-Mails beenden oder auswählen, was wir Ihnen senden: https://[^/]+(/unsubscribe/\S+)", letter.text
    )
    assert link
    assert letter.mail["List-Unsubscribe"] == f"<https://leads.example{link[1]}>"
    assert "Diese E-Mails beenden?" in client.get(link[1]).text
    assert "Diese E-Mails beenden?" in client.get(link[1].partition("?")[0]).text, "nor does a link of before lose it"
    assert "Es ist beendet" in client.post(link[1], {"List-Unsubscribe": "One-Click"}).text
    assert not ENGLISH.search(letter.text.replace("leads.example", "")), letter.text


def test_words_of_a_language_are_a_version_of_their_own_and_the_others_stay(door: Door, ada: User) -> None:
    hers = signed_in(ada)
    given = {"code": "news", "name": "Rundbrief", "text": "Schicken Sie mir den Rundbrief.", "language": "de"}
    assert hers.post("/settings/mail/purposes", given).status_code == 302
    page = hers.get("/settings/mail/purposes").text
    assert "Rundbrief" in page
    assert "News by e-mail" in page
    assert queries.wording("news").version == 1
    assert "Schicken Sie mir den Rundbrief." in Client().get("/f/angebot").text
    Door.objects.update(language="en")
    assert "Write to me by e-mail now and then" in Client().get("/f/angebot").text
    wrong = hers.post("/settings/mail/purposes", given | {"code": "events"})
    assert (wrong.status_code, "Say it first in words for every language." in wrong.text) == (422, True)


def test_what_a_german_form_gives_comes_by_a_german_mail(door: Door, post: Post, send_all: Callable[[], None]) -> None:
    client, page = sent({"name": "Priya Raman", "email": PRIYA, "q-timeline": "Later"})
    assert "Leitfaden ist per E-Mail zu Ihnen unterwegs." in page
    send_all()
    [gift] = post.received
    assert "hier ist, worum Sie gebeten haben: Leitfaden." in gift.text
    found = dict(re.findall(r"https?://[^/]+(/(get|unsubscribe)/\S+)", gift.text))
    take, choose = ({kind: path for path, kind in found.items()}[kind] for kind in ("get", "unsubscribe"))
    assert "Nordwind Dental hat das für Sie bereitgelegt" in client.get(take).text
    assert "Was dürfen wir Ihnen senden?" in client.get(choose).text
    assert "Ihre Auswahl ist gespeichert" in client.post(choose, {"what": "choose"}).text
    assert "Es ist beendet" in client.post(choose, {"what": "everything"}).text
    assert "Dieser Link funktioniert nicht" in client.get("/unsubscribe/nothing?lang=de").text


IMPRINT = "Nordwind Dental GmbH\r\n\r\nHafenstraße 1, 20457 Hamburg\nHRB 1234 Hamburg, Geschäftsführerin: Ada Storm"


def test_every_mail_to_a_stranger_ends_with_the_imprint(
    door: Door, ada: User, mona: User, post: Post, send_all: Callable[[], None]
) -> None:
    hers = signed_in(mona)
    assert "Its mail has no imprint" in hers.get(f"/capture/doors/{door.pk}").text
    assert "Mail to people outside has no imprint" in signed_in(ada).get("/settings/mail").text
    page = signed_in(ada).get("/settings/company").text
    assert "§ 5 DDG" in page
    given = {
        "name": "Nordwind Dental", "country": "DE", "time_zone": "Europe/Berlin", "currency": "EUR",
        "work_days": ["0"], "fallback": str(people.built_in(people.QUALIFY).pk), "imprint": IMPRINT,
    }  # fmt: skip
    assert signed_in(ada).post("/settings/company", given).status_code == 302
    assert "Its mail has no imprint" not in hers.get(f"/capture/doors/{door.pk}").text
    assert "has no imprint" not in signed_in(ada).get("/settings/mail").text
    sent({"name": "Priya Raman", "email": PRIYA, "q-timeline": "Later", "q-may_write": "yes"})
    outbox.send(kind="thanks", to=PRIYA, key="1", context={"subject": "Danke", "text": "Wir melden uns."})
    send_all()
    assert len(post.received) == 3
    for each in post.received:
        foot = each.text.split("-- \n")[1].splitlines()
        assert foot[:3] == [
            "Nordwind Dental GmbH",
            "Hafenstraße 1, 20457 Hamburg",
            "HRB 1234 Hamburg, Geschäftsführerin: Ada Storm",
        ], "it names the company, who need not be named twice"
        assert "Nordwind Dental GmbH<br>Hafenstraße 1, 20457 Hamburg<br>HRB 1234 Hamburg" in each.html


def test_without_an_imprint_the_company_signs(door: Door, post: Post, send_all: Callable[[], None]) -> None:
    sent({"name": "Priya Raman", "email": PRIYA, "q-timeline": "Later"})
    send_all()
    assert post.received[0].text.split("-- \n")[1].startswith("Nordwind Dental\n")


def test_mail_and_page_say_until_when_a_link_works_and_it_does(
    door: Door, post: Post, send_all: Callable[[], None]
) -> None:
    Company.objects.update(time_zone="Europe/Berlin")
    with clock.at(datetime(2026, 11, 27, 23, 30, tzinfo=UTC)):  # in Berlin it is the 28th
        client, _ = sent({"name": "Priya Raman", "email": PRIYA, "q-timeline": "Later"})
        send_all()
        [gift] = post.received
        assert "Der Link gilt bis zum 28. Dezember 2026." in gift.text
        link = re.search(r"https?://[^/]+(/get/\S+)", gift.text)
        assert link
        assert "Der Link gilt bis zum 28. Dezember 2026." in client.get(link[1]).text
    with clock.at(datetime(2026, 12, 28, 22, 59, tzinfo=UTC)):
        assert client.get(link[1]).status_code == 200
        assert "The link works until 28 December 2026." in client.get(link[1].partition("?")[0]).text
    with clock.at(datetime(2026, 12, 28, 23, 1, tzinfo=UTC)):
        assert client.get(link[1]).status_code == 410


def test_the_privacy_notice_stands_beside_the_consent_else_above_the_button(
    client: Client, door: Door, mona: User
) -> None:
    link = f'<a href="{NOTICE}" target="_blank" rel="noopener">Datenschutzhinweise</a>'
    page = client.get("/f/angebot").text
    assert page.count(link) == 1
    assert page.index("q-may_write") < page.index(link) < page.index("<button>")
    draft = FormDraft(name="Angebot", source_type="quote_request", title="Angebot", language="de", privacy_url=NOTICE)
    doors.keep_form(actor=mona, door=door, draft=draft)
    assert client.get("/f/angebot").text.count(link) == 1
    with pytest.raises(DoorError) as wrong:
        doors.keep_form(actor=mona, draft=FormDraft(name="A", title="A", source_type="trial", privacy_url="privacy"))
    assert wrong.value.field == "privacy_url"


def test_a_form_of_a_german_company_begins_in_german_and_follows_its_language_where_nobody_wrote(mona: User) -> None:
    Company.objects.update(country="AT")
    hers = signed_in(mona)
    assert '<option value="de" selected>German</option>' in hers.get("/capture/forms/new").text
    hers.post("/capture/forms/new", {"name": "Demo", "source_type": "demo_request", "language": "de"})
    door = Door.objects.get(slug="demo")
    assert (door.language, door.verb) == ("de", "Vorführung ansehen")
    given = {
        "name": "Demo", "source_type": "demo_request", "language": "en", "title": "Zeigen Sie es mir",
        "verb": door.verb, "thanks": door.thanks, "font": "system-ui", "corners": "8", "known": "skip",
    }  # fmt: skip
    assert hers.post(f"/capture/doors/{door.pk}", given).status_code == 302
    door.refresh_from_db()
    assert (door.title, door.verb) == ("Zeigen Sie es mir", "See a demonstration")
    assert door.thanks == "Thank you. We will be in touch."


@pytest.mark.parametrize(
    "column",
    [
        "consent.language",
        "door.language",
        "door.privacy_url",
        "question.spoken",
        "purpose_wording.language",
        "purpose_wording.name",
    ],
)
def test_a_process_of_the_version_before_adds_rows_while_it_is_replaced(door: Door, column: str) -> None:
    table, new = column.split(".")
    unique = {
        "id": "gen_random_uuid()" if table != "purpose_wording" else "id + 1000",
        "key": "key || '2'",
        "slug": "slug || '2'",
        "version": "version + 1",
        "address_hash": "reverse(address_hash)",
    }
    consent.give(to=PRIYA, purpose="news", evidence=Evidence("on paper"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
        names = [name for (name,) in cursor.fetchall() if name != new]
        values = ", ".join(unique.get(name, f'"{name}"') for name in names)
        columns = ", ".join(f'"{name}"' for name in names)
        cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} LIMIT 1")
        assert cursor.rowcount == 1


def test_every_phrase_of_a_language_has_the_gaps_of_the_english_one() -> None:
    for language in Language:
        words = phrases.of(language)
        assert words.code == language
        for each in fields(Phrases):
            english, said = getattr(phrases.EN, each.name), getattr(words, each.name)
            assert re.findall(r"{\w*}", said) == re.findall(r"{\w*}", english), each.name
            assert words is phrases.EN or each.name == "code" or not ENGLISH.search(said), said
    assert phrases.of("xx") is phrases.EN


def test_the_words_of_a_language_stand_in_a_file_of_their_own() -> None:
    for language in Language:
        of_it = import_module(f"ripeline.catalog.phrases.{language.label.lower()}")
        assert [each for each in vars(of_it).values() if isinstance(each, Phrases)] == [phrases.of(language)]


def test_mona_sees_the_pages_of_mail_in_either_language(mona: User) -> None:
    page = signed_in(mona).get("/capture/mail-pages/confirm?lang=de&from=purposes").text
    assert "Waren Sie das?" in page
    assert 'href="/settings/mail/purposes">Back to the purposes</a>' in page
    page = signed_in(mona).get("/capture/mail-pages/confirm").text
    assert 'href="/capture/questions">Back to the questions</a>' in page
