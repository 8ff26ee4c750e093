"""Scheduled imports: which files go in by themselves, when, and what came of each time."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ripeline.capture.files import pieces
from ripeline.capture.imports import schedules
from ripeline.capture.imports.schedules import ScheduleError
from ripeline.capture.models import ImportKind, ImportPolicy, ImportSchedule, Rhythm
from ripeline.web.frame.forms import DAYS, Form, posted
from ripeline.web.frame.shell import say
from ripeline.web.imports import words as import_words
from ripeline.web.imports.access import importer

SHOWN = 60  # of what came of it


class ScheduleForm(Form):
    place = forms.CharField(
        label="The file", max_length=1000,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
        help_text="An address such as https://www.example.com/export.csv, or a file in the inbox of this "
        "installation: leads.csv, or crm/leads-*.csv for the newest that is called so.",
    )  # fmt: skip
    rhythm = forms.ChoiceField(label="How often", choices=Rhythm.choices, initial=Rhythm.DAILY)
    weekday = forms.TypedChoiceField(label="Of a week, on", choices=list(enumerate(DAYS)), coerce=int, initial=0)
    at = forms.TimeField(
        label="At", initial=time(6, 0), widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        help_text="By the company’s clock; of every hour, its minutes.",
        error_messages={"invalid": "Give a time such as 06:30."},
    )  # fmt: skip
    kind = forms.ChoiceField(
        label="What is in it", choices=[("", "Find out by its headings"), *ImportKind.choices], required=False
    )
    policy = forms.ChoiceField(
        label="Whose word stays", choices=import_words.POLICIES, initial=ImportPolicy.FILE,
        help_text="Where a row says something else than the record here.",
    )  # fmt: skip
    closes = forms.TypedChoiceField(
        label="Who is open here, and won or lost there?", coerce=lambda said: said == "yes", initial="yes",
        required=False, empty_value=None,
        choices=[("yes", "Close them so, but not over what was decided here"), ("no", "Leave them open")],
        help_text="They stay open, too, where that was said when such a file was last imported by hand.",
    )  # fmt: skip


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    found = [(each, schedules.shown(each.place), words(each)) for each in schedules.seen(importer(request))]
    return render(request, "imports/schedules.html", {"schedules": found, "inbox": settings.INBOX})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    form = ScheduleForm(posted(request))
    if request.method == "POST" and form.is_valid() and (made := _kept(request, form)):
        if "now" in request.POST:
            schedules.look_now(actor=importer(request), schedule_id=made.pk)
        say(request, f"It is imported by itself from now on, for the first time {_first(made)}.")
        return redirect("import-schedule", made.pk)
    context = {"form": form, "inbox": settings.INBOX, "largest": pieces.LARGEST // 1024**2}
    return render(request, "imports/schedule_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    """How it stands and what came of it; posted to, it is changed."""
    found = _asked(request, schedule_id)
    names = ("place", "rhythm", "weekday", "at", "kind", "policy")
    initial = {name: getattr(found, name) for name in names} | {"closes": "yes" if found.closes else "no"}
    form = ScheduleForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid() and _kept(request, form, schedule_id):
        say(request, "The changes are kept.")
        return redirect("import-schedule", schedule_id)
    context: dict[str, Any] = {
        "schedule": found, "shown": schedules.shown(found.place), "words": words(found), "form": form,
        "checks": (checks := schedules.checks(found, SHOWN)),
        "is_looking": found.wanted_at is not None or any(check.is_open for check in checks),
    }  # fmt: skip
    return render(request, "imports/schedule.html", context, status=422 if form.errors else 200)


def _kept(request: HttpRequest, form: ScheduleForm, schedule_id: UUID | None = None) -> ImportSchedule | None:
    try:
        return schedules.set_up(actor=importer(request), schedule_id=schedule_id, **form.cleaned_data)
    except ScheduleError as problem:
        form.add_error(problem.field, str(problem))
        return None


@require_POST
def look_now(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    schedules.look_now(actor=importer(request), schedule_id=_asked(request, schedule_id).pk)
    say(request, "It is looked at in a moment.")
    return redirect("import-schedule", schedule_id)


@require_POST
def pause(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    schedules.pause(actor=importer(request), schedule_id=_asked(request, schedule_id).pk)
    say(request, "It is paused: nothing of it goes in until you resume it.")
    return redirect("import-schedule", schedule_id)


@require_POST
def resume(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    schedules.resume(actor=importer(request), schedule_id=_asked(request, schedule_id).pk)
    say(request, "It goes on.")
    return redirect("import-schedule", schedule_id)


@require_POST
def remove(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    schedules.remove(actor=importer(request), schedule_id=schedule_id)
    say(request, "It is no longer imported by itself. What went in stays.")
    return redirect("import-schedules")


def _asked(request: HttpRequest, schedule_id: UUID) -> ImportSchedule:
    found = schedules.seen(importer(request)).filter(pk=schedule_id).first()
    if found is None:
        raise Http404
    return found


def words(schedule: ImportSchedule) -> str:
    """When it is looked at: "Mondays at 06:30"."""
    if schedule.rhythm == Rhythm.HOURLY:
        return f"Every hour, at {schedule.at:%M} minutes"
    day = "Every day" if schedule.rhythm == Rhythm.DAILY else f"{DAYS[schedule.weekday]}s"
    return f"{day} at {schedule.at:%H:%M}"


def _first(schedule: ImportSchedule) -> str:
    assert isinstance(schedule.next_at, datetime)
    return f"{timezone.localtime(schedule.next_at):on %d %B at %H:%M}".replace("on 0", "on ")


urlpatterns = [
    path("imports/scheduled", listed, name="import-schedules"),
    path("imports/scheduled/new", new, name="import-schedule-new"),
    path("imports/scheduled/<uuid:schedule_id>", one, name="import-schedule"),
    path("imports/scheduled/<uuid:schedule_id>/now", look_now, name="import-schedule-now"),
    path("imports/scheduled/<uuid:schedule_id>/pause", pause, name="import-schedule-pause"),
    path("imports/scheduled/<uuid:schedule_id>/resume", resume, name="import-schedule-resume"),
    path("imports/scheduled/<uuid:schedule_id>/remove", remove, name="import-schedule-remove"),
]
