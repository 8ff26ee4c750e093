"""The main job in a real browser: a rep works Today by keyboard and by pointer, at a desk and on a phone."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from ripeline.catalog.actions import sources_named
from ripeline.leads.decisions import actions
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.models import Lead, NextKind, State
from ripeline.people.models import Company, User
from ripeline.ripeness import actions as ripeness
from tests.cast import MakeLead, by, soon

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]

PEOPLE = (
    ("Priya Raman", "Operations director", "Northgate Dental", "Quote request"),
    ("Tomás Oliveira", "Owner", "Casa Verde", "Demo request"),
    ("Marta Nilsen", "Practice manager", "Fjord Klinikk", "Webinar"),
    ("Ken Abe", "CEO", "Sakura Group", "Trade fair"),
    ("Lena Fischer", "", "Praxis Fischer", "White paper"),
)


DONE = "li.done:not(.pending)"  # not only shown so until the answer comes


@pytest.fixture
def every_day(alice: User) -> Company:
    """A company that works every day, so that today is a working day whenever the tests run."""
    Company.objects.update(name="Northwind Dental", time_zone="Europe/Lisbon", work_days=list(range(7)))
    return Company.objects.get()


@pytest.fixture
def day(alice: User, every_day: Company, make_lead: MakeLead) -> list[Lead]:
    """Five people of Alice's who are due today."""
    sources = sources_named([source for *_, source in PEOPLE])
    leads = [
        make_lead(
            alice,
            name=name,
            title=title,
            company=company,
            email=f"{name.split()[0].lower()}@{n}.example".replace("á", "a"),
            phone=f"+35191234567{n}",
            source_id=sources[source].pk,
            message="Two practices open in spring, our scheduler is a mess." if n == 0 else "",
        )
        for n, (name, title, company, source) in enumerate(PEOPLE)
    ]
    actions.touch(leads[2].pk, by(alice), kind="call", reached=False, next=soon(minutes=1), disposition="no_answer")
    ripeness.rescore()
    return leads


def at(lead_id: Any) -> Lead:
    return Lead.objects.get(pk=lead_id)


def chosen(page: Page) -> Any:
    return page.locator('.list a.row[aria-current="true"]')


def in_sheet(page: Page) -> str:
    """The id of whoever the sheet shows."""
    return str(page.locator("#sheet").get_attribute("data-lead"))


def settled(page: Page) -> None:
    """Nothing is on its way, and the sheet shows whom the list says."""
    expect(page.locator("html[data-waits]")).to_have_count(0)
    if chosen(page).count():
        expect(page.locator("#sheet")).to_have_attribute("data-lead", str(chosen(page).get_attribute("data-lead")))


