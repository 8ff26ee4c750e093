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

from ripeline.leads import record
from ripeline.leads.decisions import answers
from ripeline.leads.decisions.deciding import By, LeadError
from ripeline.leads.models import Enquiry, Lead
from ripeline.leads.rules import Verb, require
from ripeline.people.models import User
from ripeline.web.frame.forms import posted
from ripeline.web.frame.shell import say, viewer
from ripeline.web.record.answering import Questions


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, lead_id: UUID, enquiry_id: UUID) -> HttpResponse:
    actor = viewer(request)
    lead, enquiry = _find(actor, lead_id, enquiry_id)
    form = Questions(posted(request), given=enquiry.said)
    if request.method == "POST" and form.is_valid() and _kept(request, actor, lead, enquiry, form):
        say(request, "Their answers are kept.")
        return redirect("lead", lead.pk)
    # A new key each time: under that of what was kept before, nothing else would be.
    answer = {"lead": lead, "enquiry": enquiry, "form": form, "seen": _mark(enquiry), "key": uuid4().hex}
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


def _kept(request: HttpRequest, actor: User, lead: Lead, enquiry: Enquiry, form: Questions) -> bool:
    by = By(actor, "web", f"{request.POST.get('key', '')[:60] or uuid4().hex}:answers")
    given: dict[str, Any] = form.cleaned_data["answers"]
    said = {each.key: given.get(each.key) for each in form.asked}
    if all(enquiry.said.get(key) == answer for key, answer in said.items()):
        return True  # they stand so already, be it by this very form, sent twice
    try:
        if request.POST.get("seen") != _mark(enquiry):
            raise LeadError(answers.CHANGED)
        answers.correct(lead_id=lead.pk, enquiry_id=enquiry.pk, by=by, answers=said, seen=enquiry.said)
    except LeadError as problem:
        form.add_error(None, str(problem))
        return False
    return True


def _mark(enquiry: Enquiry) -> str:
    """Names what is said now, so that a form that shows something older is known."""
    return hashlib.sha256(json.dumps(enquiry.said, sort_keys=True).encode()).hexdigest()[:32]


urlpatterns = [path("leads/<uuid:lead_id>/answers/<uuid:enquiry_id>", correct, name="lead-answers")]
