"""Forms in a real browser: on their own page, in a page of another site, and as those who keep them see them."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect
from pytest_django.live_server_helper import LiveServer

from ripeline.capture.doors import doors, hooks, submissions
from ripeline.capture.doors.drafts import FormDraft
from ripeline.capture.models import Door
from ripeline.catalog.models import Question
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import Company, User

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]
NOTHING = {"cookies": [], "origins": []}  # is kept in the browser, of any site


@pytest.fixture
def door(mona: User) -> Door:
    Company.objects.update(name="Northwind Dental", time_zone="Europe/Lisbon", country="PT")
    draft = FormDraft(
        name="Quote", source_type="quote_request", title="Ask for a quote", verb="Ask for a quote",
        intro="Tell us in a line what you need. A person answers, usually within the hour.",
        fields={"name": "required", "company": "optional", "phone": "optional"},
        questions=[("need", False), ("timeline", True), ("may_write", False)],
    )  # fmt: skip
    return doors.keep_form(actor=mona, draft=draft)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what a test prints is read."""


@pytest.fixture
def other_site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A site of the company's own, on another origin: its address, and where its pages are put."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser under test is quicker than a person; what is tested elsewhere is not in its way here."""
    monkeypatch.setattr(submissions, "TOO_FAST", submissions.TOO_FAST * 0)


def test_a_stranger_asks_for_a_quote_on_a_phone(
    open_page: OpenPage, axe: Axe, shot: Shot, door: Door, patient: None
) -> None:
    page = open_page(None, "/f/quote?utm_source=google", phone=True)
    axe(page)
    shot(page, "form")
    page.get_by_role("button", name="Ask for a quote").click()
    expect(page.get_by_text("3 answers need another look")).to_be_visible()
    expect(page.get_by_label("Your name")).to_be_focused()
    axe(page)
    shot(page, "form-wrong")
    page.get_by_label("Your name").fill("Priya Raman")
    page.get_by_label("E-mail", exact=True).fill("priya@northgate.example")
    page.get_by_label("What would you like to achieve?").fill("Two chairs by spring.")
    page.get_by_label("When should it be in place?").select_option("Within a month")
    page.get_by_role("button", name="Ask for a quote").click()
    expect(page.get_by_text("We will be in touch")).to_be_visible()
    axe(page)
    shot(page, "form-thanks")
    assert page.context.storage_state(indexed_db=True) == NOTHING
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    enquiry = Enquiry.objects.select_related("lead").get()
    assert (enquiry.lead.name, enquiry.message) == ("Priya Raman", "Two chairs by spring.")
    assert enquiry.trail["utm_source"] == "google"


def test_a_form_stands_in_a_page_of_another_site_that_was_named_and_in_no_other(
    open_page: OpenPage, live_server: LiveServer, other_site: tuple[str, Path], door: Door, mona: User, patient: None
) -> None:
    site, pages = other_site
    (pages / "contact.html").write_text(
        f'<!doctype html><html data-ready><title>Contact</title><link rel="icon" href="data:,"><h1>Contact</h1>'
        f'<script src="{live_server.url}/static/ripeline/embed.js" data-form="quote" async></script>'
    )
    (pages / "thanks.html").write_text(
        '<!doctype html><html data-ready><title>Thanks</title><link rel="icon" href="data:,"><h1>Ours</h1>'
    )
    draft = FormDraft(
        name="Quote", source_type="quote_request", title="Ask for a quote", verb="Send", sites=[site],
        fields={"name": "required"}, redirect_url=f"{site}/thanks.html",
    )  # fmt: skip
    doors.keep_form(actor=mona, door=door, draft=draft)
    page = open_page(None, f"{site}/contact.html?utm_campaign=Spring&private=1")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Ask for a quote")).to_be_visible()
    frame.get_by_label("Your name").fill("Priya Raman")
    frame.get_by_label("E-mail", exact=True).fill("priya@northgate.example")
    frame.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Ours")).to_be_visible()
    doors.keep_form(actor=mona, door=door, draft=replace(draft, redirect_url=""))
    page.goto(f"{site}/contact.html")
    frame.get_by_label("Your name").fill("Priya Raman")
    frame.get_by_label("E-mail", exact=True).fill("priya@northgate.example")
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_text("We will be in touch")).to_be_visible()
    page.wait_for_function("document.querySelector('iframe').offsetHeight < 250")
    assert page.context.storage_state(indexed_db=True) == NOTHING
    enquiry = Enquiry.objects.select_related("campaign").earliest("captured_at")
    assert enquiry.landing_page == f"{site}/contact.html"
    assert enquiry.trail["utm_campaign"] == "Spring"


