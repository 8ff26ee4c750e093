"""I2: a decision and its timeline entry are one transaction; it happens once, and can be taken back."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from ripeline.base import clock
from ripeline.catalog import queries as catalog
from ripeline.leads import record
from ripeline.leads.decisions import actions, deciding
from ripeline.leads.decisions.deciding import By, LeadError, NotUndoable
from ripeline.leads.doubles import merging
from ripeline.leads.models import Lead, Opportunity, State
from ripeline.leads.rules import NotAllowed
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity, Reaction
from tests.cast import MakeLead, by, soon


def fields(lead: Lead) -> dict[str, Any]:
    return {f.attname: getattr(Lead.objects.get(pk=lead.pk), f.attname) for f in Lead._meta.concrete_fields}


def test_a_call_is_on_the_timeline_and_sets_the_next_date(lead: Lead, alice: User) -> None:
    decision = actions.touch(lead.pk, by(alice), kind="call", reached=False, next=soon(days=3), disposition="no_answer")
    entry = Activity.objects.get(pk=decision.activity_id)
    assert (entry.kind, entry.actor, entry.data["disposition"]) == ("call", alice, "no_answer")
    after = Lead.objects.get(pk=lead.pk)
    assert (after.state, after.touches, after.unanswered) == ("working", 1, 1)


def test_what_changes_ripeness_leaves_a_reaction_for_the_worker(lead: Lead, alice: User) -> None:
    decision = actions.close(lead.pk, by(alice), reason=catalog.reason("no_budget"))
    assert Reaction.objects.filter(activity_id=decision.activity_id).count() == 1


def test_the_same_request_sent_twice_counts_once(lead: Lead, alice: User) -> None:
    twice = By(alice, "web", "the-same-form")
    first = actions.touch(lead.pk, twice, kind="call", reached=True, next=soon())
    second = actions.touch(lead.pk, twice, kind="call", reached=True, next=soon())
    assert second.repeated
    assert first.activity_id == second.activity_id
    assert Lead.objects.get(pk=lead.pk).touches == 1


def test_winning_twice_makes_one_opportunity(lead: Lead, alice: User) -> None:
    twice = By(alice, "web", "won-form")
    won = catalog.reason("bought_from_us")
    for _ in range(2):
        actions.win(lead.pk, twice, reason=won, amount=Decimal("1200"), currency="EUR")
    assert Opportunity.objects.filter(lead=lead, state="won").count() == 1


def test_a_decision_that_fails_leaves_no_trace(lead: Lead, mallory: User) -> None:
    before = fields(lead)
    with pytest.raises(NotAllowed, match="with Alice"):
        actions.touch(lead.pk, by(mallory), kind="call", reached=True, next=soon())
    assert fields(lead) == before
    assert not Activity.objects.filter(lead_id=lead.pk, actor=mallory).exists()


def test_every_decision_can_be_taken_back_whole(lead: Lead, alice: User) -> None:
    verbs = [
        lambda: actions.touch(lead.pk, by(alice), kind="call", reached=True, next=soon()),
        lambda: actions.set_next(lead.pk, by(alice), next=soon(days=30)),
        lambda: actions.nurture(lead.pk, by(alice), next=soon(days=90)),
        lambda: actions.open_opportunity(lead.pk, by(alice), next=soon(), amount=Decimal(900), currency="EUR"),
        lambda: actions.win(lead.pk, by(alice), reason=catalog.reason("bought_from_us")),
        lambda: actions.close(lead.pk, by(alice), reason=catalog.reason("no_budget")),
        lambda: actions.edit(lead.pk, by(alice), fields={"title": "Director"}),
    ]
    for verb in verbs:
        before, deals = fields(lead), list(Opportunity.objects.values())
        decision = verb()
        assert fields(lead) != before
        actions.undo(decision.activity_id, by(alice))
        assert fields(lead) == before
        assert list(Opportunity.objects.values()) == deals


def two_deals(lead: Lead, alice: User) -> tuple[Opportunity, Opportunity]:
    deals = (
        Opportunity(lead=lead, key=f"deal-{name}", name=name, amount=amount, currency="EUR", opened_at=clock.now())
        for name, amount in (("Chairs", Decimal(1000)), ("Tables", Decimal(9000)))
    )
    actions.open_opportunity(lead.pk, by(alice), next=soon())
    Opportunity.objects.all().delete()
    chairs, tables = Opportunity.objects.bulk_create(deals)
    return chairs, tables


def test_who_is_let_go_loses_all_open_deals_and_gets_them_back(lead: Lead, alice: User) -> None:
    deals = two_deals(lead, alice)
    done = actions.close(lead.pk, by(alice), reason=catalog.reason("no_budget"))
    assert set(Opportunity.objects.values_list("state", flat=True)) == {"lost"}
    shown = record.read(lead.pk, alice).deals
    assert [each.reason for each in shown] == ["No budget", "No budget"], "the record says of each why"
    actions.undo(done.activity_id, by(alice))
    assert sorted(Opportunity.objects.values_list("pk", "state")) == sorted((deal.pk, "open") for deal in deals)


def test_of_several_open_deals_one_is_won_and_the_lead_goes_on_with_the_other(lead: Lead, alice: User) -> None:
    chairs, tables = two_deals(lead, alice)
    won, before = catalog.reason("bought_from_us"), fields(Lead.objects.get())
    with pytest.raises(LeadError, match="has 2 deals open; say which was won"):
        actions.win(lead.pk, by(alice), reason=won)
    done = actions.win(lead.pk, by(alice), reason=won, deal_id=chairs.pk)
    assert dict(Opportunity.objects.values_list("name", "state")) == {"Chairs": "won", "Tables": "open"}
    after = Lead.objects.get()
    assert (after.state, after.next_at) == (State.OPPORTUNITY, before["next_at"])
    actions.undo(done.activity_id, by(alice))
    assert set(Opportunity.objects.values_list("state", flat=True)) == {"open"}
    for deal in (chairs, tables):
        actions.win(lead.pk, by(alice), reason=won, deal_id=deal.pk)
    assert Lead.objects.get().state == State.WON, "with the last of them"
    assert set(Opportunity.objects.values_list("state", flat=True)) == {"won"}
    with pytest.raises(LeadError):
        actions.win(lead.pk, by(alice), reason=won, deal_id=deal.pk)


def test_what_is_learnt_of_one_of_several_deals_stands_with_that_one(lead: Lead, alice: User) -> None:
    two_deals(lead, alice)
    actions.open_opportunity(lead.pk, by(alice), next=soon(), product="Chairs", amount=Decimal(1500), currency="EUR")
    assert dict(Opportunity.objects.values_list("name", "amount")) == {"Chairs": Decimal(1500), "Tables": Decimal(9000)}


def test_several_decisions_are_taken_back_one_after_the_other(lead: Lead, alice: User) -> None:
    before = fields(lead)
    decisions = [
        actions.open_opportunity(lead.pk, by(alice), next=soon(), amount=Decimal(900), currency="EUR"),
        actions.win(lead.pk, by(alice), reason=catalog.reason("bought_from_us")),
    ]
    for decision in reversed(decisions):
        actions.undo(decision.activity_id, by(alice))
    assert fields(lead) == before
    assert not Opportunity.objects.exists()


def test_what_was_changed_since_cannot_be_taken_back(lead: Lead, alice: User) -> None:
    first = actions.set_next(lead.pk, by(alice), next=soon(days=1))
    actions.set_next(lead.pk, by(alice), next=soon(days=2))
    with pytest.raises(NotUndoable):
        actions.undo(first.activity_id, by(alice))


def test_bob_cannot_take_back_what_alice_did(lead: Lead, alice: User, bob: User) -> None:
    decision = actions.set_next(lead.pk, by(alice), next=soon(days=1))
    with pytest.raises(NotAllowed):
        actions.undo(decision.activity_id, by(bob))


def test_giving_a_lead_to_bob_makes_it_bobs(lead: Lead, alice: User, bob: User) -> None:
    actions.give(lead.pk, by(alice), to=people.responsible_of(bob), why={"rule": "by_hand"})
    assert Lead.objects.get(pk=lead.pk).owner == bob
    with pytest.raises(NotAllowed):
        actions.set_next(lead.pk, by(alice), next=soon())


def test_a_lead_in_keep_in_touch_stays_alices_and_comes_back_to_her(lead: Lead, alice: User) -> None:
    actions.nurture(lead.pk, by(alice), next=soon(days=60))
    kept = Lead.objects.get(pk=lead.pk)
    assert (kept.state, kept.owner, kept.responsible.code) == ("nurture", alice, people.KEEP_IN_TOUCH)
    actions.return_from_nurture(lead.pk, by(people.system()), to=people.responsible_of(alice), why={"rule": "owner"})
    assert Lead.objects.get(pk=lead.pk).responsible.user == alice


def test_marketing_is_never_made_responsible(lead: Lead, ada: User, mona: User) -> None:
    with pytest.raises(LeadError, match="marketing"):
        actions.give(lead.pk, by(ada), to=people.responsible_of(mona), why={})


def test_a_timeline_entry_outside_a_transaction_is_refused(lead: Lead, alice: User) -> None:
    connection.in_atomic_block, kept = False, connection.in_atomic_block
    try:
        with pytest.raises(RuntimeError, match="transaction"):
            timeline.record_all([timeline.Entry(lead.pk, "note", alice.pk, "test", "1", lead.captured_at)])
    finally:
        connection.in_atomic_block = kept


def test_a_merge_is_a_redirect_and_is_undone_whole(alice: User, make_lead: MakeLead) -> None:
    first, second, third = make_lead(alice), make_lead(alice), make_lead(alice)
    before = [fields(x) for x in (first, second, third)]
    merging.merge(survivor_id=second.pk, duplicate_id=third.pk, by=by(alice))
    merging.merge(survivor_id=first.pk, duplicate_id=second.pk, by=by(alice))
    assert {x.merged_into_id for x in Lead.objects.exclude(pk=first.pk)} == {first.pk}
    moved = actions.set_next(third.pk, by(alice), next=soon(days=9))
    assert moved.lead.pk == first.pk
    actions.undo(moved.activity_id, by(alice))
    merging.unmerge(duplicate_id=second.pk, by=by(alice))
    assert Lead.objects.get(pk=third.pk).merged_into_id == second.pk
    merging.unmerge(duplicate_id=third.pk, by=by(alice))
    assert [fields(x) for x in (first, second, third)] == before


def test_an_open_record_is_not_merged_into_a_closed_one(alice: User, make_lead: MakeLead) -> None:
    open_one, closed = make_lead(alice), make_lead(alice)
    actions.close(closed.pk, by(alice), reason=catalog.reason("spam"))
    with pytest.raises(LeadError, match="closed record into the open one"):
        merging.merge(survivor_id=closed.pk, duplicate_id=open_one.pk, by=by(alice))


@pytest.mark.django_db(transaction=True)
def test_two_people_deciding_at_once_both_count_one_after_the_other(lead: Lead, alice: User) -> None:
    barrier = threading.Barrier(2)
    problems: list[Exception] = []

    def call() -> None:
        try:
            barrier.wait()
            deciding_touch = actions.touch(lead.pk, by(alice), kind="call", reached=False, next=soon())
            assert isinstance(deciding_touch, deciding.Decision)
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert Lead.objects.get(pk=lead.pk).touches == 2


def test_a_lead_reached_while_in_keep_in_touch_is_back_with_its_owner(lead: Lead, alice: User) -> None:
    actions.nurture(lead.pk, by(alice), next=soon(days=60))
    actions.touch(lead.pk, by(alice), kind="call", reached=True, next=soon())
    back = Lead.objects.get(pk=lead.pk)
    assert (back.state, back.responsible.user) == ("working", alice)


def test_an_opportunity_found_in_the_queue_is_with_who_found_it(sam: User, make_lead: MakeLead) -> None:
    queued = make_lead()
    actions.open_opportunity(queued.pk, by(sam), next=soon())
    found = Lead.objects.get(pk=queued.pk)
    assert (found.state, found.responsible.user, found.owner) == ("opportunity", sam, sam)
