"""The tracking script in a real browser, on a site of another origin: before consent, after it, where it is unwanted.

And the page where it is set up.
"""

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen
from uuid import uuid4

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from ripeline.base import clock
from ripeline.capture.doors import doors
from ripeline.capture.doors.drafts import FormDraft
from ripeline.catalog import tracking
from ripeline.catalog.models import Site, TriedHost
from ripeline.intake import script
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline import storing
from ripeline.timeline.models import Hit
from tests.browser.conftest import OpenPage
from tests.home_plugin import until
from tests.intake.conftest import Running, start, url
from tests.intake.test_recognising import raw

__all__ = ["start", "url"]

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
PAGE = """<!doctype html><html data-ready><title>Casa Verde {path}</title><h1>{path}</h1>
<a href="/papers/guide.pdf" download>The guide</a>
<script>
window.ripeline = window.ripeline || function () {{ (ripeline.q = ripeline.q || []).push(arguments) }}
ripeline('visitor', function (id) {{ window.visitor = id }})</script>
<iframe src="{forms}" title="A form"></iframe>
<script async src="{script}" data-site="{key}"></script>"""


class Quiet(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def serving(handler: type[Quiet]) -> tuple[http.server.ThreadingHTTPServer, int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, server.server_port


@pytest.fixture
def casa_verde(start: Callable[..., Running], live_server: LiveServer, mona: User) -> Iterator[tuple[str, Site]]:
    """The company's site at localhost, with the tag of an intake at 127.0.0.1 and a form from there."""
    intake = start()
    site = tracking.add_site(actor=people.system(), address="localhost")

    class Taking(Quiet):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            named = {name.lower().replace("-", "_"): value for name, value in self.headers.items()}
            answer = intake(self.command, self.path, body, **named)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_OPTIONS = answer  # noqa: N815 - the library's names

        def do_GET(self) -> None:
            if self.path.startswith("/i/"):
                self.answer()
                return
            with urlopen(live_server.url + self.path) as answer:  # one origin serves both
                self.send_response(200)
                for name in ("content-type", "content-security-policy"):
                    if value := answer.headers[name]:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.read())

    taker, port = serving(Taking)
    source = f"http://127.0.0.1:{port}/i/r.js?v={script.version()}"

    class Pages(Quiet):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            page = PAGE.format(
                path=path, script=source, key=site.key, forms=f"http://127.0.0.1:{port}/f/quote?embed=1"
            ).encode()
            self.send_response(200)
            self.send_header("content-type", "text/html" if not path.endswith(".pdf") else "application/pdf")
            self.send_header("content-length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

    pages, pages_port = serving(Pages)
    home = f"http://localhost:{pages_port}"
    draft = FormDraft(
        name="Quote", source_type="quote_request", title="Ask for a quote", sites=[home],
        fields={"name": "required"}, questions=[],
    )  # fmt: skip
    doors.keep_form(actor=mona, draft=draft)
    yield home, site
    for server in (taker, pages):
        server.shutdown()
        server.server_close()


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """Somebody's browser, which does not say that a program drives it."""
    context = chromium.new_context(user_agent=CHROME)
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => false})")
    yield context
    context.close()


def hits(n: int) -> list[Hit]:
    """Once so many have come: all of them, in the order in which they happened."""
    until(lambda: Hit.objects.count() >= n, seconds=20)
    return list(Hit.objects.order_by("event_id"))


def kept(context: BrowserContext) -> list[str]:
    """The names of what the browser keeps of any site: cookies, and what lies in its storage."""
    state = context.storage_state(indexed_db=True)
    return [cookie["name"] for cookie in state["cookies"]] + [origin["origin"] for origin in state["origins"]]


def loaded(page: Page) -> Page:
    page.wait_for_function("window.ripeline && window.ripeline.on && window.visitor")
    return page


def test_the_script_is_small() -> None:
    assert len(script.compressed()) < 3000


