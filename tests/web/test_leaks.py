"""The page of what is leaking: its sentences, links to the very leads, the button, errors, progress, its file."""

import csv
import io
import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from ripeline.base import clock
from ripeline.catalog import queries as catalog
from ripeline.catalog.actions import sources_named
from ripeline.insight import leakage
from ripeline.insight.models import Recovery, RecoveryState
from ripeline.leads.decisions import actions as leads_actions
from ripeline.leads.models import Lead
from ripeline.people import queries as people
from ripeline.people.models import AuditEntry, User
from ripeline.ripeness import actions as ripeness
from ripeline.web.insight import leaks
from ripeline.worker import tasks
from tests.capture.importing import csv as lines
from tests.capture.importing import imported
from tests.cast import MakeLead, by


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """What was slow to add up in another test is not shown in this one."""
    cache.clear()


@pytest.fixture
def shoebox(alice: User, mallory: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch) -> list[Lead]:
    """Eight of Alice's and two of Mallory's that nobody has tried for two months."""
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now - timedelta(days=60))
    born = [make_lead(alice, captured=timedelta(), name=f"Priya {at}", due=timedelta(days=90)) for at in range(8)]
    born += [make_lead(mallory, captured=timedelta(), name=f"Ines {at}", due=timedelta(days=90)) for at in range(2)]
    monkeypatch.setattr(clock, "now", lambda: now)
    ripeness.rescore()
    return born


def test_who_may_open_it_and_for_whom_there_is_a_button(
    alice: User, carol: User, mona: User, sam: User, ada: User, shoebox: list[Lead]
) -> None:
    for user, n, has_button in ((alice, 8, True), (carol, 8, True), (mona, 10, False), (ada, 10, True)):
        page = signed_in(user).get("/insight/leaks").text
        assert f"{n} of " in page, user
        assert ("Put them back to work" in page) == has_button, user
    for path in ("/insight/leaks", "/insight/leaks.csv"):
        assert signed_in(sam).get(path).status_code == 403
        assert Client().get(path).status_code == 302
    refused = signed_in(mona).post("/insight/leaks/recover", {"leak": "untouched", "per_day": "3"})
    assert refused.status_code == 403


def test_it_says_how_many_what_it_may_cost_and_by_which_rule(carol: User, shoebox: list[Lead]) -> None:
    page = re.sub(r"\s+", " ", signed_in(carol).get("/insight/leaks").text)
    assert (
        "8 of your team’s leads are leaking: nobody is really following them up. Most, 8, were never touched." in page
    )
    assert re.search(r"about [\d.]+ of them would still buy from you within a year \(between 0 and \d\), worth", page)
    assert "Came more than 7 days ago, and nobody has tried to reach them." in page
    assert "fewer than 6 tries" in page
    assert page.count('<svg class="chart"') == 2


def test_every_figure_leads_to_its_very_leads(carol: User, ada: User, shoebox: list[Lead]) -> None:
    for user, path, least in ((carol, "/insight/leaks", 1), (ada, "/insight/leaks?by=team", 3)):
        client = signed_in(user)
        links = re.findall(r'<a href="(/leads\?[^"]+)"[^>]*>(?:<b>)?(\d+)', client.get(path).text)
        assert len(links) >= least
        for link, n in links:
            page = client.get(link.replace("&amp;", "&")).text
            assert f"{n} leads" in page, link
            assert "Never touched" in page  # the chip of the filter


def test_a_leader_sees_what_is_leaking_of_an_import_whose_leads_are_nobodys_yet(
    carol: User, alice: User, make_lead: MakeLead, shoebox: list[Lead]
) -> None:
    make_lead(alice)
    client = signed_in(carol)
    client.post("/insight/leaks/recover?whose=team", {"leak": ["untouched"], "per_day": "3", "key": "k1"})
    assert tasks.work(lambda: False)
    Recovery.objects.update(state=RecoveryState.UNDONE)
    assert "of your last request went back" in client.get("/insight/leaks").text
    day = clock.now() - timedelta(days=300)
    rows = (f"Old {n},old{n}@old.example,{day:%Y-%m-%d}" for n in range(9))
    run = imported(lines("Name,E-mail,Date", *rows), actor=carol)
    desk = people.built_in(people.QUALIFY).pk
    late = clock.now() - timedelta(days=20)
    Lead.objects.filter(import_run_id=run.pk).update(next_at=late, owner=None, responsible=desk)
    page = re.sub(r"\s+", " ", client.get(f"/insight/leaks?run={run.pk}").text)
    assert "9 of this import’s leads are leaking" in page
    assert "Nothing to leak yet" not in page
    assert "went back" not in page, "another request's"
    link = re.findall(r'<a href="(/leads\?[^"]+)"[^>]*>(?:<b>)?9', page)[0]
    assert "9 leads" in client.get(link.replace("&amp;", "&")).text


