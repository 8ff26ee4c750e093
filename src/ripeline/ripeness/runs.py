"""Model runs: asked for by an action, worked by one process at a time, put to use or not, chosen by hand, taken back.

Who works a run holds an advisory lock on a connection of its own, which PostgreSQL frees when that process dies. A fit
writes nothing until it is done, so one that was broken off is simply begun again, though not for ever; one that was put
to use and broken off while scoring goes on with that.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from math import isfinite

from django.db import connection, transaction

from ripeline.base import clock
from ripeline.base.claiming import claimed
from ripeline.people import actions as people
from ripeline.people import queries as staff
from ripeline.people import rules as people_rules
from ripeline.people import working_time
from ripeline.people.actions import PeopleError
from ripeline.people.models import User
from ripeline.ripeness import fitting, scoring
from ripeline.ripeness.models import ModelRun, RunState, Verdict
from ripeline.timeline import actions as timeline

log = logging.getLogger(__name__)

_WORK = "ripeline model run"
WAITING = (RunState.QUEUED, RunState.RUNNING, RunState.SCORING)
TRIES = 3  # times that a fit is begun; one that takes its process down each time would be begun for ever

_BROKE = "Something broke on our side; the log says what. The current model stays."
_BROKEN_OFF = (
    f"The process that worked it ended {TRIES} times before it was done, perhaps for want of memory, so it is not begun"
    " again. The current model stays."
)
_UNSCORED = " It is in use, but scoring every lead by it broke off; they are all scored again each night."


def seed() -> None:
    """Make the run of the general rule, current until another is promoted."""
    if ModelRun.objects.filter(is_prior=True).exists():
        return
    now = clock.now()
    ModelRun.objects.create(
        is_prior=True, state=RunState.DONE, asked_by=staff.system(), asked_at=now, ended_at=now,
        verdict=Verdict.PROMOTED, reason="The Rule of 45 with the company's own means: believed before any outcome.",
        is_current=not ModelRun.objects.filter(is_current=True).exists(), current_since=now,
    )  # fmt: skip


def request_fit(*, actor: User, as_of: date | None = None) -> ModelRun:
    """Ask for a fit as of now, or of the end of a day gone by; asked again before it began it is the same one."""
    people_rules.require_administers(actor)
    moment, looks_back = _moment(as_of)
    with transaction.atomic():
        same = ModelRun.objects.filter(state=RunState.QUEUED, looks_back=looks_back, as_of=moment)
        if found := same.order_by("pk").first():
            return found
        run = ModelRun.objects.create(asked_by=actor, asked_at=clock.now(), as_of=moment, looks_back=looks_back)
        people.audit(actor=actor, verb="model.fit", target=run.name, as_of=str(as_of or ""))
        timeline.wake_worker()
    return run


def request_nightly() -> ModelRun:
    """Ask for the fit of this night."""
    return request_fit(actor=staff.system())


def _moment(as_of: date | None) -> tuple[datetime | None, bool]:
    if as_of is None:
        return None, False
    calendar, now = working_time.calendar_of(None), clock.now()
    if as_of > calendar.day(now):
        raise PeopleError("That day has not come yet.", "as_of")
    if as_of == calendar.day(now):
        return None, False
    return calendar.end_of(as_of), True


def waiting() -> Sequence[int]:
    """Runs that a worker is to work, the oldest first; some may be in another's hands."""
    return list(ModelRun.objects.filter(state__in=WAITING).order_by("pk").values_list("pk", flat=True))


def work(run_id: int, *, is_stopping: Callable[[], bool] = lambda: False) -> bool:
    """Bring a run to its end; False if another process works it, or it had ended before."""
    with claimed(_WORK, run_id) as is_ours:
        if not is_ours or is_stopping():
            return False
        run = ModelRun.objects.select_related("asked_by").get(pk=run_id)
        if run.state not in WAITING:
            return False
        if run.state == RunState.RUNNING and _begun(run) >= TRIES:
            _fail(run.pk, f"It was broken off {TRIES} times.", reason=_BROKEN_OFF)
            return True
        try:
            if run.state != RunState.SCORING:
                _fit(run)
            _finish(run)
        except Exception as problem:
            if not connection.is_usable():
                raise  # the database is gone: begun again once it is back
            log.exception("A fit failed")
            _fail(run.pk, f"{type(problem).__name__}: {problem}"[:2000], reason=_BROKE)
        return True


def _begun(run: ModelRun) -> int:
    """How often a run was begun that is not done: until it is, that is all there is in its metrics."""
    return 0 if run.state == RunState.QUEUED else int(run.metrics.get("begun", 1))


def _fit(run: ModelRun) -> None:
    """Learn and decide; what was found is written in one transaction, at the end."""
    run.metrics = {"begun": _begun(run) + 1}
    run.state, run.began_at = RunState.RUNNING, clock.now()
    as_of = run.as_of or run.began_at
    run.save(update_fields=["state", "began_at", "metrics"])
    now_used = _now_used()
    found = fitting.find(as_of, now_used=now_used, looks_back=run.looks_back)
    with transaction.atomic():
        scoring.keep_current(to_change_it=True)
        if found.verdict == Verdict.PROMOTED and (chosen := _chosen_meanwhile(now_used)):
            reason = f"{found.reason.removesuffix(fitting.IN_USE)}{chosen}"
            found = replace(found, verdict=Verdict.KEPT, reason=reason)
        _keep(run, found, as_of)
        if found.verdict == Verdict.PROMOTED:
            _make_current(run, chosen_by=None)


