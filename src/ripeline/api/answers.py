"""What is answered to programs whatever they ask: words as JSON, that it sent too much, or by the wrong method."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, JsonResponse

KB = 1024


def say(status: int, error: str) -> JsonResponse:
    return JsonResponse({"error": error}, status=status)


def told_how(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view that says as JSON by which methods it is asked, where that was another."""

    @wraps(view)
    def telling(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = view(request, *args, **kwargs)
        if not isinstance(answer, HttpResponseNotAllowed):
            return answer
        allowed = answer["Allow"]
        how = f"{request.method} is not for this address; send {allowed.replace(', ', ' or ')}."
        response = JsonResponse({"error": how, "fields": {}}, status=405)
        response["Allow"] = allowed
        return response

    return telling


def too_large(request: HttpRequest, largest: int) -> JsonResponse | None:
    """The refusal of a body of more than `largest` bytes, before any of it is read."""
    told = str(request.META.get("CONTENT_LENGTH") or 0)
    if told.isdecimal() and int(told[:20]) <= largest:
        return None
    size = f"{largest // KB // KB} MB" if largest >= KB * KB else f"{largest // KB} kB"
    return say(413, f"Send at most {size} at a time.")
