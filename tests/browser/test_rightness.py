"""Is the model right? in a real browser: on the first day, with a record, on the phone, in the dark."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from ripeline.base import clock
from ripeline.people.models import User
from ripeline.ripeness import runs
from ripeline.ripeness.models import KeptWord, Watched

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]


@pytest.fixture
def a_record(db: None) -> None:
    """What was said and what came; ninety days, of which the last few brought fewer than expected."""
    runs.seed()
    for band, n, did, mean in ((0, 900, 9, 0.012), (1, 1400, 40, 0.031), (2, 500, 27, 0.05), (3, 300, 26, 0.08),
                               (4, 160, 19, 0.12), (5, 100, 19, 0.2), (6, 40, 14, 0.31)):  # fmt: skip
        KeptWord.objects.create(band=band, by_rule=True, n=n, did=did, said=mean, counted_at=clock.now())
    today = clock.now().date()
    Watched.objects.bulk_create(
        Watched(
            day=today - timedelta(days=back),
            source_type="webinar",
            expected=1.2 + 0.3 * (back % 3),
            actual=0 if back < 26 else back % 4,
            model="run-2",
        )
        for back in range(1, 91)
    )


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_the_leader_sees_what_was_said_and_that_the_world_has_changed(
    a_record: None, carol: User, open_page: OpenPage, axe: Axe, shot: Shot
) -> None:
    page = open_page(carol, "/insight")
    page.get_by_role("link", name="Is the model right?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is the model right?")
    expect(page.locator(".said .lead")).to_contain_text("right, as far as chance lets us see")
    expect(page.locator(".said")).to_contain_text("clearly fewer")
    expect(page.get_by_role("img", name="What was said beside what came").first).to_be_visible()
    axe(page)
    assert fits(page)
    page.evaluate("scrollTo(0, 0)")
    shot(page, "rightness")


def test_on_the_first_day_it_says_what_it_waits_for(carol: User, open_page: OpenPage, axe: Axe, shot: Shot) -> None:
    page = open_page(carol, "/insight/model")
    expect(page.locator(".said .lead")).to_contain_text("Nothing can be said yet")
    axe(page)
    shot(page, "rightness-first-day")


@pytest.mark.parametrize("look", ["phone", "dark"])
def test_it_is_read_on_the_phone_and_in_the_dark(
    look: str, a_record: None, carol: User, open_page: OpenPage, axe: Axe, shot: Shot
) -> None:
    how = {"phone": True} if look == "phone" else {"dark": True}
    page = open_page(carol, "/insight/model", **how)
    expect(page.locator(".said .lead")).to_be_visible()
    axe(page)
    assert fits(page)
    reason = page.get_by_role("region", name="Runs of the model").locator("th.words").bounding_box()
    assert reason  # off the edge of a phone, but not squeezed to a word a line
    assert reason["width"] > 200
    shot(page, f"rightness-{look}")
