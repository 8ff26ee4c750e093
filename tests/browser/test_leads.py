"""Finding, choosing and working leads in a real browser: the list and the record."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from ripeline.base import clock
from ripeline.capture.exports import exports
from ripeline.catalog.actions import custom_fields, sources_named
from ripeline.leads.decisions import actions
from ripeline.leads.doubles import duplicates
from ripeline.leads.knowing import identity
from ripeline.leads.many import batches
from ripeline.leads.models import Batch, Lead, State
from ripeline.people.models import Company, User
from ripeline.people.queries import responsible_of
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness.queries import tagged
from ripeline.web.lists import many
from tests.cast import MakeLead, by, soon

OpenPage = Callable[..., Page]
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]

FIRST = ["Priya", "Tomás", "Marta", "Ken", "Lena", "Jonas", "Aoife", "Luca", "Noor", "Ines"]
LAST = ["Raman", "Oliveira", "Nilsen", "Abe", "Fischer", "Weber", "Byrne", "Conti", "Haddad", "Duarte"]
FIRMS = ("Northgate Dental", "Casa Verde", "Fjord Klinikk", "Sakura Group", "Praxis Fischer")
SOURCES = ("Quote request", "Trade fair", "Webinar", "White paper")


@pytest.fixture
def sixty(alice: User, bob: User, make_lead: MakeLead) -> list[Lead]:
    """Sixty leads, two thirds of them Alice's: more than a page."""
    Company.objects.update(name="Northwind Dental", time_zone="Europe/Lisbon")
    sources = list(sources_named(SOURCES).values())
    leads = [
        make_lead(
            bob if n % 3 == 2 else alice,
            name=f"{FIRST[n % 10]} {LAST[n // 6 % 10]}",
            company=FIRMS[n % 5],
            title="Owner" if n % 4 else "",
            phone=f"+3519123456{n:02}",
            source_id=sources[n % 4].pk,
            captured=timedelta(days=n * 3, hours=n),
            due=timedelta(days=n % 20),
        )
        for n in range(60)
    ]
    Lead.objects.filter(pk=leads[3].pk).update(next_at=clock.now() - timedelta(days=3))
    actions.open_opportunity(leads[4].pk, by(alice), next=soon(days=2))
    ripeness.rescore()
    return leads


def rows(page: Page) -> list[str]:
    page.wait_for_selector("html[data-ready]", state="attached")  # the rest of the page may still be on its way
    return page.locator("tbody a.row").all_inner_texts()


def test_search_as_one_types_and_filters_kept_in_the_address(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, sixty: list[Lead]
) -> None:
    page = open_page(alice, "/leads")
    expect(page.get_by_text("40 leads")).to_be_visible()
    axe(page)
    shot(page, "leads")
    page.keyboard.press("/")
    page.keyboard.type("casa")
    expect(page.locator("#results")).to_contain_text("8 leads for “casa”")
    expect(page).to_have_url("/leads?q=casa")
    expect(page.get_by_label("Name, company, e-mail or telephone")).to_be_focused()
    page.get_by_label("State", exact=True).select_option("new")
    expect(page).to_have_url("/leads?q=casa&state=new")
    page.get_by_role("link", name="My team").click()
    expect(page.locator("#results")).to_contain_text("for “casa”")
    expect(page.get_by_label("State", exact=True)).to_have_value("new")
    expect(page.locator("#results")).to_contain_text("already with Bob")
    axe(page)
    page.go_back()
    expect(page).to_have_url("/leads?q=casa&state=new")
    page.get_by_label("Name, company, e-mail or telephone").fill("nobody at all")
    expect(page.get_by_role("heading", name="Nobody found for “nobody at all”")).to_be_visible()
    axe(page)
    shot(page, "leads-nothing")
    page.get_by_role("link", name="Clear all").first.click()
    expect(page.get_by_text("40 leads")).to_be_visible()


