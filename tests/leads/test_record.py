"""The record page's one read: everything about a lead that its viewer may see, and nothing else."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ripeline.base import clock
from ripeline.base.settled import look
from ripeline.leads import record
from ripeline.leads.decisions import actions
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.doubles import duplicates, merging
from ripeline.leads.finding import saved
from ripeline.leads.models import Lead
from ripeline.leads.record import Record
from ripeline.people.models import User
from tests.cast import MakeLead, by, soon


def seen_by(viewer: User, lead: Lead, family: str = "") -> Record:
    return record.read(lead.pk, User.objects.get(pk=viewer.pk), family=family)


@pytest.fixture
def worked(lead: Lead, alice: User) -> Lead:
    """Alice's lead with a call, a note and a private note."""
    actions.touch(lead.pk, by(alice), kind="call", reached=True, next=soon(), body="wants sixteen sites")
    actions.note(lead.pk, by(alice), text="prefers mornings")
    actions.note(lead.pk, by(alice), text="sounds tired of us", is_private=True)
    return lead


def test_alice_sees_her_lead_whole(worked: Lead, alice: User) -> None:
    shown = seen_by(alice, worked)
    assert [entry.kind for entry in shown.entries] == ["note", "note", "call", "captured"]
    assert {entry.body for entry in shown.entries} >= {"sounds tired of us", "wants sixteen sites"}
    assert shown.first_enquiry
    assert shown.may["work"]
    assert shown.may_undo


def test_ada_sees_the_steps_but_not_what_alice_wrote(worked: Lead, ada: User) -> None:
    shown = seen_by(ada, worked)
    assert [entry.kind for entry in shown.entries] == ["note", "call", "captured"]
    assert not any(entry.body for entry in shown.entries if entry.kind != "captured")


def test_carol_sees_outcomes_not_single_steps(worked: Lead, alice: User, carol: User) -> None:
    actions.open_opportunity(worked.pk, by(alice), next=soon(), stage="quote")
    shown = seen_by(carol, worked)
    assert [entry.kind for entry in shown.entries] == ["opportunity", "captured"]
    assert [each.opportunity.stage for each in shown.deals] == ["quote"]
    assert shown.enquiries
    assert not shown.may["work"]


def test_bob_is_told_whose_it_is_and_no_more(worked: Lead, bob: User) -> None:
    shown = seen_by(bob, worked)
    assert (shown.row.name, shown.row.owner, shown.row.state) == ("Priya Raman", "Alice", "working")
    parts = (shown.enquiries, shown.entries, shown.colleagues, shown.alike, shown.custom, shown.looks, shown.merged)
    assert not any(parts)
    assert not shown.deals
    assert (shown.row.email, shown.row.next_at) == ("", None)


def test_another_teams_leader_does_not_learn_that_it_exists(worked: Lead, mallory: User) -> None:
    mallory.role = "leader"
    mallory.save()
    with pytest.raises(Lead.DoesNotExist):
        seen_by(mallory, worked)
    with pytest.raises(Lead.DoesNotExist):
        record.find(worked.pk, mallory)
    with pytest.raises(Lead.DoesNotExist):
        record.read(uuid4(), mallory)


def test_the_timeline_comes_in_pages_and_by_family(lead: Lead, alice: User) -> None:
    for n in range(25):
        with clock.at(clock.now() + timedelta(minutes=n)):
            actions.note(lead.pk, by(alice), text=f"note {n}")
    first = seen_by(alice, lead)
    rest, more = record.entries(lead, alice, after=first.more)
    assert (len(first.entries), len(rest), more) == (20, 6, "")
    assert {e.pk for e in first.entries}.isdisjoint(e.pk for e in rest)
    assert [entry.kind for entry in seen_by(alice, lead, family="theirs").entries] == ["captured"]
    assert len(seen_by(alice, lead, family="nonsense").entries) == 20
    assert len(record.entries(lead, alice, after="nonsense")[0]) == 20


