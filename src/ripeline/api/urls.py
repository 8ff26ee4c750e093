"""The API's address, its keys, and how it says what is wrong."""

import json
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from pydantic import BaseModel

from ripeline import __version__
from ripeline.api import enquiries
from ripeline.api.answers import told_how
from ripeline.api.schemas import ConsentIn, EnquiryIn, Trail
from ripeline.base.anew import is_away
from ripeline.capture.arriving.keeping import WINDOW, ConflictError, RefusedError, TooOftenError
from ripeline.capture.doors import machines
from ripeline.leads.decisions.deciding import LeadError
from ripeline.people import keys
from ripeline.people.models import ApiKey


class KeyAuth(HttpBearer):
    """`Authorization: Bearer rk_…`, a key with the scope that the route names."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, _: HttpRequest, token: str) -> ApiKey | None:
        key = keys.holder(token[:200])
        if key and self.scope not in key.scopes:
            raise HttpError(403, f"The key “{key.name}” may not do this; it needs the scope {self.scope}.")
        return key


api = NinjaAPI(
    title="Ripeline", version=__version__, urls_namespace="api", docs_url=None,
    description="Bring leads in. Make a key under Settings, Keys.",
)  # fmt: skip
api.add_router("", enquiries.router, auth=KeyAuth("capture"))


def _say(request: HttpRequest, status: int, error: str, fields: dict[str, str] | None = None) -> HttpResponse:
    return api.create_response(request, {"error": error, "fields": fields or {}}, status=status)


@api.exception_handler(AuthenticationError)
def _no_key(request: HttpRequest, _: Any) -> HttpResponse:
    response = _say(request, 401, "Sign in with a key: Authorization: Bearer rk_… It is not known, or was revoked.")
    response["WWW-Authenticate"] = "Bearer"
    return response


def _count(request: HttpRequest) -> None:
    """What is no enquiry counts among the refused ones of whoever sent it, once their key has said who that is."""
    key = getattr(request, "auth", None)
    if isinstance(key, ApiKey):
        machines.note_refused(key)


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: Any) -> HttpResponse:
    if error.status_code == 400:  # no JSON
        _count(request)
    return _say(request, error.status_code, str(error))


@api.exception_handler(ValidationError)
def _misread(request: HttpRequest, error: Any) -> HttpResponse:
    _count(request)
    fields = {}
    for each in error.errors:
        at = ".".join(str(part) for part in each["loc"] if part not in ("body", "given"))
        fields[at or "body"] = _no_such_field(each["loc"]) if each["type"] == "extra_forbidden" else str(each["msg"])
    return _say(request, 422, "Some of it cannot be read.", fields)


def _no_such_field(loc: Sequence[str | int]) -> str:
    """What is said of a field that there is none of: which there are."""
    within = [str(part) for part in loc if part not in ("body", "given") and not isinstance(part, int)]
    inner: dict[str, type[BaseModel]] = {"trail": Trail, "consents": ConsentIn}
    there = inner.get(within[0], EnquiryIn) if len(within) > 1 else EnquiryIn
    return f"There is no field {within[-1][:60]}; there are: {', '.join(there.model_fields)}."


@api.exception_handler(RefusedError)
def _faulty(request: HttpRequest, error: Any) -> HttpResponse:
    return _say(request, 422, "Some of it is not right.", error.errors)


@api.exception_handler(TooOftenError)
def _too_often(request: HttpRequest, _: Any) -> HttpResponse:
    response = _say(request, 429, "Too much at once; files of leads go in quicker as an import.")
    response["Retry-After"] = str(int(WINDOW.total_seconds()))
    return response


@api.exception_handler(ConflictError)
def _conflict(request: HttpRequest, _: Any) -> HttpResponse:
    return _say(request, 409, "This Idempotency-Key was used before, for something else.")


@api.exception_handler(LeadError)
def _crossed(request: HttpRequest, error: Any) -> HttpResponse:
    response = _say(request, 503, str(error))
    response["Retry-After"] = "1"
    return response


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def _away(request: HttpRequest, problem: Any) -> HttpResponse:
    if not is_away(problem):
        raise problem
    response = _say(request, 503, "The database does not answer just now; send it again.")
    response["Retry-After"] = "5"
    return response


@api.exception_handler(json.JSONDecodeError)
def _no_json(request: HttpRequest, _: Any) -> HttpResponse:
    return _say(request, 400, "This is no JSON.")


urlpatterns, *_ = api.urls
for pattern in urlpatterns:  # a key is asked for instead of a session
    if pattern.callback:
        pattern.callback = login_not_required(told_how(pattern.callback))