def test_several_states_are_chosen_by_keyboard_and_on_a_phone(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, sixty: list[Lead]
) -> None:
    page = open_page(alice, "/leads")
    page.get_by_text("States", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Opportunity").focus()
    page.keyboard.press("Space")
    page.get_by_label("Working").check()
    axe(page)
    shot(page, "states")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/leads?state=working%2Copportunity")
    expect(page.get_by_text("1 lead", exact=True)).to_be_visible()
    expect(page.get_by_label("State", exact=True)).to_have_value("working,opportunity")
    axe(page)
    shot(page, "states-chosen")
    page.get_by_label("State", exact=True).select_option("new")
    expect(page).to_have_url("/leads?state=new")


def test_a_heading_is_the_way_to_an_order(open_page: OpenPage, axe: Axe, shot: Shot, alice: User, sixty: list[Lead]):
    page = open_page(alice, "/leads")
    heading = page.get_by_role("columnheader", name="Next step")
    assert heading.get_attribute("aria-sort") is None
    heading.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url("/leads?sort=next")
    expect(page.get_by_role("columnheader", name="Next step")).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_label("Order", exact=True)).to_have_value("next")
    expect(page.get_by_role("columnheader", name="Next step").get_by_role("link")).to_be_focused()
    axe(page)
    shot(page, "leads-ordered")


def test_one_comes_back_to_where_one_was(open_page: OpenPage, alice: User, sixty: list[Lead]) -> None:
    page = open_page(alice, "/leads?view=all")
    page.get_by_role("link", name="After").click()
    expect(page).to_have_url(re.compile("after="))
    second = rows(page)
    assert len(second) == 10
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tbody a.row").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/leads/[0-9a-f-]{36}"))
    page.get_by_role("link", name="Leads", exact=True).last.click()
    expect(page).to_have_url(re.compile("after="))
    assert rows(page) == second
    expect(page.locator("tbody a.row").nth(1)).to_be_focused()
    page.get_by_role("link", name="Before").click()
    expect(page.locator("tbody a.row")).to_have_count(50)


