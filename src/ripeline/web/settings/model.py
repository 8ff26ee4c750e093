"""Settings, Ripening: which model scores, what each run learnt, what was decided; to teach it, choose, or go back."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from ripeline.catalog import queries as catalog
from ripeline.people import rules
from ripeline.people.actions import PeopleError
from ripeline.people.models import User
from ripeline.ripeness import actions, queries
from ripeline.ripeness.models import ModelRun, RunState
from ripeline.web.frame.shell import say, tabs, viewer

SHOWN = 30  # runs in the list
HEAVIEST = 20  # coefficients on a run's page

_PENDING = (RunState.QUEUED, RunState.RUNNING, RunState.SCORING)


def parts() -> dict[str, Any]:
    """What the settings of ripening show of the model."""
    runs = queries.runs(SHOWN)
    return {
        "runs": runs,
        "now_used": queries.current_run(),
        "is_mostly_prior": queries.is_mostly_prior(),
        "is_learning": any(run.state in _PENDING for run in runs),
        "own_fields": catalog.custom_fields(),
    }


@require_safe
def one(request: HttpRequest, run_id: int) -> HttpResponse:
    """What a run learnt from, found, and how it did on later outcomes."""
    rules.require_administers(viewer(request))
    run = queries.run(run_id)
    if run is None:
        raise Http404
    moved = sorted(run.coefficients, key=lambda each: -abs(each["mean"] - each["before"]))
    answer = {
        "tabs": tabs(request),
        "run": run,
        "coefficients": moved[:HEAVIEST],
        "judged": _judged(run),
        "may_choose": not run.is_current and (run.is_prior or run.model is not None),
    }
    return render(request, "people/model_run.html", answer)


def _judged(run: ModelRun) -> list[dict[str, Any]]:
    """How each model did on the later outcomes, the best first."""
    models = run.metrics.get("models", {})
    rows = [{"name": name, **figures} for name, figures in models.items()]
    return sorted(rows, key=lambda row: -row["log_score"])


def _deed(do: Callable[[User, HttpRequest], str]) -> Callable[..., HttpResponse]:
    """A button of the page: what cannot be is said in a toast."""

    @require_POST
    def view(request: HttpRequest) -> HttpResponse:
        actor = viewer(request)
        rules.require_administers(actor)
        try:
            say(request, do(actor, request))
        except PeopleError as error:
            say(request, str(error), is_error=True)
        return redirect("prior")

    return view


def _learn(actor: User, _: HttpRequest) -> str:
    actions.request_fit(actor=actor)
    return "It learns now; this page says what comes of it."


def _promote(actor: User, request: HttpRequest) -> str:
    try:
        number = int(request.POST.get("run", ""))
    except ValueError:
        raise PeopleError("Choose a run.") from None
    return f"{actions.promote(actor=actor, run_id=number).name} scores now."


def _rollback(actor: User, _: HttpRequest) -> str:
    return f"{actions.rollback(actor=actor).name} scores again, as it did before."


def _fields(actor: User, request: HttpRequest) -> str:
    chosen = set(request.POST.getlist("field"))
    changed = [field for field in catalog.custom_fields() if field.is_learnt_from != (field.key in chosen)]
    for field in changed:
        actions.learn_from(actor=actor, key=field.key, is_learnt_from=field.key in chosen)
    return "Kept; it counts from the next time on that the model learns." if changed else "Nothing was changed."


urlpatterns = [
    path("settings/ripening/runs/<int:run_id>", one, name="model-run"),
    path("settings/ripening/learn-now", _deed(_learn), name="model-learn"),
    path("settings/ripening/promote", _deed(_promote), name="model-promote"),
    path("settings/ripening/rollback", _deed(_rollback), name="model-rollback"),
    path("settings/ripening/fields", _deed(_fields), name="model-fields"),
]
