"""Somebody calls: who, what about, and when they hear from us again. Known callers are found while one types."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from ripeline.base import clock
from ripeline.capture.arriving.keeping import RefusedError, TooOftenError
from ripeline.capture.cells import values
from ripeline.capture.cells.text import BadValueError
from ripeline.capture.in_person import cards
from ripeline.capture.in_person.card import LONGEST, Card
from ripeline.capture.models import DoorKind
from ripeline.catalog import queries as catalog
from ripeline.leads import record
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.finding import lists
from ripeline.leads.finding.filters import Filters, View
from ripeline.leads.finding.lists import Row
from ripeline.leads.models import Lead
from ripeline.people import working_time
from ripeline.people.models import User
from ripeline.web.frame.forms import posted
from ripeline.web.frame.shell import say, viewer
from ripeline.web.record.answering import Noted, chosen_last, keep_chosen, text_field
from ripeline.worklist import dates
from ripeline.worklist.dates import When
from ripeline.worklist.days import NotADate

SHOWN = 5
DIGITS = 5  # of a number before it is looked for


class Call(Noted):
    """What is said in a call, in the order in which it is."""

    phone = text_field("Their number", 60, inputmode="tel", autofocus="")
    name = text_field("Name", 200)
    company = text_field("Company", 200)
    email = text_field("E-mail", 254, inputmode="email", spellcheck="false")
    note = text_field("What is it about?", LONGEST, widget=forms.Textarea({"rows": 3}))
    when = text_field("When do they hear from us?", 300, list="whens", placeholder="tomorrow 10:00, in 3 days")
    place = text_field("Which number they called", 160)
    known = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput())


@never_cache  # the page that Back leads to is a new call
@require_http_methods(["GET", "HEAD", "POST"])
def call(request: HttpRequest) -> HttpResponse:
    actor = viewer(request)
    form = Call(posted(request), initial=chosen_last(request, DoorKind.CALL))
    if request.method == "POST" and form.is_valid():
        lead_id = _take(request, actor, form)
        if lead_id:
            return redirect("lead", lead_id) if _find(actor, lead_id) else redirect("leads")
    known = _find(actor, request.POST.get("known"))
    answer = {
        "form": form, "key": request.POST.get("key") or uuid4().hex,
        "chosen": Row(known, frozenset(), actor) if known else None, "campaigns": catalog.campaigns(),
    }  # fmt: skip
    return render(request, "leads/call.html", answer, status=422 if form.errors else 200)


def _take(request: HttpRequest, actor: User, form: Call) -> UUID | None:
    """Take the call in; what is wrong stands beside its field, and None is answered."""
    given: dict[str, Any] = form.cleaned_data
    named, chosen = None, _find(actor, given["known"])
    known = chosen or _only_one(actor, given)
    fields = {name: given[name] for name in ("name", "company", "email", "phone")}
    key = _key(request.POST.get("key", ""), fields, chosen)
    if known and not any(fields[name] for name in ("name", "email", "phone")):
        fields["name"] = known.name or str(known)
    try:
        if given["when"].strip():
            calendar = working_time.calendar_of(actor)
            named = dates.read(given["when"].replace("\x00", ""), now=clock.now(), calendar=calendar)
        submission, _ = cards.take(
            actor=actor, door=cards.built_in(DoorKind.CALL),
            card=Card(
                key=key, fields=fields, note=given["note"], due=named.at if named else None,
                known=known.pk if known else None, place=given["place"], campaign=given["campaign"],
                answers=given["answers"],
            ),
        )  # fmt: skip
    except NotADate as wrong:
        form.add_error("when", str(wrong))
        return None
    except RefusedError as wrong:
        for name, text in wrong.errors.items():
            form.add_error(name if name in form.fields else None, text)
        return None
    except LeadError as crossed:
        form.add_error(None, str(crossed))
        return None
    except TooOftenError:
        form.add_error(None, "So many calls came in that this one must wait a few minutes. Nothing you typed is lost.")
        return None
    keep_chosen(request, DoorKind.CALL, given)
    _say(request, actor, submission.lead_id, named)
    return submission.lead_id


def _only_one(actor: User, given: Mapping[str, Any]) -> Lead | None:
    """Of whom nothing but a number was typed, and sent before anybody could be chosen: the one person who has it."""
    if given["name"] or given["company"] or given["email"] or not given["phone"]:
        return None
    try:
        number = values.phone(given["phone"], home=working_time.country()).value
    except BadValueError:
        return None
    found = [row for row in _callers(actor, _digits(given["phone"])) if row.lead.phone == number]
    return _find(actor, found[0].id) if len(found) == 1 else None


def _key(form: str, fields: Mapping[str, str], chosen: Lead | None) -> str:
    """The form and whom it says: pressed twice, or sent once more with another note or day, it is the same call."""
    whom = json.dumps([form or uuid4().hex, dict(fields), chosen.pk.hex if chosen else ""], sort_keys=True)
    return hashlib.sha256(whom.encode()).hexdigest()


def _say(request: HttpRequest, actor: User, lead_id: UUID | None, named: When | None) -> None:
    lead = _find(actor, lead_id)
    if lead is None:
        say(request, "The call is noted. They are with another team already, who have what you wrote.")
        return
    holder = lead.owner or lead.responsible
    whose = "you" if lead.owner_id == actor.pk else holder.name
    day = timezone.localtime(lead.next_at) if lead.next_at else None
    on = f", {day:%A} {day.day} {day:%B}{f' {day:%H:%M}' if day.time() != working_time.MORNING else ''}" if day else ""
    off = f" {named.day_off_words}." if named and named.day_off and named.at == lead.next_at else ""
    say(request, f"The call is noted. Next is {whose}{on}.{off}")


def _find(actor: User, lead_id: UUID | str | None) -> Lead | None:
    """The lead, if there is one of this id whom they may find."""
    try:
        return record.find(UUID(str(lead_id)), actor) if lead_id else None
    except (Lead.DoesNotExist, ValueError):
        return None


@require_safe
def known(request: HttpRequest) -> HttpResponse:
    """Who may be calling: by number first, else by name, as far as the viewer may find them."""
    digits = _digits(request.GET.get("phone", ""))
    name = request.GET.get("name", "").strip()
    rows: list[Row] = []
    for words in (digits if len(digits) >= DIGITS else "", name if len(name) > 1 else ""):
        if words and not rows:
            rows = _callers(viewer(request), words)
    return render(request, "leads/callers.html", {"rows": rows[:SHOWN], "is_asked": bool(digits or name)})


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)[:20].lstrip("0")


def _callers(actor: User, words: str) -> list[Row]:
    filters, zone = Filters.parse({"q": words, "view": View.ALL.value}), timezone.get_current_timezone()
    return list(lists.page(actor, filters, zone=zone, size=SHOWN, is_counted=False).rows) if words else []


urlpatterns = [
    path("leads/call", call, name="call"),
    path("leads/call/known", known, name="call-known"),
]
