"""What is sent to the intake is stored, once, by our clock, and only then answered."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.catalog import tracking
from ripeline.catalog.models import Site, TriedHost
from ripeline.catalog.setup import TRIED_KEPT
from ripeline.people import queries as people
from ripeline.timeline.models import Hit
from tests.home_plugin import until
from tests.intake.conftest import SITE, Running, event, single


def test_an_event_is_there_when_the_answer_comes(intake: Running, site: Site) -> None:
    sent = single(site, path="/Pricing/teams?utm_source=fair&email=a@b.example#top", title="Prices", referrer="")
    answer = intake.one(sent)
    assert (answer.status, answer.json) == (202, {"accepted": 1})
    hit = Hit.objects.get()
    assert (hit.visitor_id, hit.event_id) == (UUID(sent["visitor"]), UUID(sent["id"]))
    assert (hit.host, hit.path, hit.page_kind) == (SITE, "/Pricing/teams", "pricing")
    assert (hit.kind, hit.who) == ("view", "human")
    assert hit.network == "203.0.113.0/24", "not more of the address than that"
    assert hit.data == {"title": "Prices", "campaign": {"source": "fair"}}, "and of the query only the campaign"


def test_an_event_sent_again_is_one_alone_or_in_a_batch(intake: Running, site: Site) -> None:
    first = single(site)
    many = [event() for _ in range(60)]
    for _ in range(2):
        assert intake.one(first).status == 202
        assert intake.batch(site, many).json == {"accepted": 60}
        assert intake.batch(site, [first, *many[:50], event()]).status == 202
    assert Hit.objects.count() == 63


def test_months_later_it_is_still_one(intake: Running, site: Site) -> None:
    old = single(site, id="01800000-0000-7000-8000-000000000000")
    assert [intake.one(old).status, intake.one(old).status] == [202, 202]
    assert Hit.objects.count() == 1


@pytest.mark.parametrize("wrong", [timedelta(days=-9000), timedelta(days=400), timedelta(hours=-1), timedelta(0)])
def test_a_clock_that_goes_wrong_does_not_matter(intake: Running, site: Site, wrong: timedelta) -> None:
    """Sent 90 s after it happened, by a clock that is off by whatever."""
    now = time.time_ns() // 1_000_000 + int(wrong.total_seconds() * 1000)
    intake.one(single(site, at=now - 90_000, sent=now))
    hit = Hit.objects.get()
    assert hit.received_at - hit.occurred_at == timedelta(seconds=90)
    assert abs(clock.now() - hit.received_at) < timedelta(minutes=1)


def test_nothing_happened_in_the_future_or_in_the_last_century(intake: Running, site: Site) -> None:
    now = time.time_ns() // 1_000_000
    for at, sent in ((now + 10**9, now), (0, now), (now, None), (None, now)):
        assert intake.one(single(site, at=at, sent=sent)).status == 202
    for hit in Hit.objects.all():
        assert timedelta(0) <= hit.received_at - hit.occurred_at <= timedelta(days=7)


def test_a_batch_says_for_whose_browser_it_speaks(intake: Running, site: Site) -> None:
    many = [event() for _ in range(3)]
    assert intake.batch(site, many, agent="Googlebot/2.1", address="66.249.66.1").status == 202
    assert set(Hit.objects.values_list("who", "network")) == {("bot", "66.249.66.0/24")}


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("e", b"", 422, "truncated"),
        ("e", b"{", 422, "truncated"),
        ("e", b"\xff\xfe", 422, "malformed"),
        ("e", b"[]", 422, "Expected `object`"),
        ("e", {"site": "KEY"}, 422, "`visitor`"),
        ("e", {"visitor": "me"}, 422, "Invalid UUID - at `$.visitor`"),
        ("e", {"id": str(uuid4())}, 422, "version 7"),
        ("e", {"url": "javascript:alert(1)"}, 422, "http://"),
        ("e", {"url": "https://["}, 422, "http://"),
        ("e", {"kind": "click"}, 422, "Invalid enum value 'click' - at `$.kind`"),
        ("e", {"at": -1}, 422, "`$.at`"),
        ("e", {"at": 10**30}, 422, "`$.at`"),
        ("e", {"site": "nobody"}, 422, "copy the script's tag"),
        ("e", b" " * 40_000, 413, "at most 32768 bytes"),
        ("batch", {"events": []}, 422, "`$.events`"),
        ("batch", {"events": [{"url": "x"}]}, 422, "`$.events[0]`"),
        ("batch", b" " * 1_100_000, 413, "at most"),
        ("nothing", b"", 404, "nothing at this address"),
    ],
)
def test_what_is_wrong_is_said(intake: Running, site: Site, path: str, body: Any, status: int, says: str) -> None:
    if isinstance(body, dict):
        whole = {"site": site.key} if path == "batch" else single(site)
        body = {key: site.key if value == "KEY" else value for key, value in body.items()}
        body = body if "site" in body and len(body) == 1 and body["site"] == site.key else {**whole, **body}
    answer = intake("POST", f"/i/{path}", body)
    assert answer.status == status
    assert says in answer.json["error"]
    assert Hit.objects.count() == 0


def test_another_site_may_not_use_the_key(intake: Running, site: Site) -> None:
    answer = intake.one(single(site), origin="https://elsewhere.example")
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers
    assert intake.one(single(site), origin=f"https://shop.{SITE}").status == 202, "a part of the site may"
    assert intake.one(single(site), origin=f"https://evil{SITE}").status == 403
    asked = intake("OPTIONS", "/i/e", origin=f"https://{SITE}", access_control_request_method="POST")
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (204, f"https://{SITE}")
    assert intake("OPTIONS", "/i/e", origin="https://elsewhere.example").status == 403
    assert intake("DELETE", "/i/e").status == 405


def test_a_site_that_sends_by_the_tag_of_another_is_remembered_and_few_are(intake: Running, site: Site) -> None:
    for _ in range(3):
        intake.one(single(site), origin="https://elsewhere.example:8443")
    intake("GET", f"/i/p.gif?site={site.key}", referer="https://pictures.example/page?private=1")
    intake("POST", "/i/e", {**single(site), "site": "nobody's"}, origin="https://strangers.example")
    until(lambda: TriedHost.objects.count() == 2)
    assert dict(TriedHost.objects.values_list("host", "times")) == {
        "elsewhere.example:8443": 3, "pictures.example": 1,
    }  # fmt: skip
    for number in range(40):
        intake.one(single(site), origin=f"https://x{number}.example")
    intake.one(single(site), origin=f"https://{'x' * 300}.example")
    until(lambda: TriedHost.objects.filter(host="x5.example").exists())
    assert TriedHost.objects.count() <= TRIED_KEPT
    assert intake.one(single(site)).status == 202


def test_a_site_added_now_is_taken_at_once(intake: Running) -> None:
    fresh = tracking.add_site(actor=people.system(), address="https://blog.elsewhere.example/start")
    assert intake.one(single(fresh), origin="https://blog.elsewhere.example").status == 202
    tracking.remove_site(actor=people.system(), site=fresh)
    until(lambda: intake.one(single(fresh), origin="").status == 422, seconds=10)


def test_one_address_may_send_so_much(start: Any, site: Site) -> None:
    slow = start(rate=5)
    answers = [slow.one(single(site)) for _ in range(60)]
    assert {answer.status for answer in answers} == {202, 429}
    refused = answers[-1]
    assert int(refused.headers["retry-after"]) >= 1
    assert "slower" in refused.json["error"]
    assert slow.one(single(site), client="198.51.100.9").status == 202, "another address is not concerned"
    assert Hit.objects.count() == sum(answer.status == 202 for answer in answers) + 1


def test_a_full_queue_is_said_and_nothing_grows(start: Any, site: Site) -> None:
    small = start(queue=500)
    until(lambda: small.one(single(site)).status == 202)
    bodies = [[event() for _ in range(100)] for _ in range(30)]

    async def all_at_once() -> list[Any]:
        import asyncio

        return await asyncio.gather(
            *(small.asked("POST", "/i/batch", {"site": site.key, "events": body}) for body in bodies)
        )

    answers = small.run(all_at_once())
    assert {answer.status for answer in answers} == {202, 503}
    assert all(answer.headers["retry-after"] == "2" for answer in answers if answer.status == 503)
    stored = sum(answer.status == 202 for answer in answers) * 100 + 1
    assert Hit.objects.count() == stored, "what was refused is not there, what was taken is"
    for body, answer in zip(bodies, answers, strict=True):
        if answer.status == 503:
            assert until(lambda body=body: small.batch(site, body).status == 202)
    assert Hit.objects.count() == 3001


def test_the_pixel_counts_where_no_script_runs(intake: Running, site: Site) -> None:
    answer = intake("GET", f"/i/p.gif?site={site.key}", referer=f"https://{SITE}/jobs/sales")
    assert (answer.status, answer.headers["content-type"], answer.body[:6]) == (200, "image/gif", b"GIF89a")
    assert Hit.objects.get().page_kind == "careers"
    assert intake("GET", f"/i/p.gif?site={site.key}").status == 422


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_sent_is_taken_or_refused_in_words(intake: Running, site: Site, data: st.DataObject) -> None:
    fields = st.sampled_from(["visitor", "id", "url", "kind", "at", "sent", "title", "referrer", "person", "consent"])
    made = single(site) | data.draw(st.dictionaries(fields, ANYTHING, max_size=3))
    if data.draw(st.booleans()):
        made["url"] = "https://" + SITE + "/" + data.draw(st.text(max_size=60))
    made["title"] = data.draw(st.text(max_size=60) | st.just(made.get("title", "")))
    raw = data.draw(st.binary(max_size=80) | st.just(made) | st.just({"site": site.key, "events": [made]}))
    agent = data.draw(st.text(st.characters(max_codepoint=255), max_size=40))
    answer = intake("POST", data.draw(st.sampled_from(["/i/e", "/i/batch"])), raw, user_agent=agent)
    assert answer.status in (202, 422)
    if answer.status == 422:
        assert answer.json["error"]
