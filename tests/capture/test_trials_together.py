"""Files that go in together are tried together: each finds what those before it would bring; nothing stays."""

import io
import re
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ripeline.capture.imports import actions, batches, queries, trial, trials
from ripeline.capture.imports.trial import Trial, TrialError
from ripeline.capture.models import ImportRun, ImportTrial
from ripeline.leads.models import Account, Lead
from ripeline.people.models import User
from tests.capture import exports
from tests.capture.importing import again, counts, csv, imported
from tests.capture.test_trial import tables

FILES = {
    "deals.csv": exports.HUBSPOT_DEALS, "people.csv": exports.HUBSPOT_CONTACTS, "firms.csv": exports.HUBSPOT_COMPANIES,
}  # fmt: skip


def begun(actor: User) -> UUID:
    """A companies', a people's and a deals' file on the page of their batch."""
    uploads = [batches.Upload(name, io.BytesIO(content.encode())) for name, content in FILES.items()]
    return batches.begin(actor=actor, uploads=uploads)


def tried(actor: User, batch: UUID, **how: int) -> list[Trial]:
    def begin() -> list[ImportRun]:
        return [actions.confirm(actor=actor, run_id=run.pk) for run in trials.together(batch)]

    return trial.attempt_together(begin, actor=actor, **how)


def page(client: Client, where: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", client.get(where).text).split())


@pytest.mark.django_db
def test_what_is_said_of_each_file_is_what_then_happens_and_trying_leaves_no_trace(mona: User) -> None:
    batch = begun(mona)
    before = tables()
    said = tried(mona, batch)
    assert tables() == before
    runs = trials.together(batch)
    batches.confirm(actor=mona, runs=runs)
    for run in runs:
        actions.work(run.pk)
    happened = [again(run) for run in runs]
    assert [run.filename for run in happened] == ["firms.csv", "people.csv", "deals.csv"]
    assert [(one.created, one.updated, one.unchanged, one.rejected) for one in said] == [*map(counts, happened)]
    assert said[2].updated, "a deal found its person, whom only the file before it brings"
    assert [one.remarks for one in said] == [queries.remarked(run, is_tried=True) for run in happened]
    assert all(one.is_whole for one in said)
    assert not any(one.changed for one in said), "nobody of them was here before"


@pytest.mark.django_db
def test_records_that_are_here_and_would_change_are_shown_under_their_file(mona: User) -> None:
    imported(csv("E-mail,Name", "priya@example.com,Priya"), actor=mona)
    people = csv("E-mail,Name", "priya@example.com,Priya Raman", "bo@x.example,Bo")
    more = csv("E-mail,Phone", "bo@x.example,+49 30 123456")
    batch = batches.begin(
        actor=mona, uploads=[batches.Upload("a.csv", io.BytesIO(people)), batches.Upload("b.csv", io.BytesIO(more))]
    )
    first, second = tried(mona, batch)
    assert [(change.lead, change.before, change.after) for change in first.changes] == [
        ("Priya", "Priya", "Priya Raman")
    ]
    assert (second.updated, second.changed) == (1, 0), "Bo is not here yet"


@pytest.mark.django_db
def test_after_a_file_that_is_not_tried_to_its_end_no_other_is(mona: User) -> None:
    firms, people, deals = tried(mona, begun(mona), most=4, size=2)
    assert firms.is_whole
    assert people.rows + firms.rows == 4
    assert not people.is_whole
    assert deals.rows == 0
    assert "the file before it was not tried to its end" in deals.why_not_whole


@pytest.mark.django_db
def test_files_that_have_gone_in_are_not_tried(mona: User) -> None:
    batch = begun(mona)
    runs = trials.together(batch)
    batches.confirm(actor=mona, runs=runs)
    with pytest.raises(TrialError, match="gone in already"):
        trial.attempt_together(lambda: [_ended(run) for run in runs], actor=mona)


def _ended(run: ImportRun) -> ImportRun:
    actions.work(run.pk)
    return again(run)


@pytest.mark.django_db
def test_the_page_of_the_files_says_what_each_would_do(mona: User, sam: User, client: Client) -> None:
    client.force_login(mona)
    where = client.post(
        "/imports/new", {"file": [SimpleUploadedFile(name, text.encode()) for name, text in FILES.items()]}
    ).url
    answer = client.post(where, {"try": "1"})
    said = " ".join(re.sub("<[^>]*>", " ", answer.text).split())
    assert answer.status_code == 200
    assert "What would change with firms.csv" in said
    assert (
        "What would change with people.csv 4 rows, tried and rolled back. Nothing has gone in yet. New leads 4" in said
    )
    assert "What would change with deals.csv" in said
    assert "Import these files" in said
    assert (Lead.objects.count(), Account.objects.count()) == (0, 0)
    client.force_login(sam)
    assert client.post(where, {"try": "1"}).status_code == 404
    assert client.get(f"{where}/trial").status_code == 404
    assert client.post(f"{where}/trial/stop").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_long_files_are_tried_by_the_worker_and_their_page_says_how_far_it_is(
    mona: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ripeline.web.imports.batch.TRIED", 4)
    batch = begun(mona)
    where = f"/imports/together/{batch}"
    client.force_login(mona)
    client.post(where, {"try": "1"})
    assert "All files are tried , as soon as the worker is free" in page(client, where)
    first, *others = trials.together(batch)
    assert trials.waiting() == [first.pk]
    client.post(f"{where}/trial/stop")
    assert trials.work(first.pk)
    assert "then it was stopped" in page(client, f"{where}/trial")
    client.post(where, {"try": "1"})
    assert trials.work(first.pk)
    assert trials.waiting() == []
    assert "What would change with deals.csv" in page(client, f"{where}/trial")
    assert "tried and rolled back" in page(client, where)
    assert "What would change" not in page(client, f"/imports/{first.pk}").replace("See what would change", "")
    actions.prepare(actor=mona, run_id=others[0].pk, mapping=dict.fromkeys(others[0].mapping, "ignore"))
    assert "What would change with" not in page(client, where), "of the files as they were mapped then"
    client.post(where, {"try": "1"})
    assert "What would change with" not in page(client, where)
    assert Lead.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_worker_lets_files_go_that_are_mapped_otherwise_meanwhile(mona: User) -> None:
    batch = begun(mona)
    trials.ask_together(actor=mona, batch_id=batch)
    first, second, _ = trials.together(batch)
    actions.prepare(actor=mona, run_id=second.pk, mapping=dict.fromkeys(second.mapping, "ignore"))
    assert trials.work(first.pk)
    assert not ImportTrial.objects.exists()
