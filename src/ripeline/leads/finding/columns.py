"""The columns that a list of leads can show, and its files have: each says what of a row stands in it.

A row holds only what its viewer may see (I8), so a column shows no more than that.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ripeline.catalog.models import CustomField
from ripeline.leads.finding.lists import Row
from ripeline.leads.finding.rows import amounts, campaigns, other_phones
from ripeline.leads.rules import Verb

AT_MOST = 20  # in one list
OWN = "f."  # before the key of a company's own field


class Share(float):
    """A probability: a figure where a file keeps figures, in text four digits of it."""

    def __str__(self) -> str:
        return f"{float(self):.4f}"


class Chance(Protocol):
    """How ripe somebody is, as a slice above this one knows it."""

    p_30: float
    p_ever: float


@dataclass(frozen=True)
class Column:
    """One column: its key in an address, its heading, and the value of a row."""

    key: str
    label: str
    value: Callable[[Row, Chance | None], Any]


def _of_row(key: str, label: str, value: Callable[[Row], Any]) -> Column:
    return Column(key, label, lambda row, _: value(row))


def _of_chance(key: str, label: str, value: Callable[[Chance], float]) -> Column:
    return Column(key, label, lambda _, chance: Share(value(chance)) if chance else "")


_BUILT_IN = (
    _of_chance("ripeness", "Ripeness", lambda chance: chance.p_30),
    _of_chance("ever", "Buys in the end", lambda chance: chance.p_ever),
    _of_row("state", "State", lambda row: row.state_label),
    _of_row("next", "Next step", lambda row: row.next_at),
    _of_row("with", "With", lambda row: row.owner),
    _of_row("source", "Source", lambda row: row.source),
    _of_row("campaign", "Campaign", lambda row: row.campaigns),
    _of_row("came", "Came to us", lambda row: row.captured_at),
    _of_row("title", "Title", lambda row: row.title),
    _of_row("email", "E-mail", lambda row: row.email),
    _of_row("phone", "Telephone", lambda row: row.phone),
    _of_row("phones", "Other telephones", lambda row: row.other_phones),
    _of_row("country", "Country", lambda row: row.country),
    _of_row("language", "Language", lambda row: row.language),
    _of_row("touch", "Last touch", lambda row: row.last_touch_at),
    _of_row("touches", "Touches", lambda row: row.touches),
    _of_row("amount", "Amount", lambda row: row.amount),
    _of_row("reason", "Reason", lambda row: row.close_reason),
    _of_row("reference", "External id", lambda row: row.reference),
)
COLUMNS: Mapping[str, Column] = {column.key: column for column in _BUILT_IN}
USUAL = ("ripeness", "state", "next", "with", "source", "came")


def all_columns(fields: Sequence[CustomField]) -> dict[str, Column]:
    """Every column by its key: the built-in ones, then the company's own fields."""
    return dict(COLUMNS) | {OWN + field.key: own(field) for field in fields}


def own(field: CustomField) -> Column:
    """The column of a company's own field."""
    return Column(OWN + field.key, field.label, lambda row, _: row.own(field.key))


def complete(rows: Sequence[Row], keys: Collection[str]) -> None:
    """Read what columns with these keys show of rows beside the leads themselves, for all of them at once."""
    if "campaign" in keys:
        found = campaigns([row.id for row in rows if row.sees_context and "campaigns" not in row.beside])
        for row in rows:
            row.beside.setdefault("campaigns", found.get(row.id, ""))
    if "amount" in keys:
        seen = [row for row in rows if Verb.SEE_OUTCOMES in row.verbs and "deals" not in row.beside]
        worth = amounts([row.id for row in seen])
        for row in seen:
            row.beside["deals"] = worth.get(row.id)
    if "phones" in keys:
        found = other_phones([row.lead for row in rows if row.sees_context and "other_phones" not in row.beside])
        for row in rows:
            row.beside.setdefault("other_phones", found.get(row.id, ""))


def read(text: str) -> tuple[str, ...]:
    """The keys that an address names, in their order, each once; known or not is asked when they are shown."""
    keys = (key.strip()[:70] for key in text.split(",") if key.strip() and "\x00" not in key)
    return tuple(dict.fromkeys(keys))[:AT_MOST]
