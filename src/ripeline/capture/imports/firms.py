"""Which company a row names: by the id that its system gave it, if a file of companies was here, else by its name."""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from ripeline.capture.cells import values
from ripeline.capture.columns.row import Row
from ripeline.capture.models import ImportCompany
from ripeline.leads.decisions import accounts
from ripeline.leads.knowing import identity
from ripeline.leads.models import Account

_SEVERAL = re.compile(r"\s*;\s*")  # as HubSpot parts them; other marks may be part of an id


class Named(NamedTuple):
    """A company that a file brought."""

    account_id: UUID
    name: str
    site: str


def by_id(references: Collection[str]) -> dict[str, Named]:
    """Those companies, by the ids that their system gave (`reference`)."""
    if not references:
        return {}
    found = ImportCompany.objects.filter(reference__in=references).select_related("account__merged_into")
    return {one.reference: _named(one, one.account.merged_into or one.account) for one in found}


def _named(one: ImportCompany, at: Account) -> Named:
    """What the company of an id is called, and which it is by now: it may have been merged into another."""
    return Named(at.pk, one.name or one.account.name, at.domain)


def complete(rows: Sequence[Row]) -> None:
    """Give rows of people the name and the site of the company whose id they have."""
    ids = _ids(rows)
    known = by_id(set(ids.values()))
    for row in rows:
        if named := known.get(ids.get(row.row, "")):
            row.values.setdefault("company", named.name)
            if named.site:
                row.values.setdefault("website", named.site)


def of(rows: Sequence[Row]) -> dict[int, list[UUID]]:
    """The accounts of the company that each row names, by the row's number: the one of its id, else the first of its
    name, and the others that are called so; none for those that name nobody here.
    """
    ids = _ids(rows)
    known = by_id(set(ids.values()))
    called = accounts.called({row.text("company") for row in rows if row.text("company")})
    found: dict[int, list[UUID]] = {}
    for row in rows:
        named = known.get(ids.get(row.row, ""))
        here = [*([named.account_id] if named else []), *called.get(row.text("company"), [])]
        if here:
            found[row.row] = list(dict.fromkeys(here))
    return found


def _ids(rows: Sequence[Row]) -> dict[int, str]:
    return {row.row: reference(first(row.text("company_id")), row.system) for row in rows if row.text("company_id")}


def reference(text: str, system: str) -> str:
    """An id of a company as it is kept, with the system that gave it; "" for none."""
    found = identity.external(text, system)
    return found.key if found else ""


def first(ids: str) -> str:
    """The first of the ids in a cell."""
    return values.whole(_SEVERAL.split(ids.strip(), maxsplit=1)[0])


def each(ids: str) -> list[str]:
    """The cell as it stands, and each of the ids in it."""
    return list(dict.fromkeys([ids, *filter(None, _SEVERAL.split(ids))]))
