"""When somebody came, said after they were taken in: their enquiry is dated, and they are where it was their first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from ripeline.base import clock
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.birth import is_past_horizon
from ripeline.leads.decisions.deciding import By, Changes
from ripeline.leads.models import Enquiry, Lead


class Came(NamedTuple):
    """An enquiry of a lead, and when it really was."""

    lead_id: UUID
    enquiry_id: UUID
    was: datetime  # as it stands here
    at: datetime


def date(came: Sequence[Came], by: By) -> None:
    """Date enquiries, each with its entry on the lead. Within the caller's transaction and locks."""
    moment, of_lead = clock.now(), {each.lead_id: each for each in came}
    moved = [Enquiry(pk=each.enquiry_id, captured_at=each.at) for each in of_lead.values()]
    Enquiry.objects.bulk_update(moved, ["captured_at"])

    def change(lead: Lead) -> Changes:
        each = of_lead[lead.pk]
        if lead.captured_at != each.was:  # they had come before
            return {}
        found: dict[str, Any] = {"captured_at": each.at}
        if lead.episode == 1 and lead.episode_at == each.was:
            found |= {"episode": 2} if is_past_horizon(each.at, moment) else {"episode_at": each.at}
        return found

    bulk.decide_many(of_lead, by, kind="imported", change=change, facts=lambda _: {"fields": ["captured_at"]})


def take_back(lead_id: UUID, was: str) -> None:
    """The enquiry with which somebody first came is as it was, too."""
    now = Lead.objects.filter(pk=lead_id).values("captured_at")
    Enquiry.objects.filter(lead=lead_id, captured_at__in=now).update(captured_at=was)