def test_before_and_after_consent_on_another_origin(casa_verde: tuple[str, Site], visitor: BrowserContext) -> None:
    home, site = casa_verde
    page = visitor.new_page()
    page.goto(f"{home}/pricing?utm_source=fair&secret=1")
    first = hits(1)[0]
    loaded(page).goto(f"{home}/product")
    second = hits(2)[1]
    assert first.visitor_id != second.visitor_id, "two page views are not one person's yet"
    assert (first.has_consent, first.who, first.site_id) == (False, "human", site.pk)
    assert first.data == {"title": "Casa Verde /pricing", "campaign": {"source": "fair"}}
    assert kept(visitor) == []

    loaded(page).evaluate("ripeline('consent', true)")
    assert kept(visitor) == ["ripeline_visitor"]
    page.evaluate("history.pushState({}, '', '/product/chairs'); document.title = 'Chairs'")
    third = hits(3)[2]
    assert (third.visitor_id, third.has_consent, third.data["title"]) == (second.visitor_id, True, "Chairs")
    page.evaluate("history.replaceState({}, '', '/product/chairs#oak')")
    page.evaluate("ripeline('event', 'calculator')")
    fourth = hits(4)[3]
    assert (fourth.kind, fourth.data["name"], fourth.path) == ("event", "calculator", "/product/chairs")
    page.evaluate("history.back()")
    assert hits(5)[4].path == "/product"
    page.click("text=The guide")
    assert (hits(6)[5].kind, hits(6)[5].path) == ("download", "/papers/guide.pdf")
    page.goto(f"{home}/contact")
    seventh = hits(7)[6]
    assert seventh.visitor_id == second.visitor_id, "they are known again on the next page"

    loaded(page).evaluate("ripeline('consent', false)")
    assert kept(visitor) == []
    page.goto(f"{home}/later")
    assert hits(8)[7].visitor_id != second.visitor_id


def test_a_form_in_the_page_is_told_who_fills_it_in_once_they_agreed(
    casa_verde: tuple[str, Site], visitor: BrowserContext
) -> None:
    home, _ = casa_verde
    page = visitor.new_page()
    page.goto(f"{home}/pricing")
    form = page.frame_locator("iframe")
    expect(form.get_by_label("Your name")).to_be_visible()
    told = form.locator("input[name=visitor]")
    expect(told).to_have_count(0)
    steps = loaded(page).evaluate("history.length")
    page.evaluate("ripeline('consent', true)")
    expect(told).to_have_value(str(hits(1)[0].visitor_id))
    assert page.evaluate("history.length") == steps, "the Back button leads where it led"
    expect(form.locator("input[name=referrer]")).to_have_value(f"{home}/")
    page.goto(f"{home}/contact")
    expect(told).to_have_value(str(hits(2)[1].visitor_id))


def test_what_somebody_has_typed_stays_when_they_agree(casa_verde: tuple[str, Site], visitor: BrowserContext) -> None:
    home, _ = casa_verde
    page = visitor.new_page()
    page.goto(f"{home}/pricing")
    form = page.frame_locator("iframe")
    form.get_by_label("Your name").fill("Priya Raman")
    page.get_by_role("heading").click()
    loaded(page).evaluate("ripeline('consent', true)")
    expect(form.locator("input[name=visitor]")).to_have_value(str(hits(1)[0].visitor_id))
    expect(form.get_by_label("Your name")).to_have_value("Priya Raman")


def test_who_takes_their_consent_back_is_named_to_no_form_any_more(
    casa_verde: tuple[str, Site], visitor: BrowserContext
) -> None:
    home, _ = casa_verde
    page = visitor.new_page()
    page.goto(f"{home}/pricing")
    loaded(page).evaluate("ripeline('consent', true)")
    told = page.frame_locator("iframe").locator("input[name=visitor]")
    expect(told).to_have_count(1)
    page.evaluate("ripeline('consent', false)")
    expect(told).to_have_count(0)
    page.evaluate("ripeline('consent', true)")
    expect(told).to_have_count(1)
    with page.expect_event("framenavigated", lambda frame: "late=1" in frame.url):
        page.evaluate(
            "ripeline('consent', false); document.querySelector('iframe').src += '?late=1&visitor=' + visitor"
        )
    expect(page.frame_locator("iframe").locator("html[data-ready]")).to_have_count(1)
    expect(told).to_have_count(0)  # also where the form comes only after it was said


