"""A call by two keys, and a signature looked over, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import Company, User
from tests.cast import MakeLead

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]


@pytest.fixture(autouse=True)
def here(db: None) -> None:
    Company.objects.update(country="GB", time_zone="Europe/London")


def test_a_call_is_noted_by_two_keys_from_anywhere_and_the_caller_is_found(
    open_page: OpenPage, axe: Axe, shot: Shot, make_lead: MakeLead, alice: User, sam: User
) -> None:
    lead = make_lead(alice, name="Priya Raman", company="Northgate Dental", phone="+442071838750")
    page = open_page(sam, "/leads")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/leads/call")
    expect(page.get_by_label("Their number")).to_be_focused()
    page.get_by_label("Their number").press_sequentially("020 7183 8")
    offered = page.get_by_role("button", name="Priya Raman")
    expect(offered).to_be_visible()
    axe(page)
    shot(page, "call-offered")
    offered.click()
    expect(page.get_by_text("This call is of Priya Raman")).to_be_visible()
    expect(page.get_by_label("What is it about?")).to_be_focused()
    page.get_by_label("What is it about?").fill("Wants the price of a second chair")
    page.get_by_label("When do they hear from us?").fill("whenever")
    page.get_by_role("button", name="Note the call").click()
    expect(page.get_by_text("is not a date")).to_be_visible()
    expect(page.get_by_text("This call is of Priya Raman")).to_be_visible()
    expect(page.get_by_label("When should it be in place?")).to_be_hidden()
    axe(page)
    shot(page, "call")
    page.get_by_text("Which number they called, campaign and your questions").click()
    page.get_by_label("Campaign").fill("Spring fairs")
    page.get_by_label("When should it be in place?").select_option("Later")
    axe(page)
    shot(page, "call-questions")
    page.get_by_label("When do they hear from us?").fill("tomorrow 10:00")
    page.get_by_role("button", name="Note the call").click()
    expect(page.get_by_text("The call is noted. Next is Alice")).to_be_visible()
    enquiry = Enquiry.objects.select_related("campaign").get(door="call")
    assert (enquiry.lead_id, str(enquiry.campaign), enquiry.answers) == (lead.pk, "Spring fairs", {"timeline": "Later"})
    assert Lead.objects.count() == 1


def test_what_they_answered_is_noted_with_a_lead_by_hand_and_corrected_on_the_record(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User
) -> None:
    page = open_page(alice, "/leads/new")
    page.get_by_label("Name").fill("Priya Raman")
    page.get_by_text("Where you met, campaign and your questions").click()
    page.get_by_label("Where you met").fill("Hall 7")
    page.get_by_label("Campaign").fill("Spring fairs")
    page.get_by_label("When should it be in place?").select_option("Later")
    axe(page)
    shot(page, "lead-new-questions")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Priya Raman")).to_be_visible()
    expect(page.get_by_text("met at Hall 7")).to_be_visible()
    shot(page, "record-answers")
    page.get_by_role("link", name="Correct the answers").click()
    expect(page.get_by_role("heading", name="What they answered")).to_be_visible()
    expect(page.get_by_label("When should it be in place?")).to_have_value("Later")
    axe(page)
    shot(page, "answers")
    page.get_by_label("When should it be in place?").select_option("Within a month")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Their answers are kept.")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="Within a month")).to_be_visible()
    axe(page)
    assert Enquiry.objects.get().said == {"timeline": "Within a month"}


def test_a_signature_is_looked_over_on_a_phone(open_page: OpenPage, axe: Axe, shot: Shot, alice: User) -> None:
    page = open_page(alice, "/leads/new", phone=True)
    page.get_by_role("link", name="Card file or signature").click()
    expect(page.get_by_role("heading", name="Cards and signatures")).to_be_visible()
    axe(page)
    shot(page, "cards")
    signature = "Best regards\nPriya Raman\nOwner\nNorthgate Dental Ltd\npriya@northgate.example\nT: 020 7183 8750"
    page.get_by_label("What stands at the end of their mail").fill(signature)
    page.get_by_role("button", name="Read it").last.click()
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    expect(page.get_by_label("Company guessed")).to_have_value("Northgate Dental Ltd")
    page.get_by_text("Your questions").click()
    expect(page.get_by_label("When should it be in place?")).to_be_visible()
    axe(page)
    shot(page, "cards-review")
    page.get_by_label("Where if you like").fill("Hall 7")
    page.get_by_role("button", name="Bring them in").click()
    expect(page.get_by_role("heading", name="Priya Raman")).to_be_visible()
    expect(page.get_by_text("met at Hall 7")).to_be_visible()


def test_a_booth_is_set_up_and_its_page_is_at_hand(open_page: OpenPage, axe: Axe, shot: Shot, mona: User) -> None:
    page = open_page(mona, "/capture")
    page.get_by_role("link", name="Set up a booth").click()
    page.get_by_label("The event").fill("Dental Expo")
    page.get_by_label("Where if you like").fill("Hall 7")
    axe(page)
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="Dental Expo")).to_be_visible()
    axe(page)
    shot(page, "booth-settings")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept; phones have it")).to_be_visible()
    page.goto("/booth")
    axe(page)
    page.get_by_role("link", name="Dental Expo").click()
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
