"""That a visitor of the site is a lead: said by a form they sent, by the site where they signed in, or by the API."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.leads.decisions.deciding import By
from ripeline.leads.models import Lead
from ripeline.timeline import actions as timeline
from ripeline.timeline import visits


def identify(*, visitor_id: UUID, lead_id: UUID, by: By, how: str = "form", since: datetime | None = None) -> bool:
    """Tie a visitor to a lead: their human visits, before and after and from any number of devices, become the lead's.

    False if that was known. Somebody else at the same browser later is identified in the same way: what was done
    before stays with whoever sat there. The worker puts what was done before on the timeline.
    """
    moment = min(since or clock.now(), clock.now())
    with transaction.atomic():
        lead = Lead.objects.select_for_update(of=("self",)).get(pk=lead_id)
        if not visits.link(visitor_id=visitor_id, lead_id=lead.pk, how=how, since=moment):
            return False
        return timeline.record(
            timeline.Entry(
                lead_id=lead.pk, kind="recognised", actor_id=by.actor.pk, origin="visitor",
                event_key=f"{visitor_id}:{moment.isoformat()}", occurred_at=moment, data={"how": how},
            )
        )  # fmt: skip
