"""Leads that are another's in a file than here: which, and handing them over to whom the file names."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from ripeline.capture.imports import owning
from ripeline.capture.imports.owning import Named
from ripeline.leads import rules
from ripeline.leads.many import batches
from ripeline.leads.models import Lead
from ripeline.leads.rules import NotAllowed, Verb
from ripeline.people.models import User
from ripeline.ripeness import queries as ripeness
from ripeline.web.frame.shell import say, viewer
from ripeline.web.imports.access import asked

SHOWN = 100  # rows on the page; all are in the file of remarks
AT_ONCE = 200  # leads that are handed over while one waits; more are the worker's


@require_http_methods(["GET", "POST"])
def owners(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Which, and to whom they would go; asked to, it is done, as one thing that can be taken back."""
    run, actor = asked(request, run_id), viewer(request)
    may = owning.may_hand_over(actor)
    if request.method == "POST":
        if not may:
            raise NotAllowed("Only a leader or an administrator can give many leads at once.")
        batch = owning.ask(run, actor, key=request.POST.get("key") or uuid4().hex)
        if batch is None:
            say(request, "None of them can be handed over: nothing was changed.", is_error=True)
            return redirect("import-owners", run.pk)
        if (batch.total or 0) <= AT_ONCE:
            batches.work(batch.pk, tagged=ripeness.tagged)
        return redirect("lead-batch", batch.pk)
    found = owning.named(run)
    context = {
        "run": run, "rows": _named(actor, found[:SHOWN]), "more": len(found) - SHOWN, "may": may,
        "wanted": owning.wanted(run, actor) if may else None, "key": uuid4().hex,
    }  # fmt: skip
    return render(request, "imports/owners.html", context)


def _named(actor: User, found: Sequence[Named]) -> list[tuple[Named, str]]:
    """Each with what its lead is called, as far as `actor` may know."""
    leads = Lead.objects.select_related("owner", "responsible__user").in_bulk({each.lead_id for each in found})
    return [
        (each, str(lead) if (lead := leads.get(each.lead_id)) and rules.may(actor, Verb.FIND, lead) else "")
        for each in found
    ]


urlpatterns = [path("imports/<uuid:run_id>/owners", owners, name="import-owners")]
