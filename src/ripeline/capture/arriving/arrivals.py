"""An arrival: one time that somebody came to us, whatever the door, on its way to becoming a lead."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from ripeline.leads.decisions.birth import Context, Person
from ripeline.leads.knowing import identity
from ripeline.leads.knowing.identity import Key


class Result(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class Policy(StrEnum):
    """Whose word stays where an arrival says something else than the record; an empty field is filled in any case."""

    FILE = "file"  # the arrival's, but not over what somebody corrected here by hand
    EMPTY = "empty"  # the record's
    NEWEST = "newest"  # the arrival's if it is dated later than the record's last word on the field
    ALWAYS = "always"  # the arrival's


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One time that somebody came to us, cleaned: who, by which keys we know them again, and the context."""

    keys: tuple[Key, ...]
    person: Person
    context: Context  # without source and campaign, which are named here
    source: str = ""
    campaign: str = ""
    dated: bool = True  # False: nobody said when, so `context.captured_at` is only the moment of admission
    owner_id: UUID | None = None  # the rep whose lead it is, where the door knows
    account_id: UUID | None = None  # where they belong if they are new, as long as `person.company` is its name
    due: datetime | None = None  # when to be in touch, where whoever met them said so; else now
    note: str = ""  # of that moment
    was_in_touch: bool = False  # with somebody elsewhere, so the first contact has been
    agreed: bool = False  # the moment was agreed on, so the planner leaves it alone
    policy: Policy = Policy.FILE
    said: frozenset[str] = frozenset()  # of what earlier rows of the same file have said something: that stays
    is_enquiry: bool = True  # False: a row of our own list, or a record that another system made of them
    has_ended: bool = False  # elsewhere, so nobody takes them up
    corrects: bool = True  # False: who may not work on the lead adds what is missing, and overwrites nothing


@dataclass(frozen=True)
class Admitted:
    """What became of an arrival."""

    result: Result
    lead_id: UUID | None = None
    reason: str = ""  # of a rejection, in words
    reopened: bool = False  # born past the horizon, or taken up again
    first: tuple[str, ...] = ()  # fields of which an earlier row of the same file says something else, which stays
    kept: tuple[str, ...] = ()  # fields that somebody corrected here, which stay as they are


@dataclass
class Case:
    """An arrival on its way: which lead it is, if it is one already."""

    arrival: Arrival
    lead_id: UUID | None = None
    is_new: bool = False
    outcome: Admitted | None = None

    @cached_property
    def hints(self) -> tuple[Key, ...]:
        """What else they may be known by, where none of their keys is: each telephone with the name."""
        person = self.arrival.person
        numbers = dict.fromkeys((person.phone, *person.other_phones))
        found = (identity.phone(number, person.name, person.company) for number in numbers)
        return tuple(key for key in found if key)


def event_key(arrival: Arrival) -> str:
    """Names the enquiry itself, so that the same row in the same or another file is not a second enquiry."""
    when = arrival.context.captured_at.isoformat() if arrival.dated else ""
    text = "\x1f".join([when, arrival.source.casefold(), arrival.campaign.casefold(), arrival.context.landing_page])
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def natural_key(signature: str, person: Person, captured_at: datetime | None) -> Key:
    """Knows a row again that has neither address nor id: by what it says, within files of the same header.

    Two rows of one list with the same name, company, telephone and day are one row; nothing is matched across lists.
    """
    distinct: list[Any] = [person.name, person.company, person.phone]
    if not (person.company or person.phone):
        distinct.append(person.title)
    distinct.append(captured_at.date().isoformat() if captured_at else "")
    text = "\x1f".join([signature, *(str(part).casefold().strip() for part in distinct)])
    return Key("natural", hashlib.sha256(text.encode()).hexdigest()[:40])
