"""Signing in, first run and the settings, in a real browser: what people see, by keyboard, at any size."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from ripeline.base import clock
from ripeline.leads.decisions import actions as lead_actions
from ripeline.people import actions, links
from ripeline.people.models import Absence, Company, Team, User
from tests.browser.conftest import DESKTOP
from tests.cast import PASSWORD, MakeLead

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]


@pytest.fixture
def company(ada: User, alice: User, bob: User, carol: User, mallory: User, make_lead: MakeLead) -> Company:
    """A company with something on every screen."""
    Company.objects.update(name="Northwind Dental", time_zone="Europe/Lisbon", country="PT")
    today = clock.now().date()
    actions.add_absence(actor=ada, user=bob, first_day=today, last_day=today + timedelta(days=6), cover=alice)
    actions.change_user(actor=ada, user=alice, lead_cap=4)
    actions.change_user(actor=carol, user=alice, tracking="guided")
    for number in range(4):
        lead = make_lead(alice, name=f"Priya Raman {number}", company="Northgate Dental")
        lead_actions.note_view(lead, carol)
    actions.add_user(actor=ada, email="dora@example.com", name="Dora Klein", role="rep")
    actions.add_team(actor=ada, name="Partners")
    return Company.objects.get()


def fits(page: Page) -> bool:
    """Nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


# --- the door ---------------------------------------------------------------------------------------------------------


def test_a_browser_that_calls_its_time_zone_by_an_old_name_is_understood(open_page: OpenPage) -> None:
    page = open_page(None, "/first-run", zone="Asia/Calcutta")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Kolkata")
    expect(page.get_by_label("Country")).to_have_value("IN")


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
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_label("Your name").fill("Ada Lindqvist")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("This password is too short")).to_be_visible()
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Company")).to_have_value("Northwind Dental")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    axe(page)
    shot(page, "first-run-wrong")

    page.get_by_label("Show what I type").check()
    password = page.get_by_label("Password")
    expect(password).to_have_attribute("type", "text")
    password.fill("ripe tomatoes in may")
    password.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Good to have you here, Ada")
    axe(page)
    shot(page, "start")
    assert Company.objects.get().name == "Northwind Dental"


