"""The buying stage: from the model and what was seen, and what somebody said of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripeline.science.engagement import seen
from ripeline.science.signals import believe
from ripeline.science.stages import AWARENESS, CONSIDERATION, DECISION, INTERESTED, STAGES, Inferred, infer

NOTHING = [0, 0, 0, 0]


def stage(masks: list[int], *, since: int = 40, said: int = -1, **given: float) -> Inferred:
    given = {"p_30": 0.04, "p_90": 0.12, "p_ever": 0.4, "known_days": 40.0, **given}
    done = seen([masks], ago=[0], since=[since])
    return infer(**{name: [value] for name, value in given.items()}, curve=["even"], seen=done, said=[said])


def test_somebody_who_merely_came_is_aware() -> None:
    assert stage(NOTHING).stage[0] == AWARENESS


def test_somebody_likely_to_be_ripe_within_the_month_compares() -> None:
    asked = stage(NOTHING, since=0, p_30=0.3, p_90=0.4, p_ever=0.7, known_days=0.0)
    assert asked.stage[0] == CONSIDERATION


def test_who_asks_for_a_quote_compares_or_decides_and_months_later_may_have_cooled() -> None:
    aware = stage(NOTHING, asked_days=np.inf)
    assert stage(NOTHING, asked_days=0.0).stage[0] == DECISION
    assert stage(NOTHING, asked_days=30.0).stage[0] >= CONSIDERATION
    chances = [stage(NOTHING, asked_days=float(days)).p[0, AWARENESS] for days in (0, 20, 60, 200, 2000)]
    assert chances == sorted(chances)
    assert stage(NOTHING, asked_days=4000.0).p == pytest.approx(aware.p)


def test_prices_looked_at_again_and_again_make_a_decision_likelier() -> None:
    chances = [stage([0, 0, mask, 0]).p[0, DECISION] for mask in (0b0, 0b1, 0b101, 0b10101)]
    assert chances == sorted(chances)
    assert stage([0, 0, 0b10101, 0]).stage[0] == DECISION


def test_reading_says_less_than_prices() -> None:
    assert stage([0b101, 0, 0, 0]).p[0, DECISION] < stage([0, 0, 0b101, 0]).p[0, DECISION]
    month = [
        believe([0.04], counts=done.counts, pages=done.pages, days=done.days).p_30[0]
        for done in (seen([masks], ago=[0], since=[40]) for masks in ([0b101, 0, 0, 0], [0, 0, 0b101, 0]))
    ]
    assert month[0] < month[1]


@pytest.mark.parametrize("said", range(4))
def test_what_somebody_said_holds(said: int) -> None:
    """Whatever was seen before they said so."""
    assert stage(NOTHING, since=0, said=said).stage[0] == said


def test_one_visit_does_not_overrule_what_somebody_said() -> None:
    assert stage([0, 1, 0, 0], since=10, said=INTERESTED).stage[0] == INTERESTED


def test_what_the_lead_clearly_does_afterwards_overrules_it() -> None:
    assert stage([0, 0, 0b1110101, 0], since=10, said=INTERESTED).stage[0] == DECISION


@given(
    st.lists(st.integers(0, 2**63 - 1), min_size=4, max_size=4), st.integers(0, 400), st.integers(-1, 3),
    st.floats(0, 1), st.floats(0, 1), st.floats(0, 1),
)  # fmt: skip
def test_chances_are_chances(masks: list[int], since: int, said: int, p_30: float, p_90: float, p_ever: float) -> None:
    found = stage(masks, since=since, said=said, p_30=p_30, p_90=p_90, p_ever=p_ever)
    assert found.p.shape == (1, len(STAGES))
    assert np.all(found.p >= 0)
    assert found.p.sum() == pytest.approx(1.0)
    assert found.chance[0] >= 0.25 - 1e-9
