"""Web hooks: what a form or advertising tool sends about somebody, at an address that is the secret."""

import json
import math
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.crypto import salted_hmac
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ripeline.api.answers import KB, say, told_how, too_large
from ripeline.base.anew import anew
from ripeline.capture.arriving.keeping import WINDOW, TooOftenError
from ripeline.capture.doors import doors, hooks
from ripeline.capture.models import Door, DoorKind, SubmissionState
from ripeline.leads.decisions.deciding import LeadError

LARGEST = 256 * KB  # bytes of one


@login_not_required
@csrf_exempt  # a program has no session; the address is the secret
@told_how
@require_POST
@anew
def hook(request: HttpRequest, slug: str) -> HttpResponse:
    """202 once it is kept: in at once where the mapping finds somebody in it, else held back until it does."""
    door = doors.open_door(slug, DoorKind.HOOK)
    if door is None or not door.is_active:
        return say(404, "There is no web hook here.")
    if refusal := too_large(request, LARGEST):
        return refusal
    try:
        payload = _read(request)
    except (ValueError, RecursionError):
        return say(400, "Send JSON, or the fields of a form.")
    try:
        found = hooks.take_hook(door=door, payload=payload, address=_place(door))
    except TooOftenError:
        response = say(429, "Too much at once.")
        response["Retry-After"] = str(int(WINDOW.total_seconds()))
        return response
    except LeadError as crossed:
        response = say(503, str(crossed))
        response["Retry-After"] = "1"
        return response
    is_in = found.state == SubmissionState.TAKEN
    return JsonResponse({"id": found.pk, "state": "taken" if is_in else "held", "why": found.why}, status=202)


def _read(request: HttpRequest) -> Any:
    if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return _storable({name: values[0] if len(values) == 1 else values for name, values in request.POST.lists()})
    return _storable(json.loads(request.body.decode("utf-8"), parse_constant=_no_number, parse_float=_finite))


def _finite(word: str) -> float:
    number = float(word)
    return number if math.isfinite(number) else _no_number(word)


def _no_number(word: str) -> Any:
    raise ValueError(word)  # NaN and the like are no JSON


def _storable(value: Any) -> Any:
    """Without the characters that PostgreSQL keeps in no text: NUL, and halves of pairs."""
    if isinstance(value, str):
        return "".join(c for c in value if c != "\x00" and not "\ud800" <= c <= "\udfff")
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(each) for key, each in value.items()}
    return value


def _place(door: Door) -> str:
    return salted_hmac("ripeline.hook", str(door.pk)).hexdigest()


urlpatterns = [path("h/<slug:slug>", hook, name="hook")]
