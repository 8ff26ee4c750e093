"""One company under its name and under its domain: a card says its name, a colleague's later address its domain.

Whoever comes by an address with a domain that nobody has yet, and gives the name of a company that is known by its name
alone, is there; from then on that company is known by the domain, unless it is only a stranger who says so in a form.
Whoever gives a name and no domain is at the company of that name that is known by one, if there is only one: of two,
nobody can tell which. A name says that much only where the domain bears it out: "Self-employed" at two domains are two.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction

from ripeline.base.copying import as_json
from ripeline.base.statements import prepared_rows
from ripeline.leads.words.keys import account_key
from ripeline.leads.words.plain import unaccented

Held = tuple[UUID, UUID | None, str]  # id, owner, name
_TELLING = 4  # letters of a word that says which company it is
_BY_STRANGERS = frozenset({"form", "hook"})  # the origins of what nobody of ours has seen

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})  # as domains spell them
_ABOVE = frozenset({"www", "com", "co", "org", "net", "gov", "edu", "ac"})  # parts of a domain that say no company


def _list(name: str) -> frozenset[str]:
    return frozenset((Path(__file__).parent / name).read_text("utf-8").split())


_LEGAL = _list("legal_forms.txt")  # what a company is by law, and what joins words
_COMMON = _list("common_words.txt")  # which many companies have in their names


class Word(StrEnum):
    """What the word of whoever brings a name and a domain that nobody has yet is worth."""

    CLAIMS = "claims"  # the company that is known by the name is known by the domain from now on
    JOINS = "joins"  # they are at that company, which gets no domain by it
    APART = "apart"  # they are at another: what a file brings can be taken back


def word(origin: str, *, by_file: bool) -> Word:
    """What it is worth where it comes by this origin."""
    return Word.APART if by_file else Word.JOINS if origin in _BY_STRANGERS else Word.CLAIMS


class _Near(NamedTuple):
    """An account that may be the one wanted under `key`, and the key it is `held` by."""

    key: str
    held: str
    pk: UUID


_NEAR = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(given)s::jsonb) AS r(key text, named text)
    WHERE NOT EXISTS (SELECT FROM account WHERE account.key = r.key)
)
SELECT given.key, a.key, a.key, a.id, false FROM given JOIN account AS a ON a.key = given.named
WHERE given.key LIKE 'd:%%' AND a.merged_into_id IS NULL
UNION ALL
SELECT given.key, a.key, to_it.key, to_it.id, a.merged_into_id IS NOT NULL
FROM given JOIN account AS a ON a.named = given.named
JOIN account AS to_it ON to_it.id = COALESCE(a.merged_into_id, a.id)
WHERE given.key LIKE 'n:%%' AND (a.key LIKE 'd:%%' OR a.merged_into_id IS NOT NULL)
"""
_GIVEN = "jsonb_to_recordset(%(given)s::jsonb) AS given(id uuid, key text, domain text, held text)"
# To change a key nobody may be using the account, as an import is for as long as a chunk of it takes: then it is left.
_CLAIM = f"""
WITH free AS MATERIALIZED (
    SELECT account.id, given.key, given.domain FROM account JOIN {_GIVEN} ON account.id = given.id
    AND account.key = given.held AND account.merged_into_id IS NULL
    ORDER BY account.key FOR UPDATE OF account SKIP LOCKED
)
UPDATE account SET key = free.key, domain = free.domain FROM free WHERE account.id = free.id
RETURNING free.key, account.id, owner_id, name
"""  # noqa: S608 - our own constants
_HOLD = f"""
SELECT given.key, account.id, account.owner_id, account.name FROM account JOIN {_GIVEN} ON account.id = given.id
AND account.key = given.held AND account.merged_into_id IS NULL ORDER BY account.key FOR KEY SHARE OF account
"""  # noqa: S608 - our own constants


def find(companies: Mapping[str, str], word: Word) -> dict[str, Held]:
    """Of accounts that are not here under these keys (key → name of the company) those that are here otherwise.

    Within the caller's transaction.
    """
    near = _near(companies)
    by_name = [each for each in near if each.key.startswith("n:")]
    by_domain = [each for each in near if each.key.startswith("d:")]
    if word is Word.APART:
        by_domain = []
    claimed, lost = _claimed(by_domain) if word is Word.CLAIMS and by_domain else ({}, set())
    return claimed | _told(_HOLD, [each for each in (*by_name, *by_domain) if each.key not in claimed.keys() | lost])


def _near(companies: Mapping[str, str]) -> list[_Near]:
    """By which of them each of these is here otherwise; one domain for a company that is known by its name.

    Somebody has said of those that were merged that their names are one company's: that needs no domain to bear it out.
    """
    said = {key: account_key(name[:200]) for key, name in companies.items()}
    given = [{"key": key, "named": named} for key, named in said.items() if named]
    near: dict[str, dict[str, UUID]] = defaultdict(dict)
    for key, by, held, pk, is_said in prepared_rows(_NEAR, {"given": as_json(given)}) if given else ():
        if is_said or bears_out((key if key.startswith("d:") else by)[2:], companies[key]):
            near[key][held] = pk
    found: list[_Near] = []
    joined: set[UUID] = set()
    for key, those in sorted(near.items()):
        ((held, pk), *others) = those.items()
        if others or (key.startswith("d:") and pk in joined):
            continue
        joined.add(pk)
        found.append(_Near(key, held, pk))
    return found


def _claimed(wanted: Sequence[_Near]) -> tuple[dict[str, Held], set[str]]:
    """Give these companies their domains, as far as nobody is using them; and of which domains somebody else has just
    made another company, which they are then.
    """
    try:
        with transaction.atomic():
            return _told(_CLAIM, wanted), set()
    except IntegrityError:
        if len(wanted) == 1:
            return {}, {wanted[0].key}
    alone = [_claimed([each]) for each in wanted]
    return {key: held for found, _ in alone for key, held in found.items()}, {key for _, lost in alone for key in lost}


def _told(statement: str, wanted: Sequence[_Near]) -> dict[str, Held]:
    given = [{"id": str(pk), "key": key, "domain": key[2:][:190], "held": held} for key, held, pk in wanted]
    rows = prepared_rows(statement, {"given": as_json(given)}) if given else ()
    return {key: (pk, owner_id, name) for key, pk, owner_id, name in rows}


def bears_out(domain: str, company: str) -> bool:
    """Whether a domain is one that a company of this name would have: a part of it begins with a word that tells this
    company from others, or with all its words, or is its initials.

    >>> bears_out("northgate.example", "Northgate Dental"), bears_out("jane-doe.example", "Self-employed")
    (True, False)
    >>> bears_out("schmidt-gmbh.example", "Weber GmbH"), bears_out("sun-solutions.example", "Acme Solutions")
    (False, False)
    """
    sites = [re.sub(r"[^a-z0-9]", "", part) for part in domain.split(".")[:-1] if part not in _ABOVE]
    for plain in {unaccented(company.casefold()), unaccented(company.casefold().translate(_UMLAUTS))}:
        every = [re.sub(r"[^a-z0-9]", "", each) for each in plain.split()]
        words = [each for each in every if each not in _LEGAL]
        telling = [each for each in (*words, "".join(words)) if len(each) >= _TELLING and each not in _COMMON]
        initials = "".join(each[:1] for each in words)
        if telling:
            telling.append("".join(every))  # the-crescent.example
        if any(site.startswith(each) for each in telling for site in sites):
            return True
        if len(initials) > 2 and initials in sites:
            return True
    return False
