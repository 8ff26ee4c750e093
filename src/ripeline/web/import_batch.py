"""Several files in one go: what each is and in which order they go in, their words, and what came of all of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ripeline.capture import actions, batches, looking, pieces, presets, queries, rules, wording
from ripeline.capture.actions import MappingError, Said
from ripeline.capture.dialect import Dialect
from ripeline.capture.looking import kind_of
from ripeline.capture.mapping import FieldMap
from ripeline.capture.models import ImportRun, ImportState
from ripeline.capture.wording import Word
from ripeline.people.models import User
from ripeline.web import import_words

_COUNTS = ("rows", "created", "updated", "unchanged", "rejected")


@require_http_methods(["GET", "POST"])
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    assert isinstance(request.user, User)
    rules.require_importer(request.user)
    runs = list(queries.batch(request.user, batch_id))
    if not runs:
        raise Http404
    problem = ""
    if request.method == "POST":
        waiting = [run for run in runs if run.state == ImportState.UPLOADED]
        _keep_words(request, waiting)
        try:
            batches.confirm(actor=request.user, runs=waiting)
            return redirect("import-batch", batch_id)
        except MappingError as refused:
            problem = str(refused)
            runs = list(queries.batch(request.user, batch_id))
    context = {**_page(runs), "batch_id": batch_id, "problem": problem}
    template = "imports/batch_files.html" if getattr(request, "htmx", False) else "imports/batch.html"
    return render(request, template, context, status=422 if problem else 200)


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


def _page(runs: Sequence[ImportRun]) -> dict[str, Any]:
    waiting = [run for run in runs if run.state == ImportState.UPLOADED]
    ended = (ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED)
    files = []
    for run in runs:
        preset = presets.recognised(Dialect.from_json(run.dialect).labels)
        is_waiting = run.state == ImportState.UPLOADED
        found = batches.problems(run) if is_waiting else []
        asks = is_waiting and looking.run_asks_for_outcomes(run)
        files.append({"run": run, "preset": preset.label if preset else "", "problems": found, "asks": asks})
    return {
        "files": files,
        "is_waiting": bool(waiting),
        "is_moving": not waiting and any(run.state not in ended for run in runs),
        "words": import_words.lines(word for run in waiting for word in _words(run)),
        "totals": {name: sum(getattr(run, name) or 0 for run in runs) for name in _COUNTS},
    }
