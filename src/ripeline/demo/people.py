"""Whom the demo company meets: invented people at invented practices, at reserved addresses and numbers."""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

COLLEAGUE = 0.16  # share of the leads who work where an earlier one does
GROUP = 0.18  # share of the practices that have several sites
SITES, CHAIRS = (2, 2, 3, 3, 4, 5, 6, 9, 14), (2, 3, 3, 4, 5, 6)  # of a group; of a site
TRIES = 12  # at a name that nobody has yet; small countries run out of them


@dataclass(frozen=True)
class Country:
    """How people and practices are called there, and which numbers are reserved for fiction (# is a digit)."""

    code: str
    language: str
    share: float
    first: Sequence[str]
    last: Sequence[str]
    place: Sequence[str]
    practice: Sequence[str]
    group: Sequence[str]
    phone: Sequence[str]


@dataclass(frozen=True)
class Trade:
    """What a practice treats in, and who else works there."""

    words: str
    unit: str
    titles: Sequence[str]


def _countries(rows: Sequence[dict[str, Any]]) -> list[Country]:
    return [
        Country(
            **row
            | {name: row[name].split() for name in ("first", "last")}
            | {"place": [each.strip() for each in row["place"].split("|")]}
        )
        for row in rows
    ]


_TOML = tomllib.loads(Path(__file__).with_name("people.toml").read_text("utf-8"))
COUNTRIES = _countries(_TOML["country"])
TITLES: dict[str, list[str]] = _TOML["titles"]
TRADES = [Trade(**row) for row in _TOML["trade"]]


@dataclass(frozen=True)
class Practice:
    """Where somebody works."""

    name: str
    domain: str
    country: Country
    sites: int
    chairs: int

    @property
    def trade(self) -> Trade:
        """By the words in its name."""
        return next(trade for trade in TRADES if re.search(trade.words, self.name.casefold()))


@dataclass(frozen=True)
class Somebody:
    """Who comes to us. What is empty was not given."""

    first: str
    last: str
    title: str
    email: str
    phone: str
    practice: Practice
    names_practice: bool

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


class People:
    """Makes people who differ; the same `random` makes the same people."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._names: set[str] = set()
        self._domains: set[str] = set()
        self._emails: set[str] = set()
        self._phones: set[str] = set()
        self._practices: dict[str, list[Practice]] = {}

    def somebody(self, *, seniority: str, has_phone: bool, names_practice: bool, has_email: bool = True) -> Somebody:
        """One more person, with what the market says is known of them."""
        able = [country for country in COUNTRIES if country.phone or not has_phone]
        country = self._random.choices(able, [each.share for each in able])[0]
        practice = self._practice(country)
        first, last = self._name(country)
        title = self._random.choice(TITLES[seniority or "none"])
        return Somebody(
            first=first,
            last=last,
            title=title.format(trade=self._random.choice(practice.trade.titles)),
            email=self._email(first, last, practice.domain) if has_email else "",
            phone=self._phone(country) if has_phone else "",
            practice=practice,
            names_practice=names_practice,
        )

    def first_name(self, country: Country) -> str:
        """How a colleague of somebody's may be called."""
        return self._random.choice(country.first)

    def full_name(self, country: Country) -> str:
        """How an acquaintance of somebody's may be called."""
        return f"{self._random.choice(country.first)} {self._random.choice(country.last)}"

    def _phone(self, country: Country) -> str:
        """A number from a range reserved for fiction, once."""
        while True:
            pattern = self._random.choice(country.phone)
            number = re.sub("#", lambda _: str(self._random.randrange(10)), pattern)
            if number not in self._phones:
                self._phones.add(number)
                return number

    def _name(self, country: Country) -> tuple[str, str]:
        for _ in range(TRIES):
            first, last = self._random.choice(country.first), self._random.choice(country.last)
            if f"{first} {last}" not in self._names:
                break
        self._names.add(f"{first} {last}")
        return first, last

    def _email(self, first: str, last: str, domain: str) -> str:
        """An address that nobody else has."""
        local = f"{plain(first)}.{plain(last)}"
        email, again = f"{local}@{domain}", 2
        while email in self._emails:
            email, again = f"{local}{again}@{domain}", again + 1
        self._emails.add(email)
        return email

    def _practice(self, country: Country) -> Practice:
        known = self._practices.setdefault(country.code, [])
        if known and self._random.random() < COLLEAGUE:
            return self._random.choice(known)
        name, is_group = self._new_name(country)
        if not name:
            return self._random.choice(known)
        domain = f"{plain(name)}.example"
        self._domains.add(domain)
        sites = self._random.choice(SITES) if is_group else 1
        chairs = sum(self._random.choice(CHAIRS) for _ in range(sites))
        known.append(Practice(name, domain, country, sites, chairs))
        return known[-1]

    def _new_name(self, country: Country) -> tuple[str, bool]:
        """A name that no practice has yet, and whether it is that of a group; "" where none was found."""
        for _ in range(TRIES):
            is_group = self._random.random() < GROUP
            pattern = self._random.choice(country.group if is_group else country.practice)
            last, other = self._random.sample(country.last, 2)
            name = pattern.format(place=self._random.choice(country.place), last=last, other=other)
            if f"{plain(name)}.example" not in self._domains:
                return name, is_group
        return "", False


_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "ß": "ss", "ı": "i", "ł": "l"})


def plain(text: str) -> str:
    """As an address writes it: ASCII, lower case, hyphens."""
    folded = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", folded.lower().replace("'", "")).strip("-")
