"""What people of the demo company's history say and note: sentences from `words.toml` with the facts of the lead."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import reduce
from pathlib import Path
from random import Random
from typing import Any

from ripeline.demo.people import People, Somebody

_POOLS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_HOURS = ("four", "half past four", "five", "half past five", "six")
_DAYTIMES = ("before nine", "at lunch", "after five", "right after two", "early on Fridays")
_DENTAL = ("hygienist", "X-ray", "implants")
_WEEKDAYS = ("on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday")

Facts = Mapping[str, str]


class Words:
    """Draws sentences; a pool repeats itself only when all of it has been said."""

    def __init__(self, random: Random, people: People) -> None:
        self._random = random
        self._people = people
        self._bags: dict[str, list[str]] = {}

    def facts(self, who: Somebody) -> dict[str, str]:
        """What is true of somebody's practice, for everything that is ever said about it."""
        random, practice = self._random, who.practice
        unit = practice.trade.unit
        known = {
            "first": who.first,
            "practice": practice.name,
            "unit": unit,
            "chairs": str(practice.chairs),
            "sites": f"{_NUMBERS[practice.sites] if practice.sites <= 10 else practice.sites} sites",
            "n": _NUMBERS[random.randint(2, 9)],
            "staff": _NUMBERS[random.randint(2, 7)],
            "colleague": self._people.first_name(practice.country),
            "friend": self._people.full_name(practice.country),
        }
        if practice.sites == 1:
            known["sites"] = "one practice"
        for name in ("rival", "system", "pain", "obstacle", "decider", "wish", "plan"):
            known[name] = self._fact(name, known, who.title.lower())
        known["product"] = self.draw("facts.product" if practice.sites == 1 else "facts.product_for_groups")
        return known

    def _fact(self, name: str, known: Facts, title: str) -> str:
        """One that goes with what is known already: nobody waits for themselves, nor has what they might buy."""
        while True:
            found = self.draw(f"facts.{name}").format_map(known)
            strange = known["unit"] != "chair" and any(word in found for word in _DENTAL)
            if found != known.get("rival") and not strange and not title.endswith(found.split()[-1]):
                return found

    kinds = frozenset(_POOLS["message"])

    def draw(self, pool: str) -> str:
        """The next sentence of a pool, as it stands in the file."""
        if not self._bags.get(pool):
            found: Any = reduce(lambda table, key: table[key], pool.split("."), _POOLS)
            self._bags[pool] = self._random.sample(found, len(found))
        return self._bags[pool].pop()

    def say(self, pool: str, facts: Facts, **more: str) -> str:
        """The next sentence of a pool about this lead."""
        random = self._random
        passing = {
            "hour": random.choice(_HOURS), "daytime": random.choice(_DAYTIMES), "weekday": random.choice(_WEEKDAYS),
        }  # fmt: skip
        return self.draw(pool).format_map(_Said({**passing, **facts, **more}))

    def reason(self, day: date, facts: Facts) -> str:
        """Why not before that day."""
        season = f"{day:%B}".lower()
        pool = f"reason.{season}" if season in _POOLS["reason"] and self._random.random() < 0.45 else "reason.any"
        return self.say(pool, facts)


class _Said(dict[str, str]):
    """Facts by name; with a capital letter where the slot has one."""

    def __missing__(self, name: str) -> str:
        value = self[name.lower()] if name[0].isupper() else None
        if value is None:
            raise KeyError(name)
        return value[0].upper() + value[1:]


def soon(day: date) -> str:
    """Some months ahead, as one says it."""
    ahead = (day.month + 1) % 12 + 1
    return {1: "in the new year", 4: "after Easter", 8: "before September", 12: "by December"}.get(
        ahead, f"in {date(2000, ahead, 1):%B}"
    )


def when(day: date, now: date) -> str:
    """A coming day as one says it when agreeing on it."""
    ahead = (day - now).days
    if ahead <= 1:
        return "tomorrow" if ahead == 1 else "today"
    if ahead < 7:
        return f"on {day:%A}"
    if ahead < 28:
        return f"in {_NUMBERS[max(round(ahead / 7), 2)]} weeks" if ahead > 10 else "next week"
    if day.day > 23:
        return f"at the end of {day:%B}"
    return f"in {day:%B}" if day.day > 8 else f"at the beginning of {day:%B}"


def ago(day: date, now: date) -> str:
    """A day in the past as one mentions it."""
    past = (now - day).days
    if past < 14:
        return "last week"
    return f"{_NUMBERS[min(round(past / 7), 10)]} weeks ago" if past < 60 else f"in {day:%B}"
