"""An entry of the timeline in words: one sentence for each kind."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ripeline.catalog.standard import words as in_words
from ripeline.leads.finding.leaks import UNSTATED
from ripeline.leads.words.numbers import written
from ripeline.routing import rules as routing
from ripeline.timeline.kinds import KINDS
from ripeline.timeline.models import Activity
from ripeline.web.templatetags.words import day, money
from ripeline.worklist.suggesting import LABELS

DOORS = {
    "import": "by an import", "by_hand": "entered by hand", "form": "by a form", "booth": "at a booth",
    "call": "by a call", "event": "at an event", "partner": "by a partner", "card": "by their card",
    "signature": "by their signature", "api": "by the API", "hook": "by a web hook",
}  # fmt: skip
_BROUGHT = {
    "booth": "by a card at a booth", "card": "by a card", "signature": "by a signature", "form": "by a form",
    "call": "by a call", "hook": "by a web hook", "api": "by the API", "by_hand": "by hand",
}  # fmt: skip
DISPOSITIONS = {outcome.value: label.lower() for outcome, label in LABELS.items()}
FIELDS = {"phone": "telephone", "amount": "value"}
WHYS = {
    "past the horizon": "they came more than a year ago",
    "new deal": "a deal was opened since",
    "deal there": "a deal of theirs is open in a file",
}


def of(entry: Activity, sees_next: bool) -> str:
    """What an entry says; the next date only where whoever looks may see it."""
    return _WORDS.get(entry.kind, _plainly)(entry, sees_next)


def _plainly(entry: Activity, _sees_next: bool) -> str:
    kind = KINDS.get(entry.kind)
    return kind.label if kind else entry.kind


def _came(entry: Activity, _sees_next: bool) -> str:
    door, name = entry.data.get("door", ""), entry.data.get("door_name", "")
    words = " ".join(filter(None, [_plainly(entry, True), DOORS.get(door, door.replace("_", " "))]))
    return f"{words}: {name}" if name else words


def _touched(entry: Activity, _sees_next: bool) -> str:
    said = entry.data.get("disposition", "")
    outcome = DISPOSITIONS.get(said, said.replace("_", " "))
    if not outcome:
        return _plainly(entry, True)
    return f"{outcome[0].upper()}{outcome[1:]}" if entry.kind == "outcome" else f"{_plainly(entry, True)}: {outcome}"


def _dated(words: str) -> Callable[[Activity, bool], str]:
    def say(entry: Activity, sees_next: bool) -> str:
        after = _moment(entry.data.get("after", {}).get("next_at"))
        when = f" {day(after)}" if after and sees_next else ""
        note = entry.data.get("note") or ""
        why = entry.data.get("why")
        because = f". {routing.words(why)}" if isinstance(why, dict) and routing.words(why) else ""
        return f"{words}{when}" + (f", “{note}”" if note and sees_next else "") + because

    return say


def _ripened(entry: Activity, _sees_next: bool) -> str:
    why = (
        "the day is full of better ones, so its date stays"
        if entry.data.get("full")
        else "the date that was chosen stays"
    )
    return f"Likely ready within a month now ({entry.data.get('chance', '')}); {why}"


def _handed(entry: Activity, _sees_next: bool) -> str:
    reason = entry.data.get("why", {})
    why = "" if reason.get("rule") == routing.BY_HAND else routing.words(reason)  # by hand says who did it
    return f"{_plainly(entry, True)} to {entry.data.get('to') or 'nobody'}" + (f". {why}" if why else "")


def _returned(entry: Activity, _sees_next: bool) -> str:
    return f"Back from Keep in touch, to {entry.data.get('to', 'the queue')}"


def _opportunity(entry: Activity, sees_next: bool) -> str:
    return f"{_touched(entry, sees_next)}{_which_deal(entry)}"


def _closed(entry: Activity, _sees_next: bool) -> str:
    said = f"“{words}”" if (words := entry.data.get("said", "")) else ""
    is_unstated = said and entry.data.get("reason") == UNSTATED
    why = ", ".join(filter(None, ["" if entry.kind == "won" or is_unstated else entry.data.get("label", ""), said]))
    return f"{_plainly(entry, True)}{': ' if why else ''}{why}{_which_deal(entry)}"


def _which_deal(entry: Activity) -> str:
    """The name and the amount of the deal that an entry is about, after a point: one lead may have several."""
    name, amount = entry.data.get("product") or "", entry.data.get("amount")
    worth = money(Decimal(amount), entry.data.get("currency") or "") if amount else ""
    said = ", ".join(filter(None, [name, worth]))
    return f" · {said}" if said else ""


def _reopened(entry: Activity, _sees_next: bool) -> str:
    why, to = entry.data.get("why", ""), entry.data.get("to", "")
    why = WHYS.get(why, why)
    return "Re-opened" + (f" for {to}" if to else "") + (f": {why}" if why else "")


def _edited(entry: Activity, _sees_next: bool) -> str:
    if number := entry.data.get("number"):
        return f"Telephone {written(number)} taken off"
    if number := entry.data.get("added"):
        return f"Telephone {written(number)} added"
    before, after = entry.data.get("before", {}), entry.data.get("after", {})
    names = [name for name in entry.data.get("fields", []) if name in before or name in after]
    if len(names) == 1:
        (name,) = names
        return f"{FIELDS.get(name, name).capitalize()} changed to “{_written(name, after)}”"
    return f"Changed: {', '.join(FIELDS.get(name, name) for name in names)}" if names else _plainly(entry, True)


def _written(name: str, after: Mapping[str, Any]) -> str:
    value = str(after.get(name) or "")
    return written(value) if name == "phone" else value


def _brought(entry: Activity, _sees_next: bool) -> str:
    """What another door than a file has added to the record, and which."""
    door = _BROUGHT.get(entry.origin)
    if door is None:
        return _plainly(entry, True)
    names = [FIELDS.get(name, name) for name in entry.data.get("fields", []) if name not in _UNSAID]
    return f"Updated {door}" + (f": {', '.join(names)}" if names else "")


def _answered(entry: Activity, _sees_next: bool) -> str:
    asked = entry.data.get("asked", {})
    said = [
        f"{asked.get(key, key).rstrip('?:. ')}: {'nothing' if now is None else in_words(now)}"
        + ("" if was is None else f" (it was: {in_words(was)})")
        for key, (was, now) in entry.data.get("answers", {}).items()
    ]
    return f"Answers changed. {'; '.join(said)}" if len(said) <= 3 else f"{len(said)} answers changed"


def _disputed(entry: Activity, _sees_next: bool) -> str:
    seen = {"riper": "Sees it as riper", "greener": "Sees it as greener"}.get(entry.data.get("direction", ""), "")
    return f"{seen or _plainly(entry, True)}: “{entry.data.get('words', '')}”"


def _perceived(entry: Activity, _sees_next: bool) -> str:
    quality = entry.data.get("quality")
    return f"Seems a {quality} lead to them" if quality else "No view of how good it is any more"


def _staged(entry: Activity, _sees_next: bool) -> str:
    stage = entry.data.get("stage")
    return f"In fact in the buying stage of {stage}" if stage else "Buying stage as it looks again"


def _visited(entry: Activity, _sees_next: bool) -> str:
    name = taken(entry.data) if entry.kind == "downloaded" else entry.data.get("title") or entry.data.get("path", "")
    said = {"visited": "Looked at", "downloaded": "Downloaded", "clicked": "Followed our link to"}[entry.kind]
    return f"{said} {name or 'our site'}"


def taken(data: Mapping[str, Any]) -> str:
    """What somebody downloaded: the file's name. The title that a page's script tells is that of the page."""
    return unquote(str(data.get("path") or "").rstrip("/").rpartition("/")[2]) or str(data.get("title") or "")


def _used(entry: Activity, _sees_next: bool) -> str:
    return f"On our site: {entry.data.get('name') or 'something happened'}"


def _recognised(entry: Activity, _sees_next: bool) -> str:
    how = {"mail": "by a link in a mail to them", "form": "by a form they sent"}.get(entry.data.get("how", ""), "")
    return f"Recognised on our site {how}".strip()


def _merged(entry: Activity, _sees_next: bool) -> str:
    name = entry.data.get("name", "another record")
    return f"Merged with {name}" if entry.kind == "merged" else f"Merge with {name} undone"


def _company(entry: Activity, _sees_next: bool) -> str:
    data = entry.data
    if entry.kind == "company_merged":
        one, other, called = (data.get(name, "") for name in ("company", "into", "called"))
        return f"Companies {one} and {other} made one, called {called}"
    return f"Companies {data.get('company', '')} and {data.get('from', '')} two again"


def _mailed(entry: Activity, _sees_next: bool) -> str:
    return f"{_plainly(entry, True)}: {entry.data.get('mail', '').lower()}"


def _about_mail(entry: Activity, _sees_next: bool) -> str:
    return f"{_plainly(entry, True)}: {entry.data.get('purpose', '')}"


def _undone(entry: Activity, _sees_next: bool) -> str:
    kind = KINDS.get(entry.data.get("kind", ""))
    because = _BECAUSE.get(entry.data.get("because", ""), "")
    return f"Taken back: {kind.label.lower() if kind else 'the last step'}{because}{_which_deal(entry)}"


_BECAUSE = {  # of a deal that a file brought, taken back by a later one
    "moved": ", since the file names somebody else for this deal now",
    "corrected": ", since the file says otherwise now",
}


def _import_undone(entry: Activity, _sees_next: bool) -> str:
    names = [FIELDS.get(name, name) for name in entry.data.get("fields", []) if name not in _UNSAID]
    back = f": {', '.join(names)} as before" if names else ""
    return f"Import of {entry.data.get('file') or 'a file'} taken back{back}"


_UNSAID = frozenset({
    "search", "account_id", "state_at", "next_set_at", "next_kind", "next_note", "next_committed", "closed_by_id",
    "close_reason_id", "closed_at", "responsible_id", "owner_id", "episode", "episode_at", "unanswered",
    "won_before_captured", "custom",
})  # fmt: skip


def _moment(text: Any) -> datetime | None:
    found = parse_datetime(text) if isinstance(text, str) else None
    return timezone.localtime(found) if found else None


_WORDS: dict[str, Callable[[Activity, bool], str]] = {
    "captured": _came,
    "enquired": _came,
    "call": _touched,
    "email": _touched,
    "meeting": _touched,
    "outcome": _touched,
    "next_set": _dated("Next step set to"),
    "replanned": _dated("Moved by the planner to"),
    "nurtured": _dated("To Keep in touch, until"),
    "ripened": _ripened,
    "handed": _handed,
    "returned": _returned,
    "opportunity": _opportunity,
    "won": _closed,
    "lost": _closed,
    "disqualified": _closed,
    "visited": _visited,
    "downloaded": _visited,
    "clicked": _visited,
    "used": _used,
    "recognised": _recognised,
    "reopened": _reopened,
    "edited": _edited,
    "imported": _brought,
    "answered": _answered,
    "disputed": _disputed,
    "perceived": _perceived,
    "staged": _staged,
    "mailed": _mailed,
    "bounced": _mailed,
    "agreed": _about_mail,
    "unsubscribed": _about_mail,
    "merged": _merged,
    "unmerged": _merged,
    "company_merged": _company,
    "company_unmerged": _company,
    "undone": _undone,
    "import_undone": _import_undone,
}
