"""Merging two records of one person, and taking it back. A merge is a redirect: every row keeps its own lead id."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.leads import rules
from ripeline.leads.deciding import By, LeadError
from ripeline.leads.models import Lead
from ripeline.leads.rules import Verb
from ripeline.people import queries as people
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity


def merge(*, survivor_id: UUID, duplicate_id: UUID, by: By) -> Lead:
    """Make `duplicate` lead to `survivor`. Nothing is overwritten; readers expand, undo takes the redirect away.

    What had been merged into the duplicate is redirected too, so that a redirect is always one step.
    """
    with transaction.atomic():
        survivor, duplicate = _both(survivor_id, duplicate_id)
        if duplicate.merged_into_id == survivor.pk:
            return survivor
        if survivor.pk == duplicate.pk or survivor.merged_into_id or duplicate.merged_into_id:
            raise LeadError("One of the two has been merged already.")
        if rules.is_open(duplicate) and not rules.is_open(survivor):
            raise LeadError("Merge the closed record into the open one, so that nobody drops out of sight.")
        for lead in (survivor, duplicate):
            rules.require(by.actor, Verb.MERGE, lead)
        moved = list(Lead.objects.filter(merged_into=duplicate).values_list("pk", flat=True))
        Lead.objects.filter(pk__in=[*moved, duplicate.pk]).update(merged_into=survivor)
        data = {"duplicate": str(duplicate.pk), "name": str(duplicate), "moved": [str(pk) for pk in moved]}
        timeline.record(_entry(survivor, "merged", by, data))
        return survivor


def unmerge(*, duplicate_id: UUID, by: By) -> Lead:
    """Take a merge back: the duplicate stands on its own again, as it was, with its own next moment.

    If who had it has left since, it waits in the Qualify queue.
    """
    with transaction.atomic():
        duplicate = Lead.objects.get(pk=duplicate_id)
        if duplicate.merged_into_id is None:
            return duplicate
        survivor, duplicate = _both(duplicate.merged_into_id, duplicate_id)
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


def _both(one: UUID, other: UUID) -> tuple[Lead, Lead]:
    """Both leads, locked in the order of their ids so that two merges cannot wait for each other."""
    found = {
        lead.pk: lead
        for lead in Lead.objects.select_for_update(of=("self",))
        .select_related("owner", "responsible__user")
        .filter(pk__in=[one, other])
        .order_by("pk")
    }
    return found[one], found[other]


def _entry(lead: Lead, kind: str, by: By, data: Mapping[str, object]) -> timeline.Entry:
    return timeline.Entry(
        lead_id=lead.pk, kind=kind, actor_id=by.actor.pk, origin=by.origin, event_key=by.key, occurred_at=clock.now(),
        data=dict(data),
    )  # fmt: skip
