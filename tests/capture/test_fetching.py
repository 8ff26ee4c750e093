"""Files from the web: what is fetched, what is refused because it lies within, and what never ends."""

import ipaddress
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from ripeline.base import fetching
from ripeline.base.fetching import FetchError, fetched, is_allowed
from tests.capture.web_server import Site, send, serving

HERE = ("127.0.0.1",)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as found:
        yield found


def content(url: str, **how: Any) -> bytes | None:
    with fetched(url, **{"largest": 10_000, "private": HERE, **how}) as found:
        return found.file.read() if found else None


def refusal(url: str, **how: Any) -> str:
    with pytest.raises(FetchError) as refused:
        content(url, **how)
    return str(refused.value)


def test_a_file_comes_with_its_name_and_what_tells_the_next_time_whether_it_changed(site: Site) -> None:
    def page(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers["If-None-Match"] == '"v1"':
            send(handler, 304)
        else:
            send(handler, 200, b"E-mail\n", ETag='"v1"', Content_Disposition='attachment; filename="../night.csv"')

    site.pages["/export?key=secret"] = page
    with fetched(site.url("/export?key=secret"), largest=100, private=HERE) as found:
        assert found
        assert (found.file.read(), found.name, found.tag) == (b"E-mail\n", "night.csv", '"v1"')
    assert content(site.url("/export?key=secret"), tag='"v1"') is None


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.9", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
     "2002:7f00:1::", "64:ff9b::a9fe:a9fe", "2001:0:0:0:0:0:80ff:fffe"],
)  # fmt: skip
def test_addresses_within_are_known_in_every_disguise(address: str) -> None:
    assert not is_allowed(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"])
def test_addresses_out_in_the_world_are_let_through(address: str) -> None:
    assert is_allowed(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1.2.3"])
def test_this_machine_is_refused_unless_it_is_named(host: str, site: Site) -> None:
    site.pages["/leads.csv"] = b"x"
    assert f"{host} is this machine itself, from which nothing is fetched." in refusal(site.url(host=host), private=())
    assert site.asked == []


def test_a_redirect_is_judged_anew(site: Site) -> None:
    site.pages["/leads.csv"] = b"x"
    site.pages["/inside"] = lambda handler: send(handler, 302, Location=site.url(host="localhost"))
    site.pages["/on"] = lambda handler: send(handler, 307, Location="/leads.csv")
    site.pages["/file"] = lambda handler: send(handler, 302, Location="file:///etc/passwd")
    site.pages["/round"] = lambda handler: send(handler, 302, Location="/round")
    assert content(site.url("/on")) == b"x"
    assert "localhost is this machine itself" in refusal(site.url("/inside"))
    assert "not an address" in refusal(site.url("/file"))
    assert "more than 5 times" in refusal(site.url("/round"))


def test_a_name_that_means_something_else_a_moment_later_reaches_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages["/leads.csv"] = b"x"
    means = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])
    look_up = socket.getaddrinfo

    def rebinding(host: str, *arguments: Any, **named: Any) -> Any:
        address = next(means) if host == "files.example.com" else host
        return look_up(address, *arguments, **named) if address == "127.0.0.1" else [(2, 1, 6, "", (address, 80))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert "cannot be reached" in refusal(site.url(host="files.example.com"), private=())
    assert "this machine itself" in refusal(site.url(host="files.example.com"), private=())
    assert site.asked == []


def test_one_private_address_among_many_refuses_the_host(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(2, 1, 6, "", (address, 80)) for address in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    assert "private network" in refusal("http://files.example.com/x", private=())


def test_what_is_too_large_is_given_up_whatever_it_says(site: Site) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 10_000)

    site.pages["/endless"] = endless
    site.pages["/long"] = b"x" * 3_000_000
    assert "larger than" in refusal(site.url("/endless"), largest=1024**2)
    assert refusal(site.url("/long"), largest=2 * 1024**2) == "The file is larger than 2 MB."


def test_what_trickles_or_breaks_off_is_given_up(site: Site) -> None:
    def trickles(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x")
            time.sleep(0.05)

    def never_ends_its_head(handler: BaseHTTPRequestHandler) -> None:
        while True:
            handler.wfile.write(b"H")
            time.sleep(0.05)

    def breaks_off(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"half")

    site.pages |= {"/trickles": trickles, "/head": never_ends_its_head, "/breaks": breaks_off}
    for path in ("/trickles", "/head"):
        assert "too slowly" in refusal(site.url(path), patience=0.6), path
    assert "broke off in the middle" in refusal(site.url("/breaks"))


def test_what_cannot_be_fetched_is_said(site: Site) -> None:
    assert refusal(site.url("/nothing")) == "127.0.0.1 answered “404 Not Found”."
    assert "cannot be reached" in refusal("http://127.0.0.1:1/x")
    assert "with encryption" in refusal(site.url().replace("http:", "https:"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.com/x", "not an address"), ("https://", "not an address"), ("https://[::1", "not an address"),
        ("https://example.com:99999/", "not an address"), ("https://ann:pw@example.com/x", "no name and password"),
        ("https://example.com/a b", "no spaces"), ("https://example.com/\r\nHost: x", "no spaces"),
        (f"https://{'x' * 70}.example/", "no name of a host"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_one_is_refused_as_it_is_written(url: str, words: str) -> None:
    assert words in fetching.problem_of(url)
