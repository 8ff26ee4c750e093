"""Whose session ends in the middle of something has what they typed again after signing in, and nobody else has it."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.browser.conftest import OpenPage
from tests.cast import PASSWORD, MakeLead

Axe = Any
Shot = Any


def kept(page: Page) -> str | None:
    found = page.evaluate("sessionStorage.getItem('ripeline-typed')")
    return str(found) if found else None


def session_ends() -> None:
    Session.objects.all().delete()


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def lead(alice: User, make_lead: MakeLead) -> Lead:
    return make_lead(alice, name="Priya Raman")


def test_a_note_is_in_its_field_again_and_is_forgotten_once_it_is_saved(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, lead: Lead
) -> None:
    page = open_page(alice, f"/leads/{lead.pk}")
    page.get_by_label("A note").fill("Prefers mornings, and has two practices.")
    page.get_by_label("only I see the note").check()
    session_ends()
    page.get_by_role("button", name="Save the note").click()
    expect(page.get_by_text("What you typed is kept in this tab")).to_be_visible()
    axe(page)
    shot(page, "sign-in-typed")
    page.emulate_media(color_scheme="dark")
    axe(page)
    sign_in(page, alice.email)
    expect(page.get_by_label("A note")).to_have_value("Prefers mornings, and has two practices.")
    expect(page.get_by_label("only I see the note")).to_be_checked()
    expect(page.locator(".toast")).to_contain_text(["What you had typed is in the form again"])
    axe(page)
    shot(page, "typed-again")
    assert kept(page) is None
    page.get_by_role("button", name="Save the note").click()
    expect(page.locator(".toast")).to_contain_text(["The note is kept"])
    assert Activity.objects.get(kind="note").body == "Prefers mornings, and has two practices."
    assert kept(page) is None
    page.reload()
    expect(page.get_by_label("A note")).to_have_value("")


def test_who_signs_in_instead_finds_nothing_of_it(open_page: OpenPage, alice: User, bob: User) -> None:
    page = open_page(alice, "/leads/new")
    page.get_by_label("Name", exact=True).first.fill("Secret Buyer")
    session_ends()
    page.locator("main form button.primary").first.click()
    expect(page.get_by_text("What you typed is kept in this tab")).to_be_visible()
    sign_in(page, bob.email)
    expect(page.get_by_label("Name", exact=True).first).to_have_value("")
    assert kept(page) is None
    assert "Secret Buyer" not in page.content()


def test_a_form_of_a_page_has_it_again_too(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice, "/leads/new")
    page.get_by_label("Name", exact=True).first.fill("Marta Nilsen")
    session_ends()
    page.locator("main form button.primary").first.click()
    sign_in(page, alice.email)
    expect(page.get_by_label("Name", exact=True).first).to_have_value("Marta Nilsen")
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("What you typed is kept in this tab")).to_be_hidden()
    assert kept(page) is None


def test_a_password_is_never_kept(open_page: OpenPage, alice: User) -> None:
    page = open_page(alice, "/settings/password")
    page.evaluate("sessionStorage.setItem('ripeline-typed', JSON.stringify({user: 'x', at: Date.now()}))")
    form = page.locator("main form").first
    for field in form.locator('input[type="password"]').all():
        field.fill("a long secret of hers 1")
    for box in page.get_by_label("Show what I type").all():
        box.check()
    session_ends()
    page.locator("main form button.primary").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert kept(page) is None


def test_what_was_kept_too_long_ago_is_forgotten(open_page: OpenPage, alice: User, lead: Lead) -> None:
    page = open_page(alice, f"/leads/{lead.pk}")
    page.get_by_label("A note").fill("of yesterday")
    session_ends()
    page.get_by_role("button", name="Save the note").click()
    expect(page.get_by_text("What you typed is kept in this tab")).to_be_visible()
    page.evaluate(
        "const found = JSON.parse(sessionStorage.getItem('ripeline-typed'));"
        "sessionStorage.setItem('ripeline-typed', JSON.stringify({...found, at: found.at - 31 * 60000}))"
    )
    sign_in(page, alice.email)
    expect(page.get_by_label("A note")).to_have_value("")
    assert kept(page) is None
