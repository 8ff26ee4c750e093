"""The list of leads: search, filters kept in the address, views kept under a name, choosing many to give or export."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from ripeline.catalog import queries as catalog
from ripeline.catalog.models import Source, SourceType
from ripeline.leads import lists, saved
from ripeline.leads.deciding import LeadError
from ripeline.leads.filters import CUSTOM, NOBODY
from ripeline.leads.lists import Due, Filters, Row, Sort, View
from ripeline.leads.models import SavedView
from ripeline.people import queries as people
from ripeline.people.models import Role, User
from ripeline.ripeness import queries as ripeness
from ripeline.ripeness import rules as ripeness_rules
from ripeline.ripeness.models import Score
from ripeline.web import cards
from ripeline.web.screens import go
from ripeline.web.shell import say, verbs_for
from ripeline.web.templatetags.words import STATE_WORDS

VIEWS = {View.MINE: "Mine", View.TEAM: "My team", View.QUEUE: "Qualify queue", View.ALL: "Everybody"}
SORTS = {Sort.NEWEST: "Newest first", Sort.NEXT: "Next step first", Sort.RIPEST: "Ripest first"}
DUES = {Due.OVERDUE: "Overdue", Due.TODAY: "Due today", Due.WEEK: "In the next 7 days", Due.LATER: "Later"}
CARRIED = ("run", "type", "campaign", "since", "until")  # filters without a field in the form
GIVERS = frozenset({Role.LEADER, Role.ADMIN})  # who may give many at once


@dataclass(frozen=True)
class Line:
    """A row of the list with how ripe it is, where the viewer may know."""

    row: Row
    tag: str
    p_30: float | None


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Asked:
    """What an address asks the list for."""

    actor: User
    filters: Filters
    sort: Sort
    after: str = ""
    before: str = ""

    @classmethod
    def of(cls, request: HttpRequest, query: QueryDict | None = None) -> "Asked":
        assert isinstance(request.user, User)
        given = {
            name: value for name, value in (request.GET if query is None else query).items() if isinstance(value, str)
        }
        key, value = given.pop("field", ""), given.pop("holds", "")  # the custom field chosen in the form
        if key and value:
            given[CUSTOM + key] = value
        filters = Filters.parse(given)
        if filters.view and View(filters.view) not in lists.views_of(request.user):
            filters = replace(filters, view="")
        sort = given.get("sort", "")
        return cls(
            actor=request.user,
            filters=filters,
            sort=Sort(sort) if sort in set(Sort) else Sort.NEWEST,
            after=given.get("after", ""),
            before=given.get("before", ""),
        )

    @property
    def view(self) -> View:
        return View(self.filters.view or lists.views_of(self.actor)[0])

    def url(self, **changes: Any) -> str:
        """The address of this list with some filters changed, and from its beginning unless a cursor is given."""
        place = {name: changes.pop(name, "") for name in ("after", "before")}
        sort = changes.pop("sort", "" if self.sort == Sort.NEWEST else self.sort.value)
        query = replace(self.filters, **changes).url(sort=sort, **place)
        return f"{reverse('leads')}?{query}" if query else reverse("leads")

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


@require_safe
def leads(request: HttpRequest) -> HttpResponse:
    asked = Asked.of(request)
    if request.headers.get("HX-Target") == "results":
        answer = render(request, "leads/results.html", _results(asked) | {"tabs": _tabs(asked), "is_part": True})
        typed = request.headers.get("HX-Trigger-Name") == "q"
        answer["HX-Replace-Url" if typed else "HX-Push-Url"] = asked.url()
        return answer
    return render(request, "leads/leads.html", _results(asked) | _form(asked))


def _results(asked: Asked) -> dict[str, Any]:
    """What stands below the search and the filters, and changes with them."""
    page = asked.page()
    views = saved.of(asked.actor)
    here = asked.url().partition("?")[2]
    verbs = verbs_for(asked.actor.role)
    return {
        "asked": asked,
        "filters": asked.filters,
        "lines": _lines(page.rows),
        "sorts": _choices({sort: SORTS[sort] for sort in lists.sorts_of(asked.filters)}, asked.sort),
        "page": page,
        "newer": asked.url(before=page.previous) if page.previous else "",
        "older": asked.url(after=page.next) if page.next else "",
        "views": views,
        "view_here": next((view for view in views if view.query == here), None),
        "query": here,
        "everybody": asked.url(view=View.ALL.value) if View.ALL in lists.views_of(asked.actor) else "",
        "nothing_asked": asked.url() == reverse("leads") or (not asked.filters and not asked.after),
        "cleared": Asked(asked.actor, Filters(view=asked.filters.view), asked.sort).url(),
        "assignable": people.assignable() if asked.actor.role in GIVERS and page.rows else [],
        "key": uuid4().hex,
        "add_url": verbs.get("lead-new", ""),
        "import_url": verbs.get("imports", ""),
        **_own_fields(asked),
    }


def _lines(rows: Sequence[Row]) -> list[Line]:
    scores = ripeness.of([row.id for row in rows if row.sees_context and cards.ripens(row.lead.state)])
    return [_line(row, scores.get(row.id)) for row in rows]


def _line(row: Row, score: Score | None) -> Line:
    return Line(row, ripeness_rules.tag(score.p_30) if score else "", score.p_30 if score else None)


def _form(asked: Asked) -> dict[str, Any]:
    """The choices of the filters: few queries, the same for any list."""
    filters = asked.filters
    return {
        "tabs": _tabs(asked),
        "states": _choices({"open": "Open", "closed": "Closed"} | STATE_WORDS, filters.state),
        "dues": _choices(DUES, filters.due) if asked.actor.role != Role.MARKETER else [],
        "ripenesses": _choices(ripeness_rules.LABELS, filters.ripe),
        "sources": _choices({str(source.pk): source.name for source in _sources()}, str(filters.source or "")),
        "owners": _choices(_owners(asked.actor), str(filters.owner or "")) if asked.view != View.MINE else [],
        "carried": [(key, value) for key, value in filters.write().items() if key.startswith(CUSTOM) or key in CARRIED],
    }


def _own_fields(asked: Asked) -> dict[str, Any]:
    """The company's own fields: those that can still be asked for, and the chips of what is asked."""
    custom, labels = asked.filters.custom, {field.key: field.label for field in catalog.custom_fields()}
    chips = [
        (f"{labels.get(key, key)}: {value}", asked.url(custom={k: v for k, v in custom.items() if k != key}))
        for key, value in custom.items()
    ]
    return {
        "fields": {key: label for key, label in labels.items() if key not in custom},
        "chips": chips + _origins(asked),
        "hidden": [(k, v) for k, v in QueryDict(asked.url().partition("?")[2]).items()],
    }