def _now_used() -> ModelRun | None:
    return ModelRun.objects.filter(is_current=True).select_related("chosen_by").first()


def _chosen_meanwhile(before: ModelRun | None) -> str:
    """Why a better model is not put to use: the current one is not the one it was held against; "" where it is."""
    now = _now_used()
    if now is None or (before and (before.pk, before.current_since) == (now.pk, now.current_since)):
        return ""
    which = "the general rule" if now.is_prior else f"run {now.pk}"
    if now.chosen_by is None:
        return f"But {which} was put to use meanwhile, which it was not held against, so that one stays."
    return f"But {now.chosen_by.name} chose {which} while it was learning, so that one stays."


def _keep(run: ModelRun, found: fitting.Found, as_of: datetime) -> None:
    run.as_of, run.ended_at, run.problem = as_of, clock.now(), ""
    run.n, run.events = len(found.gathered.outcomes), found.gathered.outcomes.events
    run.first_day, run.wins_alone = found.first_day, found.gathered.wins_alone
    run.verdict, run.reason = found.verdict, found.reason
    run.metrics, run.calibration = dict(found.metrics), found.calibration
    if found.renewed is not None:
        run.model, run.mostly_prior = found.renewed.model.to_dict(), found.renewed.model.mostly_prior
        run.shape, run.shape_scores = found.renewed.learned.shape, _finite(found.renewed.learned.log_scores)
        run.coefficients, run.columns = found.coefficients(), sorted(found.gathered.captured.table)
    run.state = RunState.SCORING if found.verdict == Verdict.PROMOTED else RunState.DONE
    run.save()


def _finite(scores: Mapping[str, float]) -> dict[str, float]:
    """Without what JSON does not have."""
    return {name: round(score, 4) for name, score in scores.items() if isfinite(score)}


def _fail(run_id: int, problem: str, *, reason: str) -> None:
    """End a run that broke; one already put to use stays in use, for the reason it was."""
    run = ModelRun.objects.get(pk=run_id)  # as it is stored: what a transaction took back did not happen
    if run.state == RunState.SCORING:
        run.reason = f"{run.reason.removesuffix(_UNSCORED)}{_UNSCORED}"
    else:
        run.verdict, run.reason, run.ended_at = Verdict.KEPT, reason, clock.now()
    run.state, run.problem = RunState.FAILED, problem
    run.save(update_fields=["state", "verdict", "reason", "problem", "ended_at"])


def _finish(run: ModelRun) -> None:
    """Score everybody by the new model."""
    if run.state != RunState.SCORING:
        return
    scoring.rescore()
    ModelRun.objects.filter(pk=run.pk, state=RunState.SCORING).update(
        state=RunState.DONE, problem="", reason=run.reason.removesuffix(_UNSCORED)
    )


def _make_current(run: ModelRun, *, chosen_by: User | None, taking_back: bool = False) -> ModelRun | None:
    """Put a run to use instead of the current one, which is returned. Within a transaction, which others wait for."""
    scoring.keep_current(to_change_it=True)
    before = ModelRun.objects.select_for_update().filter(is_current=True).first()
    if before is not None:
        ModelRun.objects.filter(pk=before.pk).update(is_current=False)
    run.is_current, run.current_since, run.chosen_by = True, clock.now(), chosen_by
    if not taking_back and before is not None and before.pk != run.pk:
        run.previous = before
    run.save(update_fields=["is_current", "current_since", "chosen_by", "previous"])
    return before


def promote(*, actor: User, run_id: int) -> ModelRun:
    """Put a kept run to use by hand; every open lead is scored by it. Nothing happens to the current one."""
    people_rules.require_administers(actor)
    return _choose(actor, run_id, verb="model.promote")


def rollback(*, actor: User) -> ModelRun:
    """Take the current model back: the one before it scores again, exactly as it did."""
    people_rules.require_administers(actor)
    now_used = ModelRun.objects.filter(is_current=True).first()
    if now_used is None or now_used.is_prior:
        raise PeopleError("The general rule is in use: there is nothing before it.")
    before = now_used.previous_id or ModelRun.objects.values_list("pk", flat=True).get(is_prior=True)
    return _choose(actor, before, verb="model.rollback", taking_back=True)


def _choose(actor: User, run_id: int, *, verb: str, taking_back: bool = False) -> ModelRun:
    with transaction.atomic():
        scoring.keep_current(to_change_it=True)  # before the row, as a fit does
        run = ModelRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise PeopleError(f"There is no run {run_id}; ripeline model list shows them.", "run")
        if run.is_current and run.state != RunState.FAILED:
            return run
        if not run.is_prior and run.model is None:
            raise PeopleError(f"Run {run_id} learnt no model: {run.reason or run.get_state_display()}", "run")
        before = _make_current(run, chosen_by=actor, taking_back=taking_back)
        people.audit(actor=actor, verb=verb, target=run.name, before=before.name if before else "")
        ModelRun.objects.filter(pk=run.pk).update(state=RunState.SCORING)
        run.state = RunState.SCORING
    with claimed(_WORK, run.pk):  # a worker that finds it meanwhile leaves it to us
        _finish(run)
    run.refresh_from_db()
    return run