WORDS, ASKS, AGREE, AFTER, LOOKS, STANDS = (
    "Language and words", "What it asks", "Consent and privacy", "What they get, and the thanks",
    "Colours and letters", "Sites that may show it",
)  # fmt: skip


def opens(page: Page, *groups: str) -> None:
    """Open groups of a form's settings."""
    for each in groups:
        page.locator("summary", has_text=each).click()


def ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize(
    ("style", "is_dark"),
    [
        ({}, True), ({"accent": "#bb3311"}, True), ({"accent": "#101214"}, True), ({"accent": "#ffe066"}, True),
        ({"paper": "#fffaf0"}, False), ({"paper": "#10233f", "ink": "#f5f5f5"}, False),
        ({"ink": "#767676", "paper": "#ffffff"}, False),
    ],
)  # fmt: skip
def test_in_a_dark_browser_a_form_is_dark_but_where_its_ground_was_chosen_and_can_be_read(
    open_page: OpenPage, axe: Axe, shot: Shot, door: Door, mona: User, style: dict[str, str], is_dark: bool
) -> None:
    draft = FormDraft(
        name="Quote", source_type="quote_request", title="Ask for a quote", verb="Send", style=style,
        intro="Tell us in a line what you need.", fields={"name": "required", "company": "optional"},
        questions=[("timeline", True), ("may_write", False)], privacy_url="https://www.northwind.example/privacy",
    )  # fmt: skip
    doors.keep_form(actor=mona, door=door, draft=draft)
    page = open_page(None, "/f/quote", dark=True, phone=True)
    chosen = style.get("paper", "#15171a" if is_dark else "#ffffff").lstrip("#")
    assert ground(page) == "rgb({}, {}, {})".format(*(int(chosen[at : at + 2], 16) for at in (0, 2, 4)))
    axe(page)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("answers need another look")).to_be_visible()
    axe(page)
    shot(page, f"form-dark-{'-'.join(style.values()).replace('#', '') or 'plain'}")
    assert ground(open_page(None, "/f/quote?embed=1", dark=True)) == "rgba(0, 0, 0, 0)", "the page around has its own"


@pytest.mark.parametrize(
    ("paints", "dark", "on_dark"),
    [
        ("", False, False), ("", True, False), (":root { color-scheme: light dark }", True, True),
        ("body { background: #101418; color: #eee }", False, True), ("div { background: #0a2540 }", False, True),
        ("body { background: #101418 } div { background: rgb(250 250 250) }", True, False),
        ("div { background: color-mix(in oklab, white 90%, black) }", False, False),
    ],
)  # fmt: skip
def test_in_a_page_of_another_site_a_form_can_be_read_on_the_ground_it_stands_on(
    open_page: OpenPage, shot: Shot, live_server: LiveServer, other_site: tuple[str, Path], door: Door, patient: None,
    paints: str, dark: bool, on_dark: bool,
) -> None:  # fmt: skip
    site, pages = other_site
    Door.objects.update(sites=[site])
    (pages / "contact.html").write_text(
        f'<!doctype html><html data-ready><title>Contact</title><link rel="icon" href="data:,"><style>{paints}</style>'
        f'<div><script src="{live_server.url}/static/ripeline/embed.js" data-form="quote"></script></div>'
    )
    page = open_page(None, f"{site}/contact.html", dark=dark)
    frame = page.frame_locator("iframe")
    shown = "rgb(232, 235, 233)" if on_dark else "rgb(28, 35, 33)"
    expect(frame.get_by_role("heading", name="Ask for a quote")).to_have_css("color", shown)
    expect(frame.locator("body")).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    frame.get_by_role("button", name="Ask for a quote").click()
    expect(frame.get_by_text("answers need another look")).to_have_css("color", shown)
    shot(page, f"form-there-{len(paints)}-{dark}")
    frame.get_by_label("Your name").fill("Priya Raman")
    frame.get_by_label("E-mail", exact=True).fill("priya@northgate.example")
    frame.get_by_label("When should it be in place?").select_option("Later")
    frame.get_by_role("button", name="Ask for a quote").click()
    expect(frame.get_by_text("We will be in touch")).to_have_css("color", shown)


