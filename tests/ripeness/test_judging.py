"""Which outcomes are kept back to judge a model by."""

import numpy as np

from ripeline.ripeness.judging import FEWEST, held_out
from ripeline.science.outcomes import OPEN, RIPE, Outcomes


def record(ripe_at: list[float], *, as_of: float) -> Outcomes:
    """As many leads again are still open."""
    n = len(ripe_at)
    time = np.array([30.0] * n + [100.0] * n)
    start = np.array([at - 30.0 for at in ripe_at] * 2)
    code = np.array([RIPE] * n + [OPEN] * n, dtype=np.int8)
    return Outcomes(start=start, entry=np.zeros(2 * n), time=time, code=code, as_of=as_of)


def test_the_last_two_months_where_enough_ripened_in_them() -> None:
    assert held_out(record([100.0 + at * 10 for at in range(40)], as_of=500.0)) == 380.0


def test_an_old_record_is_judged_by_its_own_last_part() -> None:
    """Eight years ago many ripened, and none since: that can be learnt from, too."""
    day = held_out(record([100.0 + at for at in range(200)], as_of=3000.0))
    assert day == 259.0
    few = held_out(record([100.0 + at for at in range(2 * FEWEST + 2)], as_of=3000.0))
    assert few == 111.0


def test_too_few_or_all_on_one_day_say_nothing() -> None:
    assert held_out(record([100.0 + at for at in range(2 * FEWEST - 1)], as_of=3000.0)) is None
    assert held_out(record([100.0] * 50, as_of=3000.0)) is None
