"""The forms about a lead, wherever it is shown: whose it is and what names the request are all that changes in them.

So each is made by its template once, with a mark in the place of each such value, and then filled. Where something that
was typed is wrong, the template makes it anew.
"""

import re
from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from html import escape
from typing import Any
from uuid import uuid4

from django import template
from django.template import Context
from django.template.defaultfilters import floatformat
from django.template.loader import get_template, render_to_string
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# What differs from one to the next. What is empty is left out, so that a template can ask whether it is there.
_PLACES: dict[str, Callable[[Context], Any]] = {
    "lead.pk": lambda page: page["lead"].pk,
    "lead.decision_id": lambda page: page["lead"].decision_id or "none",
    "key": lambda page: page["key"],
    "csrf_token": lambda page: page["csrf_token"],
    "amount": lambda page: floatformat(page["lead"].amount, "-2u"),
    "currency": lambda page: page["lead"].currency or page["company"].currency,
    "offer": lambda page: page.get("offer"),
}
_MARKS = {name: uuid4() for name in _PLACES}  # an id, so that it fits into an address too


@register.simple_tag(takes_context=True)
def lead_form(context: Context, form: str, **given: Hashable) -> SafeString:
    """The form `lead/{form}.html` about the page's lead; `given`: what it has to know beside that."""
    values = {place: value for place, of in _PLACES.items() if (value := of(context))}
    if context.get("wrong"):
        with context.push(**{place: value for place, value in values.items() if "." not in place}, **given):
            return get_template(_path(form)).template.render(context)  # type: ignore[attr-defined, no-any-return]
    made = list(_pieces(_path(form), frozenset(values), frozenset(given.items())))
    made[1::2] = [escape(str(values[place])) for place in made[1::2]]
    return mark_safe("".join(made))  # noqa: S308 - a template's own, and what was put in is escaped


def _path(form: str) -> str:
    return f"lead/{form}.html"


@lru_cache(maxsize=256)
def _pieces(path: str, places: frozenset[str], given: frozenset[tuple[str, Any]]) -> tuple[str, ...]:
    """What the template makes, cut at the marks: text and the name of a place in turn."""
    found: dict[str, Any] = {"lead": {}}
    for place in places:
        within, _, last = place.rpartition(".")
        (found[within] if within else found)[last] = _MARKS[place]
    named: Mapping[str, str] = {str(mark): place for place, mark in _MARKS.items()}
    made = re.split(f"({'|'.join(named)})", render_to_string(path, found | dict(given)))
    return tuple(named.get(piece, piece) for piece in made)
