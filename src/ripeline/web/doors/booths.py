"""Capture, booths: setting one up for an event, and what came through it."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from ripeline.capture.arriving import languages
from ripeline.capture.doors import doors, spoken, submissions
from ripeline.capture.doors.drafts import DoorError
from ripeline.capture.in_person import booths
from ripeline.capture.in_person.booths import BoothDraft
from ripeline.capture.models import Door, DoorKind
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import SourceType
from ripeline.outbox import queries as outbox
from ripeline.people.rules import require_keeps_catalog
from ripeline.web.doors.booth import FIELDS
from ripeline.web.frame.forms import Form, its_language, posted
from ripeline.web.frame.shell import say, viewer

ASKED = (("", "Not asked"), ("optional", "Asked"), ("required", "Must be answered"))
BEGINS_WITH = ("role", "timeline")  # of the standard, where it has them


class NewBooth(Form):
    """What a booth begins with."""

    name = forms.CharField(label="The event", max_length=120, widget=forms.TextInput({"autocomplete": "off"}))
    source_type = forms.ChoiceField(
        label="What kind of event is it?", choices=[(kind.value, kind.label) for kind in booths.KINDS]
    )
    language = its_language("Of the mail that follows from it, and of each question that has words in it.")
    place = forms.CharField(
        label="Where", max_length=160, required=False, widget=forms.TextInput({"autocomplete": "off"}),
        help_text="As everybody who is met there has it: Hall 7, stand 12.",
    )  # fmt: skip
    first_day = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    last_day = forms.DateField(label="To", required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    campaign = forms.CharField(
        label="Campaign", max_length=160, required=False,
        widget=forms.TextInput({"list": "campaigns", "autocomplete": "off"}),
    )  # fmt: skip

    def show_door(self, error: DoorError) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))

    def event(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in NewBooth.base_fields}


class BoothSettings(NewBooth):
    notes = forms.CharField(
        label="What is often said", max_length=2000, required=False, widget=forms.Textarea({"rows": 5}),
        help_text="One a line: each is one touch on the phone.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in booths.PERSON:
            self.fields[f"ask-{name}"] = forms.BooleanField(label=FIELDS[name][0], required=False)
        self.standard = doors.standard()
        for question in self.standard:
            self.fields[f"ask-q-{question.key}"] = forms.ChoiceField(
                label=question.label, choices=ASKED, required=False
            )

    def person(self) -> list[Any]:
        return [self[f"ask-{name}"] for name in booths.PERSON]

    def questions(self) -> list[Any]:
        return [self[f"ask-q-{question.key}"] for question in self.standard]

    def draft(self) -> BoothDraft:
        given = self.cleaned_data
        asked = [(q.key, given[f"ask-q-{q.key}"]) for q in self.standard]
        return BoothDraft(
            **self.event(), fields=[name for name in booths.PERSON if given[f"ask-{name}"]],
            questions=[(key, how == "required") for key, how in asked if how], notes=given["notes"].splitlines(),
        )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin a booth: the event; what it asks has a sensible beginning."""
    actor = viewer(request)
    require_keeps_catalog(actor)
    form = NewBooth(posted(request), initial={"language": languages.default()})
    if request.method == "POST" and form.is_valid():
        keys = {question.key for question in catalog.questions()}
        draft = BoothDraft(**form.event(), questions=[(key, False) for key in BEGINS_WITH if key in keys])
        try:
            door = booths.keep_booth(actor=actor, draft=draft)
        except DoorError as error:
            form.show_door(error)
        else:
            say(request, "The booth has its page already. Open it on a phone, and change here what it asks.")
            return redirect("booth-door", door.pk)
    answer = {"here": "doors", "form": form, "campaigns": catalog.campaigns()}
    return render(request, "capture/booth_new.html", answer, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest, door_id: UUID) -> HttpResponse:
    """A booth: the event, what is asked there, who took how many."""
    actor = viewer(request)
    require_keeps_catalog(actor)
    found = doors.find(door_id)
    if found is None or found.kind != DoorKind.BOOTH:
        raise Http404
    form = BoothSettings(posted(request), initial=_initial(found))
    if request.method == "POST" and form.is_valid():
        try:
            booths.keep_booth(actor=actor, door=found, draft=form.draft())
        except DoorError as error:
            form.show_door(error)
        else:
            say(request, "Kept; phones have it when they are next connected.")
            return redirect("booth-door", door_id)
    answer = {
        "here": "doors", "door": found, "form": form, "campaigns": catalog.campaigns(),
        "address": request.build_absolute_uri(reverse("booth", args=[found.slug])),
        "latest": submissions.latest(found), "capturers": booths.capturers(found), "days": doors.HEALTH_DAYS,
        "health": next((each for each in doors.health() if each.door.pk == found.pk), None),
        "is_safe": request.is_secure() or request.get_host().split(":")[0] in ("localhost", "127.0.0.1"),
        "lacking": spoken.lacking(found),
        "lacks_mail": not outbox.can_send() and any(question.purpose for question, _ in doors.asks(found)),
    }  # fmt: skip
    return render(request, "capture/booth.html", answer, status=422 if form.errors else 200)


def _initial(door: Door) -> dict[str, Any]:
    asked = {f"ask-q-{each['key']}": "required" if each["required"] else "optional" for each in door.questions}
    return {
        "name": door.name, "source_type": SourceType(door.source.source_type), "language": door.language,
        "place": door.place, "first_day": door.first_day, "last_day": door.last_day, "notes": "\n".join(door.notes),
        "campaign": door.campaign.name if door.campaign else "", **asked,
        **{f"ask-{name}": True for name in door.fields},
    }  # fmt: skip


urlpatterns = [
    path("capture/booths/new", new, name="booth-new"),
    path("capture/booths/<uuid:door_id>", door, name="booth-door"),
]
