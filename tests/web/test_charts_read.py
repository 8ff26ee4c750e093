"""What is written in the charts can be read: whole figures once each, and no name over another."""

from itertools import pairwise

import pytest

from ripeline.web.insight import insight_charts, leak_charts


@pytest.mark.parametrize("most", [1, 1.06, 1.15, 1.35, 2.3, 4.6, 5.75, 11, 35, 340, 20_000])
@pytest.mark.parametrize("count", [2, 4])
def test_an_axis_of_leads_has_whole_figures_each_once(most: float, count: int) -> None:
    ticks = leak_charts.ticks(most, count)
    assert ticks == sorted(set(ticks))
    assert ticks[0] == 0
    assert 2 <= len(ticks) <= count + 1
    assert ticks[-1] <= most


@pytest.mark.parametrize("last", [365, 330, 310])
@pytest.mark.parametrize("high", [20.0, 59.5])
def test_the_name_of_what_happened_stands_clear_of_the_others(last: int, high: float) -> None:
    ages = list(range(0, 366, 5))
    whole = [high * age / 365 for age in ages]
    seen = [share for age, share in zip(ages, whole, strict=True) if age <= last]
    lines = {"What happened": seen, "The model": whole, "Rule of 45": whole, "Early rush": whole}
    labels = insight_charts._labels({"ages": ages, "lines": lines}, 60, 320)
    shares = sorted(label["share"] for label in labels)
    line = 60 * 15 / 320
    assert all(upper - lower >= line * 0.99 for lower, upper in pairwise(shares))
    assert shares[-1] <= 60
