"""A long file is tried by the worker: its page says how far it is, and then exactly what the import does."""

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread
from uuid import UUID

import psycopg
import pytest
from django.db import connection, connections
from django.test import Client

from ripeline.base import clock
from ripeline.capture.imports import actions, trial, trials
from ripeline.capture.models import ImportRun, ImportTrial
from ripeline.leads.models import Lead
from ripeline.people.models import User
from tests.capture.importing import again, counts, csv, imported
from tests.cast import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)

NINE = MONDAY.replace(hour=9, minute=0)
FILE = csv("E-mail,Name", *(f"p{n % 90}@x.example,Person {n}" for n in range(120)), "no address,")


@pytest.fixture
def upload(mona: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> ImportRun:
    """A file of more rows than one waits for, on the page of its columns."""
    monkeypatch.setattr("ripeline.web.imports.imports.TRIED", 50)
    imported(csv("E-mail,Name", *(f"p{n}@x.example,Known {n}" for n in range(10))), actor=mona)
    client.force_login(mona)
    return begin(mona)


def begin(actor: User) -> ImportRun:
    return actions.begin(actor=actor, kind="leads", filename="long.csv", file=io.BytesIO(FILE))


def pressed(client: Client, run: ImportRun, button: str = "try", **form: str) -> str:
    """The page of the columns after a button was pressed."""
    columns = {f"to-{n}": target for n, target in enumerate(run.mapping.values())}
    return client.post(f"/imports/{run.pk}/mapping", {**columns, button: "1", **form}, follow=True).text


def test_the_whole_file_is_tried_and_the_import_does_just_that(client: Client, upload: ImportRun) -> None:
    assert "The whole file is tried" in pressed(client, upload)
    assert trials.waiting() == [upload.pk]
    assert trials.work(upload.pk, size=30)
    assert trials.waiting() == []
    found = trials.result(ImportTrial.objects.get())
    assert found
    assert found.is_whole
    assert found.changed == 10
    page = client.get(f"/imports/{upload.pk}").text
    assert "121 rows, tried and rolled back." in page
    assert "Known 0" in page
    assert Lead.objects.count() == 10
    actions.confirm(actor=User.objects.get(email="mona@example.com"), run_id=upload.pk)
    actions.work(upload.pk)
    assert counts(again(upload)) == (found.created, found.updated, found.unchanged, found.rejected)


def test_the_page_hears_how_far_it_is_while_nothing_of_it_can_be_seen(client: Client, upload: ImportRun) -> None:
    pressed(client, upload)
    pages: list[str] = []

    def other() -> None:
        try:
            pages.extend([client.get(f"/imports/{upload.pk}/trial").text, str(Lead.objects.count())])
        finally:
            connections.close_all()

    calls = iter(range(100))

    def looks() -> bool:
        if next(calls) == 3:
            thread = Thread(target=other)
            thread.start()
            thread.join()
        return False

    trials.work(upload.pk, is_stopping=looks, size=30)
    assert "60 of 121 rows tried" in pages[0]
    assert pages[1] == "10"


def test_stopped_it_says_what_it_found_so_far(client: Client, upload: ImportRun) -> None:
    pressed(client, upload)
    client.post(f"/imports/{upload.pk}/trial/stop")
    trials.work(upload.pk, size=30)
    assert "then it was stopped" in client.get(f"/imports/{upload.pk}/trial").text
    assert "The whole file is tried" in pressed(client, upload)  # and can be tried again


def test_a_worker_that_is_told_to_end_leaves_it_to_the_next(client: Client, upload: ImportRun) -> None:
    pressed(client, upload)
    assert not trials.work(upload.pk, is_stopping=lambda: True, size=30)
    assert trials.waiting() == [upload.pk]
    assert trials.work(upload.pk)
    assert "121 rows, tried and rolled back." in client.get(f"/imports/{upload.pk}").text


def test_with_other_columns_what_was_found_no_longer_counts(mona: User, client: Client, upload: ImportRun) -> None:
    pressed(client, upload)
    trials.work(upload.pk)
    actions.prepare(actor=mona, run_id=upload.pk, mapping={"E-mail": "email", "Name": "ignore"})
    assert "What would change" not in client.get(f"/imports/{upload.pk}").text


def test_a_file_that_went_in_meanwhile_is_not_tried(mona: User, client: Client, upload: ImportRun) -> None:
    pressed(client, upload)
    actions.confirm(actor=mona, run_id=upload.pk)
    assert trials.work(upload.pk)
    assert trials.waiting() == []
    assert again(upload).state == "queued"


def at_work(upload: ImportRun, *, minutes: float = 0) -> list[UUID]:
    """The worker's look, so many minutes after nine; who was tried."""
    with clock.at(NINE + timedelta(minutes=minutes)):
        return [pk for pk in trials.waiting() if trials.work(pk, size=30)]


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Somebody always waits for a record that a trial holds."""
    with monkeypatch.context() as patch:
        patch.setattr(trial, "_is_in_the_way", lambda: True)
        yield patch


def test_it_makes_way_for_who_waits_and_tries_again_by_itself(
    client: Client, upload: ImportRun, busy: pytest.MonkeyPatch
) -> None:
    pressed(client, upload)
    assert at_work(upload) == [upload.pk]
    page = " ".join(re.sub("<[^>]*>", "", client.get(f"/imports/{upload.pk}/trial").text).split())
    assert "Made way for somebody at 09:00, tries again at 09:02" in page
    assert "30 of 121 rows had been tried" in page
    assert at_work(upload, minutes=1.9) == []
    assert at_work(upload, minutes=2) == [upload.pk]
    assert at_work(upload, minutes=6.9) == []
    busy.undo()
    assert at_work(upload, minutes=7) == [upload.pk]
    assert "121 rows, tried and rolled back." in client.get(f"/imports/{upload.pk}").text


@pytest.mark.usefixtures("busy")
def test_after_the_last_time_it_leaves_it_at_what_it_found(client: Client, upload: ImportRun) -> None:
    pressed(client, upload)
    assert [bool(at_work(upload, minutes=when)) for when in (0, 2, 7, 22, 60, 600)] == [True] * 4 + [False] * 2
    assert "the first 30 of 121 rows would do: then it made way" in client.get(f"/imports/{upload.pk}").text


@pytest.mark.usefixtures("busy")
def test_between_two_tries_it_can_be_stopped_or_had_at_once(client: Client, upload: ImportRun) -> None:
    pressed(client, upload)
    at_work(upload)
    pressed(client, upload)
    assert at_work(upload, minutes=0.1) == [upload.pk]
    assert "Leave it at that" in client.get(f"/imports/{upload.pk}").text
    client.post(f"/imports/{upload.pk}/trial/stop")
    assert "the first 30 of 121 rows would do" in client.get(f"/imports/{upload.pk}").text
    assert at_work(upload, minutes=60) == []


def test_stopped_while_it_makes_way_it_is_not_tried_again(
    client: Client, upload: ImportRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed(client, upload)

    def stopped_meanwhile() -> bool:
        thread = Thread(target=lambda: (trials.stop(run_id=upload.pk), connections.close_all()))
        thread.start()
        thread.join()
        return True

    monkeypatch.setattr(trial, "_is_in_the_way", stopped_meanwhile)
    assert at_work(upload) == [upload.pk]
    assert ImportTrial.objects.get().state == "done"
    assert at_work(upload, minutes=60) == []


def test_a_record_that_somebody_keeps_is_waited_for_too(client: Client, upload: ImportRun) -> None:
    pressed(client, upload)
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT 1 FROM lead FOR UPDATE")
        assert at_work(upload) == [upload.pk]
        assert "tries again at" in client.get(f"/imports/{upload.pk}").text
        assert ImportTrial.objects.get().found is None
    assert at_work(upload, minutes=2) == [upload.pk]
    assert "121 rows, tried and rolled back." in client.get(f"/imports/{upload.pk}").text


@pytest.mark.usefixtures("busy")
def test_with_other_columns_it_is_not_tried_again(mona: User, client: Client, upload: ImportRun) -> None:
    pressed(client, upload)
    at_work(upload)
    actions.prepare(actor=mona, run_id=upload.pk, mapping={"E-mail": "email", "Name": "ignore"})
    at_work(upload, minutes=2)
    assert not ImportTrial.objects.exists()


def test_only_who_sees_the_import_sees_its_trial(client: Client, upload: ImportRun, sam: User, alice: User) -> None:
    pressed(client, upload)
    for other, status in ((sam, 404), (alice, 403)):
        client.force_login(other)
        assert client.get(f"/imports/{upload.pk}/trial").status_code == status
        assert client.post(f"/imports/{upload.pk}/trial/stop").status_code == status
    assert not ImportTrial.objects.get().stop_asked
