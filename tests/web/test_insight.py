"""The page of Insight: who may open it, its picture under the content policy, its file, its links."""

import csv
import io
import os
import re
import subprocess
import sys
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.test import Client

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Enquiry, Lead
from ripeline.people.models import AuditEntry, User
from ripeline.web.frame import charts
from ripeline.web.insight import insight
from tests.cast import MakeLead, by, soon


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def past(alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch) -> list[Lead]:
    """Twenty leads of four months ago; five ripened a month later."""
    now = clock.now()
    source = catalog.sources_named(["=Lisbon fair"])["=Lisbon fair"]
    monkeypatch.setattr(clock, "now", lambda: now - timedelta(days=120))
    born = [make_lead(alice, captured=timedelta(), source_id=source.pk, name=f"Priya {at}") for at in range(20)]
    monkeypatch.setattr(clock, "now", lambda: now - timedelta(days=90))
    for lead in born[:5]:
        leads.open_opportunity(lead.pk, by(alice), next=soon())
    monkeypatch.setattr(clock, "now", lambda: now)
    return born


def test_who_may_open_it(
    alice: User, bob: User, carol: User, mallory: User, sam: User, mona: User, ada: User, past: list[Lead]
) -> None:
    for user in (alice, bob, carol, mallory, mona, ada):
        assert signed_in(user).get("/insight").status_code == 200, user
    for path in ("/insight", "/insight/ripening.csv"):
        assert signed_in(sam).get(path).status_code == 403
        assert Client().get(path).status_code == 302
    assert "No lead came" in signed_in(mallory).get("/insight").text
    assert "20 leads" in signed_in(alice).get("/insight").text


def test_the_rail_leads_there_whoever_has_a_use_for_it(carol: User, sam: User, past: list[Lead]) -> None:
    assert 'href="/insight"' in signed_in(carol).get("/leads").text
    assert 'href="/insight"' not in signed_in(sam).get("/leads").text


def test_the_picture_is_shapes_alone_and_says_what_it_shows(carol: User, past: list[Lead]) -> None:
    page = signed_in(carol).get("/insight").text
    pictures = re.findall(r'<svg class="chart".*?</svg>', page, re.DOTALL)
    assert len(pictures) == 2
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        assert root.get("role") == "img"
        labels = str(root.get("aria-labelledby")).split()
        named = {element.get("id"): element.text for element in root.iter() if element.get("id")}
        assert list(named) == labels
        assert "how many have ripened" in str(named[labels[0]])
        assert "of 100 have ripened" in str(named[labels[1]])
        for element in root.iter():
            assert not {"style", "onload", "href", "fill-rule"} & set(element.attrib)
            assert not element.tag.endswith(("script", "style", "a", "image", "foreignObject", "use"))
            for paint in ("fill", "stroke"):
                assert element.get(paint, "none") == "none"  # colours are the style sheet's
    assert "#000" not in "".join(pictures)
    assert "stroke-ripe" in pictures[0]


def test_what_the_renderer_might_add_is_taken_out() -> None:
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10" '
        'onload="x()"><script>alert(1)</script><style>*{}</style><a xlink:href="javascript:x()"><path d="M0,0" '
        'style="fill:red" fill="#000004" stroke="url(#evil)" onclick="x()"/></a><image href="http://evil"/>'
        '<g display="none"><path d="M1,1"/></g><text x="1">a &lt;b&gt; &amp; c</text>'
        "<path d=\"M0,0' onload='x()\"/></svg>"
    )
    assert charts.cleaned(drawn) == (
        'viewBox="0 0 10 10"\n<path d="M0,0" stroke="none" class="fill-ripe"></path>'
        '<text x="1">a &lt;b&gt; &amp; c</text><path></path>'
    )


