"""The model learns from the company's own outcomes: put to use only if better, kept, chosen by hand, taken back."""

from datetime import date, timedelta
from threading import Event, current_thread
from typing import Any

import numpy as np
import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from ripeline.base import clock
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as catalog_queries
from ripeline.catalog.models import FieldType
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions.deciding import decide
from ripeline.leads.models import Lead
from ripeline.people.actions import PeopleError
from ripeline.people.models import AuditEntry, User
from ripeline.people.rules import NotAllowed
from ripeline.ripeness import actions, current, fitting, queries, rules, runs, scoring
from ripeline.ripeness.models import PRIOR, ModelRun, RunState, Score, Verdict
from ripeline.science.model import Model, renew
from ripeline.worker import schedule, tasks
from tests.cast import MONDAY, MakeLead, by
from tests.ripeness.company import grow
from tests.threads import run_in_threads, until_somebody_waits


def fitted(ada: User, as_of: date | None = None) -> ModelRun:
    run = actions.request_fit(actor=ada, as_of=as_of)
    assert actions.work(run.pk)
    run.refresh_from_db()
    assert not run.problem
    return run


def shown() -> dict[str, tuple[object, ...]]:
    names = [f.name for f in Score._meta.fields if f.name not in ("lead_id", "scored_at")]
    return {str(score.pk): tuple(getattr(score, name) for name in names) for score in Score.objects.all()}


def test_without_leads_or_with_one_win_the_general_rule_stays_and_says_why(
    ada: User, alice: User, make_lead: MakeLead
) -> None:
    assert "No lead has come yet" in fitted(ada).reason
    leads.win(make_lead(alice).pk, by(alice), reason=catalog_queries.reason("bought_from_us"))
    make_lead(alice)
    run = fitted(ada)
    assert run.verdict == Verdict.TOO_LITTLE
    assert run.reason.startswith("Of 2 leads one has ripened so far")
    assert queries.current_run().is_prior
    assert queries.is_mostly_prior()


def test_where_everybody_won_nothing_breaks(ada: User, alice: User) -> None:
    grow(alice, n=40, chance={"referral": 1.0}, wins_alone=True)
    run = fitted(ada)
    assert run.state == RunState.DONE
    assert run.reason
    actions.rescore()


def test_a_model_that_was_right_about_later_outcomes_is_put_to_use_and_everybody_is_scored_by_it(
    ada: User, alice: User, make_lead: MakeLead
) -> None:
    grow(alice)
    actions.rescore()
    before = shown()
    run = fitted(ada)
    assert (run.verdict, run.is_current, run.state) == (Verdict.PROMOTED, True, RunState.DONE)
    assert "better than the general rule" in run.reason
    assert (run.n, run.events > 60, run.first_day is not None) == (240, True, True)
    assert {row["key"] for row in run.coefficients} >= {"referral", "display"}
    assert run.metrics["models"][fitting.THEN]["actual"] >= 10
    assert sum(band["n"] for band in run.calibration) > 50
    assert ModelRun.objects.filter(is_current=True).count() == 1
    after = shown()
    assert after.keys() == before.keys()
    assert {row[-1] for row in after.values()} == {run.name}
    newcomer = make_lead(alice)
    actions.rescore([newcomer.pk])
    assert Score.objects.get(pk=newcomer.pk).model == run.name  # at birth too
    referral, display = (row["mean"] for row in run.coefficients if row["key"] in ("referral", "display"))
    assert referral > display + 1
    assert not queries.is_mostly_prior()


def test_taking_a_model_back_restores_the_very_scores(ada: User, alice: User) -> None:
    with clock.at(MONDAY):
        grow(alice)
        actions.rescore()
        by_rule = shown()
        first = fitted(ada)
        by_first = shown()
        assert by_first != by_rule
        actions.rollback(actor=ada)
        assert shown() == by_rule
        actions.promote(actor=ada, run_id=first.pk)
        assert shown() == by_first
    assert set(AuditEntry.objects.filter(verb__startswith="model.").values_list("verb", flat=True)) == {
        "model.fit", "model.rollback", "model.promote",
    }  # fmt: skip


