"""Your profile: name, password, time zone, minutes a day; and who looked at your leads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods
from django.views.generic import RedirectView

from ripeline.people import actions
from ripeline.people.actions import PeopleError
from ripeline.people.models import User
from ripeline.web.forms import Profile
from ripeline.web.shell import say, tabs


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)
    form = Profile(
        request.POST or None,
        initial={"name": user.name, "time_zone": user.time_zone, "minutes_per_day": user.minutes_per_day},
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_user(actor=user, user=user, **form.cleaned_data)
        except PeopleError as error:
            form.show(error)
        else:
            say(request, "Kept.")
            return redirect("profile")
    status = 422 if form.errors else 200
    return render(request, "people/profile.html", {"form": form, "tabs": tabs(request)}, status=status)


urlpatterns = [
    path("settings", RedirectView.as_view(pattern_name="profile"), name="settings"),
    path("settings/profile", profile, name="profile"),
]
