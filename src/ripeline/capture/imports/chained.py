"""An import's word taken out from between what others said of the same field: what stands is what stood without it.

Each entry keeps what was there before it. Where another import has written over a word since, its entry is the one that
has to know what was there without that word, for when it is taken back itself: so the order does not matter in which
imports are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ripeline.leads.models import Lead
from ripeline.timeline.models import Activity

FOLLOWS = ("decision_id", "search", "custom")  # follow from the rest, or are put back piece by piece


@dataclass
class TakenOut:
    """What becomes of a lead, and of what others wrote of it since, as some entries go."""

    changes: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)  # None: there was none
    left: dict[UUID, set[str]] = field(default_factory=dict)  # entry → what of it stays, since somebody built on it
    amended: dict[UUID, Activity] = field(default_factory=dict)  # entries of other imports, as they are without it

    def stays(self, name: str) -> bool:
        return any(name in names for names in self.left.values())


def take_out(lead: Lead, mine: Sequence[Activity], since: Sequence[Activity]) -> TakenOut:
    """Take the entries of one import (`mine`) off, of which each has what was before and after it, in their order."""
    out = TakenOut()
    for entry in reversed(mine):
        later = [each for each in since if (each.recorded_at, each.pk) > (entry.recorded_at, entry.pk)]
        for name, after in entry.data["after"].items():
            if name not in FOLLOWS and not _take_field(lead, out, entry, name, after, later):
                out.left.setdefault(entry.pk, set()).add(name)
        was, became = (entry.data[side].get("custom") or {} for side in ("before", "after"))
        for key in was.keys() | became.keys():
            if was.get(key) != became.get(key) and not _take_own(lead, out, key, was.get(key), became.get(key), later):
                out.left.setdefault(entry.pk, set()).add("custom")
        _take_words(out, entry, later)
    return out


def _take_field(
    lead: Lead, out: TakenOut, entry: Activity, name: str, after: Any, later: Sequence[Activity]
) -> bool:  # fmt: skip
    before = entry.data["before"].get(name)
    if over := next((each for each in later if name in _image(each, "after")), None):
        if not _is_imported(over) or _image(over, "before").get(name) != after:
            return False
        over.data["before"][name] = before
        out.amended[over.pk] = over
        return True
    if out.changes.get(name, plain(lead, name)) != after:
        return False
    out.changes[name] = before
    return True


def _take_own(
    lead: Lead, out: TakenOut, key: str, before: Any, after: Any, later: Sequence[Activity]
) -> bool:  # fmt: skip
    """The same of a field of the company's own, which each entry that has any of them carries along."""
    carried = [each for each in later if "custom" in _image(each, "after")]
    over = next((each for each in carried if _own(each, "before", key) != _own(each, "after", key)), None)
    upto = carried[: carried.index(over) + 1] if over else carried
    if any(_own(each, "before", key) != after for each in upto) or (over and not _is_imported(over)):
        return False
    if not over:
        if out.custom.get(key, lead.custom.get(key)) != after:
            return False
        out.custom[key] = before
    for each in upto:
        for side in ("before", "after") if each is not over else ("before",):
            image = each.data[side]["custom"]
            image.pop(key, None)
            if before is not None:
                image[key] = before
        out.amended[each.pk] = each
    return True


def _take_words(out: TakenOut, entry: Activity, later: Sequence[Activity]) -> None:
    """The words that find the lead, as other imports found them."""
    was, became = (_image(entry, side).get("search") or "" for side in ("before", "after"))
    added, dropped = set(became.split()) - set(was.split()), set(was.split()) - set(became.split())
    for each in later:
        words = _image(each, "before").get("search")
        if words and _is_imported(each) and (added & set(words.split()) or dropped - set(words.split())):
            kept = [word for word in words.split() if word not in added]
            each.data["before"]["search"] = " ".join(dict.fromkeys([*kept, *(w for w in was.split() if w in dropped)]))
            out.amended[each.pk] = each


def plain(lead: Lead, name: str) -> Any:
    """A value of a lead as entries keep it."""
    value = getattr(lead, name)
    return value if isinstance(value, bool | int | float | dict | None) else str(value)


def _is_imported(entry: Activity) -> bool:
    return entry.kind == "imported" and entry.import_run_id is not None


def _image(entry: Activity, side: str) -> dict[str, Any]:
    return entry.data.get(side) or {}


def _own(entry: Activity, side: str, key: str) -> Any:
    return (_image(entry, side).get("custom") or {}).get(key)
