"""A booth, a web hook and a program's door speak a language, too: that of the company's country, else as chosen."""

import json
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from ripeline.capture.doors import hooks
from ripeline.capture.in_person import booths, cards
from ripeline.capture.in_person.booths import BoothDraft
from ripeline.capture.models import Door, DoorKind
from ripeline.outbox import queries
from ripeline.people import keys
from ripeline.people.models import AuditEntry, Company, User
from tests.mail_server import Post

PRIYA = "priya@nordtor.example"
NEWS_DE = "Schreiben Sie mir ab und zu per E-Mail mit Neuigkeiten und Angeboten. Ich kann das mit einem Klick beenden."
CHOSEN = '<option value="{}" selected>'


@pytest.fixture(autouse=True)
def german_company(db: None) -> None:
    Company.objects.update(name="Nordwind Dental", country="DE")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def kept(user: User, path: str, given: Mapping[str, Any]) -> None:
    answer = signed_in(user).post(path, given)
    assert answer.status_code == 302, answer.text


def card_of(user: User, slug: str, key: str, email: str, wording: str) -> None:
    """Somebody agreed at the booth, on the phone of one of us."""
    said = {"may_write": {"given": True, "wording": wording}}
    given = {
        "key": key,
        "at": 1.0,
        "rev": 1,
        "fields": {"name": "Priya", "email": email},
        "answers": said,
        "heat": "hot",
    }
    body = json.dumps({"user": str(user.pk), "sent_at": 1.0, "cards": [given]})
    answer = signed_in(user).post(f"/booth/{slug}/cards", body, content_type="application/json")
    assert answer.json()["results"][0]["is"] == "new"


def test_a_booth_of_a_german_company_asks_and_confirms_in_german(
    mona: User, alice: User, post: Post, send_all: Callable[[], None]
) -> None:
    assert CHOSEN.format("de") in signed_in(mona).get("/capture/booths/new").text
    kept(mona, "/capture/booths/new", {"name": "IDS", "source_type": "trade_show", "language": "de"})
    door = Door.objects.get(slug="ids")
    path = f"/capture/booths/{door.pk}"
    assert CHOSEN.format("de") in signed_in(mona).get(path).text
    given = {"name": "IDS", "source_type": "trade_show", "language": "de", "ask-name": "on", "ask-email": "on",
             "ask-q-timeline": "optional", "ask-q-may_write": "optional"}  # fmt: skip
    kept(mona, path, given)
    page = signed_in(alice).get("/booth/ids").text
    assert "Wann soll es so weit sein?" in page
    assert 'value="Within a month"><span>Innerhalb eines Monats</span>' in page, "the answer is that of every door"
    assert f'data-wording="{NEWS_DE}"' in page
    card_of(alice, "ids", "one", PRIYA, NEWS_DE)
    send_all()
    [asks] = post.received
    assert asks.mail["Subject"] == "Bitte bestätigen: Neuigkeiten per E-Mail"
    [standing] = queries.consents(PRIYA)
    assert standing.events.get().wording.text == NEWS_DE


def test_mona_chooses_english_for_a_fair_abroad_and_what_a_phone_had_before_keeps_its_words(
    mona: User, alice: User, post: Post, send_all: Callable[[], None]
) -> None:
    door = booths.keep_booth(actor=mona, draft=BoothDraft(name="IDS", questions=[("may_write", False)]))
    assert door.language == "de"
    given = {"name": "IDS", "source_type": "trade_show", "ask-name": "on", "ask-q-may_write": "optional"}
    kept(mona, f"/capture/booths/{door.pk}", given | {"language": "en"})
    said = queries.wording("news").text
    assert f'data-wording="{said}"' in signed_in(alice).get("/booth/ids").text
    card_of(alice, "ids", "one", PRIYA, said)
    card_of(alice, "ids", "two", "hugo@nordtor.example", NEWS_DE)
    send_all()
    subjects = {str(each.mail["To"]): str(each.mail["Subject"]) for each in post.received}
    assert [subjects[to] for to in sorted(subjects)] == [
        "Bitte bestätigen: Neuigkeiten per E-Mail",
        "Please confirm: News by e-mail",
    ], "Hugo agreed on a phone that had the German page"
    kept(mona, f"/capture/booths/{door.pk}", given)
    door.refresh_from_db()
    assert door.language == "en", "what was not sent stays"


