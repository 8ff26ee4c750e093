"""Capture: the doors by which people come to us, how each is doing, and what was held back."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ripeline.capture import colours, doors, holding, spoken, submissions
from ripeline.capture.doors import DoorError, FormDraft
from ripeline.capture.machines import flat
from ripeline.capture.models import Door, DoorKind, KnownVisitors, Submission
from ripeline.capture.typed_phones import OTHERS
from ripeline.catalog import assets, phrases
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import SourceType
from ripeline.catalog.phrases import Language
from ripeline.catalog.standard import words
from ripeline.outbox import queries as outbox
from ripeline.people.models import User
from ripeline.people.rules import require_keeps_catalog
from ripeline.web import form_page
from ripeline.web.forms import Form, posted
from ripeline.web.shell import firm_of, say, viewer

ASKED = (("", "Not asked"), ("optional", "Asked"), ("required", "Must be answered"))
PERSON = {"name": "Name", "company": "Company", "phone": "Telephone", "title": "What they do there"}
TITLES = {  # with which a form begins, in its language
    Language.ENGLISH: {
        SourceType.QUOTE_REQUEST: "Ask for a quote", SourceType.DEMO_REQUEST: "See a demonstration",
        SourceType.CONTACT_FORM: "Talk to us", SourceType.TRIAL: "Try it for free",
        SourceType.CONTENT_DOWNLOAD: "Get the paper", SourceType.WEBINAR: "Come to the webinar",
        SourceType.COURSE: "Join the course", SourceType.OTHER: "Stay in touch",
    },
    Language.GERMAN: {
        SourceType.QUOTE_REQUEST: "Angebot anfordern", SourceType.DEMO_REQUEST: "Vorführung ansehen",
        SourceType.CONTACT_FORM: "Mit uns sprechen", SourceType.TRIAL: "Kostenlos testen",
        SourceType.CONTENT_DOWNLOAD: "Unterlagen anfordern", SourceType.WEBINAR: "Am Webinar teilnehmen",
        SourceType.COURSE: "Am Kurs teilnehmen", SourceType.OTHER: "In Verbindung bleiben",
    },
}  # fmt: skip


def _text(label: str, length: int, *, rows: int = 0, such_as: str = "", **more: Any) -> forms.CharField:
    said = {"autocomplete": "off"} | ({"placeholder": such_as} if such_as else {})
    widget = forms.Textarea({"rows": rows}) if rows else forms.TextInput(said)
    return forms.CharField(label=label, max_length=length, widget=widget, **more)


class FormBeginning(Form):
    """What a form begins with."""

    name = _text("Its name, for you", 120)
    source_type = forms.ChoiceField(
        label="What do people ask for with it?",
        choices=[
            ("They want to talk", [(kind.value, kind.label) for kind in doors.HAND_RAISING]),
            ("They want to read, or to learn", [(kind.value, kind.label) for kind in doors.READING]),
        ],
        help_text="It decides how ripe they are, and how soon somebody should call.",
    )
    language = forms.ChoiceField(
        label="Its language", choices=Language.choices, required=False,
        help_text="Of its fixed words, its errors, its mail, and of each question that has words in it.",
    )  # fmt: skip


class NewForm(FormBeginning):
    slug = _text("Its address", 60, such_as="call-me-back", required=False,
                 help_text="After /f/, and for good. Left empty it is made of the name.")  # fmt: skip


class FormSettings(FormBeginning):
    field_order = ("name", "source_type", "language")
    title = _text("Heading", 160)
    intro = _text("What stands below it", 1000, rows=3, required=False)
    verb = _text("On its button", 40)
    thanks = _text("What is said afterwards", 1000, rows=2)
    redirect_url = _text(
        "Or a page of yours afterwards", 500, required=False, help_text="A whole address; instead of the words above."
    )
    privacy_url = _text(
        "Your privacy notice", 500, required=False,
        help_text="A whole address; a link stands beside the question whether you may write, else above the button.",
    )  # fmt: skip
    campaign = forms.CharField(
        label="Campaign", max_length=160, required=False, widget=forms.TextInput({"list": "campaigns"}),
        help_text="Otherwise the one that the link they came by names (utm_campaign).",
    )  # fmt: skip
    gives = forms.ChoiceField(label="What they get for it", required=False)
    known = forms.ChoiceField(
        label="Who is known here already is asked", choices=KnownVisitors.choices, required=False,
        help_text="Those who said before who they are, on a site that tracks them with their consent.",
    )  # fmt: skip
    accent = _text("Colour of its button", 30, such_as="#1f6f54", required=False)  # as it is without one
    paper = _text("Colour of its ground", 30, such_as="#ffffff", required=False)
    ink = _text("Colour of its letters", 30, such_as="#1c2321", required=False)
    font = forms.ChoiceField(
        label="Letters", choices=[("system-ui", "Plain"), ("serif", "With serifs"), ("monospace", "Typewriter")]
    )
    corners = forms.IntegerField(label="Round corners", min_value=0, max_value=30)
    sites = _text(
        "Sites that may show it in a page of theirs", 2000, rows=2, required=False,
        help_text="One a line, such as https://www.example.com. Without any, it has its own page only.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in PERSON.items():
            self.fields[f"ask-{name}"] = forms.ChoiceField(label=label, choices=ASKED, required=False)
        kept = [each for each in assets.all_assets() if each.is_active or str(each.pk) == self.initial.get("gives")]
        self.fields["gives"].choices = [("", "Nothing but the words below"), *((str(a.pk), a.title) for a in kept)]  # type: ignore[attr-defined]
        self.standard = doors.standard()
        for question in self.standard:
            self.fields[f"ask-q-{question.key}"] = forms.ChoiceField(
                label=question.label, choices=ASKED, required=False
            )

    def colours(self) -> list[Any]:
        return [self[name] for name in doors.COLOURS]

    def person(self) -> list[Any]:
        return [self[f"ask-{name}"] for name in PERSON]

    def questions(self) -> list[Any]:
        return [self[f"ask-q-{question.key}"] for question in self.standard]

    def show_door(self, error: DoorError) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))

    def draft(self) -> FormDraft:
        given = self.cleaned_data
        asked = [(q.key, given[f"ask-q-{q.key}"]) for q in self.standard]
        return FormDraft(
            name=given["name"], source_type=given["source_type"], campaign=given["campaign"], title=given["title"],
            intro=given["intro"], verb=given["verb"], thanks=given["thanks"], redirect_url=given["redirect_url"],
            fields={name: given[f"ask-{name}"] for name in PERSON},
            questions=[(key, how == "required") for key, how in asked if how],
            style={name: given[name] for name in ("accent", "paper", "ink", "font", "corners")},
            sites=given["sites"].splitlines(), known=given["known"],
            gives=UUID(given["gives"]) if given["gives"] else None, language=given["language"],
            privacy_url=given["privacy_url"],
        )  # fmt: skip


def _initial(door: Door) -> dict[str, Any]:
    """A form's settings as its fields begin."""
    asked = {f"ask-q-{each['key']}": "required" if each["required"] else "optional" for each in door.questions}
    return {
        "name": door.name, "source_type": door.source.source_type, "title": door.title, "intro": door.intro,
        "verb": door.verb, "thanks": door.thanks, "redirect_url": door.redirect_url,
        "campaign": door.campaign.name if door.campaign else "", "sites": "\n".join(door.sites),
        "language": door.language, "privacy_url": door.privacy_url,
        "known": door.known, "gives": str(door.gives_id or ""), "font": "system-ui", "corners": 8,
        **door.style, **asked,
        **{f"ask-{name}": how for name, how in door.fields.items()},
    }  # fmt: skip


