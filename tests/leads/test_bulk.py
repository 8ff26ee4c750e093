"""Decisions about many leads at once are the same decisions: asked for, recorded, done once, taken back one by one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from ripeline.base import clock
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.actions import give, set_next, undo
from ripeline.leads.decisions.bulk import Gift, Recycled
from ripeline.leads.decisions.deciding import By, LeadError, Next, NotUndoable
from ripeline.leads.models import Lead, NextKind, State
from ripeline.leads.rules import NotAllowed
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.cast import MakeLead, by, soon

pytestmark = pytest.mark.django_db


def rows(leads: list[Lead]) -> dict[UUID, dict[str, Any]]:
    return {row["id"]: row for row in Lead.objects.filter(pk__in=[lead.pk for lead in leads]).values()}


def to_bob(leads: list[Lead], bob: User) -> dict[UUID, Gift]:
    return {lead.pk: Gift(people.responsible_of(bob), {"rule": "by_hand"}) for lead in leads}


def test_many_at_once_are_what_one_by_one_would_be(alice: User, bob: User, carol: User, make_lead: MakeLead) -> None:
    one, other = make_lead(alice), make_lead(alice)
    with clock.at(clock.now()):
        give(one.pk, By(carol, "test", "a"), to=people.responsible_of(bob), why={"rule": "by_hand"}, next=soon())
        bulk.give_many(
            {other.pk: Gift(people.responsible_of(bob), {"rule": "by_hand"}, soon())}, By(carol, "test", "a")
        )
    changed = ("owner_id", "responsible_id", "state", "next_at", "next_set_at", "next_kind", "next_note")
    first, second = Lead.objects.get(pk=one.pk), Lead.objects.get(pk=other.pk)
    assert [getattr(first, name) for name in changed] == [getattr(second, name) for name in changed]
    entries = {a.lead_id: a for a in Activity.objects.filter(kind="handed")}
    assert entries[one.pk].data.keys() == entries[other.pk].data.keys()
    assert entries[one.pk].data["before"].keys() == entries[other.pk].data["before"].keys()


def test_each_of_them_can_be_taken_back_whole(alice: User, bob: User, carol: User, make_lead: MakeLead) -> None:
    leads = [make_lead(alice) for _ in range(3)]
    before = rows(leads)
    done = bulk.give_many(to_bob(leads, bob), by(carol))
    assert {lead.owner_id for lead in Lead.objects.all()} == {bob.pk}
    for decision in done:
        undo(decision.activity_id, by(carol))
    assert rows(leads) == before
    with pytest.raises(NotUndoable):
        undo(done[0].activity_id, by(carol))


def test_mallory_is_refused_and_then_nothing_has_happened_to_any(
    alice: User, mallory: User, make_lead: MakeLead
) -> None:
    leads = [make_lead(mallory), make_lead(alice)]
    before = rows(leads)
    with pytest.raises(NotAllowed):
        bulk.give_many(to_bob(leads, mallory), by(mallory))
    assert rows(leads) == before
    assert not Activity.objects.filter(kind="handed").exists()


def test_the_same_request_again_changes_nothing(alice: User, bob: User, carol: User, make_lead: MakeLead) -> None:
    leads, request = [make_lead(alice) for _ in range(3)], By(carol, "web", "one-form")
    assert len(bulk.give_many(to_bob(leads, bob), request)) == 3
    after = rows(leads)
    assert bulk.give_many(to_bob(leads, bob), request) == []
    assert rows(leads) == after


def test_more_leads_than_one_batch_holds(
    alice: User, bob: User, carol: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BATCH", 2)
    leads = [make_lead(alice) for _ in range(5)]
    assert len(bulk.give_many(to_bob(leads, bob), by(carol))) == 5


def test_the_planner_leaves_a_date_alone_that_somebody_chose_meanwhile(alice: User, make_lead: MakeLead) -> None:
    free, chosen = make_lead(alice), make_lead(alice)
    set_next(chosen.pk, by(alice), next=Next(clock.now() + timedelta(days=2), committed=True))
    moved = bulk.replan_many(dict.fromkeys([free.pk, chosen.pk], soon(days=5)), By(people.system(), "worker"))
    assert [decision.lead for decision in moved] == [free]


def test_a_date_beyond_what_the_record_allows_is_refused_for_all(alice: User, make_lead: MakeLead) -> None:
    leads = [make_lead(alice), make_lead(alice)]
    before = rows(leads)
    with pytest.raises(LeadError, match="400 days"):
        bulk.replan_many(dict.fromkeys([lead.pk for lead in leads], soon(days=500)), By(people.system(), "worker"))
    assert rows(leads) == before


def test_only_a_lost_lead_is_taken_up_again(alice: User, make_lead: MakeLead) -> None:
    programme = people.built_in(people.KEEP_IN_TOUCH)
    again = Recycled(programme, Next(clock.now(), NextKind.REOPENED), "Worth another look")
    assert bulk.reopen_many({make_lead(alice).pk: again}, By(people.system(), "worker")) == []


def test_a_promise_that_comes_back_from_keep_in_touch_is_still_a_promise(alice: User, make_lead: MakeLead) -> None:
    programme = people.built_in(people.KEEP_IN_TOUCH)
    promise, green = (make_lead(alice, responsible=programme, state=State.NURTURE) for _ in range(2))
    Lead.objects.filter(pk=promise.pk).update(next_kind=NextKind.PROMISE, next_committed=True)
    gift = Gift(people.responsible_of(alice), {"rule": "owner"})
    ends = clock.now() + timedelta(hours=1)
    assert len(bulk.return_many({promise.pk: gift, green.pk: gift}, By(people.system(), "worker"), by=ends)) == 2
    promise.refresh_from_db()
    green.refresh_from_db()
    assert (promise.next_kind, promise.next_committed) == (NextKind.PROMISE, True)
    assert (green.next_kind, green.state) == (NextKind.KEEP_IN_TOUCH, State.WORKING)


@pytest.mark.django_db(transaction=True)
def test_a_lead_in_somebodys_hands_is_left_to_them(alice: User, bob: User, carol: User, make_lead: MakeLead) -> None:
    busy, free = make_lead(alice), make_lead(alice)
    found = connection.get_connection_params()
    with psycopg.connect(**{k: v for k, v in found.items() if k not in ("cursor_factory", "context")}) as other:
        other.execute("SELECT 1 FROM lead WHERE id = %s FOR UPDATE", [busy.pk])
        done = bulk.give_many(to_bob([busy, free], bob), by(carol), skips_busy=True)
    assert [decision.lead for decision in done] == [free]
