"""Whose a row of deals or activities is: by id or e-mail address, else by the name of its person and their company."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from ripeline.base.addresses import IN_CELL
from ripeline.capture.cells import values
from ripeline.capture.columns.row import Row
from ripeline.capture.imports import firms
from ripeline.leads.knowing import identity, named
from ripeline.leads.knowing.identity import Key
from ripeline.leads.knowing.named import Called, Found

_BRACKETS = re.compile(r"\s*[(<\[].*$")  # an id or an address behind the name
_SEVERAL = "several here are called “{}”: say whose it is by id or e-mail address"
_ELSEWHERE = "“{}” is here, but at {}: say whose it is by id or e-mail address"


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


def by_name(rows: Sequence[Row], accounts: Mapping[int, Sequence[UUID]]) -> dict[int, Found]:
    """Who is called as the rows say, by their numbers; only of rows that say a name. More than one is nobody.

    Whose id or address is said, and is not here, is another of that name, unless they are at the same company.
    """
    said = {row.row: row.text("company") or row.text("company_id") for row in rows}
    asked = [(row.row, Called(called(row), said[row.row], tuple(accounts.get(row.row, ())))) for row in rows]
    strangers = {row.row for row in rows if people_of(row)}
    asked = [(number, each) for number, each in asked if each.name and (number not in strangers or each.accounts)]
    found = dict(zip((number for number, _ in asked), named.who([each for _, each in asked]), strict=True))
    return {number: Found(each.there, [], []) if number in strangers else each for number, each in found.items()}


def unclear(row: Row, found: Found | None) -> str:
    """Why nobody can tell whom a row means by its name; "" where it means one, or nobody who is here."""
    if found is None:
        return ""
    if len(found.here) > 1 or found.many:
        return _SEVERAL.format(called(row))
    if found.elsewhere and not found.here:
        return _ELSEWHERE.format(called(row), _listed(found.elsewhere))
    return ""


def _listed(companies: Sequence[str]) -> str:
    names = sorted({each for each in companies if each})
    return "another company" if not names else names[0] if len(names) == 1 else f"{names[0]} and others"