def test_what_somebody_chose_stays_until_later_outcomes_speak_against_it(ada: User, alice: User) -> None:
    grow(alice)
    fitted(ada)
    actions.rollback(actor=ada)
    again = fitted(ada)
    assert again.verdict == Verdict.KEPT
    assert "But Ada chose the current one" in again.reason
    assert queries.current_run().is_prior


def test_what_somebody_chose_while_a_fit_was_learning_stays(
    ada: User, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(alice)
    fitted(ada)
    find = fitting.find

    def find_while_ada_takes_the_model_back(*given: Any, **named: Any) -> fitting.Found:
        actions.rollback(actor=ada)
        found = find(*given, **named)
        assert found.verdict == Verdict.PROMOTED
        return found

    monkeypatch.setattr(fitting, "find", find_while_ada_takes_the_model_back)
    run = fitted(ada)
    assert (run.verdict, run.state, run.is_current) == (Verdict.KEPT, RunState.DONE, False)
    assert run.reason.endswith(
        "by log score). But Ada chose the general rule while it was learning, so that one stays."
    )
    assert queries.current_run().is_prior
    assert set(Score.objects.values_list("model", flat=True)) <= {PRIOR}


def kept_run(ada: User) -> ModelRun:
    """One that learnt a model and was not put to use."""
    return ModelRun.objects.create(
        asked_by=ada, state=RunState.DONE, verdict=Verdict.KEPT, model=Model.of_prior().to_dict(), ended_at=clock.now()
    )


@pytest.mark.django_db(transaction=True)
def test_two_who_choose_at_once_choose_one_after_the_other(ada: User) -> None:
    one, other = kept_run(ada), kept_run(ada)
    one_is_chosen = Event()

    def choose_one() -> None:
        with transaction.atomic():
            runs._make_current(one, chosen_by=ada)
            one_is_chosen.set()
            until_somebody_waits()

    def choose_the_other() -> None:
        one_is_chosen.wait()
        actions.promote(actor=ada, run_id=other.pk)

    assert run_in_threads(choose_one, choose_the_other) == []
    other.refresh_from_db()
    assert (other.is_current, other.previous_id) == (True, one.pk)
    assert ModelRun.objects.filter(is_current=True).count() == 1


def test_a_pass_through_all_leads_begins_anew_when_another_model_is_put_to_use_on_the_way(
    ada: User, alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_lead(alice)
    chosen = kept_run(ada)
    write, written = scoring._write, []

    def write_while_ada_chooses(rows: Any, by: current.Current) -> None:
        write(rows, by)
        written.extend([by.name] * len(rows))
        if len(written) == 2:
            runs._make_current(chosen, chosen_by=ada)

    monkeypatch.setattr(scoring, "PIECE", 1)
    monkeypatch.setattr(scoring, "_write", write_while_ada_chooses)
    assert actions.rescore() == 3
    assert written == [PRIOR] * 2 + [chosen.name] * 3
    assert set(Score.objects.values_list("model", flat=True)) == {chosen.name}


@pytest.mark.django_db(transaction=True)
def test_a_visit_waits_for_no_more_than_a_piece_of_the_pass_through_all_leads(
    alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = make_lead(alice), make_lead(alice)
    write, raised = scoring._write, []

    def score_the_first_anew() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        actions.rescore([first.pk])

    def write_and_look(rows: Any, by: current.Current, *more: Any) -> None:
        write(rows, by, *more)
        if len(rows) == 1 and rows[0][0] != first.pk:  # that of the other is not committed yet
            raised.append(run_in_threads(score_the_first_anew))

    monkeypatch.setattr(scoring, "PIECE", 1)
    monkeypatch.setattr(scoring, "_write", write_and_look)
    assert actions.rescore() == 2
    assert raised == [[]]


@pytest.mark.django_db(transaction=True)
def test_what_happens_to_a_lead_while_the_pass_scores_it_is_scored_after_it_by_what_is_known_then(
    alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = make_lead(alice, title="")
    actions.rescore()
    before = Score.objects.get(pk=lead.pk).reasons
    read, has_read = scoring._facts, Event()

    def read_and_wait(which: str, **given: Any) -> Any:
        found = read(which, **given)
        if not has_read.is_set():
            has_read.set()
            until_somebody_waits()
        return found

    def promote_them() -> None:
        has_read.wait()
        Lead.objects.filter(pk=lead.pk).update(title="Head of operations")
        actions.rescore([lead.pk])

    monkeypatch.setattr(scoring, "_facts", read_and_wait)
    assert run_in_threads(actions.rescore, promote_them) == []
    after = Score.objects.get(pk=lead.pk).reasons
    assert after != before
    actions.rescore()
    assert Score.objects.get(pk=lead.pk).reasons == after


def test_a_lead_that_comes_while_a_model_is_chosen_is_scored_by_that_one(
    ada: User, alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, chosen = make_lead(alice), kept_run(ada)
    read = scoring._facts

    def read_while_ada_chooses(which: str, **given: Any) -> Any:
        runs._make_current(chosen, chosen_by=ada)
        return read(which, **given)

    monkeypatch.setattr(scoring, "_facts", read_while_ada_chooses)
    actions.rescore([lead.pk])
    assert Score.objects.get(pk=lead.pk).model == chosen.name


@pytest.mark.django_db(transaction=True)
def test_two_passes_through_all_leads_go_one_after_the_other_and_the_last_choice_scores(
    ada: User,
    alice: User,
    make_lead: MakeLead,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lead, chosen = make_lead(alice), kept_run(ada)
    write, written, is_writing = scoring._write, [], Event()

    def write_while_somebody_waits(rows: Any, by: current.Current) -> None:
        if not is_writing.is_set():
            is_writing.set()
            until_somebody_waits()  # Ada: until this block is written, her choice waits
        write(rows, by)
        written.append(by.name)

    def choose() -> None:
        is_writing.wait()
        actions.promote(actor=ada, run_id=chosen.pk)

    monkeypatch.setattr(scoring, "_write", write_while_somebody_waits)
    assert run_in_threads(actions.rescore, choose) == []
    assert written == [PRIOR, chosen.name]
    assert Score.objects.get(pk=lead.pk).model == chosen.name


@pytest.mark.django_db(transaction=True)
def test_who_scores_all_leads_waits_for_another_who_does(
    alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_lead(alice)
    write, order, is_writing = scoring._write, [], Event()

    def write_while_somebody_waits(rows: Any, by: current.Current) -> None:
        who = current_thread().name
        order.append(who)
        if not is_writing.is_set():
            is_writing.set()
            until_somebody_waits()
        write(rows, by)
        order.append(who)

    def come_later() -> None:
        is_writing.wait()
        actions.rescore()

    monkeypatch.setattr(scoring, "_write", write_while_somebody_waits)
    assert run_in_threads(actions.rescore, come_later) == []
    assert len(order) == 4
    assert order[0] == order[1] != order[2] == order[3]


def test_only_administrators_teach_choose_and_take_back(mallory: User, mona: User, carol: User) -> None:
    prior = ModelRun.objects.get(is_prior=True)
    for user in (mallory, mona, carol):
        with pytest.raises(NotAllowed):
            actions.request_fit(actor=user)
        with pytest.raises(NotAllowed):
            actions.promote(actor=user, run_id=prior.pk)
        with pytest.raises(NotAllowed):
            actions.rollback(actor=user)
        with pytest.raises(NotAllowed):
            actions.learn_from(actor=user, key="chairs", is_learnt_from=True)


def test_what_is_changed_after_they_came_has_no_effect(ada: User, alice: User) -> None:
    with clock.at(MONDAY):
        catalog.custom_fields({"status": ("Status", FieldType.TEXT)})
        actions.learn_from(actor=ada, key="status", is_learnt_from=True)
        grow(alice, person=lambda *_: {"title": "Nurse", "custom": {"status": "new"}})
        honest = fitted(ada)
        for lead in Lead.objects.filter(opportunities__isnull=False):  # a leak: written because of what became of them
            leads.edit(lead.pk, by(alice), fields={"title": "Chief Buying Officer"})
            decide(lead.pk, by(alice), kind="imported", change=lambda _: {"custom": {"status": "hot"}})
    with clock.at(MONDAY + timedelta(seconds=1)):
        leaky = fitting.gather(clock.now())
    assert set(leaky.captured.table.get("field.status", np.array([]))) <= {"new"}
    assert not np.any(leaky.captured.signals["title_c_level"] == 1)
    again = renew(Model.of_prior(), leaky.record()).model
    stored = Model.from_dict(honest.model)
    assert [term.mean for term in again.terms] == pytest.approx([term.mean for term in stored.terms], abs=1e-4)


def test_answers_given_when_they_came_are_learnt_from_and_said_as_reasons(ada: User, alice: User) -> None:
    grow(alice, answers=lambda _, ripens: {"budget": "this year" if ripens else "not yet"})
    run = fitted(ada)
    assert "answer.budget" in run.columns
    said = [reason.words for score in Score.objects.all() for reason in rules.reasons(score.reasons)]
    assert "Budget: not yet" in said


def test_a_field_of_ones_own_counts_only_where_an_administrator_says_so(ada: User, alice: User) -> None:
    catalog.custom_fields({"chairs": ("Chairs", FieldType.NUMBER)})
    with clock.at(MONDAY):
        grow(alice, n=120, person=lambda _, ripens: {"custom": {"chairs": 3 if ripens else 1}})
        assert "field.chairs" not in fitting.gather(clock.now()).captured.table
        actions.learn_from(actor=ada, key="chairs", is_learnt_from=True)
        found = fitting.gather(clock.now()).captured.table["field.chairs"]
        assert set(found.tolist()) == {1.0, 3.0}
        with pytest.raises(PeopleError, match="There is no field"):
            actions.learn_from(actor=ada, key="stairs", is_learnt_from=True)


def test_the_same_leads_give_the_same_model_in_whatever_order(alice: User) -> None:
    with clock.at(MONDAY):
        grow(alice, n=120)
        known = fitting.gather(clock.now())
    mixed = known.take(np.random.default_rng(1).permutation(len(known.outcomes)))
    one, other = (renew(Model.of_prior(), each.record()).model for each in (known, mixed))
    assert [t.mean for t in one.terms] == pytest.approx([t.mean for t in other.terms], abs=1e-6)
    assert one.prior.log_odds == pytest.approx(other.prior.log_odds, abs=1e-6)


def test_as_of_a_day_gone_by_nothing_later_counts_and_nothing_is_put_to_use(ada: User, alice: User) -> None:
    with clock.at(MONDAY):
        grow(alice)
        then = fitting.gather(MONDAY - timedelta(days=50))
        run = fitted(ada, as_of=(MONDAY - timedelta(days=50)).date())
    assert run.verdict == Verdict.LOOKED_BACK
    assert (run.is_current, run.n) == (False, len(then.outcomes))
    assert then.outcomes.start.max() < then.outcomes.as_of
    assert (then.outcomes.start + then.outcomes.time).max() <= then.outcomes.as_of + 1e-6
    with pytest.raises(PeopleError, match="has not come yet"), clock.at(MONDAY):
        actions.request_fit(actor=ada, as_of=date(2999, 1, 1))


def test_where_only_wins_are_recorded_the_chance_to_buy_from_anybody_stays_the_rules(ada: User, alice: User) -> None:
    grow(alice, n=300, chance={"referral": 0.3, "display": 0.1}, wins_alone=True)
    run = fitted(ada)
    assert (run.verdict, run.wins_alone) == (Verdict.PROMOTED, True)
    assert "were won" in run.reason
    assert queries.is_mostly_prior()
    model = current.current().model
    assert model.prior.log_odds == Model.of_prior().prior.log_odds
    expected = queries.expected(Lead.objects.filter(owner=alice))
    assert expected.ours[-1] < expected.buyers[-1]


def test_asking_twice_before_it_began_is_asking_once(ada: User) -> None:
    assert actions.request_fit(actor=ada).pk == actions.request_fit(actor=ada).pk
    assert actions.request_nightly().pk == ModelRun.objects.get(state=RunState.QUEUED).pk


def test_a_fit_that_was_broken_off_is_begun_again_and_one_in_anothers_hands_left_alone(ada: User) -> None:
    run = actions.request_fit(actor=ada)
    ModelRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, began_at=clock.now())  # as kill -9 leaves it
    params = {k: v for k, v in connection.get_connection_params().items() if k not in ("cursor_factory", "context")}
    with psycopg.connect(**params, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtext('ripeline model run'), hashtext(%s))", [str(run.pk)])
        assert not actions.work(run.pk)
    assert run.pk in queries.waiting()
    assert actions.work(run.pk)
    assert run.pk not in queries.waiting()
    assert not actions.work(run.pk)


def test_one_that_broke_off_while_scoring_goes_on_with_that(ada: User, alice: User) -> None:
    grow(alice)
    run = fitted(ada)
    Score.objects.all().delete()
    ModelRun.objects.filter(pk=run.pk).update(state=RunState.SCORING)
    assert actions.work(run.pk)
    assert set(Score.objects.values_list("model", flat=True)) == {run.name}


def test_what_breaks_is_kept_with_the_run_and_the_model_stays(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ArithmeticError("no numbers today")

    monkeypatch.setattr(fitting, "find", breaks)
    run = actions.request_fit(actor=ada)
    assert actions.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.problem) == (RunState.FAILED, "ArithmeticError: no numbers today")
    assert "The current model stays" in run.reason
    assert queries.current_run().is_prior


def the_disk_is_full(*_: object, **__: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$")


def test_what_the_database_cannot_do_ends_a_fit_in_words(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "find", the_disk_is_full)
    run = actions.request_fit(actor=ada)
    assert actions.work(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "no space left" in run.problem
    assert run.pk not in queries.waiting()


def test_a_model_in_use_stays_so_when_scoring_by_it_breaks_and_may_be_chosen_again(
    ada: User, alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, run = make_lead(alice), kept_run(ada)
    runs._make_current(run, chosen_by=ada)
    ModelRun.objects.filter(pk=run.pk).update(state=RunState.SCORING, verdict=Verdict.PROMOTED, reason="It was better.")
    with monkeypatch.context() as broken:
        broken.setattr(scoring, "rescore", the_disk_is_full)
        assert actions.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.is_current, run.verdict) == (RunState.FAILED, True, Verdict.PROMOTED)
    assert run.reason.startswith("It was better. It is in use, but scoring every lead by it broke off")
    assert "no space left" in run.problem
    assert actions.promote(actor=ada, run_id=run.pk).state == RunState.DONE
    run.refresh_from_db()
    assert (run.problem, run.reason) == ("", "It was better.")
    assert Score.objects.get(pk=lead.pk).model == run.name


@pytest.mark.django_db(transaction=True)
def test_a_fit_whose_database_goes_away_is_begun_again_once_it_is_back(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def the_database_goes_away(*_: object, **__: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    run = actions.request_fit(actor=ada)
    with monkeypatch.context() as broken:
        broken.setattr(fitting, "find", the_database_goes_away)
        with pytest.raises(OperationalError):
            actions.work(run.pk)
    connection.close()
    assert run.pk in queries.waiting()
    assert actions.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.verdict, run.metrics) == (RunState.DONE, Verdict.TOO_LITTLE, {})


def test_a_fit_that_takes_its_process_down_three_times_is_not_begun_again(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Nothing in the process can do anything about it."""

    begun = []

    def is_killed(*_: object, **__: object) -> None:
        begun.append(1)
        raise Killed

    monkeypatch.setattr(fitting, "find", is_killed)
    run = actions.request_fit(actor=ada)
    for _ in range(3):
        with pytest.raises(Killed):
            actions.work(run.pk)
    assert actions.work(run.pk)
    assert len(begun) == 3
    run.refresh_from_db()
    assert (run.state, run.verdict) == (RunState.FAILED, Verdict.KEPT)
    assert "ended 3 times before it was done" in run.reason
    assert run.pk not in queries.waiting()


def test_the_night_asks_for_a_fit_and_the_worker_does_it(ada: User) -> None:
    night = next(task for task in schedule.TASKS if task.name == "fit")
    night.run()
    (waiting,) = queries.waiting()
    assert tasks.work(lambda: False)
    assert not tasks.work(lambda: False)
    assert ModelRun.objects.get(pk=waiting).verdict == Verdict.TOO_LITTLE
