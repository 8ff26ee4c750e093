"""Accounts brought from elsewhere: many at once, made where new, completed where something was missing."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from ripeline.leads.decisions.birth import Person, accounts
from ripeline.leads.knowing import same_name
from ripeline.leads.knowing.same_name import Word
from ripeline.leads.models import Account, Lead
from ripeline.leads.words.keys import account_key, domain_of


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
    keys = [account_key(firm.name, "", firm.website) for firm in firms]
    held = accounts([Person(company=firm.name, website=firm.website) for firm in firms], Word.APART)
    ids = [held[key].pk for key in keys]
    made = {firm.pk for firm in held.values() if firm.is_new}
    here = Account.objects.in_bulk(ids)
    changed = set[UUID]()
    was = {pk: _said(account) for pk, account in here.items()}
    for firm, pk in zip(firms, ids, strict=True):
        account = here[pk]
        if firm.owner_id and account.owner_id is None:
            account.owner_id = firm.owner_id
            changed.add(pk)
        if account.name == account.domain and firm.name and firm.name != account.domain:
            _call(account, firm.name[:200])
            changed.add(pk)
    Account.objects.bulk_update([here[pk] for pk in sorted(changed)], ["name", "named", "owner"])
    changed -= made
    found = []
    for pk in ids:
        sides = (was[pk], _said(here[pk])) if pk in changed else ()
        found.append(Brought(pk, pk in made, pk in changed, *sides))
        made.discard(pk)
    return found


def _call(account: Account, name: str) -> None:
    account.name, account.named = name, account_key(name)


def _said(account: Account) -> dict[str, Any]:
    return {"name": account.name, "owner_id": str(account.owner_id) if account.owner_id else None}


def of_corrected(lead: Lead, company: str, word: Word) -> UUID | None:
    """Where somebody belongs whose company is called otherwise from now on: where they are, if its domain is that of
    their address or bears the name out; else at the company of that name, made where new.
    """
    held = lead.account
    if held and account_key(company) == account_key(lead.company):
        return held.pk
    domain = held.domain if held else ""
    if held and domain and (domain_of(lead.email) == domain or same_name.bears_out(domain, company)):
        return held.pk
    person = Person(company=company, email=lead.email)
    found = accounts([person], word).get(account_key(company, lead.email))
    return found.pk if found else None


def put_back(account_id: UUID, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """What was changed on a company, where it still stands so. In the caller's transaction."""
    account = Account.objects.select_for_update().filter(pk=account_id).first()
    if account is None:
        return
    now = _said(account)
    for name, value in before.items():
        if value != after[name] == now[name]:
            setattr(account, name, value)
    _call(account, account.name)
    account.save(update_fields=["name", "named", "owner"])


def forget(account_id: UUID) -> bool:
    """Delete a company at which nobody is; False if somebody is, or its name leads to another or another's to it."""
    Account.objects.select_for_update().filter(pk=account_id).first()  # nobody is put there meanwhile
    return bool(forgettable().filter(pk=account_id).delete()[0])


def forget_all(empty: QuerySet[Account]) -> None:
    """Delete companies, those that still are `empty` once nobody can be put there any more."""
    ids = list(empty.values_list("pk", flat=True))
    list(Account.objects.select_for_update().filter(pk__in=ids).order_by("key").values_list("pk"))
    Account.objects.filter(pk__in=list(empty.filter(pk__in=ids).values_list("pk", flat=True))).delete()


def forgettable() -> QuerySet[Account]:
    """Companies at which nobody is, and that no merge has to do with."""
    return Account.objects.filter(leads__isnull=True, merged_into__isnull=True, merged__isnull=True)


def again(account_id: str, company: str, email: str) -> str | None:
    """Where somebody is again: at their company, at the one that it was merged into since, or, where it is gone, at
    the one of its name, made anew.
    """
    held = Account.objects.select_for_update(no_key=True).filter(pk=account_id)
    if into := list(held.values_list("merged_into", flat=True)):
        return str(into[0] or account_id)
    made = accounts([Person(company=company, email=email)], Word.APART).get(account_key(company, email))
    return str(made.pk) if made else None


def where_now(account_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Those of these companies that were merged into another, and into which."""
    rows = Account.objects.filter(pk__in=account_ids, merged_into__isnull=False).values_list("pk", "merged_into")
    return {pk: into for pk, into in rows if into}


def first_leads(account_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Who came to us first at each account, of those not merged away: whose deal it is where nobody is named."""
    found = Lead.objects.filter(account__in=account_ids, merged_into__isnull=True)
    first = found.order_by("account", "captured_at", "pk").distinct("account")
    return {account: lead for account, lead in first.values_list("account", "pk") if account}


def called(names: Collection[str]) -> dict[str, list[UUID]]:
    """The accounts of these names, however they are written, the first first: of one name there may be several, where
    some of its people came with an address and some without."""
    keys = {name: key for name in names if (key := account_key(name[:200]))}
    if not keys:
        return {}
    rows = Account.objects.filter(named__in=set(keys.values())).order_by("pk").values_list("named", "pk", "merged_into")
    found: dict[str, list[UUID]] = {}
    for named, pk, into in rows:
        here = found.setdefault(named, [])
        if (into or pk) not in here:
            here.append(into or pk)
    return {name: found[key] for name, key in keys.items() if key in found}


def is_here(account_id: UUID) -> bool:
    """Whether there is such a company."""
    return Account.objects.filter(pk=account_id).exists()