def test_those_without_a_source_are_a_click_away_too(ada: User, shoebox: list[Lead]) -> None:
    Lead.objects.filter(pk__in=[lead.pk for lead in shoebox[3:]]).update(source=sources_named(["Fair"])["Fair"])
    client = signed_in(ada)
    page = client.get("/insight/leaks").text
    ((link, n),) = re.findall(r'No source given</th>.*?<a href="([^"]+)">([0-9]+)</a>', page)
    shown = client.get(link.replace("&amp;", "&")).text
    assert f"{n} leads" in shown
    assert 3 <= int(n) <= 5
    assert "No source given" in shown  # the chip of the filter


def test_the_button_puts_them_back_shows_how_far_it_is_and_takes_them_back(carol: User, shoebox: list[Lead]) -> None:
    client = signed_in(carol)
    given = {"leak": ["untouched", "overdue"], "per_day": "3", "key": "k1"}
    for _ in range(2):  # sent twice
        assert client.post("/insight/leaks/recover?whose=team", given)["Location"] == "/insight/leaks?whose=team"
    run = Recovery.objects.get()
    for path in ("/insight/leaks", f"/insight/leaks/recover/{run.pk}/progress"):
        assert "Waiting for its turn" in client.get(path).text
    Recovery.objects.update(state=RecoveryState.RUNNING, total=8, looked_at=3)
    page = client.get("/insight/leaks").text
    assert "3 of 8 leads" in page
    assert "counted anew when this is done" in page
    Recovery.objects.update(state=RecoveryState.QUEUED, total=None, looked_at=0)
    assert tasks.work(lambda: False)
    assert client.get(f"/insight/leaks/recover/{run.pk}/progress")["HX-Refresh"] == "true"
    page = re.sub(r"\s+", " ", client.get("/insight/leaks").text)
    assert "Nothing is leaking: each of your team’s 8 open leads is being followed up or has its day." in page
    assert "8 leads were put back to work" in page
    Recovery.objects.update(stayed=1)
    page = re.sub(r"\s+", " ", client.get("/insight/leaks").text)
    assert "7 leads were put back to work" in page
    assert "1 lead stays as it is: worked on, closed or merged by somebody meanwhile" in page
    client.post(f"/insight/leaks/recover/{run.pk}/undo")
    assert tasks.work(lambda: False)
    page = client.get("/insight/leaks").text
    assert "8 leads of your last request went back" in re.sub(r"\s+", " ", page)
    assert "8 of your team’s leads are leaking" in page


def test_of_an_imported_file_of_old_leads_it_says_what_may_be_in_them_and_until_when_they_are_spread(
    ada: User, alice: User
) -> None:
    old = (clock.now() - timedelta(days=900)).date()
    run = imported(lines("Name,E-mail,Created", *(f"P {n},p{n}@x.example,{old}" for n in range(40))))
    ripeness.rescore()
    page = " ".join(signed_in(ada).get(f"/insight/leaks?run={run.pk}").text.split())
    assert "Nothing is leaking: each of this import’s 40 open leads is being followed up or has its day." in page
    assert re.search(
        r"\d\d wait for their day, given when they were put back to work; the last is \d+ \w+ 20\d\d, and the", page
    )
    today = clock.now()
    assert re.search(rf"40 old leads were re-opened on \d+ {today:%B %Y}, because a file brought them", page)
    assert "Since then: 40 not tried yet, 0 tried, 0 talked to, 0 with a deal open or won." in page
    assert re.search(
        r"about [\d.]+ of those would buy from you within a year \(between \d+ and \d+\), worth about €", page
    )
    everybody = " ".join(signed_in(ada).get("/insight/leaks").text.split())
    assert "wait for their day, given when they were put back to work" in everybody
    assert "of those would buy" not in everybody


