"""What the record shows of what somebody agreed to get mail for, and how we know."""

from typing import Any

from django.utils import timezone

from ripeline.base import clock
from ripeline.leads.record import Record
from ripeline.leads.rules import Verb
from ripeline.outbox import queries

FIELDS = ("agreed", "purpose", "address", "how", "said_on", "wording")
WAYS = ("Said so by telephone", "Wrote it in a mail", "Signed it on paper", "Said so at our stand")


def of(found: Record) -> dict[str, Any]:
    """Where each of their addresses stands, for whoever may see how they came to us."""
    addresses = [each for each in (found.lead.email, *found.known_by.addresses) if each]
    if not (found.may[Verb.SEE_CONTEXT] and addresses):
        return {}
    return {
        "standings": queries.standings(addresses),
        "wordings": queries.wordings() if found.may[Verb.NOTE_CONSENT] else (),
        "ways": WAYS,
        "today": timezone.localdate(clock.now()),
    }


def words(agreed: dict[str, Any]) -> set[str]:
    """The words of the consents that stand there."""
    events = (e for at in agreed.get("standings", ()) for consent in at.consents for e in consent.events.all())
    return {event.wording.text for event in events if event.wording}
