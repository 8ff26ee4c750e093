"""Two companies that may be one, seen side by side, made one and taken apart, in a real browser."""

from collections.abc import Callable
from decimal import Decimal

from playwright.sync_api import Page, expect

from ripeline.leads.doubles import same_company
from ripeline.people.models import User
from tests.cast import MakeLead

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]


def test_two_companies_are_made_one_and_taken_apart(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, make_lead: MakeLead
) -> None:
    for name, email, company in (
        ("Priya Raman", "priya@northgate.example", "Northgate Dental"),
        ("Jonas Weber", "jonas@northgate.example", "Northgate Dental"),
        ("Marta Nilsen", "marta@northgate.test", "Northgate Dental GmbH & Co. KG"),
        ("Ken Abe", "", "Fjord Klinikk"),
        ("Ines Duarte", "", "Fjord Klinikk AS"),
    ):
        make_lead(alice, name=name, email=email, company=company, amount=Decimal(12500), currency="EUR")
    same_company.catch_up()
    page = open_page(alice, "/leads/duplicates")
    page.get_by_role("link", name="Companies").click()
    expect(page.get_by_text("Very likely one company")).to_be_visible()
    axe(page)
    shot(page, "same-companies")
    page.get_by_role("link", name="Compare Northgate Dental").first.click()
    expect(page.get_by_role("heading", name="Are these one company?")).to_be_visible()
    axe(page)
    shot(page, "compare-companies")
    page.get_by_label("Northgate Dental GmbH & Co. KG").check()
    page.get_by_role("button", name="Make them one").click()
    expect(page.locator(".toast")).to_contain_text("are one company now, called Northgate Dental GmbH & Co. KG.")
    expect(page.get_by_role("heading", name="Merged lately")).to_be_visible()
    axe(page)
    shot(page, "companies-merged")
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator(".toast")).to_contain_text("They are two companies again.")
    expect(page.get_by_text("Very likely one company")).to_be_visible()
