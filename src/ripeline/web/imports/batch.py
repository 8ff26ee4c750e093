"""Several files in one go: what each is and in which order they go in, their words, and what came of all of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ripeline.capture import rules
from ripeline.capture.cells.fields import Kind
from ripeline.capture.columns import looking, presets, wording
from ripeline.capture.columns.looking import kind_of
from ripeline.capture.columns.mapping import FieldMap
from ripeline.capture.columns.wording import Word
from ripeline.capture.files import pieces
from ripeline.capture.files.dialect import Dialect
from ripeline.capture.imports import actions, batches, dating, queries, trial, trials, undoing
from ripeline.capture.imports.actions import MappingError, Said, UndoError
from ripeline.capture.imports.trial import TrialError
from ripeline.capture.models import ImportKind, ImportRun, ImportState
from ripeline.people.models import User
from ripeline.web.frame.countries import countries
from ripeline.web.frame.shell import say
from ripeline.web.imports import words as import_words
from ripeline.web.imports.mapping import in_words

TRIED = 2_000  # rows of all files that the page tries while one waits
_COUNTS = ("rows", "created", "updated", "unchanged", "rejected")


@require_http_methods(["GET", "POST"])
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    assert isinstance(request.user, User)
    runs = _own(request, batch_id)
    said: dict[str, Any] = {}
    if request.method == "POST":
        waiting = [run for run in runs if run.state == ImportState.UPLOADED]
        _keep_words(request, waiting)
        if "drop" in request.POST:
            return _dropped(request, batch_id, waiting)
        runs = list(queries.batch(request.user, batch_id))  # with the words just kept, of which it is asked below
        waiting = [run for run in runs if run.state == ImportState.UPLOADED]
        said = _changed(request, waiting)
        if not said:
            if "try" not in request.POST and not (said := _started(request, batch_id, waiting)):
                return redirect("import-batch", batch_id)
            said = said or _tried(request.user, batch_id)
        runs = list(queries.batch(request.user, batch_id))
    context = {**_page(runs), **_back(request.user, runs), "batch_id": batch_id, **_tried_before(batch_id), **said}
    is_part = getattr(request, "htmx", False)
    template = "imports/batch.html" if not is_part else f"imports/batch_{'form' if request.POST else 'files'}.html"
    return render(request, template, context, status=422 if said.keys() & {"problem", "unsettled"} else 200)


def _started(request: HttpRequest, batch_id: UUID, waiting: Sequence[ImportRun]) -> dict[str, Any]:
    """Start all files; what keeps them from it, if anything does."""
    assert isinstance(request.user, User)
    lines = import_words.lines(word for run in waiting for word in _words(run))
    if unsettled := import_words.unsettled(lines, request.POST):
        return {"unsettled": unsettled}
    try:
        batches.confirm(actor=request.user, runs=trials.together(batch_id))
    except MappingError as refused:
        return {"problem": str(refused)}
    return {}


def _changed(request: HttpRequest, runs: Sequence[ImportRun]) -> dict[str, Any]:
    """Read files anew whose kind was changed on the page, and say of which: their columns are to be seen first."""
    assert isinstance(request.user, User)
    anew = []
    for run in runs:
        kind = request.POST.get(f"kind-{run.pk}", run.kind)
        if kind != run.kind and kind in ImportKind.values:
            batches.read_as(actor=request.user, run_id=run.pk, kind=cast(Kind, kind))
            anew.append(f"{run.filename} is read as {ImportKind(kind).label.lower()} now")
    is_asked = anew or "read" in request.POST or getattr(request, "htmx", False)
    return (
        {"changed": f"{'; '.join(anew)}, with its columns found anew. Nothing has gone in." if anew else ""}
        if is_asked
        else {}
    )


def _dropped(request: HttpRequest, batch_id: UUID, runs: Sequence[ImportRun]) -> HttpResponse:
    """One file stays out; the others still go in together."""
    assert isinstance(request.user, User)
    for run in runs:
        if str(run.pk) == request.POST["drop"]:
            actions.discard(actor=request.user, run_id=run.pk)
            say(request, f"{run.filename} stays out; nothing of it went in. To bring it after all, choose it again.")
    return redirect("import-batch", batch_id) if queries.batch(request.user, batch_id) else redirect("imports")


def _tried(actor: User, batch_id: UUID) -> dict[str, Any]:
    """What the files would do, one after another; where that takes longer than one waits, the worker tries them."""
    files = trials.together(batch_id)
    try:
        found = trial.attempt_together(
            lambda: [actions.confirm(actor=actor, run_id=run.pk) for run in files], actor=actor, most=TRIED
        )
    except (MappingError, TrialError) as refused:
        return {"problem": str(refused)}
    if all(each.is_whole for each in found):
        return {"tried": list(zip(files, found, strict=True))}
    trials.ask_together(actor=actor, batch_id=batch_id)
    return _tried_before(batch_id)


def _tried_before(batch_id: UUID) -> dict[str, Any]:
    """What the worker found, or how far it is, with the files as they are now."""
    found = trials.of_batch(batch_id)
    if found is None:
        return {}
    if trials.is_going(found):
        return {"trying": found, "again_at": found.next_at if trials.is_waiting(found) else None}
    by_file = trials.results(found)
    return {
        "tried": [(run, by_file[run.pk]) for run in trials.together(batch_id)] if by_file else [],
        "untried": found.problem,
    }


@require_safe
def batch_trial(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The part of the page that says what would change, or how far the worker is with it."""
    _own(request, batch_id)
    return render(request, "imports/batch_trial.html", {"batch_id": batch_id, **_tried_before(batch_id)})


