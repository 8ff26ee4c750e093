"""Merging two companies into one, and taking it back. A merge is a redirect: the row of the one that goes stays.

Its people are at the other from then on, and whoever comes under either name or domain. First its people are locked,
in the order of their ids, then both companies, in the order of their keys: as whoever brings somebody in does. Who is
brought in there this moment is waited for, and moves too.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.deciding import By, LeadError, once_more
from ripeline.leads.doubles import same_company
from ripeline.leads.models import Account, AccountMerge, Lead
from ripeline.leads.words.keys import account_key
from ripeline.people import actions as people
from ripeline.people.models import Role, User
from ripeline.timeline import actions as timeline

MERGED = "One of the two has been merged already."
CHOSEN = ("name", "owner")  # in which the word of the one that goes may stay
_SAID = ("name", "named", "owner_id")
_BATCH = 1000  # entries written at once


def order(one: Account, other: Account, people: Mapping[UUID, int]) -> tuple[Account, Account]:
    """Which of two stays: the one that is known by a domain, else that somebody looks after, else with more people,
    else the older. `people`: how many are at each."""

    def rank(account: Account) -> tuple[bool, bool, int, str]:
        return not account.domain, account.owner_id is None, -people.get(account.pk, 0), str(account.pk)

    survivor, duplicate = sorted((one, other), key=rank)
    return survivor, duplicate


@once_more
def merge(*, survivor_id: UUID, duplicate_id: UUID, by: By, takes: Collection[str] = ()) -> AccountMerge:
    """Make one company of two. `takes`: in which of CHOSEN the word of the duplicate stays; an owner also where the
    survivor has none. The same request again is the same merge. Raises NotAllowed, LeadError."""
    with transaction.atomic():
        bulk.hold(_at(duplicate_id))
        both = _locked(survivor_id, duplicate_id)
        if done := AccountMerge.objects.filter(key=_key(by)).first():
            return done
        survivor, duplicate = both.get(survivor_id), both.get(duplicate_id)
        if not survivor or not duplicate or survivor is duplicate:
            raise LeadError("One of the two is not here any more.")
        same_company.require(by.actor, survivor, duplicate)
        if survivor.merged_into_id or duplicate.merged_into_id:
            raise LeadError(MERGED)
        was = _said(survivor, duplicate)
        led_there = list(Account.objects.filter(merged_into=duplicate).values_list("pk", flat=True))
        _join(survivor, duplicate, takes)
        Account.objects.filter(pk__in=led_there).update(merged_into=survivor)
        moved = _move(duplicate, survivor)
        made = AccountMerge.objects.create(
            key=_key(by), survivor=survivor, duplicate=duplicate, merged_by=by.actor, merged_at=clock.now(), was=was,
            became=_said(survivor, duplicate), led_there=led_there, moved=moved,
        )  # fmt: skip
        gone, stays = (str(was[str(each.pk)]["name"]) for each in (duplicate, survivor))
        _tell(moved, "company_merged", by, {"company": gone, "into": stays, "called": survivor.name})
        people.audit(
            actor=by.actor, verb="companies.merge", target=f"{gone} into {stays}", merge=str(made.pk),
            people=len(moved),
        )  # fmt: skip
        return made


@once_more
def unmerge(*, merge_id: UUID, by: By) -> AccountMerge:
    """Take a merge back: both are as they were, with the people they had, but for what somebody has said since. Who has
    come since under the name or the domain of the one that went is there. Taken back again it is the same.

    Whoever merged them may, or who may merge them now. Raises NotAllowed, LeadError.
    """
    with transaction.atomic():
        made = AccountMerge.objects.filter(pk=merge_id).first()
        if made is None:
            raise LeadError("There is nothing to take back.")
        bulk.hold(made.moved)
        both = _locked(made.survivor_id, made.duplicate_id)
        made = AccountMerge.objects.select_for_update().get(pk=merge_id)
        survivor, duplicate = both[made.survivor_id], both[made.duplicate_id]
        if made.merged_by_id != by.actor.pk or not by.actor.is_active:
            same_company.require(by.actor, survivor, duplicate)
        if made.undone_at:
            return made
        if duplicate.merged_into_id != survivor.pk:
            raise LeadError(f"{survivor} has been merged into another company since: take that back first.")
        _part(survivor, duplicate, made)
        back = list(Lead.objects.filter(pk__in=made.moved, account=survivor).values_list("pk", flat=True))
        back += _came_since(survivor, duplicate, made)
        Lead.objects.filter(pk__in=back).update(account=duplicate)
        made.undone_at = clock.now()
        made.save(update_fields=["undone_at"])
        _tell(back, "company_unmerged", by, {"company": duplicate.name, "from": survivor.name}, made)
        people.audit(
            actor=by.actor, verb="companies.unmerge", target=f"{duplicate.name} from {survivor.name}",
            merge=str(made.pk), people=len(back),
        )  # fmt: skip
        return made


def last(actor: User, *, limit: int = 10) -> list[AccountMerge]:
    """The merges that `actor` may take back, the last first."""
    found = AccountMerge.objects.filter(undone_at__isnull=True).select_related("survivor", "duplicate", "merged_by")
    newest = found.order_by("-merged_at", "pk")
    if not (actor.is_system or actor.role == Role.ADMIN):
        newest = newest.filter(merged_by=actor)
    return list(newest[:limit])


def _locked(*account_ids: UUID) -> dict[UUID, Account]:
    """Both, and nobody is brought in there until we are done."""
    held = Account.objects.select_for_update(of=("self",)).filter(pk__in=account_ids).order_by("key")
    return {account.pk: account for account in held}


def _at(account_id: UUID) -> list[UUID]:
    return list(Lead.objects.filter(account=account_id).values_list("pk", flat=True))


def _key(by: By) -> str:
    return f"{by.origin}:{by.key}"[:80]


def _said(*accounts: Account) -> dict[str, dict[str, Any]]:
    return {
        str(each.pk): {name: str(value) if (value := getattr(each, name)) else value for name in _SAID}
        for each in accounts
    }


def _join(survivor: Account, duplicate: Account, takes: Collection[str]) -> None:
    """What each is called and who looks after them; a name that is not kept stays with the other, and leads here."""
    if "name" in takes:
        survivor.name, duplicate.name = duplicate.name, survivor.name
        survivor.named, duplicate.named = duplicate.named, survivor.named
    if duplicate.owner_id and ("owner" in takes or not survivor.owner_id):
        survivor.owner_id = duplicate.owner_id
    duplicate.merged_into = survivor
    survivor.save(update_fields=["name", "named", "owner"])
    duplicate.save(update_fields=["name", "named", "owner", "merged_into"])


def _part(survivor: Account, duplicate: Account, made: AccountMerge) -> None:
    """Both as they were, in what still is as the merge left it; and those that had led to the duplicate do again."""
    now = _said(survivor, duplicate)
    for each in (survivor, duplicate):
        was, became = made.was[str(each.pk)], made.became[str(each.pk)]
        for name in _SAID:
            if now[str(each.pk)][name] == became[name]:
                setattr(each, name, UUID(was[name]) if name == "owner_id" and was[name] else was[name])
    duplicate.merged_into = None
    survivor.save(update_fields=["name", "named", "owner"])
    duplicate.save(update_fields=["name", "named", "owner", "merged_into"])
    Account.objects.filter(pk__in=made.led_there, merged_into=survivor).update(merged_into=duplicate)


def _move(of: Account, to: Account) -> list[UUID]:
    """Everybody who is at one company is at the other; who."""
    there = _at(of.pk)  # with those who were being brought in when we came
    Lead.objects.filter(pk__in=there, account=of).update(account=to)
    return there


def _came_since(survivor: Account, duplicate: Account, made: AccountMerge) -> list[UUID]:
    """Who came since to the survivor under what the duplicate is known by."""
    since = Lead.objects.filter(account=survivor, created_at__gte=made.merged_at).exclude(pk__in=made.moved)
    known = {duplicate.key, duplicate.named} - {survivor.key, survivor.named}
    rows = since.values_list("pk", "company", "email")
    return [pk for pk, company, email in rows if account_key(company, email) in known]


def _tell(
    lead_ids: Sequence[UUID], kind: str, by: By, data: Mapping[str, Any], made: AccountMerge | None = None
) -> None:
    """An entry on the timeline of each who is at another company now, but of those merged into somebody."""
    people_here = Lead.objects.filter(pk__in=lead_ids, merged_into__isnull=True).order_by("pk")
    ids = list(people_here.values_list("pk", flat=True))
    key = f"{kind}:{made.pk.hex if made else by.key}"[:120]
    for start in range(0, len(ids), _BATCH):
        timeline.record_all(
            [
                timeline.Entry(
                    lead_id=pk, kind=kind, actor_id=by.actor.pk, origin=by.origin, event_key=key,
                    occurred_at=clock.now(), data=dict(data),
                )
                for pk in ids[start : start + _BATCH]
            ]
        )  # fmt: skip
