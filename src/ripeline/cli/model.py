"""``ripeline model``: the ripening model, taught, chosen, explained and judged."""

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from ripeline.cli import evaluating
from ripeline.cli.opening import opened
from ripeline.cli.output import Failed, emit, json_option, say

if TYPE_CHECKING:
    from ripeline.ripeness.explaining import Explanation
    from ripeline.ripeness.models import ModelRun

GLANCE = 0.5  # seconds between looks at a run that another process works


@click.group("model")
def command() -> None:
    """The ripening model: taught, chosen, explained and judged."""


command.add_command(evaluating.command)


@command.command("fit")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="As of the end of this day; it is kept, not put to use."
)
@json_option
def fit(as_of: datetime | None, as_json: bool) -> None:
    """Learn from the outcomes so far, and put the model to use if it is better.

    Better means: learnt in the same way some 60 days ago it would have said more truly what happened since than the
    current model and the general rule. The same is done every night by the worker.
    """
    with opened():
        from ripeline.people import queries as people
        from ripeline.people.actions import PeopleError
        from ripeline.ripeness import actions, queries

        try:
            run = actions.request_fit(actor=people.system(), as_of=as_of.date() if as_of else None)
        except PeopleError as error:
            raise Failed(str(error)) from error
        say("Learning …")
        while not actions.work(run.pk) and run.pk in queries.waiting():
            time.sleep(GLANCE)  # a worker was quicker: it does the same
        found = queries.run(run.pk)
        assert found is not None
        if as_json:
            emit(as_dict(found))
        else:
            _print(found)
        if found.state == "failed":
            raise Failed(found.reason)


@command.command("list")
@json_option
def list_runs(as_json: bool) -> None:
    """The model runs, newest first: what each learnt from and what was decided."""
    with opened():
        from ripeline.ripeness import queries

        found = queries.runs()
        if as_json:
            emit({"runs": [as_dict(run) for run in found]})
            return
        for run in found:
            _print(run)


@command.command("promote")
@click.argument("run", type=int)
@json_option
def promote(run: int, as_json: bool) -> None:
    """Put the run with number RUN to use, whatever the outcomes said; every open lead is scored by it."""
    _choose(lambda actions, actor: actions.promote(actor=actor, run_id=run), as_json)


@command.command("rollback")
@json_option
def rollback(as_json: bool) -> None:
    """Take the current model back: the one before it scores again."""
    _choose(lambda actions, actor: actions.rollback(actor=actor), as_json)


def _choose(do: Any, as_json: bool) -> None:
    with opened():
        from ripeline.people import queries as people
        from ripeline.people.actions import PeopleError
        from ripeline.ripeness import actions

        try:
            chosen = do(actions, people.system())
        except PeopleError as error:
            raise Failed(str(error)) from error
        if as_json:
            emit(as_dict(chosen))
        else:
            click.echo(f"{chosen.name} scores now.")


@command.command("explain")
@click.argument("lead")
@json_option
def explain(lead: str, as_json: bool) -> None:
    """Say why LEAD scores as it does, with everything that adds up to it.

    LEAD is its id, the id that another system gave it, or an e-mail address.
    """
    with opened():
        from ripeline.ripeness import explaining

        meant = explaining.find(lead)
        if not meant:
            raise Failed(f"There is no lead with the id, external id or e-mail address “{lead}”.")
        if len(meant) > 1:
            listed = "".join(f"\n  {one.pk}  {one}" for one in meant)
            raise Failed(f"“{lead}” means several leads. Give the id of one of them:{listed}")
        (found,) = meant
        why = explaining.explain(found)
        if why is None:
            raise Failed(f"{found} is {found.get_state_display().lower()}, so there is nothing to expect any more.")
        if as_json:
            emit(_explained(why))
            return
        click.echo(f"{why.sentence}\n{why.outlook}")
        if why.is_mostly_prior:
            click.echo("This is mostly rule of thumb: there are few outcomes of your own yet.")
        click.echo(f"\n{'The average lead':<44} {why.average:+.2f}")
        for part in why.parts:
            click.echo(f"{part.label:<44} {part.adds:+.2f}")
        if abs(why.curve) >= 0.005:
            click.echo(f"{'How its kind ripens':<44} {why.curve:+.2f}")
        click.echo(f"{'Log-odds of ever buying, when it came':<44} {why.score.log_odds:+.2f}")


