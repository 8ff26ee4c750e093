"""The first page of a new installation: it makes the administrator, once."""

import secrets

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ripeline.people import actions, queries
from ripeline.people.actions import PeopleError
from ripeline.web.frame import errors
from ripeline.web.frame.forms import FirstRun, posted


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def first_run(request: HttpRequest) -> HttpResponse:
    if queries.has_users():
        return redirect("home")
    # The token is empty, and so not asked for, where only this machine can reach the page.
    token = request.GET.get("token", "") or request.POST.get("token", "")
    if settings.SETUP_TOKEN and not secrets.compare_digest(token.encode(), settings.SETUP_TOKEN.encode()):
        return errors.page(
            request,
            403,
            text="Others can reach this page, so it wants the link that `ripeline up` printed, with its token.",
        )
    form = FirstRun(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            administrator = actions.make_first_administrator(**form.cleaned_data)
        except PeopleError as error:
            if queries.has_users():  # somebody else was faster
                return redirect("home")
            form.show(error)
        else:
            login(request, administrator, backend=settings.AUTHENTICATION_BACKENDS[0])
            return redirect("home")
    status = 422 if form.errors else 200
    return render(request, "people/first_run.html", {"form": form, "token": token}, status=status)


urlpatterns = [path("first-run", first_run, name="first-run")]
