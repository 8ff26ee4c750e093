"""One company under its name and under its domain: a card says its name, a colleague's later address its domain.

Whoever comes by an address with a domain that nobody has yet, and gives the name of a company that is known by its name
alone, is there: from then on that company is known by the domain. Whoever gives a name and no domain is at the company
of that name that is known by one, if there is only one: of two, nobody can tell which. A name says that much only where
the domain bears it out: "Self-employed" at two domains are two.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from ripeline.base.copying import as_json
from ripeline.base.statements import prepared_rows
from ripeline.leads import rules

Held = tuple[UUID, UUID | None, str]  # id, owner, name
_TELLING = 4  # letters of a word that says which company it is

_NEAR = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(given)s::jsonb) AS r(key text, name text, named text)
    WHERE NOT EXISTS (SELECT FROM account WHERE account.key = r.key)
)
SELECT given.key, a.key, a.id FROM given JOIN account AS a ON a.key = given.named WHERE given.key LIKE 'd:%%'
UNION ALL
SELECT given.key, a.key, a.id FROM given JOIN account AS a ON a.name = given.name
WHERE given.key LIKE 'n:%%' AND a.key LIKE 'd:%%'
"""
_CLAIM = """
UPDATE account SET key = %(key)s::text, domain = %(domain)s::text WHERE id = %(id)s::uuid AND key = %(held)s::text
RETURNING id, owner_id, name
"""
_HOLD = "SELECT id, owner_id, name FROM account WHERE id = %s::uuid AND key = %s::text FOR KEY SHARE"


def find(companies: Mapping[str, str], *, may_claim: bool) -> dict[str, Held]:
    """Of accounts that are not here under these keys (key → name of the company) those that are here otherwise.

    `may_claim`: a company that is known by its name alone gets the domain. Within the caller's transaction.
    """
    given = [
        {"key": key, "name": name[:200], "named": rules.account_key(name)} for key, name in companies.items() if name
    ]
    near: dict[str, dict[str, UUID]] = defaultdict(dict)
    for key, held, pk in prepared_rows(_NEAR, {"given": as_json(given)}) if given else ():
        domain = (key if key.startswith("d:") else held)[2:]
        if bears_out(domain, companies[key]):
            near[key][held] = pk
    found: dict[str, Held] = {}
    claimed: set[UUID] = set()
    for key, those in sorted(near.items()):
        if len(those) > 1:
            continue
        ((held, pk),) = those.items()
        if key.startswith("n:"):
            rows: Sequence[tuple[Any, ...]] = prepared_rows(_HOLD, [pk, held])
        elif may_claim and pk not in claimed:
            rows = _claimed(key, held, pk)
            claimed.add(pk)
        else:
            rows = []
        if rows:
            found[key] = (rows[0][0], rows[0][1], rows[0][2])
    return found


def _claimed(key: str, held: str, pk: UUID) -> Sequence[tuple[Any, ...]]:
    """None where somebody else has just made a company of that domain: that is theirs, then."""
    try:
        with transaction.atomic():
            return prepared_rows(_CLAIM, {"key": key, "domain": key[2:][:190], "id": pk, "held": held})
    except IntegrityError:
        return []


def bears_out(domain: str, company: str) -> bool:
    """Whether a domain is one that a company of this name would have.

    >>> bears_out("northgate.example", "Northgate Dental"), bears_out("jane-doe.example", "Self-employed")
    (True, False)
    """
    sites = [re.sub(r"[^a-z0-9]", "", part) for part in domain.split(".")[:-1]]
    words = [re.sub(r"[^a-z0-9]", "", word) for word in rules.unaccented(company).casefold().split()]
    telling = [word for word in words if len(word) >= _TELLING]
    initials = "".join(word[:1] for word in words)
    return any(word in site for word in telling for site in sites) or (len(initials) > 2 and initials in sites)