def test_the_day_is_worked_from_the_keyboard(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, day: list[Lead]
) -> None:
    page = open_page(alice, "/today")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Five people today, about \d+ minutes"))
    axe(page)
    shot(page, "today")

    page.keyboard.press("j")  # on to the second
    settled(page)
    expect(chosen(page)).to_be_focused()
    second = in_sheet(page)
    expect(page).to_have_url(f"/today/{second}")

    page.keyboard.press("Enter")  # into the sheet
    expect(page.locator("#sheet h2")).to_be_focused()

    page.keyboard.press("2")  # no answer, and on to the third
    toast = page.locator(".toast")
    expect(toast).to_contain_text("no answer, again")
    expect(page.locator(f'{DONE} a[data-lead="{second}"]')).to_contain_text("no answer")
    settled(page)
    expect(chosen(page)).to_be_focused()
    assert at(second).unanswered >= 1
    assert in_sheet(page) != second
    axe(page)
    shot(page, "today-toast")

    page.keyboard.press("z")  # back
    expect(toast).to_contain_text("taken back")
    settled(page)
    assert in_sheet(page) == second
    expect(page.locator(DONE)).to_have_count(0)

    page.keyboard.press("4")  # a meeting, and when
    expect(toast).to_contain_text("meeting agreed")
    settled(page)
    page.keyboard.press("d")
    page.keyboard.type("in 3 days 14:00, at their office")
    expect(page.locator(".toast .echo")).to_contain_text("14:00 · “at their office”")
    page.keyboard.press("Enter")
    expect(toast.locator("> span")).to_contain_text("14:00, next step set")
    settled(page)
    assert (at(second).next_kind, at(second).next_note) == (NextKind.MEETING, "at their office")

    third = in_sheet(page)
    page.keyboard.press("s")  # snooze, in words
    page.keyboard.type("when pigs fly")
    page.keyboard.press("Enter")
    expect(page.locator(".echo .wrong")).to_contain_text("“when pigs fly” is not a date")
    expect(page.get_by_label("Snooze until")).to_have_value("when pigs fly")
    expect(page.get_by_label("Snooze until")).to_be_focused()
    axe(page)
    shot(page, "today-wrong")
    page.keyboard.press("Control+a")
    page.keyboard.type("in 3 weeks, after the budget round")
    expect(page.locator("#sheet .echo")).to_contain_text("in 3 weeks")
    page.keyboard.press("Enter")
    expect(toast).to_contain_text("snoozed, back in 3 weeks")
    settled(page)
    assert (at(third).next_note, at(third).next_committed) == ("after the budget round", True)

    fourth = in_sheet(page)
    page.keyboard.press("n")  # a note, kept alone
    page.keyboard.type("prefers mornings")
    page.keyboard.press("Control+Enter")
    expect(toast).to_contain_text("The note is kept")
    expect(page.locator(".lately")).to_contain_text("prefers mornings")
    settled(page)
    assert in_sheet(page) == fourth

    page.keyboard.press("w")  # won, with the amount
    page.keyboard.type("12,500")
    page.keyboard.press("Enter")
    expect(toast).to_contain_text("won")
    settled(page)
    assert at(fourth).state == State.WON

    page.keyboard.press("7")
    expect(toast).to_contain_text("not a fit")
    settled(page)
    page.keyboard.press("3")
    expect(page.get_by_role("heading", level=1)).to_have_text("Done for today")
    expect(page.locator(".day-over")).to_contain_text("meeting set")
    expect(page).to_have_url("/today")
    axe(page)
    shot(page, "today-done")


def test_the_day_is_worked_with_the_pointer(open_page: OpenPage, axe: Axe, alice: User, day: list[Lead]) -> None:
    page = open_page(alice, "/today")
    page.locator(".list a.row").nth(3).click()
    settled(page)
    lead = in_sheet(page)
    expect(page).to_have_url(f"/today/{lead}")
    expect(page.locator("#sheet").get_by_role("link", name="Call")).to_have_attribute("href", re.compile(r"^tel:\+351"))
    page.get_by_label("A note").fill("After the budget round.")
    page.get_by_role("button", name="Reached").click()
    expect(page.locator(".toast")).to_contain_text("reached, next")
    page.locator(".toast summary").click()
    page.locator(".toast").get_by_label("Another date").fill("tomorrow 11:30")
    page.locator(".toast").get_by_role("button", name="Set").click()
    expect(page.locator(".toast > span").first).to_contain_text("tomorrow 11:30")
    settled(page)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_contain_text("taken back")
    settled(page)
    assert in_sheet(page) == lead
    assert at(lead).touches == 0

    page.locator("summary", has_text="Won").click()
    expect(page.get_by_label("Amount")).to_be_focused()
    axe(page)
    page.get_by_label("Amount").fill("a lot")
    page.get_by_role("button", name="They bought").click()
    expect(page.get_by_text("“a lot” is not an amount")).to_be_visible()
    page.get_by_label("Amount").fill("9000")
    page.get_by_role("button", name="They bought").click()
    expect(page.locator(DONE)).to_have_count(1)
    page.locator("summary", has_text="How these were chosen").click()
    page.get_by_role("button", name="Choose anew").click()
    expect(page.locator(".toast")).to_contain_text("Chosen anew")
    expect(page.locator(DONE)).to_have_count(1)


def at_once(page: Page, *keys: str) -> None:
    """Press keys faster than anything can answer."""
    page.evaluate(
        """keys => { for (const key of keys) document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })); }""",
        list(keys),
    )


