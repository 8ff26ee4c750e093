"""What is known of an episode on a day: nothing that came later, and never more than the dates allow."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ripeline.science import truth
from ripeline.science.errors import InputError, NotFiniteError
from ripeline.science.gate import FloatArray
from ripeline.science.outcomes import NEVER, OPEN, RIPE, SAME_DAY, Observed, Outcomes, known, observe

NAN = float("nan")


@dataclass
class Dates:
    """Days on which things happened to some episodes."""

    start: FloatArray
    ripe_at: FloatArray
    never_at: FloatArray
    entry_at: FloatArray

    def seen(self, as_of: float) -> Observed:
        return observe(
            self.start, ripe_at=self.ripe_at, never_at=self.never_at, entry_at=self.entry_at, as_of=as_of, horizon=20.0
        )


@st.composite
def dates(draw: st.DrawFn) -> Dates:
    """Any dates, on whole days or with a time, sensible or not; many on the same days, so that ties come up."""
    n = draw(st.integers(0, 12))
    unit = draw(st.sampled_from([1.0, 0.25]))
    day = st.integers(-10, 60).map(lambda whole: whole * unit)

    def column(values: "st.SearchStrategy[float]") -> NDArray[np.float64]:
        return np.array(draw(st.lists(values, min_size=n, max_size=n)), dtype=np.float64)

    maybe = st.one_of(st.just(NAN), day)
    start = column(day)
    entry = np.maximum(start, np.nan_to_num(column(maybe), nan=-np.inf))
    return Dates(start=start, ripe_at=column(maybe), never_at=column(maybe), entry_at=entry)


def rows(outcomes: Outcomes) -> list[tuple[float, ...]]:
    """The rows that say something: watched for a while, or known never to ripen."""
    table = np.column_stack([outcomes.start, outcomes.entry, outcomes.time, outcomes.code])
    says = (outcomes.time > outcomes.entry) | (outcomes.code == NEVER)
    return [tuple(row) for row in table[says].tolist()]


def one(**given: float) -> tuple[float, int]:
    """Age and status of one episode that began on day 0."""
    as_of = given.pop("as_of")
    horizon = given.pop("horizon", 365.0)
    days = {name: [value] for name, value in given.items()}
    seen = observe([0.0], **{"ripe_at": [NAN], **days}, as_of=as_of, horizon=horizon).outcomes  # type: ignore[arg-type]
    return float(seen.time[0]), int(seen.code[0])


def test_an_episode_is_open_until_it_is_ripe_or_let_go() -> None:
    assert one(as_of=30) == (30.0, OPEN)
    assert one(ripe_at=20, as_of=30) == (20.0, RIPE)
    assert one(never_at=20, as_of=30) == (20.0, NEVER)
    assert one(ripe_at=40, never_at=35, as_of=30) == (30.0, OPEN)


def test_of_ripe_and_let_go_the_earlier_counts_and_ripe_on_the_same_day() -> None:
    assert one(ripe_at=10, never_at=20, as_of=30) == (10.0, RIPE)
    assert one(ripe_at=20, never_at=10, as_of=30) == (10.0, NEVER)
    assert one(ripe_at=20, never_at=20, as_of=30) == (20.0, RIPE)


def test_past_the_horizon_open_means_never_and_so_does_a_later_win() -> None:
    assert one(as_of=364) == (364.0, OPEN)
    assert one(as_of=365) == (365.0, NEVER)
    assert one(ripe_at=365, as_of=900) == (365.0, RIPE)
    assert one(ripe_at=366, as_of=900) == (365.0, NEVER)
    assert one(ripe_at=400, as_of=500, horizon=450) == (400.0, RIPE)


def test_ripe_on_the_day_it_came_is_half_a_day_after() -> None:
    assert one(ripe_at=0, as_of=30) == (SAME_DAY, RIPE)
    assert one(ripe_at=0, as_of=0) == (0.0, OPEN)


def test_won_before_captured_and_dates_in_the_future_are_left_out_and_counted() -> None:
    seen = observe([0, 10, 99, 5], ripe_at=[3, 4, NAN, 200], as_of=50)
    assert (seen.before, seen.future) == (1, 1)
    assert seen.kept.tolist() == [True, False, False, True]
    assert seen.outcomes.code.tolist() == [RIPE, OPEN]


def test_a_win_before_the_capture_that_is_not_known_yet_changes_nothing() -> None:
    seen = observe([100.0], ripe_at=[90.0], as_of=80.0)
    assert (seen.before, seen.future, len(seen.outcomes)) == (0, 1, 0)


def test_what_was_over_before_it_came_under_observation_is_left_out() -> None:
    seen = observe([0, 0, 0], ripe_at=[5, 20, NAN], entry_at=[10, 10, 10], as_of=30)
    assert seen.kept.tolist() == [False, True, True]
    assert seen.outcomes.entry.tolist() == [10, 10]


def test_an_entry_before_the_start_or_unknown_is_the_start() -> None:
    seen = observe([5.0, 5.0], ripe_at=[NAN, NAN], entry_at=[1.0, NAN], as_of=30)
    assert seen.outcomes.entry.tolist() == [0.0, 0.0]


def test_no_episodes_are_no_outcomes() -> None:
    seen = observe([], ripe_at=[], as_of=1.0)
    assert (len(seen.outcomes), seen.outcomes.events, seen.future) == (0, 0, 0)


@pytest.mark.parametrize("bad", [NAN, float("inf")])
def test_a_start_that_is_no_day_is_refused(bad: float) -> None:
    with pytest.raises(NotFiniteError, match="start"):
        observe([0.0, bad], ripe_at=[NAN, NAN], as_of=1.0)


def test_columns_of_different_lengths_and_words_are_refused() -> None:
    with pytest.raises(InputError, match="ripe_at"):
        observe([0.0, 1.0], ripe_at=[NAN], as_of=1.0)
    with pytest.raises(InputError, match="never_at"):
        observe([0.0], ripe_at=[NAN], never_at=[1.0, 2.0], as_of=1.0)
    with pytest.raises(InputError, match="start"):
        observe(["yesterday"], ripe_at=[NAN], as_of=1.0)  # type: ignore[list-item]
    with pytest.raises(NotFiniteError, match="as_of"):
        observe([0.0], ripe_at=[NAN], as_of=NAN)
    with pytest.raises(InputError, match="horizon"):
        observe([0.0], ripe_at=[NAN], as_of=1.0, horizon=0.0)


@given(dates(), st.integers(-5, 60))
def test_every_outcome_keeps_the_promises_of_its_documentation(days: Dates, as_of: int) -> None:
    seen = days.seen(as_of)
    found = seen.outcomes
    assert seen.kept.sum() == len(found) <= len(days.start)
    assert np.all((found.time >= found.entry) & (found.entry >= 0) & (found.time <= found.horizon))
    assert np.all((found.time > found.entry) | (found.entry == 0))
    assert np.all(found.start <= as_of)
    assert np.all(found.start + found.time <= as_of)
    assert seen.future + seen.before + len(found) <= len(days.start)
    assert found.events == (found.code == RIPE).sum()


@given(dates(), st.integers(-5, 60), st.integers(0, 2**32 - 1))
def test_what_happens_after_the_day_looked_at_changes_nothing_to_the_last_bit(
    days: Dates, as_of: int, seed: int
) -> None:
    """A planted leak: whatever is written after the day, be it wins, refusals or nothing at all."""
    rng = np.random.default_rng(seed)

    def rewritten(column: FloatArray) -> FloatArray:
        later = np.where(rng.random(len(column)) < 0.5, NAN, as_of + rng.exponential(50, len(column)) + 1e-9)
        return np.where(column <= as_of, column, later)

    other = Dates(
        start=np.where(days.start <= as_of, days.start, as_of + 1.0),
        ripe_at=rewritten(days.ripe_at),
        never_at=rewritten(days.never_at),
        entry_at=days.entry_at,
    )
    one, two = days.seen(as_of), other.seen(as_of)
    assert np.array_equal(one.kept, two.kept)
    assert (one.future, one.before) == (two.future, two.before)
    for name in ("start", "entry", "time", "code"):
        assert getattr(one.outcomes, name).tobytes() == getattr(two.outcomes, name).tobytes()


@given(dates(), st.integers(-5, 40), st.integers(0, 40))
def test_until_an_earlier_day_is_what_was_seen_then(days: Dates, earlier: int, more: int) -> None:
    then = days.seen(earlier).outcomes
    back = days.seen(earlier + more).outcomes.until(earlier)
    assert back.as_of == then.as_of == earlier
    assert rows(back.take(back.start <= earlier)) == rows(then)


@given(dates(), st.integers(-5, 40), st.integers(0, 40))
def test_since_a_day_is_late_entry_on_that_day(days: Dates, day: int, more: int) -> None:
    late = Dates(days.start, days.ripe_at, days.never_at, np.maximum(days.entry_at, day))
    one, two = days.seen(day + more).outcomes.since(day), late.seen(day + more).outcomes
    watched = two.time > two.entry
    assert rows(one) == rows(two.take(watched))


@given(dates(), st.integers(0, 40))
def test_to_look_back_twice_is_to_look_back_once(days: Dates, day: int) -> None:
    seen = days.seen(50.0).outcomes
    assert rows(seen.until(40.0).until(day)) == rows(seen.until(day))


def test_a_simulated_truth_is_seen_bit_by_bit() -> None:
    true = truth.simulate(500, rng=np.random.default_rng(1), log_odds=0.0, lost_share=0.3, late_share=0.3)
    events = [true.seen(day).outcomes.events for day in (0, 60, 120, 400, 900)]
    assert events == sorted(events)
    assert events[0] == 0 < events[-1] <= np.isfinite(true.ripe_at).sum()


def test_labels_are_outcomes_that_are_all_decided() -> None:
    assert known([1, 0, 1]).code.tolist() == [RIPE, NEVER, RIPE]
    for strange in ([0.5], [2], [-1]):
        with pytest.raises(InputError, match="must be 0 or 1"):
            known(strange)
    with pytest.raises(NotFiniteError):
        known([1.0, NAN])
