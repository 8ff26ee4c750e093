"""The choice of a day's list, pure: dates always, requests next, the rest by worth while the minutes last."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ripeline.leads.models import NextKind, State
from ripeline.routing.worth import Standing
from ripeline.science.choice import ASKING
from ripeline.worklist.rules import HAND_RAISERS, MINUTES, Candidate, Choice, Rank, fill, plan

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


def candidate(
    number: int,
    *,
    p_30: float = 0.04,
    kind: str = NextKind.FOLLOW_UP,
    committed: bool = False,
    source_type: str = "webinar",
    days: float = 40,
    reached_days_ago: float | None = None,
    hours_overdue: float = 0,
) -> Candidate:
    reached = None if reached_days_ago is None else NOW - timedelta(days=reached_days_ago)
    standing = Standing(
        lead_id=UUID(int=number), state=State.WORKING, p_30=p_30, curve="even", since=NOW - timedelta(days=days),
        touches=0 if reached is None else 1, last_touch_at=reached, last_reached_at=reached,
    )  # fmt: skip
    return Candidate(
        standing=standing, next_at=NOW - timedelta(hours=hours_overdue), next_kind=kind, is_committed=committed,
        captured_at=standing.since, source_type=source_type,
    )  # fmt: skip


def numbers(choice: Choice) -> list[int]:
    return [item.candidate.lead_id.int for item in choice.items]


def test_the_likelier_come_first_until_the_day_is_full() -> None:
    people = [candidate(i, p_30=p) for i, p in enumerate([0.02, 0.3, 0.1, 0.05, 0.2], start=1)]
    assert numbers(plan(people, now=NOW, budget=3 * MINUTES[NextKind.FOLLOW_UP])) == [2, 5, 3]


def test_what_was_promised_is_on_the_list_however_full_the_day() -> None:
    promises = [candidate(i, kind=NextKind.PROMISE, hours_overdue=i) for i in range(1, 9)]
    chosen = plan([*promises, candidate(20, p_30=0.9)], now=NOW, budget=30)
    assert numbers(chosen) == [8, 7, 6, 5, 4, 3, 2, 1]


def test_who_asked_for_a_quote_and_has_heard_from_nobody_comes_before_everything() -> None:
    asked = candidate(1, kind=NextKind.FIRST_CONTACT, source_type="quote_request", days=1)
    chosen = plan([candidate(2, committed=True), candidate(3, p_30=0.9), asked], now=NOW, budget=90)
    assert numbers(chosen) == [1, 2, 3]
    assert [item.rank for item in chosen.items] == [Rank.ASKED, Rank.DATED, Rank.OPEN]


def test_the_simulated_market_asks_for_us_by_the_same_kinds_of_source() -> None:
    assert set(HAND_RAISERS) == set(ASKING)


def test_an_old_request_has_no_such_precedence() -> None:
    old = candidate(1, kind=NextKind.FIRST_CONTACT, source_type="quote_request", days=200)
    assert plan([old], now=NOW, budget=90).items[0].rank is Rank.OPEN


def test_a_hundred_requests_do_not_make_an_endless_day() -> None:
    asked = [candidate(i, kind=NextKind.FIRST_CONTACT, source_type="demo_request", days=1) for i in range(1, 101)]
    assert plan(asked, now=NOW, budget=90).minutes <= 90


def test_who_was_reached_yesterday_comes_after_who_was_not() -> None:
    pair = [candidate(1, reached_days_ago=1), candidate(2, reached_days_ago=60)]
    assert numbers(plan(pair, now=NOW, budget=90)) == [2, 1]


def test_of_those_nobody_has_been_in_touch_with_the_likelier_come_first_however_old() -> None:
    fresh = [candidate(i, p_30=0.04, kind=NextKind.FIRST_CONTACT, days=10 * i) for i in (1, 2, 3)]
    old = [candidate(10 + n, p_30=p, kind=NextKind.REOPENED, days=0) for n, p in enumerate([0.03, 0.02, 0.01])]
    assert numbers(plan([*old, *fresh], now=NOW, budget=90))[3:] == [10, 11, 12]
    assert set(numbers(plan([*old, *fresh], now=NOW, budget=24))) == {1, 2, 3}


def test_a_day_too_short_for_anybody_still_has_somebody() -> None:
    assert numbers(plan([candidate(1), candidate(2)], now=NOW, budget=1)) == [1]
    assert numbers(plan([candidate(1)], now=NOW, budget=1, at_least_one=False)) == []


def test_nobody_due_makes_an_empty_day() -> None:
    assert not plan([], now=NOW, budget=90).items


def colleague(number: int, account: int, **known: Any) -> Candidate:
    return replace(candidate(number, **known), account_id=UUID(int=account))


def test_of_one_company_the_second_waits_for_another_day_unless_they_are_worth_it() -> None:
    northgate = [colleague(n, 1, p_30=0.1, reached_days_ago=30) for n in (1, 2, 3)]
    others = [colleague(10 + n, 10 + n, p_30=0.07, reached_days_ago=30) for n in range(3)]
    assert numbers(plan([*northgate, *others], now=NOW, budget=4 * 6)) == [1, 10, 11, 12]
    much = colleague(4, 1, p_30=0.5, reached_days_ago=30)
    assert numbers(plan([*northgate, *others, much], now=NOW, budget=2 * 6))[0] == 4


def test_colleagues_on_one_day_stand_together() -> None:
    people = [colleague(1, 1, p_30=0.5), colleague(2, 2, p_30=0.4), colleague(3, 1, p_30=0.3)]
    assert numbers(plan(people, now=NOW, budget=90)) == [1, 3, 2]


def test_a_colleague_of_somebody_with_a_date_today_brings_less() -> None:
    dated = colleague(1, 1, committed=True)
    same, other = colleague(2, 1, p_30=0.1, reached_days_ago=30), colleague(3, 3, p_30=0.08, reached_days_ago=30)
    assert numbers(plan([dated, same, other], now=NOW, budget=12)) == [1, 3]


def test_a_day_is_not_twelve_of_the_same_kind_where_others_are_about_as_good() -> None:
    fair = [replace(candidate(n, p_30=0.1, reached_days_ago=30), source="Fair") for n in range(1, 31)]
    web = [replace(candidate(100 + n, p_30=0.09, reached_days_ago=30), source="Web") for n in range(30)]
    chosen = plan([*fair, *web], now=NOW, budget=72)
    assert 3 <= sum(number >= 100 for number in numbers(chosen)) <= 9


some_people = st.lists(
    st.tuples(
        st.floats(0, 1), st.sampled_from(list(NextKind)), st.booleans(),
        st.sampled_from(["quote_request", "webinar"]), st.floats(0, 400), st.none() | st.floats(0, 400),
    ),
    max_size=40,
).map(
    lambda rows: [
        candidate(i, p_30=p, kind=kind, committed=committed, source_type=source, days=days, reached_days_ago=reached)
        for i, (p, kind, committed, source, days, reached) in enumerate(rows, start=1)
    ]
)  # fmt: skip


@given(some_people, st.integers(0, 240))
def test_for_any_day_dates_are_in_and_the_rest_fits(people: list[Candidate], budget: int) -> None:
    chosen = plan(people, now=NOW, budget=budget)
    dated = {c.lead_id for c in people if c.rank(NOW) is Rank.DATED}
    listed = {item.candidate.lead_id for item in chosen.items}
    assert dated <= listed
    assert len(listed) == len(chosen.items)
    assert bool(people) == bool(listed)
    others = [item.candidate.minutes for item in chosen.items if item.rank is not Rank.DATED]
    assert sum(others) <= budget or (len(others) == 1 and not dated)
    ranks = [item.rank for item in chosen.items]
    assert ranks == sorted(ranks)


@given(some_people, st.integers(0, 240), st.randoms(use_true_random=False))
def test_the_order_in_which_leads_are_read_changes_nothing(
    people: list[Candidate], budget: int, chance: random.Random
) -> None:
    shuffled = people.copy()
    chance.shuffle(shuffled)
    assert numbers(plan(people, now=NOW, budget=budget)) == numbers(plan(shuffled, now=NOW, budget=budget))


@given(some_people, st.integers(0, 240))
def test_more_minutes_never_take_the_best_away(people: list[Candidate], budget: int) -> None:
    best = next((i.candidate.lead_id for i in plan(people, now=NOW, budget=budget).items if i.rank is Rank.OPEN), None)
    more = {i.candidate.lead_id for i in plan(people, now=NOW, budget=budget + 240).items}
    assert best is None or best in more


@given(some_people)
def test_nobody_untouched_comes_after_a_less_likely_one(people: list[Candidate]) -> None:
    items = plan(people, now=NOW, budget=24 * 60).items
    untouched = [i for i in items if i.rank is Rank.OPEN and not i.candidate.standing.touches]
    chances = [i.candidate.standing.p_30 for i in untouched]
    assert chances == sorted(chances, key=lambda p: -(p or 0))


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1), st.integers(1, 60)), max_size=50), st.integers(0, 300)
)  # fmt: skip
def test_nothing_better_that_would_have_fitted_is_left_out(rows: list[tuple[int, float, int]], budget: int) -> None:
    ranks, values, minutes = (np.array(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    picked = set(fill(ranks=ranks, values=values, minutes=minutes, budget=budget).tolist())
    spent = sum(rows[i][2] for i in picked)
    for i, (rank, value, cost) in enumerate(rows):
        if i in picked or rank != Rank.OPEN:
            continue
        worse = [j for j in picked if rows[j][0] == Rank.OPEN and rows[j][1] < value]
        assert spent - sum(rows[j][2] for j in worse) + cost > budget