@pytest.mark.parametrize("signal", ["globalPrivacyControl = true", "doNotTrack = '1'"])
def test_who_does_not_want_it_is_left_alone(casa_verde: tuple[str, Site], visitor: BrowserContext, signal: str) -> None:
    home, _ = casa_verde
    name, _, value = signal.partition(" = ")
    visitor.add_init_script(f"Object.defineProperty(Navigator.prototype, '{name}', {{get: () => {value}}})")
    page = visitor.new_page()
    page.goto(f"{home}/pricing")
    loaded(page).evaluate("ripeline('consent', true); ripeline('event', 'x')")
    page.goto(f"{home}/product")
    loaded(page)
    assert kept(visitor) == []
    other = visitor.browser.new_context()  # type: ignore[union-attr]
    try:
        driven = other.new_page()
        driven.goto(f"{home}/blog/oak?ripeline-staff=1")
        (only,) = hits(1)
        assert (only.path, only.who) == ("/blog/oak", "staff"), "nothing came of the first, and of this what it is"
        assert urlsplit(loaded(driven).url).query == ""
    finally:
        other.close()


def test_without_beacons_it_still_comes(casa_verde: tuple[str, Site], visitor: BrowserContext) -> None:
    home, _ = casa_verde
    visitor.add_init_script("Navigator.prototype.sendBeacon = undefined")
    visitor.new_page().goto(f"{home}/pricing")
    assert hits(1)[0].page_kind == "pricing"


def test_mona_sets_tracking_up(
    open_page: OpenPage, mona: User, axe: Callable[[Page], None], shot: Callable[[Page, str], None]
) -> None:
    page = open_page(mona, "/settings/tracking")
    shot(page, "tracking-empty")
    axe(page)
    page.get_by_role("textbox", name="Website").fill("https://www.casaverde.example/start")
    page.get_by_role("button", name="Add").click()
    page.wait_for_selector("text=Visits to www.casaverde.example are recorded")
    assert "/i/r.js?v=" in page.get_by_label("The tag for www.casaverde.example").input_value()
    tell(tracking.sites()[0])
    page.wait_for_selector("text=We have just seen a hit from")
    page.reload()
    page.wait_for_selector("text=hits in the last day")
    TriedHost.objects.create(host="shop.casaverde-outlet.example", times=12)
    page.reload()
    expect(page.get_by_role("button", name="Add shop.casaverde-outlet.example")).to_be_visible()
    axe(page)
    shot(page, "tracking")
    what_to_call = page.get_by_label("What to call").input_value()
    theirs = page.context.new_page()
    called = theirs.evaluate(f"{what_to_call}; [...ripeline.q[0]]")
    assert called == ["consent", True], "though the tag's script is not there yet"
    theirs.close()
    page.get_by_label("What to call").scroll_into_view_if_needed()
    shot(page, "tracking-consent")
    page.get_by_role("link", name="See what they make of your pages").click()
    page.wait_for_selector("text=What these rules make of your pages")
    axe(page)
    page.get_by_label("Pattern 1", exact=True).fill("/chairs*")
    page.get_by_label("Kind 1", exact=True).select_option("product")
    page.wait_for_selector("#preview tr:has-text('/chairs/oak'):has-text('Product')")
    shot(page, "tracking-pages")
    page.get_by_role("button", name="Keep").click()
    page.wait_for_selector("text=Pages that were seen already are decided anew")
    assert tracking.page_rules()[0] == ("/chairs*", "product")


def tell(site: Site) -> None:
    """Somebody was on the site just now."""
    now = int(clock.now().timestamp() * 1_000_000)
    some = [
        raw(uuid4(), site_id=site.pk, path=path, who=who, page_kind=kind, occurred=now, received=now)
        for path, kind, who in (
            ("/chairs/oak", "other", "human"), ("/chairs/oak", "other", "human"), ("/pricing", "pricing", "human"),
            ("/", "home", "bot"), ("/blog/oak", "blog", "staff"),
        )
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(storing.STORE, {"hits": storing.as_json(some), "now": clock.now()})
