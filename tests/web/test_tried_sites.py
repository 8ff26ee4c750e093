"""Who keeps a form sees which sites tried to show it and may not, and lets one by a button; strangers fill no disk."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from ripeline.base import clock
from ripeline.capture.doors import doors, tried_sites
from ripeline.capture.doors.drafts import FormDraft
from ripeline.capture.models import Door, DoorDay, TriedSite
from ripeline.people.models import AuditEntry, User
from ripeline.people.rules import NotAllowed

SITE = "https://www.northwind.example"


@pytest.fixture
def door(mona: User) -> Door:
    return doors.keep_form(actor=mona, draft=FormDraft(name="Quote", source_type="quote_request", title="Ask"))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown_at(page: str, **headers: str) -> Any:
    return Client().get("/f/quote", {"embed": "1", "page": page}, headers=headers)


def test_mona_sees_which_site_tried_and_allows_it(door: Door, mona: User) -> None:
    hers, path = signed_in(mona), f"/capture/doors/{door.pk}"
    assert "Tried to show it" not in hers.get(path).text
    with clock.at(clock.now() - timedelta(hours=3)):
        shown_at("https://shop.northwind.example/x")
    for _ in range(2):
        assert shown_at(f"{SITE}/contact?private=1").status_code == 403
    page = hers.get(path).text
    assert page.index(f"<b>{SITE}</b>") < page.index("<b>https://shop.northwind.example</b>"), "the latest first"
    assert "2 times, the latest" in page
    assert "private" not in page, "the site, not what was looked at there"
    said = hers.post(f"{path}/sites", {"site": SITE}, follow=True).text
    assert f"{SITE} may show the form now" in said
    assert f"<b>{SITE}</b>" not in said
    assert f'data-form="{door.slug}"' in said.replace("&quot;", '"'), "and there is the line to paste"
    assert "<form" in shown_at(f"{SITE}/contact").text
    assert AuditEntry.objects.filter(verb="door.change", data__site=SITE).count() == 1
    hers.post(f"{path}/sites", {"site": "https://shop.northwind.example", "to": "forget"})
    assert "Tried to show it" not in hers.get(path).text
    door.refresh_from_db()
    assert door.sites == [SITE]


def test_a_frame_written_by_hand_is_seen_by_what_its_browser_says(door: Door, mona: User) -> None:
    framed = {"Sec-Fetch-Dest": "iframe", "Referer": f"{SITE}/"}
    answer = Client().get("/f/quote", headers=framed)
    assert (answer.status_code, f"the site {SITE} has to be named" in answer.text) == (403, True)
    assert TriedSite.objects.get().site == SITE
    assert DoorDay.objects.count() == 0, "nobody has opened it"
    tried_sites.allow(actor=mona, door=door, site=SITE)
    assert Client().get("/f/quote", headers=framed).status_code == 200
    for page in ({"Referer": f"{SITE}/x"}, {"Sec-Fetch-Dest": "iframe"}, framed | {"Referer": "http://testserver/"}):
        assert Client().get("/f/quote", headers=page).status_code == 200, "a link, or a page of ours"


def test_who_looks_ahead_has_not_tried(door: Door) -> None:
    shown_at(SITE, **{"Sec-Purpose": "prefetch"})
    assert not TriedSite.objects.exists()


def test_however_many_sites_a_stranger_names_few_are_kept_and_five_shown(door: Door, mona: User) -> None:
    for number in range(30):
        shown_at(f"https://x{number}.example/")
    shown_at(f"https://{'x' * 400}.example/")
    assert TriedSite.objects.count() == tried_sites.KEPT
    assert [each.site for each in tried_sites.lately(door)] == [f"https://x{n}.example" for n in range(29, 24, -1)]
    with clock.at(clock.now() + timedelta(days=31)):
        assert tried_sites.lately(door) == []


def test_a_site_that_was_named_in_the_settings_meanwhile_is_not_said_to_have_tried(door: Door, mona: User) -> None:
    shown_at(SITE)
    Door.objects.update(sites=[SITE])
    assert "Tried to show it" not in signed_in(mona).get(f"/capture/doors/{door.pk}").text


def test_only_a_site_is_allowed_and_only_by_who_keeps_the_doors(door: Door, mona: User, alice: User) -> None:
    hers, path = signed_in(mona), f"/capture/doors/{door.pk}/sites"
    for wrong in ("", "javascript:alert(1)", "https://a b", "*", "https://x.example/path"):
        assert "not the address of a site" in hers.post(path, {"site": wrong}, follow=True).text
    Door.objects.update(sites=[f"https://x{n}.example" for n in range(20)])
    assert "20 sites may show it at most" in hers.post(path, {"site": SITE}, follow=True).text
    assert signed_in(alice).post(path, {"site": SITE}).status_code == 403
    with pytest.raises(NotAllowed):
        tried_sites.forget(actor=alice, door=door, site=SITE)
    assert SITE not in Door.objects.get().sites


def test_the_sites_of_a_form_are_found_by_an_index(door: Door) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        found = TriedSite.objects.filter(door=door).order_by("-last_at", "-id")[:5].explain()
    assert "tried_site_once" in found
