"""The timeline as it is shown: entry by entry in words, pages that were looked at in one go together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import zip_longest

from ripeline.catalog.pages import LABELS as PAGES
from ripeline.catalog.pages import PageKind
from ripeline.timeline import queries as timeline
from ripeline.timeline.hits import Who
from ripeline.timeline.kinds import OF_HITS
from ripeline.timeline.models import Activity
from ripeline.web.record import wording

ICONS = {
    "captured": "door-open", "enquired": "door-open", "call": "phone", "email": "mail", "meeting": "calendar-check",
    "outcome": "message-circle", "note": "notebook-pen", "next_set": "calendar-clock", "replanned": "calendar-clock",
    "ripened": "sprout", "handed": "arrow-right-left", "nurtured": "sprout", "returned": "undo-dot",
    "opportunity": "target",
    "won": "circle-check-big", "lost": "circle-x", "disqualified": "ban", "reopened": "rotate-ccw", "edited": "pencil",
    "answered": "pencil",
    "imported": "file-up", "import_undone": "undo-2", "disputed": "message-circle", "perceived": "circle",
    "staged": "pencil",
    "mailed": "send", "bounced": "mail-x", "agreed": "mail-check", "unsubscribed": "mail-x",
    "visited": "mouse-pointer", "downloaded": "download", "used": "sparkle", "clicked": "link", "opened": "mail-open",
    "recognised": "scan-face", "merged": "merge", "unmerged": "split",
    "company_merged": "merge", "company_unmerged": "split", "undone": "undo-2",
}  # fmt: skip
_NO_PERSONS = {Who.BOT: "a machine’s", Who.SCANNER: "a link scanner’s", Who.STAFF: "of our own people"}
A_VISIT = timedelta(minutes=30)  # the longest pause within one
DOERS_UNSAID = frozenset(  # what they did themselves
    {"captured", "enquired", "agreed", "unsubscribed", "recognised", *OF_HITS.values()}
)


@dataclass(frozen=True)
class Told:
    """An entry as it is shown."""

    entry: Activity
    icon: str
    words: str
    body: str
    who: str  # whose deed it was; "" where it was theirs
    is_undone: bool = False  # taken back later
    pages: Sequence["Page"] = ()  # of a visit of several, in their order


@dataclass(frozen=True)
class Page:
    """A page that was looked at within a visit; `rest`: how long until the next, in words."""

    at: datetime
    name: str
    path: str
    rest: str


def tell(entries: Sequence[Activity], *, sees_next: bool = True, is_further: bool = False) -> list[Told]:
    """Entries in words; `is_further`: others were shown before these. Without `sees_next` next dates are unsaid."""
    undone = {entry.data.get("of") for entry in entries if entry.kind == "undone"}
    if is_further:  # which may stand on the page before
        undone |= {str(pk) for pk in timeline.taken_back(entries)}
    told: list[Told] = []
    for group in _in_one_go(entries):
        first = _told(group[0], sees_next, is_undone=str(group[0].pk) in undone)
        told.append(first if len(group) == 1 else replace(first, words=_visit(group), pages=_pages(group)))
    return told


def _in_one_go(entries: Sequence[Activity]) -> list[list[Activity]]:
    """Entries one by one, but pages that were looked at within half an hour of one another together."""
    groups: list[list[Activity]] = []
    for entry in entries:
        before = groups[-1][-1] if groups else None
        if before and before.kind == entry.kind == "visited" and before.occurred_at - entry.occurred_at < A_VISIT:
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return groups


def _pages(visit: Sequence[Activity]) -> list[Page]:
    """The pages of a visit one by one, the first first: of what has been read already, so that nothing is asked."""
    found = []
    for entry, following in zip_longest(reversed(visit), list(reversed(visit))[1:]):
        path, title = entry.data.get("path", ""), entry.data.get("title", "")
        rest = _pause(following.occurred_at - entry.occurred_at) if following else ""
        found.append(Page(entry.occurred_at, title or path or "our site", path if title else "", rest))
    return found


def _pause(time: timedelta) -> str:
    """In words; "" where it is none, so that nothing can be said of it."""
    seconds = round(time.total_seconds())
    return f"{round(seconds / 60)} min" if seconds >= 60 else f"{seconds} s" if seconds else ""


def _told(entry: Activity, sees_next: bool, *, is_undone: bool) -> Told:
    return Told(
        entry=entry,
        icon=ICONS.get(entry.kind, "circle"),
        words=wording.of(entry, sees_next),
        body=entry.body,
        who="" if entry.kind in DOERS_UNSAID else entry.data.get("by") or entry.actor.name,
        is_undone=is_undone,
    )


def _visit(entries: Sequence[Activity]) -> str:
    """Several pages that somebody looked at in one go: those that say most by name, the others counted."""
    told = {PageKind.HOME: "the home page", PageKind.OTHER: "other pages", PageKind.BLOG: "articles",
            PageKind.SUPPORT: "help", PageKind.PROOF: "customers' stories"}  # fmt: skip
    kinds = [PageKind(kind) for entry in entries if (kind := entry.data.get("page", "other")) in set(PageKind)]
    named = [told.get(kind, PAGES[kind].lower()) for kind in PageKind if kind in kinds]
    return f"Looked at {len(entries)} pages: {', '.join(named)}"


def uncounted(visits: Mapping[tuple[Who, str], int]) -> str:
    """What was taken for a machine's visits, or our own people's, and why; "" where nothing was."""
    said = [f"{number} {_NO_PERSONS[who]} ({why})" for (who, why), number in sorted(visits.items())]
    count = sum(visits.values())
    return f"{count} {'visit is' if count == 1 else 'visits are'} not counted: {', '.join(said)}." if said else ""
