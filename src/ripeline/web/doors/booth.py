"""The booth on a phone: its page, what it needs to work offline, and the door by which its cards come in.

The page is a shell that a service worker keeps; `state` says who is signed in each time that cards are sent.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from ripeline.base import clock
from ripeline.capture.arriving.keeping import WINDOW, RefusedError, TooOftenError
from ripeline.capture.doors import doors
from ripeline.capture.in_person import booths, cards
from ripeline.capture.in_person.booths import PERSON
from ripeline.capture.in_person.card import HEATS, Card
from ripeline.capture.models import Door, DoorKind
from ripeline.catalog import phrases
from ripeline.leads import record
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.web.frame import charts
from ripeline.web.frame.shell import viewer

STATIC = Path(__file__).parents[1] / "static" / "ripeline"
STYLES = ("base.css", "parts.css", "forms.css", "booth.css")
SCRIPTS = ("booth-store.js", "booth-reading.js", "booth-sending.js", "booth.js")
FIELDS = {
    "name": ("Name", "text", "words"), "company": ("Company", "text", "words"), "email": ("E-mail", "email", "none"),
    "phone": ("Telephone", "tel", "none"), "title": ("What they do there", "text", "sentences"),
}  # fmt: skip
AT_ONCE = 50  # cards in a request
LONGEST = 512 * 1024  # bytes of one
ICONS = (180, 192, 512)


@require_safe
def booths_open(request: HttpRequest) -> HttpResponse:
    """The booths that cards can be taken at."""
    return render(request, "booth/booths.html", {"booths": booths.open_booths(), "user": viewer(request)})


@never_cache
@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    door, actor = _booth(slug), viewer(request)
    doors.note(door, "seen")
    answer = {
        "door": door, "actor": actor, "styles": STYLES, "scripts": SCRIPTS,
        "lines": [(name, *FIELDS[name]) for name in PERSON if name in door.fields],
        "asks": doors.asks(door), "words": phrases.of(door.language),
        "heats": [(heat.value, *words) for heat, words in HEATS.items()],
    }  # fmt: skip
    return render(request, "booth/booth.html", answer)


@login_not_required
@never_cache
@require_safe
def state(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is signed in here, and with what token they send; 401 where nobody is."""
    if not isinstance(request.user, User):
        return JsonResponse({"error": "Sign in first."}, status=401)
    door = _booth(slug)
    return JsonResponse({"user": str(request.user.pk), "csrf": get_token(request), "is_open": door.is_active})


