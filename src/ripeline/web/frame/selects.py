"""The choices above a list, written straight: a template took longer for each option than for the rest of a row."""

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from ripeline.people import queries as people


@lru_cache(maxsize=1)
def list_address() -> str:
    """The address of the list as it is asked for nothing."""
    return reverse("leads")


def of_list(
    name: str, label: str, choices: Mapping[Any, str], chosen: str, *, any_words: str = "", of_form: bool = False
) -> SafeString:
    """A choice that asks for the list anew. `any_words`: what to choose for no choice; `of_form`: it stands beside."""
    return mark_safe(  # noqa: S308 - the words are ours, and the choices escaped
        f'<div class="quiet-select"><label class="unseen" for="by-{name}">{escape(label)}</label>\n'
        f'  <select id="by-{name}" name="{name}"{_BESIDE if of_form else ""}'
        f' hx-get="{escape(list_address())}" hx-trigger="change">'
        f"{_any(any_words)}"
        f"{options(choices, chosen)}</select></div>\n"
    )


def _any(words: str) -> str:
    return f'<option value="">{escape(words)}</option>' if words else ""


_BESIDE = ' form="ask"'


def options(choices: Mapping[Any, str], chosen: str) -> SafeString:
    """What there is to choose, by value."""
    made = [
        f'<option value="{escape(str(value))}"{" selected" if str(value) == chosen else ""}>{escape(label)}</option>'
        for value, label in choices.items()
    ]
    return mark_safe("".join(made))  # noqa: S308 - each is escaped


def takers(*, but: UUID | None = None, chosen: str = "") -> SafeString:
    """Whom a lead may be given to, who has it left out."""
    return options({taker.pk: taker.name for taker in people.assignable() if taker.pk != but}, chosen)


def joined(*selects: str) -> SafeString:
    """Some beside each other."""
    return mark_safe("  ".join(each for each in selects if each))  # noqa: S308 - made by `of_list`
