"""The list of leads: search, filters kept in the address, views kept under a name, choosing many to give or export."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from ripeline.capture.columns import own_labels
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import Campaign, CustomField, FieldType, Source, SourceType
from ripeline.leads.finding import columns, companies, leaks, lists, own_fields, saved
from ripeline.leads.finding.filters import CUSTOM, NO_SOURCE, NOBODY, states_of
from ripeline.leads.finding.lists import Due, Filters, Row, Sort, View
from ripeline.leads.finding.ranking import ELSE, place
from ripeline.leads.many import foreseen
from ripeline.leads.models import BatchVerb, SavedView
from ripeline.people import queries as people
from ripeline.people.models import Role, User
from ripeline.ripeness import queries as ripeness
from ripeline.ripeness import rules as ripeness_rules
from ripeline.web.frame import selects
from ripeline.web.frame.selects import list_address
from ripeline.web.frame.shell import verbs_for, viewer
from ripeline.web.lists import columns as cells
from ripeline.web.lists import kept, left_out
from ripeline.web.lists.asking import HOWS_OF_DAYS, HOWS_OF_OTHERS, Asked, in_words
from ripeline.web.record import cards
from ripeline.web.templatetags.words import STATE_WORDS

VIEWS = {View.MINE: "Mine", View.TEAM: "My team", View.QUEUE: "Qualify queue", View.ALL: "Everybody"}
SORTS = {Sort.NEWEST: "Newest first", Sort.NEXT: "Next step first", Sort.RIPEST: "Ripest first"}
DUES = {
    Due.NOW: "Today or overdue", Due.SOON: "Next 7 days, today or overdue", Due.OVERDUE: "Overdue",
    Due.TODAY: "Due today", Due.WEEK: "In the 7 days after today", Due.LATER: "Later",
}  # fmt: skip
CARRIED = ("run", "type", "campaign", "since", "until", "team", "leak", "cols", "kept")  # without a field in the form


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    chosen: bool


@require_safe
def leads(request: HttpRequest) -> HttpResponse:
    if not request.GET and (view := saved.default_of(viewer(request))):
        return redirect(kept.address(view))
    asked = Asked.of(request)
    if "col" in request.GET or "field" in request.GET or len(request.GET.getlist("state")) > 1:
        return redirect(asked.here())  # what a form of the page sent, as an address that can be kept
    views = saved.of(asked.actor)
    if request.headers.get("HX-Target") == "results":
        shown = _results(asked, views) | {"tabs": _tabs(asked, views), "is_part": True}
        answer = render(request, "leads/results.html", shown)
        typed = request.headers.get("HX-Trigger-Name") == "q"
        answer["HX-Replace-Url" if typed else "HX-Push-Url"] = asked.here()
        return answer
    return render(request, "leads/leads.html", _results(asked, views) | _form(asked, views))


def _results(asked: Asked, views: Sequence[SavedView]) -> dict[str, Any]:
    """What stands below the search and the filters, and changes with them."""
    page = asked.page()
    fields = catalog.custom_fields()
    verbs = verbs_for(asked.actor.role)
    is_whole = not (page.previous or page.next)
    doable = foreseen.offered(asked.actor, asked.filters, page.rows, is_whole=is_whole)
    return {
        "asked": asked,
        "filters": asked.filters,
        "order": selects.of_list(
            "sort", "Order", {sort: SORTS[sort] for sort in lists.sorts_of(asked.filters)}, asked.sort, of_form=True
        ),
        "page": page,
        "left_out": left_out.of(asked, page),
        "looked_at": lists.LOOKED_AT,
        "newer": asked.here(before=page.previous) if page.previous else "",
        "older": asked.here(after=page.next) if page.next else "",
        "query": asked.query(),
        "everybody": asked.here(view=View.ALL.value) if View.ALL in lists.views_of(asked.actor) else "",
        "nothing_asked": asked.url() == list_address() or (not asked.filters and not asked.after),
        "cleared": _cleared(asked) if asked.filters else "",
        "takers": selects.takers() if BatchVerb.GIVE in doable and page.rows else "",
        "many": [(verb.label, _with_many(verb)) for verb in BatchVerb if verb in doable and verb != BatchVerb.GIVE],
        "key": uuid4().hex,
        "add_url": verbs.get("lead-new", ""),
        "import_url": verbs.get("imports", ""),
        **(_at_empty(asked) if asked.filters.q and not page.rows else {}),
        **_table(asked, page.rows, fields),
        **_own_fields(asked, fields),
        **_kept(asked, views),
    }


def _at_empty(asked: Asked) -> dict[str, Any]:
    """Companies with nobody that a search finds instead of people, and whether it finds nobody anywhere."""
    actor, text, zone = asked.actor, asked.filters.q, timezone.get_current_timezone()
    empty = _empty(actor, text, PALETTE_COMPANIES)
    return {"empty": empty, "is_nobody": bool(empty) and not lists.named(actor, text, zone=zone, size=1)}


def _empty(actor: User, text: str, size: int) -> list[tuple[str, str]]:
    """Companies called so at which nobody is known, each with where a person there is added ("": not by `actor`)."""
    address = verbs_for(actor.role).get("lead-new", "")
    found = companies.nobody_at(text, size=size) if text and size > 0 else ()
    known_by = [{"website": each.domain} if each.domain else {"account_id": str(each.id)} for each in found]
    return [
        (each.name, f"{address}?{urlencode({'company': each.name} | by)}" if address else "")
        for each, by in zip(found, known_by, strict=True)
    ]


@lru_cache(maxsize=len(BatchVerb))
def _with_many(verb: BatchVerb) -> str:
    """The address at which something is done with many leads."""
    return reverse("leads-many", args=[verb.value])


def _cleared(asked: Asked) -> str:
    """The list without filters: never that which an empty address begins with."""
    whole = Asked(asked.actor, Filters(view=asked.filters.view), asked.sort, asked.columns).url()
    begins_elsewhere = whole == list_address() and saved.default_of(asked.actor)
    return f"{whole}?view={asked.view}" if begins_elsewhere else whole


def _table(asked: Asked, rows: Sequence[Row], fields: Sequence[CustomField]) -> dict[str, Any]:
    """The rows and their columns, and the columns there are to choose from: those chosen first, in their order."""
    shown, known = asked.shown(fields), asked.known(fields)
    styled = [(column, cells.css(column, is_chosen=bool(asked.columns))) for column in shown]
    scores = ripeness.chances([row.id for row in rows if row.sees_context and cards.ripens(row.lead.state)])
    rest = [column for column in known.values() if column not in shown]
    return {
        "lines": cells.lines(rows, scores, styled),
        "headings": cells.headings(styled, _orders(asked), lists.order_of(asked.filters, asked.sort)),
        "to_choose": cells.chooser(shown, rest, is_chosen=bool(asked.columns)),
        "usual_columns": asked.here(cols=""),
        "unchosen": [(k, v) for k, v in QueryDict(asked.query(kept=None, cols="")).items()],
    }


def _orders(asked: Asked) -> dict[str, str]:
    """The address of the list in the order of a column, by the columns that an index orders by."""
    return {cells.ORDERED[sort]: asked.here(sort=asked.named(sort)) for sort in lists.sorts_of(asked.filters)}


def _kept(asked: Asked, views: Sequence[SavedView]) -> dict[str, Any]:
    """The kept view that is open, what may be done with it, and what it names that is no more."""
    here = _open_view(asked, views)
    sharing = kept.audiences(asked.actor)
    default = saved.default_of(asked.actor) if here else None
    return {
        "view_here": here,
        "view_is_mine": bool(here and saved.may_change(asked.actor, here)),
        "view_is_changed": bool(here and here.query != asked.query()),
        "view_is_default": bool(here and default and default.pk == here.pk),
        "audiences": [Choice(value, label, value == kept.chosen_audience(here)) for value, label in sharing],
        "gone": _gone(asked),
    }


def _open_view(asked: Asked, views: Sequence[SavedView]) -> SavedView | None:
    """The view that was opened, or else one that asks for just this."""
    by_id = next((view for view in views if view.pk == asked.kept), None)
    return by_id or next((view for view in views if view.query == asked.query() != ""), None)


def _gone(asked: Asked) -> list[tuple[str, str]]:
    """What is asked for and is no more, in words, and the address without it."""
    filters, found = asked.filters, []
    fields = {field.key for field in catalog.custom_fields()} if filters.custom or asked.columns else set()
    if filters.source and not Source.objects.filter(pk=filters.source).exists():
        found.append(("It asks for a source that is no longer here.", asked.here(source=None)))
    if filters.campaign and not Campaign.objects.filter(pk=filters.campaign).exists():
        found.append(("It asks for a campaign that is no longer here.", asked.here(campaign=None)))
    if filters.owner and filters.owner != NOBODY and not people.people().filter(pk=filters.owner).exists():
        found.append(("It asks for somebody who is no longer here.", asked.here(owner=None)))
    for name, value in filters.custom.items():
        rest = {key: text for key, text in filters.custom.items() if key != name}
        if own_fields.split(name)[0] not in fields:
            found.append((f"It asks for a field “{own_fields.split(name)[0]}”, which there is not.",
                          asked.here(custom=rest)))  # fmt: skip
        elif not own_fields.is_readable(name, value):
            words = f"“{value}” is neither a number nor a day such as 2026-01-31, so nobody is found by it."
            found.append((words, asked.here(custom=rest)))
    known = set(columns.COLUMNS) | {columns.OWN + key for key in fields}
    if lost := [key for key in asked.columns if key not in known]:
        left = ",".join(key for key in asked.columns if key in known)
        found.append((f"It shows a column that there is not: {', '.join(lost)}.", asked.here(cols=left)))
    return found


def _form(asked: Asked, views: Sequence[SavedView]) -> dict[str, Any]:
    """The choices of the filters: few queries, the same for any list."""
    return {
        "tabs": _tabs(asked, views),
        "selects": _selects(asked),
        "carried": [
            (key, value)
            for key, value in QueryDict(asked.query(kept=None)).items()
            if key.startswith(CUSTOM) or key in CARRIED
        ],
    }


def _selects(asked: Asked) -> SafeString:
    """What the list can be narrowed by with one click."""
    actor, filters = asked.actor, asked.filters
    owners = _owners(actor) if asked.view != View.MINE else {}
    several = {filters.state: f"{len(states_of(filters.state))} states"} if "," in filters.state else {}
    states = several | {"open": "Open", "closed": "Closed"} | STATE_WORDS
    sources = {str(source.pk): source.name for source in catalog.sources()}
    return selects.joined(
        selects.of_list("state", "State", states, filters.state, any_words="Any state"),
        selects.of_list("due", "Next step", DUES, filters.due, any_words="Due any time")
        if actor.role != Role.MARKETER else "",
        selects.of_list("ripe", "Ripeness", ripeness_rules.LABELS, filters.ripe, any_words="However ripe"),
        selects.of_list("source", "Source", sources, str(filters.source or ""), any_words="Any source")
        if sources else "",
        selects.of_list("owner", "Owner", owners, str(filters.owner or ""), any_words="Anybody's") if owners else "",
    )  # fmt: skip


def in_states(state: str) -> str:
    """Several states in words: "New or Working"."""
    *most, last = [STATE_WORDS[each] for each in states_of(state)]
    return f"{', '.join(most)} or {last}"


def _own_fields(asked: Asked, fields: Sequence[CustomField]) -> dict[str, Any]:
    """The company's own fields: those that can be asked for, and the chips of what is asked."""
    custom, labels = asked.filters.custom, {field.key: own_labels.apart(field.label) for field in fields}
    chips = [
        (in_words(name, value, labels), asked.here(custom={k: v for k, v in custom.items() if k != name}))
        for name, value in custom.items()
    ]
    return {
        "fields": {field.key: labels[field.key] for field in fields if field.field_type != FieldType.DATE},
        "days": {field.key: labels[field.key] for field in fields if field.field_type == FieldType.DATE},
        "hows": HOWS_OF_OTHERS,
        "hows_of_days": HOWS_OF_DAYS,
        "chips": chips + _origins(asked),
        "states": [(state, label, state in states_of(asked.filters.state)) for state, label in STATE_WORDS.items()],
        "unstated": [(k, v) for k, v in QueryDict(asked.query(kept=None, state="")).items()],
        "hidden": [(k, v) for k, v in QueryDict(asked.query(kept=None)).items()],
    }


