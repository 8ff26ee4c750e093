"""Adding one lead by hand. Whoever is here already is brought up to date, and the answer says so."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from ripeline.capture.arriving.admission import Result
from ripeline.capture.imports.actions import CaptureError, capture_one
from ripeline.catalog import queries as catalog
from ripeline.leads import record
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.web.frame.forms import posted
from ripeline.web.frame.shell import say
from ripeline.web.record.answering import Noted, chosen_last, keep_chosen, text_field

SAID = {Result.CREATED: "{name} is here now.", Result.UPDATED: "{name} was here already and is brought up to date."}
DOOR = "by_hand"
AT = ("company", "website", "account_id")  # that may be said in the address: whoever is added belongs there
GIVEN = (*AT, "name", "email", "phone", "title", "source", "message", "place", "campaign", "answers")
UNCHANGED = "{name} was here already; nothing was new."


class NewLead(Noted):
    """What is known of somebody; a name, an address or a number is enough."""

    name = text_field("Name", 200)
    email = text_field("E-mail", 254, inputmode="email", spellcheck="false")
    phone = text_field("Telephone", 60, inputmode="tel")
    company = text_field("Company", 200)
    website = text_field("Its web site", 190, inputmode="url", spellcheck="false")
    title = text_field("What they do there", 200)
    source = text_field("Where they come from", 160, list="sources", placeholder="A trade fair, a referral, a call …")
    message = text_field("What they said", 20_000, widget=forms.Textarea({"rows": 3}))
    place = text_field("Where you met", 160)
    account_id = forms.UUIDField(required=False, widget=forms.HiddenInput)  # of a company without a web site


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    at = {name: request.GET[name][:200] for name in AT if name in request.GET}
    form = NewLead(posted(request), initial=chosen_last(request, DOOR) | at)
    if request.method == "POST" and form.is_valid():
        try:
            given = {name: form.cleaned_data[name] for name in GIVEN}
            found = capture_one(actor=request.user, key=request.POST.get("key", "")[:60], **given)
        except CaptureError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            keep_chosen(request, DOOR, form.cleaned_data)
            name = form.cleaned_data["name"] or form.cleaned_data["email"] or "This lead"
            words = SAID.get(found.result, UNCHANGED).format(name=name)
            words = " ".join([words, *(f"{remark[:1].upper()}{remark[1:]}." for remark in found.remarks)])
            if not _may_find(request.user, found.lead_id):
                say(request, f"{name} is here already, with another team; they have what you wrote.")
                return redirect("leads")
            say(request, words)
            return redirect("lead", found.lead_id)
    return render(request, "lead/new.html", _page(request, form), status=422 if form.errors else 200)


def _may_find(user: User, lead_id: UUID) -> bool:
    try:
        return bool(record.find(lead_id, user))
    except Lead.DoesNotExist:
        return False


def _page(request: HttpRequest, form: NewLead) -> dict[str, Any]:
    return {
        "form": form, "sources": catalog.sources(), "campaigns": catalog.campaigns(),
        "key": request.POST.get("key") or uuid4().hex,
    }  # fmt: skip


urlpatterns = [path("leads/new", new, name="lead-new")]
