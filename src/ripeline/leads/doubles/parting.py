"""What becomes of a record when a merge into it is taken back: pure, the counterpart of `joining`.

Only what still is as the merge left it becomes what it was. Anything else was said or decided since, by a person, a
form, a file or a programme, and stays. But for the planner: it moves dates by itself, and that is no decision.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from ripeline.leads import rules
from ripeline.leads.decisions.deciding import Changes, _plain
from ripeline.leads.doubles import joining
from ripeline.leads.models import Lead, State
from ripeline.leads.words.searching import SEARCHED, search_tokens
from ripeline.people.models import ResponsibleKind
from ripeline.timeline.models import Activity

_STATE = ("state", "state_at")
_TOGETHER = (  # fields that say one thing: all of them become what they were, or none
    ("company", "account_id"), ("amount", "currency"), ("episode_at", "source_id"), _STATE, joining.NEXT,
)  # fmt: skip
_OURS = frozenset({"custom", "search", "touches", "decision_id"})  # put back piece by piece, or follow from the rest
_PLANNER = "replanned"


def parted(survivor: Lead, merged: Activity, later: Sequence[Activity], *, still: Iterable[str]) -> Changes:
    """What changes about the survivor, as JSON keeps it.

    `later`: the decisions about it since, in their order. `still`: the words by which those are found who stay merged.
    """
    was: dict[str, Any] = dict(merged.data["was"])
    became: dict[str, Any] = merged.data["became"]
    decided = [each for each in later if not _is_a_move(each)]
    touched = {name for each in later for name in each.data["before"]}

    def is_left(name: str) -> bool:
        return _plain(survivor, name) == became[name] if name in became else name not in touched

    back = {name: old for name, old in was.items() if name not in _OURS and is_left(name)}
    for group in _TOGETHER:
        if not all(map(is_left, group)):
            back = {name: old for name, old in back.items() if name not in group}
    back |= _unmoved(was, later)
    stays = _stays(survivor, was, touched)
    back = {name: old for name, old in back.items() if name not in stays}
    if not is_left("owner_id"):
        back.pop("responsible_id", None)
    elif not is_left("responsible_id") and survivor.responsible.kind == ResponsibleKind.REP:
        back.pop("owner_id", None)  # who has it now is credited
    if survivor.decision_id == merged.pk or not decided:
        back["decision_id"] = was["decision_id"]
    if "touches" in was:
        back["touches"] = max(survivor.touches - (became["touches"] - was["touches"]), 0)
    if "custom" in was:
        back["custom"] = _custom(survivor.custom, was["custom"], became["custom"])
    return back | _search(survivor, back, merged, later, is_left=is_left("search"), still=still)


def _stays(survivor: Lead, was: dict[str, Any], touched: set[str]) -> tuple[str, ...]:
    """What cannot be as it was: of who was closed since, the state and the date; of who was worked since, being new."""
    if not rules.is_open(survivor):
        return (*_STATE, *joining.NEXT)
    return _STATE if was.get("state") == State.NEW and "touches" in touched else ()


def _is_a_move(entry: Activity) -> bool:
    """Whether the planner has moved a date, by itself."""
    return entry.actor.is_system and entry.kind == _PLANNER


def _unmoved(was: dict[str, Any], later: Sequence[Activity]) -> Changes:
    """The next moment as it was before the merge, where since then nobody but the planner has set one."""
    dated = [each for each in later if "next_at" in each.data["before"]]
    if not dated or not all(map(_is_a_move, dated)):
        return {}
    first = dated[0].data["before"]  # has how the merge left what it did not change
    return {name: was.get(name, first[name]) for name in joining.NEXT}


def _custom(now: dict[str, Any], was: dict[str, Any], became: dict[str, Any]) -> dict[str, Any]:
    """A company's own fields, each for itself."""
    changed = {key for key in was.keys() | became.keys() if now.get(key) == became.get(key)}
    return {key: said for key, said in now.items() if key not in changed} | {
        key: said for key, said in was.items() if key in changed
    }


def _search(
    survivor: Lead, back: Changes, merged: Activity, later: Sequence[Activity], *, is_left: bool, still: Iterable[str]
) -> Changes:  # fmt: skip
    """The words by which it is found: as they were, or of what it says now, with those that found it beside what it
    said, before the merge or learnt since, and of those who stay merged into it.
    """
    was, became = merged.data["was"], merged.data["became"]
    if is_left:
        return {"search": was["search"]} if "search" in was else {}
    now = {name: getattr(survivor, name) for name in SEARCHED}
    said = {name: back.get(name, value) for name, value in now.items()}
    if "search" not in was:
        return {"search": rules.searched_anew(survivor, said)}
    then = {name: was.get(name, _first(name, later, value)) for name, value in now.items()}
    beside = _but(was["search"], search_tokens(**then))
    learnt = _but(survivor.search, f"{became['search']} {search_tokens(**now)}")
    words = " ".join([search_tokens(**said), *beside, *learnt, *still]).split()
    return {"search": " ".join(dict.fromkeys(words))[:4000]}


def _first(name: str, later: Sequence[Activity], value: Any) -> Any:
    """What a field said before anybody changed it since."""
    return next((each.data["before"][name] for each in later if name in each.data["before"]), value)


def _but(words: str, others: str) -> list[str]:
    known = set(others.split())
    return [word for word in words.split() if word not in known]
