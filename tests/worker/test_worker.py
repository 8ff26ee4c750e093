"""The worker: every activity is reacted to once, one poisoned row stalls nobody, and of two workers one runs a task."""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import connection

from ripeline.base import clock
from ripeline.capture.exports import exports
from ripeline.capture.models import Export, ExportState
from ripeline.catalog import queries as catalog
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions.recognising import identify
from ripeline.leads.doubles import duplicates
from ripeline.leads.models import Lead
from ripeline.outbox import actions as outbox
from ripeline.people.models import User
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness import scoring
from ripeline.ripeness.models import Score
from ripeline.timeline.kinds import REACTING
from ripeline.timeline.models import RIPE, Reaction
from ripeline.worker import main, making_way, reactions, schedule, tidying
from ripeline.worker.main import Worker
from ripeline.worker.models import Beat
from ripeline.worker.schedule import Task
from ripeline.worklist.models import Plan
from tests.cast import MakeLead, by
from tests.hits import hit, store
from tests.mail_server import Post


def test_every_kind_that_leaves_a_reaction_is_in_the_table_and_no_other() -> None:
    assert set(reactions.REACTIONS) == {*REACTING, RIPE}


def test_a_lead_that_came_in_is_scored_and_a_closed_one_no_longer(lead: Lead, alice: User) -> None:
    assert reactions.work() == 1
    assert Score.objects.filter(pk=lead.pk).exists()
    leads.close(lead.pk, by(alice), reason=catalog.reason("not_a_fit"))
    reactions.work()
    assert not Score.objects.filter(pk=lead.pk).exists()
    assert reactions.work() == 0


def test_a_poisoned_row_is_set_aside_and_stalls_nobody(alice: User, make_lead: MakeLead) -> None:
    good, bad = make_lead(alice), make_lead(alice)
    done: set[UUID] = set()

    def react(ids: Collection[UUID]) -> None:
        if bad.pk in ids:
            raise RuntimeError("poisoned")
        done.update(ids)

    assert reactions.work({"captured": (react,)}) == 2
    assert done == {good.pk}
    left = Reaction.objects.get()
    assert (left.lead_id, left.attempts) == (bad.pk, 1)
    assert "poisoned" in left.error
    assert reactions.work({"captured": (react,)}) == 0, "not before its time"
    with clock.at(clock.now() + timedelta(minutes=2)):
        assert reactions.work({"captured": (react,)}) == 1
    assert Reaction.objects.get().attempts == 2


