"""Doors that open without a sign-in: whatever strangers send, nothing breaks, nobody is led astray, no lead is lost."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote_from_bytes, urlencode
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from ripeline.base import clock
from ripeline.capture.arriving import giving
from ripeline.capture.doors import doors, hooks, proof
from ripeline.capture.doors.drafts import FormDraft
from ripeline.capture.models import Door, Submission
from ripeline.catalog import assets, linking
from ripeline.config import asgi, bodies, environment
from ripeline.outbox import consent, links, returning
from ripeline.outbox.addresses import address_hash
from ripeline.outbox.consent import Evidence
from ripeline.people.models import User
from tests.cast import MakeLead
from tests.thoroughness import thorough

ELSEWHERE = {"https://films.example/a", "https://www.northwind.example/thanks"}  # where we ourselves lead people
SENT_AS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json", "text/plain", ""]


@dataclass(frozen=True)
class House:
    """Every door that a stranger can open: the addresses that lead somewhere, and the questions of the form."""

    paths: list[str]
    form: Door


@pytest.fixture
def house(mona: User, alice: User, make_lead: MakeLead, settings: Settings) -> House:
    settings.MAIL_ESP = "postmark"
    lead = make_lead(alice, email="priya@northgate.example")
    file = assets.add(
        actor=mona, draft=assets.Draft(title="Guide", file=SimpleUploadedFile("g.pdf", b"%PDF"), filename="g.pdf")
    )
    film = assets.add(actor=mona, draft=assets.Draft(title="Film", url="https://films.example/a"))
    form = doors.keep_form(
        actor=mona,
        draft=FormDraft(
            name="Quote", source_type="quote_request", title="Ask", gives=file.pk, sites=["https://www.northwind.example"],
            fields={"name": "optional", "company": "optional", "phone": "optional", "title": "optional"},
            questions=[("need", False), ("timeline", False), ("may_write", False)],
            redirect_url="https://www.northwind.example/thanks",
        ),
    )  # fmt: skip
    hook = hooks.keep_hook(
        actor=mona, name="Lead ads", source_type="social", mapping={"email": "mail", "name": "name", "phone": "phone"}
    )
    link = linking.keep(actor=mona, name="Poster", address="https://films.example/a", tells=False)
    asked = consent.ask(to="priya@northgate.example", purpose="news", evidence=Evidence("form"), lead_id=lead.pk)
    known = address_hash("priya@northgate.example")
    return House(
        [
            "/f/quote", "/f/quote/thanks", "/f/quote/style.css", f"/h/{hook.slug}", f"/l/{link.code}",
            giving.path(file, lead.pk), giving.path(film, lead.pk), links.confirm_path(asked.pk, asked.since),
            links.unsubscribe_path(known, "news", lead.pk), links.unsubscribe_path(known, "", None),
            f"/h/mail/{returning.secret()}", "/api/v1/enquiries", "/api/v1/openapi.json", "/sign-in",
            "/forgot-password", "/reset/MQ/x-y", "/invitation/MQ/x-y", "/first-run", "/-/ready", "/robots.txt",
        ],
        form,
    )  # fmt: skip


NAMES = st.sampled_from(
    ["email", "name", "company", "phone", "title", "q-need", "q-timeline", "q-may_write", "q-", "proof", "page",
     "visitor", "referrer", "utm_source", "embed", "try", "again", "get", "what", "want", "shown", "mail",
     "List-Unsubscribe", "next", "token", "password", "fax", "x", "words", "ground"]
)  # fmt: skip
WORDS = st.text(max_size=60) | st.sampled_from(
    ["//evil.example", "https://evil.example/", "javascript:alert(1)", "\\\\evil.example", "/\\evil.example",
     "%0d%0aX: y", "\x00", "\ud800", "choose", "everything", "news", "1", "One-Click", "a@b.example", "x" * 5000,
     "0" * 400]
)  # fmt: skip
FIELDS = st.dictionaries(NAMES, st.lists(WORDS, max_size=3), max_size=6)


def encoded(fields: Mapping[str, list[str]]) -> bytes:
    return urlencode(fields, doseq=True, errors="surrogatepass").encode()


BODIES = (
    FIELDS.map(encoded)
    | st.binary(max_size=200)
    | st.sampled_from(
        [b"{", b"[" * 5000, b'{"mail": "\\ud800"}', b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\n"]
    )
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Host", "Referer", "Origin", "User-Agent", "Accept-Language", "HX-Request", "HX-Current-URL", "Cookie", "DNT",
         "X-Forwarded-For", "Range", "If-Modified-Since", "Accept-Encoding", "Authorization", "Idempotency-Key",
         "Content-Length", "Sec-Purpose", "X-HTTP-Method-Override"]
    ),
    st.text(st.characters(max_codepoint=255), max_size=40)
    | st.sampled_from(["true", "1", "evil.example", "ripeline_session=x; ripeline_csrf=y", "Bearer rk_x", "bytes=5-1"]),
    max_size=3,
)  # fmt: skip


def may_lead_to(where: str) -> bool:
    """Whether whoever is sent there is with us, or where somebody who works here said."""
    return where in ELSEWHERE or bool(re.match(r"/(?![/\\])", where))


def test_a_page_whose_address_is_a_secret_names_it_to_no_other(house: House) -> None:
    for door in ("/get/", "/confirm/", "/unsubscribe/", "/reset/"):
        path = next(each for each in house.paths if each.startswith(door))
        assert '<meta name="referrer" content="strict-origin">' in Client().get(path).text


@pytest.mark.parametrize("path", ["/f/quote", "/sign-in", "/nothing-here"])
def test_a_stranger_puts_no_large_file_on_the_disk(house: House, mona: User, path: str) -> None:
    client, large = Client(), {"content-length": str(30 * 1024 * 1024)}
    kind = "multipart/form-data; boundary=b"
    answer = client.post(path, b"--b", content_type=kind, headers=large)
    assert (answer.status_code, "larger than any form of ours" in answer.text) == (413, True)
    client.force_login(mona)
    assert client.get("/capture", headers=large).status_code == 200, "who works here imports files"


def test_a_host_that_is_not_ours_is_one_line_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get("/sign-in", headers={"host": "a b"}).status_code == 400
    (record,) = [each for each in caplog.records if each.name == "django.security.DisallowedHost"]
    assert (record.levelname, record.exc_info) == ("WARNING", None)


async def asked(
    receive: Callable[[], Awaitable[Any]] | None = None, *, method: str = "GET", path: str = "/robots.txt",
    query: bytes = b"", length: int = 0, said: Sequence[tuple[bytes, bytes]] = (),
) -> int:  # fmt: skip
    """The status that the web process's own application answers, as a server asks it; 0 for nothing."""
    return (await told(receive, method=method, path=path, query=query, length=length, said=said))[0]


