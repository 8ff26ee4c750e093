"""What an arrival says otherwise than the record, and which of the two stays: by the policy, and who said it last."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ripeline.capture.arriving.arrivals import Arrival, Policy
from ripeline.leads.decisions.deciding import Changes
from ripeline.leads.knowing import identity
from ripeline.leads.models import IdentityKind, Lead
from ripeline.leads.words import systems
from ripeline.leads.words.fuller import abbreviates
from ripeline.timeline.models import Activity

FIELDS = ("name", "title", "phone", "company", "country", "language", "amount", "currency")
_KNOWN_BY = ("email", "reference")  # the first stays, but for an address that its own system has changed
CUSTOM = "custom:"
_EMPTY = ("", None)
_SAYS = ("edited", "imported", "undone", "merged", "unmerged")


@dataclass
class LastWords:
    """When each field of a record was changed last, and which of them by hand."""

    changed: dict[str, datetime] = field(default_factory=dict)
    by_hand: set[str] = field(default_factory=set)


def is_contested(lead: Lead, arrival: Arrival) -> bool:
    """Whether the arrival says something else than the record does, be it empty there."""
    given = {name: getattr(arrival.person, name) for name in FIELDS}
    as_here: tuple[Any, ...] = () if arrival.context.import_run_id else _EMPTY  # a file may fill what was emptied
    if any(value not in _EMPTY and getattr(lead, name) not in (*as_here, value) for name, value in given.items()):
        return True
    custom = arrival.person.custom
    return _has_moved(lead, arrival) or any(
        value not in _EMPTY and lead.custom.get(key) not in (*as_here, value) for key, value in custom.items()
    )


def _has_moved(lead: Lead, arrival: Arrival) -> bool:
    """Whether the system whose id the record has gives its person another address by now."""
    person = arrival.person
    now = identity.email(person.email)
    by_system = any(key.kind == IdentityKind.EXTERNAL and systems.of(key.key) for key in arrival.keys)
    return (
        by_system
        and person.reference == lead.reference
        and bool(now and lead.email)
        and now != identity.email(lead.email)
    )


def last_words(lead_ids: Collection[UUID]) -> dict[UUID, LastWords]:
    """For each of these leads, by its timeline. A correction that was taken back is none; nor is a merge.

    Whoever merges two records and chooses between what they say has corrected those fields.
    """
    if not lead_ids:
        return {}
    found: dict[UUID, LastWords] = defaultdict(LastWords)
    entries = Activity.objects.filter(lead_id__in=lead_ids, kind__in=_SAYS)
    rows = list(
        entries.order_by("recorded_at", "id").values_list("id", "lead_id", "kind", "origin", "recorded_at", "data")
    )
    undone = {data.get("of") for _, _, kind, _, _, data in rows if kind == "undone"}
    parted = {(lead_id, data.get("duplicate")): at for _, lead_id, kind, _, at, data in rows if kind == "unmerged"}
    for pk, lead_id, kind, origin, at, data in rows:
        if kind in ("undone", "unmerged") or str(pk) in undone:
            continue
        apart = parted.get((lead_id, data.get("duplicate"))) if kind == "merged" else None
        if apart and apart >= at:
            continue
        names, said = _chosen(data) if kind == "merged" else _changed(data), found[lead_id]
        said.changed.update(dict.fromkeys(names, at))
        is_by_hand = kind in ("edited", "merged") or origin == "by_hand"
        said.by_hand = said.by_hand | names if is_by_hand else said.by_hand - names
    return found


def _chosen(data: Mapping[str, Any]) -> set[str]:
    """The fields of a merge between whose words somebody chose."""
    names = set(data.get("chosen") or ())
    return names | {"currency"} if "amount" in names else names


def _changed(data: Mapping[str, Any]) -> set[str]:
    before, after = data.get("before") or {}, data.get("after") or {}
    names = {name for name in after if name != "custom" and before.get(name) != after[name]}
    was, now = before.get("custom") or {}, after.get("custom") or {}
    return names | {CUSTOM + key for key in was.keys() | now.keys() if was.get(key) != now.get(key)}


def differences(
    lead: Lead, arrival: Arrival, pending: Changes, said: LastWords, *, corrects: bool
) -> tuple[Changes, tuple[str, ...], tuple[str, ...]]:
    """What becomes of the record (`pending`: what is to become of it already), what stays as somebody corrected it, and
    what as an earlier row of the same file said it.

    What is empty says nothing, and a name cut short says nothing new. Without `corrects`, only what the record does
    not say yet.
    """
    person, word = arrival.person, _Word(lead, arrival, said, corrects)
    changes: Changes = {}
    amount = pending.get("amount", lead.amount)
    for name in FIELDS:
        given, now = getattr(person, name), pending.get(name, getattr(lead, name))
        fits = name != "currency" or person.amount in (None, changes.get("amount", amount))  # not of one that goes
        fits = fits and not (name == "name" and abbreviates(str(given), str(now)))  # "Vito V." is no correction
        if fits and given not in _EMPTY and given != now and word.counts(name, now):
            changes[name] = given
    for name in _KNOWN_BY:
        moves = name == "email" and name not in pending and _has_moved(lead, arrival) and word.counts(name, lead.email)
        if getattr(person, name) and (moves or not pending.get(name, getattr(lead, name))):
            changes[name] = getattr(person, name)
    here = pending.get("custom", lead.custom)
    custom = {
        key: value
        for key, value in person.custom.items()
        if value not in _EMPTY and here.get(key) != value and word.counts(CUSTOM + key, here.get(key))
    }
    if custom:
        changes["custom"] = {**here, **custom}
    return changes, tuple(word.kept), tuple(word.first)


class _Word:
    """An arrival's, about a record: where it counts; what was `kept` from it, and what was said `first`."""

    def __init__(self, lead: Lead, arrival: Arrival, said: LastWords, corrects: bool) -> None:
        self._lead, self._arrival, self._said, self._corrects = lead, arrival, said, corrects
        self.kept: list[str] = []
        self.first: list[str] = []

    def counts(self, name: str, now: Any) -> bool:
        """Whether it becomes what the record says of this, which is something else `now`."""
        return self._fills(name) if now in _EMPTY else self._corrects and self._wins(name)

    def _fills(self, name: str) -> bool:
        """What the record does not say is taken, but by a file not over a person who emptied it."""
        is_ours = name in self._said.by_hand and name != "phone"  # of telephones, `taken_off` knows which
        if self._arrival.policy is not Policy.FILE or not self._arrival.context.import_run_id or not is_ours:
            return True
        self.kept.append(name.removeprefix(CUSTOM))
        return False

    def _wins(self, name: str) -> bool:
        arrival = self._arrival
        if arrival.policy is Policy.FILE and name in self._said.by_hand:
            self.kept.append(name.removeprefix(CUSTOM))
            return False
        if name in arrival.said:
            self.first.append(name.removeprefix(CUSTOM))
            return False
        if arrival.policy is Policy.NEWEST:
            return arrival.dated and arrival.context.captured_at > self._said.changed.get(name, self._lead.captured_at)
        return arrival.policy is not Policy.EMPTY