@pytest.mark.django_db(transaction=True)
def test_who_is_recognised_is_done_in_a_transaction_of_its_own_for_the_intake_waits_for_it(
    alice: User, make_lead: MakeLead
) -> None:
    lead, seen = make_lead(alice), []
    identify(visitor_id=uuid4(), lead_id=lead.pk, by=by(alice), since=clock.now(), how="form")

    def react(ids: Collection[UUID]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT txid_current()")
            seen.append(cursor.fetchone())

    assert reactions.work({"captured": (react,), "recognised": (lambda ids: react(ids),)}) == 2
    assert len(set(seen)) == 2


@pytest.mark.django_db(transaction=True)
def test_a_visit_is_in_the_score_while_other_reactions_are_still_at_work(alice: User, make_lead: MakeLead) -> None:
    lead, begun, may_end = make_lead(alice, captured=timedelta(days=60)), threading.Event(), threading.Event()

    def react(ids: Collection[UUID]) -> None:
        begun.set()
        may_end.wait(60)

    def work() -> None:
        try:
            reactions.work({"captured": (react,)}, lanes=reactions.OTHERS)
        finally:
            connection.close()

    busy = threading.Thread(target=work)
    busy.start()
    try:
        assert begun.wait(60)
        _visit(lead)
        assert reactions.work(lanes=[reactions.VISITS]) == 1
        assert Score.objects.get(pk=lead.pk).signals > 0
    finally:
        may_end.set()
        busy.join()


def test_who_was_seen_and_is_likely_ready_waits_once_for_a_place_and_nobody_else_does(
    alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot, cold = (make_lead(alice, captured=timedelta(days=60)) for _ in range(2))
    reactions.work()
    for lead in (hot, hot, cold):
        _visit(lead)
    monkeypatch.setattr(reactions.worklist, "likely_ready", lambda ids: {hot.pk} & set(ids))
    assert reactions.work(lanes=[reactions.VISITS]) == 3
    waits = Reaction.objects.get()
    assert (waits.kind, waits.lead_id, waits.attempts) == (RIPE, hot.pk, 0)
    placed: list[UUID] = []
    assert reactions.work({RIPE: (placed.extend,)}) == 1
    assert placed == [hot.pk]
    assert not Reaction.objects.exists()


def test_what_takes_long_is_done_before_a_score_is_held(
    alice: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, seen = make_lead(alice, captured=timedelta(days=60)), list[bool]()
    reactions.work()
    Score.objects.all().delete()
    for kind in ("won", "edited"):
        Reaction.objects.create(activity_id=uuid4(), lead_id=lead.pk, kind=kind)

    def find(ids: Collection[UUID]) -> None:
        seen.append(Score.objects.filter(pk=lead.pk).exists())

    work = {kind: tuple(find if react is duplicates.find else react for react in reacts)
            for kind, reacts in reactions.REACTIONS.items()}  # fmt: skip
    assert reactions.work(work, lanes=reactions.OTHERS) == 2
    assert seen == [False]
    assert Score.objects.filter(pk=lead.pk).exists()
    assert [row.kind for row in Reaction.objects.all()] == [RIPE]  # a place is looked for apart


def test_visits_are_found_among_any_number_of_other_reactions_by_an_index(lead: Lead) -> None:
    Reaction.objects.bulk_create([Reaction(activity_id=uuid4(), lead_id=uuid4(), kind="imported") for _ in range(5000)])
    _visit(lead)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE reaction")
    claimed = Reaction.objects.filter(reactions.VISITS.which, due_at__lte=clock.now()).order_by("due_at", "id")
    assert "reaction_seen" in claimed[:1000].explain()


def _visit(lead: Lead) -> None:
    """Looks at our prices, in a browser that we know."""
    store(hit(lead.pk, clock.now(), "pricing"))


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_reactions_and_do_each_once(alice: User, make_lead: MakeLead) -> None:
    for _ in range(30):
        make_lead(alice)
    seen: list[UUID] = []
    lock, barrier = threading.Lock(), threading.Barrier(2)

    def react(ids: Collection[UUID]) -> None:
        with lock:
            seen.extend(ids)

    def work() -> None:
        barrier.wait()
        try:
            while reactions.work({"captured": (react,)}):
                pass
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen)) == 30
    assert not Reaction.objects.exists()


def test_a_task_runs_when_it_is_due_and_not_before(db: None) -> None:
    ran: list[int] = []
    tasks = [Task("hourly", lambda: ran.append(1), every=timedelta(hours=1))]
    start = clock.now()
    for minutes in (0, 30, 61, 90):
        with clock.at(start + timedelta(minutes=minutes)):
            schedule.tick(tasks)
    assert len(ran) == 2


def test_a_nightly_task_runs_once_a_night_by_the_companys_clock(db: None) -> None:
    ran: list[object] = []
    tasks = [next(task for task in schedule.TASKS if task.name == "rescore")]
    tasks = [Task(tasks[0].name, lambda: ran.append(clock.now()), at=tasks[0].at)]
    start = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    for hours in range(1, 49):
        with clock.at(start + timedelta(hours=hours)):
            schedule.tick(tasks)
    assert len(ran) == 3  # at once, and after each of the two nights


def test_a_task_that_fails_says_so_and_the_others_run(db: None) -> None:
    ran: list[int] = []

    def fails() -> None:
        raise RuntimeError("no paper")

    schedule.tick([Task("broken", fails), Task("fine", lambda: ran.append(1))])
    assert ran == [1]
    assert "no paper" in Beat.objects.get(name="broken").error


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_runs_a_task() -> None:
    ran: list[int] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        try:
            schedule.tick([Task("once", lambda: ran.append(1), every=timedelta(hours=1))])
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [1]


def test_the_whole_schedule_runs_on_an_empty_company_and_again(db: None) -> None:
    assert schedule.tick() == len(schedule.TASKS)
    assert not Beat.objects.exclude(error="").exists()
    assert schedule.tick() == 0


def test_a_task_that_was_broken_off_runs_again_and_one_in_anothers_hands_does_not(db: None) -> None:
    ran: list[int] = []
    task = Task("nightly", lambda: ran.append(1), every=timedelta(days=1))
    moment = clock.now()
    Beat.objects.create(name="nightly", began_at=moment - timedelta(minutes=20))
    with psycopg.connect(**_elsewhere(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtext('ripeline schedule'), hashtext('nightly'))")
        assert schedule.tick([task]) == 0
        other.execute("SELECT pg_advisory_unlock(hashtext('ripeline schedule'), hashtext('nightly'))")
    assert schedule.tick([task]) == 1
    assert schedule.tick([task]) == 0
    assert ran == [1]


def test_a_nightly_task_that_failed_is_tried_again_an_hour_later(db: None) -> None:
    tries: list[datetime] = []

    def fails_once() -> None:
        tries.append(clock.now())
        if len(tries) == 1:
            raise RuntimeError("no paper")

    start = clock.now()
    for minutes in (0, 30, 61, 122):
        with clock.at(start + timedelta(minutes=minutes)):
            schedule.tick([Task("nightly", fails_once)])
    assert tries == [start, start + timedelta(minutes=61)]


def test_old_plans_and_expired_sessions_are_tidied_away(alice: User) -> None:
    for days in (100, 10):
        Plan.objects.create(user=alice, day=clock.now().date() - timedelta(days=days))
    Session.objects.create(session_key="old", session_data="", expire_date=clock.now() - timedelta(days=1))
    assert tidying.tidy() == 1
    assert tidying.tidy() == 0
    assert not Session.objects.exists()


def _elsewhere() -> dict[str, Any]:
    """How somebody else would connect to the same database."""
    return {k: v for k, v in connection.get_connection_params().items() if k not in ("cursor_factory", "context")}


@pytest.fixture
def running(transactional_db: None) -> Iterator[Worker]:
    """A worker at work in this process."""
    worker = Worker()
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield worker
    worker.stop()
    thread.join()


def until(true: Callable[[], bool]) -> None:
    """Wait for something that the worker does on its own; a test that hangs is stopped by the machine's patience."""
    pause = threading.Event()
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "the worker did not do it within a minute"
        pause.wait(0.02)


def test_a_worker_reacts_by_itself_and_stops_when_told(running: Worker, alice: User, make_lead: MakeLead) -> None:
    lead = make_lead(alice)
    until(lambda: Score.objects.filter(pk=lead.pk).exists() and not Reaction.objects.exists())
    assert Beat.objects.filter(name=schedule.HEARTBEAT).exists()


@pytest.fixture
def ripe(transactional_db: None, lead: Lead) -> Reaction:
    """Of a lead that was seen and is likely ready, before the worker is there."""
    return Reaction.objects.create(activity_id=uuid4(), lead_id=lead.pk, kind=RIPE)


def test_a_worker_looks_for_places_for_who_is_likely_ready(ripe: Reaction, running: Worker) -> None:
    until(lambda: not Reaction.objects.filter(pk=ripe.pk).exists())


@pytest.fixture
def hourly(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[Worker]:
    """A worker at work that looks but once an hour unless it is called, and has just looked."""
    monkeypatch.setattr(main, "REST", 3600.0)
    monkeypatch.setattr(main, "POLL", 3600.0)
    worker = Worker()
    thread = threading.Thread(target=worker.run)
    thread.start()
    until(lambda: Beat.objects.filter(name=schedule.HEARTBEAT).exists())
    yield worker
    worker.stop()
    thread.join()


def test_mail_that_somebody_waits_for_goes_out_though_the_worker_looks_but_once_an_hour(
    hourly: Worker, post: Post
) -> None:
    for to in ("priya@northgate.example", "li.wei@northgate.example"):  # one, and one when the first is gone
        context = {"subject": "Thank you", "text": "We call you."}
        outbox.send(kind="thanks", to=to, key=uuid4().hex, context=context)
        until(lambda to=to: to in [mail.to for mail in post.received])  # type: ignore[misc]


def test_a_file_that_somebody_waits_for_is_written_though_the_worker_looks_but_once_an_hour(
    hourly: Worker, alice: User, lead: Lead
) -> None:
    for kind in ("csv", "xlsx"):
        asked = exports.ask(actor=alice, query="view=all", file_format=kind, zone="UTC")
        until(lambda asked=asked: Export.objects.filter(pk=asked.pk, state=ExportState.DONE).exists())  # type: ignore[misc]


def test_the_nightly_pass_rests_between_two_thousand_leads_while_somebody_waits_and_only_then(
    monkeypatch: pytest.MonkeyPatch, alice: User, make_lead: MakeLead
) -> None:
    for _ in range(3):
        make_lead(alice)
    reactions.work()
    monkeypatch.setattr(scoring, "PIECE", 1)
    rested: list[float] = []
    monkeypatch.setattr(making_way.time, "sleep", rested.append)
    assert ripeness.rescore(between=making_way.make_way) == 3
    Reaction.objects.create(
        activity_id=uuid4(), lead_id=Lead.objects.all()[0].pk, kind="visited", attempts=reactions.GIVE_UP
    )
    assert ripeness.rescore(between=making_way.make_way) == 3
    assert not rested, "nobody waits: what was given up has no end to wait for"
    Reaction.objects.create(activity_id=uuid4(), lead_id=Lead.objects.all()[0].pk, kind="visited")
    assert ripeness.rescore(between=making_way.make_way) == 3
    assert len(rested) == 3


def test_a_worker_goes_on_after_an_error_that_nobody_foresaw(caplog: pytest.LogCaptureFixture) -> None:
    worker, tries = Worker(), []

    def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise KeyError("nobody foresaw this")
        worker.stop()

    worker._loop("reactions", work)
    assert len(tries) == 2
    assert "reactions failed" in caplog.text


def test_a_worker_goes_on_after_its_connections_were_cut(
    running: Worker, alice: User, make_lead: MakeLead, caplog: pytest.LogCaptureFixture
) -> None:
    until(lambda: Beat.objects.filter(name="tidy", ended_at__isnull=False).exists())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    lead = make_lead(alice)
    until(lambda: Score.objects.filter(pk=lead.pk).exists())
    assert "the database does not answer" in caplog.text
