"""Are they ripening? What the figures are, what they say in words, and who may ask."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from ripeline.base import clock
from ripeline.insight import expected, queries, rules, words
from ripeline.insight.cohorts import GRID, LANDMARKS
from ripeline.insight.expected import early_rush, rule_of_45
from ripeline.insight.queries import Ripening
from ripeline.insight.rules import Asked, By, Whose
from ripeline.leads.decisions import actions as leads
from ripeline.leads.models import Enquiry
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.people.rules import NotAllowed
from ripeline.ripeness import queries as ripeness
from ripeline.ripeness.current import Current
from ripeline.science.model import Model
from tests.cast import MONDAY, MakeLead, by, soon
from tests.insight.conftest import MakePast

ZONE = ZoneInfo("Europe/Lisbon")


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: MONDAY)


def asked(actor: User, **query: str) -> Ripening:
    return queries.ripening(actor, Asked.parse(actor, query), zone=ZONE)


def said(actor: User, **query: str) -> list[str]:
    found = Asked.parse(actor, query)
    return words.headline(queries.ripening(actor, found, zone=ZONE).whole, rules.period_words(found.came))


# --- figures ----------------------------------------------------------------------------------------------------------


def test_a_year_old_cohort_is_what_happened_to_it(alice: User, ada: User, make_past: MakePast) -> None:
    make_past(alice, 40, ago=400, ripe=10, after=50, never=5)
    found = asked(ada)
    assert (found.whole.n, found.whole.ripe) == (40, 10)
    assert found.whole.at is not None
    assert found.whole.at.age == 365
    assert found.whole.at.share == pytest.approx(0.25)
    assert found.whole.at.low < 0.25 < found.whole.at.high
    by_age = {point.age: point.share for point in found.points}
    assert by_age[30] == 0.0
    assert by_age[60] == pytest.approx(0.25)


def test_leads_that_came_lately_do_not_make_the_others_look_slow(alice: User, ada: User, make_past: MakePast) -> None:
    make_past(alice, 20, ago=200, ripe=10, after=60)
    make_past(alice, 20, ago=10)
    found = asked(ada)
    by_age = {point.age: point.share for point in found.points}
    assert by_age[60] == pytest.approx(0.5)
    assert by_age[7] == 0.0
    assert found.points[LANDMARKS.index(274)].share is None  # nobody is so old


def test_lost_for_now_counts_as_long_as_we_watched_them(alice: User, ada: User, make_past: MakePast) -> None:
    make_past(alice, 20, ago=300, lost=10, after=20)
    make_past(alice, 20, ago=300, ripe=15, after=40)
    by_age = {point.age: point.share for point in asked(ada).points}
    assert by_age[60] == pytest.approx(0.5)  # 15 of the 30 that were still watched


def test_months_part_at_the_viewers_midnight(alice: User, ada: User, make_past: MakePast) -> None:
    make_past(alice, 3, ago=100)  # 21 February
    make_past(alice, 2, ago=93)  # 28 February
    make_past(alice, 1, ago=70)  # 23 March
    found = asked(ada)
    assert [(one.key, one.label, one.n) for one in found.cohorts] == [
        ("2026-03", "March 2026", 1),
        ("2026-02", "February 2026", 5),
    ]
    assert found.quarters == ["2026-Q2", "2026-Q1"]


def test_sources_stand_with_the_most_leads_first(alice: User, ada: User, make_past: MakePast) -> None:
    make_past(alice, 2, ago=100, source="Quote requests")
    make_past(alice, 5, ago=100, source="Lisbon fair")
    make_past(alice, 1, ago=100)
    found = asked(ada, by="source")
    assert [(one.label, one.n) for one in found.cohorts] == [
        ("Lisbon fair", 5),
        ("Quote requests", 2),
        ("No source given", 1),
    ]
    narrowed = asked(ada, source=found.cohorts[1].key, by="type")
    assert [(one.label, one.n) for one in narrowed.cohorts] == [("Quote request", 2)]


def test_the_model_expects_more_and_sooner_of_who_asked_for_a_quote(
    alice: User, ada: User, make_past: MakePast
) -> None:
    make_past(alice, 10, ago=100, source="Quote requests")
    make_past(alice, 10, ago=100, source="White paper download")
    quotes, papers = sorted(asked(ada, by="source").cohorts, key=lambda one: one.label)
    assert quotes.at is not None
    assert papers.at is not None
    assert quotes.at.model > 2 * papers.at.model
    assert quotes.at.rule == papers.at.rule


def test_the_rule_of_45_and_the_early_rush_end_at_the_same_45() -> None:
    year = np.array([30.0, 91.0, 182.0, 365.0])
    assert (100 * rule_of_45(year)).round(1).tolist() == [4.1, 12.5, 26.0, 45.0]
    rush = 100 * early_rush(year)
    assert rush[-1] == pytest.approx(45.0)
    assert rush[0] > 4 * 4.1


def test_the_model_in_use_is_the_one_that_is_asked(
    alice: User, ada: User, make_past: MakePast, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_past(alice, 10, ago=400)
    before = asked(ada).points[-1]
    learnt = Model.of_prior()
    learnt = replace(learnt, prior=replace(learnt.prior, log_odds=learnt.prior.log_odds - 2))
    monkeypatch.setattr(ripeness, "current", lambda: Current("run-2", learnt))
    after = asked(ada).points[-1]
    assert after.model < 0.4 * before.model
    assert after.rule == before.rule


def test_of_very_many_leads_the_model_is_asked_about_a_sample(
    alice: User, ada: User, make_past: MakePast, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_past(alice, 30, ago=400)
    make_past(alice, 1, ago=200, source="Quote requests")
    whole = asked(ada).points[-1].model
    monkeypatch.setattr(expected, "SAMPLE", 4)
    sampled = asked(ada, by="source")
    assert sampled.points[-1].model == pytest.approx(whole, abs=0.1)
    assert len(sampled.cohorts) == 2


def test_the_leads_of_one_import_are_looked_at_whenever_they_came(alice: User, ada: User, make_past: MakePast) -> None:
    brought = make_past(alice, 12, ago=900, ripe=3)
    make_past(alice, 5, ago=100)
    run = UUID(int=7)
    Enquiry.objects.filter(lead__in=brought).update(import_run_id=run)
    found = asked(ada, run=str(run))
    assert (found.whole.n, found.whole.ripe) == (12, 3)
    assert asked(ada, run=str(run), came="years").whole.n == 0
    assert Asked.parse(ada, {"run": str(run)}).query() == f"whose=everybody&run={run}"


def test_it_takes_as_many_queries_for_ten_leads_as_for_one(
    alice: User, ada: User, make_past: MakePast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_past(alice, 10, ago=100, source="Quote requests")
    with django_assert_max_num_queries(9):
        asked(ada, by="source")


# --- words ------------------------------------------------------------------------------------------------------------


def test_the_sentence_says_how_many_how_sure_and_what_was_expected(alice: User, ada: User, make_past: MakePast) -> None:
    make_past(alice, 100, ago=100, ripe=30, after=40)
    first, second = said(ada, came="2026-Q1")
    assert first == (
        "Of the 100 leads that came in the first quarter of 2026, about 30 in 100 ripened within three months"
        " (between 23 and 38)."
    )
    assert second == (
        "The Rule of 45 expects 12 by then, the model 14 for these very leads: they ripen faster than either."
    )


def test_without_an_outcome_it_says_how_many_might_have(alice: User, ada: User, make_past: MakePast) -> None:
    make_past(alice, 20, ago=35)
    first, second = said(ada)
    assert first == "Of the 20 leads that came in the last two years, none has ripened within a month (at most 14)."
    assert "agrees with both" in second


def test_of_one_lead_nothing_is_concluded(alice: User, ada: User, make_past: MakePast) -> None:
    make_past(alice, 1, ago=35, ripe=1)
    assert said(ada)[0] == "Only 1 lead came in the last two years; 1 has ripened so far."
    assert asked(ada).whole.at is None


def test_of_leads_of_this_week_nothing_is_concluded(alice: User, ada: User, make_past: MakePast) -> None:
    make_past(alice, 12, ago=2)
    assert said(ada) == ["12 leads came in the last two years, too lately to judge; none has ripened yet."]


def test_nobody_came(ada: User) -> None:
    assert said(ada, came="2020-Q3") == ["No lead came in the third quarter of 2020."]


# --- who may, and addresses -------------------------------------------------------------------------------------------


def test_a_rep_sees_their_own_added_up_and_nobody_elses(
    alice: User, bob: User, carol: User, mallory: User, make_past: MakePast
) -> None:
    make_past(alice, 3, ago=100, source="Quote requests")
    make_past(bob, 2, ago=100, source="Lisbon fair")
    make_past(mallory, 4, ago=100)
    mine = asked(alice, whose="everybody", by="source")
    assert [(one.label, one.n) for one in mine.cohorts] == [("Quote requests", 3)]
    assert [choice.label for choice in mine.sources] == ["Quote requests"]
    assert asked(carol).whole.n == 5
    assert asked(carol, whose="everybody").whole.n == 9


def test_an_sdr_has_no_part_in_it(sam: User) -> None:
    with pytest.raises(NotAllowed):
        rules.scopes(sam)


def test_who_left_sees_nothing(alice: User) -> None:
    alice.is_active = False
    with pytest.raises(NotAllowed):
        rules.scopes(alice)


def test_a_rep_cannot_be_given_an_address_that_shows_more(alice: User, bob: User, make_past: MakePast) -> None:
    make_past(bob, 2, ago=100)
    assert queries.ripening(alice, Asked(whose=Whose.EVERYBODY), zone=ZONE).whole.n == 0


@given(
    came=st.sampled_from(["years", "ever", "2026-Q1", "2026-Q9", "-Q1", "999999-Q1", ""]),
    by=st.sampled_from([*By, "nothing"]),
    kind=st.sampled_from(["", "trial", "nonsense"]),
    source=st.sampled_from(["", "018f3b5e-1111-7000-8000-000000000001", "x"]),
)
def test_an_address_is_read_back_as_it_was_written(came: str, by: str, kind: str, source: str) -> None:
    actor = User(role="admin", is_active=True)
    found = Asked.parse(actor, {"came": came, "by": by, "type": kind, "source": source})
    again = dict(pair.split("=") for pair in found.query().split("&") if pair)
    assert Asked.parse(actor, again) == found


def test_a_quarter_ends_on_its_last_day() -> None:
    assert rules.quarter("2028-Q1") == (date(2028, 1, 1), date(2028, 3, 31))
    assert rules.month("2028-02") == (date(2028, 2, 1), date(2028, 2, 29))
    assert rules.quarter_of(date(2026, 12, 31)) == "2026-Q4"


def test_the_picture_ends_where_nobody_has_been_watched_longer(alice: User, ada: User, make_past: MakePast) -> None:
    make_past(alice, 1, ago=61)
    found = asked(ada)
    assert len(found.curve.share) == 13
    assert len(found.curve.rule) == len(GRID)


def test_a_box_of_old_cards_says_nothing_and_is_told_so(alice: User, ada: User, make_lead: MakeLead) -> None:
    make_lead(alice, captured=timedelta(days=90))
    first, second = said(ada)
    assert first == (
        "1 lead came in the last two years, but was brought in much later, without what had become of them."
    )
    assert "Import their outcomes" in second
    assert asked(ada).cohorts == []


def test_an_old_lead_taken_up_again_counts_where_it_came_and_nowhere_else(
    alice: User, ada: User, make_past: MakePast
) -> None:
    first, *_ = make_past(alice, 12, ago=300, lost=12)
    leads.reopen(first.pk, by(alice), to=people.responsible_of(alice), next=soon())
    found = asked(ada)
    assert (found.whole.n, found.taken_up) == (12, 1)
