"""Imports: the list, a new one, and each from its mapping over its progress to what came of it."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile as Uploaded
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from ripeline.base import clock
from ripeline.capture import rules
from ripeline.capture.cells.fields import Kind
from ripeline.capture.files import pieces
from ripeline.capture.imports import actions, batches, queries, runs, trial, trials, turns, undoing
from ripeline.capture.imports.actions import MappingError, UnreadableFileError
from ripeline.capture.imports.batches import RefusedFilesError, Upload
from ripeline.capture.imports.trial import TrialError
from ripeline.capture.models import ImportKind, ImportRun, ImportState
from ripeline.insight.rules import READERS
from ripeline.people.models import User
from ripeline.web.frame.shell import say, viewer
from ripeline.web.imports import batch as import_batch
from ripeline.web.imports import mapping as import_mapping
from ripeline.web.imports import memory as import_memory
from ripeline.web.imports import owners as import_owners
from ripeline.web.imports import result as import_result
from ripeline.web.imports import schedules as import_schedules
from ripeline.web.imports import sheets as import_sheets
from ripeline.web.imports import standing as import_standing
from ripeline.web.imports import undo as import_undo
from ripeline.web.imports import words as import_words
from ripeline.web.imports.access import asked, importer

MOST_FILES = 20  # in one go
PAGE = 30  # imports in a list
TRIED = 2_000  # rows that the page tries while one waits


@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    actor = importer(request)
    found = queries.runs(actor).order_by("-id")
    try:
        place = {"id__lt": UUID(request.GET["before"])} if "before" in request.GET else {}
    except ValueError:
        place = {}
    page = list(found.filter(**place)[: PAGE + 1])
    older = f"{reverse('imports')}?before={page[PAGE - 1].pk}" if len(page) > PAGE else ""
    context = {"runs": page[:PAGE], "older": older, "newer": reverse("imports") if place else "", "actor": actor}
    return render(request, "imports/imports.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    actor = importer(request)
    kind = request.POST.get("kind") or request.GET.get("kind") or ""
    context: dict[str, Any] = {
        "kind": kind if kind in ImportKind.values else "",
        "largest": pieces.LARGEST // 1024**2, "most_rows": runs.MOST_ROWS,
    }  # fmt: skip
    if request.method == "GET":
        return render(request, "imports/new.html", context)
    files = cast("list[Uploaded[Any]]", request.FILES.getlist("file"))
    if not files or (kind and kind not in ImportKind.values):
        return render(request, "imports/new.html", {**context, "error": "Choose a file."}, status=422)
    if len(files) > 1:
        return _together(request, actor, files, context)
    (file,) = files
    try:
        run = actions.begin(
            actor=actor, kind=cast(Kind, kind) if kind else None, filename=file.name or "", file=cast(Any, file)
        )  # fmt: skip
    except UnreadableFileError as problem:
        return render(request, "imports/new.html", {**context, "error": str(problem)}, status=422)
    if run.state != ImportState.UPLOADED:
        say(request, "This file was here already, and has not ended; it goes on where it stopped.")
    return redirect("import", run.pk)


def _together(
    request: HttpRequest, actor: User, files: Sequence["Uploaded[Any]"], context: dict[str, Any]
) -> HttpResponse:
    """Several files in one go: what each has is found out."""
    if len(files) > MOST_FILES:
        error = f"At most {MOST_FILES} files go in together; these are {len(files)}."
        return render(request, "imports/new.html", {**context, "error": error}, status=422)
    try:
        batch_id = batches.begin(actor=actor, uploads=[Upload(file.name or "", cast(Any, file)) for file in files])
    except RefusedFilesError as problem:
        return render(request, "imports/new.html", {**context, "error": str(problem)}, status=422)
    return redirect("import-batch", batch_id)


@require_safe
def one(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The page that fits how far the import is."""
    run = asked(request, run_id)
    if run.state == ImportState.UPLOADED:
        return render(request, "imports/mapping.html", _mapped(request, run, import_mapping.page(run)))
    if run.state in (ImportState.QUEUED, ImportState.RUNNING):
        return render(request, "imports/progress.html", _progress(run))
    if run.state == ImportState.UNDOING:
        return render(request, "imports/undoing.html", import_undo.progress(importer(request), run))
    if run.state == ImportState.UNDONE:
        return render(request, "imports/undone.html", {"run": run, **import_undo.result(importer(request), run)})
    may_undo = rules.may_undo(importer(request), run)
    return render(
        request,
        "imports/result.html",
        {
            **import_result.of(run),
            **import_sheets.left(importer(request), run),
            "may_undo": may_undo,
            "why_not_undo": undoing.why_not(run),
            "sees_insight": viewer(request).role in READERS,
        },
    )


