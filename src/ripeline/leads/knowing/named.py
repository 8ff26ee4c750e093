"""Whom a name means, for files that say of their people nothing else: nobody, where several are called so."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from ripeline.base.statements import prepared_rows
from ripeline.leads.words.keys import account_key
from ripeline.leads.words.names import name_words

ALIKE = 40  # people of these words that are looked at; where there are more, only those at the company are known


class Called(NamedTuple):
    """A name, and the company that is named beside it: the accounts of that name that are here.

    One company may be several: who came without an address is at that of its name, who has one at that of its domain.
    """

    name: str
    company: str = ""
    accounts: tuple[UUID, ...] = ()


class Found(NamedTuple):
    """Who is called so: at that company, or where none is said; with no company here; and at which others."""

    there: list[UUID]
    free: list[UUID]
    elsewhere: list[str]
    many: bool = False  # more than are looked at, and nobody of them there

    @property
    def here(self) -> list[UUID]:
        """Whom the name can mean; it means nobody if they are several."""
        return self.there or self.free


_FIND = """
SELECT asked.place, lead.id, lead.name, lead.company, lead.account_id
FROM unnest(%s::int[], %s::text[], %s::text[]) AS asked(place, words, accounts)
CROSS JOIN LATERAL (
    SELECT id, name, company, account_id FROM lead
    WHERE to_tsvector('simple'::regconfig, COALESCE(search, '')) @@ asked.words::tsquery AND merged_into_id IS NULL
    ORDER BY account_id = ANY(asked.accounts::uuid[]) DESC NULLS LAST LIMIT %s::int
) AS lead
"""


def who(asked: Sequence[Called]) -> list[Found]:
    """For each the leads it can be, in one query: those who are called just so, whatever the order of the words, at
    that company. Where no company is said they may be of any; a single word is a name only at a company."""
    words = [name_words(each.name) for each in asked]
    places = [at for at, name in enumerate(words) if len(name) > 1 or (name and asked[at].accounts)]
    found = [Found([], [], []) for _ in asked]
    if not places:
        return found
    said = [" & ".join(f"'{word}'" for word in words[at][:8]) for at in places]
    given = [places, said, [f"{{{','.join(map(str, asked[at].accounts))}}}" for at in places], ALIKE + 1]
    rows = prepared_rows(_FIND, given)
    seen = Counter(at for at, *_ in rows)
    firms = {at: account_key(asked[at].company) for at in places}
    for at, lead_id, name, company, account_id in rows:
        if sorted(name_words(name)) != sorted(words[at]):
            continue
        is_said = bool(asked[at].company or asked[at].accounts)
        if account_id in asked[at].accounts or (firms[at] and account_key(company) == firms[at]):
            found[at].there.append(lead_id)
        elif seen[at] > ALIKE:
            continue  # another of this name may be among those who were not looked at
        elif not is_said:
            found[at].there.append(lead_id)
        elif account_id is None and len(words[at]) > 1:
            found[at].free.append(lead_id)
        elif len(words[at]) > 1:
            found[at].elsewhere.append(company)
    return [
        each._replace(many=seen[at] > ALIKE and len(words[at]) > 1 and not each.there) for at, each in enumerate(found)
    ]
