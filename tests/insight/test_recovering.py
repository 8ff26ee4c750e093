"""Putting leaking leads back to work: spread by value, never all today, one entry each, once, and taken back whole."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ripeline.base import clock
from ripeline.catalog import queries as reasons
from ripeline.catalog.actions import sources_named
from ripeline.insight import leakage, recovering
from ripeline.insight.leakage import Asked
from ripeline.insight.models import Recovered, Recovery, RecoveryState
from ripeline.insight.recovering import RecoveryError
from ripeline.insight.rules import Whose
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions.deciding import Next
from ripeline.leads.finding.leaks import Leak
from ripeline.leads.models import Lead
from ripeline.people import actions as people_actions
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.people.rules import NotAllowed
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness.models import Score
from ripeline.timeline.models import Activity
from ripeline.worker import tasks
from tests.cast import MONDAY, MakeLead, by

TEAM = Asked(whose=Whose.TEAM)


@pytest.fixture
def shoebox(alice: User, bob: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch) -> list[Lead]:
    """Twelve of Alice's that nobody tried, and three of Bob's that were let go without a reason."""
    monkeypatch.setattr(clock, "now", lambda: MONDAY - timedelta(days=60))
    born = [make_lead(alice, captured=timedelta(), name=f"Priya {at}") for at in range(12)]
    lost = [make_lead(bob, captured=timedelta(), name=f"Tomás {at}") for at in range(3)]
    for lead in lost:
        leads.close(lead.pk, by(bob), reason=reasons.reason("lost_unstated"))
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    ripeness.rescore()
    for at, lead in enumerate(born):
        Score.objects.filter(lead_id=lead.pk).update(p_30=0.01 * (at + 1))
    return [*born, *lost]


def ask(actor: User, key: str = "one", **changes: Any) -> Recovery:
    given: dict[str, Any] = {"asked": TEAM, "ways": [Leak.UNTOUCHED, Leak.GIVEN_UP], "per_day": 3}
    return recovering.ask(actor=actor, key=key, **(given | changes))


def leaking(actor: User, asked: Asked = TEAM) -> int:
    return leakage.leakage(actor, asked).whole.n


def image(lead: Lead) -> dict[str, Any]:
    """Everything about a lead that undo is to bring back."""
    found = Lead.objects.values().get(pk=lead.pk)
    return {name: value for name, value in found.items() if name != "decision_id"}


def test_they_come_back_by_value_so_many_a_day_and_none_today(carol: User, shoebox: list[Lead]) -> None:
    assert leaking(carol) == 15
    run = ask(carol)
    assert tasks.work(lambda: False)
    run.refresh_from_db()
    assert (run.state, run.total, run.looked_at, run.left_for_later) == (RecoveryState.DONE, 15, 15, 0)
    assert leaking(carol) == 0
    planned = list(Lead.objects.filter(owner__name="Alice").order_by("next_at"))
    assert set(Counter(lead.next_at.date() for lead in planned).values()) == {3}
    assert planned[0].next_at.date() > MONDAY.date()
    chances = [Score.objects.get(lead_id=lead.pk).p_30 for lead in planned]
    firsts = [max(chances[start : start + 3]) for start in range(0, 12, 3)]
    assert firsts == sorted(firsts, reverse=True)
    again = Lead.objects.filter(owner__name="Bob")
    assert {(lead.state, lead.episode, lead.responsible.user.name) for lead in again} == {("new", 2, "Bob")}
    assert run.last_day == max(lead.next_at.date() for lead in Lead.objects.all())


@pytest.mark.parametrize("pace", [1, 3, 5])
def test_who_was_let_go_stands_by_the_chance_they_have_once_re_opened_and_it_ends_when_it_said(
    carol: User, bob: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch, pace: int
) -> None:
    sources = sources_named(["Quote request", "Bought list", "Trade fair"])
    monkeypatch.setattr(clock, "now", lambda: MONDAY - timedelta(days=60))
    for at in range(12):
        source = list(sources.values())[at % 3]
        lead = make_lead(bob, captured=timedelta(), source_id=source.pk, message="please call" if at % 2 else "")
        if at < 8:
            leads.close(lead.pk, by(bob), reason=reasons.reason("lost_unstated"))
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    for at in range(8):  # days that are full already end it later
        make_lead(bob, due=timedelta(days=1 + at % 2))
    ripeness.rescore()
    ((_, n, until),) = recovering.ends(carol, TEAM, [Leak.UNTOUCHED, Leak.GIVEN_UP], (pace,))
    run = ask(carol, per_day=pace)
    assert tasks.work(lambda: False)
    run.refresh_from_db()
    assert (run.total, run.last_day) == (n, until)
    ripeness.rescore()
    back = Lead.objects.filter(pk__in=Recovered.objects.values("lead_id")).order_by("next_at")
    chances = [(lead.next_at, Score.objects.get(lead_id=lead.pk).p_30) for lead in back]
    days = sorted({when for when, _ in chances})
    by_day = [[chance for when, chance in chances if when == day] for day in days]
    for sooner, later in pairwise(by_day):
        assert min(sooner) >= max(later) - 1e-9


def test_a_second_press_goes_where_the_coming_days_have_room(
    carol: User, alice: User, make_lead: MakeLead, shoebox: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(pk=alice.pk).update(minutes_per_day=24)  # four contacts a day
    recovering.work(ask(carol, per_day=4).pk)
    monkeypatch.setattr(clock, "now", lambda: MONDAY - timedelta(days=60))
    for at in range(6):
        make_lead(alice, captured=timedelta(), name=f"Late {at}")
    monkeypatch.setattr(clock, "now", lambda: MONDAY)
    recovering.work(ask(carol, "two", per_day=4).pk)
    theirs = Lead.objects.filter(owner=alice).order_by("next_at")
    a_day = Counter((lead.next_at.date() - MONDAY.date()).days for lead in theirs)
    assert a_day == {1: 5, 2: 5, 3: 5, 4: 3}  # one each on the full ones, the rest on the free one


def test_each_has_one_entry_and_the_same_request_makes_no_other(carol: User, shoebox: list[Lead]) -> None:
    run = ask(carol)
    assert ask(carol) == run
    recovering.work(run.pk)
    assert not recovering.work(run.pk)
    entries = Activity.objects.filter(event_key=f"recover:{run.pk}")
    assert Counter(entries.values_list("kind", flat=True)) == {"replanned": 12, "reopened": 3}
    assert set(entries.values_list("actor__name", flat=True)) == {"Carol"}
    assert Recovered.objects.filter(recovery=run).count() == 15
    again = ask(carol, "two")  # nothing leaks any more
    recovering.work(again.pk)
    again.refresh_from_db()
    assert (again.state, again.total) == (RecoveryState.DONE, 0)


def test_undo_brings_every_one_back_as_it_was_but_not_who_was_worked_on_since(
    carol: User, alice: User, shoebox: list[Lead]
) -> None:
    before = {lead.pk: image(lead) for lead in shoebox}
    run = ask(carol)
    recovering.work(run.pk)
    worked = shoebox[4]
    leads.touch(
        worked.pk, by(alice), kind="call", reached=True, next=Next(MONDAY + timedelta(days=5)), disposition="reached"
    )  # fmt: skip
    recovering.undo(actor=carol, run_id=run.pk)
    assert tasks.work(lambda: False)
    run.refresh_from_db()
    assert (run.state, run.looked_at, run.stayed) == (RecoveryState.UNDONE, 15, 1)
    assert {lead.pk: image(lead) for lead in shoebox if lead != worked} == {
        pk: found for pk, found in before.items() if pk != worked.pk
    }
    assert Lead.objects.get(pk=worked.pk).touches == 1
    assert leaking(carol) == 14


def test_broken_off_between_batches_it_goes_on_and_none_is_planned_twice(
    carol: User, shoebox: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovering, "BATCH", 4)
    run = ask(carol)
    asked = iter([False, False, False, True])
    assert not recovering.work(run.pk, is_stopping=lambda: next(asked, True))
    run.refresh_from_db()
    assert run.state == RecoveryState.RUNNING
    assert 0 < run.looked_at < 15
    assert recovering.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.total, run.looked_at) == (RecoveryState.DONE, 15, 15)
    assert Activity.objects.filter(event_key=f"recover:{run.pk}").count() == 15


def test_who_was_worked_on_or_let_go_meanwhile_is_left_alone_and_counted(
    carol: User, alice: User, shoebox: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovering, "BATCH", 9)
    run, give = ask(carol), recovering._give

    def meanwhile(*given: Any) -> None:
        if Lead.objects.get(pk=shoebox[0].pk).closed_at is None:
            for lead in (shoebox[0], shoebox[11]):  # the unlikeliest, who is gone on with, and the likeliest
                leads.close(lead.pk, by(alice), reason=reasons.reason("no_budget"))
        give(*given)

    monkeypatch.setattr(recovering, "_give", meanwhile)
    asked = iter([False, False, True])
    assert not recovering.work(run.pk, is_stopping=lambda: next(asked, True))
    assert recovering.work(run.pk), "gone on with"
    run.refresh_from_db()
    assert (run.moved, run.stayed, run.total) == (13, 2, 15)
    assert run.moved == Recovered.objects.filter(recovery=run).count()
    recovering.undo(actor=carol, run_id=run.pk)
    recovering.work(run.pk)
    run.refresh_from_db()
    assert (run.moved, run.stayed) == (13, 0)


def test_gone_on_with_who_is_found_again_and_left_alone_again_counts_once(
    carol: User, shoebox: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovering, "BATCH", 5)
    run, replan = ask(carol), recovering.bulk.replan_many
    left_alone = shoebox[11].pk  # the likeliest, of the first batch: somebody has it just now

    def but_one(nexts: dict[Any, Any], *given: Any, **how: Any) -> Any:
        return replan({pk: each for pk, each in nexts.items() if pk != left_alone}, *given, **how)

    monkeypatch.setattr(recovering.bulk, "replan_many", but_one)
    asked = iter([False, False, True])
    assert not recovering.work(run.pk, is_stopping=lambda: next(asked, True))
    run.refresh_from_db()
    assert (run.looked_at, run.stayed) == (5, 1)
    assert recovering.work(run.pk)
    run.refresh_from_db()
    assert (run.moved, run.stayed, run.total, run.looked_at) == (14, 1, 15, 15)


def test_cancelled_what_is_planned_stays_and_can_be_taken_back(
    carol: User, shoebox: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovering, "BATCH", 4)
    run = ask(carol)
    give = recovering._give

    def once(*given: Any) -> None:
        give(*given)
        recovering.cancel(actor=carol, run_id=run.pk)

    monkeypatch.setattr(recovering, "_give", once)
    assert recovering.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.looked_at) == (RecoveryState.CANCELLED, 4)
    assert leaking(carol) == 11
    recovering.undo(actor=carol, run_id=run.pk)
    recovering.work(run.pk)
    assert leaking(carol) == 15


def test_more_than_fit_into_the_days_stay_as_they_are_and_are_counted(
    carol: User, shoebox: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovering, "DAYS", 2)
    run = ask(carol, per_day=2)
    recovering.work(run.pk)
    run.refresh_from_db()
    assert (run.total, run.looked_at, run.left_for_later) == (15, 7, 8)
    assert leaking(carol) == 8


def test_whoever_may_hand_them_on_may_put_them_back_and_nobody_else(
    alice: User, carol: User, mallory: User, mona: User, sam: User, ada: User, shoebox: list[Lead]
) -> None:
    for user in (mona, sam):
        with pytest.raises(NotAllowed):
            ask(user)
    for user, whose, n in ((mallory, Whose.MINE, 0), (alice, Whose.MINE, 12), (ada, Whose.EVERYBODY, 15)):
        chosen = recovering.chosen(user, Asked(whose=whose), list(Leak))
        assert chosen.count() == n, user
    mallory.role = "leader"  # of another team: its sums are theirs to see, its leads are not
    mallory.save()
    assert recovering.chosen(mallory, Asked(whose=Whose.EVERYBODY), list(Leak)).count() == 0
    run = ask(carol)
    assert recovering.of(alice, run.pk) is None
    recovering.undo(actor=alice, run_id=run.pk)
    recovering.cancel(actor=alice, run_id=run.pk)
    run.refresh_from_db()
    assert run.state == RecoveryState.QUEUED


@pytest.mark.parametrize(
    ("change", "field"), [({"ways": []}, "leaks"), ({"per_day": 0}, "per_day"), ({"per_day": 51}, "per_day")]
)
def test_what_cannot_be_is_refused_in_words(carol: User, change: dict[str, Any], field: str) -> None:
    with pytest.raises(RecoveryError) as refused:
        ask(carol, **change)
    assert refused.value.field == field


def test_before_it_is_asked_it_says_when_the_longest_list_ends(carol: User, shoebox: list[Lead]) -> None:
    found = recovering.ends(carol, TEAM, list(Leak), (3, 5))
    assert [(pace, n) for pace, n, _ in found] == [(3, 15), (5, 15)]
    assert found[0][2] == MONDAY.date() + timedelta(days=4)  # twelve of Alice's, three a day: Friday
    assert found[1][2] == MONDAY.date() + timedelta(days=3)


def test_how_full_the_coming_days_are_is_asked_once_however_many_people_have_leads(
    carol: User, alice: User, bob: User, shoebox: list[Lead], make_lead: MakeLead
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            recovering.ends(carol, TEAM, list(Leak))
        return len(seen)

    for each in (alice, bob):  # what is settled is read
        make_lead(each, captured=timedelta(days=60))
    asked()
    few = asked()
    for at in range(4):
        other = people_actions.add_user(
            actor=people.system(), email=f"rep{at}@example.com", name=f"Rep {at}", role="rep", team=carol.team
        )
        make_lead(other, captured=timedelta(days=60))
    asked()
    assert asked() == few
