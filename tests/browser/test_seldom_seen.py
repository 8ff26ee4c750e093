"""Screens that one comes to seldom, in a real browser: at each width, in the dark, and nothing keeps people out."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from ripeline.base import clock
from ripeline.capture.imports import schedules
from ripeline.people.models import User
from tests.browser.conftest import PHONE, OpenPage
from tests.capture.importing import csv
from tests.cast import MakeLead

Axe = Any
Shot = Any


@pytest.fixture
def looked_at(axe: Axe, shot: Shot) -> Any:
    """Look at a page as it stands: its pictures, axe in both schemes, and nothing that sticks out on a telephone."""

    def look(page: Page, name: str) -> None:
        axe(page)
        shot(page, name)
        page.emulate_media(color_scheme="dark")
        axe(page)
        page.emulate_media(color_scheme="light")
        before = page.viewport_size
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        page.set_viewport_size(before)  # type: ignore[arg-type]

    return look


def brought(page: Page, name: str, *lines: str) -> None:
    """A file is chosen, and the page of its columns opened."""
    page.goto("/imports/new")
    file: Any = {"name": name, "mimeType": "text/csv", "buffer": csv(*lines)}
    page.get_by_label("The file").set_input_files(file)
    page.get_by_role("button", name="Look at the file").click()
    page.wait_for_url("**/imports/*-*")


def test_a_name_that_is_taken_asks_whether_to_replace_that_view(
    open_page: OpenPage, looked_at: Any, alice: User, make_lead: MakeLead
) -> None:
    make_lead(alice)
    page = open_page(alice, "/leads?view=all")
    for query in ("view=all&q=priya", "view=all&q=raman"):
        page.goto(f"/leads?{query}")
        page.locator("summary", has_text="Keep this view").click()
        page.get_by_label("Name of the new view").fill("Everybody whom I met at the fair in Hanover")
        page.get_by_role("button", name="Keep", exact=True).click()
        page.wait_for_load_state()
    expect(page.get_by_role("heading", level=1)).to_contain_text("There is a view")
    looked_at(page, "name-taken")
    page.get_by_role("button", name="Replace it").click()
    expect(page.locator(".toast")).to_contain_text("Everybody whom I met")


def test_a_list_with_next_dates_says_what_becomes_of_them(open_page: OpenPage, looked_at: Any, mona: User) -> None:
    page = open_page(mona)
    soon, past = (f"{clock.now() + timedelta(days=days):%d.%m.%Y}" for days in (20, -30))
    rows = [f"Ann Berg,ann@x.example,01.02.2026,{soon},Angebot nachfassen", f"Bo Lund,bo@x.example,01.02.2026,{past},"]
    brought(page, "wiedervorlage.csv", "Name,E-Mail,Angelegt am,Wiedervorlage,Nächster Schritt", *rows)
    expect(page.get_by_role("heading", name="Its columns")).to_be_visible()
    looked_at(page, "mapping-next-date")
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_text("tried and rolled back")).to_be_visible()
    looked_at(page, "mapping-next-date-tried")


def test_words_below_a_list_and_rows_of_a_contact_form(open_page: OpenPage, looked_at: Any, mona: User) -> None:
    page = open_page(mona)
    people = [f"Person {n} Berg,p{n}@x.example,Berg {n} GmbH" for n in range(6)]
    legend = [",,", "Legende,,", "A,sehr wichtig,", "B,wichtig,", "C,Prospekt zugesandt,"]
    brought(page, "messe.csv", "Name,E-Mail,Firma", *people, *legend)
    looked_at(page, "mapping-words-alone")
    rows = [
        f"{clock.now() - timedelta(days=n):%Y-%m-%d %H:%M},Person {n},p{n}@y.example,"
        f'"We have {n} practices and are looking for a scheduler; can you call us, please?"'
        for n in range(1, 9)
    ]
    brought(page, "contact-form.csv", "Date,Your name,Your e-mail,Your message", *rows)
    looked_at(page, "mapping-contact-form")
    page.get_by_role("button", name="Import").last.click()
    page.wait_for_timeout(500)
    looked_at(page, "contact-form-progress")


def test_a_schedule_that_is_looked_at_now_says_so(
    open_page: OpenPage, looked_at: Any, mona: User, settings: Settings, tmp_path: Path
) -> None:
    settings.INBOX = tmp_path
    made = schedules.set_up(actor=mona, place="crm/tonight.csv", rhythm="daily", at=time(6, 30), kind="leads")
    page = open_page(mona, f"/imports/scheduled/{made.pk}")
    looked_at(page, "schedule-not-yet")
    page.get_by_role("button", name="Import it now").click()
    expect(page.get_by_text("It is being looked at")).to_be_visible()
    looked_at(page, "schedule-now")
    schedules.work(made.pk)
    expect(page.get_by_text("There is no file crm/tonight.csv in the inbox.")).to_be_visible()
    expect(page.locator(".intro")).to_contain_text("ext time")
    looked_at(page, "schedule-failed")
