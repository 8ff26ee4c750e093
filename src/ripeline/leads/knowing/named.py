"""Whom a name means, for files that say of their people nothing else: nobody, where several are called so."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from ripeline.base.statements import prepared_rows
from ripeline.leads.words.names import name_words

ALIKE = 40  # people of these words that are looked at; where there are more, only those at the company are known


class Called(NamedTuple):
    """A name, and the company that is named beside it: the account, if it is here."""

    name: str
    company: str = ""
    account_id: UUID | None = None


_FIND = """
SELECT asked.place, lead.id, lead.name, lead.account_id
FROM unnest(%s::int[], %s::text[], %s::uuid[]) AS asked(place, words, account)
CROSS JOIN LATERAL (
    SELECT id, name, account_id FROM lead
    WHERE to_tsvector('simple'::regconfig, COALESCE(search, '')) @@ asked.words::tsquery AND merged_into_id IS NULL
    ORDER BY account_id = asked.account DESC NULLS LAST LIMIT %s::int
) AS lead
"""


def who(asked: Sequence[Called]) -> list[list[UUID]]:
    """For each the leads it can be, in one query: those who are called just so, whatever the order of the words, at
    that company. Where no company is said they may be of any; a single word is a name only at a company."""
    words = [name_words(each.name) for each in asked]
    places = [at for at, name in enumerate(words) if len(name) > 1 or (name and asked[at].account_id)]
    found: list[list[UUID]] = [[] for _ in asked]
    if not places:
        return found
    said = [" & ".join(f"'{word}'" for word in words[at][:8]) for at in places]
    given = [places, said, [asked[at].account_id for at in places], ALIKE + 1]
    elsewhere: list[list[UUID]] = [[] for _ in asked]
    rows = prepared_rows(_FIND, given)
    seen = Counter(at for at, *_ in rows)
    for at, lead_id, name, account_id in rows:
        if seen[at] > ALIKE and not (account_id and account_id == asked[at].account_id):
            continue  # another of this name may be among those who were not looked at
        if sorted(name_words(name)) != sorted(words[at]):
            continue
        account, is_anywhere = asked[at].account_id, not (asked[at].company or asked[at].account_id)
        if is_anywhere or (account and account == account_id):
            found[at].append(lead_id)
        elif account_id is None and len(words[at]) > 1:
            elsewhere[at].append(lead_id)
    return [at_company or others for at_company, others in zip(found, elsewhere, strict=True)]
