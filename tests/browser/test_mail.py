"""The pages behind links in mail, and Settings, Mail, in a real browser: on a phone first."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from ripeline.outbox import consent, links, queries, suppression
from ripeline.outbox.addresses import address_hash
from ripeline.outbox.models import SuppressionReason
from ripeline.people.models import Company, User
from tests.cast import MakeLead
from tests.mail_server import HANG_UP, Post
from tests.outbox.conftest import NEWS, PRIYA, SAID_SO, agree, news, thank

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]
SendAll = Callable[[], None]


def fits(page: Page) -> bool:
    """Nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.django_db
def test_somebody_unsubscribes_on_a_phone(open_page: OpenPage, axe: Axe, shot: Shot) -> None:
    Company.objects.update(name="Northwind Dental")
    agree()
    page = open_page(None, links.unsubscribe_path(address_hash(PRIYA), NEWS, None), phone=True)
    axe(page)
    assert fits(page)
    shot(page, "unsubscribe")
    assert queries.has_consent(PRIYA, NEWS)
    page.get_by_role("button", name="Stop “News by e-mail”").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("It is stopped")
    axe(page)
    shot(page, "unsubscribed")
    assert not queries.has_consent(PRIYA, NEWS)


@pytest.mark.django_db
def test_somebody_chooses_what_they_get_and_alice_sees_and_notes_it(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, make_lead: MakeLead
) -> None:
    Company.objects.update(name="Northwind Dental")
    priya = make_lead(alice, name="Priya Raman", email=PRIYA)
    page = open_page(None, links.unsubscribe_path(address_hash(PRIYA), "", priya.pk), phone=True)
    axe(page)
    assert fits(page)
    shot(page, "mail-choice")
    page.get_by_role("checkbox", name="News by e-mail").check()
    page.get_by_role("button", name="Keep this choice").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your choice is kept")
    axe(page)
    shot(page, "mail-chosen")
    record = open_page(alice, f"/leads/{priya.pk}")
    section = record.locator("#agreed")
    section.get_by_text("News by e-mail · given").click()
    expect(section.get_by_text("chosen by the link in a mail")).to_be_visible()
    section.get_by_text("Note what they said").click()
    section.get_by_label("they want no more of it").check()
    section.get_by_label("How you know").fill("Said so by telephone")
    axe(record)
    shot(record, "record-agreed")
    section.get_by_role("button", name="Note it").click()
    expect(record.get_by_text("gets no more “News by e-mail”")).to_be_visible()
    expect(section.get_by_text("News by e-mail · withdrawn")).to_be_visible()
    assert not queries.has_consent(PRIYA, NEWS)


@pytest.mark.django_db
def test_somebody_confirms_on_a_phone_and_an_old_link_says_what_to_do(
    open_page: OpenPage, axe: Axe, shot: Shot
) -> None:
    Company.objects.update(name="Northwind Dental")
    asked = consent.ask(to=PRIYA, purpose=NEWS, evidence=SAID_SO)
    page = open_page(None, links.confirm_path(asked.pk, asked.since), phone=True)
    axe(page)
    assert fits(page)
    shot(page, "confirm")
    page.get_by_role("button", name="Yes, send it to me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, that is confirmed")
    axe(page)
    shot(page, "confirmed")
    assert queries.has_consent(PRIYA, NEWS)
    page.goto(links.confirm_path(asked.pk, asked.since))
    expect(page.get_by_role("heading", level=1)).to_have_text("This is confirmed already")
    suppression.suppress(address=PRIYA, reason=SuppressionReason.UNSUBSCRIBED)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("You stopped all mail")
    axe(page)
    shot(page, "confirm-stopped")
    page.get_by_role("link", name="Choose again what you get").click()
    expect(page.get_by_role("button", name="Keep this choice")).to_be_visible()
    over = open_page(None, "/confirm/nothing", phone=True)
    axe(over)
    shot(over, "confirm-over")


def test_the_mail_pages_keep_nobody_out(
    open_page: OpenPage, axe: Axe, shot: Shot, ada: User, post: Post, send_all: SendAll
) -> None:
    Company.objects.update(name="Northwind Dental", time_zone="Europe/Lisbon")
    agree()
    post.rcpt["no@northgate.example"] = "550 5.1.1 No such user here"
    post.rcpt["slow@northgate.example"] = "451 4.7.1 greylisted, come back in five minutes"
    post.content = ["250 OK", HANG_UP]
    for to in (PRIYA, "jon@longacre-orthodontics.example", "no@northgate.example", "slow@northgate.example"):
        thank(to)
    news()
    news("nobody@northgate.example")
    send_all()
    suppression.suppress_by_hand(actor=ada, address="bob@northgate.example", note="asked by telephone")
    for name, path in (
        ("mail", "/settings/mail"),
        ("mail-doubt", "/settings/mail?state=doubt"),
        ("suppressed", "/settings/mail/suppressed"),
        ("purposes", "/settings/mail/purposes"),
    ):
        page = open_page(ada, path)
        axe(page)
        shot(page, name)
        assert fits(open_page(ada, path, phone=True)), name
    page = open_page(ada, "/settings/mail/suppressed")
    page.get_by_role("textbox", name="Address").fill(PRIYA)
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_role("heading", name=PRIYA)).to_be_visible()
    axe(page)
    shot(page, "suppressed-looked")
    axe(open_page(ada, "/settings/mail", dark=True))


def test_without_a_mail_server_the_page_says_what_to_set(open_page: OpenPage, axe: Axe, shot: Shot, ada: User) -> None:
    page = open_page(ada, "/settings/mail")
    expect(page.get_by_text("no mail server is set")).to_be_visible()
    axe(page)
    shot(page, "mail-none")