def _origins(asked: Asked) -> list[tuple[str, str]]:
    """What the list is narrowed to without a field of the form: in words, and the address without it."""
    filters = asked.filters
    given = {
        "run": "From one import" if filters.run else "",
        "type": dict(SourceType.choices).get(filters.type, ""),
        "campaign": "From one campaign" if filters.campaign else "",
        "since": f"Came since {date_format(filters.since)}" if filters.since else "",
        "until": f"Came until {date_format(filters.until)}" if filters.until else "",
    }
    return [(words, asked.url(**{name: "" if name == "type" else None})) for name, words in given.items() if words]


def _tabs(asked: Asked) -> list[tuple[str, str, bool]]:
    return [(VIEWS[view], asked.url(view=view.value), view == asked.view) for view in lists.views_of(asked.actor)]


def _choices(known: dict[Any, str], chosen: str) -> list[Choice]:
    return [Choice(str(value), label, str(value) == chosen) for value, label in known.items()]


def _sources() -> Sequence[Source]:
    return catalog.sources()


def _owners(actor: User) -> dict[str, str]:
    """Whose leads one can ask for: those of the people whose leads one may find."""
    found = people.people().exclude(role=Role.MARKETER)
    if actor.role == Role.LEADER:
        found = found.filter(team=actor.team_id)
    return {str(user.pk): user.name for user in found} | {NOBODY: "Nobody yet"}


@require_POST
def keep_view(request: HttpRequest) -> HttpResponse:
    """Keep the list as it stands under a name."""
    return _keep(request, request.POST)


@require_POST
def restore_view(request: HttpRequest) -> HttpResponse:
    """Undo of removing a view: the toast's address carries what it was."""
    return _keep(request, request.GET)


def _keep(request: HttpRequest, given: QueryDict) -> HttpResponse:
    assert isinstance(request.user, User)
    query = Asked.of(request, QueryDict(given.get("query", ""))).url().partition("?")[2]
    try:
        view = saved.save(actor=request.user, name=given.get("name", ""), query=query)
    except LeadError as error:
        say(request, str(error), is_error=True)
    else:
        say(request, f"“{view.name}” is kept above the list.")
    return go(request, _address(query))


@require_POST
def forget_view(request: HttpRequest, view_id: UUID) -> HttpResponse:
    assert isinstance(request.user, User)
    view = SavedView.objects.filter(user=request.user, pk=view_id).first()
    if view:
        saved.forget(actor=request.user, view_id=view_id)
        again = QueryDict(mutable=True)
        again.update({"name": view.name, "query": view.query})
        say(request, f"“{view.name}” is removed.", undo=f"{reverse('lead-view-restore')}?{again.urlencode()}")
    return go(request, _address(view.query if view else ""))


def _address(query: str) -> str:
    return f"{reverse('leads')}?{query}" if query else reverse("leads")


@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """People for the command palette: the first few whom the search finds, wherever they are."""
    assert isinstance(request.user, User)
    text = request.GET.get("q", "")
    filters = Filters.parse({"q": text, "view": View.ALL.value})
    rows = lists.page(request.user, filters, zone=timezone.get_current_timezone(), size=7).rows if filters.q else ()
    found = [
        {
            "url": reverse("lead", args=[row.id]),
            "name": row.name,
            "company": row.company,
            "tag": "" if row.is_mine else format_html("with {}", row.owner),
        }
        for row in rows
    ]
    return render(request, "parts/palette_rows.html", {"rows": found})


urlpatterns = [
    path("leads", leads, name="leads"),
    path("leads/views", keep_view, name="lead-view-keep"),
    path("leads/views/restore", restore_view, name="lead-view-restore"),
    path("leads/views/<uuid:view_id>/forget", forget_view, name="lead-view-forget"),
    path("palette", palette, name="palette"),
]
