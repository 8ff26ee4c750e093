"""Imports in a real browser: a spreadsheet of old leads goes in, is corrected on the way, and is told in words."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from pytest_django.fixtures import Settings

from ripeline.capture.imports import actions, queries, schedules, trials
from ripeline.capture.models import ImportRun, ImportSchedule
from ripeline.leads.models import Lead
from ripeline.people.models import Company, User
from tests.bad_files import REFUSED, Bad
from tests.capture import exports
from tests.capture.importing import csv, imported
from tests.capture.sheets import workbook

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]

GONE = "gone@example.com"
OLD = "".join(
    f"Person {n} Weber;p{n}@firm{n % 40}.example;Firm {n % 40} GmbH;{1 + n % 12:02}.03.2023;1.{n % 10}00,50;{GONE}\n"
    for n in range(120)
)
FILE = (
    "Name;E-Mail-Adresse;Firma;Erstellt am;Wert;Betreuer\n"
    + OLD
    + "Ann Lee;;;;;\n;;Nobody GmbH;01.03.2023;;\nJonas Weber;jonas@helio.example;Helio;31.02.2023;80,00;\n"
)


@pytest.fixture
def company(mona: User, alice: User) -> Company:
    Company.objects.update(name="Northwind Dental", time_zone="Europe/Lisbon", country="PT")
    return Company.objects.get()


def fits(page: Page) -> bool:
    """Nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def written(tmp_path: Path, content: str | bytes, name: str = "alte-leads.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode("cp1252"))
    return file


def uploaded(page: Page, file: Path) -> UUID:
    page.get_by_label("The file").set_input_files(file)
    page.get_by_role("button", name="Look at the file").click()
    page.wait_for_url("**/imports/*-*")
    return UUID(page.url.rsplit("/", 1)[1])


def heads(page: Page) -> Locator:
    """The fields of the preview, which say what stands on the page: an answer that has come is not shown yet."""
    return page.locator("table.preview thead th")


def test_a_spreadsheet_goes_in_and_says_what_happens_next(
    open_page: OpenPage, axe: Axe, shot: Shot, company: Company, mona: User, tmp_path: Path
) -> None:
    page = open_page(mona, "/imports")
    expect(page.get_by_role("heading", name="Bring your spreadsheet")).to_be_visible()
    axe(page)
    shot(page, "imports-none")
    page.keyboard.press("i")
    expect(page.get_by_role("heading", name="Import a file")).to_be_visible()
    axe(page)
    shot(page, "imports-new")

    run_id = uploaded(page, written(tmp_path, FILE))
    expect(page.get_by_label("Erstellt am", exact=True)).to_have_value("captured_at")
    expect(page.get_by_text("Read as UTF-8, cells separated by semicolon, heading in row 1.")).to_be_visible()
    page.get_by_text("Not so?").click()
    expect(page.get_by_label("Its characters")).to_have_value("utf-8")
    axe(page)
    shot(page, "imports-mapping")
    assert fits(page)

    page.get_by_label("E-Mail-Adresse", exact=True).select_option("ignore")
    page.get_by_label("Name", exact=True).select_option("ignore")
    expect(page.get_by_text("Nobody could be told from another: map a column to E-mail")).to_be_visible()
    axe(page)
    shot(page, "imports-mapping-wrong")
    page.get_by_label("E-Mail-Adresse", exact=True).select_option("email")
    expect(page.get_by_text("Nobody could be told")).to_have_count(0)
    page.get_by_label("Name", exact=True).select_option("name")
    expect(heads(page).get_by_text("Name")).to_be_visible()
    page.get_by_label("Where do they come from?").fill("Old CRM")
    page.get_by_label("Where do they come from?").press("Tab")
    expect(page.get_by_role("cell", name="1,000.50 EUR").first).to_be_visible()
    page.get_by_role("button", name="Import these rows").click()

    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    axe(page)
    shot(page, "imports-waiting")
    moments: list[int] = []

    def watch(run: ImportRun) -> None:
        if run.position == 60 and not moments:
            moments.append(run.position)
            expect(page.get_by_text("60 of 123 rows")).to_be_visible()
            page.reload()
            expect(page.get_by_text("60 of 123 rows")).to_be_visible()
            axe(page)
            shot(page, "imports-moving")

    assert actions.work(run_id, size=30, watch=watch)
    assert moments == [60]
    expect(page.get_by_role("heading", name="alte-leads.csv is in")).to_be_visible()
    expect(page.get_by_text("120 old leads were taken up again")).to_be_visible()
    expect(page.get_by_text("2 rows did not go in")).to_be_visible()
    expect(page.get_by_text("120 rows name an owner who is not here: gone@example.com")).to_be_visible()
    axe(page)
    shot(page, "imports-result")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download them as CSV").click()
    assert "31.02.2023" in Path(download.value.path()).read_text(encoding="utf-8")
    assert Lead.objects.filter(source__name="Old CRM").count() == 121

    page.get_by_role("link", name="See its leads").click()
    expect(page.get_by_text("121 leads")).to_be_visible()
    page.goto("/imports")
    axe(page)
    shot(page, "imports-list")
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/imports", "/imports/new", f"/imports/{run_id}"):
        page.goto(path)
        assert fits(page), path


def test_what_would_change_is_seen_before_anything_goes_in(
    open_page: OpenPage, axe: Axe, shot: Shot, company: Company, mona: User, tmp_path: Path
) -> None:
    imported(csv("E-mail,Name,Company", *(f"p{n}@x.example,Person {n},Firm {n}" for n in range(5))))
    page = open_page(mona, "/imports/new")
    rows = [f"p{n}@x.example,Person {n} Weber,Firm {n % 2}" for n in range(5)]
    file = csv("E-mail,Name,Company", *rows, "new@x.example,Nina,Helio", "no address,,Nobody")
    uploaded(page, written(tmp_path, file, "people.csv"))
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_role("heading", name="What would change")).to_be_in_viewport()
    expect(page.get_by_text("Fields of 5 records that are here would change")).to_be_visible()
    expect(page.get_by_role("cell", name="Person 0 Weber").first).to_be_visible()
    assert Lead.objects.count() == 5
    axe(page)
    shot(page, "imports-trial")
    assert fits(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)
    page.get_by_label("Company", exact=True).select_option("ignore")
    expect(page.get_by_role("heading", name="What would change")).to_have_count(0)

    page.goto("/imports/mappings")
    expect(page.get_by_role("heading", name="leads.csv")).to_be_visible()
    page.get_by_text("Its columns").click()
    page.get_by_text("Another name").click()
    axe(page)
    shot(page, "imports-remembered")
    assert fits(page)


