"""The cells of the list as they look: each column's value in the words, tags and shapes of the rest."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from ripeline.leads.columns import OWN, Column
from ripeline.leads.lists import Row
from ripeline.ripeness import rules as ripeness
from ripeline.ripeness.models import Score
from ripeline.web.templatetags import words

_CSS = {"state": "stage", "source": "source wide", "came": "came wide"}
_PLACED = frozenset({"ripeness", "state", "next", "with"})  # they have a place of their own on a phone


def css(column: Column, *, is_chosen: bool) -> str:
    """The classes of a column's cells; what somebody chose is not hidden where there is little room."""
    named = _CSS.get(column.key, column.key if column.key in _PLACED else "other")
    if not is_chosen:
        return named
    return named.removesuffix(" wide") + ("" if column.key in _PLACED else " extra")


def line(row: Row, score: Score | None, columns: Sequence[tuple[Column, str]]) -> SafeString:
    """A row of the list: who it is, and the cells of the columns chosen.

    Made here and not in a template, where fifty rows took more than half of the page's time.
    """
    cells = [
        format_html('<td class="{}" data-label="{}">{}</td>', css, column.label, _html(column, row, score))
        for column, css in columns
    ]
    return format_html(
        '<tr{}><td class="box"><input type="checkbox" name="lead" value="{}" aria-label="Choose {}"></td>'
        '<td class="name"><a class="row who" href="{}">{}{}</a>{}</td>{}</tr>\n',
        "" if row.is_open else _GONE,
        row.id,
        row.name,
        _address(row.id),
        row.name,
        format_html(" <span>{}</span>", row.company) if row.company else "",
        format_html("<small>{}</small>", row.title) if row.title else "",
        mark_safe("".join(cells)),  # noqa: S308 - each of them is escaped
    )


_GONE = mark_safe(' class="gone"')
_NOBODY = UUID(int=0)


def _address(lead_id: UUID) -> str:
    """Where a lead's record is."""
    before, after = _around_id()
    return f"{before}{lead_id}{after}"


@lru_cache(maxsize=1)
def _around_id() -> tuple[str, str]:
    before, _, after = reverse("lead", args=[_NOBODY]).partition(str(_NOBODY))
    return before, after


def _html(column: Column, row: Row, score: Score | None) -> SafeString | str:
    if column.key.startswith(OWN):
        return _own(column.value(row, None))
    if column.key in _OF_SCORE:
        return _OF_SCORE[column.key](score) if score else ""
    if column.key in _OF_ROW:
        return _OF_ROW[column.key](row)
    value = column.value(row, score)
    return conditional_escape("" if value is None else value)


def _ripeness(score: Score) -> SafeString:
    tag = words.ripeness_tag(ripeness.tag(score.p_30))
    return format_html("{} <small>{}</small>", tag, words.percent(score.p_30))


def _next(row: Row) -> SafeString | str:
    if row.next_at is None:
        return ""
    return format_html("{} <small>{}</small>", words.late_tag(row.next_at), row.next_kind)


def _with(row: Row) -> str:
    return row.owner if row.is_mine or row.sees_context else f"already with {row.owner}"


_OF_SCORE: dict[str, Callable[[Score], SafeString | str]] = {
    "ripeness": _ripeness,
    "ever": lambda score: words.percent(score.p_ever),
}
_OF_ROW: dict[str, Callable[[Row], SafeString | str]] = {
    "state": lambda row: words.state_tag(row.state) if row.state else "",
    "next": _next,
    "with": _with,
    "came": lambda row: words.when(row.captured_at),
    "touch": lambda row: words.when(row.last_touch_at),
    "amount": lambda row: words.money(row.amount, row.lead.currency),
}


def _own(value: Any) -> SafeString | str:
    """What a company's own field holds: yes and no, a day as people write it, else as it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and len(value) == len("2026-01-31") and value[4] == value[7] == "-":
        try:
            return words.day(date.fromisoformat(value))
        except ValueError:
            return value
    return words.exactly(value) if isinstance(value, datetime) else str(value)[:200]
