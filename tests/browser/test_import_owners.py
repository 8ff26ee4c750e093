"""What a later file says of whose people are and where they stand, in a real browser: shown and handed over."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from ripeline.base import clock
from ripeline.leads.decisions import closing
from ripeline.leads.models import Lead
from ripeline.people import queries as people
from ripeline.people.models import User
from tests.capture.importing import csv, imported
from tests.cast import by, soon

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]

HEAD = "Name,E-mail,Owner,Status,Status since"


@pytest.fixture
def run_id(alice: User, bob: User, carol: User) -> str:
    """A file of tonight: Ann and Cy are Bob's there, and Bea, whom Alice has taken back to work, is lost as before."""
    today = clock.now()
    with clock.at(today - timedelta(days=5)):
        first = ["Ann Berg,ann@x.example", "Cy Orn,cy@x.example", "Bea Li,bea@x.example"]
        imported(csv(HEAD, *(f"{each},Alice,open," for each in first)), actor=carol)
    with clock.at(today - timedelta(days=4)):
        imported(csv(HEAD, f"Bea Li,bea@x.example,Alice,lost,{today - timedelta(days=6):%Y-%m-%d}"), actor=carol)
    with clock.at(today - timedelta(days=3)):
        bea = Lead.objects.get(name="Bea Li")
        closing.reopen(bea.pk, by(alice), to=people.responsible_of(alice), next=soon(days=9))
    rows = ["Ann Berg,ann@x.example,Bob,open,", "Cy Orn,cy@x.example,Bob,open,"]
    lost = f"Bea Li,bea@x.example,Alice,lost,{today - timedelta(days=1):%Y-%m-%d}"
    return str(imported(csv(HEAD, *rows, lost), actor=carol, name="tonight.csv").pk)


def fits(page: Page) -> bool:
    """Nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_carol_sees_whose_they_are_there_and_hands_them_over_at_once(
    open_page: OpenPage, axe: Axe, shot: Shot, carol: User, run_id: str
) -> None:
    page = open_page(carol, f"/imports/{run_id}")
    expect(page.get_by_text("Left open, because somebody took them back to work")).to_contain_text("Bea Li")
    axe(page)
    shot(page, "import-result-owners")
    page.get_by_role("link", name="See whose they are there").click()
    expect(page.get_by_role("heading", name="Hand over to whom the file names?")).to_be_visible()
    axe(page)
    shot(page, "import-owners")
    page.emulate_media(color_scheme="dark")
    axe(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)
    page.get_by_role("button", name="Hand over 2 leads").click()
    page.wait_for_url("**/leads/batches/*")
    expect(page.get_by_text("2 leads are with whom their file names now")).to_be_visible()
    axe(page)
    shot(page, "import-owners-done")
    assert set(Lead.objects.exclude(name="Bea Li").values_list("owner__name", flat=True)) == {"Bob"}


def test_the_page_says_in_which_column_a_word_stands_and_takes_it_with_its_reason(
    open_page: OpenPage, axe: Axe, shot: Shot, carol: User, alice: User
) -> None:
    page = open_page(carol, "/imports/new")
    rows = ["Ann,ann@x.example,Opportunity,Alice", "Bea,bea@x.example,weg,Zoe"]
    rows.append("Cy,cy@x.example,Verloren – kein Budget,Alice")
    content = csv("Name,E-mail,Status,Owner", *rows)
    page.get_by_label("The file").set_input_files({"name": "crm.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Look at the file").click()
    page.wait_for_url("**/imports/*-*")
    expect(page.get_by_text("Where it stands, in “Status”").first).to_be_visible()
    page.get_by_label("weg", exact=True).select_option(label="Lost: No budget")
    axe(page)
    page.get_by_role("heading", name="Their words, ours").scroll_into_view_if_needed()
    shot(page, "import-words")
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)


def test_where_they_stand_otherwise_there_is_put_right_from_the_import(
    open_page: OpenPage, axe: Axe, shot: Shot, ada: User, run_id: str, alice: User
) -> None:
    page = open_page(ada, f"/imports/{run_id}")
    page.get_by_role("link", name="See who stands otherwise there").click()
    expect(page.get_by_role("heading", name="Ended there, open here")).to_be_visible()
    expect(page.get_by_text("Lost as before: Alice took them back to work on")).to_be_visible()
    axe(page)
    shot(page, "import-standing")
    page.emulate_media(color_scheme="dark")
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)
    page.get_by_role("checkbox", name="Bea Li").check()
    page.get_by_role("button", name="Close them as the file says").click()
    expect(page.locator(".toast")).to_contain_text("One lead is closed as the file says.")
    expect(page.get_by_text("Nobody stands otherwise there any more")).to_be_visible()
    axe(page)
    assert Lead.objects.get(name="Bea Li").state == "lost"


def test_deals_of_closed_leads_are_taken_up_from_the_import(
    open_page: OpenPage, axe: Axe, shot: Shot, ada: User, alice: User
) -> None:
    today = clock.now()
    with clock.at(today - timedelta(days=5)):
        closed = [f"{name} Berg,{name.lower()}@x.example,Alice,won,2026-02-01" for name in ("Ann", "Cy", "Di")]
        imported(csv(HEAD, *closed), actor=ada)
    head = "Deal Name,E-mail,Deal Stage,Opened on,Close Date,Amount,Currency"
    names = ("Boats", "Sails for the second yacht of the harbour, with rigging and two years of care", "Oars")
    rows = [
        f'"{name}",{who}@x.example,Contract Sent,2026-01-05,2027-04-20,4500,EUR'
        for name, who in zip(names, ("ann", "cy", "di"), strict=True)
    ]
    run = imported(csv(head, *rows), actor=ada, kind="outcomes", name="deals.csv")
    page = open_page(ada, f"/imports/{run.pk}")
    shot(page, "import-result-deals-refused")
    page.get_by_role("link", name="See the deals whose leads are closed here").click()
    axe(page)
    shot(page, "import-standing-deals")
    page.get_by_role("button", name="Take up again with their deals").click()
    expect(page.locator(".toast")).to_contain_text("Tick whom it is about first.")
    page.get_by_role("checkbox", name="All of them").check()
    page.get_by_role("checkbox", name="Di Berg").uncheck()
    page.get_by_role("button", name="Take up again with their deals").click()
    expect(page.locator(".toast")).to_contain_text("2 leads are taken up again, with the deal")
    expect(page.get_by_role("cell", name="Ann Berg")).to_have_count(0)
    assert dict(Lead.objects.values_list("name", "state"))["Ann Berg"] == "opportunity"
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)
    page.goto(f"/imports/{run.pk}")
    expect(page.get_by_role("heading", name="row did not go in")).to_be_visible()