@pytest.mark.parametrize("bad", REFUSED, ids=lambda bad: bad.name)
def test_a_file_chosen_by_mistake_is_refused_in_words(
    open_page: OpenPage, axe: Axe, shot: Shot, company: Company, mona: User, tmp_path: Path, bad: Bad
) -> None:
    page = open_page(mona, "/imports/new")
    page.get_by_label("Outcomes").check()
    page.get_by_label("The file").set_input_files(written(tmp_path, bad.content, bad.filename))
    page.get_by_role("button", name="Look at the file").click()
    expect(page.locator("#file-error")).to_contain_text(bad.said)
    expect(page.get_by_label("Outcomes")).to_be_checked()
    axe(page)
    shot(page, f"imports-refused-{bad.name.replace(' ', '-')}")


def test_dates_that_could_be_either_are_asked_about_beside_their_column(
    open_page: OpenPage, axe: Axe, shot: Shot, company: Company, mona: User, tmp_path: Path
) -> None:
    page = open_page(mona, "/imports/new")
    uploaded(page, written(tmp_path, "E-mail,Created,Seats\na@x.example,03/04/2026,12\n=1+1@x.example,05/04/2026,3\n"))
    row = page.locator("tr.wrong")
    expect(row).to_contain_text("could be day first or month first: say which")
    axe(page)
    shot(page, "imports-mapping-dates")
    page.get_by_label("Dates in Created").select_option("day")
    expect(page.get_by_text("say which")).to_have_count(0)
    expect(page.get_by_role("cell", name="3 Apr 2026")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "order-1", "the focus stays where it was"


THREE = "Name;E-mail;Was\nAnn;a@x.example;Dentist\nBo;b@x.example;Nurse\n"


def holding(page: Page) -> list[Route]:
    """What is asked of the mapping's address waits in this list until it is let on."""
    held: list[Route] = []
    page.route("**/mapping", lambda route: held.append(route))
    return held


def let_on(page: Page, held: list[Route]) -> None:
    """Let on what waits in the list, as soon as it does."""
    for _ in range(500):
        if held:
            return held.pop(0).continue_()
        page.wait_for_timeout(20)
    raise AssertionError("nothing was asked")


def chosen(run_id: UUID) -> dict[str, str]:
    return {label: target for label, target in ImportRun.objects.get(pk=run_id).mapping.items() if target != "ignore"}


def test_an_old_list_asks_for_the_country_of_its_numbers_and_translates_where_each_stands(
    open_page: OpenPage, axe: Axe, shot: Shot, company: Company, mona: User, tmp_path: Path
) -> None:
    rows = "\n".join(f"P{at},p{at}@x.example,030 9018{at}0,{w}" for at, w in enumerate(("gewonnen", "offen", "Messe")))
    page = open_page(mona, "/imports/new")
    uploaded(page, written(tmp_path, f"Name,E-Mail,Telefon,Stand\n{rows}\n", "alt.csv"))
    expect(page.get_by_label("Stand", exact=True)).to_have_value("state")
    page.get_by_label("Which country’s are telephone numbers").select_option("DE")
    expect(page.get_by_text("You said so. A number with +")).to_be_visible()
    expect(page.get_by_role("cell", name="+4930901800")).to_be_visible()
    page.get_by_label("Stand", exact=True).select_option("custom:Stand")
    expect(page.get_by_text("if they do, choose “Where it stands”")).to_be_visible()
    axe(page)
    shot(page, "imports-mapping-hints")
    assert fits(page)


def test_words_without_a_meaning_and_another_table_are_said_before_the_rows_go_in(
    open_page: OpenPage, axe: Axe, shot: Shot, company: Company, mona: User, tmp_path: Path
) -> None:
    rows = "\n".join(
        f"P{at},p{at}@x.example,{word}" for at, word in enumerate(("gewonnen", "offen", "Messe", "Halle 3"))
    )
    page = open_page(mona, "/imports/new")
    file = f"Name,E-Mail,Stand\n{rows}\n\nPartners,,\nPartner,Mail,Phone\nPia,pia@x.example,1234567\n"
    uploaded(page, written(tmp_path, file, "alt.csv"))
    expect(page.get_by_text("Another table begins in row 7.")).to_be_visible()
    page.get_by_role("button", name="Import these rows").click()
    expect(page.get_by_text("2 words have no meaning yet: their rows will be New.")).to_be_in_viewport()
    expect(page.get_by_text("Has no meaning yet: its rows will be New.")).to_have_count(2)
    axe(page)
    shot(page, "imports-mapping-words")
    assert fits(page)
    page.get_by_role("button", name="Import them so").click()
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()


def test_what_is_chosen_while_an_answer_is_on_its_way_is_kept(
    open_page: OpenPage, company: Company, mona: User, tmp_path: Path
) -> None:
    page = open_page(mona, "/imports/new")
    run_id = uploaded(page, written(tmp_path, THREE))
    held = holding(page)
    with page.expect_request("**/mapping"):
        page.get_by_label("Name", exact=True).select_option("company")
    page.get_by_label("Was", exact=True).focus()
    page.get_by_label("Was", exact=True).select_option("title")
    let_on(page, held)
    let_on(page, held)  # the first answer says nothing of the second choice; it is not shown, and all is asked again
    expect(heads(page)).to_have_text(["Row", "E-mail", "Job title", "Company"])
    expect(page.get_by_label("Name", exact=True)).to_have_value("company")
    expect(page.get_by_label("Was", exact=True)).to_have_value("title")
    assert page.evaluate("document.activeElement.id") == "to-2", "the focus stays where it was"
    assert chosen(run_id) == {"Name": "company", "E-mail": "email", "Was": "title"}


@pytest.mark.parametrize("moment", ["has come and is not shown", "is being shown"])
def test_what_is_chosen_in_the_moment_an_answer_comes_is_kept(
    open_page: OpenPage, company: Company, mona: User, tmp_path: Path, moment: str
) -> None:
    page = open_page(mona, "/imports/new")
    run_id = uploaded(page, written(tmp_path, THREE))
    page.get_by_label("Was", exact=True).select_option("title")
    expect(heads(page).get_by_text("Job title")).to_be_visible()
    choose = """() => {
        const other = document.getElementById("to-2");
        other.value = "ignore";
        other.dispatchEvent(new Event("change", { bubbles: true }));
    }"""
    if moment == "is being shown":
        page.evaluate(f"addEventListener('htmx:afterSwap', () => setTimeout({choose}), {{ once: true }})")
    else:
        page.evaluate(f"addEventListener('htmx:beforeOnLoad', {choose}, {{ once: true }})")
    page.get_by_label("Name", exact=True).select_option("company")
    expect(heads(page)).to_have_text(["Row", "E-mail", "Company"])
    expect(page.get_by_label("Was", exact=True)).to_have_value("ignore")
    assert chosen(run_id) == {"Name": "company", "E-mail": "email"}


def test_an_answer_does_not_shut_the_list_that_somebody_has_opened(
    open_page: OpenPage, company: Company, mona: User, tmp_path: Path
) -> None:
    page = open_page(mona, "/imports/new")
    uploaded(page, written(tmp_path, THREE))
    held = holding(page)
    with page.expect_request("**/mapping"):
        page.get_by_label("Name", exact=True).select_option("company")
    page.get_by_label("Was", exact=True).click()
    page.wait_for_selector("#to-2:open")
    with page.expect_response("**/mapping"):
        let_on(page, held)
    expect(page.locator("#mapping")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#to-2:open")).to_have_count(1)
    page.keyboard.press("Escape")
    let_on(page, held)  # what was answered meanwhile is asked for again
    expect(heads(page).get_by_text("Company")).to_be_visible()


def test_an_import_started_while_an_answer_is_on_its_way_goes_in_as_chosen(
    open_page: OpenPage, company: Company, mona: User, tmp_path: Path
) -> None:
    page = open_page(mona, "/imports/new")
    run_id = uploaded(page, written(tmp_path, THREE))
    held = holding(page)
    with page.expect_request("**/mapping"):
        page.get_by_label("Was", exact=True).select_option("title")
    page.get_by_role("button", name="Import these rows").click()
    let_on(page, held)
    let_on(page, held)
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    assert chosen(run_id)["Was"] == "title"


def test_cancelled_and_failed_imports_say_how_to_go_on(
    open_page: OpenPage,
    axe: Axe,
    shot: Shot,
    company: Company,
    ada: User,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = open_page(ada, "/imports/new")
    run_id = uploaded(page, written(tmp_path, "E-mail\n" + "".join(f"p{n}@x.example\n" for n in range(40))))
    page.get_by_role("button", name="Import these rows").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    actions.work(run_id)
    expect(page.get_by_role("heading", name="alte-leads.csv was stopped")).to_be_visible()
    axe(page)
    shot(page, "imports-cancelled")
    page.get_by_role("button", name="Go on with row 1").click()
    with monkeypatch.context() as broken:
        broken.setattr("ripeline.capture.imports.taking.admit", lambda *_, **__: 1 / 0)
        actions.work(run_id)
    expect(page.get_by_role("heading", name="alte-leads.csv broke off")).to_be_visible()
    axe(page)
    shot(page, "imports-failed")
    page.get_by_role("button", name="Go on with row 1").click()
    actions.work(run_id)
    expect(page.get_by_role("heading", name="alte-leads.csv is in")).to_be_visible()


def test_without_script_a_file_goes_in_too(open_page: OpenPage, company: Company, mona: User, tmp_path: Path) -> None:
    page = open_page(mona, "/imports/new", script=False)
    run_id = uploaded(page, written(tmp_path, "Wer;Wo\nAnn;a@x.example\nBo;b@x.example\n"))
    page.get_by_label("Wer", exact=True).select_option("name")
    page.get_by_label("Wo", exact=True).select_option("email")
    page.get_by_role("button", name="Import these rows").click()
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    actions.work(run_id)  # the page looks by itself every two seconds
    expect(page.get_by_role("heading", name="alte-leads.csv is in")).to_be_visible()
    assert Lead.objects.filter(name="Ann", email="a@x.example").exists()


def test_an_export_of_several_files_goes_in_together_with_its_words_translated(
    open_page: OpenPage, axe: Axe, shot: Shot, company: Company, mona: User, alice: User, tmp_path: Path
) -> None:
    files = {"people.csv": exports.HUBSPOT_CONTACTS, "deals.csv": exports.HUBSPOT_DEALS}
    book = written(
        tmp_path, workbook([line.split(",") for line in exports.HUBSPOT_COMPANIES.splitlines()]), "firms.xlsx"
    )
    page = open_page(mona, "/imports/new")
    page.get_by_label("The file").set_input_files([book, *(written(tmp_path, text, n) for n, text in files.items())])
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_role("heading", name="3 files to go in")).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_contain_text("firms.xlsx HubSpot companies")
    expect(page.get_by_label("Unqualified", exact=True)).to_have_value("disqualified")
    page.get_by_label("Jo Former", exact=True).select_option(label="Alice")
    page.get_by_label("What people.csv has").select_option("activities")
    expect(page.get_by_text("people.csv is read as notes and activities now")).to_be_visible()
    expect(page.get_by_role("row").nth(3)).to_contain_text("people.csv")
    axe(page)
    shot(page, "imports-together-changed")
    page.get_by_label("What people.csv has").select_option("leads")
    expect(page.get_by_label("Jo Former", exact=True)).to_have_value(alice.email)  # what was said meanwhile stays
    axe(page)
    shot(page, "imports-together")
    assert fits(page)
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_role("heading", name="What would change with people.csv")).to_be_visible()
    axe(page)
    shot(page, "imports-together-tried")
    assert fits(page)
    page.get_by_role("button", name="Import these files").click()
    expect(page.get_by_role("heading", name="3 files go in")).to_be_visible()
    for _ in range(3):
        actions.work(queries.waiting()[0])
    page.reload()
    expect(page.get_by_role("heading", name="3 files are in")).to_be_visible()
    expect(page.get_by_role("row", name="Together")).to_contain_text("10")
    axe(page)
    shot(page, "imports-together-result")
    page.get_by_role("link", name="people.csv").click()
    page.get_by_text("What was found out, and which column went where").click()
    expect(page.get_by_role("cell", name="An export of HubSpot contacts")).to_be_visible()
    axe(page)
    shot(page, "imports-read-as")
    assert Lead.objects.get(reference="102").owner == alice
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(page)
    page.go_back()
    expect(page.get_by_role("heading", name="3 files are in")).to_be_visible()
    assert fits(page)


def test_a_file_is_scheduled_and_its_history_seen(
    mona: User, company: Company, open_page: OpenPage, axe: Axe, shot: Shot, settings: Settings, tmp_path: Path
) -> None:
    settings.INBOX = tmp_path
    page = open_page(mona, "/imports/scheduled/new")
    axe(page)
    shot(page, "schedule-new")
    page.get_by_label("The file").fill("crm/leads-*.csv")
    page.get_by_role("button", name="Schedule it", exact=True).click()
    expect(page.get_by_text("Every day at 06:00")).to_be_visible()
    made = ImportSchedule.objects.get()
    imported(csv("E-mail,Name", "old@x.example,Old One"), actor=mona)
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "leads-1.csv").write_bytes(csv("E-mail,Name", "ann@x.example,Ann Lee"))
    os.utime(tmp_path / "crm" / "leads-1.csv", (1, 1))
    for content in ("", "E-mail\nx@x.example\n"):
        schedules.look_now(actor=mona, schedule_id=made.pk)
        if content:
            (tmp_path / "crm" / "leads-2.csv").write_text(content)
            os.utime(tmp_path / "crm" / "leads-2.csv", (2, 2))
        schedules.work(made.pk)
        for pk in queries.waiting():
            actions.work(pk)
    page.reload()
    expect(page.get_by_text("Went in")).to_be_visible()
    expect(page.locator("td").get_by_text("Waits for its mapping")).to_be_visible()
    axe(page)
    page.get_by_label("Who is open here").select_option("no")
    page.get_by_role("button", name="Keep the changes").click()
    expect(page.locator(".intro")).to_contain_text("Who is open here stays open")
    axe(page)
    shot(page, "schedule")
    page.goto(page.url.rsplit("/", 1)[0])
    expect(page.get_by_role("heading", name="Scheduled imports")).to_be_visible()
    axe(page)
    shot(page, "schedules")