def test_a_key_acts_on_the_chosen_row_however_fast_it_is_pressed(
    open_page: OpenPage, alice: User, day: list[Lead]
) -> None:
    page = open_page(alice, "/today", ahead=True)
    third = page.locator(".list a.row").nth(2).get_attribute("data-lead")
    at_once(page, "j", "j", "2")
    expect(page.locator(".toast")).to_contain_text("no answer")
    expect(page.locator(DONE)).to_have_count(1)
    expect(page.locator(f"{DONE} a.row")).to_have_attribute("data-lead", str(third))


def test_a_key_pressed_twice_does_not_fall_on_whoever_comes_next(
    open_page: OpenPage, alice: User, day: list[Lead]
) -> None:
    page = open_page(alice, "/today", ahead=True)
    at_once(page, "2", "2", "2")
    expect(page.locator(".toast")).to_contain_text("no answer")
    settled(page)
    expect(page.locator(DONE)).to_have_count(1)
    assert sum(lead.touches for lead in Lead.objects.exclude(pk=day[2].pk)) + at(day[2].pk).touches - 1 == 1


def held_back(page: Page, glob: str) -> list[Route]:
    """Requests that are not answered until their `continue_`."""
    waiting: list[Route] = []
    page.route(glob, lambda route: waiting.append(route))
    return waiting


def test_what_is_typed_after_s_while_the_sheet_is_on_its_way_goes_into_the_box(
    open_page: OpenPage, alice: User, day: list[Lead]
) -> None:
    page = open_page(alice, "/today", ahead=True)
    second = page.locator(".list a.row").nth(1).get_attribute("data-lead")
    waiting = held_back(page, f"**/today/{second}")
    with page.expect_request(f"**/today/{second}"):
        page.keyboard.press("j")
    page.keyboard.type("sin 3 wwe")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.type("eeks, after the 2nd budget round")
    waiting[0].continue_()
    expect(page.get_by_label("Snooze until")).to_have_value("in 3 weeks, after the 2nd budget round")
    expect(page.get_by_label("Snooze until")).to_be_focused()
    expect(page.locator("#sheet .echo")).to_contain_text("in 3 weeks")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("snoozed, back in 3 weeks")
    assert at(second).next_note == "after the 2nd budget round"


def test_a_whole_snooze_may_be_typed_before_the_last_outcome_was_answered(
    open_page: OpenPage, alice: User, day: list[Lead]
) -> None:
    page = open_page(alice, "/today", ahead=True)
    first, second = in_sheet(page), page.locator(".list a.row").nth(1).get_attribute("data-lead")
    waiting = held_back(page, "**/outcome")
    with page.expect_request("**/outcome"):
        page.keyboard.press("2")
    page.keyboard.type("sin 3 weeks")
    page.keyboard.press("Enter")
    waiting[0].continue_()
    expect(page.locator(DONE)).to_have_count(2)
    assert at(first).unanswered >= 1
    assert at(second).next_committed


@pytest.mark.parametrize("phone", [False, True])
def test_the_box_for_a_date_and_what_is_understood_of_it_are_in_sight(
    phone: bool, open_page: OpenPage, alice: User, day: list[Lead]
) -> None:
    page = open_page(alice, f"/today/{day[0].pk}", phone=phone)
    page.set_viewport_size({"width": 390, "height": 600} if phone else {"width": 1360, "height": 620})
    page.keyboard.press("s")
    expect(page.get_by_label("Snooze until")).to_be_focused()
    page.keyboard.type("tomorrow 14:00")
    echo = page.locator("#sheet .echo")
    expect(echo).to_contain_text("14:00")
    for part in (page.get_by_label("Snooze until"), echo):
        assert on_top(part), "behind something else"


def on_top(part: Locator) -> bool:
    """Whether nothing covers it, and the window shows it whole."""
    return bool(
        part.evaluate(
            """async (part) => {
                const frame = () => new Promise((done) => requestAnimationFrame(done));
                await frame(), await frame();
                const box = part.getBoundingClientRect(), x = box.left + 8;
                return [box.top + 2, box.bottom - 2].every((y) => part.contains(document.elementFromPoint(x, y)));
            }"""
        )
    )


