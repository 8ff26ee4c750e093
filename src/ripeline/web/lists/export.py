"""A list of leads as a file: what its viewer may see of each, at once where it is little, else by the worker."""

import io
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from ripeline.capture.exports import exports
from ripeline.capture.files import sheets
from ripeline.capture.models import Export, ExportState, FileFormat
from ripeline.leads.finding import lists
from ripeline.leads.finding.lists import Row
from ripeline.people.models import Role
from ripeline.ripeness import queries as ripeness
from ripeline.web.frame.shell import say, viewer
from ripeline.web.lists.asking import Asked, asked_of_form
from ripeline.web.lists.many import counted, takes_all, ticked

AT_ONCE = 2_000  # leads that are written while one waits; more are the worker's
TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponseBase:
    """GET: the list of the address; POST: the leads ticked, or everything that the form's list matches."""
    actor = viewer(request)
    asked = asked_of_form(request) if request.method == "POST" else Asked.of(request)
    given = request.POST.get("format") or request.GET.get("format")
    file_format = FileFormat.XLSX if given == FileFormat.XLSX else FileFormat.CSV
    ids = ticked(request) if request.method == "POST" and not takes_all(request) else None
    count = len(ids) if ids is not None else counted(asked, lists.MANY + 1)
    if count > AT_ONCE:
        zone = str(timezone.get_current_timezone())
        asks = exports.ask(
            actor=actor, query=asked.query(), file_format=file_format, zone=zone, lead_ids=ids, count=count
        )
        return redirect("leads-export-file", asks.pk)
    exports.note(actor=actor, query=asked.query(), count=None if ids is None else count, file_format=file_format)
    return _at_once(asked, ids, file_format)


def _at_once(asked: Asked, ids: Sequence[UUID] | None, file_format: FileFormat) -> HttpResponseBase:
    zone = timezone.get_current_timezone()  # asked for now: while the file streams it is the viewer's no longer
    chunks: Iterable[Sequence[Row]] = (
        lists.every(
            asked.actor, asked.filters, zone=zone, sort=asked.sort, scores=ripeness.all_scores(), tagged=asked.tagged()
        )
        if ids is None
        else iter([lists.chosen(asked.actor, ids)])
    )
    lines = exports.rows(chunks, exports.table(asked.columns))
    if file_format == FileFormat.CSV:
        content: Iterable[Any] = exports.as_csv(lines, zone)
    else:
        file = io.BytesIO()
        sheets.write_workbook(file, lines, zone)
        content = [file.getvalue()]
    return _file(content, exports.filename(file_format, zone), file_format)


def _file(content: Iterable[Any], filename: str, file_format: FileFormat) -> HttpResponseBase:
    answer = StreamingHttpResponse(content, content_type=TYPES[file_format])
    answer["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer


@require_safe
def written(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """How far a file is, and where it is fetched."""
    return render(request, "leads/export.html", _shown(request, _found(request, export_id)))


@require_safe
def progress(request: HttpRequest, export_id: UUID) -> HttpResponse:
    found = _found(request, export_id)
    if found.state in (ExportState.QUEUED, ExportState.RUNNING):
        return render(request, "leads/export_moving.html", _shown(request, found))
    return HttpResponseClientRefresh()


@require_safe
def fetch(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    found = _found(request, export_id)
    if not exports.can_be_fetched(found):
        say(request, exports.why_not_fetched(found), is_error=True)
        return redirect("leads-export-file", found.pk)
    exports.note_fetched(actor=viewer(request), export=found)
    answer = _file(exports.content(found), found.filename, FileFormat(found.file_format))
    answer["Content-Length"] = str(found.size)
    return answer


@require_POST
def cancel(request: HttpRequest, export_id: UUID) -> HttpResponse:
    exports.cancel(actor=viewer(request), export_id=_found(request, export_id).pk)
    return redirect("leads-export-file", export_id)


def _found(request: HttpRequest, export_id: UUID) -> Export:
    """A file is for whoever asked for it, and for administrators."""
    found = Export.objects.filter(pk=export_id).first()
    if found is None or (found.asked_by_id != viewer(request).pk and viewer(request).role != Role.ADMIN):
        raise Http404
    return found


def _shown(request: HttpRequest, found: Export) -> dict[str, Any]:
    is_known = found.rows is not None and found.rows <= lists.MANY
    return {
        "export": found,
        "is_moving": found.state in (ExportState.QUEUED, ExportState.RUNNING),
        "can_be_fetched": exports.can_be_fetched(found),
        "why_not": exports.why_not_fetched(found),
        "is_known": is_known,
        "share": found.position / found.rows if is_known and found.rows else 0,
        "back": Asked.of_text(viewer(request), found.query).here(),
    }


urlpatterns = [
    path("leads/export", export, name="leads-export"),
    path("leads/exports/<uuid:export_id>", written, name="leads-export-file"),
    path("leads/exports/<uuid:export_id>/progress", progress, name="leads-export-progress"),
    path("leads/exports/<uuid:export_id>/fetch", fetch, name="leads-export-fetch"),
    path("leads/exports/<uuid:export_id>/cancel", cancel, name="leads-export-cancel"),
]