def test_mona_allows_the_site_that_tried(
    open_page: OpenPage,
    axe: Axe,
    shot: Shot,
    live_server: LiveServer,
    other_site: tuple[str, Path],
    door: Door,
    mona: User,
) -> None:
    site, pages = other_site
    (pages / "contact.html").write_text(
        '<!doctype html><html data-ready><title>Contact</title><link rel="icon" href="data:,"><h1>Contact</h1>'
        f'<script src="{live_server.url}/static/ripeline/embed.js" data-form="quote" async></script>'
    )
    (pages / "framed.html").write_text(
        '<!doctype html><html data-ready><title>Framed</title><link rel="icon" href="data:,">'
        f'<iframe src="{live_server.url}/f/quote" title="Form"></iframe>'
    )
    theirs = open_page(None, f"{site}/contact.html")
    expect(theirs.frame_locator("iframe").get_by_text(f"the site {site} has to be named")).to_be_visible()
    theirs.goto(f"{site}/framed.html")
    expect(theirs.frame_locator("iframe").get_by_text(f"the site {site} has to be named")).to_be_visible()
    page = open_page(mona, f"/capture/doors/{door.pk}")
    expect(page.get_by_text("2 times, the latest")).to_be_visible()
    axe(page)
    shot(page, "form-tried")
    page.get_by_role("button", name=f"Allow {site}").click()
    expect(page.get_by_text(f"{site} may show the form now")).to_be_visible()
    theirs.reload()
    expect(theirs.frame_locator("iframe").get_by_role("heading", name="Ask for a quote")).to_be_visible()


def test_without_a_script_a_button_shows_what_was_changed(open_page: OpenPage, door: Door, mona: User) -> None:
    page = open_page(mona, f"/capture/doors/{door.pk}", script=False)
    opens(page, WORDS)
    page.get_by_label("Heading").fill("Tell us")
    page.get_by_role("button", name="Show what I changed").click()
    expect(page.frame_locator("iframe.preview").get_by_role("heading", name="Tell us")).to_be_visible()
    expect(page.get_by_label("Heading")).to_have_value("Tell us")


@pytest.mark.parametrize("script", [True, False])
def test_mona_finds_each_group_of_a_forms_settings_on_one_screen(
    open_page: OpenPage, axe: Axe, shot: Shot, door: Door, mona: User, script: bool
) -> None:
    page = open_page(mona, f"/capture/doors/{door.pk}", phone=True, script=script)
    first, last = (page.locator("summary", has_text=each).bounding_box() for each in ("What it is for", STANDS))
    assert first
    assert last
    assert last["y"] + last["height"] - first["y"] < 600, "all of them fit a phone"
    for group, label in (
        (LOOKS, "Colour of its ground"), (WORDS, "Its language"), (AGREE, "Your privacy notice"),
        (AFTER, "What is said afterwards"), (STANDS, "Sites that may show it"),
    ):  # fmt: skip
        field = page.get_by_label(label, exact=group == LOOKS)
        expect(field).to_be_hidden()
        opens(page, group)
        expect(field).to_be_visible()
    page.get_by_label("Sites that may show it in a page").fill("a b")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("is not the address of a site")).to_be_visible()
    if not script:
        expect(page.get_by_label("Colour of its ground", exact=True)).to_be_hidden()
        return
    axe(page)
    shot(page, "form-groups")
    page.goto(f"/capture/doors/{door.pk}")
    expect(page.get_by_label("Colour of its ground", exact=True)).to_be_visible()


def test_a_link_to_a_group_opens_it(open_page: OpenPage, door: Door, mona: User) -> None:
    page = open_page(mona, f"/capture/doors/{door.pk}")
    page.get_by_role("link", name="Sites that may show it").click()
    expect(page.get_by_label("Sites that may show it in a page")).to_be_visible()


def asked_of(preview: FrameLocator) -> list[str]:
    names = preview.locator("[name^='q-']").evaluate_all("all => all.map((each) => each.name)")
    return list(dict.fromkeys(names))