@pytest.mark.parametrize("trouble", ["cut off", "broken"])
def test_what_was_not_saved_says_so_and_stays(
    trouble: str, open_page: OpenPage, axe: Axe, alice: User, day: list[Lead]
) -> None:
    page = open_page(alice, "/today")
    first = in_sheet(page)

    def fail(route: Route) -> None:
        route.abort() if trouble == "cut off" else route.fulfill(status=500, body="")

    page.evaluate("console.error = () => {}")  # what htmx says of it
    page.route("**/outcome", fail)
    page.get_by_label("A note").fill("what I typed")
    page.locator("h1").click()
    page.keyboard.press("1")
    expect(page.locator(".toast.error")).to_contain_text("othing was changed")
    expect(page.locator(DONE)).to_have_count(0)
    expect(page.get_by_label("A note")).to_have_value("what I typed")
    assert in_sheet(page) == first
    assert at(first).decision_id == day_of(day, first).decision_id
    axe(page)
    page.unroute("**/outcome")
    page.keyboard.press("1")
    expect(page.locator(DONE)).to_have_count(1)


def day_of(day: list[Lead], lead_id: str) -> Lead:
    """The lead as it was when the day began."""
    return next(Lead.objects.get(pk=lead.pk) for lead in day if str(lead.pk) == lead_id)


def test_a_reload_finds_everything_where_it_was(open_page: OpenPage, alice: User, day: list[Lead]) -> None:
    page = open_page(alice, "/today")
    page.keyboard.press("1")
    expect(page.locator(DONE)).to_have_count(1)
    page.keyboard.press("j")
    settled(page)
    here = in_sheet(page)
    page.reload()
    assert in_sheet(page) == here
    expect(page.locator(DONE)).to_have_count(1)


def test_on_a_phone_it_is_the_list_or_one_person(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, day: list[Lead]
) -> None:
    page = open_page(alice, "/today", phone=True)
    expect(page.locator(".list")).to_be_visible()
    expect(page.locator("#sheet")).to_be_hidden()
    assert sticking_out(page) == []
    axe(page)
    page.locator(".list a.row").first.tap()
    expect(page.locator("#sheet")).to_be_visible()
    page.wait_for_load_state()
    expect(page.locator(".list")).to_be_hidden()
    assert sticking_out(page) == []
    axe(page)
    shot(page, "today-person")
    first = in_sheet(page)
    page.get_by_role("button", name="No answer").tap()
    expect(page.locator(".toast")).to_contain_text("no answer")
    expect(page.locator("#sheet")).not_to_have_attribute("data-lead", first)
    page.get_by_role("link", name="All 5").tap()
    expect(page.locator(".list")).to_be_visible()
    expect(page.locator(DONE)).to_have_count(1)


def test_it_works_at_twice_the_size(open_page: OpenPage, axe: Axe, alice: User, day: list[Lead]) -> None:
    page = open_page(alice, "/today", zoom=2, dark=True)
    assert sticking_out(page) == []
    axe(page)
    page.locator(".list a.row").first.click()
    expect(page.locator("#sheet")).to_be_visible()
    page.wait_for_load_state()
    assert sticking_out(page) == []
    axe(page)


def test_it_works_without_a_script(open_page: OpenPage, alice: User, day: list[Lead]) -> None:
    page = open_page(alice, "/today", script=False)
    page.locator(".list a.row").nth(1).click()
    lead = in_sheet(page)
    page.get_by_label("Snooze until").fill("in 3 weeks")
    page.get_by_role("button", name="Snooze").click()
    expect(page.locator(".toast")).to_contain_text("snoozed, back in 3 weeks")
    expect(page.locator(DONE)).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(DONE)).to_have_count(0)
    assert in_sheet(page) == lead
    page.get_by_role("button", name="Bought elsewhere").click()
    expect(page.locator(DONE)).to_have_count(1)