def test_alice_signs_in_with_the_keyboard_alone(open_page: OpenPage, axe: Axe, shot: Shot, alice: User) -> None:
    page = open_page(None, "/settings/profile")
    axe(page)
    shot(page, "sign-in")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type("alice@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type("not her password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This e-mail and password do not belong together.")
    axe(page)
    shot(page, "sign-in-wrong")
    page.get_by_label("Password").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url("/settings/profile")


def test_doors_without_a_sign_in(open_page: OpenPage, axe: Axe, shot: Shot, ada: User, alice: User) -> None:
    dora = actions.add_user(actor=ada, email="dora@example.com", name="Dora Klein", role="rep")
    for name, path in (
        ("forgot", "/forgot-password"),
        ("reset", links.path(alice)),
        ("invitation", links.path(dora)),
        ("link-over", "/reset/AAAA/nothing"),
        ("not-found-outside", "/nothing-here"),
    ):
        page = open_page(None, path)
        axe(page)
        shot(page, name)


# --- the settings -----------------------------------------------------------------------------------------------------

PAGES = {
    "profile": "/settings/profile",
    "password": "/settings/password",
    "looks-empty": "/settings/looks",
    "people": "/settings/people",
    "people-nobody": "/settings/people?q=xyzzy",
    "invite": "/settings/people/invite",
    "person": "/settings/people/{bob}",
    "invited": "/settings/people/{dora}",
    "leaving": "/settings/people/{alice}/deactivate",
    "teams": "/settings/teams",
    "company": "/settings/company",
    "prior": "/settings/ripening",
    "term": "/settings/ripening/quote_request",
    "not-found": "/nothing-here",
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_the_settings_keeps_nobody_out(
    name: str, open_page: OpenPage, axe: Axe, shot: Shot, company: Company, ada: User
) -> None:
    ids = {user.email.split("@")[0]: user.pk for user in User.objects.all()}
    path = PAGES[name].format(**ids)
    page = open_page(ada, path)
    axe(page)
    shot(page, name)
    page.emulate_media(color_scheme="dark")
    axe(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": DESKTOP["width"] // 2, "height": DESKTOP["height"] // 2})  # twice as large
    assert fits(page)
    axe(page)
    assert fits(open_page(ada, path, phone=True))


FORMS = {
    "profile": ("/settings/profile", "Keep"),
    "password": ("/settings/password", "Change it"),
    "invite": ("/settings/people/invite", "Invite"),
    "person": ("/settings/people/{bob}", "Keep"),
    "teams": ("/settings/teams", "Add"),
    "company": ("/settings/company", "Keep"),
    "term": ("/settings/ripening/quote_request", "Keep"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_says_beside_the_field_what_is_wrong(
    name: str, open_page: OpenPage, axe: Axe, shot: Shot, company: Company, ada: User, bob: User
) -> None:
    path, button = FORMS[name]
    page = open_page(ada, path.format(bob=bob.pk))
    for field in page.locator("main form.form").first.locator("input[type=text], input[type=number]").all():
        field.fill("")
    page.locator("main form.form").first.get_by_role("button", name=button).click()
    error = page.locator(".field.wrong .error").first
    expect(error).to_be_visible()
    described = page.locator("[aria-invalid=true]").first
    expect(described).to_be_focused()
    assert str(error.get_attribute("id")) in str(described.get_attribute("aria-describedby")).split()
    axe(page)
    shot(page, f"{name}-wrong")


def test_alice_is_told_and_sees_who_looked(
    open_page: OpenPage, axe: Axe, shot: Shot, company: Company, alice: User
) -> None:
    page = open_page(alice, "/settings/looks")
    expect(page.get_by_role("status").filter(has_text="What your leader sees")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(5)
    axe(page)
    shot(page, "looks")
    page.get_by_role("link", name="Your profile").click()
    expect(page.get_by_text("Carol set this to Guided")).to_be_visible()
    axe(page)
    shot(page, "profile-guided")


def test_an_absence_is_removed_and_put_back_with_z(
    open_page: OpenPage, axe: Axe, shot: Shot, bob: User, company: Company
) -> None:
    page = open_page(bob, "/settings/profile")
    page.get_by_role("button", name="Remove the absence").click()
    expect(page.locator("#toasts")).to_contain_text("The absence is removed.")
    axe(page)
    shot(page, "toast")
    assert not Absence.objects.exists()
    page.keyboard.press("z")
    expect(page.get_by_text("Alice covers")).to_be_visible()
    assert Absence.objects.count() == 1


def test_ada_invites_dora_who_chooses_a_password(
    open_page: OpenPage, axe: Axe, shot: Shot, ada: User, north: Team
) -> None:
    page = open_page(ada, "/settings/people")
    page.keyboard.press("i")
    page.get_by_label("E-mail").fill("dora@example.com")
    page.get_by_label("Name").fill("Dora Klein")
    page.get_by_label("Team").select_option("North")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("heading", name="Hand over this invitation")).to_be_visible()
    link = page.get_by_label("Link").input_value()
    axe(page)

    hers = open_page(None, "/sign-in")
    hers.goto(link)
    hers.get_by_label("New password").fill("green apples in june")
    hers.keyboard.press("Enter")
    expect(hers.locator("#toasts")).to_contain_text("you are signed in")
    assert User.objects.get(email="dora@example.com").team == north


def test_alice_leaves_and_bob_takes_over(
    open_page: OpenPage, shot: Shot, ada: User, company: Company, alice: User
) -> None:
    hers = open_page(alice, "/settings/profile")
    page = open_page(ada, f"/settings/people/{alice.pk}")
    page.get_by_role("link", name="Alice leaves").click()
    expect(page.get_by_text("4 open leads")).to_be_visible()
    page.get_by_role("button", name="Hand over and end access").click()
    expect(page.locator("#toasts")).to_contain_text("4 open leads were handed over")
    shot(page, "left")
    hers.reload()
    expect(hers).to_have_url("/sign-in?next=/settings/profile")


# --- the frame --------------------------------------------------------------------------------------------------------


def chosen(page: Page) -> Locator:
    return page.get_by_role("dialog").get_by_role("option", selected=True)


def test_the_palette_finds_pages_and_goes_there_by_keyboard(
    open_page: OpenPage, axe: Axe, shot: Shot, company: Company, ada: User
) -> None:
    page = open_page(ada, "/settings/profile")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("combobox", name="Find people, pages and verbs")
    expect(palette).to_be_focused()
    axe(page)
    shot(page, "palette")
    page.keyboard.type("comp")
    expect(chosen(page)).to_have_text("Company")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/settings/company")
    page.keyboard.press("Control+k")
    page.keyboard.type("xyzzy")
    expect(page.get_by_text("Nobody and nothing by that name.")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()


def test_a_name_typed_and_entered_at_once_opens_whoever_is_found_first(
    open_page: OpenPage, alice: User, make_lead: MakeLead
) -> None:
    lead = make_lead(alice, name="Zora Quist")
    page = open_page(alice, "/leads")
    page.keyboard.press("Control+k")
    page.keyboard.type("quist")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"/leads/{lead.pk}")
    page.keyboard.press("Control+k")
    page.keyboard.type("sign ou")
    expect(chosen(page)).to_have_text("Sign out")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/sign-in")


def test_the_palette_has_nothing_a_role_has_no_use_for(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice, "/settings/profile")
    page.keyboard.press("Control+k")
    page.keyboard.type("company")
    expect(chosen(page)).to_have_count(0)


def test_the_keys_are_shown_on_asking(open_page: OpenPage, axe: Axe, shot: Shot, ada: User) -> None:
    page = open_page(ada, "/settings/people")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Invite somebody")
    axe(page)
    shot(page, "keys")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_a_key_typed_into_a_field_is_only_a_letter(open_page: OpenPage, ada: User) -> None:
    page = open_page(ada, "/settings/people")
    page.keyboard.press("/")
    expect(page.get_by_label("Search people")).to_be_focused()
    page.keyboard.type("i?z")
    expect(page.get_by_label("Search people")).to_have_value("i?z")
    expect(page).to_have_url("/settings/people")


def test_the_first_stop_of_the_tab_key_leads_past_the_rail(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice, "/settings/profile")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    outline = skip.evaluate("element => getComputedStyle(element).outlineWidth")
    assert outline == "2px"
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_phone_has_a_bottom_bar_and_a_way_out(open_page: OpenPage, axe: Axe, shot: Shot, alice: User) -> None:
    page = open_page(alice, "/settings/profile", phone=True)
    bar = page.get_by_role("navigation", name="Main").bounding_box()
    assert bar
    assert bar["y"] + bar["height"] == pytest.approx(844, abs=1)
    axe(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#toasts")).to_contain_text("You are signed out.")
    axe(page)


def test_the_words_of_reasons(open_page: OpenPage, axe: Axe, shot: Shot, ada: User) -> None:
    page = open_page(ada, "/settings/reasons")
    axe(page)
    page.get_by_label("No budget").fill("Too expensive for them")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#reason-no_budget-error")).to_contain_text("Another reason is called so")
    expect(page.get_by_label("No budget")).to_be_focused()
    axe(page)
    shot(page, "reasons")
    page.get_by_label("No budget").fill("No money")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("1 reason is called otherwise now")
