"""What is leaking, and what following up would bring, in a real browser: desktop, phone, dark, by axe."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions.deciding import Next
from ripeline.people.models import User
from ripeline.ripeness import actions as ripeness
from ripeline.worker import tasks
from tests.cast import MakeLead, by
from tests.simulation.answers import answered

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]


@pytest.fixture
def shoebox(alice: User, bob: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some never touched, some given up, some stalled."""
    now = clock.now()
    ways = [one.pk for one in catalog.sources_named(["Trade show Lisbon", "White paper", "Quote request"]).values()]
    for at in range(24):
        monkeypatch.setattr(clock, "now", lambda at=at: now - timedelta(days=50 + at))
        owner = alice if at % 3 else bob
        lead = make_lead(
            owner, captured=timedelta(), source_id=ways[at % 3], name=f"Priya {at}", due=timedelta(days=99)
        )
        for _ in range(at % 4):
            leads.touch(
                lead.pk, by(owner), kind="call", reached=at % 4 == 3, next=Next(clock.now() + timedelta(days=90)),
                disposition="reached" if at % 4 == 3 else "no_answer",
            )  # fmt: skip
    monkeypatch.setattr(clock, "now", lambda: now)
    ripeness.rescore()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_the_leader_sees_what_leaks_looks_into_it_and_puts_it_back_to_work(
    shoebox: None, carol: User, open_page: OpenPage, axe: Axe, shot: Shot
) -> None:
    page = open_page(carol, "/insight/leaks")
    expect(page.locator(".said .lead")).to_contain_text("24 of your team’s leads are leaking")
    expect(page.locator(".picture svg.chart").first).to_be_visible()
    axe(page)
    shot(page, "leaks")
    page.locator("#recover").scroll_into_view_if_needed()
    shot(page, "leaks-recover")
    page.get_by_role("link", name="Never touched").first.click()
    expect(page.get_by_text("6 leads")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("What is leaking?")
    page.get_by_label("How many a day, for each person").fill("3")
    page.get_by_role("button", name="Put them back to work").click()
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    assert tasks.work(lambda: False)
    expect(page.locator(".said .lead")).to_contain_text("Nothing is leaking")  # the page looks again by itself
    expect(page.get_by_role("button", name="Take that back")).to_be_visible()
    axe(page)
    shot(page, "leaks-done")
    phone = open_page(carol, "/insight/leaks", phone=True)
    assert fits(phone)


def test_the_leader_reads_what_following_up_would_bring(
    carol: User, alice: User, make_lead: MakeLead, open_page: OpenPage, axe: Axe, shot: Shot
) -> None:
    with clock.at(clock.now() - timedelta(days=400)):
        for at in range(30):
            make_lead(alice, name=f"Priya Raman {at}")
    page = open_page(carol, "/insight/market")
    expect(page.locator(".said .lead")).to_contain_text("How much more would you win")
    axe(page)
    shot(page, "market-first")
    answered(carol)
    page = open_page(carol, "/insight/market")
    expect(page.locator(".said .lead")).to_contain_text("would win about 192")
    axe(page)
    shot(page, "market")
    page.get_by_role("heading", name="Held against your own record").scroll_into_view_if_needed()
    expect(page.get_by_text("You truly won 0 of the 30 leads")).to_be_visible()
    shot(page, "market-held")
    page.locator(".market-asks").scroll_into_view_if_needed()
    shot(page, "market-asks")
    page.get_by_label("People who follow up").fill("0")
    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_text("Between 1 and 2,000, please.")).to_be_visible()
    axe(page)
    page.get_by_label("People who follow up").fill("4")
    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    phone = open_page(carol, "/insight/market", phone=True)
    assert fits(phone)
    axe(phone)