async def told(
    receive: Callable[[], Awaitable[Any]] | None = None, *, method: str = "GET", path: str = "/robots.txt",
    query: bytes = b"", length: int = 0, said: Sequence[tuple[bytes, bytes]] = (),
) -> tuple[int, bytes]:  # fmt: skip
    """The same with what it says."""
    headers = [(b"host", b"127.0.0.1"), *said]
    if not any(name == b"cookie" for name, _ in said):
        headers.append((b"cookie", b"ripeline_csrf=" + b"x" * 32))
    if length:
        headers += [
            (b"content-length", str(length).encode()), (b"content-type", b"application/x-www-form-urlencoded")
        ]  # fmt: skip
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query,
        "root_path": "", "scheme": "http", "http_version": "1.1", "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 4000), "headers": headers,
    }  # fmt: skip
    answered: list[Any] = []

    async def nothing() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        answered.append(message)

    await asgi.application(scope, receive or nothing, send)  # type: ignore[arg-type]
    return (answered[0]["status"], b"".join(each["body"] for each in answered[1:])) if answered else (0, b"")


@pytest.mark.django_db  # a thread of the pages may have kept its connection
@given(query=st.binary(max_size=60))
@settings(max_examples=thorough(20, 500))
def test_a_query_whose_letters_nobody_encoded_is_a_query(query: bytes) -> None:
    """Django's test client encodes them, as few programs do."""
    assert beside(asked(query=query)) == 200