@require_safe
def progress(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The part of the page that moves, until there is something else to show."""
    run = asked(request, run_id)
    if run.state in (ImportState.QUEUED, ImportState.RUNNING):
        return render(request, "imports/moving.html", _progress(run))
    if run.state == ImportState.UNDOING and not run.undo.problem:
        return render(request, "imports/undoing_moving.html", import_undo.progress(importer(request), run))
    return HttpResponseClientRefresh()


@require_POST
def mapping(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What was chosen is kept and shown with its preview; or, asked to start, the import starts."""
    run = asked(request, run_id)
    if run.state != ImportState.UPLOADED:
        return _to(request, run_id)
    context = import_mapping.kept(importer(request), run, request.POST)
    if _is_pressed(request, "try"):
        return _tried(request, run_id, context)
    is_start = _is_pressed(request, "start")
    if is_start and not context["problems"]:
        context["unsettled"] = import_words.unsettled(context["words"], request.POST)
    if is_start and not context["problems"] and not context["unsettled"]:
        try:
            actions.confirm(actor=importer(request), run_id=run_id, keeps_sheets=True)
        except MappingError as problem:
            context["problems"] = [str(problem)]
        else:
            return _to(request, run_id)
    template = "imports/columns.html" if getattr(request, "htmx", False) else "imports/mapping.html"
    return render(request, template, _mapped(request, run, context), status=422 if is_start else 200)


def _mapped(request: HttpRequest, run: ImportRun, context: dict[str, Any]) -> dict[str, Any]:
    """With what the worker found, and with the sheets that are left."""
    return {**context, **import_sheets.left(importer(request), run), **_tried_before(run)}


def _is_pressed(request: HttpRequest, button: str) -> bool:
    """Whether this button was pressed; HTMX sends its name along with a later change of the form, too."""
    htmx = getattr(request, "htmx", None)
    return htmx.trigger == button if htmx else button in request.POST


def _tried(request: HttpRequest, run_id: UUID, context: dict[str, Any]) -> HttpResponse:
    """The mapping page with what its file would do; nothing of it stays."""
    actor = importer(request)
    if not context["problems"]:
        try:
            context["trial"] = trial.attempt(
                lambda: actions.confirm(actor=actor, run_id=run_id), actor=actor, most=TRIED
            )  # fmt: skip
            found = context["trial"]
            if found.rows < found.total:  # the rest takes longer than one waits
                trials.ask(actor=actor, run_id=run_id)
                context |= _tried_before(asked(request, run_id))
        except (MappingError, TrialError) as problem:
            context["untried"] = str(problem)
    template = "imports/columns.html" if getattr(request, "htmx", False) else "imports/mapping.html"
    context |= import_sheets.left(actor, context["run"])
    return render(request, template, context, status=200 if "trial" in context else 422)


def _tried_before(run: ImportRun) -> dict[str, Any]:
    """What the worker found, or how far it is, with the columns as they are now."""
    found = trials.of(run)
    if found is None:
        return {}
    if trials.is_going(found):
        return {"trying": found, "again_at": found.next_at if trials.is_waiting(found) else None, "run": run}
    return {"trial": trials.result(found), "untried": found.problem, "run": run}


@require_safe
def trial_progress(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The part of the page that says what would change, or how far the worker is with it."""
    run = asked(request, run_id)
    return render(request, "imports/trial.html", {"run": run, **_tried_before(run)})


@require_POST
def trial_stop(request: HttpRequest, run_id: UUID) -> HttpResponse:
    trials.stop(run_id=asked(request, run_id).pk)
    return redirect("import", run_id)


def _to(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """To the import's page, also where a part of one was asked for."""
    where = reverse("import", args=[run_id])
    return HttpResponseClientRedirect(where) if getattr(request, "htmx", False) else redirect(where)


@require_POST
def read_as(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The file read as rows of another kind; its columns are found anew."""
    run, kind = asked(request, run_id), request.POST.get("kind")
    if run.state == ImportState.UPLOADED and kind in ImportKind.values and kind != run.kind:
        batches.read_as(actor=importer(request), run_id=run_id, kind=cast(Kind, kind))
    return redirect("import", run_id)


@require_POST
def cancel(request: HttpRequest, run_id: UUID) -> HttpResponse:
    actions.cancel(actor=importer(request), run_id=asked(request, run_id).pk)
    return redirect("import", run_id)


@require_POST
def first(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Let it go in before the one that it waits for."""
    turns.let_first(actor=importer(request), run_id=asked(request, run_id).pk)
    return redirect("import", run_id)


@require_POST
def go_on(request: HttpRequest, run_id: UUID) -> HttpResponse:
    try:
        actions.go_on(actor=importer(request), run_id=asked(request, run_id).pk)
    except MappingError as problem:
        say(request, str(problem), is_error=True)
    return redirect("import", run_id)


@require_POST
def discard(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = asked(request, run_id)
    actions.discard(actor=importer(request), run_id=run.pk)
    say(request, f"{run.filename} was put aside; nothing of it went in.")
    return redirect("imports")


def _progress(run: ImportRun) -> dict[str, Any]:
    share = run.position / run.rows if run.rows else None
    return {"run": run, "left": _left(run), "share": share, "waits_for": turns.waits_for(run)}


def _left(run: ImportRun) -> str:
    """How long until its end, in words, as far as its pace tells; "" while it does not."""
    if not (run.began_at and run.rows and run.position and run.rows > run.position):
        return ""
    gone = (clock.now() - run.began_at).total_seconds()
    seconds = gone / run.position * (run.rows - run.position)
    if gone < 2:
        return ""
    return f"{max(round(seconds), 1)} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"


urlpatterns = [
    *import_result.urlpatterns,
    *import_undo.urlpatterns,
    *import_owners.urlpatterns,
    *import_standing.urlpatterns,
    *import_memory.urlpatterns,
    *import_schedules.urlpatterns,
    *import_sheets.urlpatterns,
    path("imports", imports, name="imports"),
    path("imports/new", new, name="import-new"),
    path("imports/together/<uuid:batch_id>", import_batch.batch, name="import-batch"),
    path("imports/together/<uuid:batch_id>/trial", import_batch.batch_trial, name="import-batch-trial"),
    path("imports/together/<uuid:batch_id>/trial/stop", import_batch.batch_trial_stop, name="import-batch-trial-stop"),
    path("imports/together/<uuid:batch_id>/undo", import_batch.batch_undo, name="import-batch-undo"),
    path("imports/<uuid:run_id>", one, name="import"),
    path("imports/<uuid:run_id>/progress", progress, name="import-progress"),
    path("imports/<uuid:run_id>/mapping", mapping, name="import-mapping"),
    path("imports/<uuid:run_id>/trial", trial_progress, name="import-trial"),
    path("imports/<uuid:run_id>/trial/stop", trial_stop, name="import-trial-stop"),
    path("imports/<uuid:run_id>/read-as", read_as, name="import-read-as"),
    path("imports/<uuid:run_id>/cancel", cancel, name="import-cancel"),
    path("imports/<uuid:run_id>/first", first, name="import-first"),
    path("imports/<uuid:run_id>/go-on", go_on, name="import-go-on"),
    path("imports/<uuid:run_id>/discard", discard, name="import-discard"),
]