@pytest.mark.django_db(transaction=True)
def test_what_a_worker_does_meanwhile_is_in_all_of_the_page_or_in_none(
    ada: User, shoebox: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, groups = signed_in(ada), leakage._groups

    def of_others() -> None:
        Lead.objects.update(last_touch_at=clock.now(), next_at=clock.now() + timedelta(days=2), next_committed=True)
        connection.close()

    def put_back_meanwhile(*given: Any) -> Any:
        thread = threading.Thread(target=of_others)
        thread.start()
        thread.join()
        return groups(*given)

    monkeypatch.setattr(leakage, "_groups", put_back_meanwhile)
    page = client.get("/insight/leaks")
    found = page.context["found"]
    assert found.whole.n == 10
    assert sum(group.leaking for group in found.groups) == 10
    monkeypatch.undo()
    cache.clear()
    assert client.get("/insight/leaks").context["found"].whole.n == 0


def test_who_a_file_brought_as_lost_without_a_reason_was_not_given_up_here(ada: User, alice: User) -> None:
    rows = [f"p{at}@x.example,lost,{since}" for at, since in enumerate(["", "2026-02-01", ""])]
    imported(lines("E-mail,Status,Status since", *rows, "open@x.example,open,"))
    page = re.sub(r"\s+", " ", signed_in(ada).get("/insight/leaks").text)
    assert "Nothing is leaking" in page
    assert "3 more came with a file that has them as lost and does not say why. They are no leak of yours." in page
    (link,) = re.findall(r'They are no leak of yours. <a href="([^"]+)">See them</a>', page)
    shown = signed_in(ada).get(link.replace("&amp;", "&")).text
    assert "<b>3 leads</b>" in shown
    assert "Lost by their file" in shown  # the chip of the filter
    assert "open@x.example" not in shown
    by_hand = Lead.objects.get(email="open@x.example")
    leads_actions.close(by_hand.pk, by(alice), reason=catalog.reason("lost_unstated"))
    Lead.objects.filter(pk=by_hand.pk).update(closed_at=clock.now() + timedelta(hours=1))
    cache.clear()
    page = re.sub(r"\s+", " ", signed_in(ada).get("/insight/leaks").text)
    assert "One of your company’s leads is leaking" in page


def test_what_cannot_be_is_said_beside_it_and_what_was_ticked_stays(carol: User, shoebox: list[Lead]) -> None:
    client = signed_in(carol)
    for given, said in (
        ({"leak": "untouched", "per_day": "many"}, "A whole number, please."),
        ({"leak": "untouched", "per_day": "51"}, "Between 1 and 50 a day"),
        ({"per_day": "7"}, "Choose at least one kind."),
    ):
        answer = client.post("/insight/leaks/recover", given)
        assert answer.status_code == 422
        assert said in answer.text
        assert f'value="{given["per_day"]}"' in answer.text
    assert not Recovery.objects.exists()


def test_another_may_not_look_at_or_take_back_what_one_asked_for(carol: User, ada: User, shoebox: list[Lead]) -> None:
    signed_in(carol).post("/insight/leaks/recover", {"leak": "untouched", "per_day": "3"})
    run = Recovery.objects.get()
    for what in ("progress", "cancel", "undo"):
        client = signed_in(ada)
        answer = (client.get if what == "progress" else client.post)(f"/insight/leaks/recover/{run.pk}/{what}")
        assert answer.status_code == 404
    signed_in(carol).post(f"/insight/leaks/recover/{run.pk}/cancel")
    assert Recovery.objects.get().state == RecoveryState.CANCELLED


def test_the_file_has_the_figures_and_the_groups(ada: User, shoebox: list[Lead]) -> None:
    answer = signed_in(ada).get("/insight/leaks.csv?by=team")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == list(leaks.HEADINGS)
    assert rows[1][:4] == ["All", "Leaking in any way", "10", "10"]
    assert ["North", "Never touched", "8", "8"] in [row[:4] for row in rows]
    assert AuditEntry.objects.filter(verb="insight.export", target="leaks").count() == 1


def test_an_empty_company_is_told_what_to_do_and_nonsense_is_left_out(ada: User) -> None:
    client = signed_in(ada)
    assert "Nothing to leak yet" in client.get("/insight/leaks").text
    assert client.get("/insight/leaks?whose=mine&by=x&type=%00&run=1").status_code == 200
