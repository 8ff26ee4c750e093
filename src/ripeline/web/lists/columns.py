"""The cells of the list as they look: each column's value in the words, tags and shapes of the rest.

Made here and not in a template, and as plain text that is escaped where it comes in: a page has hundreds of cells, and
they took more than half of its time. `Html` is what has been escaped.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from ripeline.leads.finding.columns import OWN, Column, complete
from ripeline.leads.finding.lists import Row, Sort
from ripeline.leads.rules import Verb
from ripeline.ripeness import rules as ripeness
from ripeline.ripeness.queries import Chances
from ripeline.web.frame.moments import Moments
from ripeline.web.templatetags import words

Html = str  # escaped: it may stand in a page as it is
Cell = Callable[[Row, Chances | None], Html]

_CSS = {"state": "stage", "source": "source wide", "came": "came wide"}
_PLACED = frozenset({"ripeness", "state", "next", "with"})  # they have a place of their own on a phone


def css(column: Column, *, is_chosen: bool) -> str:
    """The classes of a column's cells; what somebody chose is not hidden where there is little room."""
    named = _CSS.get(column.key, column.key if column.key in _PLACED else "other")
    if not is_chosen:
        return named
    return named.removesuffix(" wide") + ("" if column.key in _PLACED else " extra")


ORDERED = {Sort.RIPEST: "ripeness", Sort.NEXT: "next", Sort.NEWEST: "came"}  # the columns by which an index orders
_ASCENDING = frozenset({Sort.NEXT})


def headings(columns: Sequence[tuple[Column, str]], orders: Mapping[str, str], sort: Sort) -> SafeString:
    """The heading of each column; of one that an order goes by it leads to that. `orders`: addresses by column."""
    made = []
    for column, css in columns:
        label, is_here = escape(column.label), ORDERED[sort] == column.key
        way = f' aria-sort="{"ascending" if sort in _ASCENDING else "descending"}"' if is_here else ""
        if url := escape(orders.get(column.key, "")):
            arrow = words.icon("arrow-up" if sort in _ASCENDING else "arrow-down") if is_here else ""
            label = (
                f'<a href="{url}" id="order-{column.key}" hx-get="{url}" hx-target="#results" hx-swap="outerHTML">'
                f"{label}{arrow}</a>"
            )
        made.append(f'<th scope="col" class="{escape(css)}"{way}>{label}</th>')
    return mark_safe("".join(made))  # noqa: S308 - keys, labels and addresses are escaped


def lines(rows: Sequence[Row], scores: Mapping[UUID, Chances], columns: Sequence[tuple[Column, str]]) -> SafeString:
    """The rows of the list: who each is, and the cells of the columns chosen."""
    complete(rows, [column.key for column, _ in columns])
    moments, (before, after) = Moments.current(), _around_id()
    cells = [
        (f'<td class="{escape(css)}" data-label="{escape(column.label)}">', _cell(column, moments))
        for column, css in columns
    ]
    made = []
    for row in rows:
        lead_id, name, score = row.id, escape(row.name), scores.get(row.id)
        company = f" <span>{escape(row.company)}</span>" if row.company else ""
        title = f"<small>{escape(row.title)}</small>" if row.title else ""
        made.append(
            f"<tr{'' if row.is_open else _GONE}>"
            f'<td class="box"><input type="checkbox" name="lead" value="{lead_id}" aria-label="Choose {name}"></td>'
            f'<td class="name"><a class="row who" href="{before}{lead_id}{after}">{name}{company}</a>{title}</td>'
            f"{''.join([f'{opening}{cell(row, score)}</td>' for opening, cell in cells])}</tr>\n"
        )
    return mark_safe("".join(made))  # noqa: S308 - whatever came from a person was escaped


