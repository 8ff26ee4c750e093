"""What a list leaves out without having been asked to, in words: by its order, or for whom it is shown to."""

from typing import Any

from ripeline.leads.finding import leaks, lists
from ripeline.leads.finding.lists import Page, Sort
from ripeline.leads.finding.sight import hides
from ripeline.leads.rules import Verb
from ripeline.people.models import Role
from ripeline.web.lists.asking import Asked

_PLACE = {Sort.NEXT: "next step", Sort.RIPEST: "ripeness"}
_CLOSED = {Sort.NEXT: "closed leads have no next step", Sort.RIPEST: "closed leads ripen no more"}
_ORIGIN = ("source", "type", "campaign", "since", "until", "run")
_UNASKED: dict[str, Any] = {"source": None, "campaign": None, "since": None, "until": None, "run": None, "custom": {}}

Line = tuple[str, str, str]


def of(asked: Asked, page: Page) -> list[Line]:
    """Each in words, the address that shows what is left out, and what that is called."""
    return [line for line in (_by_order(asked, page), _by_filters(asked)) if line]


def _by_order(asked: Asked, page: Page) -> Line | None:
    sort = lists.order_of(asked.filters, asked.sort)
    has_closed, has_hidden = lists.is_narrower(asked.actor, asked.filters, sort)
    is_many = page.count_capped or page.whole > lists.COUNTED_TO
    if not (has_closed or has_hidden) or not (is_many or page.whole > page.count):
        return None
    whose = "other teams’" if asked.actor.role == Role.SDR else "others’"
    why = [_CLOSED[sort]] if has_closed else []
    why += [f"of {whose} leads you do not see it" if why else f"of {whose} leads you do not see the {_PLACE[sort]}"
            ] if has_hidden else []  # fmt: skip
    count = "1,000+" if page.count_capped else f"{page.count:,}"
    whole = "" if page.count_capped else f" of {'1,000+' if is_many else f'{page.whole:,}'}"
    found = f"{count}{whole} are" if page.count != 1 or whole else "1 is"
    first = f"{found} shown in this order: " if not page.count_capped else "This order leaves some out: "
    return f"{first}{', and '.join(why)}.", asked.here(sort=""), "Show all, newest first"


def _by_filters(asked: Asked) -> Line | None:
    """Filters that are put only to leads of which one may see the answer: how many others there are is not told."""
    filters = asked.filters
    put = {
        "state": (Verb.SEE_STATE, "state", filters.state),
        "due": (Verb.SEE_NEXT, "next step", filters.due),
        "ripe": (Verb.SEE_CONTEXT, "ripeness", filters.ripe),
        "custom": (Verb.SEE_CONTEXT, "own fields", filters.custom),
        "leak": (leaks.needs(filters.leak) if filters.leak else Verb.FIND, "outcomes", filters.leak),
        **{name: (Verb.SEE_CONTEXT, "origin", getattr(filters, name)) for name in _ORIGIN},
    }
    hidden = {
        name: words
        for name, (verb, words, value) in put.items()
        if value and hides(asked.actor, filters, verb)
    }  # fmt: skip
    if not hidden:
        return None
    names = list(dict.fromkeys(hidden.values()))
    said = " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
    without = asked.here(**{name: _UNASKED.get(name, "") for name in hidden})
    return f"Only leads whose {said} you may see are looked at here.", without, "Show without that filter"