def _origins(asked: Asked) -> list[tuple[str, str]]:
    """What the list is narrowed to without a field of the form: in words, and the address without it."""
    filters = asked.filters
    given = {
        "state": in_states(filters.state) if "," in filters.state else "",
        "run": "From one import" if filters.run else "",
        "type": (dict(SourceType.choices) | {NO_SOURCE: "No source given"}).get(filters.type, ""),
        "campaign": "From one campaign" if filters.campaign else "",
        "since": f"Came since {date_format(filters.since)}" if filters.since else "",
        "until": f"Came until {date_format(filters.until)}" if filters.until else "",
        "team": "With one team" if filters.team else "",
        "leak": leaks.label(filters.leak) if filters.leak else "",
    }
    empty = {"state": "", "type": "", "leak": ""}
    return [(words, asked.here(**{name: empty.get(name)})) for name, words in given.items() if words]


@dataclass(frozen=True)
class Tab:
    """A view of the list: built in, or kept by somebody (`title` says by whom)."""

    label: str
    url: str
    is_here: bool
    title: str = ""
    is_kept: bool = False


def _tabs(asked: Asked, views: Sequence[SavedView]) -> list[Tab]:
    here, whole = (
        _open_view(asked, views),
        Asked(asked.actor, Filters(), Sort.NEWEST),
    )  # what a kept view asks stays its
    built_in = [
        Tab(VIEWS[view], (whole if here else asked).url(view=view.value), here is None and view == asked.view)
        for view in lists.views_of(asked.actor)
    ]
    return built_in + [
        Tab(view.name, kept.address(view), view == here, _whose(asked.actor, view), is_kept=True) for view in views
    ]


