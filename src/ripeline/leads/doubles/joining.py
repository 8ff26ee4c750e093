"""What becomes of a record into which another of the same person is merged: pure, but for who is responsible for whom.

Every field of the surviving record stays unless it is empty or the other's is chosen. What counts (touches, when they
first came) is of both. Of two dates the one that a person chose stays, else the earlier.
"""

from collections.abc import Collection
from typing import Any

from ripeline.leads import rules
from ripeline.leads.decisions.birth import HORIZON
from ripeline.leads.decisions.deciding import Changes
from ripeline.leads.models import Lead, NextKind, State
from ripeline.leads.words.names import name_words
from ripeline.leads.words.searching import SEARCHED, search_tokens
from ripeline.people import queries as people
from ripeline.people.models import Responsible, ResponsibleKind

CHOSEN = ("name", "title", "email", "phone", "company", "country", "language", "reference", "amount", "owner")
CUSTOM = "custom:"  # before the key of a company's own field
_WITH = {"company": ("account_id",), "amount": ("currency",)}  # what goes with a field
NEXT = ("next_at", "next_set_at", "next_kind", "next_note", "next_committed")
_BEGINNINGS = (NextKind.FIRST_CONTACT, NextKind.QUALIFY)
_FURTHER = (State.NURTURE, State.NEW, State.QUALIFYING, State.WORKING, State.OPPORTUNITY)


def value(lead: Lead, field: str) -> Any:
    """What a record says in a field that can be chosen; "" or None if nothing."""
    if field.startswith(CUSTOM):
        return lead.custom.get(field.removeprefix(CUSTOM))
    return lead.owner if field == "owner" else getattr(lead, field)


def order(one: Lead, other: Lead) -> tuple[Lead, Lead]:
    """Which of two records survives, and which is merged into it: the open one, else the one that somebody has, else
    the one that was won, else the older."""

    def rank(lead: Lead) -> tuple[bool, bool, bool, str, str]:
        is_won = lead.state == State.WON
        return not rules.is_open(lead), lead.owner_id is None, not is_won, lead.captured_at.isoformat(), str(lead.pk)

    survivor, duplicate = sorted((one, other), key=rank)
    return survivor, duplicate


def differing(survivor: Lead, duplicate: Lead) -> list[str]:
    """The fields in which the two say different things, or only one says something."""
    own = [CUSTOM + key for key in sorted(survivor.custom.keys() | duplicate.custom.keys())]
    return [name for name in (*CHOSEN, *own) if (value(survivor, name) or "") != (value(duplicate, name) or "")]


def contested(survivor: Lead, duplicate: Lead) -> list[str]:
    """The fields in which each of the two says something, and not the same: whoever chooses there says who is right."""
    said = (value(survivor, name) not in ("", None) and value(duplicate, name) not in ("", None) for name in CHOSEN)
    both = {name for name, is_said in zip(CHOSEN, said, strict=True) if is_said}
    own = {CUSTOM + key for key in survivor.custom.keys() & duplicate.custom.keys()}
    return [name for name in differing(survivor, duplicate) if name in both | own]


def usual(survivor: Lead, duplicate: Lead) -> set[str]:
    """The fields that the other record's word is taken for unless somebody chooses: where this one says nothing, or
    has less of a name."""
    taken = {name for name in differing(survivor, duplicate) if value(survivor, name) in ("", None)}
    if not rules.is_open(duplicate):
        taken.discard("owner")
    if len(name_words(survivor.name)) < 2 <= len(name_words(duplicate.name)):
        taken.add("name")
    return taken


def joined(survivor: Lead, duplicate: Lead, takes: Collection[str]) -> Changes:
    """What becomes of the survivor when these fields are taken from the duplicate."""
    changes: Changes = {}
    for name in (field for field in CHOSEN if field in takes and field != "owner"):
        changes |= {each: getattr(duplicate, each) for each in (name, *_WITH.get(name, ()))}
    if survivor.account_id is None:
        changes["account_id"] = duplicate.account_id
    custom = {
        key: (duplicate if CUSTOM + key in takes else survivor).custom.get(key)
        for key in survivor.custom.keys() | duplicate.custom.keys()
    }
    changes["custom"] = {key: said for key, said in custom.items() if said is not None}
    changes |= _came(survivor, duplicate) | _touched(survivor, duplicate) | _goes_on(survivor, duplicate, takes)
    said = {name: changes.get(name, getattr(survivor, name)) for name in SEARCHED}
    words = [*search_tokens(**said).split(), *survivor.search.split(), *duplicate.search.split()]
    changes["search"] = " ".join(dict.fromkeys(words))[:4000]  # found by what either of them was called
    return {name: new for name, new in changes.items() if getattr(survivor, name) != new}


def _came(survivor: Lead, duplicate: Lead) -> Changes:
    """They came first when either came first; the talk that the earlier began is the same talk within its year."""
    changes: Changes = {"captured_at": min(survivor.captured_at, duplicate.captured_at)}
    earlier = survivor.episode_at - duplicate.episode_at
    if survivor.episode == duplicate.episode == 1 and duplicate.episode_at < survivor.episode_at and earlier < HORIZON:
        changes |= {"episode_at": duplicate.episode_at, "source_id": duplicate.source_id or survivor.source_id}
    return changes


def _touched(survivor: Lead, duplicate: Lead) -> Changes:
    """What we did, of both."""
    changes: Changes = {"touches": survivor.touches + duplicate.touches}
    for name, pick in (("first_touch_at", min), ("last_touch_at", max), ("last_reached_at", max)):
        known = [at for at in (getattr(survivor, name), getattr(duplicate, name)) if at]
        changes[name] = pick(known) if known else None
    if duplicate.last_touch_at and (not survivor.last_touch_at or duplicate.last_touch_at > survivor.last_touch_at):
        changes["unanswered"] = duplicate.unanswered
    return changes


def _goes_on(survivor: Lead, duplicate: Lead, takes: Collection[str]) -> Changes:
    """Who has the record from now on, how far it is, and when it is looked at."""
    holder, other = (duplicate, survivor) if "owner" in takes else (survivor, duplicate)
    if not rules.is_open(survivor):
        return {"owner_id": holder.owner_id, "responsible_id": holder.responsible_id}
    both = [lead for lead in (holder, other) if rules.is_open(lead)]
    furthest = max(both, key=lambda lead: _FURTHER.index(State(lead.state)))
    changes: Changes = {"owner_id": holder.owner_id, "responsible_id": _holds(holder, furthest).pk}
    if furthest is not survivor:
        changes |= {"state": furthest.state, "state_at": furthest.state_at}
    first = min(both, key=lambda lead: (not lead.next_committed, lead.next_at))
    changes |= {name: getattr(first, name) for name in NEXT}
    if changes["next_kind"] in _BEGINNINGS and survivor.touches + duplicate.touches:
        changes["next_kind"] = NextKind.FOLLOW_UP
    return changes


def _holds(holder: Lead, furthest: Lead) -> Responsible:
    """Who acts next: as it was with whose record it is; a programme lets go of what is further than it was."""
    lets_go = holder.responsible.kind == ResponsibleKind.PROGRAMME and furthest.state != State.NURTURE
    if not (lets_go or not rules.is_open(holder)):
        return holder.responsible
    owner = holder.owner
    if owner and owner.is_active and owner.role in people.SELLERS:
        return people.responsible_of(owner)
    return furthest.responsible