class Dribbler:
    """Sends the beginning of a body, and the rest when it is told to."""

    def __init__(self, ends: str, begins: bytes = b"x=", rest: bytes = b"1") -> None:
        self.go_on, self.ends, self.rest = asyncio.Event(), ends, rest
        self.parts: list[dict[str, Any]] = [{"type": "http.request", "body": begins, "more_body": True}]

    async def __call__(self) -> dict[str, Any]:
        if self.parts:
            return self.parts.pop()
        await self.go_on.wait()
        return {"type": self.ends, "body": self.rest, "more_body": False}


@pytest.mark.django_db  # a thread of the pages may have kept its connection
def test_who_sends_slowly_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def crowd() -> tuple[int, list[int]]:
        slow = [Dribbler("http.request") for _ in range(environment.load().web_threads * 2)]
        gone = Dribbler("http.disconnect")
        waiting = [asyncio.create_task(asked(each, method="POST", length=3)) for each in [*slow, gone]]
        await asyncio.sleep(0.1)
        quick = await asyncio.wait_for(asked(), 20)
        for each in [*slow, gone]:
            each.go_on.set()
        return quick, await asyncio.gather(*waiting)

    quick, answers = beside(crowd())
    assert quick == 200
    assert set(answers[:-1]) == {403}, "each of the slow ones is read once all of it has come, and has no token"
    assert answers[-1] == 0, "half of it is nothing"
    monkeypatch.setattr(bodies, "PATIENCE", 0.05)

    async def never() -> int:
        return await asked(Dribbler("http.request"), method="POST", length=3)

    assert beside(never()) == 408


@pytest.mark.django_db  # a thread of the pages may have kept its connection
def test_bodies_on_their_way_hold_no_more_memory_than_there_is_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "AT_ONCE", 6)

    async def crowd() -> tuple[int, list[int], int]:
        slow = [Dribbler("http.request") for _ in range(2)]
        waiting = [asyncio.create_task(asked(each, method="POST", length=3)) for each in slow]
        await asyncio.sleep(0.1)
        one_more = await asked(Dribbler("http.request"), method="POST", length=3)
        for each in slow:
            each.go_on.set()
        answers = list(await asyncio.gather(*waiting))
        last = Dribbler("http.request")
        last.go_on.set()
        return one_more, answers, await asked(last, method="POST", length=3)

    assert beside(crowd()) == (503, [403, 403], 403), "and when they are here there is room again"


CHUNKS = ((b"transfer-encoding", b"chunked"), (b"content-type", b"application/json"))


