"""Putting a question to the simulated market: bounded, asked once, kept, cancelled, gone on with, the same again."""

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from ripeline.people.models import AuditEntry, User
from ripeline.people.rules import NotAllowed
from ripeline.science.simulation import comparing
from ripeline.simulation import actions, queries, words, working
from ripeline.simulation.models import SimulationRun, SimulationState
from ripeline.simulation.rules import FigureError, Figures
from ripeline.worker import tasks
from tests.threads import run_in_threads

WORTH = Decimal(10_000)


def ask(actor: User, figures: Figures, worth: Decimal = WORTH) -> SimulationRun:
    return actions.ask(actor=actor, figures=figures, worth=worth, currency="EUR")


def test_the_worker_answers_and_the_row_keeps_it_with_what_was_asked(
    quickly: None, carol: User, figures: Figures
) -> None:
    run = ask(carol, figures)
    assert tasks.work(lambda: False)
    run.refresh_from_db()
    assert run.state == SimulationState.DONE
    assert run.done == run.steps == working.STEPS
    found = {line.policy: line for line in words.lines(run)}
    assert list(found) == list(words.NAMES)
    best = found["oracle"]
    assert all(line.wins <= best.wins + 1e-9 for line in found.values())
    assert found["ripeline"].more is None
    shoebox = found["shoebox"]
    assert shoebox.more == pytest.approx(found["ripeline"].wins - shoebox.wins, abs=0.1)
    assert not queries.waiting()
    assert queries.latest(carol) == run


def test_who_asks_the_same_gets_the_same_row_and_it_is_worked_once(
    quickly: None, carol: User, ada: User, figures: Figures
) -> None:
    run = ask(carol, figures)
    assert ask(ada, replace(figures, mix={"quote_request": 4.0, "trade_show": 6.0, "other": 0.0})) == run
    assert AuditEntry.objects.filter(verb="simulation.ask").count() == 1
    assert working.work(run.pk)
    before = SimulationRun.objects.get(pk=run.pk)
    again = ask(ada, figures, worth=Decimal(500))  # what a deal brings changes no luck
    assert again.pk == run.pk
    assert again.state == SimulationState.DONE
    assert again.answer == before.answer
    assert again.worth == 500
    assert not working.work(run.pk)
    assert ask(carol, replace(figures, reps=3)).pk != run.pk


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_ask_one_question(carol: User, ada: User, figures: Figures) -> None:
    raised = run_in_threads(*(partial(ask, who, figures) for who in (carol, ada, carol, ada)))
    assert not raised
    assert SimulationRun.objects.count() == 1


def test_the_same_question_has_the_same_answer(quickly: None, carol: User, figures: Figures) -> None:
    answers = []
    for _ in range(2):
        run = ask(carol, figures)
        working.work(run.pk)
        answers.append(SimulationRun.objects.get(pk=run.pk).answer)
        SimulationRun.objects.all().delete()
    assert answers[0] == answers[1]


def test_cancelled_it_keeps_what_it_has_and_goes_on_from_there(
    quickly: None, carol: User, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ask(carol, figures)
    working.work(whole.pk)
    expected = SimulationRun.objects.get(pk=whole.pk).answer
    SimulationRun.objects.all().delete()

    run = ask(carol, figures)
    ran: list[str] = []
    one = comparing.run

    def counted(world: Any, policy: Any) -> Any:
        ran.append(policy.name)
        if len(ran) == 9:  # in the second year
            actions.cancel(actor=carol, run_id=run.pk)
        return one(world, policy)

    monkeypatch.setattr(comparing, "run", counted)
    assert working.work(run.pk)
    run.refresh_from_db()
    assert run.state == SimulationState.CANCELLED
    assert len(run.kept["years"]) == 1
    assert run.answer is None
    years = len(ran)
    assert ask(carol, figures) == run
    assert working.work(run.pk)
    run.refresh_from_db()
    assert run.state == SimulationState.DONE
    assert run.answer == expected
    assert len(ran) - years == len(comparing.POLICIES) + 1  # the first year was not worked again


def test_one_that_waits_is_cancelled_at_once(carol: User, figures: Figures) -> None:
    run = ask(carol, figures)
    actions.cancel(actor=carol, run_id=run.pk)
    run.refresh_from_db()
    assert run.state == SimulationState.CANCELLED
    assert not working.work(run.pk)
    assert actions.cancel(actor=carol, run_id=10**6) is None


def test_a_worker_that_is_to_stop_leaves_it_to_the_next(quickly: None, carol: User, figures: Figures) -> None:
    run = ask(carol, figures)
    asked = iter([False, False, False, False, True])
    assert not working.work(run.pk, is_stopping=lambda: next(asked, True))
    run.refresh_from_db()
    assert run.state == SimulationState.RUNNING
    assert working.work(run.pk)
    assert SimulationRun.objects.get(pk=run.pk).state == SimulationState.DONE


def test_one_that_takes_its_process_down_each_time_is_given_up_in_words(
    quickly: None, carol: User, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    class DownError(BaseException):
        """The process is gone."""

    def down(*_: object, **__: object) -> None:
        raise DownError

    run = ask(carol, figures)
    monkeypatch.setattr(working, "_answer", down)
    for _ in range(working.TRIES):
        with pytest.raises(DownError):
            working.work(run.pk)
    assert working.work(run.pk)
    run.refresh_from_db()
    assert run.state == SimulationState.FAILED
    assert "ended 3 times" in run.problem


def test_what_broke_is_said_and_can_be_asked_again(
    quickly: None, carol: User, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ask(carol, figures)
    with monkeypatch.context() as broken:
        broken.setattr(working, "measured", lambda *_, **__: 1 / 0)
        assert working.work(run.pk)
    run.refresh_from_db()
    assert run.state == SimulationState.FAILED
    assert "Something broke" in run.problem
    assert ask(carol, figures).state == SimulationState.QUEUED


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"leads_per_month": 0.0}, "leads_per_month"),
        ({"leads_per_month": float("nan")}, "leads_per_month"),
        ({"leads_per_month": 2_001.0}, "leads_per_month"),
        ({"reps": 0}, "reps"),
        ({"minutes_per_day": 11}, "minutes_per_day"),
        ({"buys_of_100": 100.0}, "buys_of_100"),
        ({"closing_of_100": 0.0}, "closing_of_100"),
        ({"mix": {}}, "mix"),
        ({"mix": {"trade_show": -1.0, "other": 2.0}}, "mix"),
        ({"mix": {"tea_leaves": 1.0}}, "mix"),
    ],
)
def test_figures_that_make_no_sense_are_refused_beside_their_field(
    carol: User, figures: Figures, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(FigureError) as refused:
        ask(carol, replace(figures, **change))
    assert refused.value.field == field
    assert not SimulationRun.objects.exists()


def test_a_rep_or_an_sdr_asks_nothing(alice: User, sam: User, figures: Figures) -> None:
    for user in (alice, sam):
        with pytest.raises(NotAllowed):
            ask(user, figures)
        with pytest.raises(NotAllowed):
            queries.latest(user)