def test_what_is_ticked_is_remembered_from_page_to_page_and_given(
    open_page: OpenPage, axe: Axe, shot: Shot, carol: User, bob: User, sixty: list[Lead]
) -> None:
    page = open_page(carol, "/leads")
    page.get_by_label(re.compile("^Choose ")).nth(1).check()
    page.get_by_label(re.compile("^Choose ")).nth(2).check()
    expect(page.locator(".chosen")).to_contain_text("2 chosen")
    page.get_by_role("link", name="After").click()
    expect(page.locator(".chosen")).to_contain_text("2 chosen, 2 on other pages")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".chosen")).to_contain_text("3 chosen, 2 on other pages")
    axe(page)
    shot(page, "leads-chosen")
    before = Lead.objects.filter(owner=bob).count()
    page.get_by_role("button", name="Give", exact=True).click()
    expect(page.locator("#to-error")).to_contain_text("Choose who is to have them.")
    axe(page)
    page.get_by_role("link", name="Leads", exact=True).last.click()
    expect(page.locator(".chosen")).to_contain_text("3 chosen")
    mine = page.locator(".chosen").get_by_label("Give to")
    mine.select_option(label="Alice")
    page.get_by_role("button", name="Give", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("with Alice now")
    expect(page.locator(".chosen")).to_be_hidden()
    given = before - Lead.objects.filter(owner=bob).count()
    assert given >= 1
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("Taken back")
    assert Lead.objects.filter(owner=bob).count() == before


def test_many_are_given_while_one_watches_and_all_come_back(
    open_page: OpenPage,
    axe: Axe,
    shot: Shot,
    carol: User,
    bob: User,
    sixty: list[Lead],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(many, "AT_ONCE", 3)
    before = Lead.objects.filter(owner=bob).count()
    page = open_page(carol, "/leads")
    page.get_by_label("Choose all on this page").check()
    page.get_by_label("everything that matches (60)").check()
    page.locator(".chosen").get_by_label("Give to").select_option(label="Bob")
    page.get_by_role("button", name="Give", exact=True).click()
    expect(page.get_by_text("40 will be changed; left as they are: 20 there already.")).to_be_visible()
    expect(page.get_by_label("Who looks after them")).to_have_value(str(responsible_of(bob).pk))
    axe(page)
    shot(page, "many-give")
    page.get_by_role("button", name="Give to somebody").click()
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    axe(page)
    batch = Batch.objects.get()
    moments: list[int] = []

    def watch(now: Batch) -> None:
        if now.position == 40:
            moments.append(now.position)
            expect(page.get_by_text("40 of 60 leads")).to_be_visible()
            page.reload()
            expect(page.get_by_text("40 of 60 leads")).to_be_visible()
            axe(page)
            shot(page, "batch-moving")

    elsewhere = page.context.new_page()
    elsewhere.goto("/settings/profile")
    expect(elsewhere.locator("#at-work")).to_contain_text("Give to Bob")
    axe(elsewhere)
    shot(elsewhere, "at-work")
    jobs = page.context.new_page()
    jobs.goto("/leads/jobs")
    expect(jobs.locator("#jobs")).to_contain_text("Give to Bob")
    axe(jobs)
    assert batches.work(batch.pk, tagged=tagged, size=20, watch=watch)
    assert moments == [40]
    expect(elsewhere.locator(".toast")).to_contain_text("Done: Give to Bob")
    expect(elsewhere.locator("#at-work")).to_be_hidden()
    expect(jobs.get_by_role("button", name=re.compile("Take back ?: Give to Bob"))).to_be_visible()
    axe(jobs)
    shot(jobs, "jobs")
    elsewhere.close()
    jobs.close()
    expect(page.get_by_text("40 leads are with Bob now; left as they are: 20 there already.")).to_be_visible()
    axe(page)
    shot(page, "batch-done")
    page.get_by_role("button", name="Take all of it back").click()
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    assert batches.work(batch.pk, tagged=tagged)
    expect(page.get_by_text("40 leads were put back as they were")).to_be_visible()
    assert Lead.objects.filter(owner=bob).count() == before


def test_a_next_date_for_many_is_asked_in_words(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, sixty: list[Lead]
) -> None:
    page = open_page(alice, "/leads")
    for n in range(4):
        page.get_by_label(re.compile("^Choose ")).nth(n + 1).check()
    page.get_by_role("button", name="Set the next date").click()
    expect(page.get_by_text("4 leads that you ticked")).to_be_visible()
    axe(page)
    page.get_by_label("When").fill("when pigs fly")
    page.keyboard.press("Enter")
    expect(page.locator("#when-error")).to_contain_text("is not a date that can be read here")
    expect(page.get_by_label("When")).to_be_focused()
    axe(page)
    shot(page, "many-wrong")
    page.get_by_label("When").fill("in 3 weeks, after the fair")
    page.get_by_label("Spread over working days").fill("2")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("4 leads are given their next date")
    expect(page.locator(".chosen")).to_be_hidden()
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("Taken back: 4 leads are as they were")


def test_a_long_export_shows_how_far_it_is_and_then_the_file(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, sixty: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ripeline.web.lists.export.AT_ONCE", 10)
    page = open_page(alice, "/leads/export?view=all&format=xlsx")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    axe(page)
    shot(page, "export-moving")
    (waiting,) = exports.waiting()
    exports.work(waiting)
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    axe(page)
    shot(page, "export-done")


def test_everything_that_matches_is_exported(open_page: OpenPage, alice: User, sixty: list[Lead]) -> None:
    page = open_page(alice, "/leads?view=all")
    page.get_by_label("Choose all on this page").check()
    page.get_by_label("everything that matches (60)").check()
    with page.expect_download() as download:
        page.locator(".chosen").get_by_role("button", name="Export").click()
    text = download.value.path().read_text("utf-8-sig")
    assert len(text.strip().splitlines()) == 61
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as whole:
        page.get_by_role("link", name="CSV").click()
    assert len(whole.value.path().read_text("utf-8-sig").strip().splitlines()) == 61


def test_a_view_is_kept_under_a_name(open_page: OpenPage, axe: Axe, shot: Shot, alice: User, sixty: list[Lead]) -> None:
    page = open_page(alice, "/leads")
    page.get_by_label("Next step", exact=True).select_option("week")
    expect(page).to_have_url("/leads?due=week")
    page.get_by_label("Order").select_option("next")
    expect(page).to_have_url("/leads?due=week&sort=next")
    page.get_by_text("Keep this view").click()
    page.get_by_label("Name of the new view").fill("This week")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("“This week” is kept")
    axe(page)
    page.goto("/leads")
    page.get_by_role("link", name="This week", exact=True).click()
    expect(page).to_have_url(re.compile(r"/leads\?due=week&sort=next&kept="))
    page.locator("summary", has_text="This week").click()
    axe(page)
    shot(page, "leads-view")
    page.get_by_role("button", name="Remove “This week”").click()
    expect(page.locator(".toast")).to_contain_text("is removed")
    page.keyboard.press("z")
    expect(page.get_by_role("link", name="This week", exact=True)).to_be_visible()


def test_own_fields(open_page: OpenPage, alice: User, sixty: list[Lead]) -> None:
    custom_fields({"chairs": ("Chairs", "number")})
    Lead.objects.filter(pk=sixty[0].pk).update(custom={"chairs": 14})
    page = open_page(alice, "/leads")
    page.get_by_text("Own fields").click()
    page.get_by_label("Value").fill("14")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("1 lead", exact=True)).to_be_visible()
    page.get_by_role("link", name="Chairs: 14").click()
    expect(page.get_by_text("40 leads")).to_be_visible()


def test_an_own_field_of_days_is_asked_for_with_a_date_picker(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, sixty: list[Lead]
) -> None:
    custom_fields({"renewal": ("Renewal", "date"), "chairs": ("Chairs", "number")})
    Lead.objects.filter(pk=sixty[0].pk).update(custom={"renewal": "2026-03-01"})
    page = open_page(alice, "/leads")
    page.get_by_text("Own fields").click()
    expect(page.get_by_label("The last day")).to_be_hidden()
    page.get_by_label("When").select_option(label="between")
    page.get_by_label("Day", exact=True).fill("2026-02-01")
    page.get_by_label("The last day").fill("2026-03-31")
    axe(page)
    shot(page, "leads-own-fields")
    page.get_by_role("button", name="Show").first.click()
    expect(page.get_by_text("1 lead", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Renewal from 1 February 2026")).to_be_visible()


def test_columns_are_chosen_and_put_in_order(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, sixty: list[Lead]
) -> None:
    page = open_page(alice, "/leads")
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Column Telephone").check()
    page.get_by_label("Column Came to us").uncheck()
    page.get_by_role("button", name="Telephone earlier").click()
    axe(page)
    shot(page, "leads-columns")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url("/leads?cols=ripeness%2Cstate%2Cnext%2Csource%2Cphone")
    expect(page.locator("thead th").last).to_have_text("Telephone")
    expect(page.locator("tbody tr").first).to_contain_text("+351 9")
    axe(page)
    phone = open_page(alice, "/leads?cols=ripeness,phone,email,next", phone=True)
    expect(phone.locator("tbody tr").first).to_contain_text("+351 9")
    assert fits(phone)
    axe(phone)
    shot(phone, "leads-columns-chosen")


def test_the_list_on_a_phone_in_the_dark_and_twice_as_large(
    open_page: OpenPage, axe: Axe, alice: User, sixty: list[Lead]
) -> None:
    for look in ({"phone": True}, {"dark": True}, {"zoom": 2.0}):
        page = open_page(alice, "/leads?view=all", **look)
        expect(page.locator("tbody tr").first).to_be_visible()
        assert fits(page), look
        axe(page)


def test_leads_are_ticked_and_many_done_on_a_phone(
    open_page: OpenPage, axe: Axe, shot: Shot, carol: User, bob: User, sixty: list[Lead]
) -> None:
    page = open_page(carol, "/leads", phone=True)
    for n in (1, 2):  # one of Alice's, one of Bob's
        page.locator("tbody").get_by_label(re.compile("^Choose ")).nth(n).check()
    expect(page.locator(".chosen")).to_contain_text("2 chosen")
    assert fits(page)
    axe(page)
    shot(page, "leads-ticked")
    before = Lead.objects.filter(owner=bob).count()
    page.locator(".chosen").get_by_label("Give to").select_option(label="Alice")
    page.get_by_role("button", name="Give", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("with Alice now")
    assert Lead.objects.filter(owner=bob).count() == before - 1


def test_nobody_here_yet(open_page: OpenPage, axe: Axe, shot: Shot, alice: User) -> None:
    page = open_page(alice, "/leads")
    expect(page.get_by_role("heading", name="No leads here yet")).to_be_visible()
    axe(page)
    shot(page, "leads-empty")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Add a lead")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Say at least a name")).to_be_visible()
    axe(page)
    shot(page, "lead-new")
    page.get_by_label("Name").fill("Priya Raman")
    page.get_by_label("Where they come from").fill("Referral")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Priya Raman")).to_be_visible()


# --- the record ---


@pytest.fixture
def worked(alice: User, bob: User, carol: User, make_lead: MakeLead) -> Lead:
    """A lead of Alice's with a history."""
    Company.objects.update(name="Northwind Dental", time_zone="Europe/Lisbon")
    source = sources_named(["Quote request"])["Quote request"]
    lead = make_lead(
        alice,
        name="Priya Raman",
        title="Operations director",
        company="Northgate Dental",
        email="priya@northgate.example",
        phone="+447700900123",
        source_id=source.pk,
        message="Two practices open in spring, our scheduler is a mess.",
    )
    make_lead(bob, name="Jonas Weber", company="Northgate Dental", email="jonas@northgate.example")
    make_lead(alice, name="P. Raman", email="", phone="+447700900123", company="Raman Consulting")
    actions.touch(lead.pk, by(alice), kind="call", reached=False, next=soon(days=1), disposition="no_answer")
    actions.touch(
        lead.pk,
        by(alice),
        kind="call",
        reached=True,
        next=soon(days=9),
        disposition="reached",
        body="After the budget.",
    )
    actions.note(lead.pk, by(alice), text="prefers mornings", is_private=True)
    actions.note_view(lead, carol)
    for n in range(20):
        actions.note(lead.pk, by(alice), text=f"earlier note {n}")
    ripeness.rescore()
    return lead


def test_the_record_is_worked_by_keyboard(open_page: OpenPage, axe: Axe, shot: Shot, alice: User, worked: Lead) -> None:
    page = open_page(alice, f"/leads/{worked.pk}")
    axe(page)
    shot(page, "lead")
    page.keyboard.press("2")
    expect(page.locator(".toast")).to_contain_text("no answer, again")
    expect(page.locator(".acts li").first).to_contain_text("Call: no answer")
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("taken back")
    page.keyboard.press("s")
    page.keyboard.type("in 3 weeks, after the fair")
    expect(page.locator(".next-step .echo")).to_contain_text("after the fair")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("snoozed, back in 3 weeks")
    expect(page.locator(".next-step .what")).to_contain_text("“after the fair”")
    page.keyboard.press("n")
    page.keyboard.type("sounds keen")
    page.get_by_label("only I see the note").check()
    page.get_by_label("A note").press("Control+Enter")
    expect(page.locator(".acts li").first).to_contain_text("sounds keen")
    expect(page.locator(".acts li").first).to_contain_text("only you see this")
    page.keyboard.press("w")
    page.keyboard.type("12.500")
    page.keyboard.press("Enter")
    expect(page.get_by_text("“12.500” could be 12,500 or 12.50")).to_be_visible()
    expect(page.get_by_label("Amount")).to_be_focused()
    axe(page)
    page.keyboard.press("Control+a")
    page.keyboard.type("12500")
    page.keyboard.press("Enter")
    expect(page.locator(".next-step")).to_contain_text("Won")
    expect(page.locator("aside")).to_contain_text("€12,500")
    axe(page)
    page.get_by_label("Take up again, from when").fill("in 3 months")
    page.get_by_role("button", name="Take up again").click()
    expect(page.locator(".next-step")).to_contain_text("Re-opened")
    assert Lead.objects.get(pk=worked.pk).episode == 2


def test_the_record_is_worked_with_the_pointer(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, bob: User, worked: Lead
) -> None:
    page = open_page(alice, f"/leads/{worked.pk}")
    page.get_by_role("link", name="Earlier").click()
    expect(page.locator(".acts")).to_contain_text("Came to us")
    page.get_by_role("link", name="Their acts").click()
    expect(page.locator(".acts li")).to_have_count(1)
    page.get_by_role("link", name="Everything").click()
    page.get_by_role("link", name="Change").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    axe(page)
    page.get_by_label("Value").fill("1.200")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("“1.200” could be 1,200 or 1.20")).to_be_visible()
    expect(page.get_by_label("Value")).to_be_focused()
    expect(page.locator("html[data-waits]")).to_have_count(0)
    axe(page)
    shot(page, "lead-edit-wrong")
    page.get_by_label("Value").fill("1200")
    page.get_by_label("Title").fill("Chief executive")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator(".record-head")).to_contain_text("Chief executive")
    page.locator("summary", has_text="Keep in touch").click()
    expect(page.get_by_label("Until", exact=True)).to_be_focused()
    page.get_by_label("Until", exact=True).fill("after the flood")
    page.get_by_role("button", name="Let ripen").click()
    expect(page.locator("html[data-waits]")).to_have_count(0)
    expect(page.locator(".echo .wrong")).to_be_visible()
    expect(page.get_by_label("Until", exact=True)).to_have_value("after the flood")
    axe(page)
    page.locator("h1").click()
    page.locator("summary", has_text="Let go").click()
    page.get_by_label("Why").select_option("no_budget")
    page.get_by_role("button", name="Let go").click()
    expect(page.locator(".next-step")).to_contain_text("No budget")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".next-step")).to_contain_text("Snooze")
    page.locator("summary", has_text="Give to").click()
    page.get_by_label("Who looks after them").select_option(label="Bob")
    page.get_by_role("button", name="Give", exact=True).click()
    expect(page.get_by_role("heading", name="Already with Bob")).to_be_visible()
    axe(page)
    assert Lead.objects.get(pk=worked.pk).state == State.WORKING


