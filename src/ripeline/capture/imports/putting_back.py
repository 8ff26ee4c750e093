"""What of an import is taken off a lead that was here before it: all of it, or what nobody has changed since.

Pure: from the entries that the import wrote, each with what was there before and after, and from those written since.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from ripeline.capture.imports.chained import plain, take_out
from ripeline.leads import rules
from ripeline.leads.decisions.filed import BY_FILE
from ripeline.leads.forgetting import PutBack
from ripeline.leads.models import CLOSED_STATES, Lead
from ripeline.leads.words.searching import SEARCHED, search_tokens
from ripeline.timeline.models import Activity

_PLANNED = ("next_at", "next_set_at", "next_kind", "next_note", "next_committed")  # these go together
_ANSWERS = frozenset({"reopened", "next_set", "handed"})  # what an import's enquiry led to


def whole(lead: Lead, mine: Sequence[Activity], since: Iterable[Activity]) -> PutBack:
    """Nobody has touched the lead since: it is again as it was, but for what Ripeline itself has planned meanwhile."""
    before: dict[str, Any] = {}
    for entry in reversed(mine):
        before |= entry.data.get("before") or {}
    before.pop("decision_id", None)
    if before.get("state") not in CLOSED_STATES:
        moved = {name for entry in since for name in entry.data.get("after") or {}}
        moved |= set(_PLANNED) if moved & set(_PLANNED) else set()
        before = {name: value for name, value in before.items() if name not in moved}
    if "search" in before:  # what an import said that was taken back before this one may have been the same
        said = {name: before.get(name, getattr(lead, name)) for name in SEARCHED}
        words = [*str(before["search"]).split(), *search_tokens(**said).split()]
        before["search"] = " ".join(dict.fromkeys(words))[:4000]
    return PutBack(
        changes={name: value for name, value in before.items() if value != plain(lead, name)},
        enquiries=True, identities=True,
        deals=[entry.data["opportunity"] for entry in reversed(mine) if entry.data.get("opportunity")],
        deal_ids=[entry.data["deal"] for entry in reversed(mine) if entry.data.get("deal")],
        entries=[entry.pk for entry in mine],
    )  # fmt: skip


def partly(lead: Lead, mine: Sequence[Activity], since: Iterable[Activity]) -> PutBack:
    """Somebody has worked on the lead since: what nobody changed, its enquiries if they led to nothing, and how it was
    before the import closed it, if it has stood so since.
    """
    since = list(since)
    updates = [entry for entry in mine if entry.kind == "imported" and entry.data.get("before")]
    out = take_out(lead, updates, since)
    off = PutBack(changes=out.changes, custom=out.custom, amended=list(out.amended.values()))
    if any(name in off.changes for name in SEARCHED):
        said = {name: off.changes.get(name, getattr(lead, name)) for name in SEARCHED}
        off.changes["search"] = rules.searched_anew(lead, said)
    off.identities = not (out.stays("email") or out.stays("reference"))
    off.entries = [entry.pk for entry in updates if entry.pk not in out.left]
    off.entries += [entry.pk for entry in mine if entry.kind in ("answered", "note")]
    off.changes |= dates(lead, mine, since)
    if not any(entry.kind in _ANSWERS and BY_FILE not in entry.data for entry in mine):
        off.enquiries = True
        off.entries += [entry.pk for entry in mine if entry.kind == "enquired"]
    _reopen(off, lead, mine, since)
    return off


def dates(lead: Lead, mine: Sequence[Activity], since: Sequence[Activity]) -> dict[str, Any]:
    """The next date as it was before the import set another, if it has stood so since."""
    filed = [entry for entry in mine if BY_FILE in entry.data]
    moved = {name for entry in since for name in entry.data.get("after") or {}}
    if not filed or moved & set(_PLANNED):
        return {}
    was, became = _spans(filed, "before"), _spans(filed, "after")
    stands = all(plain(lead, name) == became[name] for name in _PLANNED)
    return {name: was[name] for name in _PLANNED} if stands else {}


def _reopen(off: PutBack, lead: Lead, mine: Sequence[Activity], since: Sequence[Activity]) -> None:
    """The lead is open again, and the deal gone that closed it, where nobody has decided about either since."""
    closings = [entry for entry in mine if entry.kind in CLOSED_STATES and entry.data.get("before")]
    if not closings:
        return
    was, became = _spans(closings, "before"), _spans(closings, "after")
    was.pop("decision_id", None)
    deals = [entry.data["opportunity"] for entry in reversed(closings) if entry.data.get("opportunity")]
    named = {deal["id"] for deal in deals}
    moved = {name for entry in since for side in ("after", "became") for name in entry.data.get(side) or {}}
    is_built_on = any((entry.data.get("opportunity") or {}).get("id") in named for entry in since)
    if is_built_on or moved & was.keys() or any(plain(lead, name) != became[name] for name in was):
        return
    off.changes |= was
    off.deals += deals
    off.entries += [entry.pk for entry in closings]


def _spans(updates: Sequence[Activity], side: str) -> dict[str, Any]:
    """What stood in each field before the first update, or stands after the last."""
    found: dict[str, Any] = {}
    for entry in reversed(updates) if side == "before" else updates:
        found |= entry.data[side]
    return found


def by_lead(entries: Iterable[Activity]) -> dict[UUID, list[Activity]]:
    """Entries by their lead, in their order."""
    found: dict[UUID, list[Activity]] = {}
    for entry in entries:
        found.setdefault(entry.lead_id, []).append(entry)
    return found
