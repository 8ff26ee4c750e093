"""What stands around a letter is in the language in which its reader agreed; else their door's, else the company's."""

from collections.abc import Callable
from importlib import import_module

import pytest
from django.db import connection
from django.test import Client

from ripeline.capture.doors import machines
from ripeline.capture.doors.machines import Entry
from ripeline.capture.in_person import agreeing, booths, cards
from ripeline.capture.in_person.agreeing import Said
from ripeline.capture.in_person.booths import BoothDraft
from ripeline.capture.in_person.card import Card
from ripeline.capture.models import Door, DoorKind
from ripeline.leads.models import Lead
from ripeline.outbox import actions, consent, links, queries
from ripeline.outbox.addresses import address_hash
from ripeline.outbox.consent import Evidence
from ripeline.outbox.models import Consent
from ripeline.people import keys
from ripeline.people.models import Company, User
from tests.mail_server import Post

PRIYA = "priya@northgate.example"
NEWS = actions.NEWS
GERMAN, ENGLISH = "Guten Tag,", "Hello,"
Begins = Callable[[], str]


@pytest.fixture
def begins(db: None, post: Post, send_all: Callable[[], None]) -> Begins:
    """How a letter to Priya begins."""

    def read() -> str:
        actions.send(kind="letter", purpose=NEWS, to=PRIYA, key="1", context={"subject": "New", "text": "…"})
        send_all()
        return post.received[-1].text.partition("\n")[0]

    return read


def came_by_a_german_booth(mona: User, alice: User) -> Lead:
    booth = booths.keep_booth(actor=mona, draft=BoothDraft(name="IDS", language="de"))
    card = Card(key="1", fields={"name": "Priya", "email": PRIYA})
    submission, _ = cards.take(actor=alice, door=booth, card=card)
    return Lead.objects.get(pk=submission.lead_id)


@pytest.mark.parametrize(("country", "begun"), [("AT", GERMAN), ("GB", ENGLISH), ("PT", ENGLISH)])
def test_where_nothing_is_known_it_is_that_of_the_country(country: str, begun: str, begins: Begins) -> None:
    Company.objects.update(country=country)
    consent.give(to=PRIYA, purpose=NEWS, evidence=Evidence("on paper"))
    assert begins() == begun


def test_who_told_alice_so_gets_it_in_the_language_of_the_door_they_came_by(
    mona: User, alice: User, begins: Begins
) -> None:
    lead = came_by_a_german_booth(mona, alice)
    agreeing.note(actor=alice, lead_id=lead.pk, address=PRIYA, purpose=NEWS, said=Said.YES, how="by telephone")
    assert begins() == GERMAN


def test_who_was_read_german_words_gets_it_in_german(ada: User, alice: User, begins: Begins) -> None:
    said = next(each for each in queries.every_wording() if each.language == "de")
    consent.give(to=PRIYA, purpose=NEWS, evidence=Evidence("on paper", wording=said))
    assert begins() == GERMAN


def test_whom_a_program_says_to_have_agreed_gets_it_in_their_own(ada: User, begins: Begins) -> None:
    key, _ = keys.issue(actor=ada, name="Web shop", scopes=["capture"])
    said = machines.Said(purpose=NEWS, agreed=True, how="their own double opt-in", confirmed=True)
    machines.take(key=key, entry=Entry(fields={"email": PRIYA, "language": "de"}, consents=[said]))
    assert begins() == GERMAN


def test_who_chooses_it_on_a_german_page_gets_it_in_german(client: Client, begins: Begins) -> None:
    path = links.unsubscribe_path(address_hash(PRIYA), "", None)
    wording = next(each for each in queries.wordings(NEWS, language="de"))
    given = {"what": "choose", "shown": [wording.pk], "want": [NEWS]}
    assert "Ihre Auswahl ist gespeichert" in client.post(f"{path}?lang=de", given).text
    assert begins() == GERMAN


def test_who_agreed_before_that_was_kept_gets_it_as_their_words_or_their_form_were(mona: User, alice: User) -> None:
    lead = came_by_a_german_booth(mona, alice)
    consent.give(to=PRIYA, purpose=NEWS, evidence=Evidence("on paper"), lead_id=lead.pk)
    said = next(each for each in queries.every_wording() if each.language == "de")
    consent.give(to="jon@x.example", purpose=NEWS, evidence=Evidence("form", wording=said))
    consent.give(to="eva@x.example", purpose=NEWS, evidence=Evidence("on paper"))
    Consent.objects.update(language="")
    Door.objects.update(kind=DoorKind.FORM)
    migration = import_module("ripeline.migrations.0075_agreed_in").Migration
    with connection.cursor() as cursor:
        for operation in migration.operations:
            cursor.execute(operation.sql)
    found = dict(Consent.objects.values_list("address_hash", "language"))
    known = [found[address_hash(each)] for each in (PRIYA, "jon@x.example", "eva@x.example")]
    assert known == ["de", "de", ""]
