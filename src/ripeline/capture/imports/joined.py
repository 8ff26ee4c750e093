"""Whose a row of deals or activities is: by id or e-mail address, else by the name of its person and their company."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from ripeline.base.addresses import IN_CELL
from ripeline.capture.cells import values
from ripeline.capture.columns.rows import Row
from ripeline.capture.imports import firms
from ripeline.leads.knowing import identity, named
from ripeline.leads.knowing.identity import Key

_BRACKETS = re.compile(r"\s*[(<\[].*$")  # an id or an address behind the name
SEVERAL = "several here are called “{}”: say whose it is by id or e-mail address"


def people_of(row: Row) -> tuple[Key, ...]:
    """By what the people of a row are known, where its cells may name several."""
    addresses = [row.text("email"), *IN_CELL.findall(row.text("person"))]
    ids = [identity.external(one, row.system) for one in firms.each(row.text("external_id"))]
    found = (*map(identity.email, addresses), *ids)
    return tuple(one for one in found if one)


def called(row: Row) -> str:
    """The name of a row's person, the first of several."""
    name = _BRACKETS.sub("", firms.first(row.text("person"))).strip()
    return values.person_name(name).value if name and "@" not in name else ""


def by_name(rows: Sequence[Row], accounts: Mapping[int, UUID]) -> dict[int, list[UUID]]:
    """Who is called as the rows say, by their numbers; only of rows that say a name. More than one is nobody.

    Whose id or address is said, and is not here, is another of that name, unless they are at the same company.
    """
    asked = [
        (row.row, named.Called(called(row), row.text("company") or row.text("company_id"), accounts.get(row.row)))
        for row in rows
    ]
    strangers = {row.row for row in rows if people_of(row)}
    asked = [(number, each) for number, each in asked if each.name and (number not in strangers or each.account_id)]
    return dict(zip((number for number, _ in asked), named.who([each for _, each in asked]), strict=True))
