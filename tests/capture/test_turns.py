"""What takes seconds does not wait for what takes an hour, as long as nothing comes out otherwise for it."""

import io
from functools import partial

import pytest
from django.test import Client

from ripeline.capture.exports import exports
from ripeline.capture.imports import actions, trials, turns
from ripeline.capture.models import Export, ExportState, ImportRun, ImportState
from ripeline.leads.finding import lists
from ripeline.leads.many import batches
from ripeline.leads.models import Batch, BatchState, Lead
from ripeline.people.models import User
from ripeline.people.queries import responsible_of
from ripeline.worker import tasks
from tests.capture.importing import again, begun, csv
from tests.cast import MakeLead

pytestmark = pytest.mark.django_db

LONG = csv("Name,E-mail", *(f"Ann {n},ann{n}@a.example" for n in range(40)))
SHORT = csv("Full name,Mail,Town", "Bea,bea@b.example,Porto")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SHORT", 100)


def test_a_short_file_of_somebody_else_goes_in_before_a_long_one(carol: User, ada: User) -> None:
    long, short = begun(LONG, actor=carol), begun(SHORT, actor=ada)
    assert (list(turns.short()), list(turns.long())) == ([short.pk], [long.pk])
    assert tasks.short(lambda: False)
    assert not tasks.short(lambda: False)
    assert (again(short).state, again(long).state) == (ImportState.DONE, ImportState.QUEUED)
    assert tasks.long(lambda: False)
    assert again(long).created == 40


def test_ones_own_files_the_same_headings_and_deals_stay_in_their_order(carol: User, ada: User) -> None:
    long = begun(LONG, actor=carol)
    own, same = begun(SHORT, actor=carol), begun(csv("Name,E-mail", "Bea,bea@b.example"), actor=ada)
    deals = begun(csv("E-mail,Outcome,Date", "ann3@a.example,won,2026-05-01"), actor=ada, kind="outcomes")
    assert list(turns.short()) == []
    assert list(turns.long()) == [long.pk, own.pk, same.pk, deals.pk]
    while tasks.work(lambda: False):
        pass
    assert (again(own).created, Lead.objects.get(email="ann3@a.example").state) == (1, "won")


def test_whoever_brought_it_lets_their_short_file_go_first(carol: User, mallory: User) -> None:
    long, short = begun(LONG, actor=carol, name="everybody.csv"), begun(SHORT, actor=carol)
    client = Client()
    client.force_login(carol)
    page = client.get(f"/imports/{short.pk}").text
    assert "after “everybody.csv”" in page
    assert "Let it go first" not in client.get(f"/imports/{long.pk}").text
    client.force_login(mallory)
    assert client.post(f"/imports/{short.pk}/first").status_code in (403, 404)
    client.force_login(carol)
    client.post(f"/imports/{short.pk}/first")
    assert list(turns.short()) == [short.pk]
    assert "everybody.csv" not in client.get(f"/imports/{short.pk}").text


def test_a_short_file_that_follows_one_that_waits_waits_too(carol: User, ada: User) -> None:
    begun(LONG, actor=carol)
    waits = begun(SHORT, actor=carol)
    after = begun(SHORT + csv("Bo,bo@b.example,Faro"), actor=carol)
    other = begun(csv("Who,Where,E-mail", "Cy,Faro,cy@c.example"), actor=ada)
    assert list(turns.short()) == [other.pk]
    assert list(turns.long())[1:] == [waits.pk, after.pk]


def test_a_long_import_makes_room_for_a_file_and_goes_on_where_it_was(
    carol: User, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    long, later = begun(LONG, actor=carol), begun(csv("Name,E-mail", "Bea,bea@b.example"), actor=carol)
    asked: list[Export] = []
    monkeypatch.setattr(lists, "MANY", 0)  # then any file is long

    def is_stopping() -> bool:
        if again(long).position >= 10 and not asked:
            asked.append(exports.ask(actor=carol, query="view=all", file_format="csv", zone="UTC", count=1))
        return False

    monkeypatch.setattr(tasks.capture, "work", partial(actions.work, size=10))
    assert tasks.long(is_stopping)
    assert (again(long).state, again(long).position) == (ImportState.RUNNING, 10)
    assert again(later).state == ImportState.QUEUED, "none passes it meanwhile"
    assert tasks.long(is_stopping)
    assert Export.objects.get().state == ExportState.DONE
    while tasks.work(is_stopping):
        pass
    assert (again(long).created, again(later).state) == (40, ImportState.DONE)


def test_what_is_done_with_very_many_lets_other_short_work_pass(
    carol: User, alice: User, bob: User, ada: User, make_lead: MakeLead, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        make_lead(alice, name=f"Lead {n}")
    terms = {"to": str(responsible_of(bob).pk), "name": "Bob"}
    batch = batches.ask(actor=carol, verb="give", terms=terms, key="k", query="view=all")  # type: ignore[arg-type]
    short = begun(SHORT, actor=ada)
    monkeypatch.setattr(tasks, "SLICE", -1.0)
    assert tasks.short(lambda: False)
    assert (again(short).state, Batch.objects.get().state) == (ImportState.DONE, BatchState.QUEUED)
    monkeypatch.setattr(tasks, "SLICE", 60.0)
    assert tasks.short(lambda: False)
    assert Batch.objects.get(pk=batch.pk).state == BatchState.DONE


def test_a_dry_run_of_little_is_tried_while_a_long_import_goes_in(carol: User, ada: User) -> None:
    begun(LONG, actor=carol)
    run = actions.begin(actor=ada, kind="leads", filename="short.csv", file=io.BytesIO(SHORT))
    trials.ask(actor=ada, run_id=run.pk)
    assert turns.trials(is_long=False) == [run.pk]
    assert turns.trials(is_long=True) == []
    assert ImportRun.objects.filter(state=ImportState.UPLOADED).count() == 1
