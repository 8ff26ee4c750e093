"""Which of several deals was won: asked on Today and on the record, by keyboard, at any width."""

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ripeline.base import clock
from ripeline.leads.models import Lead, Opportunity, State
from ripeline.people.models import Company, User
from tests.browser.conftest import OpenPage
from tests.cast import MakeLead

Axe = Any
Shot = Any


@pytest.fixture
def lead(alice: User, make_lead: MakeLead) -> Lead:
    """Of Alice's, due today, with three deals open: one of a long name, one without a name or an amount."""
    Company.objects.update(name="Northwind Dental", time_zone="Europe/Lisbon", work_days=list(range(7)))
    found = make_lead(alice, name="Priya Raman", phone="+351912345678", state=State.OPPORTUNITY)
    for name, amount in (
        ("Lathe", "1000"), ("Press for the second hall, with installation and two years of care", "48500"), ("", None)
    ):  # fmt: skip
        Opportunity.objects.create(
            lead=found, key=name or "none", name=name, amount=amount and Decimal(amount), currency="EUR",
            opened_at=clock.now(),
        )  # fmt: skip
    return found


def states() -> dict[str, str]:
    return dict(Opportunity.objects.values_list("name", "state"))


def within(page: Page) -> None:
    """Nothing is wider than the page."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_today_asks_which_deal_was_won_and_goes_on_with_the_others(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, lead: Lead
) -> None:
    page = open_page(alice, f"/today/{lead.pk}")
    page.keyboard.press("w")
    which = page.get_by_label("Which deal")
    expect(which).to_be_focused()
    axe(page)
    shot(page, "today-which-deal")
    page.get_by_role("button", name="They bought").click()  # the browser asks for it
    expect(page.locator("#deal:invalid")).to_be_visible()
    which.select_option(label="Lathe, €1,000")
    page.get_by_label("Amount").fill("a lot")
    page.get_by_role("button", name="They bought").click()
    expect(page.locator("#sheet .error")).to_contain_text("a lot")
    expect(which.locator("option:checked")).to_have_text("Lathe, €1,000")
    axe(page)
    shot(page, "today-which-deal-wrong")
    page.get_by_label("Amount").fill("900")
    page.get_by_role("button", name="They bought").click()
    expect(page.locator(".toast")).to_contain_text("one deal won, goes on with what else is open")
    assert (states()["Lathe"], Opportunity.objects.get(name="Lathe").amount) == ("won", 900)
    assert Lead.objects.get().state == State.OPPORTUNITY
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("taken back")
    assert set(states().values()) == {"open"}


def test_the_record_asks_so_too_and_on_a_telephone_all_of_it_is_in_sight(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, lead: Lead
) -> None:
    page = open_page(alice, f"/leads/{lead.pk}")
    page.keyboard.press("w")
    expect(page.get_by_label("Which deal")).to_be_focused()
    axe(page)
    shot(page, "record-which-deal")
    page.emulate_media(color_scheme="dark")
    axe(page)
    for path in (f"/leads/{lead.pk}", f"/today/{lead.pk}"):
        phone = open_page(alice, path, phone=True)
        phone.locator('summary[data-key="w"]').click()
        for part in (phone.get_by_label("Which deal"), phone.get_by_role("button", name="They bought")):
            expect(part).to_be_in_viewport(ratio=1)
        within(phone)
        axe(phone)
        shot(phone, f"which-deal-on-a-phone{path.count('today') * '-today'}")
