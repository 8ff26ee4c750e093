"""The cells of the list as they look: each column's value in the words, tags and shapes of the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from ripeline.leads.columns import OWN, Column
from ripeline.leads.lists import Row
from ripeline.ripeness import rules as ripeness
from ripeline.ripeness.models import Score
from ripeline.web.templatetags import words


@dataclass(frozen=True)
class Cell:
    css: str
    label: str
    html: SafeString | str


@dataclass(frozen=True)
class Line:
    """A row of the list: who it is, and the cells of the columns chosen."""

    row: Row
    cells: Sequence[Cell]


_CSS = {"state": "stage", "source": "source wide", "came": "came wide"}
_PLACED = frozenset({"ripeness", "state", "next", "with"})  # they have a place of their own on a phone


def css(column: Column, *, is_chosen: bool) -> str:
    """The classes of a column's cells; what somebody chose is not hidden where there is little room."""
    named = _CSS.get(column.key, column.key if column.key in _PLACED else "other")
    if not is_chosen:
        return named
    return named.removesuffix(" wide") + ("" if column.key in _PLACED else " extra")


def line(row: Row, score: Score | None, columns: Sequence[tuple[Column, str]]) -> Line:
    return Line(row, [Cell(css, column.label, _html(column, row, score)) for column, css in columns])


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