@require_POST
def batch_trial_stop(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    _own(request, batch_id)
    if found := trials.of_batch(batch_id):
        trials.stop(run_id=found.pk)
    return redirect("import-batch", batch_id)


@require_http_methods(["GET", "POST"])
def batch_undo(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """In which order the files are taken back; asked to, it begins."""
    assert isinstance(request.user, User)
    runs = _own(request, batch_id)
    for run in runs:
        rules.require_undoer(request.user, run)
    files = batches.to_take_back(runs)
    if request.method == "POST" or not files:
        try:
            batches.take_back(actor=request.user, runs=runs)
        except UndoError as problem:
            say(request, str(problem), is_error=True)
        return redirect("import-batch", batch_id)
    stays = [undoing.why_not(run) for run in runs if undoing.why_not(run)]
    return render(request, "imports/batch_undo.html", {"batch_id": batch_id, "files": files, "stays": stays})


def _own(request: HttpRequest, batch_id: UUID) -> list[ImportRun]:
    """The files of a batch of one's own."""
    assert isinstance(request.user, User)
    rules.require_importer(request.user)
    if runs := list(queries.batch(request.user, batch_id)):
        return runs
    raise Http404


def _keep_words(request: HttpRequest, runs: Sequence[ImportRun]) -> None:
    assert isinstance(request.user, User)
    for run in runs:
        if words := import_words.said(_words(run), request.POST):
            told = Said.from_json(run.told)
            kept = replace(told, words=wording.merged(told.words, words))
            actions.prepare(actor=request.user, run_id=run.pk, said=kept, mapping=run.mapping)


def _words(run: ImportRun) -> list[Word]:
    dialect = Dialect.from_json(run.dialect)
    return wording.listed(pieces.opened(run), dialect, FieldMap.from_json(kind_of(run), dialect.labels, run.mapping))


def _back(actor: User, runs: Sequence[ImportRun]) -> dict[str, Any]:
    """Whether the files are being taken back, or can be."""
    is_going_back = any(run.state == ImportState.UNDOING for run in runs)
    may = all(rules.may_undo(actor, run) for run in runs) and bool(batches.to_take_back(runs))
    return {
        "is_going_back": is_going_back,
        "is_back": all(run.state == ImportState.UNDONE for run in runs),
        "may_undo": may and not is_going_back,
    }


def _page(runs: Sequence[ImportRun]) -> dict[str, Any]:
    waiting = [run for run in runs if run.state == ImportState.UPLOADED]
    ended = (*undoing.ENDED, ImportState.UNDONE)
    files, named = [], dict(countries())
    for run in runs:
        dialect = Dialect.from_json(run.dialect)
        preset = presets.recognised(dialect.labels)
        is_waiting = run.state == ImportState.UPLOADED
        found = [in_words(problem, kind_of(run)) for problem in batches.problems(run)] if is_waiting else []
        asks = is_waiting and looking.run_asks_for_outcomes(run)
        files.append(
            {"run": run, "preset": preset.label if preset else "", "problems": found, "asks": asks}
            | {"is_undated": is_waiting and run.kind == ImportKind.LEADS and dating.is_undated(run)}
            | ({"numbers": named.get(dialect.country, "")} if is_waiting and "country" in dialect.why else {})
        )  # fmt: skip
    return {
        "files": files,
        "kinds": [(kind, ImportKind(kind).label) for kind in batches.ORDER],
        "is_waiting": bool(waiting),
        "is_moving": not waiting and any(run.state not in ended for run in runs),
        "words": import_words.lines(word for run in waiting for word in _words(run)),
        "totals": {name: sum(getattr(run, name) or 0 for run in runs) for name in _COUNTS},
    }
