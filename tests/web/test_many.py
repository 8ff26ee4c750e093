"""What is done with many leads, as pages: asked how, done at once or by the worker, shown, cancelled, taken back."""

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from ripeline.catalog.models import CloseReason
from ripeline.leads.decisions import actions, closing
from ripeline.leads.finding import lists
from ripeline.leads.many import batches
from ripeline.leads.models import Batch, BatchState, Lead, State
from ripeline.people.models import User
from ripeline.people.queries import responsible_of
from ripeline.ripeness import queries as ripeness
from ripeline.web.lists import many
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
        page = client.post("/leads/many/give", giving(alice, lead, quick="1") | {"to": to})
        assert page.status_code == 422
        assert re.search(r'<p class="error" id="to-error">Choose who is to have them', page.text)
        assert f'name="lead" value="{lead.pk}"' in page.text, "nothing has to be ticked again"
    south = sign_in(mallory)
    mallory.role = "leader"
    mallory.save()
    south.post("/leads/many/give", giving(mallory, lead))  # not hers to find
    assert Lead.objects.get(pk=lead.pk).owner == alice
    assert client.post("/leads/many/dance", giving(alice, lead)).status_code == 404


def test_carol_is_asked_before_she_gives_more_than_she_sees(
    carol: User, alice: User, bob: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = [make_lead(alice, name=f"Lead {n}") for n in range(3)] + [make_lead(bob, name="Bob's")]
    monkeypatch.setattr(lists, "SIZE", 3)
    client = sign_in(carol)
    for more in (giving(bob, *leads, quick="1"), giving(bob, everything="1", quick="1")):
        page = client.post("/leads/many/give", more)
        assert page.status_code == 200
        assert "4 leads" in said(page)
        assert "3 will be changed; left as they are: 1 there already." in said(page)
        assert f'<option value="{responsible_of(bob).pk}" selected>' in page.text
    assert not Batch.objects.exists()
    client.post("/leads/many/give", giving(bob, *leads))  # as that page sends it
    assert Lead.objects.filter(owner=bob).count() == 4


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


BAR = r'formaction="/leads/many/(\w+)"'


def no_budget() -> CloseReason:
    return CloseReason.objects.get(code="no_budget")


def offered(client: Client, query: str) -> set[str]:
    return set(re.findall(BAR, client.get(f"/leads?{query}").text))


def test_bob_is_offered_nothing_for_many_where_he_may_only_look(
    alice: User, bob: User, carol: User, make_lead: MakeLead
) -> None:
    make_lead(alice)
    client = sign_in(bob)
    assert offered(client, "view=team") == set()
    make_lead(bob)
    assert offered(client, "view=team") == {"next", "nurture", "close"}
    closing.close(Lead.objects.get(owner=bob).pk, by(bob), reason=no_budget())
    assert offered(client, "view=team") == {"reopen"}
    assert offered(sign_in(carol), "view=team&state=open") == {"give"}  # she gives, and works only her own
    assert offered(sign_in(carol), "view=team&state=closed") == set()


def test_alice_hears_before_it_is_done_how_many_it_changes_and_why_not_the_rest(
    alice: User, bob: User, make_lead: MakeLead
) -> None:
    hers = [make_lead(alice, name=f"Lead {n}") for n in range(4)]
    closing.close(hers[0].pk, by(alice), reason=no_budget())
    actions.open_opportunity(hers[1].pk, by(alice), next=soon())
    ticked = {"lead": [lead.pk for lead in (*hers, make_lead(bob))] + [uuid4()], "query": "view=all"}
    client = sign_in(alice)
    page = said(client.post("/leads/many/close", ticked))
    assert (
        "6 leads that you ticked. 2 will be changed; left as they are: 1 closed already,"
        " 1 with an open deal, which is closed on its own record, 1 merged or removed meanwhile, 1 not yours to change."
    ) in page
    kept = said(client.post("/leads/many/nurture", ticked))
    assert "1 with an open deal, which somebody stays with until it is won or lost" in kept
    client.post("/leads/many/close", ticked | {"go": "1", "reason": "no_budget"})
    assert Batch.objects.get().done == 2
    everything = said(client.post("/leads/many/next", {"everything": "1", "query": "view=all&state=open"}))
    assert "2 leads : everything that your list finds when it begins. 1 will be changed;" in everything


def test_mallory_is_given_no_button_for_what_would_change_nothing(alice: User, mallory: User, lead: Lead) -> None:
    page = sign_in(mallory).post("/leads/many/next", {"lead": [lead.pk], "query": "view=all"})
    assert "None of them can be changed: 1 not yours to change." in said(page)
    assert 'name="when"' not in page.text
    assert "All of it" not in page.text
    assert "It will be changed." in said(sign_in(alice).post("/leads/many/next", {"lead": [lead.pk], "query": ""}))


def test_where_all_are_there_already_another_name_can_be_chosen(
    carol: User, alice: User, bob: User, make_lead: MakeLead
) -> None:
    leads = [make_lead(alice, name=f"Lead {n}") for n in range(lists.SIZE + 1)]
    form = {"lead": [each.pk for each in leads], "query": "view=all", "to": str(responsible_of(alice).pk)}
    page = sign_in(carol).post("/leads/many/give", form)
    assert f"None of them can be changed: {len(leads)} there already." in said(page)
    assert 'name="to"' in page.text
    assert "Bob" in page.text


def test_another_choice_from_a_page_that_the_browser_kept_is_another_request(
    carol: User, alice: User, bob: User, lead: Lead
) -> None:
    client, form = sign_in(carol), giving(bob, lead, key="k1")
    client.post("/leads/many/give", form)
    assert Lead.objects.get(pk=lead.pk).owner == bob
    client.post("/leads/many/give", form | {"to": str(responsible_of(alice).pk)})
    assert Lead.objects.get(pk=lead.pk).owner == alice
