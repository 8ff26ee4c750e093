"""A tracked link leads where we said and nowhere else; what machines do with it is not taken for a person."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.catalog.models import Site
from ripeline.people import queries as people
from ripeline.timeline import links
from ripeline.timeline.links import BadLink, Link
from ripeline.timeline.models import Activity, Hit, Visitor
from tests.home_plugin import until
from tests.intake.conftest import SECRET, SITE, Running, single

LEAD = uuid4()


def token(target: str = f"https://{SITE}/guide?x=1#part", **more: Any) -> str:
    given = {"kind": "click", "target": target, "lead_id": LEAD, "message": "m1", "sent": int(time.time()) - 3600}
    return links.make(Link(**{**given, **more}), SECRET)


def test_who_follows_a_link_gets_there_and_is_counted(intake: Running, site: Site) -> None:
    until(lambda: intake.setup_is_read)
    answer = intake("GET", f"/i/c/{token()}")
    assert answer.status == 302
    assert answer.headers["location"].startswith(f"https://{SITE}/guide?x=1&ripeline=")
    assert answer.headers["location"].endswith("#part")
    hit = Hit.objects.get()
    assert (hit.kind, hit.lead_id, hit.path, hit.who) == ("click", LEAD, "/guide", "human")
    elsewhere = intake("GET", f"/i/c/{token('https://partner.example/offer')}")
    assert elsewhere.headers["location"] == "https://partner.example/offer", "strangers' sites learn nothing"


@pytest.mark.parametrize(
    ("method", "agent", "sent_ago"), [("HEAD", "Mozilla/5.0 Firefox/140.0", 60), ("GET", "Mimecast", 60)]
)
def test_a_scanner_gets_there_too_and_is_not_taken_for_them(
    intake: Running, site: Site, method: str, agent: str, sent_ago: int
) -> None:
    until(lambda: intake.setup_is_read)
    answer = intake(method, f"/i/c/{token(sent=int(time.time()) - sent_ago)}", user_agent=agent)
    assert (answer.status, "ripeline=" in answer.headers["location"]) == (302, False)
    assert Hit.objects.get().who == "scanner"


def test_a_link_followed_in_the_second_its_mail_went_out(intake: Running, site: Site) -> None:
    intake("GET", f"/i/c/{token(sent=int(time.time()))}")
    assert Hit.objects.get().who == "scanner"


@pytest.mark.parametrize("bad", ["", "x", "A" * 5000, "https://evil.example", "%2e%2e"])
def test_a_link_that_is_not_ours_leads_nowhere(intake: Running, site: Site, bad: str) -> None:
    answer = intake("GET", f"/i/c/{bad}")
    assert (answer.status, b"not complete" in answer.body) == (404, True)
    assert "location" not in answer.headers
    assert Hit.objects.count() == 0


@given(place=st.integers(0, 80), change=st.integers(1, 63))
def test_a_link_that_was_changed_is_not_ours(place: int, change: int) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    good = links.make(Link("click", "https://casaverde.example/", LEAD), SECRET)
    at = place % (len(good) - 1)  # the last letter has bits to spare
    bad = good[:at] + letters[(letters.index(good[at]) + change) % 64] + good[at + 1 :]
    with pytest.raises(BadLink):
        links.read(bad, SECRET, "click")


@pytest.mark.parametrize(
    "target",
    ["javascript:alert(1)", "//evil.example", "https://", "https:///x", "https://a\r\nSet-Cookie: x", "ftp://a/"],
)
def test_a_link_is_only_made_to_a_web_page(target: str) -> None:
    with pytest.raises(BadLink):
        links.make(Link("click", target), SECRET)


def test_a_token_is_good_for_one_purpose_and_one_secret() -> None:
    with pytest.raises(BadLink):
        links.read(token(), SECRET, "open")
    with pytest.raises(BadLink):
        links.read(token(), SECRET + "x", "click")


def test_who_came_by_their_link_is_weakly_known_if_they_agreed(intake: Running, site: Site, lead_id: Any) -> None:
    until(lambda: intake.setup_is_read)
    where = intake("GET", f"/i/c/{token(lead_id=lead_id)}").headers["location"]
    (person,) = parse_qs(urlsplit(where).query)[links.PARAMETER]
    shy, open_ = uuid4(), uuid4()
    assert intake.one(single(site, shy, person=person, consent=False)).status == 202
    assert intake.one(single(site, open_, person=person)).status == 202
    assert intake.one(single(site, uuid4(), person="forged")).status == 202, "a false token says nothing"
    found = Visitor.objects.get()
    assert (found.visitor_id, found.lead_id, found.is_strong) == (open_, lead_id, False)


def test_a_mail_that_is_opened_is_noted_and_shown_a_picture(intake: Running, site: Site) -> None:
    made = links.make(Link("open", lead_id=LEAD, message="m1"), SECRET)
    answer = intake("GET", f"/i/p.gif?t={made}")
    assert (answer.status, Hit.objects.get().kind) == (200, "open")
    assert intake("GET", "/i/p.gif?t=nonsense").status == 422


@pytest.mark.parametrize("wish", ["sec-gpc", "dnt"])
def test_who_asks_not_to_be_tracked_gets_there_as_anybody(intake: Running, site: Site, wish: str) -> None:
    until(lambda: intake.setup_is_read)
    answer = intake("GET", f"/i/c/{token()}", **{wish.replace("-", "_"): "1"})
    assert answer.headers["location"] == f"https://{SITE}/guide?x=1#part", "the page hears nothing of them"
    hit = Hit.objects.get()
    assert (hit.lead_id, "message" in hit.data, hit.who) == (None, False, "human")
    made = links.make(Link("open", lead_id=LEAD, message="m1"), SECRET)
    assert intake("GET", f"/i/p.gif?t={made}", sec_gpc="1").status == 200
    assert Hit.objects.count() == 1


def test_a_link_for_everybody_is_counted_for_each_who_follows_it(intake: Running, site: Site) -> None:
    made = links.make(Link("click", f"https://{SITE}/offer?utm_campaign=Spring", code="abc2345"), SECRET)
    for _ in range(4):
        assert intake("GET", f"/i/c/{made}").headers["location"] == f"https://{SITE}/offer?utm_campaign=Spring"
    assert intake("HEAD", f"/i/c/{made}").status == 302
    assert intake("GET", f"/i/c/{made}", user_agent="LinkedInBot/1.0").status == 302
    hits = list(Hit.objects.all())
    assert sorted(hit.who for hit in hits) == ["bot", "human", "human", "human", "human", "scanner"]
    assert {hit.data["code"] for hit in hits} == {"abc2345"}
    assert {hit.data["campaign"]["campaign"] for hit in hits} == {"Spring"}
    assert len({hit.visitor_id for hit in hits}) == 6, "nobody is taken for another"


def test_who_has_stopped_our_mail_is_led_on_as_anybody_until_they_agree_again(
    intake: Running, site: Site, lead_id: Any
) -> None:
    until(lambda: intake.setup_is_read)

    def says(kind: str, key: str) -> None:
        entry = Activity(
            lead_id=lead_id, kind=kind, origin="outbox", event_key=key, actor=people.system(), occurred_at=clock.now()
        )
        entry.save(force_insert=True)

    def clicks() -> int:
        intake("GET", f"/i/c/{token(lead_id=lead_id)}")
        return Activity.objects.filter(lead_id=lead_id, kind="clicked").count()

    def is_tied() -> bool:
        browser = uuid4()
        person = links.make(Link("person", lead_id=lead_id, message="m1", sent=int(time.time()) - 60), SECRET)
        assert intake.one(single(site, browser, person=person)).status == 202
        return Visitor.objects.filter(visitor_id=browser).exists()

    assert (clicks(), is_tied()) == (1, True)
    says("unsubscribed", "1")
    assert (clicks(), is_tied()) == (1, False), "what they did before stays theirs, and nothing is added"
    says("agreed", "2")
    assert (clicks(), is_tied()) == (2, True)


def test_who_reads_german_is_told_in_german_that_a_link_is_not_whole(intake: Running, site: Site) -> None:
    answer = intake("GET", "/i/c/x", accept_language="de-DE,de;q=0.9")
    assert (answer.status, "Dieser Link ist nicht vollständig".encode() in answer.body) == (404, True)
