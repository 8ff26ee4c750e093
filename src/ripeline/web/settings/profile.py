"""Your profile: name, password, time zone, minutes a day; when you are away; and who looked at your leads."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django.views.generic import RedirectView

from ripeline.leads import queries as leads
from ripeline.leads.models import RecordView
from ripeline.people import actions, queries
from ripeline.people.actions import PeopleError
from ripeline.people.models import User
from ripeline.web.frame import errors, tries
from ripeline.web.frame.forms import ChangePassword, Profile, posted
from ripeline.web.frame.shell import say, tabs, viewer
from ripeline.web.settings.absences import sheet

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = viewer(request)
    initial = {"name": user.name, "time_zone": user.time_zone, "minutes_per_day": user.minutes_per_day}
    form = Profile(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_user(actor=user, user=user, **{name: form.cleaned_data[name] for name in form.changed_data})
        except PeopleError as error:
            form.show(error)
        else:
            say(request, "Your profile is kept.")
            return redirect("profile")
    return _page(request, user, form=form)


@sensitive_post_parameters("current", "password")
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; this session goes on, all others end."""
    user = viewer(request)
    form = ChangePassword(posted(request))
    if request.method == "POST" and form.is_valid():
        if tries.too_many(request, "password.failed", user.email):
            return errors.too_many(
                request,
                "That was not your present password too many times. Wait a quarter of an hour.",
            )
        if not user.check_password(form.cleaned_data["current"]):
            tries.note(request, "password.failed", user.email)
            form.add_error("current", "This is not your present password.")
        else:
            try:
                actions.set_password(actor=user, user=user, password=form.cleaned_data["password"])
            except PeopleError as error:
                form.show(error)
            else:
                update_session_auth_hash(request, user)
                say(request, "Your password is changed. Everywhere else you are signed out.")
                return redirect("profile")
    status = 422 if form.errors else 200
    return render(request, "people/password.html", {"tabs": tabs(request), "form": form}, status=status)


def _page(request: HttpRequest, user: User, form: Profile) -> HttpResponse:
    answer: dict[str, Any] = {
        "tabs": tabs(request),
        "form": form,
        "absences": sheet(user, user),
        "modes": queries.tracking_changes(user),
    }
    return render(request, "people/profile.html", answer, status=422 if form.errors else 200)


@require_safe
def looks(request: HttpRequest) -> HttpResponse:
    """Who looked at my leads, newest first."""
    user = viewer(request)
    before = _cursor(request.GET.get("before", ""))
    found = leads.viewers(user, PAGE + 1, before=before)
    shown = found[:PAGE]
    answer = {
        "tabs": tabs(request),
        "looks": shown,
        "older": f"?{urlencode({'before': _write(shown[-1])})}" if len(found) > PAGE else "",
        "newer": "?" if before else "",
    }
    return render(request, "people/looks.html", answer)


def _write(look: RecordView) -> str:
    return f"{look.viewed_at.isoformat()}_{look.pk}"


def _cursor(text: str) -> tuple[datetime, UUID] | None:
    """The place in the list that an address names; None for the beginning, or for a slip in the address."""
    moment, _, pk = text.partition("_")
    try:
        at = datetime.fromisoformat(moment)
        return (at, UUID(pk)) if at.tzinfo else None
    except ValueError:
        return None


urlpatterns = [
    path("settings", RedirectView.as_view(pattern_name="profile"), name="settings"),
    path("settings/profile", profile, name="profile"),
    path("settings/password", password, name="password"),
    path("settings/looks", looks, name="looks"),
]