def _in_its_language(draft: FormDraft, door: Door) -> FormDraft:
    """Where the language changes, the words that a form began with and nobody has changed follow it."""
    if draft.language == door.language or draft.language not in Language:
        return draft
    kind = SourceType(draft.source_type)
    had, has = (TITLES[Language(each)][kind] for each in (door.language, draft.language))
    old, new = phrases.of(door.language), phrases.of(draft.language)
    follows = {had: has, old.verb: new.verb, old.thanks: new.thanks}
    return replace(
        draft, title=follows.get(draft.title, draft.title), verb=follows.get(draft.verb, draft.verb),
        thanks=follows.get(draft.thanks, draft.thanks),
    )  # fmt: skip


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
    form = NewForm(posted(request), initial={"language": phrases.of_country(firm_of(request).country)})
    if request.method == "POST" and form.is_valid():
        kind = SourceType(form.cleaned_data["source_type"])
        language = Language(form.cleaned_data["language"] or Language.ENGLISH)
        titles, keys = TITLES[language], {question.key for question in catalog.questions()}
        asks = ("need", "timeline") if kind in doors.HAND_RAISING else ("role",)
        draft = FormDraft(
            name=form.cleaned_data["name"], source_type=kind, title=titles[kind], verb=titles[kind], language=language,
            slug=form.cleaned_data["slug"],
            fields={"name": "required", "company": "optional"}
            | ({"phone": "optional"} if kind in doors.HAND_RAISING else {}),
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
    form = FormSettings(posted(request), initial=_initial(found))
    if request.method == "POST" and form.is_valid():
        try:
            doors.keep_form(actor=actor, door=found, draft=_in_its_language(form.draft(), found))
        except DoorError as error:
            form.show_door(error)
        else:
            say(request, "Kept; the form is so from now on.")
            return redirect("door", door_id)
    answer = {
        "here": "doors", "door": found, "form": form, "campaigns": catalog.campaigns(),
        "latest": submissions.latest(found),
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
    form = FormSettings(posted(request), initial=_initial(found))
    if request.method == "POST":
        form.is_valid()  # what is not valid yet is as it was
        form.cleaned_data = _initial(found) | form.cleaned_data
        found = doors.sketch(actor=actor, door=found, draft=_in_its_language(form.draft(), found))
    style = f"{reverse('door-preview-style')}?{urlencode(found.style)}"
    return form_page.preview(request, found, style)


@require_safe
def preview_style(request: HttpRequest) -> HttpResponse:
    """Colours and letters that nobody has kept yet."""
    require_keeps_catalog(viewer(request))
    try:
        return form_page.styled(doors.style_of(request.GET))
    except DoorError as error:
        raise Http404 from error


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
        "waiting": [{"sent": each, "said": _said(each, asked), "address": holding.waits(each)} for each in waiting],
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
    person = [(labels.get(name, "E-mail"), value) for name, value in content["person"].items() if value]
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
    path("capture/doors/<uuid:door_id>/active", door_active, name="door-active"),
    path("capture/held", held, name="held"),
    path("capture/held/<uuid:submission_id>/<str:deed>", held_deed, name="held-deed"),
]
