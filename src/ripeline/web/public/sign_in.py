"""Signing in and out, and the links by which somebody sets a password."""

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ripeline.people import actions as people
from ripeline.people import links, queries
from ripeline.people.actions import PeopleError
from ripeline.people.models import User
from ripeline.web.frame import errors, letters, tries
from ripeline.web.frame.forms import Forgot, NewPassword, SignIn, posted
from ripeline.web.frame.shell import say

LETTERS_FOR_ONE_PERSON = 3
LETTERS_FROM_ONE_ADDRESS = 40

get_or_post = require_http_methods(["GET", "POST"])


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@get_or_post
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(_next(request))
    if not queries.has_users():
        return redirect("first-run")
    form = SignIn(posted(request))
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].lower()
        if tries.too_many(request, "sign_in.failed", email):
            return errors.too_many(
                request, "There were too many failed tries to sign in. Wait a quarter of an hour, then try again."
            )
        user = authenticate(request, email=email, password=form.cleaned_data["password"])
        if isinstance(user, User):
            login(request, user)
            return redirect(_next(request))
        tries.note(request, "sign_in.failed", email)
        form.add_error(None, "This e-mail and password do not belong together.")
    status = 422 if form.errors else 200
    return render(request, "people/sign_in.html", {"form": form, "next": request.GET.get("next", "")}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    say(request, "You are signed out.")
    return redirect("sign-in")


@login_not_required
@get_or_post
def forgot(request: HttpRequest) -> HttpResponse:
    """Ask for a link to a new password. The answer is the same whether or not the address is known."""
    form = Forgot(posted(request))
    if not letters.can_send() or request.method == "GET" or not form.is_valid():
        status = 422 if form.errors else 200
        return render(request, "people/forgot.html", {"form": form, "can_send": letters.can_send()}, status=status)
    email = form.cleaned_data["email"].lower()
    if tries.count("reset.from", tries.address(request)) >= LETTERS_FROM_ONE_ADDRESS:
        return errors.too_many(request, "Many links were asked for from here. Wait a quarter of an hour.")
    if tries.count("reset.asked", email) < LETTERS_FOR_ONE_PERSON:
        letters.send_reset(request, email)
    people.audit(actor=None, verb="reset.asked", target=email)
    people.audit(actor=None, verb="reset.from", target=tries.address(request))
    return render(request, "people/forgot_sent.html", {"email": email})


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@get_or_post
def reset(request: HttpRequest, who: str, token: str) -> HttpResponse:
    """The link of a reset. Looking at it changes nothing; sending the form does."""
    return _set_password(request, links.holder("reset", who, token), "people/reset.html")


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@get_or_post
def invitation(request: HttpRequest, who: str, token: str) -> HttpResponse:
    """The link of an invitation: the same, for a first password."""
    return _set_password(request, links.holder("invitation", who, token), "people/invitation.html")


def _set_password(request: HttpRequest, user: User | None, template: str) -> HttpResponse:
    if user is None:
        return render(request, "people/link_over.html", status=410)
    form = NewPassword(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            people.set_password(actor=user, user=user, password=form.cleaned_data["password"])
        except PeopleError as error:
            form.show(error)
        else:
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            say(request, "Your password is set; you are signed in.")
            return redirect("home")
    return render(request, template, {"form": form, "person": user}, status=422 if form.errors else 200)


def _next(request: HttpRequest) -> str:
    """Where they were going, if that is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else settings.LOGIN_REDIRECT_URL


@login_not_required
@require_GET
def robots(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


urlpatterns = [
    path("sign-in", sign_in, name="sign-in"),
    path("sign-out", sign_out, name="sign-out"),
    path("forgot-password", forgot, name="forgot"),
    path("reset/<str:who>/<str:token>", reset, name="reset"),
    path("invitation/<str:who>/<str:token>", invitation, name="invitation"),
    path("robots.txt", robots),
]
