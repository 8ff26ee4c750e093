"""What is under way or was done lately: with many leads, into files, out of files. Each is found again here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from ripeline.base import clock
from ripeline.capture.exports import exports
from ripeline.capture.imports import queries as imports
from ripeline.capture.models import Export, ExportState, ImportState
from ripeline.capture.models.imports import called
from ripeline.leads.finding import lists
from ripeline.leads.many import batches
from ripeline.leads.models import Batch, BatchState
from ripeline.people.models import Role, User
from ripeline.web.frame.shell import viewer
from ripeline.web.lists.many import words
from ripeline.web.templatetags.words import plural

SHOWN = 50
JUST = timedelta(minutes=2)  # so long ago something ended that a page which knew of it says so
_BATCH_ENDED = (BatchState.DONE, BatchState.CANCELLED, BatchState.FAILED)
_WRITES = (ExportState.QUEUED, ExportState.RUNNING)
_GOES = (ImportState.QUEUED, ImportState.RUNNING, ImportState.UNDOING)


@dataclass(frozen=True)
class Job:
    """One of them as the page shows it; the addresses are empty where there is nothing to do with it."""

    pk: str
    icon: str
    label: str
    url: str
    by: User
    at: datetime
    state: str
    said: str = ""
    is_moving: bool = False
    position: int = 0
    total: int | None = None
    cancel_url: str = ""
    undo_url: str = ""
    fetch_url: str = ""


def _of_batch(batch: Batch, actor: User) -> Job:
    is_moving, is_mine = batch.state in batches.WAITING, batch.asked_by_id == actor.pk
    to = f" to {batch.terms['name']}" if batch.terms.get("name") else ""
    is_begun = batch.state in (BatchState.RUNNING, BatchState.UNDOING)
    return Job(
        batch.pk.hex, "list-checks", "Give" + to if to else batch.get_verb_display(),
        reverse("lead-batch", args=[batch.pk]), batch.asked_by, batch.created_at, batch.get_state_display(),
        said=batch.problem or ("" if is_moving else words(batch)), is_moving=is_moving, position=batch.position,
        total=batch.total if is_begun else None,
        cancel_url=_if(is_moving and is_mine and not batch.cancel_asked, "lead-batch-cancel", batch.pk),
        undo_url=_if(is_mine and batch.state in _BATCH_ENDED and batch.done, "lead-batch-undo", batch.pk),
    )  # fmt: skip


def _of_export(export: Export, actor: User) -> Job:
    is_moving, is_mine = export.state in _WRITES, export.asked_by_id == actor.pk
    is_there = exports.can_be_fetched(export)
    said = export.problem
    if export.state == ExportState.DONE and is_mine and not is_there:
        said = exports.why_not_fetched(export)
    if is_there and export.expires_at:
        day = date_format(export.expires_at)
        said = f"{plural(export.rows or 0, 'lead,leads')}, {filesizeformat(export.size)}, here until {day}."
    total = export.rows if export.rows and export.rows <= lists.MANY and export.state == ExportState.RUNNING else None
    may_cancel = is_moving and is_mine and not export.cancel_asked
    return Job(
        export.pk.hex, "download", export.filename, reverse("leads-export-file", args=[export.pk]), export.asked_by,
        export.created_at, export.get_state_display(), said=said, is_moving=is_moving, position=export.position,
        total=total, cancel_url=_if(may_cancel, "leads-export-cancel", export.pk),
        fetch_url=_if(is_there, "leads-export-fetch", export.pk),
    )  # fmt: skip


def _of_import(run: Any, _: User) -> Job:
    goes_in = run.state in (ImportState.QUEUED, ImportState.RUNNING)
    goes_back = run.state == ImportState.UNDOING
    counts = (
        f"{run.created:,} created, {run.updated:,} updated, {run.unchanged:,} unchanged, {run.rejected:,} rejected."
    )
    position, total = (run.undo.done, run.undo.total) if goes_back else (run.position, run.rows)
    name = called(run.filename, run.of_sheets, run.of_sheet)
    return Job(
        run.pk.hex, "file-up", name, reverse("import", args=[run.pk]), run.started_by, run.created_at,
        run.get_state_display(), said=run.problem or ("" if goes_in or goes_back else counts),
        is_moving=goes_in or (goes_back and not run.undo.problem), position=position, total=total,
        cancel_url=_if(goes_in and not run.cancel_asked, "import-cancel", run.pk),
    )  # fmt: skip


def _if(may: object, name: str, pk: object) -> str:
    return reverse(name, args=[pk]) if may else ""


@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """The latest of one's own, or of all that one may see; those under way first."""
    actor = viewer(request)
    sees_others = actor.role in (Role.ADMIN, Role.LEADER)
    is_all = sees_others and request.GET.get("whose") == "all"
    found = _found(actor, is_all=is_all)
    shown: dict[str, Any] = {
        "jobs": found, "is_moving": any(job.is_moving for job in found), "sees_others": sees_others, "is_all": is_all,
        "here": request.get_full_path(), "is_part": request.headers.get("HX-Target") == "jobs",
    }  # fmt: skip
    return render(request, "leads/jobs_part.html" if shown["is_part"] else "leads/jobs.html", shown)


