"""Capture, doors for programs: a web hook and where its words go; and what a key of ours brings."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from ripeline.capture.arriving import asking, languages
from ripeline.capture.doors import doors, holding, hooks, submissions
from ripeline.capture.doors.drafts import DoorError
from ripeline.capture.doors.submissions import TRAIL
from ripeline.capture.models import Door, DoorKind
from ripeline.catalog.models import SourceType
from ripeline.people.rules import require_keeps_catalog
from ripeline.web.frame.forms import Form, its_language, posted
from ripeline.web.frame.shell import say, viewer

LABELS = {
    "email": "E-mail", "name": "Name", "first_name": "First name", "last_name": "Last name", "phone": "Telephone",
    "company": "Company", "title": "What they do there", "website": "Web site", "country": "Country",
    "external_id": "Id in that tool", "message": "What they said", "campaign": "Campaign", "source": "Source",
    "place": "Place", "landing_page": "Page", "referrer": "Site they came from",
    "visitor": "Visitor, as the tracking script names them", **{name: name for name in TRAIL},
}  # fmt: skip


class NewHook(Form):
    name = forms.CharField(label="Which tool is it for?", max_length=120)
    source_type = forms.ChoiceField(label="What kind of source is it?", choices=SourceType.choices)
    language = its_language("Of the mail that follows from it.")


class OwnDoor(Form):
    """Of a door that nobody has to set up."""

    language = its_language("Of the mail that follows from it.")


class HookSettings(NewHook):
    """Where each field stands in what the tool sends."""

    def __init__(self, *args: Any, places: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sent = places
        choices = [("", "Not in it"), *((at, f"{at}: {text[:40]}") for at, text in places)]
        self.labels = LABELS | {f"{hooks.ASKED}{each.key}": each.label for each in asking.answerable()}
        for name, label in self.labels.items():
            known = {at for at, _ in choices}
            more = [(at, at) for at in [str((self.initial or {}).get(f"at-{name}") or "")] if at and at not in known]
            self.fields[f"at-{name}"] = forms.ChoiceField(label=label, choices=[*choices, *more], required=False)

    def mapping(self) -> dict[str, str]:
        return {name: self.cleaned_data[f"at-{name}"] for name in self.labels}

    def places(self, *, given: bool | None = None) -> list[Any]:
        """The fields; only those that have a place, or have none."""
        fields = [self[f"at-{name}"] for name in self.labels]
        return [each for each in fields if given in (None, bool(each.value() or each.errors))]

    def found(self) -> list[Any]:
        return self.places(given=True)

    def rest(self) -> list[Any]:
        return self.places(given=False)

    def unused(self) -> list[tuple[str, str]]:
        """What was sent, and goes nowhere; what may be an address first."""
        used = {each.value() for each in self.places()}
        rest = [(at, text[:80]) for at, text in self.sent if at not in used]
        return sorted(rest, key=lambda each: "@" not in each[1])


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    actor = viewer(request)
    require_keeps_catalog(actor)
    form = NewHook(posted(request), initial={"language": languages.default()})
    if request.method == "POST" and form.is_valid():
        try:
            door = hooks.keep_hook(actor=actor, mapping={}, **form.cleaned_data)
        except DoorError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect("hook-door", door.pk)
    return render(request, "capture/hook_new.html", {"here": "doors", "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest, door_id: UUID) -> HttpResponse:
    """A door for programs; of a web hook, also where its words go, made by what it sent last."""
    actor = viewer(request)
    require_keeps_catalog(actor)
    found = doors.find(door_id)
    if found is None or found.kind in (DoorKind.FORM, DoorKind.BOOTH):
        raise Http404
    if not _is_hook(found):
        return _own_door(request, found)
    shown = hooks.example(found)
    places, raw = (list(shown.places), shown.raw) if shown else ([], {})
    form = HookSettings(posted(request), places=places[:200], initial=_initial(found, raw))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            kept = hooks.keep_hook(
                actor=actor, door=found, name=given["name"], source_type=given["source_type"], mapping=form.mapping(),
                language=given["language"],
            )  # fmt: skip
        except DoorError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            count = holding.retry(actor=actor, door=kept)
            words = f"Kept; {count} that waited came in." if count else "Kept."
            lacks = bool(raw) and "email" not in kept.mapping
            say(request, words + _NO_ADDRESS * lacks, is_error=lacks)
            return redirect("hook-door", door_id)
    answer = _answer(found, form) | {
        "shown": shown, "is_hook": True, "address": request.build_absolute_uri(reverse("hook", args=[found.slug])),
        "waiting": len(holding.held(found)), "is_guessed": bool(raw) and not found.mapping,
    }  # fmt: skip
    return render(request, "capture/hook.html", answer, status=422 if form.errors else 200)


def _own_door(request: HttpRequest, found: Door) -> HttpResponse:
    form = OwnDoor(posted(request), initial={"language": found.language})
    if request.method == "POST" and form.is_valid():
        doors.speak(actor=viewer(request), door=found, language=form.cleaned_data["language"])
        say(request, "Kept.")
        return redirect("hook-door", found.pk)
    answer = _answer(found, form) | {"is_api": found.kind == DoorKind.API}
    return render(request, "capture/hook.html", answer, status=422 if form.errors else 200)


def _answer(found: Door, form: Form) -> dict[str, Any]:
    return {
        "here": "doors", "door": found, "form": form, "latest": submissions.latest(found), "days": doors.HEALTH_DAYS,
        "health": next((each for each in doors.health() if each.door.pk == found.pk), None),
    }  # fmt: skip


_NO_ADDRESS = " Nothing in it is read as their e-mail address: nobody can be written to, or known again by it."


def _is_hook(door: Door) -> bool:
    return door.kind == DoorKind.HOOK


def _initial(door: Door, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping as it stands; to begin with, as what was sent suggests."""
    mapping = door.mapping or hooks.guess_mapping(raw)
    return {
        "name": door.name, "source_type": door.source.source_type, "language": door.language,
        **{f"at-{k}": v for k, v in mapping.items()}
    }  # fmt: skip


urlpatterns = [
    path("capture/hooks/new", new, name="hook-new"),
    path("capture/hooks/<uuid:door_id>", door, name="hook-door"),
]
