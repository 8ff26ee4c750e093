"""Letting a file be right about where people stand, by the browser's requests."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ripeline.capture.columns.looking import Said
from ripeline.capture.imports import righting
from ripeline.capture.models import ImportRun
from ripeline.leads.models import Lead
from ripeline.people.models import User
from tests.capture.importing import csv, imported

pytestmark = pytest.mark.django_db

HEAD = "Name,E-mail,Status,Owner"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ended_there(count: int, *, by: User) -> ImportRun:
    """Alice's leads who are open here, and lost in a file that was to close nobody."""
    imported(csv(HEAD, *(f"Nr{number},n{number}@x.example,open,Alice" for number in range(count))), actor=by)
    rows = [f"Nr{number},n{number}@x.example,lost,Alice" for number in range(count)]
    return imported(csv(HEAD, *rows), actor=by, said=Said(closes=False))


def said(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_ada_closes_whom_she_ticks_and_is_told(alice: User, ada: User) -> None:
    client, run = signed_in(ada), ended_there(2, by=ada)
    where = f"/imports/{run.pk}/standing"
    assert f'href="{where}"' in client.get(f"/imports/{run.pk}").text
    assert "Tick whom it is about first." in said(client.post(where, {"what": "ended"}, follow=True))
    assert "Tick whom it is about first." in said(client.post(where, {"what": "all", "row": "2"}, follow=True))
    assert not Lead.objects.filter(state="lost").exists()
    page = client.post(where, {"what": "ended", "row": ["2", "nonsense"], "key": "k"}, follow=True)
    assert "One lead is closed as the file says." in said(page)
    assert sorted(Lead.objects.values_list("name", "state")) == [("Nr0", "lost"), ("Nr1", "working")]
    again = client.post(where, {"what": "ended", "row": "2", "key": "k"}, follow=True)
    assert "Nothing was changed." in said(again), "sent twice it counts once"


def test_who_may_not_import_is_refused_and_nobody_finds_the_page_of_anothers(
    alice: User, mallory: User, sam: User, carol: User
) -> None:
    run = ended_there(1, by=carol)
    for rep in (alice, mallory):
        assert signed_in(rep).get(f"/imports/{run.pk}/standing").status_code == 403
        assert signed_in(rep).post(f"/imports/{run.pk}/standing", {"what": "ended", "row": "2"}).status_code == 403
    assert signed_in(sam).get(f"/imports/{run.pk}/standing").status_code == 404
    assert signed_in(sam).post(f"/imports/{run.pk}/standing", {"what": "ended", "row": "2"}).status_code == 404
    assert Lead.objects.get().state == "working"


def test_the_page_asks_the_same_of_the_database_for_many_as_for_one(alice: User, ada: User) -> None:
    client, counts = signed_in(ada), []
    for many in (1, 12):
        run = ended_there(many, by=ada)
        client.get(f"/imports/{run.pk}/standing")
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/imports/{run.pk}/standing").text.count('name="row"') == many
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_of_very_many_the_first_are_shown_and_the_page_says_so(
    alice: User, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(righting, "SHOWN", 3)
    client, run = signed_in(ada), ended_there(4, by=ada)
    page = client.get(f"/imports/{run.pk}/standing")
    assert page.text.count('name="row"') == 3
    assert "The first 3; those after them come once these are dealt with." in said(page)
    rows = {"what": "ended", "row": ["2", "3", "4"], "key": "k"}
    page = client.post(f"/imports/{run.pk}/standing", rows, follow=True)
    assert page.text.count('name="row"') == 1
    assert "The first" not in said(page)