def test_whoever_came_in_is_said_and_whoever_calls_nobody_is_told_so(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, mona: User, day: list[Lead], make_lead: MakeLead
) -> None:
    page = open_page(alice, "/today")
    make_lead(
        alice, name="Ines Duarte", source_id=sources_named(["Quote request"])["Quote request"].pk, captured=timedelta()
    )
    page.reload()
    expect(page.get_by_role("status").filter(has_text="Ines Duarte")).to_have_text(re.compile("One new since"))
    axe(page)
    shot(page, "today-came-in")
    page.keyboard.press("s")
    page.keyboard.type("25 december")
    shot(page, "today-snooze")
    page = open_page(mona, "/today")
    expect(page.get_by_role("heading", name="Today is for whoever calls")).to_be_visible()
    axe(page)
    shot(page, "today-marketer")


def test_pictures_of_a_page_can_be_kept(
    open_page: OpenPage,
    alice: User,
    day: list[Lead],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("SHOTS", str(tmp_path))
    request.getfixturevalue("shot")(open_page(alice, "/today"), "today")
    assert {each.stem for each in tmp_path.iterdir()} == {"today-desktop", "today-phone", "today-dark"}


def test_the_keys_are_shown(open_page: OpenPage, axe: Axe, alice: User, day: list[Lead]) -> None:
    page = open_page(alice, "/today")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    for words in ("Reached", "Wrong person", "Won", "Snooze until", "Note", "Call", "E-mail"):
        expect(keys).to_contain_text(words)
    axe(page)


def test_nobody_today_and_no_leads_at_all(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, ada: User, every_day: Company, make_lead: MakeLead
) -> None:
    page = open_page(alice, "/today")
    expect(page.get_by_role("heading", name="No leads yet")).to_be_visible()
    axe(page)
    shot(page, "today-no-leads")
    make_lead(alice, name="Next Week", due=soon(days=4).at - soon(seconds=0).at)
    ripeness.rescore()
    page.reload()
    expect(page.get_by_role("heading", name="Every lead of yours has its date")).to_be_visible()
    expect(page.get_by_text("Next Week")).to_be_visible()
    axe(page)
    shot(page, "today-nobody")


def test_the_week_ahead_and_what_a_leader_finds(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, carol: User, day: list[Lead]
) -> None:
    agreed = Next(soon(days=2).at, NextKind.MEETING, "with both partners", committed=True)
    actions.set_next(day[1].pk, by(alice), next=agreed)
    page = open_page(alice, "/today/week")
    expect(page.get_by_role("heading", name="The week ahead")).to_be_visible()
    expect(page.get_by_role("link", name="Tomás Oliveira")).to_be_visible()
    axe(page)
    shot(page, "week")
    assert sticking_out(page) == []
    page = open_page(carol, "/today")
    expect(page.get_by_role("heading", name="Your team today")).to_be_visible()
    axe(page)
    shot(page, "today-leader")


def test_a_colleagues_decision_meanwhile_is_not_overwritten(
    open_page: OpenPage, alice: User, ada: User, day: list[Lead]
) -> None:
    page = open_page(alice, "/today")
    first = in_sheet(page)
    actions.note(day[0].pk, by(ada), text="hello")
    actions.edit(at(first).pk, by(ada), fields={"title": "Owner"})
    page.keyboard.press("1")
    expect(page.get_by_text("Ada changed this lead since you opened it")).to_be_visible()
    expect(page.locator(DONE)).to_have_count(0)
    page.keyboard.press("1")  # seen, and repeated
    expect(page.locator(DONE)).to_have_count(1)


def sticking_out(page: Page) -> list[str]:
    """What is wider than the page, if it can be scrolled sideways."""
    return list(
        page.evaluate(
            """() => { const root = document.documentElement;
            return root.scrollWidth <= root.clientWidth ? [] : [...document.querySelectorAll("body *")]
                .filter((each) => each.getBoundingClientRect().right > root.clientWidth)
                .map((each) => `${each.tagName}.${each.className} ${each.textContent.trim().slice(0, 60)}`); }"""
        )
    )
