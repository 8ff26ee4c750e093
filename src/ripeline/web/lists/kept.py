"""Views of the list that are kept under a name: kept, renamed, replaced, shared, removed and brought back."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.finding import saved
from ripeline.leads.finding.saved import Sharing
from ripeline.leads.models import Audience, SavedView
from ripeline.people import queries as people
from ripeline.people.models import Role, User
from ripeline.web.acting.screens import go
from ripeline.web.frame.selects import list_address
from ripeline.web.frame.shell import say, viewer
from ripeline.web.lists.asking import asked_of_form


def address(view: SavedView) -> str:
    """Where a view is looked at: its query, and which view it is."""
    query = QueryDict(view.query, mutable=True)
    query["kept"] = str(view.pk)
    return f"{list_address()}?{query.urlencode()}"


def audiences(actor: User) -> list[tuple[str, str]]:
    """With whom `actor` can share a view, in words, the own use first."""
    mine = [(Audience.MINE.value, "Only me")]
    if not saved.may_share(actor):
        return mine
    teams = people.teams()
    if actor.role == Role.LEADER:
        teams = teams.filter(members=actor)
    return [*mine, *((str(team.pk), f"Team {team.name}") for team in teams), (Audience.EVERYBODY.value, "Everybody")]


def chosen_audience(view: SavedView | None) -> str:
    """Which of `audiences` a view has."""
    if view is None:
        return Audience.MINE.value
    return str(view.team_id) if view.audience == Audience.TEAM else view.audience


def _sharing(request: HttpRequest) -> Sharing | None:
    given = request.POST.get("audience", "")
    if not given:
        return None
    if given in (Audience.MINE, Audience.EVERYBODY):
        return Sharing(given)
    try:
        team = people.teams().filter(pk=UUID(given)).first()
    except ValueError:
        team = None
    return Sharing(Audience.TEAM, team)


def _query(request: HttpRequest) -> str:
    """The list that a form stood on, as a view keeps it."""
    return asked_of_form(request).query()


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the list as it stands under a name."""
    query, replaces = _query(request), _uuid(request.POST.get("replaces", ""))
    try:
        view = saved.save(
            actor=viewer(request), name=request.POST.get("name", ""), query=query, sharing=_sharing(request),
            replaces=replaces,
        )  # fmt: skip
    except saved.NameTaken as taken:
        return _ask(request, taken.view, query)
    except LeadError as error:
        say(request, str(error), is_error=True)
        return go(request, _plain(query))
    if view.pk == replaces:
        say(request, f"“{view.name}” now shows this.", undo=_undo(view))
    else:
        say(request, f"“{view.name}” is kept above the list.")
    return go(request, address(view))


def _ask(request: HttpRequest, taken: SavedView, query: str) -> HttpResponse:
    """Whether the view of that name is to be replaced, which is named with whom it is for; or another name."""
    shown = {
        "taken": taken, "query": query, "back": _plain(query), "whom": whom(taken),
        "audiences": [(value, label, value == chosen_audience(taken)) for value, label in audiences(viewer(request))],
    }  # fmt: skip
    return render(request, "leads/name_taken.html", shown, status=422)


def whom(view: SavedView) -> str:
    """For whom else a view is; "" where it is its keeper's alone."""
    shared = {Audience.EVERYBODY: "everybody", Audience.TEAM: f"team {view.team.name}" if view.team else ""}
    return shared.get(Audience(view.audience), "")


def _undo(view: SavedView) -> str:
    """The address that takes the replacing of a view back."""
    was = saved.before(view)
    return reverse("lead-view-put-back", args=[view.pk, was.pk]) if was else ""


@require_POST
def put_back(request: HttpRequest, view_id: UUID, before_id: UUID) -> HttpResponse:
    """Undo of replacing."""
    try:
        view = saved.put_back(actor=viewer(request), view_id=view_id, before_id=before_id)
    except LeadError as error:
        say(request, str(error), is_error=True)
        return go(request, _plain(""))
    say(request, f"“{view.name}” is as it was.")
    return go(request, address(view))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@require_POST
def change(request: HttpRequest, view_id: UUID) -> HttpResponse:
    """Rename or share a view, or let it ask for what the list asks now."""
    replaces = "replace" in request.POST
    given: dict[str, Any] = {"query": _query(request)} if replaces else {"name": request.POST.get("name", "")}
    try:
        view = saved.change(
            actor=viewer(request), view_id=view_id, sharing=None if replaces else _sharing(request), **given
        )
    except LeadError as error:
        say(request, str(error), is_error=True)
        return go(request, _plain(_query(request)))
    if replaces:
        say(request, f"“{view.name}” now shows this.", undo=_undo(view))
    else:
        say(request, f"“{view.name}” is changed.")
    return go(request, address(view))


@require_POST
def forget(request: HttpRequest, view_id: UUID) -> HttpResponse:
    view = saved.forget(actor=viewer(request), view_id=view_id)
    if view is None:
        return go(request, list_address())
    say(request, f"“{view.name}” is removed.", undo=reverse("lead-view-restore", args=[view.pk]))
    return go(request, _plain(view.query))


@require_POST
def restore(request: HttpRequest, view_id: UUID) -> HttpResponse:
    """Undo of removing."""
    try:
        view = saved.bring_back(actor=viewer(request), view_id=view_id)
    except LeadError as error:
        say(request, str(error), is_error=True)
        return go(request, _plain(""))
    say(request, f"“{view.name}” is back.")
    return go(request, address(view))


@require_POST
def begin(request: HttpRequest, view_id: UUID) -> HttpResponse:
    """Begin with this view, or with the usual one again."""
    actor, gives_up = viewer(request), "not" in request.POST
    try:
        saved.begin_with(actor=actor, view_id=None if gives_up else view_id)
    except LeadError as error:
        say(request, str(error), is_error=True)
        return go(request, _plain(""))
    say(request, "Your list begins as it usually does." if gives_up else "Your list begins with this view.")
    found = next((view for view in saved.of(actor) if view.pk == view_id), None)
    return go(request, address(found) if found else _plain(""))


def _plain(query: str) -> str:
    """A list that is nobody's kept view."""
    return f"{list_address()}?{query}" if query else list_address()


urlpatterns = [
    path("leads/views", keep, name="lead-view-keep"),
    path("leads/views/<uuid:view_id>", change, name="lead-view-change"),
    path("leads/views/<uuid:view_id>/forget", forget, name="lead-view-forget"),
    path("leads/views/<uuid:view_id>/restore", restore, name="lead-view-restore"),
    path("leads/views/<uuid:view_id>/put-back/<uuid:before_id>", put_back, name="lead-view-put-back"),
    path("leads/views/<uuid:view_id>/begin", begin, name="lead-view-begin"),
]
