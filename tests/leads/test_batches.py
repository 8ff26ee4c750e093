"""One thing done with many leads: what fits is changed, the rest counted with the reason, all of it taken back."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ripeline.base import clock
from ripeline.catalog import queries as catalog
from ripeline.leads.decisions import actions
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.many import batches
from ripeline.leads.models import Batch, BatchState, BatchVerb, Lead, State
from ripeline.leads.rules import NotAllowed
from ripeline.people.models import AuditEntry, Role, User
from ripeline.people.queries import responsible_of, system
from ripeline.ripeness import queries as ripeness
from ripeline.routing.actions import deactivate
from ripeline.timeline.models import Activity
from ripeline.worker import tasks
from tests.cast import MakeLead, by, soon


def ask(actor: User, verb: str, *, query: str = "", ids: list[UUID] | None = None, **terms: Any) -> Batch:
    return batches.ask(actor=actor, verb=BatchVerb(verb), terms=terms, key=uuid4().hex, query=query, lead_ids=ids)


def worked(batch: Batch, size: int = 2) -> Batch:
    assert batches.work(batch.pk, tagged=ripeness.tagged, size=size)
    batch.refresh_from_db()
    return batch


def give(actor: User, to: User, **asked: Any) -> Batch:
    return ask(actor, "give", to=str(responsible_of(to).pk), name=to.name, **asked)


def image(pks: list[UUID]) -> list[dict[str, Any]]:
    """Everything on the records but which decision was last."""
    rows = Lead.objects.filter(pk__in=pks).order_by("pk").values()
    return [{name: value for name, value in row.items() if name != "decision_id"} for row in rows]


def test_all_that_match_go_over_and_all_come_back(
    carol: User, alice: User, bob: User, mallory: User, make_lead: MakeLead
) -> None:
    leads = [make_lead(alice, name=f"Lead {n}", state="working" if n < 5 else "new") for n in range(7)]
    make_lead(mallory, state="working")  # another team's: not Carol's to find
    before = image([lead.pk for lead in leads])
    batch = worked(give(carol, bob, query="state=working"))
    assert (batch.state, batch.total, batch.done, batch.left) == (BatchState.DONE, 5, 5, {})
    assert Lead.objects.filter(owner=bob).count() == 5
    assert Activity.objects.filter(kind="handed", actor_id=carol.pk).count() == 5
    assert AuditEntry.objects.filter(actor=carol, verb="leads.give").count() == 1
    back = worked(batches.undo(actor=carol, batch_id=batch.pk))
    assert (back.state, back.undone) == (BatchState.UNDONE, 5)
    assert image([lead.pk for lead in leads]) == before
    assert batches.undo(actor=carol, batch_id=batch.pk).state == BatchState.UNDONE, "again changes nothing"


def test_what_is_not_ones_to_change_or_not_fit_is_left_and_counted(alice: User, bob: User, make_lead: MakeLead) -> None:
    mine, closed, dealt = make_lead(alice), make_lead(alice), make_lead(alice)
    actions.close(closed.pk, by(alice), reason=catalog.reason("no_budget"))
    actions.open_opportunity(dealt.pk, by(alice), next=soon())
    his, merged = make_lead(bob), make_lead(alice)
    Lead.objects.filter(pk=merged.pk).update(merged_into=mine)
    ids = [mine.pk, closed.pk, dealt.pk, his.pk, merged.pk, uuid4(), mine.pk]
    batch = worked(ask(alice, "close", ids=ids, reason="no_budget", note="the fair was called off"))
    assert batch.total == 6
    assert (batch.done, batch.left) == (1, {"closed": 1, "deal": 1, "not_yours": 1, "gone": 2})
    mine.refresh_from_db()
    assert (mine.state, mine.close_reason.code) == (State.LOST, "no_budget")  # type: ignore[union-attr]
    assert Activity.objects.get(lead_id=mine.pk, kind="lost").body == "the fair was called off"
    assert Lead.objects.get(pk=his.pk).state == State.NEW


def test_dates_are_spread_and_committed_and_green_leads_wait_in_keep_in_touch(alice: User, make_lead: MakeLead) -> None:
    for n in range(6):
        make_lead(alice, name=f"Lead {n}", captured=timedelta(days=n))
    days = [clock.now() + timedelta(days=ahead) for ahead in (3, 4, 5)]
    moments = [moment.isoformat() for moment in days]
    worked(ask(alice, "next", moments=moments, note="after the fair"))
    assert [lead.next_at for lead in Lead.objects.order_by("-captured_at")] == [m for m in days for _ in range(2)]
    assert set(Lead.objects.values_list("next_note", "next_committed")) == {("after the fair", True)}
    batch = worked(ask(alice, "nurture", moments=moments[:1]))
    assert batch.done == 6
    assert set(Lead.objects.values_list("state", "owner")) == {(State.NURTURE, alice.pk)}
    worked(batches.undo(actor=alice, batch_id=batch.pk))
    assert set(Lead.objects.values_list("state", flat=True)) == {State.NEW}


def test_who_has_an_open_deal_is_not_left_to_keep_in_touch(alice: User, make_lead: MakeLead) -> None:
    green, dealing = make_lead(alice, name="Green"), make_lead(alice, name="Dealing")
    actions.open_opportunity(dealing.pk, by(alice), next=soon())
    moments = [soon().at.isoformat()]
    batch = worked(ask(alice, "nurture", moments=moments, ids=[green.pk, dealing.pk]))
    assert (batch.done, batch.left) == (1, {"in_deal": 1})
    assert dict(Lead.objects.values_list("name", "state")) == {"Green": State.NURTURE, "Dealing": State.OPPORTUNITY}


def test_closed_leads_are_taken_up_by_their_owner_or_the_queue(
    alice: User, bob: User, make_lead: MakeLead, ada: User
) -> None:
    mine, his, open_one = make_lead(alice), make_lead(bob), make_lead(alice)
    for lead, owner in ((mine, alice), (his, bob)):
        actions.close(lead.pk, by(owner), reason=catalog.reason("no_budget"))
    deactivate(actor=system(), user=bob, to=responsible_of(alice))
    batch = worked(ask(ada, "reopen", query="view=all", moments=[soon(days=3).at.isoformat()]))
    assert (batch.done, batch.left) == (2, {"open": 1})
    with_whom = dict(Lead.objects.values_list("pk", "responsible__name"))
    assert with_whom[mine.pk] == "Alice"
    assert with_whom[his.pk] in ("Qualify", "Alice")
    assert set(Lead.objects.exclude(pk=open_one.pk).values_list("episode", flat=True)) == {2}


def test_who_left_the_list_meanwhile_is_not_touched_and_told(
    carol: User, alice: User, bob: User, make_lead: MakeLead
) -> None:
    leads = [make_lead(alice, state="working", captured=timedelta(days=n)) for n in range(4)]
    batch = give(carol, bob, query="state=working")

    def meanwhile(now: Batch) -> None:
        if now.position == 2:
            actions.nurture(leads[3].pk, by(alice), next=soon())

    assert batches.work(batch.pk, tagged=ripeness.tagged, size=2, watch=meanwhile)
    batch.refresh_from_db()
    assert (batch.done, batch.left) == (3, {"left": 1})
    assert Lead.objects.get(pk=leads[3].pk).owner == alice


def test_it_goes_on_where_it_was_and_stops_when_asked(carol: User, alice: User, bob: User, make_lead: MakeLead) -> None:
    for n in range(6):
        make_lead(alice, name=f"Lead {n}")
    batch = give(carol, bob)
    steps = iter([False, False, True])
    assert not batches.work(batch.pk, tagged=ripeness.tagged, size=2, is_stopping=lambda: next(steps))
    batch.refresh_from_db()
    assert (batch.state, batch.done) == (BatchState.RUNNING, 2)
    with pytest.raises(LeadError, match="cancel it first"):
        batches.undo(actor=carol, batch_id=batch.pk)
    batches.cancel(actor=alice, batch_id=batch.pk)  # not hers
    assert not Batch.objects.get(pk=batch.pk).cancel_asked
    batches.cancel(actor=carol, batch_id=batch.pk)
    worked(batch)
    assert (batch.state, batch.done, Lead.objects.filter(owner=bob).count()) == (BatchState.CANCELLED, 2, 2)
    worked(batches.undo(actor=carol, batch_id=batch.pk))
    assert Lead.objects.filter(owner=alice).count() == 6


def test_what_is_cancelled_while_it_waits_does_nothing(
    carol: User, alice: User, bob: User, make_lead: MakeLead
) -> None:
    make_lead(alice)
    batch = give(carol, bob)
    batches.cancel(actor=alice, batch_id=batch.pk)  # not hers
    assert batches.waiting() == [batch.pk]
    batches.cancel(actor=carol, batch_id=batch.pk)
    batch.refresh_from_db()
    assert batch.state == BatchState.CANCELLED
    assert batches.waiting() == []
    assert not batches.work(batch.pk, tagged=ripeness.tagged)
    assert not Lead.objects.filter(owner=bob).exists()


def test_what_is_through_when_it_is_cancelled_is_done(carol: User, alice: User, bob: User, make_lead: MakeLead) -> None:
    for n in range(2):
        make_lead(alice, name=f"Lead {n}")
    batch = give(carol, bob)
    steps = iter([False, False, True])
    assert not batches.work(batch.pk, tagged=ripeness.tagged, size=2, is_stopping=lambda: next(steps))
    batches.cancel(actor=carol, batch_id=batch.pk)
    worked(batch)
    assert (batch.state, batch.done, batch.cancel_asked) == (BatchState.DONE, 2, True)
    back = worked(batches.undo(actor=carol, batch_id=batch.pk))
    assert (back.state, back.undone, back.cancel_asked) == (BatchState.UNDONE, 2, False)


def test_undo_leaves_what_somebody_changed_since(carol: User, alice: User, bob: User, make_lead: MakeLead) -> None:
    one, two = make_lead(alice), make_lead(alice)
    batch = worked(give(carol, bob))
    actions.set_next(one.pk, by(bob), next=soon(days=3))
    worked(batches.undo(actor=carol, batch_id=batch.pk))
    assert (batch.undone, Batch.objects.get(pk=batch.pk).undone) == (0, 1)
    assert Lead.objects.get(pk=one.pk).owner == bob
    assert Lead.objects.get(pk=two.pk).owner == alice
    assert list(batch.items.filter(outcome="changed").values_list("lead_id", flat=True)) == [one.pk]


def test_who_may_give_no_more_takes_nothing_back(carol: User, alice: User, bob: User, make_lead: MakeLead) -> None:
    make_lead(alice)
    batch = worked(give(carol, bob, query="view=all"))
    carol.role = Role.REP
    carol.save()
    with pytest.raises(NotAllowed):
        batches.undo(actor=carol, batch_id=batch.pk)
    assert Lead.objects.get().owner == bob


def test_the_same_request_is_one_batch_and_a_second_worker_changes_nothing(
    carol: User, alice: User, bob: User, make_lead: MakeLead
) -> None:
    make_lead(alice)
    terms = {"to": str(responsible_of(bob).pk)}
    asked = [batches.ask(actor=carol, verb=BatchVerb.GIVE, terms=terms, key="k", query="") for _ in range(2)]
    assert asked[0] == asked[1]
    worked(asked[0])
    assert not batches.work(asked[0].pk, tagged=ripeness.tagged)
    assert Activity.objects.filter(kind="handed").count() == 1


def test_the_worker_takes_it_up_and_a_receiver_who_left_ends_it_in_words(
    carol: User, alice: User, bob: User, make_lead: MakeLead
) -> None:
    make_lead(alice)
    batch = give(carol, bob)
    assert batches.waiting() == [batch.pk]
    deactivate(actor=system(), user=bob, to=responsible_of(alice))
    assert tasks.work(lambda: False)
    batch.refresh_from_db()
    assert batch.state == BatchState.FAILED
    assert "Bob is not taking leads" in batch.problem
    assert not tasks.work(lambda: False)


def test_who_may_not_is_refused_and_terms_that_cannot_be_are_said(
    alice: User, mona: User, carol: User, lead: Lead
) -> None:
    for actor, verb in ((alice, "give"), (mona, "close"), (mona, "next")):
        with pytest.raises(NotAllowed):
            ask(actor, verb, ids=[lead.pk])
    for verb, terms in {"give": {"to": str(uuid4())}, "next": {}, "close": {"reason": "won"}}.items():
        with pytest.raises(LeadError):
            ask(carol, verb, ids=[lead.pk], **terms)
    assert not Batch.objects.exists()


def test_old_batches_are_forgotten_and_those_under_way_are_not(alice: User, carol: User, bob: User, lead: Lead) -> None:
    old, waiting = worked(give(carol, bob)), give(carol, alice)
    assert batches.tidy(before=clock.now() + timedelta(days=1)) == 1
    assert list(Batch.objects.values_list("pk", flat=True)) == [waiting.pk]
    assert not old.items.exists()
