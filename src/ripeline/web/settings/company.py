"""Settings, Company and Teams: for administrators."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from ripeline.people import actions, queries, rules
from ripeline.people.actions import PeopleError
from ripeline.people.models import ResponsibleKind, Team
from ripeline.people.working_time import MONDAY_TO_FRIDAY
from ripeline.web.frame.forms import CompanyForm, TeamForm, posted
from ripeline.web.frame.shell import firm_of, say, tabs, viewer

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@get_or_post
def company(request: HttpRequest) -> HttpResponse:
    actor = viewer(request)
    rules.require_administers(actor)
    firm = firm_of(request)
    fallbacks = [each for each in queries.assignable() if each.kind != ResponsibleKind.PROGRAMME]
    initial = {
        "name": firm.name,
        "country": firm.country,
        "time_zone": firm.time_zone,
        "currency": firm.currency,
        "imprint": firm.imprint,
        "work_days": firm.work_days or list(MONDAY_TO_FRIDAY),
        "fallback": str(firm.fallback_id),
    }
    form = CompanyForm(posted(request), initial=initial, fallbacks=fallbacks)
    if request.method == "POST" and form.is_valid():
        fallback = next(each for each in fallbacks if str(each.pk) == form.cleaned_data["fallback"])
        try:
            actions.set_company(actor=actor, **{**form.cleaned_data, "fallback": fallback})
        except PeopleError as error:
            form.show(error)
        else:
            say(request, "The company's settings are kept.")
            return redirect("company")
    status = 422 if form.errors else 200
    return render(request, "people/company.html", {"tabs": tabs(request), "form": form}, status=status)


@get_or_post
def teams(request: HttpRequest) -> HttpResponse:
    actor = viewer(request)
    rules.require_administers(actor)
    form = TeamForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            team = actions.add_team(actor=actor, name=form.cleaned_data["team_name"])
        except PeopleError as error:
            form.show(error)
        else:
            say(request, f"There is a team {team.name} now.")
            return redirect("teams")
    return _teams_page(request, form)


def _teams_page(request: HttpRequest, form: TeamForm, renaming: Team | None = None) -> HttpResponse:
    answer = {"tabs": tabs(request), "teams": queries.teams(), "form": form, "renaming": renaming}
    return render(request, "people/teams.html", answer, status=422 if form.errors else 200)


@get_or_post
def team(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Give a team another name."""
    actor = viewer(request)
    rules.require_administers(actor)
    found = get_object_or_404(Team, pk=team_id)
    form = TeamForm(posted(request), initial={"team_name": found.name})
    if request.method == "POST" and form.is_valid():
        try:
            actions.rename_team(actor=actor, team=found, name=form.cleaned_data["team_name"])
        except PeopleError as error:
            form.show(error)
        else:
            say(request, "The team has its new name.")
            return redirect("teams")
    return _teams_page(request, form, renaming=found)


@require_POST
def team_remove(request: HttpRequest, team_id: UUID) -> HttpResponse:
    actor = viewer(request)
    rules.require_administers(actor)
    found = get_object_or_404(Team, pk=team_id)
    try:
        actions.remove_team(actor=actor, team=found)
    except PeopleError as error:
        say(request, str(error), is_error=True)
    else:
        say(request, f"The team {found.name} is removed; nobody was on it.")
    return redirect("teams")


urlpatterns = [
    path("settings/company", company, name="company"),
    path("settings/teams", teams, name="teams"),
    path("settings/teams/<uuid:team_id>", team, name="team"),
    path("settings/teams/<uuid:team_id>/remove", team_remove, name="team-remove"),
]
