"""Links for a post or a poster: made by marketing, short, counted by the intake; nobody else leads people by them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import segno
import uuid_utils.compat
from django.conf import settings
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from ripeline.base import clock
from ripeline.capture.models import Door
from ripeline.catalog import linking
from ripeline.catalog.linking import LinkError
from ripeline.catalog.models import Campaign, CountedLink
from ripeline.intake import body
from ripeline.intake.setup import Setup
from ripeline.people.models import User
from ripeline.timeline import links, seen
from ripeline.timeline.models import Hit

OFFER = "https://www.casaverde.example/offer?x=1#prices"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def make(mona: User, **more: Any) -> CountedLink:
    usual = {"name": "LinkedIn post", "address": OFFER, "campaign": "Spring 2026"}
    return linking.keep(actor=mona, **{**usual, **more})


def followed(code: str) -> links.Link:
    """What the short address hands to the intake."""
    answer = Client().get(f"/l/{code}")
    assert answer.status_code == 302
    return links.read(answer["Location"].removeprefix("/i/c/"), settings.SECRET_KEY, "click")


def test_mona_makes_a_link_and_copies_its_address(mona: User) -> None:
    sent = {"name": "LinkedIn post", "address": OFFER, "campaign": "Spring 2026", "tells": "on"}
    page = signed_in(mona).post("/capture/links", sent, follow=True).text
    link = CountedLink.objects.get()
    assert f"http://testserver/l/{link.code}" in page
    assert link.campaign == Campaign.objects.get(name="Spring 2026")
    token = followed(link.code)
    where = "https://www.casaverde.example/offer?x=1&utm_source=LinkedIn+post&utm_campaign=Spring+2026#prices"
    assert (token.target, token.code, token.lead_id) == (where, link.code, None)


def test_what_the_address_says_itself_stays_and_nothing_is_added_where_it_is_not_wanted(mona: User) -> None:
    own = make(mona, address="https://www.casaverde.example/?utm_campaign=theirs")
    assert linking.target(own) == "https://www.casaverde.example/?utm_campaign=theirs&utm_source=LinkedIn+post"
    assert linking.target(make(mona, tells=False)) == OFFER
    assert linking.target(make(mona, address="https://www.casaverde.example/für-sie", tells=False)).isascii()


@pytest.mark.parametrize("address", ["Https://www.casaverde.example/Offer", "HTTP://WWW.CASAVERDE.EXAMPLE"])
def test_an_address_in_capitals_leads_there_all_the_same(mona: User, address: str) -> None:
    link = make(mona, address=address, tells=False)
    scheme, _, rest = address.partition("://")
    assert followed(link.code).target == f"{scheme.lower()}://{rest}"


def test_a_host_may_be_written_as_people_write_it(mona: User) -> None:
    link = make(mona, address="https://münchen.example/für-sie", tells=False)
    assert followed(link.code).target == "https://xn--mnchen-3ya.example/f%C3%BCr-sie"


_typed = st.text("Hhtps:/[].,;%@?#&=\\a1é ", max_size=30)


@given(_typed | _typed.map("https://".__add__) | _typed.map("HTTP://a.example".__add__))
@tried(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_kept_can_be_followed(mona: User, address: str) -> None:
    try:
        link = make(mona, address=address)
    except LinkError:
        return
    by = body.sender("Mozilla/5.0", "203.0.113.7", 0)
    assert body.link_hit(followed(link.code), "click", uuid_utils.compat.uuid7(), by, Setup()).host


def test_a_double_press_makes_one_link_and_another_form_another(mona: User) -> None:
    sent = {"name": "LinkedIn post", "address": OFFER, "campaign": ""}
    client = signed_in(mona)
    for key in ("k1", "k1", "k2"):
        client.post("/capture/links", sent | {"key": key})
    assert CountedLink.objects.count() == 2
    client.post("/capture/links", sent | {"key": "k1", "name": "Poster"})
    assert CountedLink.objects.count() == 3, "what is said otherwise is another one"
    assert all(re.fullmatch("[a-z2-9]{7}", link.code) for link in CountedLink.objects.all())


def test_what_is_printed_stays_good_when_it_leads_elsewhere(mona: User) -> None:
    link = make(mona)
    page = signed_in(mona).get(f"/capture/links/{link.code}").text
    assert "https://www.casaverde.example/offer?x=1#prices" in page
    sent = {"name": "LinkedIn post", "address": "https://www.casaverde.example/new", "campaign": ""}
    signed_in(mona).post(f"/capture/links/{link.code}", sent)
    assert followed(link.code).target == "https://www.casaverde.example/new"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "//evil.example",
        "https://",
        "https://a b.example",
        "/offer",
        "https://a\r\nX: y",
        "https://[::1/offer",
        "https://a.example:99999/",
        "https://a.example:http/",
    ],
)
def test_a_link_leads_to_a_web_page_alone(mona: User, address: str) -> None:
    answer = signed_in(mona).post("/capture/links", {"name": "A post", "address": address, "campaign": ""})
    assert answer.status_code == 422
    assert "Write a whole address" in answer.text
    assert "A post" in answer.text, "what was typed is kept"
    assert not CountedLink.objects.exists()


def test_nobody_is_led_where_somebody_else_says(mona: User) -> None:
    link = make(mona)
    for more in ("?to=https://evil.example", "?target=//evil.example", "?next=https://evil.example"):
        answer = Client().get(f"/l/{link.code}{more}")
        token = answer["Location"].removeprefix("/i/c/")
        assert "evil" not in links.read(token, settings.SECRET_KEY, "click").target


@pytest.mark.django_db
def test_a_link_that_is_shut_or_none_says_so(mona: User) -> None:
    link = make(mona)
    assert Client().get("/l/nothing").status_code == 404
    signed_in(mona).post(f"/capture/links/{link.code}/active", {"to": "shut"})
    answer = Client().get(f"/l/{link.code}")
    assert (answer.status_code, "leads nowhere any more" in answer.text) == (410, True)
    signed_in(mona).post(f"/capture/links/{link.code}/active", {"to": "open"})
    assert Client().get(f"/l/{link.code}").status_code == 302


def test_who_keeps_no_catalog_makes_none(alice: User, carol: User, sam: User, mona: User) -> None:
    link = make(mona)
    for user in (alice, carol, sam):
        client = signed_in(user)
        assert client.get("/capture/links").status_code == 403
        assert client.post("/capture/links", {"name": "x", "address": OFFER}).status_code == 403
        assert client.get(f"/capture/links/{link.code}").status_code == 403
        assert client.get(f"/capture/links/{link.code}/qr.svg").status_code == 403
        assert client.post(f"/capture/links/{link.code}/active", {"to": "shut"}).status_code == 403
    assert CountedLink.objects.get().is_active


def drawn(address: str) -> str:
    """The modules of the code of an address, as they stand in its picture."""
    svg = segno.make_qr(address, error="m").svg_inline(border=4)
    return re.findall(r' d="([^"]+)"', svg)[-1]


def test_its_picture_is_the_code_of_the_short_address_and_says_what_for(mona: User) -> None:
    link, client = make(mona, name="Poster & co"), signed_in(mona)
    page = client.get(f"/capture/links/{link.code}").text
    assert f"/capture/links/{link.code}/qr.svg" in page
    assert "for Spring 2026" in page
    svg = client.get(f"/capture/links/{link.code}/qr.svg")
    assert svg["Content-Type"] == "image/svg+xml"
    assert drawn(f"http://testserver/l/{link.code}") in svg.text
    assert "<title>Poster &amp; co</title>" in svg.text
    png = client.get(f"/capture/links/{link.code}/qr.png?keep=1")
    assert png.content.startswith(b"\x89PNG")
    assert int.from_bytes(png.content[16:20]) >= 600  # pixels wide
    assert png["Content-Disposition"] == f'attachment; filename="poster-co-{link.code}.png"'
    assert client.get("/capture/links/none/qr.svg").status_code == 404
    assert client.get(f"/capture/links/{link.code}/qr.exe").status_code == 404


def test_the_link_of_a_form_says_which_and_one_that_no_phone_can_reach_says_so(mona: User) -> None:
    made = {"name": "Talk to sales", "source_type": "quote_request"}
    signed_in(mona).post("/capture/forms/new", made)
    door = Door.objects.get()
    link = make(mona, address=f"http://testserver/f/{door.slug}", campaign="")
    page = signed_in(mona).get(f"/capture/links/{link.code}").text
    assert "the form “Talk to sales”" in page
    assert "known to this machine alone" not in page
    near = signed_in(mona).get(f"/capture/links/{link.code}", headers={"host": "localhost"}).text
    assert "known to this machine alone" in near
    assert "the form “Talk to sales”" not in near


@pytest.fixture
def click(db: None) -> Callable[..., None]:
    def add(code: str, who: str = "human") -> None:
        Hit.objects.create(
            visitor_id=uuid_utils.compat.uuid4(), event_id=uuid_utils.compat.uuid7(), site_id=0, kind="click",
            page_kind="other", who=who, has_consent=False, occurred_at=clock.now(), received_at=clock.now(),
            host="www.casaverde.example", path="/offer", network="", agent="", marks="", data={"link": 0, "code": code},
        )  # fmt: skip

    return add


def test_the_list_counts_people_and_tells_machines_apart(mona: User, click: Callable[..., None]) -> None:
    link, other = make(mona), make(mona, name="Poster")
    for who in ("human", "human", "scanner", "bot"):
        click(link.code, who)
    found = seen.clicks([link.code, other.code])
    assert set(found) == {link.code}
    assert (found[link.code].people, found[link.code].others) == (2, 2)
    page = signed_in(mona).get("/capture/links").text
    assert "and 2 by machines or us" in page


def test_clicks_are_found_by_their_index(click: Callable[..., None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + seen._CLICKS, [["abc"]])
        assert "data ->> 'code'" in "\n".join(line for (line,) in cursor.fetchall() if "Index Cond" in line)
