"""What the story is made of: people, words, arrivals and follow-up, without a database."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest

from ripeline.catalog.rules import guess_source_type
from ripeline.demo import arriving, pursuit, words
from ripeline.demo.arriving import DAYS, Inflow
from ripeline.demo.people import TITLES, TRADES, People
from ripeline.demo.pursuit import Desk, Habit, pursue
from ripeline.demo.words import Words
from ripeline.ripeness.rules import seniority
from ripeline.science.gate import IntArray
from ripeline.science.market import LOST, WON
from ripeline.science.market_law import DEFAULT_LAW

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def inflow() -> Inflow:
    return arriving.inflow(today=TODAY, leads=3000, seed=7)


@pytest.fixture(scope="module")
def working_days() -> IntArray:
    """For each day of the story the next from Monday to Friday."""
    opening = TODAY - timedelta(days=DAYS)
    works = [day for day in range(DAYS + 500) if (opening + timedelta(days=day)).weekday() < 5]
    return np.array([next(day for day in works if day >= each) for each in range(DAYS + 480)])


def test_as_many_come_as_asked_for_by_the_mix_of_the_law(inflow: Inflow) -> None:
    n = len(inflow.day)
    assert 2800 < n < 3200
    found = Counter(inflow.source_type(place) for place in range(n))
    for kind, share in zip(DEFAULT_LAW.source_types, DEFAULT_LAW.source_share, strict=True):
        assert abs(found[kind] / n - share) < 0.025, kind
    assert abs(inflow.market.fate.will_buy.mean() - 0.45) < 0.03
    assert np.all(np.diff(inflow.day) >= 0)
    assert inflow.day.min() >= 0
    assert inflow.day.max() < DAYS


def test_cards_are_taken_on_the_days_of_a_show(inflow: Inflow) -> None:
    shows = [inflow.day[at] for at in range(len(inflow.day)) if inflow.source_type(at) == "trade_show"]
    days = {arriving_day(inflow, day) for day in shows}
    assert len(days) < 16
    assert all(day.weekday() in (3, 4) for day in days)


def arriving_day(inflow: Inflow, day: float) -> date:
    return inflow.opening + timedelta(days=int(day))


def test_each_source_s_name_says_its_type() -> None:
    assert set(arriving.SOURCES) == set(DEFAULT_LAW.source_types)
    assert {kind: guess_source_type(name) for kind, name in arriving.SOURCES.items()} == {
        k: k for k in arriving.SOURCES
    }


def test_job_titles_say_the_seniority_they_stand_for() -> None:
    for kind, titles in TITLES.items():
        for title in titles:
            for trade in TRADES:
                for who in trade.titles:
                    assert seniority(title.format(trade=who)) == ("" if kind == "none" else kind), title


def test_diligence_finds_more_than_giving_up_early(inflow: Inflow, working_days: IntArray) -> None:
    def wins(habit: Habit) -> float:
        desk = Desk(habit=habit, next_work=working_days)
        found = pursue(inflow, [desk], first=0, frontier=DAYS, seed=1)
        early = inflow.day < DAYS - 300
        return float(np.isin(found.law.outcome, (WON, LOST))[early].mean())

    diligent = wins(Habit(hot_hours=1, cold_hours=6))
    quitter = wins(Habit(hot_hours=1, cold_hours=6, gave_up_until=DAYS))
    assert diligent > 0.18
    assert quitter < 0.6 * diligent


def test_no_contact_is_made_on_the_day_that_lies_ahead_and_everybody_open_has_a_date(
    inflow: Inflow, working_days: IntArray
) -> None:
    desk = Desk(habit=Habit(hot_hours=1, cold_hours=6), next_work=working_days)
    found = pursue(inflow, [desk], first=0, frontier=DAYS, seed=1)
    made = ~np.isnan(found.moment)
    assert np.nanmax(found.moment) < DAYS
    assert np.all(found.moment[made] >= np.broadcast_to(inflow.day[:, None], made.shape)[made])
    open_after = made & np.isin(found.found, (pursuit.NO_ANSWER, pursuit.REACHED, pursuit.STILL_WORKING))
    assert np.all(found.next_day[open_after] > 0)


def test_every_sentence_finds_its_facts() -> None:
    people = People(Random(1))
    speaker = Words(Random(2), people)
    given = {"soon": "in May", "when": "in June", "ago": "in March", "amount": "£100", "reason": "after the move"}
    for pool in _pools(words._POOLS):
        for _ in range(40):
            who = people.somebody(seniority="", has_phone=False, names_practice=True)
            said = speaker.say(pool, speaker.facts(who), **given)
            assert "{" not in said
            assert not said or said[0].isupper() or said[0] in "“0123456789" or pool.startswith(("reason", "promise"))


def _pools(table: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, found in table.items():
        if name == "facts":
            continue
        if isinstance(found, dict):
            yield from _pools(found, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def test_two_thousand_people_are_two_thousand_addresses() -> None:
    people = People(Random(3))
    found = [people.somebody(seniority="", has_phone=n % 2 == 0, names_practice=True) for n in range(2000)]
    assert len({who.email for who in found}) == 2000
    assert len({who.phone for who in found if who.phone}) == 1000
    assert len({who.name for who in found}) > 1900
    at_work = Counter(who.practice.name for who in found)
    assert 1200 < len(at_work) < 1900  # some have colleagues


@pytest.mark.parametrize(
    ("ahead", "said"),
    [(1, "tomorrow"), (3, "on Friday"), (8, "next week"), (20, "in three weeks"), (67, "at the end of January")],
)
def test_days_are_said_as_people_say_them(ahead: int, said: str) -> None:
    assert words.when(TODAY + timedelta(days=ahead), TODAY) == said
