"""The kinds of activity: one list, so that everybody can grep who writes and who reads each.

Each has words for the timeline, a family for the record page's quiet filters, and whether reactions are to run on it.
"""

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    THEIRS = "theirs"  # what they did
    OURS = "ours"  # what we did to reach them
    VISITS = "visits"  # what they did on our pages and with our mails
    RECORD = "record"  # what was decided or changed about the record


@dataclass(frozen=True)
class Kind:
    code: str
    label: str
    family: Family
    reacts: bool = False  # leaves a Reaction for the worker


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("captured", "Came to us", Family.THEIRS, reacts=True),
        Kind("enquired", "Came to us again", Family.THEIRS, reacts=True),
        Kind("call", "Call", Family.OURS),
        Kind("email", "E-mail", Family.OURS),
        Kind("meeting", "Meeting", Family.OURS),
        Kind("outcome", "Outcome", Family.OURS),
        Kind("note", "Note", Family.OURS),
        Kind("mailed", "Mail sent", Family.OURS),  # by the outbox; no touch by a person
        Kind("bounced", "Mail came back", Family.OURS),
        Kind("agreed", "Agreed to mail", Family.THEIRS),
        Kind("unsubscribed", "Wants no more mail", Family.THEIRS),
        Kind("disputed", "Seen differently", Family.OURS),
        Kind("visited", "Visited", Family.VISITS, reacts=True),
        Kind("downloaded", "Downloaded", Family.VISITS, reacts=True),
        Kind("used", "Used", Family.VISITS, reacts=True),
        Kind("clicked", "Followed our link", Family.VISITS, reacts=True),
        Kind("opened", "Opened a mail", Family.VISITS),  # shown, never scored: programs open mails too
        Kind("recognised", "Recognised on the site", Family.RECORD, reacts=True),
        Kind("perceived", "How good it seems", Family.RECORD),
        Kind("staged", "Buying stage", Family.RECORD),
        Kind("next_set", "Next date set", Family.RECORD),
        Kind("replanned", "Moved by the planner", Family.RECORD),
        Kind("ripened", "Likely ready now", Family.RECORD),
        Kind("handed", "Handed over", Family.RECORD),
        Kind("nurtured", "To Keep in touch", Family.RECORD),
        Kind("returned", "Back from Keep in touch", Family.RECORD),
        Kind("qualifying", "Qualifying", Family.RECORD),
        Kind("working", "Accepted to work", Family.RECORD),
        Kind("opportunity", "Opportunity", Family.RECORD, reacts=True),
        Kind("won", "Won", Family.RECORD, reacts=True),
        Kind("lost", "Lost", Family.RECORD, reacts=True),
        Kind("disqualified", "Disqualified", Family.RECORD, reacts=True),
        Kind("reopened", "Re-opened", Family.RECORD, reacts=True),
        Kind("edited", "Record changed", Family.RECORD, reacts=True),
        Kind("answered", "Answers changed", Family.RECORD, reacts=True),
        Kind("imported", "Updated by an import", Family.RECORD, reacts=True),
        Kind("import_undone", "Import taken back", Family.RECORD, reacts=True),
        Kind("merged", "Merged", Family.RECORD, reacts=True),
        Kind("unmerged", "Merge undone", Family.RECORD, reacts=True),
        Kind("company_merged", "Companies merged", Family.RECORD, reacts=True),
        Kind("company_unmerged", "Companies apart again", Family.RECORD, reacts=True),
        Kind("undone", "Taken back", Family.RECORD, reacts=True),
    )
}
REACTING = frozenset(code for code, kind in KINDS.items() if kind.reacts)
SEEN = tuple(code for code, kind in KINDS.items() if kind.reacts and kind.family == Family.VISITS)

# What a hit becomes on the timeline of the person whose it is.
OF_HITS = {"view": "visited", "download": "downloaded", "event": "used", "click": "clicked", "open": "opened"}
