"""Adding one lead by hand. Whoever is here already is brought up to date, and the answer says so."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from ripeline.capture.actions import CaptureError, capture_one
from ripeline.capture.admission import Result
from ripeline.catalog import queries as catalog
from ripeline.leads import record
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.web.forms import Form
from ripeline.web.shell import say

SAID = {Result.CREATED: "{name} is here now.", Result.UPDATED: "{name} was here already and is brought up to date."}
UNCHANGED = "{name} was here already; nothing was new."


def _field(label: str, length: int, *, widget: forms.Widget | None = None, **attrs: str) -> forms.CharField:
    widget = widget or forms.TextInput()
    widget.attrs |= {"autocomplete": "off"} | attrs
    return forms.CharField(label=label, max_length=length, required=False, widget=widget)


class NewLead(Form):
    """What is known of somebody; a name, an address or a number is enough."""

    name = _field("Name", 200)
    email = _field("E-mail", 254, inputmode="email", spellcheck="false")
    phone = _field("Telephone", 60, inputmode="tel")
    company = _field("Company", 200)
    title = _field("What they do there", 200)
    source = _field("Where they come from", 160, list="sources", placeholder="A trade fair, a referral, a call …")
    message = _field("What they said", 20_000, widget=forms.Textarea({"rows": 3}))


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = NewLead(request.POST) if request.method == "POST" else NewLead()
    if request.method == "POST" and form.is_valid():
        try:
            found = capture_one(actor=request.user, key=request.POST.get("key", "")[:60], **form.cleaned_data)
        except CaptureError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
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
    return {"form": form, "sources": catalog.sources(), "key": request.POST.get("key") or uuid4().hex}


urlpatterns = [path("leads/new", new, name="lead-new")]
