"""Accounts brought from elsewhere: many at once, made where new, completed where something was missing."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from ripeline.leads import rules
from ripeline.leads.birth import Person, accounts
from ripeline.leads.models import Account, Lead


class Firm(NamedTuple):
    """A company as a file gives it."""

    name: str
    website: str = ""
    owner_id: UUID | None = None


class Brought(NamedTuple):
    """The account that a company is."""

    account_id: UUID
    is_new: bool = False
    is_changed: bool = False
    before: Mapping[str, Any] = MappingProxyType({})  # name and owner of one that was here and was changed
    after: Mapping[str, Any] = MappingProxyType({})


def bring(firms: Sequence[Firm]) -> list[Brought]:
    """The account of each firm, in their order, within the caller's transaction. What is here already stays; an owner,
    or a name in place of a bare domain, is added where there was none."""
    keys = [rules.account_key(firm.name, "", firm.website) for firm in firms]
    before = set(Account.objects.filter(key__in=keys).values_list("key", flat=True))
    held = accounts([Person(company=firm.name, website=firm.website) for firm in firms])
    here = {account.key: account for account in Account.objects.filter(key__in=held)}
    made, changed = set[str](), set[str]()
    was = {key: _said(account) for key, account in here.items()}
    for firm, key in zip(firms, keys, strict=True):
        account = here[key]
        if firm.owner_id and account.owner_id is None:
            account.owner_id = firm.owner_id
            changed.add(key)
        if account.name == account.domain and firm.name and firm.name != account.domain:
            account.name = firm.name[:200]
            changed.add(key)
    Account.objects.bulk_update([here[key] for key in sorted(changed)], ["name", "owner"])
    found = []
    for key in keys:
        is_new = key not in before and key not in made
        made.add(key)
        sides = (was[key], _said(here[key])) if key in changed and key in before else ()
        found.append(Brought(here[key].pk, is_new, key in changed and key in before, *sides))
    return found


def _said(account: Account) -> dict[str, Any]:
    return {"name": account.name, "owner_id": str(account.owner_id) if account.owner_id else None}


def put_back(account_id: UUID, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """What was changed on a company, where it still stands so. In the caller's transaction."""
    account = Account.objects.select_for_update().filter(pk=account_id).first()
    if account is None:
        return
    now = _said(account)
    for name, value in before.items():
        if value != after[name] == now[name]:
            setattr(account, name, value)
    account.save(update_fields=["name", "owner"])


def forget(account_id: UUID) -> bool:
    """Delete a company at which nobody is; False if somebody is."""
    Account.objects.select_for_update().filter(pk=account_id).first()  # nobody is put there meanwhile
    return bool(Account.objects.filter(pk=account_id, leads__isnull=True).delete()[0])


def first_leads(account_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Who came to us first at each account, of those not merged away: whose deal it is where nobody is named."""
    found = Lead.objects.filter(account__in=account_ids, merged_into__isnull=True)
    first = found.order_by("account", "captured_at", "pk").distinct("account")
    return {account: lead for account, lead in first.values_list("account", "pk") if account}


def called(names: Collection[str]) -> dict[str, UUID]:
    """The accounts of these names, as they are written; of several the first."""
    if not names:
        return {}
    by_key = {rules.account_key(name): name for name in names}
    found: dict[str, UUID] = {}
    for pk, key, name in (
        Account.objects.filter(Q(key__in=by_key) | Q(name__in=names)).order_by("-pk").values_list("pk", "key", "name")
    ):
        found[by_key.get(key, name)] = pk
    return found


def is_here(account_id: UUID) -> bool:
    """Whether there is such a company."""
    return Account.objects.filter(pk=account_id).exists()