def test_a_merged_record_shows_what_both_had(alice: User, make_lead: MakeLead) -> None:
    one, other = make_lead(alice), make_lead(alice, message="hello from the booth")
    merging.merge(survivor_id=one.pk, duplicate_id=other.pk, by=by(alice))
    shown = seen_by(alice, other)  # an old link leads to the survivor
    assert shown.lead.pk == one.pk
    assert {enquiry.message for enquiry in shown.enquiries} == {"", "hello from the booth"}
    assert [duplicate.pk for duplicate in shown.merged] == [other.pk]


def test_colleagues_and_likely_duplicates_show_only_what_may_be_seen(
    alice: User, bob: User, make_lead: MakeLead
) -> None:
    lead = make_lead(alice, email="a@helio.example", phone="+4930123456")
    make_lead(bob, name="Jonas Weber", email="j@helio.example")
    his = make_lead(bob, name="P. Raman", email="", phone="+4930123456")
    duplicates.find([lead.pk, his.pk])
    shown = seen_by(alice, lead)
    assert [(row.name, row.owner, row.email) for row in shown.colleagues] == [("Jonas Weber", "Bob", "")]
    assert [(each.second.name, each.second.owner, each.second.phone) for each in shown.alike] == [
        ("P. Raman", "Bob", "")
    ]
    assert not any(each.may_merge for each in shown.alike)


def test_every_address_that_finds_somebody_stands_on_the_record(alice: User, make_lead: MakeLead) -> None:
    one, other = make_lead(alice, email="anna@x.example"), make_lead(alice, email="a.berg@gmail.com")
    merging.merge(survivor_id=one.pk, duplicate_id=other.pk, by=by(alice))
    assert seen_by(alice, one).known_by.addresses == ["aberg@gmail.com"]


def test_whoever_looked_is_shown_to_the_owner_alone(lead: Lead, alice: User, carol: User, ada: User) -> None:
    actions.note_view(lead, carol)
    assert [look.viewer.name for look in seen_by(alice, lead).looks] == ["Carol"]
    assert not seen_by(ada, lead).looks


def test_a_record_costs_the_same_queries_however_much_it_holds(worked: Lead, alice: User, make_lead: MakeLead) -> None:
    def cost() -> int:
        viewer = User.objects.get(pk=alice.pk)
        with CaptureQueriesContext(connection) as captured, look():
            shown = record.read(worked.pk, viewer)
            assert {str(entry.actor) for entry in shown.entries} | {row.owner for row in shown.colleagues}
        return len(captured)

    cost()  # what seldom changes is known from here on
    few = cost()
    for n in range(6):
        make_lead(alice, name=f"Colleague {n}")
        actions.note(worked.pk, by(alice), text="more")
    assert cost() == few <= 12


def test_views_are_kept_by_each_for_themselves(alice: User, bob: User) -> None:
    view = saved.save(actor=alice, name="  Fairs,  this week ", query="due=week")
    saved.save(actor=alice, name="Fairs, this week", query="due=today", replaces=view.pk)
    assert [(v.name, v.query) for v in saved.of(alice)] == [("Fairs, this week", "due=today")]
    assert saved.of(bob) == []
    assert saved.forget(actor=bob, view_id=view.pk) is None
    assert saved.forget(actor=alice, view_id=view.pk) == view
    assert saved.of(alice) == []
    for name in ("", "  ", "x" * 61):
        with pytest.raises(LeadError):
            saved.save(actor=alice, name=name, query="")


def test_there_is_an_end_to_the_views_one_can_keep(alice: User) -> None:
    for n in range(saved.AT_MOST):
        view = saved.save(actor=alice, name=f"View {n}", query="")
    saved.save(actor=alice, name=view.name, query="due=today", replaces=view.pk)
    with pytest.raises(LeadError):
        saved.save(actor=alice, name="One more", query="")
