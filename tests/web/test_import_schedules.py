"""Scheduled imports by the browser's requests: set up, seen, changed, paused, removed; and by whom."""

import re
from datetime import time
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from pytest_django.fixtures import Settings

from ripeline.base import clock
from ripeline.capture.imports import schedules
from ripeline.capture.models import ImportCheck, ImportSchedule
from ripeline.people.models import User

pytestmark = pytest.mark.django_db

NIGHTLY = {"place": "crm/leads-*.csv", "rhythm": "daily", "weekday": "0", "at": "06:30", "kind": "", "policy": "file"}


@pytest.fixture
def mona_in(client: Client, mona: User, settings: Settings, tmp_path: Path) -> Client:
    settings.INBOX = tmp_path
    client.force_login(mona)
    return client


def test_it_is_set_up_seen_changed_paused_and_removed(mona_in: Client, mona: User) -> None:
    assert "Let a file come by itself" in mona_in.get("/imports/scheduled").text
    page = mona_in.post("/imports/scheduled/new", NIGHTLY, follow=True).text
    made = ImportSchedule.objects.get()
    assert (made.made_by, made.at, made.rhythm) == (mona, time(6, 30), "daily")
    assert "crm/leads-*.csv" in page
    assert "Every day at 06:30, as Mona." in page
    assert "Not looked at yet" in page
    here = f"/imports/scheduled/{made.pk}"
    page = mona_in.post(here, NIGHTLY | {"rhythm": "weekly", "weekday": "2"}, follow=True).text
    assert "Wednesdays at 06:30" in page
    assert "Paused." in mona_in.post(f"{here}/pause", follow=True).text
    assert "Resume" in mona_in.get(here).text
    assert "Next time" in mona_in.post(f"{here}/resume", follow=True).text
    assert "It is looked at in a moment" in mona_in.post(f"{here}/now", follow=True).text
    schedules.work(made.pk)
    ImportCheck.objects.get()
    for page in (mona_in.get(here).text, mona_in.get("/imports/scheduled").text):
        assert "Failed" in page
        assert "There is no file crm/leads-*.csv in the inbox." in page
        assert re.search("ries again|tried again <time [^>]*>in 5 min", page)
    assert "no longer imported by itself" in mona_in.post(f"{here}/remove", follow=True).text
    assert mona_in.post(f"{here}/remove").status_code == 302
    assert mona_in.get(here).status_code == 404


def test_its_page_says_whether_it_closes_who_is_open_here_and_one_of_before_that_was_possible_does_not(
    mona_in: Client,
) -> None:
    mona_in.post("/imports/scheduled/new", NIGHTLY)
    made = ImportSchedule.objects.get()
    assert made.closes
    as_before_the_upgrade("_schedules_that_close")
    made.refresh_from_db()
    assert not made.closes
    here = f"/imports/scheduled/{made.pk}"
    said = "Who is open here stays open, whatever the file says of them"
    page = mona_in.get(here).text
    assert said in page
    assert re.search('<option value="no"[^>]* selected', page)
    assert said in mona_in.post(here, NIGHTLY | {"at": "07:30"}, follow=True).text
    assert said not in mona_in.post(here, NIGHTLY | {"closes": "yes"}, follow=True).text
    assert said in mona_in.post(here, NIGHTLY | {"closes": "no"}, follow=True).text


def as_before_the_upgrade(name: str) -> None:
    """What is there now, as this migration finds and leaves it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    loader = MigrationLoader(connection, replace_migrations=False)
    (key,) = (key for key in loader.disk_migrations if key[1].endswith(name))
    migration = loader.disk_migrations[key]
    before = loader.project_state(migration.dependencies)
    with connection.schema_editor() as editor:
        migration.unapply(before.clone(), editor)
    with connection.schema_editor() as editor:
        migration.apply(before.clone(), editor)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"place": ""}, "Please fill this in."),
        ({"place": "../../etc/passwd"}, "Name the file as it is called in the inbox"),
        ({"place": "ftp://example.com/x"}, "This is not an address such as"),
        ({"place": "http://10.0.0.8/leads.csv"}, "10.0.0.8 is in a private network, from which nothing is fetched."),
        ({"place": "http://localhost:8000/x.csv"}, "localhost is this machine itself"),
        ({"at": "26:00"}, "Give a time such as 06:30."),
        ({"rhythm": "yearly"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(typed: dict[str, str], said: str, mona_in: Client) -> None:
    answer = mona_in.post("/imports/scheduled/new", NIGHTLY | typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert all(value in answer.text for value in typed.values() if value != "yearly")
    assert not ImportSchedule.objects.exists()


def test_it_is_looked_at_as_soon_as_it_is_set_up_where_that_is_wished(mona_in: Client) -> None:
    page = mona_in.post("/imports/scheduled/new", NIGHTLY | {"now": ""}, follow=True).text
    assert "It is being looked at" in page
    assert 'hx-trigger="every 2s"' in page
    made = ImportSchedule.objects.get()
    schedules.work(made.pk)
    page = mona_in.get(f"/imports/scheduled/{made.pk}").text
    assert "It is being looked at" not in page
    assert "There is no file crm/leads-*.csv in the inbox." in page


def test_a_key_in_an_address_is_shown_only_where_it_can_be_changed(mona_in: Client) -> None:
    mona_in.post("/imports/scheduled/new", NIGHTLY | {"place": "https://crm.example.com/export.csv?key=s3cret"})
    made = ImportSchedule.objects.get()
    listed, one = mona_in.get("/imports/scheduled").text, mona_in.get(f"/imports/scheduled/{made.pk}").text
    assert "crm.example.com/export.csv?…" in listed
    assert "s3cret" not in listed
    assert one.count("s3cret") == 1  # in its field


def test_reps_have_none_and_colleagues_not_each_others(mona_in: Client, mona: User, sam: User, alice: User) -> None:
    made = schedules.set_up(actor=mona, place="leads.csv", rhythm="hourly", at=clock.now().time())
    mona_in.force_login(alice)
    assert mona_in.get("/imports/scheduled").status_code == 403
    assert mona_in.post("/imports/scheduled/new", NIGHTLY).status_code == 403
    mona_in.force_login(sam)
    assert "leads.csv" not in mona_in.get("/imports/scheduled").text
    for verb in ("", "/now", "/pause", "/resume"):
        assert mona_in.post(f"/imports/scheduled/{made.pk}{verb}", NIGHTLY).status_code == 404, verb
    mona_in.post(f"/imports/scheduled/{made.pk}/remove")
    assert ImportSchedule.objects.count() == 1