@command.command("fields")
@click.option("--learn", multiple=True, metavar="KEY", help="Known when they came: the model may learn from it.")
@click.option("--leave", multiple=True, metavar="KEY", help="Not to be learnt from any more.")
@json_option
def fields(learn: tuple[str, ...], leave: tuple[str, ...], as_json: bool) -> None:
    """List your own fields and which of them the model may learn from; by default none.

    Only a field that is known when somebody comes to you tells anything beforehand. One that is filled in later,
    because of what became of the lead, predicts wonderfully and falsely.
    """
    with opened():
        from ripeline.catalog import queries as catalog
        from ripeline.people import queries as people
        from ripeline.people.actions import PeopleError
        from ripeline.ripeness import actions

        try:
            for keys, learnt in ((learn, True), (leave, False)):
                for key in keys:
                    actions.learn_from(actor=people.system(), key=key, is_learnt_from=learnt)
        except PeopleError as error:
            raise Failed(str(error)) from error
        found = catalog.custom_fields()
        if as_json:
            emit({"fields": [{"key": f.key, "label": f.label, "learnt_from": f.is_learnt_from} for f in found]})
            return
        for field in found:
            click.echo(f"{'✓' if field.is_learnt_from else '·'} {field.key}  {field.label}")
        if not found:
            say("There are no fields of your own yet; an import brings them.")


def as_dict(run: "ModelRun") -> dict[str, Any]:
    """A run for ``--json``, without the model itself."""
    return {
        "run": run.pk, "name": run.name, "state": run.state, "current": run.is_current, "verdict": run.verdict,
        "reason": run.reason, "problem": run.problem, "as_of": run.as_of, "asked_by": run.asked_by.email,
        "asked_at": run.asked_at, "ended_at": run.ended_at, "n": run.n, "events": run.events,
        "first_day": run.first_day, "shape": run.shape, "shape_scores": run.shape_scores, "seed": run.seed,
        "wins_alone": run.wins_alone, "mostly_prior": round(run.mostly_prior, 4), "metrics": run.metrics,
        "calibration": run.calibration, "coefficients": run.coefficients,
    }  # fmt: skip


def _print(run: "ModelRun") -> None:
    day = f" as of {run.as_of:%Y-%m-%d}" if run.as_of else ""
    learnt = f", {run.n:,} leads, {run.events:,} ripe, {run.shape or 'nothing learnt'}" if not run.is_prior else ""
    click.echo(f"{'*' if run.is_current else ' '} {run.pk:>4}  {run.name}{day}{learnt}")
    if run.reason:
        click.echo(f"        {run.reason}")


def _explained(why: "Explanation") -> dict[str, Any]:
    score = why.score
    return {
        "lead": str(why.lead.pk), "name": str(why.lead), "model": score.model, "sentence": why.sentence,
        "outlook": why.outlook, "mostly_prior": why.is_mostly_prior,
        "p_30": score.p_30, "p_30_low": score.p_30_low, "p_30_high": score.p_30_high,
        "p_ever": score.p_ever, "p_ever_low": score.p_ever_low, "p_ever_high": score.p_ever_high, "p_win": score.p_win,
        "window": [score.window_start, score.window_end],
        "said_before": {"n": why.kept[0], "did": why.kept[1]} if why.kept else None,
        "log_odds": score.log_odds, "average": why.average, "curve": why.curve,
        "contributions": [{"key": part.key, "label": part.label, "adds": part.adds} for part in why.parts],
    }  # fmt: skip
