"""Taking an import back: what will happen, how far it is, and what stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from ripeline.capture import rules
from ripeline.capture.imports import actions, queries, undoing
from ripeline.capture.imports.actions import UndoError
from ripeline.capture.imports.since import Foreign
from ripeline.capture.models import ImportKept, ImportRun, WhyKept
from ripeline.leads import rules as leads
from ripeline.leads.models import Lead
from ripeline.leads.rules import Verb
from ripeline.people.models import User
from ripeline.timeline.kinds import KINDS
from ripeline.web.frame.shell import say
from ripeline.web.imports.access import asked, importer

SHOWN = 20  # leads that stay, on a page


@dataclass(frozen=True)
class Staying:
    """A lead that stays, and why, in words."""

    lead_id: UUID
    name: str
    words: str
    at: datetime | None


@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What will happen; asked to, it begins."""
    run, actor = asked(request, run_id), importer(request)
    rules.require_undoer(actor, run)
    if request.method == "POST":
        try:
            actions.undo(actor=actor, run_id=run.pk)
        except UndoError as problem:
            say(request, str(problem), is_error=True)
        return redirect("import", run.pk)
    if run.state not in undoing.ENDED:
        return redirect("import", run.pk)
    if why_not := undoing.why_not(run):
        say(request, why_not, is_error=True)
        return redirect("import", run.pk)
    expected = undoing.expect(run, SHOWN)
    more = expected.kept + expected.partly - len(expected.staying)
    shown = _named(actor, expected.staying)
    found = {"run": run, "expected": expected, "staying": shown, "more": more, "later": _went_in_after(run)}
    return render(request, "imports/undo.html", found)


def _went_in_after(run: ImportRun) -> list[str]:
    """Files that went in together with it, after it, and are still in: what they changed keeps what it brought."""
    if not run.batch_id:
        return []
    later = ImportRun.objects.filter(batch_id=run.batch_id, place__gt=run.place, state__in=undoing.ENDED)
    return list(later.order_by("-place", "-id").values_list("filename", flat=True))


@require_POST
def stop(request: HttpRequest, run_id: UUID) -> HttpResponse:
    actions.stop_undo(actor=importer(request), run_id=asked(request, run_id).pk)
    return redirect("import", run_id)


def progress(actor: User, run: ImportRun) -> dict[str, Any]:
    """How far it is."""
    undo = run.undo
    share = undo.done / undo.total if undo.total else None
    first = queries.taken_back_first(run.batch_id, run.place).first() if run.batch_id else None
    return {"run": run, "undo": undo, "share": share, "may_undo": rules.may_undo(actor, run), "first": first}


def result(actor: User, run: ImportRun) -> dict[str, Any]:
    """What came of it."""
    kept = ImportKept.objects.filter(run=run).order_by("pk")
    shown = _named(actor, list(kept.select_related("who")[:SHOWN]))
    return {"undo": run.undo, "staying": shown, "more": kept.count() - len(shown)}


def _named(actor: User, kept: Sequence[ImportKept | Foreign]) -> list[Staying]:
    found = Lead.objects.select_related("owner", "responsible__user").in_bulk([each.lead_id for each in kept])
    who = User.objects.in_bulk({_who(each) for each in kept} - {None})
    return [Staying(each.lead_id, _name(actor, found.get(each.lead_id)), _words(each, who), each.at) for each in kept]


def _who(each: ImportKept | Foreign) -> UUID | None:
    return each.who_id if isinstance(each, ImportKept) else each.who


def _name(actor: User, lead: Lead | None) -> str:
    if lead is None:
        return "A lead that is gone since"
    return str(lead) if leads.may(actor, Verb.FIND, lead) else "A lead of another team"


def _words(each: ImportKept | Foreign, who: dict[UUID, User]) -> str:
    label = WhyKept(each.why).label
    person = next((user for pk, user in who.items() if pk == _who(each)), None)
    if each.why != WhyKept.WORKED or person is None:
        return label
    kind = KINDS.get(each.kind)
    return f"{person.name}: {kind.label.lower() if kind else each.kind}"


urlpatterns = [
    path("imports/<uuid:run_id>/undo", undo, name="import-undo"),
    path("imports/<uuid:run_id>/undo/stop", stop, name="import-stop-undo"),
]