def _found(actor: User, *, is_all: bool) -> list[Job]:
    """What is done with many, and a file, is for whoever asked, and for administrators; an import as its page is."""
    mine = Q() if is_all and actor.role == Role.ADMIN else Q(asked_by=actor)
    given, files = _batches(mine), _exports(mine)
    runs = _runs(actor) if is_all else _runs(actor).filter(started_by=actor)
    found = [
        *(_of_batch(each, actor) for each in _latest(given, batches.WAITING)),
        *(_of_export(each, actor) for each in _latest(files, _WRITES)),
        *(_of_import(each, actor) for each in _latest(runs, _GOES)),
    ]
    return sorted(found, key=lambda job: (job.is_moving, job.at), reverse=True)[:SHOWN]


def _latest(found: QuerySet[Any], going: Sequence[str]) -> Iterable[Any]:
    """The latest, and all that is under way, however much was asked for after it."""
    ended = found.exclude(state__in=going).order_by("-created_at")[:SHOWN]
    moving = found.filter(state__in=going).order_by("-created_at")[:SHOWN]
    return {each.pk: each for each in (*moving, *ended)}.values()  # one may have ended between the two


def _batches(wanted: Q) -> QuerySet[Batch]:
    return Batch.objects.filter(wanted).select_related("asked_by")


def _exports(wanted: Q) -> QuerySet[Export]:
    """Without their leads: there may be thousands, and the page is asked for every other second."""
    return Export.objects.filter(wanted).select_related("asked_by").defer("lead_ids")


def _runs(actor: User) -> QuerySet[Any]:
    """Without what was found in the files, but for how they are called."""
    found = imports.runs(actor).exclude(state=ImportState.UPLOADED)
    sheets = {"of_sheets": F("dialect__sheets"), "of_sheet": F("dialect__sheet")}
    return found.annotate(**sheets).defer("dialect", "told", "mapping", "fields_made", "made", "undo__made")


@require_safe
def now(request: HttpRequest) -> HttpResponse:
    """What of one's own is under way this moment, and what has just ended: for the corner of any other page."""
    actor, just = viewer(request), clock.now() - JUST
    mine, ended = Q(asked_by=actor), Q(ended_at__gte=just)
    given = _batches(mine & (Q(state__in=batches.WAITING) | ended))
    files = _exports(mine & (Q(state__in=_WRITES) | ended))
    runs = _runs(actor).filter(Q(state__in=_GOES) | ended, started_by=actor)
    found = [
        *(_of_batch(each, actor) for each in given),
        *(_of_export(each, actor) for each in files),
        *(_of_import(each, actor) for each in runs),
    ]
    return render(request, "leads/jobs_now.html", {"jobs": sorted(found, key=lambda job: job.at)})


urlpatterns = [
    path("leads/jobs", jobs, name="jobs"),
    path("leads/jobs/now", now, name="jobs-now"),
]
