"""Somebody who looks at prices: the record and Today say so, with the lead in short; its stage is corrected."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.ripeness import actions
from ripeline.ripeness.models import StageSaid
from tests.browser.conftest import OpenPage
from tests.cast import MakeLead
from tests.hits import hit, store

Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]


@pytest.fixture
def looking(alice: User, make_lead: MakeLead) -> Lead:
    """Took a white paper in spring, and has been on the price page for days; a colleague has read a guide."""
    source = catalog.sources_named(["White paper"])["White paper"]
    company = {"company": "Acme Dental", "captured": timedelta(days=60)}
    lead = make_lead(
        alice, name="Ann Lee", title="Head of operations", email="ann@acme.example", source_id=source.pk,
        message="We lose a day a week to no-shows and want to know what others do.", **company,
    )  # fmt: skip
    other = make_lead(alice, name="Ben Ode", email="ben@acme.example", due=timedelta(days=30), **company)
    now = clock.now()
    store(
        *(hit(lead.pk, now - timedelta(days=ago)) for ago in (4, 2, 0)),
        hit(lead.pk, now - timedelta(days=3), "other", kind="download", path="/The%20empty%20chair.pdf"),
        hit(other.pk, now - timedelta(days=2), "other", kind="download", path="/Two%20diaries.pdf"),
    )
    actions.rescore([lead.pk, other.pk])
    return lead


def test_the_record_says_what_they_did_and_alice_corrects_the_stage(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, looking: Lead
) -> None:
    page = open_page(alice, f"/leads/{looking.pk}")
    expect(page.get_by_text("looked at prices on three days this week")).to_be_visible()
    expect(page.get_by_text("Downloaded “The empty chair.pdf”")).to_be_visible()
    expect(page.get_by_text("Ben Ode downloaded “Two diaries.pdf”")).to_be_visible()
    expect(page.get_by_role("list", name="Buying stage").locator("[aria-current]")).to_have_text("Decision")
    axe(page)
    shot(page, "signals-record")
    page.get_by_text("In fact …").click()
    shot(page, "signals-record-in-fact")
    page.get_by_role("group", name="In fact they are in this stage").get_by_role("button", name="Interest").click()
    expect(page.get_by_text("Buying stage as Alice said")).to_be_visible()
    expect(page.get_by_role("list", name="Buying stage").locator("[aria-current]")).to_have_text("Interest")
    assert StageSaid.objects.get(pk=looking.pk).stage == "interest"
    axe(page)
    shot(page, "signals-record-corrected")


def test_today_says_why_in_short_on_the_phone_and_in_the_dark(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, looking: Lead
) -> None:
    page = open_page(alice, "/today")
    expect(page.get_by_text("We lose a day a week to no-shows")).to_be_visible()
    axe(page)
    shot(page, "signals-today")
    dark = open_page(alice, f"/today/{looking.pk}", phone=True, dark=True)
    expect(dark.get_by_text("In short")).to_be_visible()
    axe(dark)
    shot(dark, "signals-today-phone-dark")
