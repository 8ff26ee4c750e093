"""What visits and replies say, how far they are believed, and what a contact is worth after them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science.errors import InputError
from ripeline.science.recheck import contact_value
from ripeline.science.signals import Trust, believe, decayed

counts = st.lists(st.floats(0, 20), min_size=3, max_size=3)
chances = st.floats(0, 1)


@given(chances, counts, st.floats(0, 400))
def test_beliefs_stay_probabilities(p_30: float, done: list[float], days: float) -> None:
    found = believe([p_30], counts=[done], days=[days])
    assert 0 <= found.p_30[0] <= 1
    assert 0 < found.odds[0] < np.inf


@given(chances, counts, st.floats(0, 400))
def test_who_does_not_believe_signals_changes_nothing(p_30: float, done: list[float], days: float) -> None:
    found = believe([p_30], counts=[done], days=[days], trust=0.0)
    assert found.p_30[0] == pytest.approx(p_30, abs=1e-9)
    assert found.odds[0] == pytest.approx(1.0)


@given(st.floats(0.001, 0.9), counts, st.integers(0, 2))
def test_one_more_of_anything_makes_being_ripe_soon_no_less_likely(p_30: float, done: list[float], kind: int) -> None:
    more = list(done)
    more[kind] += 1
    less_p, more_p = believe([p_30] * 2, counts=[done, more], days=[30.0] * 2).p_30
    assert more_p >= less_p - 1e-12


def test_silence_says_a_little_for_not_yet() -> None:
    found = believe([0.1], counts=[[0, 0, 0]], days=[60.0])
    assert 0.05 < found.p_30[0] < 0.1
    assert 0.3 < found.odds[0] < 1


def test_a_count_halves_in_twenty_days_whatever_the_steps() -> None:
    whole = decayed(np.array([8.0]), 20.0)
    steps = np.array([8.0])
    for _ in range(20):
        steps = decayed(steps, 1.0)
    assert whole[0] == pytest.approx(4.0)
    assert steps[0] == pytest.approx(whole[0])


def test_conversations_teach_how_far_signals_can_be_believed() -> None:
    generator = np.random.default_rng(1)
    strength = generator.normal(0, 1.5, 600)
    chance = np.full(600, 0.1)
    odds = np.log(0.1 / 0.9) + strength
    true, false = generator.random(600) < 1 / (1 + np.exp(-odds)), generator.random(600) < 0.1
    right, wrong = Trust(), Trust()
    for trust, ripe in ((right, true), (wrong, false)):
        trust.learn(ripe=ripe, chance=chance, odds_of=lambda power: np.exp(power * strength))
    assert right.power == pytest.approx(1.0, abs=0.25)
    assert wrong.power == pytest.approx(0.0, abs=0.25)


# What a contact is worth after them


def worth(odds: float, p_30: float = 0.04, days: float = 20.0) -> float:
    return float(
        contact_value([p_30], days_since_contact=[days], disposition="reached", kind="even", ripe_odds=[odds])[0]
    )


def test_a_contact_is_worth_more_after_a_visit_and_less_after_silence() -> None:
    assert worth(0.5) < worth(1.0) < worth(5.0) < worth(50.0)


def test_odds_of_one_change_nothing() -> None:
    said = contact_value([0.04], days_since_contact=[20.0], disposition="reached", kind="even")[0]
    assert worth(1.0) == pytest.approx(float(said), rel=1e-12)


@given(chances, st.floats(0, 300), st.floats(0, 1e6))
def test_a_contact_is_never_worth_more_than_a_ripe_one(p_30: float, days: float, odds: float) -> None:
    sure = 0.358 * 0.33 / 6
    assert -1e-12 <= worth(odds, p_30, days) <= sure + 1e-9


def test_the_rest_after_a_conversation_holds_whatever_they_did() -> None:
    assert worth(50.0, days=3.0) == 0.0


@pytest.mark.parametrize(
    "wrong", [{"counts": [[0, 0]]}, {"counts": [[0, 0, 0]], "days": [-1.0]}, {"counts": [[0, 0, 0]], "p_30": [2.0]}]
)
def test_input_that_makes_no_sense_is_refused(wrong: dict[str, list[float]]) -> None:
    with pytest.raises(InputError):
        believe(**({"p_30": [0.1], "days": [1.0]} | wrong))  # type: ignore[arg-type]
