"""Telephone numbers that somebody took off a record by hand: a file that has them still does not bring them back.

What they say themselves, at a form or to one of us, is another matter; so is a file whose word is to stay always.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from ripeline.capture.arriving.arrivals import Case, Policy
from ripeline.leads.words.keys import number_of
from ripeline.leads.words.numbers import are_known
from ripeline.timeline.models import Activity

Numbers = dict[str, bool]  # those that a record parted with, and whether another took their place


def of(lead_ids: Collection[UUID]) -> dict[UUID, Numbers]:
    """The numbers that were taken off each of these records, by removing or correcting them, and not put back."""
    kinds = ("edited", "undone")
    entries = Activity.objects.filter(lead_id__in=lead_ids, kind__in=kinds, import_run_id=None) if lead_ids else []
    rows = sorted((each.recorded_at, each.pk, each) for each in entries)
    undone = {entry.data.get("of") for *_, entry in rows if entry.kind == "undone"}
    found: dict[UUID, Numbers] = {}
    for _, pk, entry in rows:
        if entry.kind == "edited" and str(pk) not in undone:
            _move(found.setdefault(entry.lead_id, {}), entry.data)
    return {lead_id: numbers for lead_id, numbers in found.items() if numbers}


def _move(numbers: Numbers, data: Mapping[str, Any]) -> None:
    """What an entry took off, and what it put there."""
    if number := data.get("number"):
        numbers[number] = False
    was, now = ((data.get(side) or {}).get("phone") for side in ("before", "after"))
    if was and was != now:
        numbers[was] = bool(now)
    for number in (now, data.get("added")):
        numbers.pop(number or "", None)


def leave_out(cases: Iterable[Case], off: Mapping[UUID, Numbers]) -> None:
    """What rows of a file say of numbers that were taken off the records they belong to is not said.

    Of a number that was corrected, whose word stays is decided as of any field; nobody is known by it besides.
    """
    for case in cases:
        numbers = off.get(case.lead_id) if case.lead_id else None
        if not numbers or case.arrival.policy is Policy.ALWAYS:
            continue
        person = case.arrival.person
        is_gone = numbers.get(person.phone) is False
        known_by = [key for key in case.hints if not numbers.keys() & {number_of(key.key)}]
        left = [number for number in person.other_phones if number not in numbers]
        custom = {key: said for key, said in person.custom.items() if not are_known(said, list(numbers))}
        phone = "" if is_gone else person.phone
        case.arrival = replace(case.arrival, person=replace(person, phone=phone, other_phones=left, custom=custom))
        case.__dict__["hints"] = tuple(known_by)
