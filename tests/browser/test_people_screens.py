"""Signing in, first run and the settings, in a real browser: what people see, by keyboard, at any size."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from ripeline.people.models import Company

OpenPage = Callable[..., Page]

Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]


def test_the_first_page_makes_the_administrator_and_guesses_where_they_are(
    open_page: OpenPage, axe: Axe, shot: Shot
) -> None:
    page = open_page(None, "/leads")
    expect(page).to_have_url("/first-run")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Lisbon")
    expect(page.get_by_label("Country")).to_have_value("PT")
    axe(page)
    shot(page, "first-run")

    page.get_by_label("Company").fill("Northwind Dental")
    page.get_by_label("Your name").fill("Ada Lindqvist")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("This password is too short")).to_be_visible()
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Company")).to_have_value("Northwind Dental")
    axe(page)

    page.get_by_label("Password").fill("ripe tomatoes in may")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Good to have you here, Ada")
    axe(page)
    shot(page, "start")
    assert Company.objects.get().name == "Northwind Dental"
