"""What people think of a lead, beside its score: kept, undoable, and never what changes the score."""

from datetime import timedelta

import pytest

from ripeline.base import clock
from ripeline.leads.decisions.deciding import By, LeadError, NotUndoable
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.people.rules import NotAllowed
from ripeline.ripeness import actions, opinions, queries
from ripeline.ripeness.models import Dispute, Perceived, Score, StageSaid
from ripeline.timeline.models import Activity
from tests.cast import MakeLead, by
from tests.hits import hit, store


def test_alice_sees_it_differently_and_marketing_reads_why_while_the_score_stays(
    alice: User, mona: User, lead: Lead
) -> None:
    actions.rescore([lead.pk])
    before = Score.objects.get(pk=lead.pk).p_30
    actions.dispute(lead.pk, by(alice), direction="riper", words="They showed me  the signed budget.")
    (said,) = queries.disputes(mona)
    assert (said.words, said.direction, said.user, said.p_30) == (
        "They showed me the signed budget.", "riper", alice, before,
    )  # fmt: skip
    entry = Activity.objects.get(lead_id=lead.pk, kind="disputed")
    assert entry.data["words"] == said.words
    actions.rescore([lead.pk])
    assert Score.objects.get(pk=lead.pk).p_30 == pytest.approx(before, rel=1e-3)


def test_the_same_request_twice_is_one_dispute(alice: User, lead: Lead) -> None:
    same = By(alice, "web", "one-and-the-same")
    for _ in range(2):
        actions.dispute(lead.pk, same, direction="greener", words="Only wanted the free pen.")
    assert Dispute.objects.count() == Activity.objects.filter(kind="disputed").count() == 1


def test_why_and_which_way_must_be_said(alice: User, lead: Lead) -> None:
    with pytest.raises(LeadError, match="Say why"):
        actions.dispute(lead.pk, by(alice), direction="riper", words="  ")
    with pytest.raises(LeadError, match="riper or greener"):
        actions.dispute(lead.pk, by(alice), direction="blue", words="So it is.")
    assert not Dispute.objects.exists()


def test_only_whoever_works_a_lead_says_how_it_seems(bob: User, mallory: User, mona: User, lead: Lead) -> None:
    for user in (bob, mallory, mona):
        with pytest.raises(NotAllowed):
            actions.dispute(lead.pk, by(user), direction="riper", words="I know better.")
        with pytest.raises(NotAllowed):
            actions.perceive(lead.pk, by(user), quality="good")
    assert not Activity.objects.filter(kind__in=("disputed", "perceived")).exists()


def test_who_reads_the_list(
    alice: User, bob: User, carol: User, mallory: User, mona: User, ada: User, lead: Lead
) -> None:
    actions.dispute(lead.pk, by(alice), direction="riper", words="They called twice.")
    assert {user.name: queries.disputes(user).count() for user in (alice, bob, carol, mallory, mona, ada)} == {
        "Alice": 1, "Bob": 0, "Carol": 1, "Mallory": 0, "Mona": 1, "Ada": 1,
    }  # fmt: skip


def test_how_good_it_seems_is_one_word_that_can_be_taken_back(alice: User, lead: Lead) -> None:
    first = actions.perceive(lead.pk, by(alice), quality="good")
    assert actions.perceive(lead.pk, by(alice), quality="good") is None  # it says so already
    second = actions.perceive(lead.pk, by(alice), quality="poor")
    assert queries.perceived(lead.pk) == "poor"
    assert first
    assert second
    with pytest.raises(NotUndoable):
        actions.take_back(first, by(alice))
    actions.take_back(second, by(alice))
    actions.take_back(second, by(alice))
    assert queries.perceived(lead.pk) == "good"
    assert Activity.objects.filter(lead_id=lead.pk, kind="undone").count() == 1


def test_an_opinion_and_its_entry_are_one_transaction(alice: User, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr(opinions, "_put", breaks)
    with pytest.raises(ArithmeticError):
        actions.perceive(lead.pk, by(alice), quality="good")
    assert not Activity.objects.filter(kind="perceived").exists()
    assert not Perceived.objects.exists()


def test_an_unknown_word_is_refused(alice: User, lead: Lead) -> None:
    with pytest.raises(LeadError, match="good, fair or poor"):
        actions.perceive(lead.pk, by(alice), quality="splendid")


def stage(lead: Lead) -> str:
    actions.rescore([lead.pk])
    return Score.objects.get(pk=lead.pk).stage


def test_a_stage_that_alice_corrects_holds_against_a_visit_and_yields_to_many(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, captured=timedelta(days=60))
    now = clock.now()
    store(*(hit(lead.pk, now - timedelta(days=ago)) for ago in (5, 3, 1)))
    assert stage(lead) == "decision"
    chance = Score.objects.get(pk=lead.pk).p_30
    entry = actions.say_stage(lead.pk, by(alice), stage="interest")
    said = Score.objects.get(pk=lead.pk)
    assert (said.stage, said.p_30) == ("interest", pytest.approx(chance, rel=1e-3)), "at once, and the score stays"
    kept = StageSaid.objects.get(pk=lead.pk)
    assert (kept.user, kept.stage) == (alice, "interest")
    assert Activity.objects.get(pk=entry).data["inferred"] == "decision"
    with clock.at(now + timedelta(days=10)):
        store(hit(lead.pk, clock.now() - timedelta(days=1), "product"))
        assert stage(lead) == "interest", "one visit does not overrule somebody who knows them"
        store(*(hit(lead.pk, clock.now() - timedelta(days=ago)) for ago in (6, 4, 3, 2, 0)))
        assert stage(lead) == "decision", "but many days on the price page do"
    with clock.at(now + timedelta(days=70)):
        assert stage(lead) == "awareness", "and after nine weeks it is forgotten like everything else"


def test_a_stage_is_taken_back_to_what_somebody_said_before(alice: User, carol: User, lead: Lead) -> None:
    first = actions.say_stage(lead.pk, by(alice), stage="consideration")
    second = actions.say_stage(lead.pk, by(alice), stage="decision")
    assert first
    assert second
    with pytest.raises(NotUndoable):
        actions.take_back(first, by(alice))
    actions.take_back(second, by(alice))
    assert StageSaid.objects.get(pk=lead.pk).stage == "consideration"
    assert Score.objects.get(pk=lead.pk).stage == "consideration"
    assert actions.say_stage(lead.pk, by(alice), stage="")
    assert not StageSaid.objects.exists()
    assert actions.say_stage(lead.pk, by(alice), stage="") is None


def test_who_does_not_work_a_lead_says_nothing_of_its_stage(bob: User, mona: User, lead: Lead) -> None:
    for user in (bob, mona):
        with pytest.raises(NotAllowed):
            actions.say_stage(lead.pk, by(user), stage="decision")
    with pytest.raises(LeadError, match="awareness"):
        actions.say_stage(lead.pk, by(lead.owner), stage="harvest")  # type: ignore[arg-type]
    assert not StageSaid.objects.exists()
