"""The booth in a real browser of a phone's size: the network is really cut, the browser really killed."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect
from pytest_django.live_server_helper import LiveServer

from ripeline.capture.cells.text import BadValueError
from ripeline.capture.cells.values import email
from ripeline.capture.in_person import booths
from ripeline.capture.in_person.booths import BoothDraft
from ripeline.capture.models import Door, Submission
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions.deciding import By
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import Company, User
from ripeline.timeline.models import Activity
from tests.browser.cable import Cable, Is
from tests.cast import PASSWORD

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
         "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # fmt: skip
VCARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Raman;Priya;;;\r\nORG:Northgate Dental;Lisbon\r\nTITLE:Owner\r\n" \
        "EMAIL;TYPE=work:priya@northgate.example\r\nTEL;TYPE=cell:+44 20 7183 8750\r\nEND:VCARD"  # fmt: skip
CODES = [
    ("BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCll=\ner;J=C3=B6rg\nTEL;FAX:+1\nTEL;CELL:+2"
     "\nNOTE:a\\, b\\nc\nEND:VCARD", {"name": "Jörg Müller", "phone": "+2", "note": "a, b\nc", "isCard": True}),
    ("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ana\r\n  Sousa\r\nEMAIL:mailto:ana@x.example\r\nTEL;VALUE=uri:tel:+351-21\r\n"
     "END:VCARD", {"name": "Ana Sousa", "email": "ana@x.example", "phone": "+351-21", "note": "", "isCard": True}),
    ("MECARD:N:Reyes,Tom;ORG:Bright\\;water;TEL:+44;EMAIL:tom@x.example;;",
     {"name": "Tom Reyes", "company": "Bright;water", "phone": "+44", "email": "tom@x.example", "note": "",
      "isCard": True}),
    ("https://x.example/badge/7", {"note": "https://x.example/badge/7", "isCard": False}),
]  # fmt: skip

Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]


class Phone:
    """A phone with a browser whose profile outlives it, at the end of a cable."""

    def __init__(self, chromium: Browser, cable: Cable, profile: Path) -> None:
        self._chromium, self.cable, self._profile = chromium, cable, profile
        self._context: BrowserContext | None = None
        self.init_script = ""

    @property
    def context(self) -> BrowserContext:
        assert self._context
        return self._context

    def start(self, *, online: bool = True, path: str = "/booth/dental-expo") -> Page:
        self._context = self._chromium.browser_type.launch_persistent_context(
            str(self._profile), executable_path=CHROMIUM, args=FLAGS, viewport={"width": 390, "height": 844},
            has_touch=True, reduced_motion="reduce", locale="en-GB", base_url=f"http://localhost:{self.cable.port}",
        )  # fmt: skip
        if self.init_script:
            self._context.add_init_script(self.init_script)
        if not online:
            self.cut()
        page = self._context.pages[0]
        page.goto(path)
        return page

    def sign_in(self, user: User) -> None:
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        # lasts, as that of a browser that is closed and opened does
        self.context.add_cookies([{
            "name": name, "value": client.cookies[name].value, "url": f"http://localhost:{self.cable.port}",
            "expires": time.time() + 86_400,
        }])  # fmt: skip

    def cut(self) -> None:
        self.cable.turn(Is.CUT)
        self.context.set_offline(True)

    def mend(self, how: Is = Is.WHOLE) -> None:
        self.cable.turn(how)
        self.context.set_offline(False)

    def die(self) -> None:
        """As if the battery were empty: no chance to put anything away."""
        for found in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = found.read_bytes().decode(errors="replace").split("\0")
            except OSError:  # gone since
                continue
            if f"--user-data-dir={self._profile}" in words and not any(word.startswith("--type=") for word in words):
                os.kill(int(found.parent.name), signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        if self._context:
            with suppress(Error):
                self._context.close()
        self._context = None


@pytest.fixture
def phone(chromium: Browser, live_server: LiveServer, tmp_path: Path) -> Iterator[Phone]:
    address = urlsplit(live_server.url)
    cable = Cable((address.hostname or "localhost", address.port or 80))
    phone = Phone(chromium, cable, tmp_path / "profile")
    yield phone
    phone.stop()
    cable.close()


@pytest.fixture
def booth(mona: User) -> Door:
    Company.objects.update(name="Northwind Dental", time_zone="Europe/Lisbon", country="PT")
    draft = BoothDraft(
        name="Dental Expo", place="Hall 7", campaign="Spring fairs", first_day=date(2026, 3, 2),
        last_day=date(2026, 3, 4), questions=[("timeline", False), ("may_write", False)],
    )  # fmt: skip
    return booths.keep_booth(actor=mona, draft=draft)


def opened(phone: Phone, user: User) -> Page:
    """The page, once it can be opened without a connection."""
    page = phone.start(path="/robots.txt")
    phone.sign_in(user)
    page.goto("/booth/dental-expo")
    page.wait_for_selector("html[data-ready][data-offline]", state="attached")
    return page


def shows_whole(page: Page, heat: str) -> bool:
    """Whether nothing that stays in its place covers a choice that gets the focus from below."""
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    radio = page.get_by_role("group", name="How warm are they?").get_by_role("radio", name=heat)
    radio.focus()
    return bool(
        radio.evaluate(
            """async (input) => {
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                const { left, top, bottom, width } = input.getBoundingClientRect();
                return [top + 2, bottom - 2].every(
                    (y) => input.closest("label").contains(document.elementFromPoint(left + width / 2, y)));
            }"""
        )
    )


def take(page: Page, name: str, *, heat: str = "Hot") -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Company").fill("Northgate Dental")
    page.get_by_role("group", name="How warm are they?").get_by_role("radio", name=heat).check()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text(f"{name} is kept.")).to_be_visible()


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(300):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("It did not come about.")


def test_cards_taken_without_a_network_are_there_exactly_once_whatever_happens_on_the_way(
    phone: Phone, axe: Axe, shot: Shot, alice: User, booth: Door
) -> None:
    page = opened(phone, alice)
    state = page.locator("#state")
    expect(state).to_contain_text("Nothing waits.")
    axe(page)
    shot(page, "booth")

    phone.cut()
    expect(state).to_contain_text("No connection")
    take(page, "Priya Raman")
    take(page, "Tom Reyes", heat="Later")
    expect(state).to_contain_text("2 cards wait on this phone. No connection")
    page.reload()
    expect(state).to_contain_text("2 cards wait on this phone. No connection")
    shot(page, "booth-offline")

    page.get_by_label("Name", exact=True).fill("Ann Lee")
    page.get_by_role("checkbox", name="Wants a price").check()
    page.wait_for_timeout(600)  # a quarter of a second of typing is on no disk
    phone.die()
    page = phone.start(online=False)
    phone.sign_in(alice)  # Chromium writes cookies every half minute, and was killed within it
    state = page.locator("#state")
    expect(state).to_contain_text("2 cards wait on this phone. No connection")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ann Lee")
    expect(page.get_by_role("checkbox", name="Wants a price")).to_be_checked()
    page.get_by_role("button", name="Keep").dblclick()
    expect(state).to_contain_text("3 cards wait")
    axe(page)
    assert not Submission.objects.exists()

    phone.mend(Is.DEAF)
    until(lambda: Submission.objects.count() == 3)
    expect(state).to_contain_text("3 cards wait")
    phone.cable.turn(Is.WHOLE)
    page.get_by_role("button", name="Send now").click()
    expect(state).to_contain_text("All 3 sent.")
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["Ann Lee", "Priya Raman", "Tom Reyes"]
    assert Enquiry.objects.filter(door="booth", captured_by=alice).count() == 3
    assert Enquiry.objects.get(lead__name="Ann Lee").message == "Wants a price"
    axe(page)
    shot(page, "booth-sent")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.get_by_role("link", name="Open").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_card_that_was_sent_is_corrected_without_a_network_and_what_others_changed_since_stays(
    phone: Phone, axe: Axe, shot: Shot, alice: User, booth: Door
) -> None:
    page = opened(phone, alice)
    page.get_by_label("In other words").fill("Two chairs")
    page.get_by_role("radio", name="Later", exact=True).check()
    page.get_by_role("checkbox", name="Wants a price").check()
    take(page, "Pria Raman", heat="Warm")
    state, row = page.locator("#state"), page.locator("#cards li")
    expect(state).to_contain_text("All 1 sent.")
    lead = Lead.objects.get()
    leads.edit(lead.pk, By(alice, "web", "x"), fields={"company": "Northgate Dental Ltd", "title": "Owner"})

    phone.cut()
    row.get_by_role("button", name="Correct").click()
    expect(page.get_by_text("This card was sent already. What you change here is sent after it.")).to_be_visible()
    expect(page.get_by_label("In other words")).to_have_value("Two chairs")
    expect(page.get_by_role("checkbox", name="Wants a price")).to_be_checked()
    axe(page)
    shot(page, "booth-correcting")
    page.get_by_label("Name", exact=True).fill("Priya Raman")
    page.get_by_label("In other words").fill("Three chairs")
    page.get_by_role("radio", name="Within a month").check()
    page.get_by_role("group", name="How warm are they?").get_by_role("radio", name="Hot").check()
    page.wait_for_timeout(600)  # a quarter of a second of typing is on no disk
    phone.die()
    page = phone.start(online=False)
    phone.sign_in(alice)
    state, row = page.locator("#state"), page.locator("#cards li")
    expect(page.get_by_text("This card was sent already.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Priya Raman")
    page.get_by_role("button", name="Keep").dblclick()
    expect(state).to_contain_text("1 card waits on this phone. No connection")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("A correction waits on this phone")
    axe(page)
    row.scroll_into_view_if_needed()
    shot(page, "booth-corrected")
    page.reload()
    expect(row).to_contain_text("A correction waits on this phone")
    assert Lead.objects.get().name == "Pria Raman"

    phone.mend(Is.DEAF)  # it arrives, and the answer does not
    until(lambda: Lead.objects.get().name == "Priya Raman")
    phone.cable.turn(Is.WHOLE)
    page.get_by_role("button", name="Send now").click()
    expect(state).to_contain_text("All 1 sent.")
    lead = Lead.objects.get()
    assert (lead.company, lead.title) == ("Northgate Dental Ltd", "Owner")
    assert Enquiry.objects.get().said == {"timeline": "Within a month"}
    told = Activity.objects.filter(lead_id=lead.pk, origin="booth").values_list("kind", "body")
    assert sorted(told) == [
        ("answered", ""), ("captured", "Wants a price\nTwo chairs"), ("edited", ""), ("next_set", ""),
        ("note", "Amended: Wants a price\nThree chairs"),
    ]  # fmt: skip


def test_a_half_typed_card_is_no_card_because_another_is_corrected_and_comes_back_after_it(
    phone: Phone, axe: Axe, shot: Shot, alice: User, booth: Door
) -> None:
    page = opened(phone, alice)
    take(page, "Pria Raman")
    state, row, name = page.locator("#state"), page.locator("#cards li"), page.get_by_label("Name", exact=True)
    expect(state).to_contain_text("All 1 sent.")
    name.fill("Tom Re")
    page.get_by_role("checkbox", name="Wants a price").check()
    row.get_by_role("button", name="Correct").click()
    expect(name).to_have_value("Pria Raman")
    expect(page.get_by_text("The card you were typing comes back then.")).to_be_visible()
    expect(state).to_contain_text("All 1 sent.")
    expect(row).to_have_count(1)
    axe(page)
    shot(page, "booth-put-aside")
    name.fill("Priya Raman")
    page.wait_for_timeout(600)  # until the draft is on the disk
    page.reload()
    expect(name).to_have_value("Priya Raman")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Priya Raman is kept. Here is the card you were typing.")).to_be_visible()
    expect(name).to_have_value("Tom Re")
    until(lambda: Lead.objects.get().name == "Priya Raman")
    assert Submission.objects.count() == 1, "what was not kept is not sent"

    page.reload()
    expect(name).to_have_value("Tom Re")
    row.get_by_role("button", name="Correct").click()
    expect(name).to_have_value("Priya Raman")
    page.get_by_role("button", name="Clear").click()
    expect(name).to_have_value("Tom Re")
    expect(page.get_by_role("checkbox", name="Wants a price")).to_be_checked()
    name.fill("Tom Reyes")
    page.get_by_role("button", name="Keep").click()
    expect(state).to_contain_text("All 2 sent.")
    expect(name).to_have_value("")
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["Priya Raman", "Tom Reyes"]


def test_a_correction_is_taken_back_and_of_what_was_sent_yesterday_or_before_signing_out_the_name_alone_stays(
    phone: Phone, alice: User, booth: Door
) -> None:
    page = opened(phone, alice)
    page.get_by_label("Telephone").fill("+44 20 7183 8750")
    take(page, "Priya Raman")
    state, row = page.locator("#state"), page.locator("#cards li")
    expect(state).to_contain_text("All 1 sent.")
    phone.cut()
    row.get_by_role("button", name="Correct").click()
    page.get_by_label("Name", exact=True).fill("Tom Reyes")
    page.get_by_role("button", name="Keep").click()
    row.get_by_role("button", name="As it was").click()
    expect(row).to_contain_text("Priya Raman")
    phone.mend()
    expect(state).to_contain_text("All 1 sent.")
    assert not Activity.objects.filter(kind="edited").exists()

    yesterday = (
        "async () => { for (const card of await booth.store.all())"
        " await booth.store.update(card.key, (card) => ({ ...card, done_at: Date.now() - 24 * 3600e3 })); }"
    )
    page.evaluate(yesterday)
    page.reload()
    expect(row).to_contain_text("Priya Raman")
    expect(row.get_by_role("button", name="Correct")).to_have_count(0)
    assert "7183" not in page.evaluate("async () => JSON.stringify(await booth.store.all())")
    page.get_by_label("Telephone").fill("+44 20 7183 8751")
    take(page, "Tom Reyes")
    expect(state).to_contain_text("All 2 sent.")
    page.evaluate("localStorage.setItem('ripeline-booth-left', 'yes')")
    phone.cut()
    page.reload()
    expect(page.get_by_text("You are signed out on this phone.")).to_be_visible()
    assert "7183" not in page.evaluate("async () => JSON.stringify(await booth.store.all())")


def test_a_card_goes_when_the_network_is_back_though_the_page_is_closed(phone: Phone, alice: User, booth: Door) -> None:
    page = opened(phone, alice)
    phone.cut()
    take(page, "Priya Raman")
    expect(page.locator("#state")).to_contain_text("1 card waits on this phone")
    tags = "navigator.serviceWorker.ready.then(ready => ready.sync.getTags())"
    until(lambda: page.evaluate(tags) == [f"ripeline-booth dental-expo {alice.pk}"])
    page.goto("about:blank")
    phone.mend()
    registrations: list[str] = []
    chrome = phone.context.new_cdp_session(page)
    chrome.on("ServiceWorker.workerRegistrationUpdated",
              lambda said: registrations.extend(each["registrationId"] for each in said["registrations"]))  # fmt: skip
    chrome.send("ServiceWorker.enable")
    until(lambda: bool(page.evaluate("1") and registrations))  # asking lets what the browser says come in
    # A browser that has seen the network come back may wake by itself; here it is woken.
    wake = {"origin": f"http://localhost:{phone.cable.port}", "tag": f"ripeline-booth dental-expo {alice.pk}"}
    chrome.send("ServiceWorker.dispatchSyncEvent", wake | {"registrationId": registrations[-1], "lastChance": False})
    until(Submission.objects.exists)
    assert Lead.objects.get().name == "Priya Raman"
    page.goto("/booth/dental-expo")
    expect(page.locator("#state")).to_contain_text("All 1 sent.")


def test_two_tabs_that_hold_one_draft_keep_two_people(phone: Phone, alice: User, booth: Door) -> None:
    page = opened(phone, alice)
    page.get_by_label("Name", exact=True).fill("Priya Raman")
    page.wait_for_timeout(600)  # until the draft is on the disk
    other = phone.context.new_page()
    other.goto("/booth/dental-expo")
    expect(other.get_by_label("Name", exact=True)).to_have_value("Priya Raman")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#state")).to_contain_text("All 1 sent.")
    take(other, "Tom Reyes")
    expect(other.locator("#state")).to_contain_text("All 2 sent.")
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["Priya Raman", "Tom Reyes"]


def test_a_card_that_is_refused_says_why_keeps_no_other_waiting_and_is_mended(
    phone: Phone, axe: Axe, shot: Shot, alice: User, booth: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ripeline.web.doors.booth.LONGEST", 1_000)
    page = opened(phone, alice)
    phone.cut()
    page.get_by_label("In other words").fill("x" * 1_000)
    for name in ("Ann Lee", "Priya Raman", "Tom Reyes"):
        take(page, name)
    phone.mend()
    expect(page.locator("#state")).to_contain_text("1 card needs a look.")
    assert sorted(Lead.objects.values_list("name", flat=True)) == ["Priya Raman", "Tom Reyes"]
    card = page.locator("#cards li").filter(has_text="Ann Lee")
    expect(card).to_contain_text("Refused: it is too long to be sent.")
    axe(page)
    shot(page, "booth-too-long")
    page.reload()
    expect(card).to_contain_text("Refused: it is too long to be sent."), "and it is not lost"
    card.get_by_role("button", name="Mend").click()
    expect(page.get_by_label("In other words")).to_have_value("x" * 1_000)
    page.get_by_label("In other words").fill("wants a quote")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#state")).to_contain_text("All 3 sent.")
    assert Lead.objects.filter(name="Ann Lee").exists()


def test_an_address_that_is_none_is_said_while_they_stand_there_and_kept_as_a_note_if_one_insists(
    phone: Phone, axe: Axe, shot: Shot, alice: User, booth: Door
) -> None:
    page = opened(phone, alice)
    phone.cut()
    address, kept = page.get_by_label("E-mail", exact=True), page.get_by_role("button", name="Keep", exact=True)
    page.get_by_label("Name", exact=True).fill("Petra Zahn")
    address.fill("petra@zahnzentrum")
    kept.click()
    expect(page.get_by_text("after zahnzentrum something is missing, such as .com")).to_be_visible()
    expect(address).to_be_focused()
    expect(page.locator("#cards li")).to_have_count(0)
    axe(page)
    shot(page, "booth-slip")
    address.fill("petra@zahnzentrum.example")
    kept.click()
    expect(page.get_by_text("Petra Zahn is kept.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Tom Reyes")
    page.get_by_label("In other words").fill("Two chairs")
    address.fill("tom at brightwater")
    kept.click()
    expect(page.get_by_text("This is no e-mail address: it has no @.")).to_be_visible()
    page.get_by_role("button", name="Keep it as a note").click()
    expect(page.get_by_text("Tom Reyes is kept.")).to_be_visible()
    expect(page.get_by_role("button", name="Keep it as a note")).to_be_hidden()
    phone.mend()
    expect(page.locator("#state")).to_contain_text("All 2 sent.")
    assert Lead.objects.get(name="Petra Zahn").email == "petra@zahnzentrum.example"
    assert (
        Submission.objects.get(content__person__name="Tom Reyes")
        .content["message"]
        .endswith("Two chairs\nE-mail: tom at brightwater")
    )


def test_the_phone_finds_no_more_wrong_with_an_address_than_the_server(phone: Phone, alice: User, booth: Door) -> None:
    page = opened(phone, alice)
    for address in (
        "priya@northgate.example",
        "Priya Raman <priya.raman+x@north-gate.co.uk>",
        "mailto:a@b.io",
        "jörg@müller.de",
        "a@bücher.example, b@x.example",
        "o'neil@x.ie",
        "'a@b.de'",
        "a_b@1und1.de",
        "petra@zahnzentrum",
        "petra",
        "a@",
        "@b.de",
        "a@.de",
        "a..b@x.de",
        "a@-x.de",
        "a@x-.de",
        "a b@c",
        "a@b..de",
        "x@192.168.0.1",
    ):
        try:
            is_right = bool(email(address).value)
        except BadValueError:
            is_right = False
        slip = page.evaluate("(text) => booth.slip(text)", address)
        assert not (is_right and slip), (address, slip)
        assert is_right or slip or address == "x@192.168.0.1", address


def test_a_sign_in_that_ran_out_loses_nothing_and_what_is_wrong_is_mended_beside_the_card(
    phone: Phone, axe: Axe, shot: Shot, alice: User, booth: Door
) -> None:
    page = opened(phone, alice)
    phone.cut()
    take(page, "Priya Raman")
    page.get_by_label("Name", exact=True).fill("Tom Reyes")
    page.get_by_label("Telephone").fill("call me")
    page.get_by_role("button", name="Keep").click()
    Session.objects.all().delete()
    phone.mend()
    link = page.get_by_role("link", name="Sign in to send 2 cards")
    expect(link).to_be_visible()
    page.reload()
    expect(link).to_be_visible()
    expect(page.locator("#cards li")).to_have_count(2)
    axe(page)
    shot(page, "booth-signed-out")
    link.click()
    page.get_by_label("E-mail", exact=True).fill("alice@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    state = page.locator("#state")
    expect(state).to_contain_text("1 card needs a look.")
    assert list(Lead.objects.values_list("name", flat=True)) == ["Priya Raman"]
    axe(page)
    shot(page, "booth-refused")
    page.get_by_role("link", name="1 card needs a look.").click()
    page.get_by_role("button", name="Mend").click()
    expect(page.get_by_label("Telephone")).to_be_focused()
    page.get_by_label("Telephone").fill("+44 20 7183 8750")
    page.get_by_role("button", name="Keep").click()
    expect(state).to_contain_text("All 2 sent.")
    assert Lead.objects.get(name="Tom Reyes").phone == "+442071838750"


def test_on_a_shared_phone_each_sees_and_sends_their_own_cards(
    phone: Phone, alice: User, bob: User, booth: Door
) -> None:
    page = opened(phone, alice)
    page.get_by_label("Telephone").fill("call me")
    take(page, "Priya Raman")
    expect(page.locator("#state")).to_contain_text("1 card needs a look.")
    page.goto("/settings/profile")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    phone.cut()
    page.goto("/booth/dental-expo")
    expect(page.get_by_text("You are signed out on this phone.")).to_be_visible()
    expect(page.get_by_text("Priya Raman")).to_have_count(0)
    expect(page.get_by_label("Name", exact=True)).to_be_hidden()
    phone.mend()
    phone.sign_in(bob)
    page.goto("/booth/dental-expo")
    expect(page.get_by_text("1 card of somebody else waits on this phone")).to_be_visible()
    expect(page.get_by_text("Priya Raman")).to_have_count(0)
    take(page, "Tom Reyes")
    expect(page.locator("#state")).to_contain_text("All 1 sent.")
    phone.sign_in(alice)
    page.reload()
    expect(page.locator("#state")).to_contain_text("1 card needs a look.")
    expect(page.get_by_text("Tom Reyes")).to_have_count(0)
    page.get_by_role("button", name="Mend").click()
    expect(page.get_by_label("Telephone")).to_have_value("call me")
    page.get_by_label("Telephone").fill("")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#state")).to_contain_text("All 1 sent.")
    found = Enquiry.objects.values_list("lead__name", "captured_by__name")
    assert sorted(found) == [("Priya Raman", "Alice"), ("Tom Reyes", "Bob")]


def test_a_code_is_read_by_the_camera_where_the_browser_can(phone: Phone, axe: Axe, alice: User, booth: Door) -> None:
    """Chromium on Linux reads no codes itself: its reader is put in place by the test, the camera is a made one."""
    phone.init_script = (
        "window.BarcodeDetector = class { static async getSupportedFormats() { return ['qr_code']; }"
        f" async detect(video) {{ return video.videoWidth ? [{{ rawValue: {VCARD!r} }}] : []; }} }};"
    )
    Door.objects.update(
        name="Practice Forward and Dental Expo, November 2026",
        place="Birmingham, hall 4, stand 9, by the lecture hall",
    )
    page = opened(phone, alice)
    for height in (844, 420):  # alone, and with the keyboard below it
        page.set_viewport_size({"width": 390, "height": height})
        for heat in ("Hot", "Warm", "Later"):
            assert shows_whole(page, heat), f"{heat} stands behind the head or the foot at {height}"
    page.set_viewport_size({"width": 390, "height": 844})
    for text, fields in CODES:
        assert page.evaluate("text => booth.read(text)", text) == fields, text
    page.get_by_role("button", name="Read a code").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Priya Raman")
    expect(page.get_by_label("Company")).to_have_value("Northgate Dental")
    expect(page.get_by_label("E-mail", exact=True)).to_have_value("priya@northgate.example")
    expect(page.get_by_label("Telephone")).to_have_value("+44 20 7183 8750")
    axe(page)
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#state")).to_contain_text("All 1 sent.")
    assert Lead.objects.get().title == "Owner"


def test_what_a_correction_says_and_the_record_does_not_is_said_beside_the_card(
    phone: Phone, axe: Axe, shot: Shot, alice: User, booth: Door
) -> None:
    page = opened(phone, alice)
    page.get_by_label("E-mail", exact=True).fill("priya@northgate.example")
    take(page, "Priya Raman")
    state, row = page.locator("#state"), page.locator("#cards li")
    expect(state).to_contain_text("All 1 sent.")
    expect(row.locator(".unsaid")).to_be_hidden()
    row.get_by_role("button", name="Correct").click()
    page.get_by_label("E-mail", exact=True).fill("")
    page.get_by_role("button", name="Keep").click()
    expect(row).to_contain_text("Noted there, and not put on the record: e-mail none")
    axe(page)
    row.scroll_into_view_if_needed()
    shot(page, "booth-unsaid")
