"""What is done with many leads at once: those ticked, or everything that the list's filters match."""

from collections.abc import Sequence
from itertools import chain, islice
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from ripeline.leads import handing, lists
from ripeline.leads.deciding import By, LeadError
from ripeline.leads.lists import Row
from ripeline.leads.rules import NotAllowed
from ripeline.people import queries as people
from ripeline.people.models import Responsible, User
from ripeline.web.asking import Asked, asked_of_form
from ripeline.web.leads import GIVERS
from ripeline.web.screens import go
from ripeline.web.shell import say

TICKED_AT_MOST = 5_000


def ticked(request: HttpRequest) -> list[UUID]:
    """The leads ticked, on this page and on others."""
    found = []
    for text in request.POST.getlist("lead")[:TICKED_AT_MOST]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def takes_all(request: HttpRequest) -> bool:
    """Whether everything that matches is meant, not only what was ticked."""
    return bool(request.POST.get("everything"))


def _rows(request: HttpRequest, asked: Asked, limit: int) -> Sequence[Row]:
    if not takes_all(request):
        return lists.chosen(asked.actor, ticked(request))
    chunks = lists.every(asked.actor, asked.filters, zone=timezone.get_current_timezone(), tagged=asked.tagged())
    return list(islice(chain.from_iterable(chunks), limit))


@require_POST
def give(request: HttpRequest) -> HttpResponse:
    """Give the chosen leads to somebody."""
    assert isinstance(request.user, User)
    if request.user.role not in GIVERS:
        raise NotAllowed("Only a leader or an administrator can give many leads at once.")
    asked = asked_of_form(request)
    back = redirect(asked.url())
    to = next((each for each in people.assignable() if str(each.pk) == request.POST.get("to")), None)
    if to is None:
        say(request, "Choose who is to have them.", is_error=True)
        return back
    rows = _rows(request, asked, handing.AT_MOST + 1)
    by = By(request.user, "web", request.POST.get("key") or uuid4().hex)
    try:
        given = handing.give(rows, by, to=to)
    except LeadError as error:
        say(request, str(error), is_error=True)
        return back
    undo = reverse("leads-give-undo", args=[given.receipt]) if given.receipt else ""
    say(request, _words(given, to, len(rows) > handing.AT_MOST), undo=undo)
    return back


def _words(given: handing.Given, to: Responsible, is_more: bool) -> str:
    if not given.count:
        return f"Nothing to give: these are closed, or with {to.name} already."
    leads = "1 lead is" if given.count == 1 else f"{given.count:,} leads are"
    if is_more:
        return f"{leads} with {to.name} now. That is as many as go at once; repeat it for the rest."
    left = f"; {given.left:,} stayed (closed, or there already)" if given.left else ""
    return f"{leads} with {to.name} now{left}."


@require_POST
def take_back(request: HttpRequest, receipt: UUID) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        done, left = handing.take_back(receipt, By(request.user, "web", request.POST.get("key") or uuid4().hex))
    except LeadError as error:
        say(request, str(error), is_error=True)
    else:
        stayed = f"; {left:,} were changed since and stay" if left else ""
        say(request, f"Taken back: {done:,} {'lead is' if done == 1 else 'leads are'} where they were{stayed}.")
    return go(request, reverse("leads"))


urlpatterns = [
    path("leads/give", give, name="leads-give"),
    path("leads/give/<uuid:receipt>/undo", take_back, name="leads-give-undo"),
]
