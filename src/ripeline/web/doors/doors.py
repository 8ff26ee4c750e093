"""Capture: the doors by which people come to us, how each is doing, and what was held back."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ripeline.capture.arriving import languages
from ripeline.capture.arriving.typed_phones import OTHERS
from ripeline.capture.doors import colours, doors, drafts, holding, spoken, submissions, tried_sites
from ripeline.capture.doors.drafts import DoorError, FormDraft
from ripeline.capture.doors.hooks import flat
from ripeline.capture.models import Door, DoorKind, Submission
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import SourceType
from ripeline.catalog.phrases import Language
from ripeline.catalog.standard import words
from ripeline.leads.words.numbers import written
from ripeline.outbox import queries as outbox
from ripeline.people.models import User
from ripeline.people.rules import require_keeps_catalog
from ripeline.web.doors import form_page
from ripeline.web.doors.form_settings import (
    MOVE,
    PERSON,
    TITLES,
    FormSettings,
    NewForm,
    in_its_language,
    initial,
    opened,
    states,
)
from ripeline.web.frame.forms import posted
from ripeline.web.frame.shell import firm_of, say, viewer


def _writes(door: Door) -> bool:
    """Whether mail goes out to who sends it."""
    return outbox.can_send() and (bool(door.gives_id) or any(question.purpose for question, _ in doors.asks(door)))


@require_safe
def capture(request: HttpRequest) -> HttpResponse:
    """Every door, and how it is doing."""
    require_keeps_catalog(viewer(request))
    found = doors.health()
    answer = {"here": "doors", "doors": found, "days": doors.HEALTH_DAYS} | _waiting(
        {each.door.pk: each.held for each in found}, {each.door.pk for each in found if _is_hook(each.door)}
    )
    return render(request, "capture/doors.html", answer)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin a form: a name and what it is for; the rest has sensible beginnings."""
    actor = viewer(request)
    require_keeps_catalog(actor)
    form = NewForm(posted(request), initial={"language": languages.default()})
    if request.method == "POST" and form.is_valid():
        kind = SourceType(form.cleaned_data["source_type"])
        language = Language(form.cleaned_data["language"] or Language.ENGLISH)
        titles, keys = TITLES[language], {question.key for question in catalog.questions()}
        asks = ("need", "timeline") if kind in drafts.HAND_RAISING else ("role",)
        draft = FormDraft(
            name=form.cleaned_data["name"], source_type=kind, title=titles[kind], verb=titles[kind], language=language,
            slug=form.cleaned_data["slug"],
            fields={"name": "required", "company": "optional"}
            | ({"phone": "optional"} if kind in drafts.HAND_RAISING else {}),
            questions=[(key, False) for key in asks if key in keys],
        )  # fmt: skip
        try:
            door = doors.keep_form(actor=actor, draft=draft)
        except DoorError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            say(request, "Your form has a page of its own already. Look at it, and change what you like.")
            return redirect("door", door.pk)
    return render(request, "capture/new.html", {"here": "doors", "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest, door_id: UUID) -> HttpResponse:
    """A form: what it asks and looks like, where it stands, what came through it."""
    actor = viewer(request)
    require_keeps_catalog(actor)
    found = _find(door_id)
    if found.kind != DoorKind.FORM:
        return redirect("booth-door" if found.kind == DoorKind.BOOTH else "hook-door", door_id)
    form = FormSettings(posted(request), initial=initial(found))
    is_moved = MOVE in request.POST
    if request.method == "POST" and not is_moved:
        form.is_valid()  # what the door says of the rest stands beside its field at once, too
        draft = in_its_language(form.draft_beside(found), found)
        for error in doors.faults(draft, found):
            form.show_door(error)
        if not form.errors:
            doors.keep_form(actor=actor, door=found, draft=draft)
            say(request, "Kept; the form is so from now on.")
            return redirect("door", door_id)
    answer = {
        "here": "doors", "door": found, "form": form, "is_moved": is_moved,
        "opened": opened(form, request.POST.get(MOVE, "")), "states": states(found), "campaigns": catalog.campaigns(),
        "latest": submissions.latest(found), "tried": tried_sites.lately(found),
        "health": next((each for each in doors.health() if each.door.pk == found.pk), None),
        "address": form_page.address(request, found), "snippet": form_page.snippet(request, found),
        "days": doors.HEALTH_DAYS, "is_pale": colours.is_pale(found.style),
        "lacks_mail": not outbox.can_send() and any(question.purpose for question, _ in doors.asks(found)),
        "lacks_imprint": _writes(found) and not firm_of(request).imprint,
        "gives_here": bool(found.gives_id) and not outbox.can_send(),
        "lacking": spoken.lacking(found),
    }  # fmt: skip
    return render(request, "capture/door.html", answer, status=422 if form.errors else 200)


@xframe_options_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, door_id: UUID) -> HttpResponse:
    """The form as its settings, as they are typed, would have it; nothing is kept."""
    actor, found = viewer(request), _find(door_id)
    require_keeps_catalog(actor)
    if found.kind != DoorKind.FORM:
        raise Http404
    form = FormSettings(posted(request), initial=initial(found))
    if request.method == "POST":
        form.is_valid()
        found = doors.sketch(actor=actor, door=found, draft=in_its_language(form.draft_beside(found), found))
    style = f"{reverse('door-preview-style')}?{urlencode(found.style)}"
    return form_page.preview(request, found, style)


@require_safe
def preview_style(request: HttpRequest) -> HttpResponse:
    """Colours and letters that nobody has kept yet."""
    require_keeps_catalog(viewer(request))
    try:
        return form_page.styled(drafts.style_of(request.GET))
    except DoorError as error:
        raise Http404 from error


@require_POST
def door_site(request: HttpRequest, door_id: UUID) -> HttpResponse:
    """Let a site that tried show the form, or say no more of it."""
    actor, found, site = viewer(request), _find(door_id), request.POST.get("site", "")[: tried_sites.LONGEST]
    if request.POST.get("to") == "forget":
        tried_sites.forget(actor=actor, door=found, site=site)
        return redirect("door", door_id)
    try:
        tried_sites.allow(actor=actor, door=found, site=site)
    except DoorError as error:
        say(request, str(error), is_error=True)
    else:
        say(request, f"{site} may show the form now; it stands there when its page is opened again.")
    return redirect("door", door_id)


@require_POST
def door_active(request: HttpRequest, door_id: UUID) -> HttpResponse:
    """Shut a door, or open it again."""
    found, is_active = _find(door_id), request.POST.get("to") == "open"
    doors.set_active(actor=viewer(request), door=found, is_active=is_active)
    say(request, f"{found.name} is open again." if is_active else f"{found.name} is shut; what came through it stays.")
    return redirect("door", door_id)


@require_safe
def held(request: HttpRequest) -> HttpResponse:
    """What was held back as a machine's work, for somebody to look at."""
    require_keeps_catalog(viewer(request))
    waiting = holding.held()
    asked = catalog.asked(key for each in waiting for key in each.content["answers"])
    count = Counter(each.door_id for each in waiting)
    answer = {
        "here": "held",
        "waiting": [
            {"sent": each, "why": holding.why(each), "said": _said(each, asked), "address": holding.waits(each)}
            for each in waiting
        ],
    } | _waiting(count, {each.door_id for each in waiting if _is_hook(each.door)})
    return render(request, "capture/held.html", answer)


def _is_hook(door: Door) -> bool:
    return door.kind == DoorKind.HOOK


def _waiting(count: Mapping[UUID, int], hooks: Collection[UUID]) -> dict[str, int]:
    """How many look like a machine's work, and how many came by a tool and nobody can be found in them yet."""
    unread = sum(count[pk] for pk in hooks)
    return {"suspected": sum(count.values()) - unread, "unread": unread}


def _said(sent: Submission, asked: dict[str, str]) -> list[tuple[str, str]]:
    content = sent.content
    if "raw" in content and not content["person"]:
        return [(path, text[:300]) for path, text in list(flat(content["raw"]))[:12]]
    labels = PERSON | {OTHERS: "Other telephones"}
    reads: dict[str, Callable[[str], str]] = {
        "phone": written,
        OTHERS: lambda text: ", ".join(map(written, text.split())),
    }
    person = [
        (labels.get(name, "E-mail"), reads.get(name, str)(value)) for name, value in content["person"].items() if value
    ]
    message = [("What they said", content["message"])] if content["message"] else []
    return person + message + [(asked.get(key, key), words(value)) for key, value in content["answers"].items()]


@require_POST
def held_deed(request: HttpRequest, submission_id: UUID, deed: str) -> HttpResponse:
    actor: User = viewer(request)
    try:
        if deed == "release":
            email = "" if "without" in request.POST else request.POST.get("email")
            found = holding.release(actor=actor, submission_id=submission_id, email=email)
            person = found.content["person"]
            say(request, f"{person.get('name') or person.get('email') or 'It'} is let in.")
        elif deed == "discard":
            holding.discard(actor=actor, submission_id=submission_id)
            say(request, "Discarded.", undo=reverse("held-deed", args=[submission_id, "hold"]))
        else:
            holding.hold_again(actor=actor, submission_id=submission_id)
            say(request, "It waits for a look again.")
    except holding.StillHeldError as error:
        say(request, f"It is not in yet. {error}", is_error=True)
    except Submission.DoesNotExist:
        raise Http404 from None
    return redirect("held")


def _find(door_id: UUID) -> Door:
    found = doors.find(door_id)
    if found is None:
        raise Http404
    return found


urlpatterns = [
    path("capture", capture, name="capture"),
    path("capture/forms/new", new, name="form-new"),
    path("capture/doors/<uuid:door_id>", door, name="door"),
    path("capture/doors/<uuid:door_id>/preview", preview, name="door-preview"),
    path("capture/doors/preview.css", preview_style, name="door-preview-style"),
    path("capture/doors/<uuid:door_id>/sites", door_site, name="door-site"),
    path("capture/doors/<uuid:door_id>/active", door_active, name="door-active"),
    path("capture/held", held, name="held"),
    path("capture/held/<uuid:submission_id>/<str:deed>", held_deed, name="held-deed"),
]
