"""When to look at a lead again: sooner if likelier, later if busier, and as a brute-force optimum would have it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science.errors import InputError, NotFiniteError, UnknownKeyError
from ripeline.science.recheck import BECAUSE, DUE, OWN_DATE, QUIET, RESTING, contact_value, next_contact
from ripeline.science.recheck_rules import DEFAULT_RULES, Rules

chances = st.floats(0, 1)
outcomes = st.sampled_from(DEFAULT_RULES.dispositions)
kinds = st.sampled_from(DEFAULT_RULES.kinds)


def days(p_30: float, disposition: str = "reached", kind: str = "even", **known: object) -> int:
    return int(next_contact([p_30], disposition=disposition, kind=kind, **known).days[0])  # type: ignore[arg-type]


# What a rep gets


def test_a_green_lead_spoken_to_comes_back_in_five_weeks_a_turning_one_in_two() -> None:
    assert 28 <= days(0.04) <= 42
    assert 10 <= days(0.2) <= 16


def test_nobody_who_did_not_answer_is_left_for_long_at_first_and_the_pauses_grow() -> None:
    pauses = [days(0.04, "no_answer", attempts=attempts, days_unseen=2.0 * attempts) for attempts in range(1, 7)]
    assert pauses[0] <= 2
    assert sum(pauses[:3]) <= 21
    assert pauses == sorted(pauses)


def test_a_hand_raiser_who_did_not_answer_is_tried_daily() -> None:
    assert [days(0.3, "no_answer", "front_loaded", attempts=attempts) for attempts in (1, 2, 3)] == [1, 1, 1]


def test_one_who_answered_before_is_tried_sooner_than_one_who_never_did() -> None:
    assert days(0.04, "no_answer", attempts=5, ever_reached=True, days_unseen=30) <= days(
        0.04, "no_answer", attempts=5, days_unseen=30
    )


def test_not_now_means_a_month_at_least() -> None:
    result = next_contact([0.9], disposition="green_later", kind="even")
    assert result.days[0] >= 30
    assert result.because[0] == RESTING


def test_still_working_on_it_means_a_fortnight_at_most() -> None:
    assert 7 <= days(0.04, "still_working") <= 14


def test_ones_own_date_decides() -> None:
    result = next_contact([0.5] * 3, disposition="snoozed", kind="even", own_days=[45, np.nan, 0.2])
    assert result.days[[0, 2]].tolist() == [45, 1]
    assert result.because.tolist() == [OWN_DATE, DUE, OWN_DATE]
    assert [BECAUSE[code] for code in result.because[:1]] == ["own_date"]


def test_a_lead_hardly_worth_a_call_is_looked_at_all_the_same() -> None:
    result = next_contact([0.0], disposition="reached", kind="even")
    assert result.days[0] == DEFAULT_RULES.longest_days
    assert result.because[0] == QUIET


def test_a_fresh_hand_raiser_comes_before_a_fresh_white_paper_and_fades_by_the_day() -> None:
    hand, paper = (
        contact_value([p] * 4, days_since_contact=[0, 5, 10, 15], disposition="new", kind=kind)
        for p, kind in ((0.3, "front_loaded"), (0.03, "even"))
    )
    assert hand[0] > 5 * paper[0]
    assert np.all(np.diff(hand) < 0)


def test_within_its_rest_a_lead_is_worth_no_minute() -> None:
    worth = contact_value([0.3, 0.3], days_since_contact=[6, 8], disposition="reached", kind="even")
    assert worth[0] == 0
    assert worth[1] > 0


# Laws


@given(chances, outcomes, kinds, st.integers(0, 30), st.booleans(), st.floats(0, 900), st.floats(0, 50))
def test_next_contacts_are_between_tomorrow_and_a_year_from_now(
    p_30: float, disposition: str, kind: str, attempts: int, reached: bool, unseen: float, value: float
) -> None:
    result = next_contact(
        [p_30],
        disposition=disposition,
        kind=kind,
        attempts=attempts,
        ever_reached=reached,
        days_unseen=unseen,
        value=value,
    )
    assert 1 <= result.days[0] <= 365
    worth = contact_value(
        [p_30],
        days_since_contact=unseen,
        disposition=disposition,
        kind=kind,
        attempts=attempts,
        ever_reached=reached,
        days_unseen=unseen,
        value=value,
    )
    assert np.isfinite(worth[0])
    assert worth[0] >= 0


@given(st.floats(0.001, 0.9), st.floats(1.0, 3.0), kinds)
def test_a_likelier_lead_of_the_same_kind_is_never_looked_at_later(p_30: float, times: float, kind: str) -> None:
    assert days(min(p_30 * times, 1.0), "reached", kind) <= days(p_30, "reached", kind)


@given(chances, outcomes, kinds, st.integers(0, 8), st.floats(1, 10))
def test_a_busier_team_looks_later_and_a_dearer_lead_is_looked_at_sooner(
    p_30: float, disposition: str, kind: str, attempts: int, times: float
) -> None:
    usual = days(p_30, disposition, kind, attempts=attempts)
    assert days(p_30, disposition, kind, attempts=attempts, price=DEFAULT_RULES.price * times) >= usual
    assert days(p_30, disposition, kind, attempts=attempts, value=times) <= usual


@given(st.floats(0.001, 1), outcomes, kinds, st.integers(0, 8))
def test_on_the_day_it_is_due_a_contact_is_worth_its_minutes_and_not_the_day_before(
    p_30: float, disposition: str, kind: str, attempts: int
) -> None:
    known = {"disposition": disposition, "kind": kind, "attempts": attempts}
    result = next_contact([p_30], **known)  # type: ignore[arg-type]
    if result.because[0] == DUE:
        day = result.days[0]
        earlier = max(day * 0.92 - 1, 0.0)  # the day tried before it
        worth = contact_value([p_30] * 2, days_since_contact=[day, earlier], **known)  # type: ignore[arg-type]
        assert worth[0] >= DEFAULT_RULES.price
        assert day == 1 or worth[1] < DEFAULT_RULES.price


@given(st.lists(st.tuples(chances, outcomes, kinds, st.integers(0, 8)), min_size=1, max_size=20))
def test_each_lead_is_planned_for_itself(rows: list[tuple[float, str, str, int]]) -> None:
    together = next_contact(
        [row[0] for row in rows],
        disposition=[row[1] for row in rows],
        kind=[row[2] for row in rows],
        attempts=[row[3] for row in rows],
    )
    alone = [days(p_30, outcome, kind, attempts=attempts) for p_30, outcome, kind, attempts in rows]
    assert together.days.tolist() == alone


# Truth


def plain_rules(*, window: float) -> Rules:
    """Everybody answers, no rest, one kind: the model of which the index is the exact solution."""
    return replace(
        DEFAULT_RULES,
        reach=1.0,
        never=0.0,
        longest_days=365.0,
        window_days=np.full(len(DEFAULT_RULES.kinds), window),
        not_before=np.zeros(len(DEFAULT_RULES.dispositions)),
    )


def best_day_by_dynamic_programming(*, hazard: float, window: float, gain: float, cost: float) -> int:
    """Wait or contact, day by day over many years, without any formula for the optimum.

    V[t]: the best still to come, t days after the lead was known to be green. Masses are not renormalised: waiting
    tells nothing. Contacting finds it ripe (and ends), gone (and ends) or green (and t starts again).
    """
    t = np.arange(400.0)
    green = np.exp(-hazard * t)
    ripe = hazard * (np.exp(-hazard * t) - np.exp(-t / window)) / (1 / window - hazard)
    value = np.zeros(len(t))
    for _ in range(6000):
        contact = gain * ripe - cost + green * value[1]
        value = np.maximum(np.append(value[1:], 0.0), contact)
    contact = gain * ripe - cost + green * value[1]
    wait = np.append(value[1:], 0.0)
    return int(np.argmax((contact >= wait) & (t > 0) & (contact > 0)))


@pytest.mark.parametrize(
    ("p_30", "window", "minutes"),
    [(0.04, 45, 6), (0.04, 45, 15), (0.15, 45, 6), (0.15, 21, 10), (0.4, 21, 20), (0.02, 60, 6), (0.6, 20, 30)],
)
def test_the_next_contact_is_the_one_that_brute_force_finds(p_30: float, window: float, minutes: float) -> None:
    rules = plain_rules(window=window)
    best = best_day_by_dynamic_programming(
        hazard=-np.log1p(-p_30) / 30, window=window, gain=rules.closing, cost=minutes * rules.price
    )
    found = days(p_30, rules=rules, minutes=minutes)
    assert abs(found - best) <= max(1.5, 0.1 * best)


def joint_optimum_and_index(
    hazards: tuple[float, float], windows: tuple[float, float], gains: tuple[float, float], days: int
) -> tuple[float, float]:
    """Two leads, one contact a day, all that can be won in so many days: by brute force over every state of both, and
    by contacting whoever has the higher index, where contacting nobody is free too.

    A state is how long ago each was known to be green; chances are not renormalised, as above.
    """
    t = np.arange(days + 2.0)
    green = [np.exp(-h * t) for h in hazards]
    ripe = [h * (np.exp(-h * t) - np.exp(-t / w)) / (1 / w - h) for h, w in zip(hazards, windows, strict=True)]
    index = [
        contact_value(
            np.full(len(t), -np.expm1(-30 * h)), days_since_contact=t, disposition="reached", kind="even", value=gain,
            rules=plain_rules(window=w), minutes=1.0,
        )
        for h, w, gain in zip(hazards, windows, gains, strict=True)
    ]  # fmt: skip
    n = days + 1
    first, second = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    alone = [np.zeros(n + 1), np.zeros(n + 1)]  # the other has been found ripe or gone
    best = [np.zeros((n + 1, n + 1)), np.zeros((n + 1, n + 1))]  # the optimum, the index
    for _ in range(days):
        after = []
        for found in best:
            one = gains[0] * ripe[0][first] + green[0][first] * found[1, second + 1]
            one += (1 - green[0][first]) * alone[1][second + 1]
            two = gains[1] * ripe[1][second] + green[1][second] * found[first + 1, 1]
            two += (1 - green[1][second]) * alone[0][first + 1]
            after.append((one, two, found[first + 1, second + 1]))
        new = [np.maximum(np.maximum(*after[0][:2]), after[0][2])]
        new.append(np.where(index[0][first] >= index[1][second], after[1][0], after[1][1]))
        for found, rows in zip(best, new, strict=True):
            found[:n, :n] = rows
            found[n, :], found[:, n] = found[n - 1, :], found[:, n - 1]
        for lead in (0, 1):
            called = gains[lead] * ripe[lead][:n] + green[lead][:n] * alone[lead][1]
            alone[lead][:n] = np.maximum(called, alone[lead][1 : n + 1])
            alone[lead][n] = alone[lead][n - 1]
    return float(best[0][1, 1]), float(best[1][1, 1])


@pytest.mark.parametrize(
    ("hazards", "windows", "gains"),
    [
        ((0.02, 0.02), (12, 12), (1, 1)),
        ((0.05, 0.01), (12, 12), (1, 1)),
        ((0.05, 0.01), (5, 30), (1, 3)),
        ((0.1, 0.03), (4, 4), (1, 2)),
    ],
)
def test_of_two_leads_the_index_calls_whom_brute_force_would(
    hazards: tuple[float, float], windows: tuple[float, float], gains: tuple[float, float]
) -> None:
    optimum, by_index = joint_optimum_and_index(hazards, windows, gains, days=60)
    assert by_index <= optimum + 1e-9
    assert by_index >= 0.97 * optimum


def test_an_hour_is_worth_most_on_the_likeliest_whatever_the_price() -> None:
    """The index does not know the price, so the order of a day cannot depend on how busy it is."""
    p = np.linspace(0.01, 0.5, 50)
    worth = contact_value(p, days_since_contact=20, disposition="reached", kind="even")
    assert np.all(np.diff(worth) > 0)


def test_extremes_stay_finite() -> None:
    worth = contact_value(
        [0.0, 1.0, 1.0, 1e-12],
        days_since_contact=[0, 0, 3650, 3650],
        disposition="no_answer",
        kind="front_loaded",
        attempts=[0, 1, 10_000, 3],
        days_unseen=[0, 0, 3650, 0],
    )
    assert np.all(np.isfinite(worth))
    assert next_contact([], disposition=[], kind=[]).days.shape == (0,)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"p_30": [1.2]}, InputError),
        ({"p_30": [np.nan]}, NotFiniteError),
        ({"disposition": "vanished"}, UnknownKeyError),
        ({"kind": "steep"}, UnknownKeyError),
        ({"attempts": [-1]}, InputError),
        ({"attempts": [1, 2]}, InputError),
        ({"ever_reached": 0.5}, InputError),
        ({"days_unseen": [-2.0]}, InputError),
        ({"value": [-1.0]}, InputError),
        ({"minutes": 0.0}, InputError),
        ({"price": -1.0}, InputError),
        ({"own_days": ["soon"]}, InputError),
        ({"own_days": [1.0, 2.0]}, InputError),
    ],
)
def test_bad_input_is_refused_by_name(change: dict[str, object], error: type[InputError]) -> None:
    given_: dict[str, object] = {"p_30": [0.1], "disposition": "reached", "kind": "even"} | change
    with pytest.raises(error) as refusal:
        next_contact(given_.pop("p_30"), **given_)  # type: ignore[arg-type]
    assert refusal.value.name in change
