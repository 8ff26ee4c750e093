"""What somebody answered when they came to us, corrected or added to by whoever works on their record."""

import hashlib
import json
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ripeline.leads import answers, record
from ripeline.leads.deciding import By, LeadError
from ripeline.leads.models import Enquiry, Lead
from ripeline.leads.rules import Verb, require
from ripeline.people.models import User
from ripeline.web.answering import Questions
from ripeline.web.forms import posted
from ripeline.web.shell import say, viewer

CHANGED = "Somebody changed these answers since you opened them. Look at them once more; what you typed is still here."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, lead_id: UUID, enquiry_id: UUID) -> HttpResponse:
    actor = viewer(request)
    lead, enquiry = _find(actor, lead_id, enquiry_id)
    form = Questions(posted(request), given=enquiry.said)
    if request.method == "POST" and form.is_valid():
        if request.POST.get("seen") != _mark(enquiry):
            form.add_error(None, CHANGED)
        elif _kept(actor, lead, enquiry, form, request.POST.get("key", "")):
            say(request, "Their answers are kept.")
            return redirect("lead", lead.pk)
    answer = {
        "lead": lead, "enquiry": enquiry, "form": form, "seen": _mark(enquiry),
        "key": request.POST.get("key") or uuid4().hex,
    }  # fmt: skip
    return render(request, "lead/answers.html", answer, status=422 if form.errors else 200)


def _find(actor: User, lead_id: UUID, enquiry_id: UUID) -> tuple[Lead, Enquiry]:
    """The two, for whoever may work on the record; 404 for whoever may not even find it, or where there is no such."""
    try:
        lead = record.find(lead_id, actor)
    except Lead.DoesNotExist as missing:
        raise Http404("There is no such lead.") from missing
    require(actor, Verb.WORK, lead)
    enquiry = next((each for each in record.enquiries(lead) if each.pk == enquiry_id), None)
    if enquiry is None:
        raise Http404(answers.GONE)
    return lead, enquiry


def _kept(actor: User, lead: Lead, enquiry: Enquiry, form: Questions, key: str) -> bool:
    by = By(actor, "web", f"{key[:60] or uuid4().hex}:answers")
    said: dict[str, Any] = form.cleaned_data["answers"]
    try:
        answers.correct(
            lead_id=lead.pk, enquiry_id=enquiry.pk, by=by, answers={each.key: said.get(each.key) for each in form.asked}
        )
    except LeadError as gone:
        form.add_error(None, str(gone))
        return False
    return True


def _mark(enquiry: Enquiry) -> str:
    """Names what is said now, so that a form that shows something older is known."""
    return hashlib.sha256(json.dumps(enquiry.said, sort_keys=True).encode()).hexdigest()[:32]


urlpatterns = [path("leads/<uuid:lead_id>/answers/<uuid:enquiry_id>", correct, name="lead-answers")]
