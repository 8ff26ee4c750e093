"""What became of every episode, as of any day: nothing that came later is seen, and nothing is counted twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.db import connection

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as reasons
from ripeline.leads.deals import booking as deals
from ripeline.leads.deals.booking import Deal
from ripeline.leads.decisions import actions as leads
from ripeline.leads.doubles import merging
from ripeline.leads.models import Enquiry, Lead
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.ripeness.episodes import EPISODES, SOURCE_TYPES, Episodes, day, episodes
from ripeline.science.outcomes import NEVER, OPEN, RIPE
from tests.cast import MONDAY, MakeLead, by, soon


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    move(monkeypatch, 0)


def move(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """So many days after that Monday."""
    monkeypatch.setattr(clock, "now", lambda: MONDAY + timedelta(days=days))


def seen(**as_of: datetime) -> Episodes:
    return episodes(**as_of)


def on(days: float) -> float:
    return day(MONDAY + timedelta(days=days))


def code(found: Episodes) -> list[int]:
    return found.observed().outcomes.code.tolist()


def age(found: Episodes) -> list[float]:
    return found.observed().outcomes.time.round(3).tolist()


def a_deal(lead: Lead, outcome: str, at: datetime, reason: str, **more: object) -> Deal:
    return Deal(lead_id=lead.pk, at=at, is_day=True, day=at.date(), reason=reasons.reason(reason), **more)  # type: ignore[arg-type]


def book(*booked: Deal) -> None:
    deals.book(booked, actor=people.system(), origin="import")


def test_nothing_in_an_empty_house(db: None) -> None:
    found = seen()
    assert len(found) == 0
    assert len(found.observed().outcomes) == 0


def test_an_open_lead_is_watched_from_the_day_it_came(alice: User, make_lead: MakeLead) -> None:
    source = catalog.sources_named(["Quote requests"])["Quote requests"]
    lead = make_lead(alice, captured=timedelta(hours=12), source_id=source.pk)
    found = seen()
    assert found.lead.list() == [lead.pk]
    assert found.start.tolist() == [on(-0.5)]
    assert SOURCE_TYPES[found.source_type[0]] == "quote_request"
    assert (found.source.list(), found.owner.list(), found.campaign.list()) == ([source.pk], [alice.pk], [None])
    assert (code(found), age(found)) == ([OPEN], [0.5])


def test_an_opportunity_is_ripe_and_a_win_later_keeps_the_first_day(
    alice: User, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(monkeypatch, 9)
    leads.open_opportunity(lead.pk, by(alice), next=soon())
    move(monkeypatch, 19)
    leads.win(lead.pk, by(alice), reason=reasons.reason("bought_from_us"))
    found = seen()
    assert (code(found), age(found)) == ([RIPE], [10.0])
    assert found.won_at.tolist() == [on(19)]


def test_seen_from_an_earlier_day_it_was_still_open(
    alice: User, lead: Lead, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(monkeypatch, 9)
    leads.open_opportunity(lead.pk, by(alice), next=soon())
    make_lead(alice, captured=timedelta(hours=1))
    then = seen(as_of=MONDAY + timedelta(days=8))
    assert len(then) == 1
    assert (code(then), age(then)) == ([OPEN], [9.0])
    assert np.isnan(then.won_at).all()


def test_bought_elsewhere_is_ripe_and_not_won(alice: User, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    move(monkeypatch, 4)
    leads.close(lead.pk, by(alice), reason=reasons.reason("bought_elsewhere"))
    assert (code(seen()), np.isnan(seen().won_at).all()) == ([RIPE], True)


@pytest.mark.parametrize("reason", ["not_a_fit", "asked_to_stop", "spam"])
def test_let_go_for_good_is_never(alice: User, lead: Lead, reason: str) -> None:
    leads.close(lead.pk, by(alice), reason=reasons.reason(reason))
    assert code(seen()) == [NEVER]


def test_no_budget_is_not_never_and_is_watched_no_longer(
    alice: User, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(monkeypatch, 29)
    leads.close(lead.pk, by(alice), reason=reasons.reason("no_budget"))
    move(monkeypatch, 600)
    found = seen()
    assert (code(found), age(found)) == ([OPEN], [30.0])


def test_open_past_its_year_is_never(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    move(monkeypatch, 500)
    assert (code(seen()), age(seen())) == ([NEVER], [365.0])


def test_what_was_taken_back_did_not_happen(alice: User, lead: Lead) -> None:
    made = leads.close(lead.pk, by(alice), reason=reasons.reason("not_a_fit"))
    leads.undo(made.activity_id, by(alice))
    assert code(seen()) == [OPEN]


def test_taken_up_again_is_a_second_episode_on_a_clock_of_its_own(
    alice: User, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads.close(lead.pk, by(alice), reason=reasons.reason("no_project"))
    move(monkeypatch, 100)
    leads.reopen(lead.pk, by(alice), to=people.responsible_of(alice), next=soon())
    move(monkeypatch, 107)
    leads.win(lead.pk, by(alice), reason=reasons.reason("bought_from_us"))
    found = seen()
    assert found.number.tolist() == [1, 2]
    assert (code(found), age(found)) == ([OPEN, RIPE], [1.0, 7.0])
    assert found.lead.list() == [lead.pk, lead.pk]
    before = seen(as_of=MONDAY + timedelta(days=99))
    assert before.number.tolist() == [1]


def test_after_a_third_episode_the_second_is_still_known(
    alice: User, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in (10, 40):
        leads.close(lead.pk, by(alice), reason=reasons.reason("price"))
        move(monkeypatch, days)
        leads.reopen(lead.pk, by(alice), to=people.responsible_of(alice), next=soon())
    found = seen()
    assert found.start.round(6).tolist() == [round(on(-1), 6), round(on(10), 6), round(on(40), 6)]


def test_a_reopening_taken_back_leaves_one_episode(alice: User, lead: Lead) -> None:
    leads.close(lead.pk, by(alice), reason=reasons.reason("price"))
    made = leads.reopen(lead.pk, by(alice), to=people.responsible_of(alice), next=soon())
    leads.undo(made.activity_id, by(alice))
    assert seen().number.tolist() == [1]


def test_a_deal_of_a_file_counts_on_the_day_it_tells_of(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, captured=timedelta(days=60))
    book(a_deal(lead, "won", MONDAY - timedelta(days=20), "bought_from_us"))
    assert len(seen(as_of=MONDAY - timedelta(days=10))) == 0  # by hand, on Monday: nobody knew of them then
    assert (code(seen()), age(seen())) == ([RIPE], [40.0])


def test_a_whole_day_is_not_before_the_hour_they_came(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, captured=timedelta(days=5))
    book(a_deal(lead, "won", (MONDAY - timedelta(days=5)).replace(hour=0), "bought_from_us"))
    assert (code(seen()), age(seen())) == ([RIPE], [0.5])


def test_won_before_they_came_is_counted_and_left_out_of_fits(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, captured=timedelta(days=5))
    lead.enquiries.update(door="import")  # a record that a file brought: no request that waits for an answer
    make_lead(alice)
    book(a_deal(lead, "won", MONDAY - timedelta(days=50), "bought_from_us"))
    found = seen()
    assert sorted(found.won_before_captured.tolist()) == [False, True]
    observed = found.observed()
    assert (observed.before, observed.outcomes.code.tolist()) == (1, [OPEN])
    assert observed.kept.tolist() == [not flag for flag in found.won_before_captured]


def test_lost_in_a_file_with_an_amount_was_an_opportunity(alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice, captured=timedelta(days=60))
    book(a_deal(lead, "lost", MONDAY - timedelta(days=20), "lost_unstated", amount=100))
    assert code(seen()) == [RIPE]


def imported(lead: Lead) -> Lead:
    """As if a file had brought them, on Monday."""
    lead.import_run_id = uuid4()
    lead.save()
    Enquiry.objects.filter(lead=lead).update(door="import", import_run_id=lead.import_run_id)
    return lead


def test_a_batch_of_old_leads_without_outcomes_says_nothing_about_the_time_before(
    alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(make_lead(alice, captured=timedelta(days=200)))
    move(monkeypatch, 30)
    outcomes = seen().observed().outcomes
    assert outcomes.entry.round(3).tolist() == [200.0]
    assert outcomes.time.round(3).tolist() == [230.0]


def test_a_batch_that_brought_outcomes_is_a_record_of_all_of_it(alice: User, make_lead: MakeLead) -> None:
    first, second = (
        imported(make_lead(alice, captured=timedelta(days=200))),
        make_lead(alice, captured=timedelta(days=90)),
    )
    Enquiry.objects.filter(lead=second).update(door="import", import_run_id=first.import_run_id)
    book(a_deal(second, "won", MONDAY - timedelta(days=20), "bought_from_us"))
    outcomes = seen().observed().outcomes
    assert outcomes.entry.tolist() == [0.0, 0.0]
    assert sorted(outcomes.time.round(3).tolist()) == [70.0, 200.0]
    then = seen(as_of=MONDAY - timedelta(days=10))  # a file is believed about the past
    assert sorted(code(then)) == [OPEN, RIPE]


def test_an_imported_lead_past_its_year_is_two_episodes(alice: User, make_lead: MakeLead) -> None:
    imported(make_lead(alice, captured=timedelta(days=700)))
    found = seen()
    assert found.number.tolist() == [1, 2]
    assert found.start.round(6).tolist() == [round(on(-700), 6), round(on(0), 6)]
    assert found.observed().kept.tolist() == [False, True]  # nobody watched the first


def test_merged_records_are_one_lead_whose_outcomes_are_those_of_both(
    alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = make_lead(alice, captured=timedelta(days=40)), make_lead(alice, captured=timedelta(days=3))
    leads.open_opportunity(older.pk, by(alice), next=soon())
    move(monkeypatch, 10)
    merging.merge(survivor_id=newer.pk, duplicate_id=older.pk, by=by(alice))
    found = seen()
    assert found.lead.list() == [newer.pk]
    assert found.start.round(6).tolist() == [round(on(-40), 6)]
    assert found.ripe_at.round(6).tolist() == [round(on(0), 6)]
    assert len(seen(as_of=MONDAY + timedelta(days=9))) == 2  # before anybody knew that they are one
    merging.unmerge(duplicate_id=older.pk, by=by(alice))
    assert len(seen()) == 2


def test_it_is_one_query_that_reads_no_table_once_for_each_lead(alice: User, make_lead: MakeLead) -> None:
    for _ in range(20):
        make_lead(alice)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(
            "EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) " + EPISODES,
            {"as_of": datetime.now(UTC), "nobody": UUID(int=0), "types": list(SOURCE_TYPES[1:])},
        )
        plan = cursor.fetchone()[0][0]["Plan"]
    scans = [
        node
        for node in nodes(plan)
        if "Relation Name" in node and node["Relation Name"] in ("lead", "activity", "enquiry")
    ]
    assert scans
    assert all(node["Actual Loops"] <= 2 for node in scans if node["Node Type"] == "Seq Scan")


def nodes(plan: dict) -> Iterator[dict]:  # type: ignore[type-arg]
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)