def _whose(actor: User, view: SavedView) -> str:
    """By whom a view is kept and for whom."""
    whom = kept.whom(view)
    if view.user_id == actor.pk:
        return f"Kept by you for {whom}" if whom else "Kept by you"
    return f"Kept by {view.user.name} for {whom}" if whom else f"Kept by {view.user.name}"


def _owners(actor: User) -> dict[str, str]:
    """Whose leads one can ask for: those of the people whose leads one may find."""
    found = people.people().exclude(role=Role.MARKETER)
    if actor.role == Role.LEADER:
        found = found.filter(team=actor.team_id)
    named = found.select_related(None).values_list("pk", "name")
    return {str(pk): name for pk, name in named} | {NOBODY: "Nobody yet"}


PALETTE_PEOPLE, PALETTE_COMPANIES = 7, 4
PALETTE_LOOKED_AT = 40  # people of whom the likest are shown


@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """People and companies for the command palette: the first few whom the search finds, wherever they are."""
    actor, filters = viewer(request), Filters.parse({"q": request.GET.get("q", ""), "view": View.ALL.value})
    zone = timezone.get_current_timezone()
    rows = lists.named(actor, filters.q, zone=zone, size=PALETTE_LOOKED_AT) if filters.q else ()
    theirs = companies.called_like(actor, filters.q, among=rows, size=PALETTE_COMPANIES)
    rows = sorted(rows, key=lambda row: _likeness(filters.q, row))[:PALETTE_PEOPLE]
    found = [
        {
            "url": reverse("lead", args=[row.id]),
            "name": row.name,
            "company": row.company,
            "tag": "" if row.is_mine else format_html("with {}", row.owner),
        }
        for row in rows
    ]
    best = min((place(filters.q, row.name)[0] for row in rows), default=ELSE)
    return render(
        request,
        "parts/palette_rows.html",
        {
            "rows": found,
            "is_company_first": bool(theirs) and place(filters.q, theirs[0])[0] < best,
            "views": _views_called(actor, filters.q),
            "companies": [
                (company, Asked(actor, Filters(view=View.ALL.value, q=company), Sort.NEWEST).url())
                for company in theirs
            ],
            "empty": _empty(actor, filters.q, PALETTE_COMPANIES - len(theirs)) if len(rows) < PALETTE_PEOPLE else (),
            "typed": filters.q,
            "all_url": Asked(actor, filters, Sort.NEWEST).url() if rows else "",
        },
    )


def _likeness(typed: str, row: Row) -> tuple[int, int, int]:
    """Where somebody stands among those found: by name or company, as whole as they were typed."""
    by_name, by_company = place(typed, row.name), place(typed, row.company)
    return min(by_name[0], by_company[0]), by_name[0], len(row.name)


def _views_called(actor: User, typed: str) -> list[tuple[str, str]]:
    """Views that are kept and whose name has each word typed."""
    words = typed.casefold().split()
    called = [view for view in saved.of(actor) if words and all(word in view.name.casefold() for word in words)]
    return [(view.name, kept.address(view)) for view in called[:PALETTE_COMPANIES]]


urlpatterns = [
    path("leads", leads, name="leads"),
    path("palette", palette, name="palette"),
]
