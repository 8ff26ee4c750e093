"""What is under way or was done lately is found again: one's own, with what can be done about it."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from ripeline.base import clock
from ripeline.capture.exports import exports
from ripeline.leads.many import batches
from ripeline.leads.models import Lead
from ripeline.people.models import Role, User
from ripeline.people.queries import responsible_of
from ripeline.ripeness import queries as ripeness
from ripeline.web.lists import jobs
from ripeline.worker import tasks
from tests.capture.importing import begun, csv, imported
from tests.cast import MakeLead


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def said(response: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


Give = Callable[..., batches.Batch]


@pytest.fixture
def give(carol: User, bob: User) -> Give:
    def give(actor: User = carol) -> batches.Batch:
        terms = {"to": str(responsible_of(bob).pk), "name": "Bob"}
        return batches.ask(
            actor=actor, verb=batches.BatchVerb.GIVE, terms=terms, key=uuid4().hex, query="view=all&state=new"
        )

    return give


def test_carol_finds_what_she_asked_for_with_how_far_it_is_and_takes_it_back(
    carol: User, alice: User, make_lead: MakeLead, give: Give
) -> None:
    for n in range(3):
        make_lead(alice, name=f"Lead {n}")
    client, batch = sign_in(carol), give()
    page = client.get("/leads/jobs")
    assert "Give to Bob Waiting" in said(page)
    assert f'action="/leads/batches/{batch.pk}/cancel"' in page.text
    assert 'hx-trigger="every 2s"' in page.text
    assert f'href="/leads/batches/{batch.pk}"' in client.get("/leads/jobs/now").text
    batches.work(batch.pk, tagged=ripeness.tagged)
    page = client.get("/leads/jobs")
    assert "3 leads are with Bob now." in said(page)
    assert "every 2s" not in page.text
    assert f'data-job="{batch.pk.hex}" data-ended="Done"' in client.get("/leads/jobs/now").text
    client.post(f"/leads/batches/{batch.pk}/undo")
    assert set(Lead.objects.values_list("owner__name", flat=True)) == {"Alice"}
    assert "Taken back" in said(client.get("/leads/jobs"))
    assert 'href="/leads/jobs"' in client.get("/leads").text


def test_files_and_imports_are_there_too(carol: User, lead: Lead) -> None:
    export = exports.ask(actor=carol, query="view=all", file_format="csv", zone="UTC", count=1)
    imported(csv("Name,E-mail", "Bea,bea@b.example"), actor=carol, name="people.csv")
    client = sign_in(carol)
    page = said(client.get("/leads/jobs"))
    assert page.index(export.filename) < page.index("people.csv"), "what is under way comes first"
    assert "1 created, 0 updated, 0 unchanged, 0 rejected." in page
    assert tasks.short(lambda: False)
    assert f'href="/leads/exports/{export.pk}/fetch"' in client.get("/leads/jobs").text


def test_nobody_but_an_administrator_finds_what_others_asked_for(
    carol: User, alice: User, ada: User, mallory: User, give: Give, lead: Lead
) -> None:
    give()
    begun(csv("Name,E-mail", "Bea,bea@b.example"), actor=carol, name="people.csv")
    for user in (alice, mallory):
        page = said(sign_in(user).get("/leads/jobs?whose=all"))
        assert "Nothing is under way" in page
        assert "Give to Bob" not in page
        assert "people.csv" not in sign_in(user).get("/leads/jobs/now").text
    client = sign_in(ada)
    assert "Give to Bob" not in said(client.get("/leads/jobs"))
    page = client.get("/leads/jobs?whose=all")
    assert "by Carol" in said(page)
    assert "people.csv" in page.text
    assert "/undo" not in page.text


def test_the_page_costs_the_same_queries_however_much_was_done(
    carol: User, give: Give, lead: Lead, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(4):
        give()
        exports.ask(actor=carol, query="", file_format="csv", zone="UTC", count=1)
        begun(csv("Name,E-mail", f"Bea,bea{n}@b.example"), actor=carol)
    client = sign_in(carol)
    client.get("/leads/jobs")
    for path in ("/leads/jobs", "/leads/jobs/now"):
        with django_assert_max_num_queries(11):
            client.get(path)


def test_what_is_under_way_stays_on_the_page_however_much_was_asked_for_after_it(
    carol: User, give: Give, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SHOWN", 3)
    with clock.at(clock.now() - timedelta(days=1)):
        long = give()
    for _ in range(4):
        batches.work(give().pk, tagged=ripeness.tagged)
    page = said(sign_in(carol).get("/leads/jobs"))
    assert "Give to Bob Waiting" in page
    assert f'id="job-{long.pk.hex}"' in sign_in(carol).get("/leads/jobs").text


def test_whose_role_changed_is_told_to_ask_again_and_offered_no_download(carol: User, lead: Lead) -> None:
    export = exports.ask(actor=carol, query="view=all", file_format="csv", zone="UTC", count=1)
    exports.work(export.pk)
    assert f'href="/leads/exports/{export.pk}/fetch"' in sign_in(carol).get("/leads/jobs").text
    carol.role = Role.REP
    carol.save(update_fields=["role"])
    for path in ("/leads/jobs", f"/leads/exports/{export.pk}"):
        page = sign_in(carol).get(path)
        assert "/fetch" not in page.text
        assert "Your role or team has changed since you asked for this file: ask for it again." in said(page)
    page = sign_in(carol).get(f"/leads/exports/{export.pk}/fetch", follow=True)
    assert "Your role or team has changed" in said(page)


def test_the_page_loads_neither_whose_leads_are_in_a_file_nor_what_was_found_in_one(
    carol: User, lead: Lead, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    exports.ask(actor=carol, query="", file_format="csv", zone="UTC", lead_ids=[lead.pk])
    imported(csv("Name,E-mail", "Bea,bea@b.example"), actor=carol)
    client = sign_in(carol)
    for path in ("/leads/jobs", "/leads/jobs/now"):
        with django_assert_max_num_queries(12) as asked:
            assert client.get(path).status_code == 200
        every = " ".join(query["sql"] for query in asked.captured_queries)
        assert '"lead_export"."lead_ids"' not in every
        assert '"import_run"."dialect",' not in every
        assert '"import_run"."mapping"' not in every
