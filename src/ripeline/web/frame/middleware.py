"""What happens around every request: the viewer's time zone, refusals in words, and parts of pages."""

import logging
from collections.abc import Callable
from contextlib import nullcontext, suppress
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import get_user
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from ripeline.leads.rules import NotAllowed
from ripeline.people import actions
from ripeline.people.models import User
from ripeline.people.working_time import company
from ripeline.web.frame import errors
from ripeline.web.frame.shell import say

log = logging.getLogger(__name__)

PROVIDERS = "/h/mail/"  # their batches are larger, and the end of the address is asked for first
Handler = Callable[[HttpRequest], HttpResponse]


class LocalTimeMiddleware:
    """Times in the viewer's time zone, or the company's; `request.company` is read once, when somebody is signed in.

    Whether what seldom changes is still as it was is asked once for a page.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_only_looking = request.method in ("GET", "HEAD") and request.session.session_key is not None
        with request.session.look() if is_only_looking else nullcontext():  # type: ignore[attr-defined]
            user = get_user(request)
            request.user = user  # themselves: through the lazy one that stood there each question took a detour
            if not isinstance(user, User):
                return self.get_response(request)
            request.company = company()  # type: ignore[attr-defined]
            with timezone.override(ZoneInfo(user.time_zone or request.company.time_zone)):  # type: ignore[attr-defined]
                return self.get_response(request)


class StrangersMiddleware:
    """Who is not signed in sends no more than a form is: a file of theirs would lie on the disk before anybody asks."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = request.META.get("CONTENT_LENGTH") or "0"
        is_much = said.isdecimal() and int(said[:20]) > settings.MOST_OF_STRANGERS
        if is_much and not (isinstance(request.user, User) or request.path.startswith(PROVIDERS)):
            return errors.too_large(request)
        return self.get_response(request)


class RefusalMiddleware:
    """`NotAllowed` from a rule becomes the 403 page, in the rule's own words.

    What PostgreSQL cannot hold (a NUL, a key that is too long) was never typed into a form of ours: 400.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NotAllowed):
            return errors.forbidden(request, exception)
        if isinstance(exception, DataError):
            log.warning("Refused what the database cannot hold, at %s", request.path, exc_info=exception)
            return errors.bad_request(request, exception)
        return None


class CompressionMiddleware(GZipMiddleware):
    """Pages are sent compressed to a browser that takes them so: a list comes in a sixth of its size over a telephone.

    Django adds something of a random length, so that nobody guesses what stands in a page from how long it is (BREACH).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)


_TO_SIGN_IN = f"{settings.LOGIN_URL}?"


class SignedOutMiddleware:
    """Whoever was signed out in the middle of something comes back to where they were, and is told what was not saved.

    To an address that only takes what a form sends, nobody can be led back: who opens one comes to the page above it.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and request.method == "GET" and _is_page(request):
            return redirect(_above(request.path))
        if not (isinstance(response, HttpResponseRedirect) and response.url.startswith(_TO_SIGN_IN)):
            return response
        if request.method == "POST":
            say(request, "You were signed out meanwhile, so what you sent was not saved. Sign in, and send it again.",
                is_error=True)  # fmt: skip
        return redirect(f"{_TO_SIGN_IN}{urlencode({'next': _where(request)}, safe='/')}")


def _above(path: str) -> str:
    """The nearest address above this one that there is."""
    while path := path.rpartition("/")[0]:
        with suppress(Resolver404):
            resolve(path)
            return path
    return settings.LOGIN_REDIRECT_URL


def _is_page(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and "text/html" in request.headers.get("Accept", "")


def _where(request: HttpRequest) -> str:
    """The page that somebody was on when they asked for this."""
    here: str = request.htmx.current_url_abs_path or ""  # type: ignore[attr-defined]
    if request.method == "GET":
        return here if here and urlsplit(here).path != request.path else request.get_full_path()
    if not here and (query := request.POST.get("query")):  # of what is done with many, whose forms have a list's query
        return f"{reverse('leads')}?{query}"
    came = urlsplit(request.headers.get("Referer", ""))
    return here or (
        urlunsplit(("", "", came.path, came.query, "")) if came.netloc == request.get_host() else request.path
    )


class PartMiddleware:
    """Answers to HTMX: toasts ride along with the part; a redirect leads the whole page on."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.htmx:  # type: ignore[attr-defined]
            return response
        if isinstance(response, HttpResponseRedirect):
            return HttpResponseClientRedirect(response.url)
        if _is_shown(response) and len(messages.get_messages(request)):
            response.content += render_to_string("parts/partial_toasts.html", {}, request).encode()
        return response


def _is_shown(response: HttpResponse) -> bool:
    """Whether HTMX swaps this answer in, so that a toast in it is seen."""
    return (
        not response.streaming
        and response.status_code in (200, 201, 422)
        and not {"HX-Redirect", "HX-Refresh", "HX-Location"} & set(response.headers)
        and response.get("Content-Type", "").startswith("text/html")
    )


class NoticeMiddleware:
    """Whoever's leader sees more or less of their work since somebody changed it is told on the next page."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.tracking != user.tracking_told and request.method == "GET":
            actions.told_tracking(user)
            mode = user.get_tracking_display().lower()
            say(request, f"What your leader sees of your work is now: {mode}. Your profile says what that means.")
        return self.get_response(request)
