"""A later file that gives people to another owner: said, listed, and handed over as one decision, or by the import."""

from datetime import timedelta

import pytest
from django.test import Client

from ripeline.base import clock
from ripeline.capture.imports import queries, trial
from ripeline.leads.models import Batch, Lead
from ripeline.people.models import User
from tests.capture.importing import begun, counts, csv, imported
from tests.capture.test_deal_ids import taken_back
from tests.capture.test_undoing import passing
from tests.cast import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]

HEAD = "Name,E-mail,Owner"
HERE = csv(HEAD, "Ann,ann@x.example,Alice", "Bea,bea@x.example,Alice", "Cy,cy@x.example,Alice")
THERE = csv(HEAD, "Ann,ann@x.example,Bob", "Bea,bea@x.example,Alice", "Cy,cy@x.example,Bob")


def owners() -> dict[str, str]:
    return {lead.name: lead.owner.name if lead.owner else "" for lead in Lead.objects.select_related("owner")}


def page(client: Client, where: str) -> str:
    return " ".join(client.get(where).text.split())


def test_a_changed_owner_is_said_in_the_dry_run_and_after_it_and_changes_nothing_by_itself(
    alice: User, bob: User, carol: User
) -> None:
    imported(HERE, actor=carol)
    before = owners()
    assert before["Ann"] == alice.name
    found = trial.attempt(lambda: begun(THERE, actor=carol), actor=carol)
    run = imported(THERE, actor=carol)
    assert counts(run) == (0, 0, 3, 0)
    assert owners() == before
    said = [each for each in queries.remarked(run) if "other owners than" in each]
    assert said == [each for each in found.remarks if "other owners than" in each]
    assert said
    assert said[0].startswith("2 rows name other owners than their leads have here; the first is row 2.")
    assert (2, f"Names {bob.name} as the owner; here it is with Alice, and stays so") in list(queries.remarks(run))


def test_carol_hands_them_over_as_one_decision_and_takes_it_back(
    client: Client, alice: User, bob: User, carol: User
) -> None:
    imported(HERE, actor=carol)
    before = owners()
    run = imported(THERE, actor=carol)
    client.force_login(carol)
    assert "See whose they are there, and hand them over" in page(client, f"/imports/{run.pk}")
    asks = page(client, f"/imports/{run.pk}/owners")
    assert f"<b>{bob.name}</b> gets 2 leads" in asks
    key = {"key": "once"}
    for _ in range(2):
        client.post(f"/imports/{run.pk}/owners", key)
    assert owners() == before | {"Ann": bob.name, "Cy": bob.name}
    batch = Batch.objects.get()
    assert (batch.done, batch.state) == (2, "done")
    assert "There is nothing to hand over" in page(client, f"/imports/{run.pk}/owners")
    client.post(f"/leads/batches/{batch.pk}/undo")
    assert owners() == before


def test_who_may_not_give_many_sees_them_and_is_refused(client: Client, alice: User, bob: User, mona: User) -> None:
    imported(HERE, actor=mona)
    before = owners()
    run = imported(THERE, actor=mona)
    client.force_login(mona)
    shown = page(client, f"/imports/{run.pk}/owners")
    assert "A leader or an administrator can hand them over here" in shown
    assert "Hand over 2" not in shown
    assert client.post(f"/imports/{run.pk}/owners").status_code == 403
    assert owners() == before
    assert (alice.is_active, bob.is_active) == (True, True)


def test_mallory_does_not_see_whose_they_are(client: Client, mallory: User, mona: User) -> None:
    imported(HERE, actor=mona)
    run = imported(THERE, actor=mona)
    client.force_login(mallory)
    assert client.get(f"/imports/{run.pk}/owners").status_code in (403, 404)


def test_where_the_files_word_stays_always_they_are_handed_over_by_the_import_and_back_with_it(
    alice: User, bob: User, ada: User
) -> None:
    ours, there = (each.rsplit(b"Cy,", 1)[0] for each in (HERE, THERE))
    with passing(MONDAY - timedelta(hours=1)):
        imported(ours, actor=ada)
    before = owners()
    with passing(MONDAY):
        tried = trial.attempt(lambda: begun(there, actor=ada, policy="always"), actor=ada)
        run = imported(there, actor=ada, policy="always")
    assert counts(run) == (0, 1, 1, 0)
    assert (tried.updated, tried.unchanged) == (1, 1)
    assert [tuple(vars(each).values()) for each in tried.changes] == [("Ann", "Sales rep", alice.name, bob.name)]
    assert owners() == before | {"Ann": bob.name}
    assert not [each for each in queries.remarked(run) if "owner" in each]
    with clock.at(MONDAY + timedelta(hours=1)):
        taken_back(run)
    assert owners() == before