def test_a_booth_says_what_of_it_has_no_german_words(mona: User) -> None:
    given = {"label": "Which chair?", "answer_type": "text", "meaning": "other"}
    assert signed_in(mona).post("/capture/questions/new", given).status_code == 302
    key = "which_chair"
    door = booths.keep_booth(actor=mona, draft=BoothDraft(name="IDS", questions=[(key, False)]))
    page = signed_in(mona).get(f"/capture/booths/{door.pk}").text
    assert "Not all of it is in German." in page
    assert "Read is “Which chair?”" in page


def test_a_web_hook_begins_in_the_language_of_the_country_and_mona_chooses_another(mona: User) -> None:
    assert CHOSEN.format("de") in signed_in(mona).get("/capture/hooks/new").text
    kept(mona, "/capture/hooks/new", {"name": "Lead ads", "source_type": "social", "language": "de"})
    door = Door.objects.get(kind=DoorKind.HOOK)
    assert door.language == "de"
    kept(mona, f"/capture/hooks/{door.pk}", {"name": "Lead ads", "source_type": "social", "language": "en"})
    door.refresh_from_db()
    assert door.language == "en"
    assert CHOSEN.format("en") in signed_in(mona).get(f"/capture/hooks/{door.pk}").text
    assert hooks.keep_hook(actor=mona, name="Forms", source_type="social", mapping={}).language == "de"


def brought(secret: str, email: str, **more: Any) -> None:
    said = {"purpose": "news", "agreed": True, "how": "box on the order page"}
    body = json.dumps({"email": email, "consents": [said]} | more)
    headers = {"authorization": f"Bearer {secret}"}
    answer = Client().post("/api/v1/enquiries", body, content_type="application/json", headers=headers)
    assert answer.json()["consents"][0]["result"] == "asked"


def test_whom_a_program_brings_confirms_in_their_own_language_else_in_that_of_its_door(
    ada: User, mona: User, alice: User, post: Post, send_all: Callable[[], None]
) -> None:
    secret = keys.issue(actor=ada, name="Web shop", scopes=["capture"])[1]
    for email, more in (("a@x.example", {}), ("b@x.example", {"language": "en"}), ("c@x.example", {"language": "pt"})):
        brought(secret, email, **more)
    door = Door.objects.get(kind=DoorKind.API)
    path = f"/capture/hooks/{door.pk}"
    assert signed_in(alice).post(path, {"language": "en"}).status_code == 403
    assert CHOSEN.format("de") in signed_in(mona).get(path).text
    kept(mona, path, {"language": "en"})
    assert AuditEntry.objects.filter(verb="door.change", target=door.slug).exists()
    brought(secret, "d@x.example")
    send_all()
    to = {re.sub(r".*<|>", "", str(each.mail["To"])): each.text for each in post.received}
    begins = {address[0]: text.partition(",")[0] for address, text in to.items()}
    assert begins == {"a": "Guten Tag", "b": "Hello", "c": "Guten Tag", "d": "Hello"}


def test_doors_that_were_there_before_speak_the_language_of_the_country_but_for_what_is_asked_at_them(
    mona: User,
) -> None:
    booths.keep_booth(actor=mona, draft=BoothDraft(name="IDS"))
    calls = cards.built_in(DoorKind.CALL)
    assert calls.language == "de"
    Door.objects.update(language="en")
    migration = import_module("ripeline.migrations.0072_doors_of_a_country").Migration
    with connection.cursor() as cursor:
        cursor.execute(migration.operations[0].sql)
    assert dict(Door.objects.values_list("kind", "language")) == {"booth": "en", "call": "de"}
