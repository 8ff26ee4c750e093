"""Another next date for an outcome that was just noted."""

from uuid import UUID

from django.db import transaction

from ripeline.leads.decisions.deciding import By, NotUndoable
from ripeline.timeline.models import Activity
from ripeline.worklist.actions import Outcome, Recorded, record_outcome, undo

_TOUCHES = ("call", "email", "meeting")


def redate(activity_id: UUID, by: By, *, next_text: str) -> Recorded:
    """Take an outcome back and note it again with the date that `next_text` names, so that one undo takes back both.

    Raises NotADate for words that are no date, NotUndoable if the lead was changed since, NotAllowed.
    """
    with transaction.atomic():
        entry = Activity.objects.filter(pk=activity_id).first()
        outcome = _outcome(entry) if entry else ""
        if entry is None or not outcome:
            raise NotUndoable("There is nothing whose date could be changed.")
        again = Activity.objects.filter(lead_id=entry.lead_id, origin=by.origin, event_key=by.key)
        if not again.exists():  # else this very request was carried out before
            undo(activity_id, By(by.actor, by.origin, f"{by.key}:back"[:120]))
        channel = entry.kind if entry.kind in _TOUCHES else "call"
        return record_outcome(entry.lead_id, by, outcome=outcome, next_text=next_text, note=entry.body, channel=channel)


def _outcome(entry: Activity) -> str:
    """The outcome that an entry notes; "" if it notes none that has a date."""
    if entry.kind == "nurtured":
        return Outcome.GREEN_LATER
    if entry.kind == "next_set":
        return Outcome.SNOOZE
    return str(entry.data.get("outcome", "")) if entry.kind in (*_TOUCHES, "outcome") else ""