def test_a_picture_is_drawn_once_for_the_same_figures(
    carol: User, past: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    drawn = []
    draw = charts._draw

    def counted(chart: object) -> str:
        drawn.append(chart)
        return draw(chart)

    monkeypatch.setattr(charts, "_draw", counted)
    client = signed_in(carol)
    client.get("/insight")
    client.get("/insight")
    assert len(drawn) == 2  # wide and narrow


def test_the_file_has_every_figure_and_runs_no_formula(carol: User, past: list[Lead]) -> None:
    answer = signed_in(carol).get("/insight/ripening.csv?by=source")
    assert answer["Content-Disposition"].startswith('attachment; filename="ripening-')
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == list(insight.HEADINGS)
    assert len({len(row) for row in rows}) == 1
    by_age = {row[5]: row for row in rows[1:] if row[1] == "All"}
    assert by_age["91"][:8] == ["20", "All", "Last two years", "5", "0", "91", "20", "25.0"]
    assert by_age["182"][7:10] == ["", "", ""]
    assert [row[1] for row in rows if row[1] not in ("All", "Cohort")] == ["'=Lisbon fair"]
    assert AuditEntry.objects.filter(verb="insight.export", actor=carol).count() == 1


def test_the_figures_lead_to_their_leads(carol: User, past: list[Lead]) -> None:
    client = signed_in(carol)
    page = client.get("/insight").text
    links = re.findall(r'href="(/leads\?[^"]+)"', page)
    assert links
    for link in links:
        assert "20 leads" in client.get(link.replace("&amp;", "&")).text, link


def test_where_it_took_long_to_add_up_it_is_not_added_up_again(
    carol: User, ada: User, past: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(insight, "SLOW", 0.0)
    assert "20 leads" in signed_in(carol).get("/insight").text
    Lead.objects.update(owner=ada)
    assert "20 leads" in signed_in(carol).get("/insight").text
    assert "Nothing to look back on yet" in signed_in(carol).get("/insight?came=ever").text
    cache.clear()


def test_the_list_can_be_asked_for_the_days_the_kind_and_the_campaign_they_came_by(
    carol: User, alice: User, past: list[Lead], make_lead: MakeLead
) -> None:
    make_lead(alice, name="Tomás Oliveira")
    campaign = catalog.campaigns_named(["Spring"])["Spring"]
    Enquiry.objects.filter(lead=past[3]).update(campaign=campaign)
    client = signed_in(carol)
    day = (clock.now() - timedelta(days=30)).date()
    for query, count, chip in (
        (f"since={day}", "1 lead", "Came since"),
        (f"until={day}", "20 leads", "Came until"),
        ("type=trade_show", "20 leads", "Trade show"),
        (f"campaign={campaign.pk}", "1 lead", "From one campaign"),
        ("since=never&until=2026-99-01&type=x&campaign=y", "21 leads", ""),
    ):
        page = client.get(f"/leads?view=team&{query}").text
        assert f"<b>{count}</b>" in page, query
        assert chip in page


def test_neither_library_is_loaded_before_a_picture_is_drawn() -> None:
    script = (
        "import sys, django; django.setup(); import ripeline.config.urls; from django.urls import reverse;"
        "reverse('insight'); assert not {'altair', 'vl_convert'} & set(sys.modules)"
    )
    settings = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | settings, timeout=60)


def test_the_web_process_has_loaded_its_pages_and_looks_for_no_garbage_in_them() -> None:
    script = (
        "import gc, sys, ripeline.config.asgi; assert gc.get_freeze_count() > 50_000;"
        "assert 'ripeline.web.today.today' in sys.modules; assert not {'altair', 'vl_convert'} & set(sys.modules)"
    )
    settings = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | settings, timeout=60)


def test_nonsense_in_the_address_is_left_out(carol: User, past: list[Lead]) -> None:
    answer = signed_in(carol).get("/insight?came=yesterday&by=x&type=%00&source=1&campaign=%27&whose=mine")
    assert answer.status_code == 200
    assert "20 leads" in answer.text


def test_it_is_read_only(carol: User) -> None:
    assert signed_in(carol).post("/insight").status_code == 405
