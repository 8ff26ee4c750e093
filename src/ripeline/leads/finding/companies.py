"""Companies by what people type of their names."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, F, Func, OuterRef
from django.db.models.functions import Length

from ripeline.leads import rules
from ripeline.leads.finding.ranking import place
from ripeline.leads.finding.rows import Row
from ripeline.leads.models import CALLED, Account, Lead
from ripeline.leads.words.searching import search_query, search_tokens
from ripeline.people.models import User

LOOKED_AT = 200  # companies that are called so, of whom those with people are taken

# The shortest first, for of those with all the words typed it has the least besides. And not as the index of names is
# ordered: those who are called so are few, and would be looked for among all.
_SHORTEST = (Length("name"), Func(F("name"), template="(%(expressions)s || '')"), "pk")


def called_like(actor: User, text: str, *, among: Sequence[Row], size: int) -> list[str]:
    """Companies that have each word typed at the beginning of one of theirs, those of `among` too, the likest first.

    A company is there while one of its people, whom `actor` may find, gives it by that name: the search for it finds
    somebody.
    """
    query = search_query(text)
    if not query:
        return []
    theirs = Lead.objects.filter(rules.findable(actor), account=OuterRef("pk"), company=OuterRef("name"))
    called = Account.objects.annotate(words=CALLED).filter(words=SearchQuery(query, search_type="raw", config="simple"))
    if rules.findable(actor):  # who finds some only, does not lose theirs behind the first of all
        called = called.filter(Exists(theirs.filter(merged_into__isnull=True)))
    first = called.order_by(*_SHORTEST).values("pk")[:LOOKED_AT]
    known = Account.objects.filter(Exists(theirs.filter(merged_into__isnull=True)), pk__in=first).order_by(*_SHORTEST)
    names = [row.company for row in among if _is_called(row.company, text)]
    names += known.values_list("name", flat=True)[: size + len(names)]
    return sorted(dict.fromkeys(names), key=lambda name: place(text, name))[:size]


class Empty(NamedTuple):
    """A company at which nobody is known."""

    id: UUID
    name: str
    domain: str


def nobody_at(text: str, *, size: int) -> list[Empty]:
    """Companies that are called so and have nobody, the shortest names first: a file of companies brought them."""
    query = search_query(text)
    if not query:
        return []
    called = Account.objects.annotate(words=CALLED).filter(words=SearchQuery(query, search_type="raw", config="simple"))
    nobody = called.filter(~Exists(Lead.objects.filter(account=OuterRef("pk"))), merged_into__isnull=True)
    found = nobody.order_by(*_SHORTEST)
    return [Empty(*each) for each in found.values_list("pk", "name", "domain")[:size]]


def _is_called(company: str, text: str) -> bool:
    words = search_tokens(company=company).split()
    return all(any(word.startswith(each) for word in words) for each in search_tokens(company=text).split())
