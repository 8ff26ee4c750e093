"""What the tests of the outbox share."""

from uuid import uuid4

from django.conf import settings

from ripeline.outbox import actions, consent
from ripeline.outbox.consent import Evidence
from ripeline.outbox.models import Message
from ripeline.timeline import links
from ripeline.timeline.links import Link
from tests.threads import in_threads

__all__ = ["in_threads"]

PRIYA = "priya@northgate.example"
NEWS = actions.NEWS
SAID_SO = Evidence(how="said so by telephone")


def thank(to: str = PRIYA, **more: object) -> Message:
    """An answer to somebody, which needs no consent."""
    given = {"kind": "thanks", "key": uuid4().hex, "context": {"subject": "Thank you", "text": "We call you."}}
    return actions.send(to=to, **{**given, **more})  # type: ignore[arg-type]


def news(to: str = PRIYA, **more: object) -> Message:
    """Mail for a purpose."""
    given = {
        "kind": "letter", "purpose": NEWS, "key": uuid4().hex,
        "context": {"subject": "What is new", "text": "A new planner.\n\nAnd a new price."},
    }  # fmt: skip
    return actions.send(to=to, **{**given, **more})  # type: ignore[arg-type]


def tracked_in(text: str) -> Link:
    """The tracked link of a mail, read as the intake reads it."""
    return links.read(text.split("/i/c/")[1].split()[0], settings.SECRET_KEY, "click")


def agree(to: str = PRIYA, **more: object) -> None:
    consent.give(to=to, purpose=NEWS, evidence=SAID_SO, **more)  # type: ignore[arg-type]
