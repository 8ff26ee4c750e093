"""Ten outcomes, each with its next date set by itself, changeable in words, taken back by one undo."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest

from ripeline.base import clock
from ripeline.leads.decisions.deciding import By, LeadError, NotUndoable
from ripeline.leads.models import Lead, NextKind, Opportunity, State
from ripeline.leads.rules import NotAllowed
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from ripeline.worklist.actions import Outcome, Recorded, record_outcome, suggest_next, undo
from ripeline.worklist.dates import NotADate
from tests.cast import MONDAY, MakeLead, by

pytestmark = pytest.mark.django_db

SIMPLE = [outcome for outcome in Outcome if outcome not in (Outcome.WON, Outcome.SNOOZE)]


def note_down(lead: Lead, user: User, outcome: str, **more: Any) -> tuple[Recorded, Lead]:
    done = record_outcome(lead.pk, by(user), outcome=outcome, **more)
    return done, Lead.objects.select_related("close_reason", "responsible").get(pk=lead.pk)


@pytest.fixture
def priya(alice: User, make_lead: MakeLead) -> Lead:
    return make_lead(alice, name="Priya Raman")


def test_reached_sets_the_next_date_on_a_day_she_works(alice: User, priya: Lead) -> None:
    with clock.at(MONDAY):
        done, lead = note_down(priya, alice, "reached", note="Wants the study first.")
    assert (lead.state, lead.touches, lead.unanswered) == (State.WORKING, 1, 0)
    assert lead.next_at is not None
    assert lead.next_at - MONDAY >= timedelta(days=7)
    assert lead.next_at.weekday() < 5
    assert not lead.next_committed
    assert done.words == f"Priya: {done.result}."
    assert done.result.startswith("reached, next in ")
    assert Activity.objects.get(pk=done.activity_id).body == "Wants the study first."


def test_what_is_suggested_beforehand_is_what_happens(alice: User, priya: Lead) -> None:
    with clock.at(MONDAY):
        for outcome in SIMPLE:
            said = suggest_next(Lead.objects.get(pk=priya.pk), outcome, user=alice)
            done, lead = note_down(priya, alice, outcome)
            assert lead.next_at == said.at
            assert said.words in done.result
            undo(done.activity_id, by(alice))


def test_a_date_in_words_wins_and_is_committed_with_its_reason(alice: User, priya: Lead) -> None:
    with clock.at(MONDAY):
        done, lead = note_down(priya, alice, "reached", next_text="in 3 weeks, after the budget round")
    assert (lead.next_committed, lead.next_note) == (True, "after the budget round")
    assert done.words == "Priya: reached, next in 3 weeks, 22 June."


def test_words_that_are_no_date_change_nothing(alice: User, priya: Lead) -> None:
    with pytest.raises(NotADate, match="for example “tomorrow”"):
        record_outcome(priya.pk, by(alice), outcome="reached", next_text="when pigs fly")
    assert Lead.objects.get(pk=priya.pk).touches == 0


def test_no_answer_tries_again_soon_at_another_time_of_day_then_with_growing_pauses(alice: User, priya: Lead) -> None:
    moment, pauses, hours = MONDAY, [], []
    for _ in range(6):
        with clock.at(moment):
            _, lead = note_down(priya, alice, "no_answer")
        assert lead.next_at is not None
        pauses.append((lead.next_at - moment).days)
        hours.append((moment.hour < 12) != (lead.next_at.hour < 12))
        moment = lead.next_at
    assert lead.unanswered == 6
    assert all(hours)
    assert pauses == sorted(pauses)
    assert pauses[0] <= 4
    assert pauses[-1] > 20


def test_after_six_attempts_keep_in_touch_is_offered_and_taken_only_with_consent(alice: User, priya: Lead) -> None:
    Lead.objects.filter(pk=priya.pk).update(unanswered=5, touches=5)
    lead = Lead.objects.get(pk=priya.pk)
    with clock.at(MONDAY):
        said = suggest_next(lead, "no_answer", user=alice)
        assert said.offer == "keep_in_touch"
        assert said.offer_words.startswith("6 attempts without an answer. Of those who buy, 93 % are reached")
        done, lead = note_down(priya, alice, "no_answer", to_keep_in_touch=True)
        assert (lead.state, lead.touches, lead.unanswered) == (State.NURTURE, 6, 6)
        assert lead.owner == alice
        undo(done.activity_id, by(alice))
    lead.refresh_from_db()
    assert (lead.state, lead.touches, lead.unanswered) == (State.NEW, 5, 5)


def test_still_working_on_it_is_an_answer_and_no_attempt(alice: User, priya: Lead) -> None:
    with clock.at(MONDAY):
        done, lead = note_down(priya, alice, "still_working")
    assert (lead.touches, lead.state) == (0, State.WORKING)
    assert done.result.startswith("still working on it, next in ")
    assert Activity.objects.get(pk=done.activity_id).kind == "outcome"


def test_a_meeting_with_its_time(alice: User, priya: Lead) -> None:
    with clock.at(MONDAY):
        done, lead = note_down(priya, alice, "meeting_set", next_text="thu 14:00")
    assert done.words == "Priya: meeting Thu 14:00, next step set."
    assert (lead.next_kind, lead.next_committed) == (NextKind.MEETING, True)
    assert lead.next_at == datetime.fromisoformat("2026-06-04T14:00+00:00")


def test_a_meeting_without_a_time_does_not_invent_one(alice: User, priya: Lead) -> None:
    with clock.at(MONDAY):
        done, lead = note_down(priya, alice, "meeting_set")
    assert done.words == "Priya: meeting agreed, its time to be set tomorrow."
    assert (lead.next_kind, lead.next_note) == (NextKind.FOLLOW_UP, "agree on the time of the meeting")


def test_green_goes_to_keep_in_touch_and_stays_hers(alice: User, priya: Lead) -> None:
    with clock.at(MONDAY):
        done, lead = note_down(priya, alice, "green_later", next_text="after the summer")
    assert (lead.state, lead.owner, lead.responsible) == (
        State.NURTURE,
        alice,
        people.built_in(people.KEEP_IN_TOUCH),
    )  # fmt: skip
    assert done.words == "Priya: green, back in 3 months, 1 September."


@pytest.mark.parametrize(
    ("outcome", "state", "words"),
    [
        ("bought_elsewhere", State.LOST, "Priya: bought elsewhere, another look in 12 months."),
        ("not_a_fit", State.DISQUALIFIED, "Priya: not a fit; let go."),
        ("wrong_person", State.DISQUALIFIED, "Priya: wrong person; let go."),
    ],
)
def test_letting_go_has_a_reason(alice: User, priya: Lead, outcome: str, state: str, words: str) -> None:
    done, lead = note_down(priya, alice, outcome)
    assert (lead.state, done.words) == (state, words)
    assert lead.close_reason is not None
    assert lead.close_reason.code == outcome


def test_won(alice: User, priya: Lead) -> None:
    done, lead = note_down(priya, alice, "won", amount=Decimal(1200), currency="EUR")
    assert (done.words, lead.state) == ("Priya: won.", State.WON)
    assert Opportunity.objects.get(lead=lead).amount == 1200


def test_a_snooze_keeps_what_it_is_about(alice: User, priya: Lead) -> None:
    with clock.at(MONDAY):
        done, lead = note_down(priya, alice, "snooze", next_text="tomorrow")
    assert done.words == "Priya: snoozed, back tomorrow."
    assert (lead.next_kind, lead.touches) == (NextKind.FIRST_CONTACT, 0)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_taken_back_whole(alice: User, priya: Lead, outcome: str) -> None:
    before = Lead.objects.values().get(pk=priya.pk)
    done, _ = note_down(priya, alice, outcome)
    undo(done.activity_id, by(alice))
    assert Lead.objects.values().get(pk=priya.pk) == before
    with pytest.raises(NotUndoable):
        undo(done.activity_id, by(alice))


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_same_key_pressed_twice_counts_once(alice: User, priya: Lead, outcome: str) -> None:
    twice = By(alice, "web", "the-same-press")
    with clock.at(MONDAY):
        first = record_outcome(priya.pk, twice, outcome=outcome)
        second = record_outcome(priya.pk, twice, outcome=outcome)
    assert (first.activity_id, first.words) == (second.activity_id, second.words)
    assert Lead.objects.get(pk=priya.pk).touches <= 1


@pytest.mark.parametrize("outcome", list(Outcome))
def test_mallory_is_refused_and_so_is_what_nobody_knows(alice: User, mallory: User, priya: Lead, outcome: str) -> None:
    with pytest.raises(NotAllowed, match="with Alice"):
        record_outcome(priya.pk, by(mallory), outcome=outcome)
    with pytest.raises(LeadError, match="no outcome"):
        record_outcome(priya.pk, by(alice), outcome=f"{outcome}!")
    with pytest.raises(LeadError, match="not a way to reach"):
        record_outcome(priya.pk, by(alice), outcome=outcome, channel="pigeon")


def test_dates_do_not_all_fall_on_one_day(alice: User, make_lead: MakeLead) -> None:
    with clock.at(MONDAY):
        days = {}
        for _ in range(40):
            _, lead = note_down(make_lead(alice), alice, "reached")
            assert lead.next_at is not None
            days[lead.next_at.date()] = days.get(lead.next_at.date(), 0) + 1
    assert max(days.values()) <= 15
    assert len(days) >= 3


@pytest.mark.django_db(transaction=True)
def test_two_outcomes_at_once_on_one_lead_are_two_decisions_one_after_the_other(
    alice: User, priya: Lead, in_threads: Callable[..., list[BaseException]]
) -> None:
    started = Barrier(2)

    def press(outcome: str) -> Callable[[], None]:
        def pressed() -> None:
            started.wait()
            record_outcome(priya.pk, by(alice), outcome=outcome)

        return pressed

    (refused,) = in_threads(press("won"), press("bought_elsewhere"))
    assert isinstance(refused, LeadError)
    assert "is closed" in str(refused)
    assert Activity.objects.filter(lead_id=priya.pk, kind__in=["won", "lost"]).count() == 1
    assert Lead.objects.get(pk=priya.pk).state in ("won", "lost")


@pytest.mark.django_db(transaction=True)
def test_one_press_sent_by_two_threads_counts_once(
    alice: User, priya: Lead, in_threads: Callable[..., list[BaseException]]
) -> None:
    started = Barrier(3)

    def press() -> None:
        started.wait()
        record_outcome(priya.pk, By(alice, "web", "one-press"), outcome="no_answer")

    assert in_threads(press, press, press) == []
    assert Lead.objects.get(pk=priya.pk).touches == 1


def test_a_snooze_to_a_day_off_says_what_becomes_of_it(alice: User, lead: Lead) -> None:
    with clock.at(MONDAY):
        done = record_outcome(lead.pk, by(alice), outcome="snooze", next_text="sunday")
    assert done.result == "snoozed, back in a week, 8 June (Sunday 7 June is a day off)"
    assert done.words == f"{lead.name.split()[0]}: {done.result}."
