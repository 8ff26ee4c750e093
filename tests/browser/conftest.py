"""A real browser before the real pages: Debian's Chromium, driven by Playwright, that reaches this machine alone.

`open_page(user, path)` opens a page as somebody signed in (None: nobody); a script error, or anything the page's own
content policy refused, fails the test. `axe(page)` finds what keeps people out. `shot(page, name)` keeps pictures
(desktop, phone, dark) in the directory that SHOTS names, or nothing.

A page that has just been followed to, or is being changed, is no page yet: its scripts do not hear, or a key would fall
on what is about to be replaced. So `page.keyboard` waits until the page says that it is there whole, and pointer and
assertions wait for its scripts. `open_page(…, ahead=True)` is for what happens when somebody types faster than that.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from ripeline.people.models import User

# Playwright's loop runs in this thread, which Django would take for asynchronous code that blocks.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Nothing is on its way, and nothing is half seen because it is just coming or going.
STILL = """() => !document.querySelector(".htmx-request, #results[aria-busy]") && document.getAnimations().every(
    (each) => each.playState !== "running" || each.effect?.getComputedTiming().iterations === Infinity)"""
WHOLE = "html[data-ready]:not([data-asks], [data-waits])"
DESKTOP, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=30_000)  # milliseconds; a machine that is busy with other things is no failure
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, live_server: LiveServer) -> Iterator[OpenPage]:
    """Open a page: `open_page(alice, "/leads")`, `open_page(None, "/sign-in", phone=True, dark=True, zoom=2)`."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []
    is_over = False

    def listen(message: ConsoleMessage) -> None:
        if is_over:  # closing breaks off what was being asked
            return
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            wrong.append(message.text)

    def open_it(
        user: User | None,
        path: str = "/",
        *,
        phone: bool = False,
        dark: bool = False,
        zoom: float = 1.0,
        ahead: bool = False,
        script: bool = True,
        zone: str = "Europe/Lisbon",
    ) -> Page:
        size = PHONE if phone else DESKTOP
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={name: int(pixels / zoom) for name, pixels in size.items()},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id=zone,
            has_touch=phone,
            java_script_enabled=script,
        )
        contexts.append(context)
        context.route("**/*", _this_machine_only)
        context.on("console", listen)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        if user is not None:
            context.add_cookies([_session(user, live_server.url)])
        page = context.new_page()
        if script:
            _wait_for_scripts(page)
        if script and not ahead:
            _wait_for_the_whole(page)
        page.goto(path)
        return page

    yield open_it
    is_over = True
    for context in contexts:
        context.close()
    assert wrong == []


def _wait_for_scripts(page: Page) -> None:
    """Pointer and assertions wait until the scripts of the page hear, as they would wait for a veil to lift."""
    page.add_locator_handler(page.locator("html:not([data-ready])"), lambda: None)


def _wait_for_the_whole(page: Page) -> None:
    """The keyboard waits until the page is there whole and nothing changes it."""

    def waiting(act: Callable[..., None]) -> Callable[..., None]:
        def acts(*args: Any, **options: Any) -> None:
            page.wait_for_selector(WHOLE, state="attached")
            act(*args, **options)

        return acts

    for name in ("press", "type"):
        setattr(page.keyboard, name, waiting(getattr(page.keyboard, name)))


def _this_machine_only(route: Route) -> None:
    if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost"):
        route.continue_()
    else:
        route.abort()


def _session(user: User, url: str) -> dict[str, str]:
    """The cookie of somebody who has signed in."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    """Fail with a report where axe finds what keeps people out of a page."""
    checker = Axe()

    def check(page: Page) -> None:
        page.wait_for_selector(WHOLE, state="attached")
        page.wait_for_function(STILL)
        found = checker.run(page, options={"resultTypes": ["violations"]})  # of all else one example will do
        assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"

    return check


@pytest.fixture
def shot() -> Callable[[Page, str], None]:
    """Keep pictures of a page as it stands: desktop, phone, dark."""
    directory = os.environ.get("SHOTS")

    def keep(page: Page, name: str) -> None:
        if not directory:
            return
        Path(directory).mkdir(parents=True, exist_ok=True)
        before = page.viewport_size
        for kind, size, scheme in (
            ("desktop", DESKTOP, "light"),
            ("phone", PHONE, "light"),
            ("dark", DESKTOP, "dark"),
        ):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            # A caret that is hidden for the picture would be a style of Playwright's own, which the page refuses.
            page.screenshot(path=Path(directory) / f"{name}-{kind}.png", caret="initial")
        page.emulate_media(color_scheme="light")
        if before:
            page.set_viewport_size(before)

    return keep
