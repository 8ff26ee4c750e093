"""Merging two records of one person, and taking it back. A merge is a redirect: the duplicate's row stays as it was.

What happened to either stays where it is, and readers expand (`queries.family`); the survivor's own row gets what was
chosen (`joining`), with an image of what it was, and the duplicate's deals, so that whoever wins or loses the person
closes them. Both, and whatever is merged into them, are locked first, in the order of their ids (see `deciding`).
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from ripeline.base import clock
from ripeline.leads import rules
from ripeline.leads.decisions import accounts
from ripeline.leads.decisions.deciding import By, Changes, LeadError, _column, _plain, locked, once_more
from ripeline.leads.doubles import joining, parting
from ripeline.leads.models import Lead, Opportunity
from ripeline.leads.rules import Verb
from ripeline.people import queries as people
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity

MERGED = "One of the two has been merged already."


@once_more
def merge(*, survivor_id: UUID, duplicate_id: UUID, by: By, takes: Collection[str] | None = None) -> Lead:
    """Make `duplicate` lead to `survivor`. `takes`: the fields in which the duplicate's word stays; else the usual.

    What had been merged into the duplicate is redirected too, so that a redirect is always one step.
    """
    with transaction.atomic():
        family = _family(survivor_id, duplicate_id)
        survivor, duplicate = family[survivor_id], family[duplicate_id]
        if duplicate.merged_into_id == survivor.pk or _was_done(survivor, by):
            return survivor
        if survivor.pk == duplicate.pk or survivor.merged_into_id or duplicate.merged_into_id:
            raise LeadError(MERGED)
        if rules.is_open(duplicate) and not rules.is_open(survivor):
            raise LeadError("Merge the closed record into the open one, so that nobody drops out of sight.")
        for lead in (survivor, duplicate):
            rules.require(by.actor, Verb.MERGE, lead)
        moved = [pk for pk, lead in family.items() if lead.merged_into_id == duplicate.pk]
        Lead.objects.filter(pk__in=[*moved, duplicate.pk]).update(merged_into=survivor)
        chosen = [] if takes is None else joining.contested(survivor, duplicate)
        takes = joining.usual(survivor, duplicate) if takes is None else set(takes)
        changes = joining.joined(survivor, duplicate, takes)
        data = {
            "duplicate": str(duplicate.pk), "name": str(duplicate), "moved": [str(pk) for pk in moved],
            "deals": _move_deals(duplicate, survivor), "took": sorted(takes), "chosen": chosen,
        }  # fmt: skip
        _become(survivor, changes, _entry(survivor, "merged", by, data))
        return survivor


def _was_done(survivor: Lead, by: By) -> bool:
    """Whether this very request was carried out before, be it that the merge was taken back since."""
    return Activity.objects.filter(lead_id=survivor.pk, origin=by.origin, event_key=by.key).exists()


def _become(survivor: Lead, changes: Changes, entry: timeline.Entry) -> None:
    """Change the survivor, with its images in the entry: not as `before`, since only `unmerge` takes a merge back."""
    changes = changes | {"decision_id": entry.id}
    entry.data["was"] = {name: _plain(survivor, name) for name in changes}
    for name, new in changes.items():
        setattr(survivor, name, new)
    entry.data["became"] = {name: _plain(survivor, name) for name in changes}
    timeline.record(entry)
    survivor.save(update_fields=[_column(name).name for name in changes])


def _move_deals(of: Lead, to: Lead) -> list[str]:
    """The deals of one record are the other's; their ids. One that both have stays where it is."""
    theirs = Opportunity.objects.filter(lead=of).exclude(key__in=Opportunity.objects.filter(lead=to).values("key"))
    ids = list(theirs.values_list("pk", flat=True))
    Opportunity.objects.filter(pk__in=ids).update(lead=to)
    return [str(pk) for pk in ids]


@once_more
def unmerge(*, duplicate_id: UUID, by: By) -> Lead:
    """Take a merge back: the duplicate stands on its own again, as it was, with its own next moment.

    So does the survivor; what was decided or learnt about it since stays. Of several merges the last is taken back
    first, since it was made of what the others had left. If who had one has left since, it waits in the Qualify queue.
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
        merged = _last_merge(survivor, family)
        if merged and merged.data["duplicate"] != str(duplicate.pk):
            raise LeadError(f"Take the merge with {merged.data['name']} back first: it came later.")
        was = merged.data if merged else {}
        Lead.objects.filter(pk=duplicate.pk).update(merged_into=None)
        Lead.objects.filter(pk__in=was.get("moved", []), merged_into=survivor).update(merged_into=duplicate)
        Opportunity.objects.filter(pk__in=was.get("deals", []), lead=survivor).update(lead=duplicate)
        if merged and "was" in was:
            _put_back(survivor, merged)
        _see_to_somebody(survivor, duplicate)
        timeline.record_all(
            [
                _entry(survivor, "unmerged", by, {"duplicate": str(duplicate.pk), "name": str(duplicate)}),
                _entry(duplicate, "unmerged", by, {"survivor": str(survivor.pk), "name": str(survivor)}),
            ]
        )
        duplicate.refresh_from_db()
        return duplicate


def _put_back(survivor: Lead, merged: Activity) -> None:
    """The survivor as it was, but for what somebody, an arrival or a file has said about it since (`parting`)."""
    later = Activity.objects.filter(lead_id=merged.lead_id, recorded_at__gte=merged.recorded_at, data__has_key="before")
    later = later.exclude(pk=merged.pk).select_related("actor").order_by("recorded_at", "pk")
    still = Lead.objects.filter(merged_into=survivor).values_list("search", flat=True)
    changes = parting.parted(survivor, merged, list(later), still=still)
    if changes.get("account_id"):
        company = changes.get("company", survivor.company)
        changes["account_id"] = accounts.again(changes["account_id"], company, survivor.email)
    for name, old in changes.items():
        setattr(survivor, name, _column(name).to_python(old))
    if changes:
        survivor.save(update_fields=[_column(name).name for name in changes])


def _see_to_somebody(*leads: Lead) -> None:
    """An open record has somebody who is here (I1)."""
    held = Lead.objects.filter(pk__in=[lead.pk for lead in leads], responsible__is_active=False)
    for lead in held:
        if rules.is_open(lead):
            Lead.objects.filter(pk=lead.pk).update(responsible=people.built_in(people.QUALIFY), owner=None)


def _last_merge(survivor: Lead, family: Mapping[UUID, Lead]) -> Activity | None:
    """The entry of the last merge into the survivor that has not been taken back."""
    here = [str(pk) for pk, lead in family.items() if lead.merged_into_id == survivor.pk]
    merges = Activity.objects.filter(lead_id=survivor.pk, kind="merged", data__duplicate__in=here)
    return merges.order_by("-recorded_at", "-pk").first()


def _family(*ids: UUID) -> dict[UUID, Lead]:
    """Leads and what is merged into them, locked in the order of their ids so that nobody waits in a circle."""
    found = Lead.objects.filter(Q(pk__in=ids) | Q(merged_into__in=ids))
    return {lead.pk: lead for lead in locked(found, "owner", "responsible__user")}


def _entry(lead: Lead, kind: str, by: By, data: Mapping[str, Any]) -> timeline.Entry:
    return timeline.Entry(
        lead_id=lead.pk, kind=kind, actor_id=by.actor.pk, origin=by.origin, event_key=by.key, occurred_at=clock.now(),
        data=dict(data),
    )  # fmt: skip