def test_questions_change_places_by_the_keyboard_and_the_preview_follows(
    open_page: OpenPage, axe: Axe, shot: Shot, door: Door, mona: User
) -> None:
    page = open_page(mona, f"/capture/doors/{door.pk}")
    preview = page.frame_locator("iframe.preview")
    opens(page, WORDS, ASKS)
    page.get_by_role("button", name="Ask “When should it be in place?” earlier").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("When should it be in place? is now 1 of 5.")).to_be_attached()
    expect(page.get_by_role("button", name="Ask “When should it be in place?” later")).to_be_focused()
    expect(preview.locator("[name^='q-']").first).to_have_attribute("name", "q-timeline")
    page.get_by_label("Is there a budget for it?", exact=True).select_option("required")
    page.get_by_role("button", name="Ask “Is there a budget for it?” earlier").press("Enter")
    page.get_by_role("button", name="Ask “Is there a budget for it?” earlier").press("Space")
    expect(page.get_by_text("Is there a budget for it? is now 2 of 5.")).to_be_attached()
    axe(page)
    shot(page, "form-order")
    page.get_by_label("Heading").press("Enter")  # keeps, and moves nothing
    expect(page.get_by_text("Kept; the form is so from now on.")).to_be_visible()
    door.refresh_from_db()
    assert [(each["key"], each["required"]) for each in door.questions] == [
        ("timeline", True), ("budget", True), ("need", False), ("may_write", False),
    ]  # fmt: skip
    assert asked_of(preview) == ["q-timeline", "q-budget", "q-need", "q-may_write"]


def test_without_a_script_a_question_moves_by_its_button_and_what_was_typed_stays(
    open_page: OpenPage, door: Door, mona: User
) -> None:
    page = open_page(mona, f"/capture/doors/{door.pk}", script=False)
    opens(page, WORDS, ASKS)
    page.get_by_label("Heading").fill("Tell us")
    page.get_by_role("button", name="Ask “When should it be in place?” earlier").click()
    expect(page.get_by_text("Moved here; Keep keeps it.")).to_be_visible()
    expect(page.get_by_label("Is there a budget for it?", exact=True)).to_be_visible()
    opens(page, WORDS)
    expect(page.get_by_label("Heading")).to_have_value("Tell us")
    page.get_by_role("button", name="Keep").click()
    door.refresh_from_db()
    assert ([each["key"] for each in door.questions][:2], door.title) == (["timeline", "need"], "Tell us")


def test_a_marketer_makes_a_form_tries_it_and_lets_in_what_was_held_back(
    open_page: OpenPage, axe: Axe, shot: Shot, door: Door, mona: User, alice: User, patient: None
) -> None:
    page = open_page(mona, "/capture")
    expect(page.get_by_role("link", name="Quote")).to_be_visible()
    axe(page)
    shot(page, "capture")
    page.get_by_role("link", name="New form").click()
    page.get_by_label("Its name, for you").fill("See a demo")
    page.get_by_label("What do people ask for with it?").select_option("demo_request")
    axe(page)
    shot(page, "capture-new")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="As people see it")).to_be_visible()
    preview = page.frame_locator("iframe.preview")
    expect(preview.get_by_role("heading", name="See a demonstration")).to_be_visible()
    opens(page, WORDS, LOOKS)
    page.get_by_label("Heading").fill("See it at work")
    expect(preview.get_by_role("heading", name="See it at work")).to_be_visible()
    page.get_by_label("Colour of its button", exact=True).fill("#b31")
    expect(page.get_by_label("Pick: colour of its button")).to_have_value("#bb3311")
    expect(preview.get_by_role("button")).to_have_css("background-color", "rgb(187, 51, 17)")
    page.get_by_label("Pick: colour of its letters").fill("#223388")
    expect(page.get_by_label("Colour of its letters", exact=True)).to_have_value("#223388")
    page.get_by_label("Its language").select_option("de")
    expect(preview.get_by_label("Ihr Name")).to_be_visible()
    page.get_by_label("Its language").select_option("en")
    assert Door.objects.get(slug="see-a-demo").title == "See a demonstration", "nothing is kept yet"
    page.get_by_role("button", name="Keep").click()
    expect(preview.get_by_role("heading", name="See it at work")).to_be_visible()
    axe(page)
    shot(page, "capture-form")

    with page.context.expect_page() as trial:
        page.get_by_role("link", name="Try it").click()
    tried = trial.value
    tried.get_by_label("Your name").fill("Tester")
    tried.get_by_label("E-mail", exact=True).fill("tester@example.com")
    tried.get_by_role("button", name="See a demonstration").click()
    expect(tried.get_by_text("would be a new lead")).to_be_visible()
    axe(tried)
    assert not Lead.objects.exists()

    stranger = open_page(None, "/f/quote")
    stranger.get_by_label("Your name").fill("Bo")
    stranger.get_by_label("E-mail", exact=True).fill("bo@x.example")
    stranger.get_by_label("When should it be in place?").select_option("Later")
    stranger.locator("[name=fax]").evaluate("field => { field.value = 'filled' }")
    stranger.get_by_role("button", name="Ask for a quote").click()
    expect(stranger.get_by_text("We will be in touch")).to_be_visible()
    page.goto("/capture/held")
    axe(page)
    shot(page, "capture-held")
    page.get_by_role("button", name="Let in").click()
    expect(page.get_by_text("Bo is let in")).to_be_visible()
    assert Lead.objects.get().name == "Bo"
    page.goto("/capture/hooks/new")
    page.get_by_label("Which tool is it for?").fill("Lead ads")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_text("Nothing was sent yet")).to_be_visible()
    axe(page)
    sent = {"field_data": [{"name": "email", "values": ["kim@x.example"]}, {"name": "full_name", "values": ["Kim"]}]}
    assert page.request.post(page.get_by_label("The address to send to").input_value(), data=sent).status == 202
    page.reload()
    expect(page.get_by_label("E-mail", exact=True)).to_have_value("field_data.email.0")
    axe(page)
    shot(page, "capture-hook")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept; 1 that waited came in")).to_be_visible()
    assert Lead.objects.filter(name="Kim").exists()
    page.goto("/capture/questions")
    axe(page)
    shot(page, "capture-questions")


