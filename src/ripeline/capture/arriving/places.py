"""Where somebody came to us: a hall, a page, a line of ours, a file. One word on each enquiry, whatever the door."""

from ripeline.capture.cells.text import clean
from ripeline.capture.models import DoorKind, Submission

LONGEST = 200
# What is so called by whoever set it up: where nothing else is said, people came to that.
_NAMED = frozenset({DoorKind.FORM, DoorKind.API, DoorKind.HOOK, DoorKind.BOOTH})


def of_page(address: str) -> str:
    """A page as people name it: www.example.com/prices."""
    page = address.partition("?")[0].partition("#")[0]
    return page.partition("://")[2] or page


def of(submission: Submission) -> str:
    """What whoever took or sent it said; else the page; else what the door is called, where that is a place."""
    door, content = submission.door, submission.content
    said = submission.trail.get("place") or content.get("place") or of_page(str(content.get("page", ""))) or door.place
    return clean(str(said or (door.name if door.kind in _NAMED else "")))[:LONGEST]
