"""Parts of a page in which only a few values change, like whose a form is and what names its request.

Such a part is made by its template once, with a mark in the place of each of these values, and then filled.
"""

import re
from collections.abc import Callable, Hashable, Mapping
from functools import cache, lru_cache
from html import escape
from typing import Any
from uuid import UUID, uuid4

from django import template
from django.template import Context, Variable
from django.template.defaultfilters import floatformat
from django.template.loader import get_template, render_to_string
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag(takes_context=True)
def filled(context: Context, path: str, *places: str, **given: Hashable) -> SafeString:
    """A template filled with what the page has for some names; `given`: what else it has to know."""
    return _filled(path, {place: Variable(place).resolve(context) for place in places}, given)


# What differs from one lead to the next, and from one request to the next.
_OF_LEAD: dict[str, Callable[[Context], Any]] = {
    "lead.pk": lambda page: page["lead"].pk,
    "lead.decision_id": lambda page: page["lead"].decision_id or "none",
    "key": lambda page: page["key"],
    "csrf_token": lambda page: page["csrf_token"],
    "amount": lambda page: floatformat(page["lead"].amount, "-2u"),
    "currency": lambda page: page["lead"].currency or page["company"].currency,
    "offer": lambda page: page.get("offer"),
}


@register.simple_tag(takes_context=True)
def lead_form(context: Context, form: str, **given: Hashable) -> SafeString:
    """The form `lead/{form}.html` about the page's lead, filled; made anew where something that was typed is wrong."""
    path = f"lead/{form}.html"
    values = {place: of(context) for place, of in _OF_LEAD.items()}
    if context.get("wrong"):
        with context.push(**{place: value for place, value in values.items() if "." not in place}, **given):
            return get_template(path).template.render(context)  # type: ignore[attr-defined, no-any-return]
    return _filled(path, values, given)


def _filled(path: str, values: Mapping[str, Any], given: Mapping[str, Hashable]) -> SafeString:
    """What is empty is left out, so that the template can ask whether it is there."""
    there = frozenset([place for place, value in values.items() if value])
    made = list(_pieces(path, there, frozenset(given.items())))
    made[1::2] = [escape(str(values[place])) for place in made[1::2]]
    return mark_safe("".join(made))  # noqa: S308 - a template's own, and what was put in is escaped


@lru_cache(maxsize=512)
def _pieces(path: str, places: frozenset[str], given: frozenset[tuple[str, Any]]) -> tuple[str, ...]:
    """What the template makes, cut at the marks: text and the name of a place in turn."""
    found: dict[str, Any] = {}
    for place in places:
        within, _, last = place.rpartition(".")
        (found.setdefault(within, {}) if within else found)[last] = _mark(place)
    text = render_to_string(path, found | dict(given))
    if not places:
        return (text,)
    named = {str(_mark(place)): place for place in places}
    made = re.split(f"({'|'.join(named)})", text)
    return tuple(named.get(piece, piece) for piece in made)


@cache
def _mark(_place: str) -> UUID:
    """An id, so that it fits into an address too."""
    return uuid4()
