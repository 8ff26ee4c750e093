"""Sheets that an import left, in a real browser: seen before and after, and brought."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from ripeline.capture.imports import actions
from ripeline.capture.models import ImportRun
from ripeline.people.models import User
from tests.browser.test_import_owners import fits
from tests.capture.test_sheets_left import fair

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]


def test_carol_sees_which_sheets_were_left_and_brings_one(
    open_page: OpenPage, axe: Axe, shot: Shot, carol: User
) -> None:
    page = open_page(carol, "/imports/new")
    page.get_by_label("The file").set_input_files(
        {"name": "fair.xlsx", "mimeType": "application/vnd.ms-excel", "buffer": fair()}
    )
    page.get_by_role("button", name="Look at the file").click()
    page.wait_for_url("**/imports/*-*")
    expect(page.get_by_role("button", name="Bring these 2 sheets, too")).to_be_visible()
    axe(page)
    shot(page, "import-sheets-mapping")
    page.get_by_role("button", name="Import these rows").click()
    expect(page.get_by_role("heading", name="goes in")).to_be_visible()
    actions.work(ImportRun.objects.get().pk)
    expect(page.get_by_role("heading", name="Not in this import")).to_be_visible()
    axe(page)
    shot(page, "import-sheets-left")
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)
    shot(page, "import-sheets-left-phone")
    page.get_by_role("button", name="Import the sheet Day 2").click()
    expect(page.get_by_role("heading", name="Which column is what?")).to_be_visible()