@pytest.mark.django_db(transaction=True)
def test_large_files_that_come_slowly_leave_threads_for_everybody_else(
    mona: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    client.force_login(mona)
    cookie = [(b"cookie", f"ripeline_session={client.cookies['ripeline_session'].value}".encode())]  # and no token
    size = 2 * bodies.MOST_OF_STRANGERS
    threads = environment.load().web_threads

    async def crowd() -> tuple[int, list[int]]:
        monkeypatch.setattr(asgi, "_large", asyncio.Semaphore(threads // 2))
        slow = [Dribbler("http.request", rest=b"x" * (size - 2)) for _ in range(threads * 2)]
        sent = {"method": "POST", "path": "/leads/cards", "length": size, "said": cookie}
        waiting = [asyncio.create_task(asked(each, **sent)) for each in slow]
        await asyncio.sleep(0.5)
        quick = await asyncio.wait_for(asked(), 20)
        for each in slow:
            each.go_on.set()
        return quick, await asyncio.gather(*waiting)

    quick, answers = beside(crowd())
    assert quick == 200
    assert set(answers) == {403}, "each in its turn"
    monkeypatch.setattr(bodies, "PATIENCE", 0.3)

    async def never() -> tuple[tuple[int, bytes], int]:
        monkeypatch.setattr(asgi, "_large", asyncio.Semaphore(1))
        first = asyncio.create_task(asked(Dribbler("http.request"), method="POST", path="/leads/cards", length=size,
                                          said=cookie))  # fmt: skip
        await asyncio.sleep(0.1)
        large = (b"content-length", str(size).encode())
        return await told(Dribbler("http.request"), method="POST", path="/api/v1/enquiries", said=[large]), await first

    (status, text), first = beside(never())
    assert first in (400, 403), "its thread is free again"
    assert status in (413, 503)
    assert set(json.loads(text)) == {"error", "fields"}


def test_what_comes_in_chunks_without_a_length_is_read_and_no_more_of_it_than_strangers_send(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = b'{"email": "jo@harbour.example"}'
    first = Dribbler("http.request", entry[:5], entry[5:])
    first.go_on.set()

    async def send(door: Dribbler, path: str = "/api/v1/enquiries") -> tuple[int, bytes]:
        return await told(door, method="POST", path=path, said=CHUNKS)

    seen: list[Any] = []

    async def pages(scope: Any, receive: Any, send: Any) -> None:
        seen.append((dict(scope["headers"])[b"content-length"], await receive()))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(asgi, "_django", pages)
        assert beside(send(first, "/h/some")) == (200, b"")
    assert [(length, message["body"]) for length, message in seen] == [(b"31", entry)]
    monkeypatch.setattr(bodies, "MOST_OF_STRANGERS", 20)
    for path in ("/api/v1/enquiries", "/h/some", "/sign-in"):
        status, text = beside(send(Dribbler("http.request", entry), path))
        assert status == 413
        assert path == "/sign-in" or set(json.loads(text)) == {"error", "fields"}


def test_a_program_that_sends_too_much_hears_it_as_it_hears_all_else(house: House) -> None:
    answer = Client().post("/api/v1/enquiries", b"{}", content_type="application/json",
                           headers={"content-length": str(30 * 1024 * 1024)})  # fmt: skip
    assert (answer.status_code, set(answer.json())) == (413, {"error", "fields"})


@pytest.mark.django_db  # a thread of the pages may have kept its connection
def test_so_does_one_whose_enquiry_is_read_before_django_is_asked() -> None:
    length = (b"content-length", str(30 * 1024 * 1024).encode())
    said = [(b"authorization", b"Bearer rk_x"), (b"content-type", b"application/json"), length]
    parts = 0

    async def receive() -> dict[str, Any]:
        nonlocal parts
        parts += 1
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    status, text = beside(told(receive, method="POST", path="/api/v1/enquiries", said=said))
    assert (status, set(json.loads(text)), parts < 10) == (413, {"error", "fields"}, True), "nor is all of it awaited"


METHODS = ["GET", "POST", "POST", "HEAD", "OPTIONS", "PUT"]


@settings(max_examples=thorough(60, 5000), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_comes_to_a_door_is_answered_and_leads_nobody_astray(house: House, data: st.DataObject) -> None:
    raw = data.draw(st.sampled_from(house.paths)).encode()
    if data.draw(st.sampled_from([False, False, True])):
        at = data.draw(st.integers(1, len(raw)))
        raw = raw[:at] + data.draw(st.binary(max_size=30)) + raw[at + data.draw(st.integers(0, 8)) :]
    answer: HttpResponse = Client().generic(
        data.draw(st.sampled_from(METHODS)), quote_from_bytes(raw), data.draw(BODIES),
        content_type=data.draw(st.sampled_from(SENT_AS)), headers=data.draw(HEADERS),
        QUERY_STRING=data.draw(FIELDS.map(encoded) | st.binary(max_size=80)).decode("latin-1"),
    )  # fmt: skip
    assert answer.status_code < 500, answer.content
    where = answer.get("Location")
    assert where is None or may_lead_to(where), where


@settings(max_examples=thorough(40, 1000), deadline=None, suppress_health_check=list(HealthCheck))
@given(fields=FIELDS, query=st.binary(max_size=60))
def test_who_gives_an_address_is_never_lost_whatever_else_is_sent(
    house: House, fields: dict[str, list[str]], query: bytes
) -> None:
    email = f"jo{uuid4().hex}@harbour.example"  # the same words from the same place within minutes are the same
    sent = {"email": [email], "proof": [proof.issue(house.form)]}
    before = Submission.objects.count()
    with clock.at(clock.now() + timedelta(seconds=20)):
        answer = Client().generic(
            "POST", "/f/quote", encoded(fields | sent), content_type=SENT_AS[0], QUERY_STRING=query.decode("latin-1")
        )
    kept = Submission.objects.count() - before
    assert (answer.status_code, kept) in ((302, 1), (422, 0), (429, 0)), answer.content
    if kept:
        assert Submission.objects.latest("received_at").content["person"]["email"] == email
    else:
        assert email in answer.text, "it is still there, to be sent again"


def beside(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What it answers, in a thread of its own: a browser's loop may run in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
