"""Two records of one person, found, compared, made one and taken apart, in a real browser."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from ripeline.catalog.actions import custom_fields
from ripeline.leads.decisions import actions
from ripeline.leads.doubles import duplicates
from ripeline.leads.models import Lead
from ripeline.people.models import Company, User
from ripeline.ripeness import actions as ripeness
from tests.cast import MakeLead, by, soon

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]


@pytest.fixture
def twice(alice: User, make_lead: MakeLead) -> tuple[Lead, Lead]:
    """Priya came by a fair and by a form, and twice more there is a pair to look at."""
    Company.objects.update(name="Northwind Dental", time_zone="Europe/Lisbon")
    custom_fields({"chairs": ("Chairs", "text")})
    one = make_lead(
        alice, name="Priya Raman", title="Practice manager", email="priya.raman@northgate.example",
        phone="+351912345678", company="Northgate Dental", captured=timedelta(days=40), custom={"chairs": "6"},
    )  # fmt: skip
    other = make_lead(
        alice, name="Prya Raman", title="Owner", email="priya.raman@gmail.com", phone="+351912345678",
        company="Northgate", captured=timedelta(days=3), message="We open a second practice in May.", country="PT",
        custom={"chairs": "9"}, amount=Decimal(12500), currency="EUR",
    )  # fmt: skip
    actions.touch(one.pk, by(alice), kind="call", reached=True, next=soon(days=12))
    rest = [
        make_lead(alice, name=name, company="Fjord Klinikk", email=email)
        for name, email in (("Jonas Nilsen", "jonas@fjord.example"), ("Jonas Nielsen", "j.nielsen@fjord.example"))
    ]
    ripeness.rescore()
    duplicates.find([one.pk, other.pk, *(lead.pk for lead in rest)])
    return one, other


@pytest.mark.usefixtures("twice")
def test_two_records_are_compared_made_one_and_taken_apart(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User
) -> None:
    page = open_page(alice, "/leads")
    page.get_by_role("link", name="Possible duplicates").click()
    expect(page.get_by_role("heading", name="Possible duplicates")).to_be_visible()
    expect(page.get_by_text("Very likely one person: the same telephone")).to_be_visible()
    axe(page)
    shot(page, "duplicates")
    page.get_by_role("link", name="Compare Priya Raman and Prya Raman").click()
    expect(page.get_by_role("heading", name="Are these one person?")).to_be_visible()
    axe(page)
    shot(page, "compare")
    page.get_by_role("group", name="Title").get_by_label("Owner").check()
    page.get_by_role("group", name="Chairs").get_by_label("9").check()
    page.get_by_role("button", name="Make them one").click()
    expect(page.get_by_text("are one record now.")).to_be_visible()
    expect(page.locator(".record-head")).to_contain_text("Owner, Northgate Dental")
    expect(page.get_by_text("We open a second practice in May.").first).to_be_visible()
    expect(page.locator(".next-step")).to_contain_text("Follow up")
    axe(page)
    shot(page, "merged")
    page.locator(".toast .undo").click()
    expect(page.get_by_text("They are two records again.")).to_be_visible()
    expect(page.locator(".record-head")).to_contain_text("Practice manager")


def test_on_a_phone_the_record_says_who_it_may_be_and_an_answer_is_remembered(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, twice: tuple[Lead, Lead]
) -> None:
    page = open_page(alice, f"/leads/{twice[0].pk}", phone=True)
    expect(page.get_by_text("May be the same as Prya Raman")).to_be_visible()
    axe(page)
    shot(page, "may-be")
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Are these one person?")).to_be_visible()
    axe(page)
    shot(page, "compare-phone")
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits), "nothing runs out of a phone's width"
    page.goto("/leads/duplicates")
    expect(page.get_by_text("Very likely one person")).to_be_visible()
    assert page.evaluate(fits)
    shot(page, "duplicates-phone")
    page.get_by_role("button", name="Not the same").first.click()
    expect(page.get_by_text("Two people, then.")).to_be_visible()
    expect(page.get_by_text("Very likely one person")).to_have_count(0)
    page.locator(".toast .undo").click()
    expect(page.get_by_text("Very likely one person")).to_be_visible()
