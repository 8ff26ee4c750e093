"""What an import has left of its file: other sheets, to be brought with a button, and tables that stand in the same."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST

from ripeline.base import clock
from ripeline.capture.files.dialect import Dialect
from ripeline.capture.imports import batches, sheets
from ripeline.capture.imports.actions import KEPT, UnreadableFileError
from ripeline.capture.models import ImportRun, ImportState
from ripeline.people.models import User
from ripeline.web.frame.shell import say
from ripeline.web.imports.access import asked, importer


def left(actor: User, run: ImportRun) -> dict[str, Any]:
    """The sheets that this import does not read, and whether they can be brought from the same file."""
    found = sheets.left(actor, run)
    waiting = sheets.waiting(found)
    kept = sheets.kept_with(actor, run) if waiting else None
    return {
        "left": found,
        "to_bring": [each.name for each in waiting if not each.is_hidden] or [each.name for each in waiting],
        "is_kept": kept is not None,
        "kept_until": (kept.ended_at or clock.now()) + KEPT if kept and kept.state != ImportState.UPLOADED else None,
        "below": Dialect.from_json(run.dialect).why.get("below", ""),
    }


@require_POST
def bring(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Sheets of the file of an import: one is mapped on its page, several go in together."""
    run, actor = asked(request, run_id), importer(request)
    try:
        found = batches.begin_sheets(actor=actor, run=run, names=request.POST.getlist("sheet"))
    except UnreadableFileError as problem:
        say(request, str(problem), is_error=True)
        return redirect("import", run_id)
    if not found:
        return redirect("import", run_id)
    return redirect("import-batch", found[0].batch_id) if found[0].batch_id else redirect("import", found[0].pk)


urlpatterns = [path("imports/<uuid:run_id>/sheets", bring, name="import-sheets")]