def test_the_whole_of_a_long_file_is_tried_while_one_watches(
    mona: User, company: Company, open_page: OpenPage, axe: Axe, shot: Shot, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("ripeline.web.imports.imports.TRIED", 50)
    page = open_page(mona, "/imports/new")
    run_id = uploaded(page, written(tmp_path, csv("E-mail,Name", *(f"p{n}@x.example,Person {n}" for n in range(120)))))
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_text("The whole file is tried")).to_be_visible()
    axe(page)
    shot(page, "imports-trying")
    with page.expect_response("**/trial"):  # it asks how far it is, and the rest of the page stays
        expect(page.get_by_role("heading", name="Its columns")).to_be_visible()
    assert trials.work(run_id)
    expect(page.get_by_text("120 rows, tried and rolled back.")).to_be_visible()
    expect(page.get_by_role("heading", name="Its columns")).to_be_visible()
    expect(page.get_by_role("button", name="Import these rows")).to_be_visible()
    axe(page)
    shot(page, "imports-tried")


def test_on_a_phone_the_mapping_and_its_preview_are_read_without_scrolling_sideways(
    open_page: OpenPage, axe: Axe, shot: Shot, company: Company, mona: User, tmp_path: Path
) -> None:
    head = "Name,E-Mail,Telefon,Firma,Quelle,Erstellt am,Stand,Nachricht,Zz"
    rows = [
        f"Person {at} Weber,p{at}@firm.example,030 90182{at}0,Firm {at} GmbH,Messe,2026-0{1 + at % 9}-10,"
        f"{('gewonnen', 'kein Bedarf', 'Kontaktiert', 'offen')[at % 4]},"
        f'"Bitte schicken Sie mir Preise für {at} Boote, wir wollen im Sommer fahren und brauchen Zubehör.",'
        for at in range(9)
    ]
    page = open_page(mona, "/imports/new", phone=True)
    uploaded(
        page, written(tmp_path, "\n".join([head, *rows, "Ohne Adresse,kaputt,,,,31.02.2026,,,x"]) + "\n", "alt.csv")
    )
    expect(page.get_by_label("Stand", exact=True)).to_have_value("state")
    table = page.locator("table.preview")
    table.scroll_into_view_if_needed()
    expect(table.get_by_text("Person 0 Weber")).to_be_visible()
    assert table.evaluate("e => e.parentElement.scrollWidth <= e.parentElement.clientWidth"), "rows one below another"
    assert page.locator(".sticky").evaluate("e => e.clientHeight") < 100, "the verbs leave room for what they are about"
    shot(page, "imports-mapping-phone")
    assert fits(page)
    axe(page)


