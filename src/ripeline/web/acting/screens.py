"""The answer to a verb: the screen it came from, as it stands now, with what was said of it; or why it could not be."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.html import format_html
from django_htmx.http import HttpResponseClientRedirect

from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.web.frame.shell import say
from ripeline.web.record import lead as record_screen
from ripeline.web.today import today as today_screen

REDATE = "redate"  # the field of another date, which stands in the toast
EDITABLE = ("name", "title", "phone", "company", "amount")  # fields of the record that are changed in place


@dataclass(frozen=True)
class Said:
    """What was done, in words, and how to take it back."""

    words: str
    activity_id: UUID | None = None
    undo_url: str = ""
    may_redate: bool = False
    lead: Lead | None = None
    stays: bool = False  # Today keeps this lead open instead of moving on
    opens: UUID | None = None  # Today opens this lead


@dataclass(frozen=True)
class Wrong:
    """What could not be, and which field to say it beside."""

    field: str
    text: str
    typed: str = ""


def is_on_today(request: HttpRequest) -> bool:
    """Whether the form stood on Today."""
    page = urlsplit(request.headers.get("HX-Current-URL", "")).path
    return page.startswith(reverse("today")) if page else "today" in (request.POST.get("back"), request.GET.get("back"))


def go(request: HttpRequest, url: str) -> HttpResponse:
    """On to another page, also where HTMX asked (a toast's undo): it would only swap a part."""
    return HttpResponseClientRedirect(url) if request.headers.get("HX-Request") else redirect(url)


def answer(request: HttpRequest, lead_id: UUID, said: Said) -> HttpResponse:
    undo = said.undo_url or (reverse("lead-undo", args=[lead_id, said.activity_id]) if said.activity_id else "")
    on_today = is_on_today(request)
    if not request.headers.get("HX-Request"):
        say(request, said.words, undo=f"{undo}?back=today" if undo and on_today else undo)
        return redirect(_next_url(request, lead_id, said) if on_today else _record_url(request, lead_id))
    toast = {"words": said.words, "undo": undo, "redates": _redates(lead_id, said), "key": uuid4().hex}
    if on_today:
        return _today(request, _opens(lead_id, said), after=lead_id, extra={"toast": toast})
    return _record(request, lead_id, extra={"toast": toast})


def refuse(request: HttpRequest, lead_id: UUID, wrong: Wrong) -> HttpResponse:
    """The screen again with the reason, and what was typed kept in its field; nothing was done."""
    if wrong.field == REDATE and request.headers.get("HX-Request"):  # said in the toast that asked
        response = HttpResponse(format_html('<span class="wrong">{}</span>', wrong.text), status=422)
        response["HX-Retarget"], response["HX-Reswap"] = ".toast.deed .echo", "innerHTML"
        return response
    wrong = replace(wrong, typed=request.POST.get(wrong.field, ""))
    extra = {"wrong": wrong, "typed": request.POST}
    if is_on_today(request):
        return _today(request, lead_id, extra=extra, status=422)
    return _record(request, lead_id, extra=extra, status=422, is_editing=set(EDITABLE) <= set(request.POST))


def _opens(lead_id: UUID, said: Said) -> UUID | None:
    return lead_id if said.stays else said.opens


def _next_url(request: HttpRequest, lead_id: UUID, said: Said) -> str:
    assert isinstance(request.user, User)
    opened = _opens(lead_id, said) or today_screen.after(request.user, lead_id)
    return reverse("today-lead", args=[opened]) if opened else reverse("today")


def _record_url(request: HttpRequest, lead_id: UUID) -> str:
    """The record, or the list if it is no longer the viewer's to find."""
    assert isinstance(request.user, User)
    try:
        return reverse("lead", args=[record_screen.read(request.user, lead_id).lead.pk])
    except Http404:
        return reverse("leads")


def _today(
    request: HttpRequest, lead_id: UUID | None, *, after: UUID | None = None, extra: dict[str, Any], status: int = 200
) -> HttpResponse:
    assert isinstance(request.user, User)
    page = today_screen.page(request.user, lead_id, after=after)
    if not request.headers.get("HX-Request"):
        return render(request, "today/today.html", page | extra, status=status)
    response = render(request, "today/part.html", page | extra, status=status)
    response["HX-Replace-Url"] = iri_to_uri(page["url"])
    return _aimed(response, "#today")


def _record(
    request: HttpRequest, lead_id: UUID, *, extra: dict[str, Any], status: int = 200, is_editing: bool = False
) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        page = record_screen.page(record_screen.read(request.user, lead_id), is_editing=is_editing)
    except Http404:
        return HttpResponseClientRedirect(reverse("leads"))
    if not request.headers.get("HX-Request"):
        return render(request, "lead/lead.html", page | extra, status=status)
    return _aimed(render(request, "lead/part.html", page | extra, status=status), "#record")


def _aimed(response: HttpResponse, target: str) -> HttpResponse:
    response["HX-Retarget"] = target
    response["HX-Reswap"] = "outerHTML"
    return response


def _redates(lead_id: UUID, said: Said) -> dict[str, Any] | None:
    """The form in the toast that chooses another date."""
    if not (said.may_redate and said.activity_id and said.lead):
        return None
    return {"url": reverse("lead-redate", args=[lead_id]), "of": said.activity_id, "at": said.lead.next_at}
