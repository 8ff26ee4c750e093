"""In which language somebody who came to us is answered."""

from collections.abc import Collection
from uuid import UUID

from ripeline.capture.models import Door, Submission, SubmissionState
from ripeline.catalog import phrases
from ripeline.catalog.phrases import Language
from ripeline.outbox.models import Wording
from ripeline.people import working_time


def default() -> Language:
    """In which a new door begins: that of the company's country."""
    return phrases.of_country(working_time.country())


def chosen(language: str, door: Door | None) -> str:
    """As somebody chose it for a door; where they did not, as the door has it, or as a new one begins."""
    if language in Language:
        return language
    return door.language if door else default()


def of(submission: Submission, wording: Wording | None = None) -> str:
    """In which they were asked, be it by words that they agreed to; else their own, as a program says it; else the
    door's. A form may speak another by the time that what it held back is let in.
    """
    theirs = str(submission.content.get("person", {}).get("language", ""))
    asked = str(submission.content.get("language", "")) or (wording.language if wording else "")
    return asked or (theirs if theirs in Language else submission.door.language)


def of_lead(lead_ids: Collection[UUID]) -> str:
    """In which the door asks by which somebody came last; "" where they came by none."""
    came = Submission.objects.filter(lead_id__in=lead_ids, state=SubmissionState.TAKEN).select_related("door")
    last = came.order_by("-received_at").first()
    return of(last) if last else ""