def chooser(shown: Sequence[Column], rest: Sequence[Column], *, is_chosen: bool) -> SafeString:
    """The columns there are to choose from: those that are shown first, in their order.

    Of one that is hidden where there is little room, as long as nobody chose, it is said there.
    """
    up = words.icon("arrow-up")
    said = {column.key: "" if is_chosen else _no_room(column) for column in shown}
    made = [
        f'\n      <li><label class="check"><input type="checkbox" name="col" value="{escape(column.key)}"{checked}>'
        f' <span class="unseen">Column </span>{escape(column.label)}{said.get(column.key, "")}</label>'
        f'<button type="button" class="quiet small" data-earlier aria-label="{escape(column.label)} earlier">{up}'
        "</button></li>"
        for columns, checked in ((shown, " checked"), (rest, ""))
        for column in columns
    ]
    return mark_safe("".join(made))  # noqa: S308 - keys and labels are escaped


def _no_room(column: Column) -> Html:
    """Said of a column that the usual ones have only where there is room."""
    named = css(column, is_chosen=False)
    if not named.endswith(" wide"):
        return ""
    return f' <small class="no-room {named.removesuffix(" wide")}">no room here; Show brings it</small>'


_GONE = ' class="gone"'
_NOBODY = UUID(int=0)


@lru_cache(maxsize=1)
def _around_id() -> tuple[Html, Html]:
    """What stands in a record's address before and after the lead's id."""
    before, _, after = reverse("lead", args=[_NOBODY]).partition(str(_NOBODY))
    return escape(before), escape(after)


def _cell(column: Column, moments: Moments) -> Cell:
    """How a column's value becomes HTML."""
    if column.key.startswith(OWN):
        return lambda row, _: _own(column.value(row, None), moments)
    if of_score := _OF_SCORE.get(column.key):
        return lambda _, score: of_score(score) if score else ""
    if of_row := _OF_ROW.get(column.key):
        return lambda row, _: of_row(row)
    if moment := _MOMENTS.get(column.key):
        return lambda row, _: moments.when(found) if (found := moment(row)) else ""
    if column.key == "next":
        return lambda row, _: _next(row, moments)
    return lambda row, score: _plain(column.value(row, score))


def _plain(value: Any) -> Html:
    return "" if value is None else escape(str(value))


def _ripeness(score: Chances) -> Html:
    return f"{words.ripeness_tag(ripeness.tag(score.p_30))} <small>{words.percent(score.p_30)}</small>"


def _next(row: Row, moments: Moments) -> Html:
    next_at = row.next_at
    if row.is_open and Verb.SEE_NEXT not in row.verbs:
        return _HIDDEN
    return "" if next_at is None else f"{moments.due(next_at)} <small>{escape(row.next_kind)}</small>"


_HIDDEN = (
    '<span class="soft" title="Not shown to your role">–<span class="unseen"> not shown to your role</span></span>'
)


def _with(row: Row) -> Html:
    return escape(row.owner if row.is_mine or row.sees_context else f"already with {row.owner}")


_OF_SCORE: dict[str, Callable[[Chances], Html]] = {
    "ripeness": _ripeness,
    "ever": lambda score: words.percent(score.p_ever),
}
_OF_ROW: dict[str, Callable[[Row], Html]] = {
    "state": lambda row: words.state_tag(row.state) if row.state else "",
    "with": _with,
    "phone": lambda row: words.telephone(row.phone),
    "phones": lambda row: ", ".join(words.telephone(number) for number in row.other_phones.split("; ") if number),
    "amount": lambda row: escape(words.money(row.amount, row.currency)),
}
_MOMENTS: dict[str, Callable[[Row], datetime | None]] = {
    "came": lambda row: row.captured_at,
    "touch": lambda row: row.last_touch_at,
}


def _own(value: Any, moments: Moments) -> Html:
    """What a company's own field holds, as it is said elsewhere."""
    if value is None:
        return ""
    return moments.exactly(value) if isinstance(value, datetime) else escape(str(words.own(value))[:200])