@pytest.mark.usefixtures("company")
def test_forty_columns_are_gone_through_on_a_phone(open_page: OpenPage, axe: Axe, mona: User, tmp_path: Path) -> None:
    """Each is a heading with its choice, and a line of its cells; why it is thought so shows when it is touched."""
    heads = ["Name", "E-Mail", *(f"Another heading, the {n}." for n in range(38))]
    rows = [
        [name, f"{name}@example.com", *("a cell of some length" for _ in range(38))] for name in ("ann", "bea", "cy")
    ]
    page = open_page(mona, "/imports/new", phone=True)
    uploaded(page, written(tmp_path, "\n".join(";".join(row) for row in (heads, *rows))))
    columns = page.locator(".columns tbody tr")
    expect(columns).to_have_count(40)
    heights = columns.evaluate_all("all => all.map(each => each.getBoundingClientRect().height)")
    assert max(heights) <= 85
    why = page.get_by_text("The heading says “E-Mail”.")
    expect(why).to_be_hidden()
    page.get_by_label("E-Mail", exact=True).focus()
    expect(why).to_be_visible()
    assert fits(page)
    axe(page)


def test_of_many_columns_what_was_found_comes_first_and_any_can_be_searched_for(
    open_page: OpenPage, mona: User, axe: Axe, shot: Shot, tmp_path: Path
) -> None:
    wide = csv(
        ",".join([*(f"Field {n}" for n in range(120)), "E-mail", "Name"]),
        ",".join([*map(str, range(120)), "ann@x.example", "Ann Lee"]),
    )
    page = open_page(mona, "/imports/new")
    uploaded(page, written(tmp_path, wide, "wide.csv"))
    labels = page.locator(".columns .label-of")
    assert labels.all_inner_texts()[:2] == ["E-mail", "Name"]
    page.get_by_label("Find a column among the 122").fill("field 11")
    expect(page.locator("#found-columns")).to_have_text("11 of 122")
    expect(page.locator(".columns tbody tr:visible")).to_have_count(11)
    with page.expect_response("**/mapping"):
        page.get_by_label("Field 11", exact=True).select_option(label="Company")
    expect(page.locator(".columns tbody tr:visible")).to_have_count(11)
    page.get_by_label("Find a column among the 122").fill("company")
    expect(page.locator(".columns tbody tr:visible .label-of")).to_have_text(["Field 11"])
    axe(page)
    shot(page, "imports-many-columns")
    page.set_viewport_size({"width": 390, "height": 800})
    assert fits(page)
    shot(page, "imports-many-columns-phone")