def test_an_administrator_makes_a_key_for_a_program(open_page: OpenPage, axe: Axe, shot: Shot, ada: User) -> None:
    page = open_page(ada, "/settings/keys")
    axe(page)
    page.get_by_label("Which program is it for?").fill("Web shop")
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_text("Copy the key now")).to_be_visible()
    axe(page)
    shot(page, "keys")
    page.get_by_role("button", name="Revoke the key of Web shop").click()
    expect(page.get_by_text("The key is revoked")).to_be_visible()


def test_mona_makes_a_link_for_a_post_and_leads_it_elsewhere_later(
    open_page: OpenPage, axe: Axe, shot: Shot, mona: User
) -> None:
    page = open_page(mona, "/capture/links")
    axe(page)
    page.get_by_label("Where it will stand").fill("LinkedIn post in May")
    page.get_by_label("Where it leads").fill("https://www.casaverde.example/offer")
    page.get_by_role("combobox", name="Campaign").fill("Spring 2026")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("textbox", name="The address of “LinkedIn post in May”")).to_be_visible()
    axe(page)
    shot(page, "links")
    page.get_by_role("link", name="Change “LinkedIn post in May”").click()
    code = page.get_by_role("img", name="QR code of")
    expect(code).to_be_visible()
    assert code.evaluate("img => img.decode().then(() => img.naturalWidth)") >= 250
    axe(page)
    shot(page, "link")
    with page.expect_download() as kept:
        page.get_by_role("link", name="PNG").click()
    assert kept.value.suggested_filename.startswith("linkedin-post-in-may-")
    page.emulate_media(media="print")
    expect(code).to_be_visible()
    expect(page.get_by_role("button", name="Keep")).to_be_hidden()
    expect(page.get_by_role("link", name="PNG")).to_be_hidden()
    shot(page, "link-print")
    page.emulate_media(media="screen")
    page.get_by_label("Where it leads").fill("offer")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Write a whole address")).to_be_visible()
    axe(page)
    shot(page, "link-wrong")
    page.get_by_label("Where it leads").fill("https://www.casaverde.example/summer")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("https://www.casaverde.example/summer")).to_be_visible()


