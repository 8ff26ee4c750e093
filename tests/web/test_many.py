"""What is done with many leads, as pages: asked how, done at once or by the worker, shown, cancelled, taken back."""

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from ripeline.leads import actions, batches
from ripeline.leads.models import Batch, BatchState, Lead, State
from ripeline.people.models import User
from ripeline.people.queries import responsible_of
from ripeline.ripeness import queries as ripeness
from ripeline.web import many
from ripeline.worker import tasks
from tests.cast import MakeLead, by, soon


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def said(response: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def giving(to: User, *leads: Lead, **more: str) -> dict[str, Any]:
    return {"go": "1", "to": responsible_of(to).pk, "lead": [lead.pk for lead in leads], "query": "",
            "key": uuid4().hex, **more}  # fmt: skip


def test_carol_gives_many_and_takes_them_back_in_one_go(
    carol: User, alice: User, bob: User, make_lead: MakeLead
) -> None:
    leads = [make_lead(alice, name=f"Lead {n}") for n in range(3)]
    already = make_lead(bob)
    client, asked = sign_in(carol), giving(bob, *leads, already)
    client.post("/leads/many/give", asked)
    client.post("/leads/many/give", asked)  # the same request again
    assert Batch.objects.count() == 1
    shown = client.get("/leads").text
    assert "3 leads are with Bob now; left as they are: 1 there already." in unescape(shown)
    undo = re.search(r'action="(/leads/batches/[^"]+/undo)"', shown)[1]  # type: ignore[index]
    actions.set_next(leads[0].pk, by(bob), next=soon(days=3))
    page = said(client.post(undo, follow=True))
    owners = dict(Lead.objects.exclude(pk=already.pk).values_list("name", "owner__name"))
    assert owners == {"Lead 0": "Bob", "Lead 1": "Alice", "Lead 2": "Alice"}
    assert "2 leads were put back as they were; 1 changed since and stay" in page
    assert "Lead 0" in page


def test_many_more_are_the_workers_and_the_page_follows_them(
    carol: User, alice: User, bob: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        make_lead(alice, name=f"Lead {n}", state="working" if n else "new")
    monkeypatch.setattr(many, "AT_ONCE", 3)
    client = sign_in(carol)
    answer = client.post("/leads/many/give", giving(bob, everything="1") | {"query": "state=working"})
    batch = Batch.objects.get()
    assert answer.headers["Location"] == f"/leads/batches/{batch.pk}"
    assert "Waiting for its turn" in client.get(answer.headers["Location"]).text
    moving = client.get(f"/leads/batches/{batch.pk}/progress")
    assert "HX-Refresh" not in moving.headers
    assert tasks.work(lambda: False)
    assert client.get(f"/leads/batches/{batch.pk}/progress").headers["HX-Refresh"] == "true"
    assert "4 leads are with Bob now." in said(client.get(f"/leads/batches/{batch.pk}"))
    assert dict(Lead.objects.values_list("name", "owner__name"))["Lead 0"] == "Alice"
    client.post(f"/leads/batches/{batch.pk}/undo")
    assert Batch.objects.get().state == BatchState.UNDO_QUEUED
    assert tasks.work(lambda: False)
    assert Lead.objects.filter(owner=alice).count() == 5


def test_what_came_too_late_to_be_cancelled_is_said(
    carol: User, alice: User, bob: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        make_lead(alice, name=f"Lead {n}")
    monkeypatch.setattr(many, "AT_ONCE", 3)
    client = sign_in(carol)
    client.post("/leads/many/give", giving(bob, everything="1"))
    batch = Batch.objects.get()
    steps = iter([False, True])
    batches.work(batch.pk, tagged=ripeness.tagged, is_stopping=lambda: next(steps))
    page = said(client.get(f"/leads/batches/{batch.pk}"))
    assert "0 of 5 leads" in page
    assert "Waiting for its turn" not in page
    steps = iter([False, True])
    batches.work(batch.pk, tagged=ripeness.tagged, is_stopping=lambda: next(steps))
    page = said(client.post(f"/leads/batches/{batch.pk}/cancel", follow=True))
    assert "5 of 5 leads , stopping after these" in page
    assert tasks.work(lambda: False)
    page = said(client.get(f"/leads/batches/{batch.pk}"))
    assert "5 leads are with Bob now." in page
    assert "It was done before it could be cancelled." in page
    assert "cancelled" not in page.replace("could be cancelled", "")


def test_what_waits_and_is_cancelled_changes_nothing_and_says_so(
    carol: User, alice: User, bob: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        make_lead(alice, name=f"Lead {n}")
    monkeypatch.setattr(many, "AT_ONCE", 3)
    client = sign_in(carol)
    client.post("/leads/many/give", giving(bob, everything="1"))
    page = said(client.post(f"/leads/batches/{Batch.objects.get().pk}/cancel", follow=True))
    assert "cancelled" in page
    assert "Nothing was changed" in page
    assert not tasks.work(lambda: False)
    assert not Lead.objects.filter(owner=bob).exists()


def test_a_batch_is_shown_to_who_asked_and_to_an_administrator_and_undone_by_who_asked(
    carol: User, alice: User, bob: User, ada: User, lead: Lead
) -> None:
    sign_in(carol).post("/leads/many/give", giving(bob, lead))
    path = f"/leads/batches/{Batch.objects.get().pk}"
    assert sign_in(bob).get(path).status_code == 404
    assert "Asked for by Carol" in sign_in(ada).get(path).text
    sign_in(ada).post(f"{path}/undo")
    sign_in(bob).post(f"{path}/cancel")
    assert Lead.objects.get(pk=lead.pk).owner == bob


def test_reps_cannot_give_many_and_nobody_gives_to_nobody(
    alice: User, carol: User, mona: User, mallory: User, lead: Lead
) -> None:
    assert sign_in(alice).post("/leads/many/give", giving(alice, lead)).status_code == 403
    assert sign_in(mona).post("/leads/many/close", giving(alice, lead)).status_code == 403
    client = sign_in(carol)
    for to in ("", "x", responsible_of(mona).pk):  # she works in marketing, so is not offered
        client.post("/leads/many/give", giving(alice, lead, quick="1") | {"to": to})
        assert "Choose who is to have them" in client.get("/leads").text
    south = sign_in(mallory)
    mallory.role = "leader"
    mallory.save()
    south.post("/leads/many/give", giving(mallory, lead))  # not hers to find
    assert Lead.objects.get(pk=lead.pk).owner == alice
    assert client.post("/leads/many/dance", giving(alice, lead)).status_code == 404


def test_alice_is_asked_when_and_told_beside_the_field_what_cannot_be_read(alice: User, make_lead: MakeLead) -> None:
    leads = [make_lead(alice, name=f"Lead {n}") for n in range(4)]
    client, ticked = sign_in(alice), {"lead": [lead.pk for lead in leads], "query": "state=new"}
    asked = client.post("/leads/many/next", ticked)
    assert "4 leads that you ticked" in said(asked)
    wrong = client.post("/leads/many/next", ticked | {"go": "1", "when": "when pigs fly", "over": "2"})
    assert wrong.status_code == 422
    assert "when pigs fly" in wrong.text
    assert 'aria-describedby="when-error"' in wrong.text
    assert client.post("/leads/many/next", ticked | {"go": "1", "when": "tomorrow", "over": "900"}).status_code == 422
    assert client.post("/leads/many/close", ticked | {"go": "1"}).status_code == 422
    done = client.post("/leads/many/next", ticked | {"go": "1", "when": "in 3 weeks, after the fair", "over": "2"})
    assert done.headers["Location"] == "/leads?state=new"
    assert len(set(Lead.objects.values_list("next_at", flat=True))) == 2
    assert set(Lead.objects.values_list("next_note", flat=True)) == {"after the fair"}
    client.post("/leads/many/close", ticked | {"go": "1", "reason": "no_budget"})
    assert set(Lead.objects.values_list("state", flat=True)) == {State.LOST}
    client.post("/leads/many/reopen", ticked | {"go": "1", "when": "in 2 weeks"})
    assert set(Lead.objects.values_list("state", flat=True)) == {State.NEW}


def test_nothing_ticked_is_said(alice: User, lead: Lead) -> None:
    client = sign_in(alice)
    client.post("/leads/many/next", {"query": "", "go": "1", "when": "tomorrow"})
    assert "Tick the leads that are meant first" in client.get("/leads").text
