"""What a person does on the very first day, against the real processes: forms reach Ripeline and survive its end."""

import http.cookiejar
import re
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.test_up import Up, ready
from tests.home_plugin import kill, until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("up")]


class Visitor:
    """Somebody with a browser's cookies."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def get(self, path: str) -> tuple[str, str]:
        """Where we end up, and what we see."""
        with self.opener.open(self.base + path, timeout=60) as answer:
            return urllib.parse.urlsplit(answer.url).path, answer.read().decode()

    def send(self, path: str, **fields: str) -> tuple[str, str]:
        """Fill in the form at `path` and send it."""
        _, page = self.get(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, page
        form = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        with self.opener.open(urllib.request.Request(self.base + path, data=form), timeout=60) as answer:
            return urllib.parse.urlsplit(answer.url).path, answer.read().decode()


@pytest.fixture
def up() -> Iterator[Up]:
    with tempfile.TemporaryDirectory(prefix="ripeline-home-") as name, ready(Path(name)) as running:
        yield running


def test_the_first_person_becomes_administrator_and_is_still_there_after_a_crash(up: Up) -> None:
    ada = Visitor(up.port)
    assert ada.get("/")[0] == "/first-run"
    where, page = ada.send(
        "/first-run",
        company_name="Casa Verde",
        time_zone="Europe/Lisbon",
        country="PT",
        name="Ada Lima",
        email="ada@example.com",
        password="ripe-tomatoes-in-may",
    )
    assert "Start · Ripeline" in page, where
    kill(up.child("web"))
    up.until_said("ended unexpectedly")
    until(lambda: up.page() == 200)
    assert ada.get("/today")[0] == "/today", "the session outlives the process"
    _, page = ada.send("/capture/links", name="Poster", address=f"{ada.base}/robots.txt", campaign="", tells="")
    short = re.search(r"/l/[a-z0-9]{7}", page)
    assert short, page
    assert Visitor(up.port).get(short[0])[0] == "/robots.txt", "by the short address and the intake, to where it leads"
    assert "and 1 by machines or us" in ada.get("/capture/links")[1], "counted, and not taken for a person"
    again = Visitor(up.port)
    where, page = again.send("/sign-in", email="ada@example.com", password="ripe-tomatoes-in-may")
    assert "Start · Ripeline" in page, where
    assert again.get("/first-run")[0] != "/first-run"
