"""What was held back because no mail server was set, and is sent later because somebody says so."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from ripeline.base import clock
from ripeline.capture.arriving import giving
from ripeline.catalog import assets
from ripeline.outbox import actions, consent, queries, suppression
from ripeline.outbox.models import Message
from ripeline.people.models import AuditEntry, User
from tests.cast import MakeLead
from tests.mail_server import Post
from tests.outbox.conftest import NEWS, PRIYA, SAID_SO, thank

pytestmark = pytest.mark.django_db
SendAll = Callable[[], None]
StartPost = Callable[[], Post]
MARTA = "marta@hartley.example"


def ask(to: str = PRIYA) -> None:
    consent.ask(to=to, purpose=NEWS, evidence=SAID_SO, base_url="https://here.example")


def give(to: str = PRIYA, key: str = "form 1") -> None:
    actions.send(
        kind="asset", to=to, key=key, context={"title": "Price list", "path": "/get/x", "base_url": "https://h.example"}
    )


def with_a_server(settings: Settings, start_post: StartPost) -> Post:
    server = start_post()
    settings.SMTP_URL = f"smtp://127.0.0.1:{server.port}"
    return server


def test_confirmations_and_links_go_out_once_when_an_administrator_says_so(
    ada: User, settings: Settings, start_post: StartPost, send_all: SendAll
) -> None:
    ask()
    give()
    give(key="form 2")  # the same once more: one link is enough
    thank()  # of no use to anybody now
    with clock.at(clock.now() - timedelta(days=31)):
        ask(MARTA)
    server = with_a_server(settings, start_post)
    send_all()
    assert server.received == [], "nothing by itself"
    web = Client()
    web.force_login(ada)
    assert "2 confirmations and links" in web.get("/settings/mail").text
    assert "2 are on their way" in web.post("/settings/mail/held", follow=True).text
    send_all()
    assert sorted(each.mail["Subject"] for each in server.received) == ["Please confirm: News by e-mail", "Price list"]
    assert "Nothing is held back" in web.post("/settings/mail/held", follow=True).text
    send_all()
    assert len(server.received) == 2
    assert AuditEntry.objects.filter(verb="mail.held").count() == 1


def test_who_wants_none_by_then_or_has_been_asked_again_gets_none_of_it(
    ada: User, settings: Settings, start_post: StartPost, send_all: SendAll
) -> None:
    ask()
    give(MARTA)
    with clock.at(clock.now() - timedelta(days=3)):
        ask("tom@hartley.example")
    suppression.suppress_by_hand(actor=ada, address=MARTA, note="said so")
    consent.withdraw(to=PRIYA, purpose=NEWS, evidence=SAID_SO)
    server = with_a_server(settings, start_post)
    ask("tom@hartley.example")
    send_all()
    assert len(server.received) == 1
    actions.send_held(actor=ada)
    send_all()
    assert len(server.received) == 1
    assert Message.objects.get(to_address=MARTA).reason == "suppressed"


def test_what_nobody_was_asked_is_not_said_to_wait_for_their_answer(
    ada: User, settings: Settings, start_post: StartPost, send_all: SendAll
) -> None:
    ask()
    assert [each.is_unasked for each in queries.consents(PRIYA)] == [True]
    [standing] = queries.standings([PRIYA])
    assert standing.consents[0].is_unasked
    with_a_server(settings, start_post)
    actions.send_held(actor=ada)
    assert [each.is_unasked for each in queries.consents(PRIYA)] == [False]


def test_without_a_server_nothing_is_sent_and_only_administrators_may(ada: User, alice: User) -> None:
    ask()
    with pytest.raises(actions.OutboxError):
        actions.send_held(actor=ada)
    with pytest.raises(PermissionError):
        actions.send_held(actor=alice)


def test_a_link_that_was_held_back_past_its_last_day_leads_there_for_a_month_from_now(
    ada: User, alice: User, make_lead: MakeLead, settings: Settings, start_post: StartPost, send_all: SendAll
) -> None:
    lead = make_lead(alice, name="Priya Raman", email=PRIYA)
    asset = assets.add(actor=ada, draft=assets.Draft(title="Price list", url="https://hartley.example/prices"))
    with clock.at(clock.now() - timedelta(days=29, hours=23)):
        context = {"title": "Price list", "path": giving.path(asset, lead.pk), "until": "2026-01-01"}
        actions.send(kind="asset", to=PRIYA, key="form", context=context | {"base_url": "https://h.example"})
    server = with_a_server(settings, start_post)
    actions.send_held(actor=ada, anew=giving.anew)
    send_all()
    [letter] = server.received
    last = giving.until()
    assert f"{last:%-d %B}" in letter.text
    gift = giving.read(letter.text.split("/get/")[1].split()[0].partition("?")[0])
    assert gift
    assert (gift.asset, gift.lead_id, gift.until) == (asset, lead.pk, last)
