"""What a stranger meets where something is wrong: in the language of the mail that led there, else of their browser."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client

from ripeline.base import clock
from ripeline.capture.arriving import giving
from ripeline.capture.doors import doors
from ripeline.catalog import assets, linking, phrases
from ripeline.outbox import links
from ripeline.outbox.addresses import address_hash
from ripeline.people.models import Company, User
from tests.cast import MakeLead

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def nordwind(mona: User) -> None:
    Company.objects.update(name="Nordwind Dental")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/f/nirgends", 404, "Hier ist nichts"),
        ("/f/nirgends/thanks", 404, "Hier ist nichts"),
        ("/l/nichts", 404, "Dieser Link führt nirgendwo mehr hin"),
        ("/get/nichts", 404, "Dieser Link funktioniert nicht"),
        ("/confirm/nichts", 404, "Dieser Link funktioniert nicht"),
        ("/unsubscribe/nichts", 404, "Dieser Link funktioniert nicht"),
    ],
)
def test_an_address_that_leads_nowhere_says_so_in_the_language_of_the_browser(
    client: Client, path: str, status: int, said: str
) -> None:
    page = client.get(path, headers=GERMAN)
    assert (page.status_code, said in page.text, '<html lang="de">' in page.text) == (status, True, True)
    assert "Nordwind Dental" in page.text
    assert "Ripeline</" not in page.text, "strangers know the company"
    assert "To the start" not in page.text, "and have nothing to sign in to"
    assert '<html lang="en">' in client.get(path).text


def test_who_finds_no_form_is_told_whom_to_ask(client: Client) -> None:
    assert "Oder wenden Sie sich an Nordwind Dental." in client.get("/f/nirgends", headers=GERMAN).text


def test_words_for_a_form_that_is_gone_may_stand_in_any_page(client: Client) -> None:
    page = client.get("/f/nirgends?embed=1", headers=GERMAN)
    assert "frame-ancestors http: https:" in page["Content-Security-Policy"]
    assert "X-Frame-Options" not in page


def test_what_is_too_large_and_what_breaks_is_said_in_german_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    much = client.post(
        "/f/angebot", b"x", content_type="text/plain", headers=GERMAN | {"content-length": str(30 * 1024 * 1024)}
    )
    assert (much.status_code, "größer als jedes unserer Formulare" in much.text) == (413, True)
    client.raise_request_exception = False

    def breaks(_: str) -> None:
        raise ValueError

    def is_away(_: str) -> None:
        raise OperationalError

    monkeypatch.setattr(doors, "open_door", breaks)
    page = client.get("/f/angebot", headers=GERMAN)
    assert (page.status_code, "Bei uns ist etwas schiefgegangen" in page.text) == (500, True)
    monkeypatch.setattr(doors, "open_door", is_away)
    page = client.get("/f/angebot", headers=GERMAN)
    assert (page.status_code, "Einen Augenblick, bitte" in page.text, page["Retry-After"]) == (503, True, "5")


def test_who_works_here_reads_what_is_wrong_as_everywhere(mona: User, client: Client) -> None:
    client.force_login(mona)
    assert "To the start" in client.get("/f/nirgends", headers=GERMAN).text


def test_a_link_of_a_mail_speaks_the_language_of_its_form_whatever_the_browser_asks_for(
    mona: User, alice: User, make_lead: MakeLead, client: Client
) -> None:
    lead = make_lead(alice, email="priya@nordtor.example")
    guide = assets.add(actor=mona, draft=assets.Draft(title="Guide", url="https://www.nordwind.example/guide"))
    with clock.at(clock.now() - timedelta(days=40)):
        over = giving.path(guide, lead.pk)
    choose = links.unsubscribe_path(address_hash("priya@nordtor.example"), "news", lead.pk)
    for path, english, german in (
        (over, "This link is over", "Dieser Link gilt nicht mehr"),
        (choose, "What we may send you", "Was wir Ihnen senden dürfen"),
    ):
        assert english in client.get(links.in_language(path, "en"), headers=GERMAN).text
        assert german in client.get(links.in_language(path, "de"), headers={"Accept-Language": "en"}).text
        assert german in client.get(links.in_language(path, ""), headers=GERMAN).text, "no form is known"


@pytest.mark.parametrize("keeps", [0, 1, 20, -9, -1])
def test_a_link_that_a_mail_program_cut_short_is_said_to_be_so_not_to_be_over(
    mona: User, alice: User, make_lead: MakeLead, client: Client, keeps: int
) -> None:
    lead = make_lead(alice, email="priya@nordtor.example")
    guide = assets.add(actor=mona, draft=assets.Draft(title="Guide", url="https://www.nordwind.example/guide"))
    for whole in (
        giving.path(guide, lead.pk),
        links.confirm_path(lead.pk, clock.now()),
        links.unsubscribe_path(address_hash("priya@nordtor.example"), "news", lead.pk),
    ):
        _, place, token = whole.split("/")
        for cut in {f"/{place}/{token[:keeps]}", f"/{place}" if keeps == 0 else f"/{place}/{token[:keeps]}"}:
            page = client.get(cut, headers=GERMAN)
            assert (page.status_code, "Vielleicht wurde er unterwegs abgeschnitten" in page.text) == (404, True), cut
            assert "gilt nicht mehr" not in page.text
            page = client.get(cut)
            assert "It may have been cut short on the way" in page.text
            assert "is over" not in page.text
            assert "Nordwind Dental" in page.text, "whom to ask if the mail has it no better"


def test_a_poster_that_leads_nowhere_any_more_is_german_for_a_german(mona: User, client: Client) -> None:
    link = linking.keep(actor=mona, name="Poster", address="https://films.example/a", tells=False)
    linking.set_active(actor=mona, code=link.code, is_active=False)
    page = client.get(f"/l/{link.code}", headers=GERMAN)
    assert (page.status_code, "Fragen Sie bitte bei Nordwind Dental nach." in page.text) == (410, True)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"), ("de", "de"), ("DE-ch", "de"), ("en-GB,de;q=0.9", "en"), ("fr,de;q=0.3,en;q=0.2", "de"),
        ("fr", "en"), ("de;q=0,en", "en"), ("en;q=0.4, de;q=0.8", "de"), ("de;q=x", "en"), (";,;q=1,*", "en"),
    ],
)  # fmt: skip
def test_of_the_languages_a_browser_asks_for_the_one_liked_best_that_there_is(header: str, language: str) -> None:
    assert phrases.accepted(header).code == language
