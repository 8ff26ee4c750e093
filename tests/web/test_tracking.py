"""Settings, Tracking, and visits on the record: told quietly, and only to whom they concern."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.utils import timezone

from ripeline.base import clock
from ripeline.catalog import tracking
from ripeline.catalog.models import TriedHost
from ripeline.leads.decisions.recognising import identify
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness import queries as scores
from ripeline.timeline import uncounted
from ripeline.timeline.models import Activity
from ripeline.worker import reactions
from tests.cast import MakeLead, by
from tests.intake.test_recognising import raw, store


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_visit_is_one_line_however_many_pages(lead: Lead, alice: User) -> None:
    visitor, now = uuid4(), clock.now()

    def moment(minutes: int) -> dict[str, int]:
        at = int((now - timedelta(minutes=minutes)).timestamp() * 1_000_000)
        return {"occurred": at, "received": at}

    store(
        raw(visitor, page_kind="pricing", **moment(95)),
        raw(visitor, page_kind="product", **moment(94)),
        raw(visitor, page_kind="pricing", **moment(90)),
        raw(visitor, kind="download", path="/papers/guide.pdf", data={"title": "Evenday pricing"}, **moment(20)),
        raw(visitor, page_kind="careers", data={"title": "Work with us"}, **moment(10)),
    )
    identify(visitor_id=visitor, lead_id=lead.pk, by=by(alice))
    reactions.work()
    page = signed_in(alice).get(f"/leads/{lead.pk}?show=visits").text
    assert "Looked at 3 pages: prices, product" in page
    singly = unescape(re.sub(r"<[^>]+>|\s+", " ", page.partition("Page by page</summary>")[2].partition("</ol>")[0]))
    at = [timezone.localtime(now - timedelta(minutes=ago)).strftime("%H:%M") for ago in (95, 94, 90)]
    found = [singly.index(f"{each} ") for each in at]
    assert found == sorted(found)
    assert singly.count("· 1 min to the next") == singly.count("· 4 min to the next") == 1
    assert "Downloaded guide.pdf" in page
    assert "Looked at Work with us" in page
    assert "Recognised on our site by a form they sent" in signed_in(alice).get(f"/leads/{lead.pk}").text


def test_the_record_says_from_which_day_on_visits_count_where_somebody_looked_at_something_before(
    make_lead: MakeLead, alice: User
) -> None:
    said = "on: what they looked at before is part of how they came."
    for hour, first_day in ((9, "3 March"), (15, "4 March")):
        lead, visitor = make_lead(alice, email=f"{hour}@x.example"), uuid4()
        came = datetime(2026, 3, 2, hour, tzinfo=UTC)
        Lead.objects.filter(pk=lead.pk).update(captured_at=came, episode_at=came)
        identify(visitor_id=visitor, lead_id=lead.pk, by=by(alice))
        with clock.at(came + timedelta(days=3)):
            for days in (2, 0):  # the later first: that counts
                at = int((came + timedelta(days=days, minutes=9)).timestamp() * 1_000_000)
                store(raw(visitor, page_kind="pricing", occurred=at, received=at))
                reactions.work()
                ripeness.rescore([lead.pk])
                page = signed_in(alice).get(f"/leads/{lead.pk}").text
                assert (f"Visits count from {first_day} {said}" in page) == (days == 0)
                reasons = [reason[0] for reason in scores.of([lead.pk])[lead.pk].reasons]
                assert "signal.prices" in reasons


def test_the_record_says_which_visits_were_no_persons_and_why_and_counts_none(
    lead: Lead, alice: User, mallory: User
) -> None:
    visitor, others = uuid4(), uuid4()
    identify(visitor_id=visitor, lead_id=lead.pk, by=by(alice))
    assert "not counted" not in signed_in(alice).get(f"/leads/{lead.pk}").text
    day = int(timedelta(days=1).total_seconds() * 1_000_000)
    now = int(clock.now().timestamp() * 1_000_000)
    store(
        *(raw(visitor, who="staff", marks="staff", occurred=at, received=at) for at in (now - 2 * day, now - day, now)),
        raw(visitor, who="bot", marks="automated", occurred=now, received=now),
        raw(visitor, who="bot", marks="automated", occurred=now, received=now),
        raw(others, who="bot", marks="automated"),
    )
    reactions.work()
    said = signed_in(alice).get(f"/leads/{lead.pk}").text
    assert "4 visits are not counted: 1 a machine’s (a browser that a program drives), 3 of our own people" in said
    assert "(a browser marked as one of ours)." in said
    assert not Activity.objects.filter(lead_id=lead.pk, kind="visited").exists()
    assert "not counted" not in signed_in(mallory).get(f"/leads/{lead.pk}").text


def test_who_tried_a_link_made_for_them_is_told_though_no_browser_is_known_to_be_theirs(
    lead: Lead, alice: User
) -> None:
    now = int(clock.now().timestamp() * 1_000_000)
    tried = {"who": "scanner", "lead_id": lead.pk, "occurred": now, "received": now}
    store(
        raw(uuid4(), kind="click", marks="head", **tried),
        raw(uuid4(), kind="click", marks="burst", **tried),
        raw(uuid4(), kind="open", marks="burst", **tried),
        raw(uuid4(), kind="click", marks="burst", **{**tried, "lead_id": uuid4()}),
    )
    said = signed_in(alice).get(f"/leads/{lead.pk}").text
    assert "2 visits are not counted: " in said
    assert "(asked for headers alone, as link checkers do)" in said
    assert "(many links of a mail at once)" in said
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + uncounted._UNCOUNTED, {"leads": [lead.pk]})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on hit" not in plan, "neither by browser nor by whom the link was made for is all read"


def test_others_do_not_see_what_they_looked_at(lead: Lead, alice: User, mallory: User, mona: User) -> None:
    visitor = uuid4()
    identify(visitor_id=visitor, lead_id=lead.pk, by=by(alice))
    store(raw(visitor, data={"title": "A secret page"}))
    assert "A secret page" in signed_in(alice).get(f"/leads/{lead.pk}").text
    for other in (mallory, mona):
        assert "A secret page" not in signed_in(other).get(f"/leads/{lead.pk}").text


def test_mona_names_a_site_and_what_is_wrong_is_said_beside_it(mona: User) -> None:
    page = signed_in(mona)
    assert "Paste the line" not in page.get("/settings/tracking").text
    wrong = page.post("/settings/tracking/sites", {"address": "not a site"})
    assert (wrong.status_code, "such as www.example.com" in wrong.text) == (422, True)
    added = page.post("/settings/tracking/sites", {"address": "https://WWW.Casaverde.example/x"}, follow=True).text
    (site,) = tracking.sites()
    assert (site.host, f"data-site=&quot;{site.key}&quot;" in added) == ("www.casaverde.example", True)
    again = page.post("/settings/tracking/sites", {"address": "www.casaverde.example"})
    assert (again.status_code, "already here" in again.text) == (422, True)
    wrong = page.post("/settings/tracking/own", {"own_networks": "the office", "months_kept": 13})
    assert (wrong.status_code, "is not an address" in wrong.text) == (422, True)
    page.post("/settings/tracking/own", {"own_networks": "203.0.113.7, 2001:db8::1", "months_kept": 6})
    assert tracking.current().own_networks == ["2001:db8::/48", "203.0.113.0/24"]
    assert tracking.current().months_kept == 6
    assert "Nothing more is recorded" in page.post(f"/settings/tracking/sites/{site.pk}/remove", follow=True).text
    assert not tracking.sites()


def test_the_figures_of_the_day_follow_what_has_just_been_seen(mona: User) -> None:
    site = tracking.add_site(actor=mona, address="www.casaverde.example")
    page = signed_in(mona)
    before = page.get("/settings/tracking").text
    asked = re.search(r'hx-get="([^"]*)"', before)
    assert asked
    assert '<dl id="day-counts" class="facts"><dt>People</dt><dd>0</dd><dt>Bots</dt><dd>0</dd>' in before
    store(raw(uuid4(), site_id=site.pk, who="bot", received=int(clock.now().timestamp() * 1_000_000)))
    told = page.get(unescape(asked[1])).text
    assert "Counted under “Bots”" in told
    assert "<dt>Bots</dt><dd>1</dd>" in told
    assert 'hx-swap-oob="true"' in told
    assert f'id="seen-{site.pk}" hx-swap-oob="true">1 hit in the last day' in told
    again = re.search(r'hx-get="([^"]*)"', told)
    assert again
    assert "hx-swap-oob" not in page.get(unescape(again[1])).text, "nothing new"


def test_rules_are_tried_on_what_people_looked_at_before_they_are_kept(mona: User) -> None:
    now = int(clock.now().timestamp() * 1_000_000)
    store(raw(uuid4(), path="/stuehle/eiche", occurred=now, received=now))
    page, was = signed_in(mona), tracking.page_rules()
    rules = {"pattern": ["", "/stuehle*", "/pricing*"], "kind": ["other", "product", "pricing"]}
    tried = page.post("/settings/tracking/pages", {**rules, "preview": "1"}, headers={"HX-Target": "preview"}).text
    assert "/stuehle/eiche" in tried
    assert "<td>Product</td>" in tried
    assert tracking.page_rules() == was, "only looked at"
    wrong = page.post("/settings/tracking/pages", {"pattern": ["stuehle"], "kind": ["product"]})
    assert (wrong.status_code, "begins with / or *" in wrong.text) == (422, True)
    page.post("/settings/tracking/pages", rules)
    assert tracking.page_rules() == [("/stuehle*", "product"), ("/pricing*", "pricing")]


def test_mona_sees_which_other_site_has_her_tag_and_adds_it(mona: User) -> None:
    hers, now = signed_in(mona), clock.now()
    tracking.add_site(actor=mona, address="www.northwind.example")
    assert "not named" not in hers.get("/settings/tracking").text
    for host, minutes in (("shop.example", 5), ("blog.example", 60), ("old.example", 60 * 24 * 31)):
        TriedHost.objects.create(host=host, times=minutes, last_at=now - timedelta(minutes=minutes))
    page = hers.get("/settings/tracking").text
    assert page.index("<b>shop.example</b>") < page.index("<b>blog.example</b>")
    assert "5 times, the latest" in page
    assert "old.example" not in page
    page = hers.post("/settings/tracking/sites", {"address": "shop.example"}, follow=True).text
    assert "Visits to shop.example are recorded once the tag stands on its pages." in page
    assert "Add shop.example" not in page
    hers.post("/settings/tracking/tried", {"host": "blog.example"})
    assert "not named" not in hers.get("/settings/tracking").text
    assert {each.host for each in tracking.sites()} == {"www.northwind.example", "shop.example"}


def test_nobody_else_sets_tracking_up(alice: User, carol: User, sam: User) -> None:
    for user in (alice, carol, sam):
        page = signed_in(user)
        assert "Tracking" not in page.get("/settings/profile").text
        for address in ("", "/live", "/pages"):
            assert page.get(f"/settings/tracking{address}").status_code == 403
        for address in ("/sites", "/own", "/pages", "/tried"):
            given = {
                "address": "x.example",
                "host": "x.example",
                "months_kept": 3,
                "own_networks": "",
                "pattern": "/",
                "kind": "home",
            }
            assert page.post(f"/settings/tracking{address}", given).status_code == 403
    assert not tracking.sites()
