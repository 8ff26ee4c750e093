"""Insight in a real browser: the sentence, the picture, its table; by keyboard, on the phone, in the dark."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as reasons
from ripeline.leads.decisions import actions as leads
from ripeline.people.models import User
from ripeline.web.frame import charts
from tests.cast import MakeLead, by, soon

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]


@pytest.fixture
def past(alice: User, bob: User, carol: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch) -> None:
    """A year of leads: some ripened soon, some late, some were let go."""
    now = clock.now()
    sources = catalog.sources_named(
        ["Website quote request", "Trade show Lisbon", "White paper", "Referral by a friend"]
    )
    ways = [source.pk for source in sources.values()]
    for at in range(120):
        came = now - timedelta(days=3 + 3 * at)
        monkeypatch.setattr(clock, "now", lambda came=came: came)
        owner = alice if at % 3 else bob
        lead = make_lead(owner, captured=timedelta(), source_id=ways[at % 4], name=f"Priya Raman {at}")
        after = (7, 45, 120, 200)[at % 4] + at % 11
        if came + timedelta(days=after) < now and at % 3 == 0:
            monkeypatch.setattr(clock, "now", lambda came=came, after=after: came + timedelta(days=after))
            leads.open_opportunity(lead.pk, by(owner), next=soon())
        elif at % 10 == 1:
            leads.close(lead.pk, by(owner), reason=reasons.reason("not_a_fit"))
    monkeypatch.setattr(clock, "now", lambda: now)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_the_leader_reads_how_they_ripen_and_looks_into_it(
    past: None, carol: User, open_page: OpenPage, axe: Axe, shot: Shot
) -> None:
    page = open_page(carol, "/today")
    page.get_by_role("link", name="Insight").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Are they ripening?")
    expect(page.locator(".said .lead")).to_contain_text("leads that came in the last two years")
    picture = page.get_by_role("img", name="how many have ripened").first
    expect(picture).to_be_visible()
    axe(page)
    page.evaluate("scrollTo(0, 0)")
    shot(page, "insight")
    page.locator("#cohorts").scroll_into_view_if_needed()
    shot(page, "insight-cohorts")
    assert fits(page)

    page.get_by_role("link", name="Source", exact=True).click()
    page.get_by_role("link", name="Trade show Lisbon", exact=True).click()
    expect(page.locator(".said .lead")).to_contain_text("30 leads")
    page.get_by_role("link", name="See these leads").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Leads")
    expect(page.get_by_text("30 leads")).to_be_visible()


def test_on_a_phone_the_picture_is_drawn_for_it_and_the_table_scrolls_by_itself(
    past: None, carol: User, open_page: OpenPage, axe: Axe, shot: Shot
) -> None:
    page = open_page(carol, "/insight", phone=True)
    expect(page.locator(".picture .narrow")).to_be_visible()
    expect(page.locator(".picture .wide")).to_be_hidden()
    assert fits(page)
    axe(page)
    dark = open_page(carol, "/insight", dark=True)
    axe(dark)
    large = open_page(carol, "/insight", zoom=2)
    assert fits(large)


def test_choosing_a_period_asks_at_once_and_keeps_it_in_the_address(
    past: None, carol: User, open_page: OpenPage
) -> None:
    page = open_page(carol, "/insight")
    page.get_by_label("When they came").select_option("All on record")
    page.wait_for_url("**came=ever**")
    expect(page.locator(".said .lead")).to_contain_text("since records began")


def test_where_there_is_nothing_yet_it_says_what_to_do(ada: User, open_page: OpenPage, axe: Axe, shot: Shot) -> None:
    page = open_page(ada, "/insight?came=ever")
    expect(page.get_by_role("heading", name="Nothing to look back on yet")).to_be_visible()
    expect(page.get_by_role("link", name="Import leads and outcomes")).to_be_visible()
    axe(page)
    shot(page, "insight-empty")


def test_somebody_without_a_part_in_it_is_told_so(sam: User, open_page: OpenPage, axe: Axe) -> None:
    page = open_page(sam, "/insight")
    expect(page.get_by_text("you have no part in it")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Insight")).to_have_count(0)
    axe(page)


def test_a_picture_that_cannot_be_drawn_leaves_the_words_and_the_table(
    past: None, carol: User, open_page: OpenPage, axe: Axe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(chart: object) -> str:
        raise ValueError("no renderer")

    cache.clear()
    monkeypatch.setattr(charts, "_draw", broken)
    page = open_page(carol, "/insight?came=ever&whose=everybody")
    expect(page.locator(".said .lead")).to_contain_text("120 leads")
    expect(page.get_by_text("The picture could not be drawn")).to_be_visible()
    axe(page)
