"""Files that went in together are taken back together, the last first, so that none keeps another from going."""

import io
import re
from uuid import UUID

import pytest
from django.test import Client

from ripeline.capture.imports import actions, batches, queries
from ripeline.capture.models import ImportState, ImportUndo
from ripeline.leads.models import Account, Lead
from ripeline.people.models import User
from ripeline.worker import tasks
from tests.capture import exports
from tests.capture.importing import csv

pytestmark = pytest.mark.django_db
FILES = {
    "deals.csv": exports.HUBSPOT_DEALS, "people.csv": exports.HUBSPOT_CONTACTS, "firms.csv": exports.HUBSPOT_COMPANIES,
}  # fmt: skip


@pytest.fixture
def files(mona: User) -> UUID:
    """Companies, people and deals, all in."""
    uploads = [batches.Upload(name, io.BytesIO(content.encode())) for name, content in FILES.items()]
    batch = batches.begin(actor=mona, uploads=uploads)
    batches.confirm(actor=mona, runs=list(queries.batch(mona, batch)))
    worked()
    return batch


def worked() -> None:
    """What a worker does until nothing waits."""
    while tasks.work(lambda: False):
        pass


def says(client: Client, path: str, *, post: bool = False) -> str:
    answer = client.post(path, follow=True) if post else client.get(path, follow=True)
    return " ".join(re.sub("<[^>]*>", " ", answer.text).split())


def test_one_button_takes_all_of_them_back_the_last_first(client: Client, mona: User, files: UUID) -> None:
    assert Lead.objects.exists()
    assert Account.objects.exists()
    client.force_login(mona)
    assert "Take these files back together" in says(client, f"/imports/together/{files}")
    plan = says(client, f"/imports/together/{files}/undo")
    assert plan.index("deals.csv") < plan.index("people.csv") < plan.index("firms.csv")
    assert "3 files are being taken back" in says(client, f"/imports/together/{files}/undo", post=True)
    people = queries.batch(mona, files)[1]
    assert "waiting for deals.csv" in says(client, f"/imports/{people.pk}")
    worked()
    assert not Lead.objects.exists()
    assert not Account.objects.exists()
    assert list(ImportUndo.objects.values_list("kept", "partly").distinct()) == [(0, 0)]
    page = says(client, f"/imports/together/{files}")
    assert "3 files were taken back" in page
    assert "Take these files back together" not in page


def test_only_the_last_of_them_is_worked_until_it_is_back(mona: User, files: UUID) -> None:
    firms, people, deals = queries.batch(mona, files)
    for run in (firms, people, deals):
        actions.undo(actor=mona, run_id=run.pk)
    assert list(queries.waiting()) == [deals.pk]
    actions.work(deals.pk)
    assert list(queries.waiting()) == [people.pk]


def test_of_one_alone_it_is_said_what_went_in_after_it(client: Client, mona: User, files: UUID) -> None:
    client.force_login(mona)
    people = queries.batch(mona, files)[1]
    plan = says(client, f"/imports/{people.pk}/undo")
    assert "deals.csv went in after it, and what it changed stays" in plan
    assert "all of these files together" in plan


def test_who_may_not_take_one_back_may_not_take_all(client: Client, sam: User, mallory: User, files: UUID) -> None:
    for other in (sam, mallory):
        client.force_login(other)
        assert client.post(f"/imports/together/{files}/undo").status_code in (403, 404)
    assert all(run.state == ImportState.DONE for run in queries.batch(User.objects.get(name="Mona"), files))


def test_while_one_is_going_in_none_is_taken_back(client: Client, mona: User) -> None:
    uploads = [
        batches.Upload("a.csv", io.BytesIO(csv("E-mail,Name", "a@x.example,Ann"))),
        batches.Upload("b.csv", io.BytesIO(csv("E-mail,Name", "b@x.example,Bo"))),
    ]
    batch = batches.begin(actor=mona, uploads=uploads)
    first, second = queries.batch(mona, batch)
    batches.confirm(actor=mona, runs=[first, second])
    actions.work(first.pk)
    client.force_login(mona)
    assert "still going in" in says(client, f"/imports/together/{batch}/undo", post=True)
    assert [run.state for run in queries.batch(mona, batch)] == [ImportState.DONE, ImportState.QUEUED]
