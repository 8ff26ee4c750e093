"""What files said before of open deals that have no id of their own: known by their lead and their name.

What a file says as before is no news, so that what somebody here has said of a deal since stays, also that there is
none; of deals with an id that is kept with it (`leads.deals.ids`).
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from ripeline.leads.models import Opportunity
from ripeline.timeline.models import Activity

SAID = "said"  # in an entry of such a deal: what its file said


class SaidBefore:
    """Of the open deals of some leads, asked once for all of them."""

    def __init__(self, lead_ids: Collection[UUID], keys: Collection[str], origin: str) -> None:
        entries = Activity.objects.filter(lead_id__in=lead_ids) if keys else Activity.objects.none()
        opened = entries.filter(origin=origin, event_key__in=keys)
        self._opened = set(opened.values_list("lead_id", "event_key"))
        told = entries.filter(kind__in=("opportunity", "imported"), data__has_key=SAID).order_by("recorded_at", "id")
        self._said: dict[str, dict[str, Any]] = {
            data["opportunity"]["id"]: data[SAID] for data in told.values_list("data", flat=True)
        }

    def of(self, found: Opportunity) -> dict[str, Any]:
        """The last word of a file on a deal; {} where none is kept."""
        return self._said.get(str(found.pk), {})

    def was_opened(self, lead_id: UUID, key: str) -> bool:
        """Whether a file has opened it: where it is not here any more, somebody has taken it back."""
        return (lead_id, key) in self._opened

    def keep(self, found: Opportunity, said: dict[str, Any]) -> dict[str, Any]:
        """What an entry is to say of this."""
        self._said[str(found.pk)] = said
        return {SAID: said}
