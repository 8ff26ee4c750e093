"""What an address asks the list of leads for, and the address of what is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from ripeline.capture.columns import own_labels
from ripeline.catalog.models import CustomField
from ripeline.leads import rules
from ripeline.leads.finding import columns, lists, own_fields
from ripeline.leads.finding.columns import Column
from ripeline.leads.finding.filters import CUSTOM
from ripeline.leads.finding.lists import Filters, Sort, View
from ripeline.leads.rules import Verb
from ripeline.people.models import User
from ripeline.ripeness import queries as ripeness
from ripeline.web.frame.selects import list_address
from ripeline.web.templatetags.words import own


@dataclass(frozen=True)
class Asked:
    """What an address asks the list for. `columns` empty: the usual ones. `kept`: the view it was opened from."""

    actor: User
    filters: Filters
    sort: Sort
    columns: tuple[str, ...] = ()
    kept: UUID | None = None
    after: str = ""
    before: str = ""

    @classmethod
    def of(cls, request: HttpRequest, query: QueryDict | None = None) -> "Asked":
        assert isinstance(request.user, User)
        return cls._read(request.user, request.GET if query is None else query)

    @classmethod
    def of_text(cls, actor: User, query: str) -> "Asked":
        """What a query that was kept asks for."""
        return cls._read(actor, QueryDict(query))

    @classmethod
    def _read(cls, actor: User, asked: QueryDict) -> "Asked":
        given = {name: value for name, value in asked.items() if isinstance(value, str)}
        given["state"] = ",".join(each for each in asked.getlist("state") if each)
        _put_own_field(given)
        filters = Filters.parse(given)
        if filters.view and View(filters.view) not in lists.views_of(actor):
            filters = replace(filters, view="")
        return cls(
            actor=actor,
            filters=filters,
            sort=Sort.named(given.get("sort")),
            columns=columns.read(",".join(asked.getlist("col")) or given.get("cols", "")),
            kept=_uuid(given.get("kept", "")),
            after=given.get("after", ""),
            before=given.get("before", ""),
        )

    @property
    def view(self) -> View:
        return View(self.filters.view or lists.views_of(self.actor)[0])

    def url(self, **changes: Any) -> str:
        """The address of this list with some filters changed, and from its beginning unless a cursor is given."""
        query = self.query(**changes)
        return f"{list_address()}?{query}" if query else list_address()

    def query(self, *, kept: UUID | str | None = "", **changes: Any) -> str:
        """The same as a query; without the view it was opened from unless `kept` names it (None: this one)."""
        place = {name: changes.pop(name, "") for name in ("after", "before")}
        sort = changes.pop("sort", self.named(self.sort))
        cols = changes.pop("cols", ",".join(self.columns))
        kept = self.kept if kept is None else kept
        return replace(self.filters, **changes).url(sort=sort, cols=cols, kept=str(kept or ""), **place)

    def here(self, **changes: Any) -> str:
        """The address of this list as `url` has it, still opened from the view it was opened from."""
        return self.url(kept=None, **changes)

    @staticmethod
    def named(sort: Sort) -> str:
        """An order as an address names it: the usual one goes without saying."""
        return "" if sort == Sort.NEWEST else sort.value

    def page(self) -> lists.Page:
        return lists.page(
            self.actor,
            self.filters,
            zone=timezone.get_current_timezone(),
            sort=self.sort,
            after=self.after,
            before=self.before,
            scores=ripeness.all_scores(),
            tagged=self.tagged(),
        )

    def tagged(self) -> Any:
        return ripeness.tagged(self.filters.ripe) if self.filters.ripe else None

    def shown(self, fields: Sequence[CustomField]) -> list[Column]:
        """The columns of this list, those that are no more left out."""
        known = self.known(fields)
        if chosen := [known[key] for key in self.columns if key in known]:
            return chosen
        usual = [key for key in columns.USUAL if key != "with" or self.view != View.MINE]
        return [known[key] for key in usual if key in known]

    def known(self, fields: Sequence[CustomField]) -> dict[str, Column]:
        """The columns there are to choose from; not those of which the viewer would see nothing on any lead."""
        found = columns.all_columns(fields)
        for key in (columns.OWN + field.key for field in fields):
            found[key] = replace(found[key], label=own_labels.apart(found[key].label))
        if not rules.ever(self.actor, Verb.SEE_NEXT):
            del found["next"]
        return found


def _put_own_field(given: dict[str, str]) -> None:
    """The question about an own field that the form asks (`field`, `how`, `holds`, and the last day of several) as an
    address has it."""
    key, how = given.pop("field", ""), given.pop("how", "")
    value, last = given.pop("holds", "").strip(), given.pop("holds_to", "").strip()
    if how == own_fields.How.EMPTY:
        value = "1"
    asked = [(own_fields.How.FROM, value), (own_fields.How.TO, last)] if how == BETWEEN else [(how, value)]
    for each, said in asked if key else ():
        if said:
            given[CUSTOM + own_fields.joined(key, each)] = said


def asked_of_form(request: HttpRequest) -> Asked:
    """The list that a form was on: its query travels with the form."""
    return Asked.of(request, QueryDict(request.POST.get("query", "")))


def in_words(name: str, value: str, labels: Mapping[str, str]) -> str:
    """A question about an own field: "Chairs at least 10"."""
    key, how = own_fields.split(name)
    label, value = labels.get(key, key), own(value)
    match how:
        case own_fields.How.IS:
            return f"{label}: {value}"
        case own_fields.How.EMPTY:
            return f"{label} is empty"
    return f"{label} {HOWS[how]} {value}"


HOWS = {
    own_fields.How.IS: "is exactly",
    own_fields.How.HAS: "contains",
    own_fields.How.FROM: "from",
    own_fields.How.TO: "up to",
    own_fields.How.BEFORE: "before",
    own_fields.How.AFTER: "after",
    own_fields.How.EMPTY: "is empty",
}
BETWEEN = "between"  # from a day to another: two questions
HOWS_OF_DAYS = {
    own_fields.How.IS: "on", own_fields.How.BEFORE: "before", own_fields.How.AFTER: "after", BETWEEN: "between",
    own_fields.How.EMPTY: "is empty",
}  # fmt: skip
HOWS_OF_OTHERS = {how: words for how, words in HOWS.items() if how not in (own_fields.How.BEFORE, own_fields.How.AFTER)}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
