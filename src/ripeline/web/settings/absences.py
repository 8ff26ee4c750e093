"""When somebody is away and who covers: a sheet on their page and on one's own profile."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from ripeline.base import clock
from ripeline.people import actions, queries, rules
from ripeline.people.actions import PeopleError
from ripeline.people.models import Absence, User
from ripeline.web.frame.forms import AbsenceForm
from ripeline.web.frame.shell import say, tabs, viewer


@dataclass(frozen=True)
class Sheet:
    """What is shown of somebody's absences: those that are not over, and the form for another."""

    person: User
    coming: list[Absence]
    form: AbsenceForm
    may_change: bool


def sheet(actor: User, user: User, form: AbsenceForm | None = None) -> Sheet:
    return Sheet(
        person=user,
        coming=list(queries.absences(user, since=timezone.localdate(clock.now()))),
        form=form or AbsenceForm(covers=queries.covers_for(user)),
        may_change="absence" in rules.changeable(actor, user),
    )


@require_POST
def add(request: HttpRequest, person_id: UUID) -> HttpResponse:
    actor, user = viewer(request), _somebody(person_id)
    rules.require(actor, user, "absence")
    covers = {str(each.pk): each for each in queries.covers_for(user)}
    form = AbsenceForm(request.POST, covers=covers.values())
    if form.is_valid():
        given = form.cleaned_data
        try:
            actions.add_absence(
                actor=actor,
                user=user,
                first_day=given["first_day"],
                last_day=given["last_day"],
                cover=covers.get(given["cover"]),
            )
        except PeopleError as error:
            form.show(error)
        else:
            say(request, "The absence is noted.")
            return _back(actor, user)
    answer = {"tabs": tabs(request), "person": user, "absences": sheet(actor, user, form)}
    return render(request, "people/absences.html", answer, status=422)


@require_POST
def remove(request: HttpRequest, absence_id: UUID) -> HttpResponse:
    """Take an absence away; the toast can put it back."""
    actor = viewer(request)
    absence = Absence.objects.select_related("user").filter(pk=absence_id).first()
    if absence is None:
        say(request, "This absence was removed already.")
        return redirect("profile")
    actions.remove_absence(actor=actor, absence=absence)
    days = {"first": str(absence.first_day), "last": str(absence.last_day), "cover": str(absence.cover_id or "")}
    undo = f"{reverse('absence-again', args=[absence.user_id])}?{urlencode(days)}"
    say(request, "The absence is removed.", undo=undo)
    return _back(actor, absence.user)


@require_POST
def again(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Put a removed absence back as it was."""
    actor, user = viewer(request), _somebody(person_id)
    rules.require(actor, user, "absence")
    covers = {str(each.pk): each for each in queries.covers_for(user)}
    try:
        first, last = date.fromisoformat(request.GET["first"]), date.fromisoformat(request.GET["last"])
        actions.add_absence(
            actor=actor, user=user, first_day=first, last_day=last, cover=covers.get(request.GET["cover"])
        )
    except (KeyError, ValueError) as error:
        say(request, str(error) if isinstance(error, PeopleError) else "That cannot be put back.", is_error=True)
    else:
        say(request, "The absence is back.")
    return _back(actor, user)


def _somebody(person_id: UUID) -> User:
    return get_object_or_404(queries.people(), pk=person_id)


def _back(actor: User, user: User) -> HttpResponse:
    return redirect("profile") if actor.pk == user.pk else redirect("person", user.pk)


urlpatterns = [
    path("settings/people/<uuid:person_id>/absences", add, name="absence-add"),
    path("settings/people/<uuid:person_id>/absences/again", again, name="absence-again"),
    path("settings/absences/<uuid:absence_id>/remove", remove, name="absence-remove"),
]
