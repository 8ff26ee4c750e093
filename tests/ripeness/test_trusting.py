"""How far signals are believed is learnt from the company's own outcomes, by what was known at the time."""

from datetime import datetime, timedelta

import pytest

from ripeline.base import clock
from ripeline.leads.decisions import actions as leads
from ripeline.leads.doubles import merging
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.ripeness import actions
from ripeline.ripeness.engagement import read, trust
from ripeline.ripeness.models import Score, SignalTrust
from ripeline.timeline.models import Activity
from tests.cast import MakeLead, by, soon
from tests.hits import hit, store

N = 24


def company(make_lead: MakeLead, owner: User) -> tuple[list[Lead], datetime]:
    """Leads that came four months ago and looked at prices on four days, shortly before a landmark two months ago."""
    day = clock.now() - timedelta(days=60)
    with clock.at(day - timedelta(days=60)):
        found = [make_lead(owner) for _ in range(N)]
    for lead in found:
        with clock.at(day - timedelta(hours=1)):
            store(*(hit(lead.pk, day - timedelta(days=ago)) for ago in (1, 2, 4, 6)))
    return found, day


def test_until_there_are_outcomes_the_table_of_signals_is_believed(db: None) -> None:
    learnt = actions.learn_trust()
    assert (learnt.n, learnt.power, learnt.sd) == (0, pytest.approx(1.0, abs=0.01), pytest.approx(0.5, abs=0.05))
    assert trust().power == learnt.power


def test_who_looked_and_bought_is_believed_and_who_looked_and_did_not_is_not(alice: User, make_lead: MakeLead) -> None:
    found, day = company(make_lead, alice)
    wrong = actions.learn_trust()
    assert (wrong.n, wrong.ripe) == (2 * N, 0), "open two months ago and a month ago"
    assert wrong.power < 0.7
    assert wrong.sd < 0.5
    actions.rescore()
    store(*(hit(found[0].pk, clock.now() - timedelta(days=ago)) for ago in (0, 1, 2)))
    actions.rescore()
    doubted = Score.objects.get(pk=found[0].pk).signals
    with clock.at(day + timedelta(days=12)):
        for lead in found[1 : 3 * N // 4]:
            leads.open_opportunity(lead.pk, by(alice), next=soon())
    right = actions.learn_trust()
    assert right.ripe == 3 * N // 4 - 1
    assert right.power > wrong.power + 0.3
    actions.rescore()
    assert Score.objects.get(pk=found[0].pk).signals > doubted
    assert SignalTrust.objects.count() == 1


def test_what_was_written_down_only_afterwards_was_not_known_then(alice: User, make_lead: MakeLead) -> None:
    """Somebody who buys sends a form, and only so is recognised: their visits of before predict nothing."""
    with clock.at(clock.now() - timedelta(days=100)):
        lead = make_lead(alice)
    store(*(hit(lead.pk, clock.now() - timedelta(days=61 + ago)) for ago in range(5)))  # recorded now
    assert actions.learn_trust().n == 0


def test_whoever_was_seen_once_and_is_silent_is_learnt_from_for_silence_lowers_scores(
    alice: User, make_lead: MakeLead
) -> None:
    now = clock.now()
    with clock.at(now - timedelta(days=145)):
        lead = make_lead(alice, captured=timedelta(days=5))
        store(hit(lead.pk, clock.now()))
    assert actions.learn_trust().n == 4, "open on four of the days, though nothing was seen before two of them for long"
    with clock.at(now):
        leads.open_opportunity(lead.pk, by(alice), next=soon())
    assert actions.learn_trust().ripe == 1


def test_what_a_merged_record_did_and_who_came_again_count_as_they_do_in_scores(
    alice: User, make_lead: MakeLead
) -> None:
    now = clock.now()
    with clock.at(now - timedelta(days=80)):
        lead, twin, again = make_lead(alice), make_lead(alice), make_lead(alice)
    with clock.at(now - timedelta(days=65)):
        store(hit(twin.pk, clock.now()))
        Activity.objects.create(
            lead_id=again.pk, kind="enquired", origin="test", event_key="again", actor=alice, occurred_at=clock.now()
        )
    assert actions.learn_trust().n == 4, "two leads, a month and two months ago"
    merging.merge(survivor_id=lead.pk, duplicate_id=twin.pk, by=by(alice))
    on = now - timedelta(days=60)
    signs = read([lead.pk, again.pk], on, is_past=True)
    assert signs.masks.any(axis=1).tolist() == [True, False]
    assert [len(theirs) for theirs in signs.replies] == [0, 1]
    assert signs.is_seen.all()
    assert not read([lead.pk, again.pk], now - timedelta(days=70), is_past=True).is_seen.any()
    assert actions.learn_trust().n == 4, "of a record that was merged as whom it is"