def test_what_a_form_gives_is_kept_chosen_and_taken(
    open_page: OpenPage, axe: Axe, shot: Shot, door: Door, mona: User, patient: None, tmp_path: Path
) -> None:
    page = open_page(mona, "/capture/assets")
    (tmp_path / "guide.pdf").write_bytes(b"%PDF-1.7 a guide")
    page.get_by_label("What it is called").fill("The guide")
    page.get_by_label("A file").set_input_files(tmp_path / "guide.pdf")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("cell", name="The guide", exact=True)).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Change “The guide”").click()
    page.get_by_label("For which buying stage").select_option("Consideration")
    page.get_by_label("What it is an answer to").fill("no-shows\ndouble bookings")
    axe(page)
    shot(page, "asset")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Consideration · no-shows, double bookings")).to_be_visible()
    axe(page)
    shot(page, "assets")
    page.goto(f"/capture/doors/{door.pk}")
    opens(page, AFTER)
    page.get_by_label("What they get for it").select_option("The guide")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("No mail server is set, so the link to it is on the page")).to_be_visible()
    axe(page)
    stranger = open_page(None, "/f/quote", phone=True)
    stranger.get_by_label("Your name").fill("Priya Raman")
    stranger.get_by_label("E-mail", exact=True).fill("priya@northgate.example")
    stranger.get_by_label("When should it be in place?").select_option("Later")
    stranger.get_by_role("button", name="Ask for a quote").click()
    link = stranger.get_by_role("link", name="The guide")
    expect(link).to_be_visible()
    axe(stranger)
    stranger.goto(link.get_attribute("href") or "")
    expect(stranger.get_by_role("heading", name="The guide")).to_be_visible()
    axe(stranger)
    shot(stranger, "get")
    with stranger.expect_download() as got:
        stranger.get_by_role("button", name="Download it").click()
    assert got.value.suggested_filename == "guide.pdf"
    assert Path(got.value.path()).read_bytes() == b"%PDF-1.7 a guide"


def test_a_bad_address_that_a_tool_sent_is_mended_where_it_waits(
    open_page: OpenPage, axe: Axe, shot: Shot, mona: User
) -> None:
    door = hooks.keep_hook(actor=mona, name="Lead ads", source_type="social", mapping={"email": "m", "name": "n"})
    hooks.take_hook(door=door, payload={"n": "Priya Raman", "m": "priya(at)northgate.example"}, address="x")
    page = open_page(mona, "/capture")
    shot(page, "capture-unread")
    page.get_by_role("link", name="See what it lacks").click()
    axe(page)
    shot(page, "capture-held-address")
    page.get_by_label("The address as it should be").fill("priya@northgate.example")
    page.get_by_role("button", name="Let in with it").click()
    expect(page.get_by_text("Priya Raman is let in")).to_be_visible()
    assert Lead.objects.get().email == "priya@northgate.example"


def test_a_question_shows_what_belongs_to_its_kind_of_answer(
    open_page: OpenPage, axe: Axe, shot: Shot, door: Door, mona: User
) -> None:
    page = open_page(mona, "/capture/questions/new")
    kind = page.get_by_label("How it is answered")
    answers, purpose = page.get_by_label("The answers to choose from"), page.get_by_label("What the mail is for")
    for value, is_list, is_consent in (("choice", 1, 0), ("choices", 1, 0), ("consent", 0, 1), ("text", 0, 0)):
        kind.select_option(value)
        expect(answers).to_be_visible(visible=bool(is_list))
        expect(purpose).to_be_visible(visible=bool(is_consent))
    shot(page, "question-new")
    page = open_page(mona, f"/capture/questions/{Question.objects.get(key='may_write').pk}")
    expect(page.get_by_text("as it stays")).to_be_visible()
    expect(page.get_by_label("What the mail is for")).to_be_visible()
    axe(page)
    shot(page, "question-consent")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept; every door that asks it asks it so.")).to_be_visible()
    page = open_page(mona, f"/capture/questions/{Question.objects.get(key='timeline').pk}")
    expect(page.get_by_label("The answers to choose from")).to_be_visible()
    expect(page.get_by_label("How it is answered").locator("option")).to_have_count(2)
    page = open_page(mona, f"/capture/doors/{door.pk}")
    page.set_viewport_size({"width": 1280, "height": 900})
    one, other = (
        page.get_by_role("heading", name=name).bounding_box() for name in ("Its own page", "In a page of yours")
    )
    assert one
    assert other
    assert one["y"] == other["y"]
    shot(page, "door-1280")
    page.set_viewport_size({"width": 390, "height": 844})
    shown, says = (
        page.locator("iframe.preview").bounding_box(),
        page.get_by_role("heading", name=WORDS).bounding_box(),
    )
    assert shown
    assert says
    assert shown["y"] < says["y"], "one need not scroll past the settings to see the form"
    shot(page, "door-phone")