def test_others_see_what_is_theirs_to_see(
    open_page: OpenPage, axe: Axe, shot: Shot, bob: User, carol: User, mallory: User, worked: Lead
) -> None:
    page = open_page(bob, f"/leads/{worked.pk}")
    expect(page.get_by_role("heading", name="Already with Alice")).to_be_visible()
    axe(page)
    shot(page, "lead-of-another")
    page = open_page(carol, f"/leads/{worked.pk}")
    expect(page.get_by_text("How they came to us")).to_be_visible()
    expect(page.get_by_text("prefers mornings")).to_have_count(0)
    axe(page)
    page = open_page(mallory, f"/leads/{worked.pk}")
    expect(page.get_by_role("heading", name="Already with Alice")).to_be_visible()


def test_the_record_on_a_phone_in_the_dark_and_twice_as_large(
    open_page: OpenPage, axe: Axe, alice: User, worked: Lead
) -> None:
    for look in ({"phone": True}, {"dark": True}, {"zoom": 2.0}):
        page = open_page(alice, f"/leads/{worked.pk}", **look)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert fits(page), look
        axe(page)


def test_people_are_found_from_anywhere(open_page: OpenPage, alice: User, worked: Lead) -> None:
    page = open_page(alice, "/settings/profile")
    page.keyboard.press("Control+k")
    page.keyboard.type("jonas")
    option = page.get_by_role("option", name=re.compile("Jonas Weber"))
    expect(option).to_contain_text("with Bob")
    option.click()
    expect(page.get_by_role("heading", name="Already with Bob")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("jonas")
    page.get_by_role("option", name="All results for “jonas”").click()
    expect(page.get_by_text("1 lead for “jonas”")).to_be_visible()


def test_the_open_lead_is_worked_and_given_from_the_palette(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, bob: User, worked: Lead
) -> None:
    page = open_page(alice, f"/leads/{worked.pk}")
    page.keyboard.press("Control+k")
    page.keyboard.type("northg")
    expect(page.get_by_role("option", name="Northgate Dental", exact=True)).to_be_visible()
    axe(page)
    shot(page, "palette-company")
    page.keyboard.press("Control+a")
    page.keyboard.type("snoo")
    expect(page.get_by_role("dialog").get_by_role("option", selected=True)).to_contain_text("Snooze")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Snooze until")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("give bob")
    expect(page.get_by_role("dialog").get_by_role("option", selected=True)).to_have_text("Give to Bob")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Already with Bob")).to_be_visible()
    assert Lead.objects.get(pk=worked.pk).owner == bob


def fits(page: Page) -> bool:
    """Nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_number_that_is_not_theirs_is_taken_off_and_comes_back_with_the_undo(
    open_page: OpenPage, axe: Axe, shot: Shot, alice: User, make_lead: MakeLead
) -> None:
    lead = make_lead(alice, name="Anna Berg", company="Casa Verde", phone="+351912345600")
    keys = [identity.phone(number, "Anna Berg") for number in ("+491712345678", "+4930901820")]
    identity.claim({key: lead.pk for key in keys if key})
    page = open_page(alice, f"/leads/{lead.pk}")
    who = page.locator("#who")
    expect(who).to_contain_text("+49 171 2345678")
    axe(page)
    shot(page, "record-numbers")
    page.get_by_role("button", name="Take +49 171 2345678 off").click()
    expect(page.get_by_text("+49 171 2345678 was taken off.")).to_be_visible()
    expect(who).not_to_contain_text("+49 171 2345678")
    expect(who).to_contain_text("+49 30 901820")
    page.get_by_role("button", name="Undo").click()
    expect(who).to_contain_text("+49 171 2345678")


def test_a_column_hidden_for_want_of_room_is_said_and_shown_when_asked_for(
    open_page: OpenPage, alice: User, sixty: list[Lead]
) -> None:
    page = open_page(alice, "/leads")
    page.set_viewport_size({"width": 1280, "height": 800})
    source = page.get_by_role("columnheader", name="Source")
    expect(source).to_be_hidden()
    page.get_by_text("Columns", exact=True).click()
    expect(page.get_by_text("no room here")).to_have_count(2)
    expect(page.locator("li", has_text="Source").get_by_text("no room here")).to_be_visible()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(source).to_be_visible()
    page.get_by_text("Columns", exact=True).click()
    expect(page.get_by_text("no room here")).to_have_count(0)


def test_on_a_phone_every_verb_for_many_is_in_sight(
    open_page: OpenPage, alice: User, carol: User, sixty: list[Lead], shot: Shot, axe: Axe
) -> None:
    page = open_page(carol, "/leads?view=all", phone=True)
    page.locator('[name="lead"]').first.check()
    for verb in ("Give", "Export", "Excel", "Choose none"):
        button = page.locator(".chosen").get_by_role("button", name=verb, exact=True)
        expect(button).to_be_in_viewport(ratio=0.95)
        box = button.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    shot(page, "chosen-phone")
    axe(page)


def test_choose_none_stands_beside_how_many_are_chosen_at_any_width(
    open_page: OpenPage, carol: User, sixty: list[Lead]
) -> None:
    page = open_page(carol, "/leads?view=all")
    page.locator('[name="lead"]').first.check()
    bar = page.locator(".chosen")
    for width in (390, 640, 800, 1000, 1200, 1500):
        page.set_viewport_size({"width": width, "height": 844})
        count, none = (bar.locator("output").bounding_box(), bar.get_by_text("Choose none").bounding_box())
        assert count
        assert none
        assert abs(count["y"] + count["height"] / 2 - none["y"] - none["height"] / 2) < 6, width


LONG = ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3)[:200]


def test_nothing_sticks_out_where_somebody_has_a_name_of_two_hundred_letters(
    open_page: OpenPage, alice: User, make_lead: MakeLead
) -> None:
    one, other = (
        make_lead(alice, name=name, company=LONG, title=LONG[:100], phone="+351912345678", message=LONG)
        for name in (LONG, LONG[:-1])
    )
    make_lead(alice, name="Priya Raman", company="Northgate")
    duplicates.find([one.pk, other.pk])
    for path in ("/leads", f"/leads/{one.pk}", "/today", "/leads/duplicates", f"/leads/{one.pk}/compare/{other.pk}"):
        page = open_page(alice, path)
        for width in (390, 768, 1360):
            page.set_viewport_size({"width": width, "height": 844})
            beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert beyond <= 0, (path, width)
    page = open_page(alice, "/leads", phone=True)
    rows = page.locator("table.leads tbody tr")
    assert max(box["height"] for at in range(3) if (box := rows.nth(at).bounding_box())) < 160
