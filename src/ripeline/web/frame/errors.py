"""What went wrong, in plain words, within the shell where somebody is signed in."""

import sys
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token

from ripeline.base.anew import is_away
from ripeline.people.models import User
from ripeline.web.frame.shell import firm_of
from ripeline.web.frame.strangers import is_for_strangers, words_of

WORDS = {
    400: ("That request made no sense", "The address or what was sent with it is not something Ripeline can read."),
    403: ("This is not yours to do", "Your role does not include it. If it should, ask an administrator."),
    404: ("There is nothing here", "The page was moved or removed, or the address has a slip in it."),
    413: ("That is too much at once", "What was sent is larger than any form of ours. Nothing of it was kept."),
    429: ("Too many tries", "Please wait a few minutes, then try again."),
    500: (
        "Something broke on our side",
        "Nothing of yours was lost. Please try again; if it stays, tell your administrator.",
    ),
    503: ("One moment, please", "The database does not answer just now. Go back, and send it again in a few seconds."),
}

TO_STRANGERS = {  # the phrases of the same
    400: ("unreadable", "unreadable_why"),
    404: ("nothing_here", "nothing_here_why"),
    413: ("too_large", "too_large_why"),
    500: ("broke", "broke_why"),
    503: ("one_moment", "one_moment_why"),
}


def to_stranger(request: HttpRequest, status: int) -> dict[str, Any]:
    """What is wrong at an address that a form, a mail or a poster names: in their language, and nothing of ours."""
    words, said = words_of(request), TO_STRANGERS[status]
    title, text = (getattr(words, name) for name in said)
    return {"status": status, "error_title": title, "text": text, "words": words}


def page(request: HttpRequest, status: int, *, text: str = "") -> HttpResponse:
    """The page for `status`, or for HTMX the bare words, which it shows as a toast."""
    title, usual = WORDS[status]
    if getattr(request, "htmx", False):
        return HttpResponse(text or usual, status=status, content_type="text/plain; charset=utf-8")
    signed_in = isinstance(getattr(request, "user", None), User)
    if status in TO_STRANGERS and is_for_strangers(request) and not signed_in:
        answer = to_stranger(request, status) | {"firm": firm_of(request).name}
        return render(request, "errors/stranger.html", answer, status=status)
    template = "errors/inside.html" if signed_in else "errors/outside.html"
    return render(request, template, {"status": status, "error_title": title, "text": text or usual}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return page(request, 400)


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403, text=str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return page(request, 404)


def too_many(request: HttpRequest, text: str) -> HttpResponse:
    return page(request, 429, text=text)


def too_large(request: HttpRequest) -> HttpResponse:
    """413, as the API says what is wrong where a program asks."""
    if request.path.startswith("/api/"):
        said = {"error": "That is too much at once: send fewer, or a file as an import.", "fields": {}}
        return JsonResponse(said, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django passes it by name
    return page(
        request, 403, text="This form is too old, or cookies are off. Go back, load the page again and repeat it."
    )


def broken(request: HttpRequest) -> HttpResponse:
    """500, or 503 where the database is away: nothing is asked of it, which may be what broke."""
    status = 503 if is_away(sys.exception()) else 500
    title, text = WORDS[status]
    if request.headers.get("HX-Request"):
        response = HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    else:
        response = HttpResponse(_outside(request, status, title, text), status=status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = "5"
    return response


def _outside(request: HttpRequest, status: int, title: str, text: str) -> str:
    if is_for_strangers(request):
        host = request.META.get("HTTP_HOST", "")  # by which they know us; the company's name is in the database
        return render_to_string("errors/stranger.html", to_stranger(request, status) | {"firm": host})
    return render_to_string("errors/outside.html", {"status": status, "error_title": title, "text": text})
