"""Merging two records of one person, and taking it back. A merge is a redirect: every row keeps its own lead id.

Both, and whatever is merged into them, are locked first, in the order of their ids (see `deciding`).
"""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from ripeline.base import clock
from ripeline.leads import rules
from ripeline.leads.deciding import By, LeadError, once_more
from ripeline.leads.models import Lead
from ripeline.leads.rules import Verb
from ripeline.people import queries as people
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity


@once_more
def merge(*, survivor_id: UUID, duplicate_id: UUID, by: By) -> Lead:
    """Make `duplicate` lead to `survivor`. Nothing is overwritten; readers expand, undo takes the redirect away.

    What had been merged into the duplicate is redirected too, so that a redirect is always one step.
    """
    with transaction.atomic():
        family = _family(survivor_id, duplicate_id)
        survivor, duplicate = family[survivor_id], family[duplicate_id]
        if duplicate.merged_into_id == survivor.pk:
            return survivor
        if survivor.pk == duplicate.pk or survivor.merged_into_id or duplicate.merged_into_id:
            raise LeadError("One of the two has been merged already.")
        if rules.is_open(duplicate) and not rules.is_open(survivor):
            raise LeadError("Merge the closed record into the open one, so that nobody drops out of sight.")
        for lead in (survivor, duplicate):
            rules.require(by.actor, Verb.MERGE, lead)
        moved = [pk for pk, lead in family.items() if lead.merged_into_id == duplicate.pk]
        Lead.objects.filter(pk__in=[*moved, duplicate.pk]).update(merged_into=survivor)
        data = {"duplicate": str(duplicate.pk), "name": str(duplicate), "moved": [str(pk) for pk in moved]}
        timeline.record(_entry(survivor, "merged", by, data))
        return survivor


@once_more
def unmerge(*, duplicate_id: UUID, by: By) -> Lead:
    """Take a merge back: the duplicate stands on its own again, as it was, with its own next moment.

    If who had it has left since, it waits in the Qualify queue.
    """
    with transaction.atomic():
        found = Lead.objects.get(pk=duplicate_id)
        if found.merged_into_id is None:
            return found
        family = _family(found.merged_into_id, duplicate_id)
        survivor, duplicate = family[found.merged_into_id], family[duplicate_id]
        if duplicate.merged_into_id != survivor.pk:
            raise LeadError("Somebody has merged this record elsewhere, or taken its merge back, in this moment.")
        rules.require(by.actor, Verb.MERGE, survivor)
        Lead.objects.filter(pk=duplicate.pk).update(merged_into=None)
        if not duplicate.responsible.is_active and rules.is_open(Lead(state=duplicate.state)):
            queue = people.built_in(people.QUALIFY)
            Lead.objects.filter(pk=duplicate.pk).update(responsible=queue, owner=None)
        Lead.objects.filter(pk__in=_moved(survivor, duplicate), merged_into=survivor).update(merged_into=duplicate)
        timeline.record(_entry(survivor, "unmerged", by, {"duplicate": str(duplicate.pk), "name": str(duplicate)}))
        duplicate.refresh_from_db()
        return duplicate


def _moved(survivor: Lead, duplicate: Lead) -> list[str]:
    """The ids that the merge redirected along with the duplicate."""
    merges = Activity.objects.filter(lead_id=survivor.pk, kind="merged", data__duplicate=str(duplicate.pk))
    last = merges.order_by("-occurred_at", "-pk").first()
    return list(last.data["moved"]) if last else []


def _family(*ids: UUID) -> dict[UUID, Lead]:
    """Leads and what is merged into them, locked in the order of their ids so that nobody waits in a circle."""
    leads = Lead.objects.select_for_update(of=("self",)).select_related("owner", "responsible__user")
    return {lead.pk: lead for lead in leads.filter(Q(pk__in=ids) | Q(merged_into__in=ids)).order_by("pk")}


def _entry(lead: Lead, kind: str, by: By, data: Mapping[str, object]) -> timeline.Entry:
    return timeline.Entry(
        lead_id=lead.pk, kind=kind, actor_id=by.actor.pk, origin=by.origin, event_key=by.key, occurred_at=clock.now(),
        data=dict(data),
    )  # fmt: skip