@login_not_required
@require_POST
def take(request: HttpRequest, slug: str) -> HttpResponse:
    """Take cards in, each by itself and in any order: of each, what became of it, or what is wrong by field."""
    if not isinstance(request.user, User):
        return JsonResponse({"error": "Sign in first."}, status=401)
    door, actor = _booth(slug), request.user
    if len(request.body) > LONGEST:
        return JsonResponse({"error": "Too much at once."}, status=413)
    try:
        sent = json.loads(request.body)
        given = [each for each in sent["cards"][:AT_ONCE] if isinstance(each, dict)]
        sent_at, user = float(sent["sent_at"]), sent["user"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return JsonResponse({"error": "This is not what a booth sends."}, status=400)
    if user != str(actor.pk):
        return JsonResponse({"error": "Somebody else is signed in by now."}, status=409)
    results, waits, said, status = [], 0, "", 200
    for each in given:
        try:
            results.append(_taken(door, actor, each, sent_at))
        except LeadError as held:  # of what is not among the results the phone knows that it has to wait
            waits, said, status = 1, str(held), 503
        except TooOftenError:
            waits, said, status = int(WINDOW.total_seconds()), "Too much at once.", 429
            break
    if not waits:
        return JsonResponse({"results": results})
    response = JsonResponse({"results": results, "error": said}, status=200 if results else status)
    response["Retry-After"] = str(waits)
    return response


def _taken(door: Door, actor: User, given: Mapping[str, Any], sent_at: float) -> dict[str, Any]:
    key = str(given.get("key") or "")[:64]
    try:
        submission, how = cards.take(actor=actor, door=door, card=_card(key, given, sent_at))
    except RefusedError as wrong:
        doors.note(door, "refused")
        return {"key": key, "errors": wrong.errors}
    lead_id = submission.lead_id
    left = submission.content.get("left", [])  # what it says and the record does not
    lead = str(lead_id) if lead_id and _may_find(actor, submission) else None
    return {"key": key, "is": str(how), "lead": lead, "left": left}


def _may_find(actor: User, submission: Any) -> bool:
    try:
        return bool(record.find(submission.lead_id, actor))
    except Lead.DoesNotExist:
        return False


def _card(key: str, given: Mapping[str, Any], sent_at: float) -> Card:
    """What a phone sent as a card; its clock is set right by how long ago, by that clock, the card was taken."""
    fields, answers = given.get("fields"), given.get("answers")
    return Card(
        key=key, rev=_revision(given.get("rev")),
        fields={name: _text(fields[name]) for name in PERSON if name in fields} if isinstance(fields, dict) else {},
        answers=answers if isinstance(answers, dict) else {},
        note=_text(given.get("note")), heat=_text(given.get("heat")),
        captured_at=clock.now() - _ago(given.get("at"), sent_at),
    )  # fmt: skip


def _revision(said: Any) -> int:
    return min(max(said, 0), 1_000_000_000) if isinstance(said, int) else 0


def _ago(at: Any, sent_at: float) -> timedelta:
    try:
        return min(max(timedelta(milliseconds=sent_at - float(at)), timedelta()), timedelta(days=3650))
    except (TypeError, ValueError, OverflowError):
        return timedelta()


def _text(value: Any) -> str:
    return value[:10_000] if isinstance(value, str) else ""


def _booth(slug: str) -> Door:
    door = doors.open_door(slug, DoorKind.BOOTH)
    if door is None:
        raise Http404
    return door


@require_safe
def manifest(_: HttpRequest, slug: str) -> HttpResponse:
    """What makes the page one that can be put on a phone's first screen."""
    door = _booth(slug)
    address = reverse("booth", args=[slug])
    icons = [
        {"src": reverse("booth-icon", args=[size]), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in ICONS[1:] for purpose in ("any", "maskable")
    ]  # fmt: skip
    said = {
        "id": address, "name": f"{door.name} · Ripeline", "short_name": door.name[:20], "start_url": address,
        "scope": "/booth/", "display": "standalone", "background_color": "#fbfaf7", "theme_color": "#fbfaf7",
        "icons": icons,
    }  # fmt: skip
    return JsonResponse(said, content_type="application/manifest+json")


@login_not_required
@require_safe
def icon(_: HttpRequest, size: int) -> HttpResponse:
    if size not in ICONS:
        raise Http404
    return HttpResponse(_icon(size), content_type="image/png", headers={"Cache-Control": "public, max-age=86400"})


@lru_cache(maxsize=len(ICONS))
def _icon(size: int) -> bytes:
    """Our sign on paper, with room around it for whatever shape a phone cuts out."""
    drawing = ElementTree.fromstring((STATIC / "favicon.svg").read_text(encoding="utf-8"))  # noqa: S314 - our own
    inner = "".join(ElementTree.tostring(each, encoding="unicode") for each in drawing)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-7 -7 34 34" width="{size}" height="{size}">'
        f'<rect x="-7" y="-7" width="34" height="34" fill="#fbfaf7"/>{inner}</svg>'
    )
    return charts.png(svg)


@login_not_required
@never_cache
@require_safe
def worker(_: HttpRequest) -> HttpResponse:
    """The service worker; its version is that of what it keeps, so that an upgrade is seen."""
    assets = [static(f"ripeline/{name}") for name in (*STYLES, *SCRIPTS)]
    head = f"const VERSION = {json.dumps(version())}, ASSETS = {json.dumps(assets)};\n"
    return HttpResponse(head + _read("booth-worker.js"), content_type="text/javascript; charset=utf-8")


def _read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def version() -> str:
    """Of everything that the page is made of."""
    whole = "".join(map(_read, (*STYLES, *SCRIPTS, "booth-worker.js")))
    return sha256(whole.encode()).hexdigest()[:10]


urlpatterns = [
    path("booth", booths_open, name="booths"),
    path("booth/worker.js", worker, name="booth-worker"),
    path("booth/icon-<int:size>.png", icon, name="booth-icon"),
    path("booth/<slug:slug>", page, name="booth"),
    path("booth/<slug:slug>/state", state, name="booth-state"),
    path("booth/<slug:slug>/cards", take, name="booth-cards"),
    path("booth/<slug:slug>/manifest.webmanifest", manifest, name="booth-manifest"),
]
