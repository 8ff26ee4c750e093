"""An import is taken back by the browser's requests: what would happen is said first, then done and told."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ripeline.capture.imports import actions
from ripeline.capture.models import ImportedFirm
from ripeline.catalog.actions import custom_fields, set_learnt_from
from ripeline.catalog.models import CustomField
from ripeline.leads.decisions import actions as leads
from ripeline.leads.forgetting import fields_in_use
from ripeline.leads.models import Lead, SavedView
from ripeline.people.models import User
from tests.capture.importing import begun, csv, imported
from tests.cast import by

pytestmark = pytest.mark.django_db

FILE = csv("E-mail,Name", *(f"p{n}@x.example,Person {n}" for n in range(5)))


@pytest.fixture
def page(client: Client) -> Callable[..., str]:
    """What a page says, without its markup; `page(mona, path)`, `page(mona, path, post=True)`."""

    def says(user: User, path: str, *, post: bool = False) -> str:
        client.force_login(user)
        response: Any = client.post(path, follow=True) if post else client.get(path, follow=True)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())

    return says


def test_it_says_what_will_happen_does_it_and_tells_what_stays(ada: User, mona: User, page: Callable[..., str]) -> None:
    run = imported(FILE, actor=mona)
    lead = Lead.objects.get(email="p3@x.example")
    leads.note(lead.pk, by(ada), text="Called.")
    assert "Take this import back" in page(mona, f"/imports/{run.pk}")
    plan = page(mona, f"/imports/{run.pk}/undo")
    assert "4 leads that only this import brought are deleted" in plan
    assert "1 lead that it brought stays" in plan
    assert "Person 3 Ada: note" in plan
    assert Lead.objects.count() == 5
    assert "is being taken back" in page(mona, f"/imports/{run.pk}/undo", post=True)
    assert "0 of 5 leads" in page(mona, f"/imports/{run.pk}")
    actions.work(run.pk)
    result = page(mona, f"/imports/{run.pk}")
    assert "leads.csv was taken back" in result
    assert "By Mona" in result
    assert "Person 3 Ada: note" in result
    assert "Taken back" in page(mona, "/imports")
    assert Lead.objects.get() == lead


def test_a_stopped_one_says_so_and_goes_on(mona: User, page: Callable[..., str]) -> None:
    run = imported(FILE, actor=mona)
    page(mona, f"/imports/{run.pk}/undo", post=True)
    assert "stopping after these" in page(mona, f"/imports/{run.pk}/undo/stop", post=True)
    actions.work(run.pk)
    assert "Stopped. What is done stays done. Go on taking it back" in page(mona, f"/imports/{run.pk}").replace(
        "Deleted 0 Kept 0 Put back 0 In part 0 ", ""
    ).replace("0 % ", "")
    assert "Partly taken back" in page(mona, "/imports")
    page(mona, f"/imports/{run.pk}/undo", post=True)
    actions.work(run.pk)
    assert not Lead.objects.exists()


def test_others_than_who_made_it_are_not_offered_it_and_may_not(
    client: Client, mona: User, sam: User, alice: User, page: Callable[..., str]
) -> None:
    run = imported(FILE, actor=sam)
    assert "Take this import back" not in page(mona, f"/imports/{run.pk}")
    for other in (mona, alice):
        client.force_login(other)
        for ask in (client.get, client.post):
            assert ask(f"/imports/{run.pk}/undo").status_code in (403, 404)
    assert Lead.objects.count() == 5


def test_one_that_is_going_in_says_to_cancel_it_first(mona: User, page: Callable[..., str]) -> None:
    run = begun(FILE, actor=mona)
    assert "cancel it first" in page(mona, f"/imports/{run.pk}/undo", post=True)


def test_companies_that_cannot_be_taken_back_are_said_and_not_offered(mona: User, page: Callable[..., str]) -> None:
    run = imported(csv("Company,Website", "Helio,helio.example"), kind="companies", name="firms.csv", actor=mona)
    ImportedFirm.objects.all().delete()
    found = page(mona, f"/imports/{run.pk}")
    assert "firms.csv went in before Ripeline kept what a file of companies changes." in found
    assert "Take this import back" not in found
    assert "it cannot be taken back" in page(mona, f"/imports/{run.pk}/undo")
    assert "it cannot be taken back" in page(mona, f"/imports/{run.pk}/undo", post=True)


def test_companies_and_notes_are_taken_back_in_their_own_words(mona: User, page: Callable[..., str]) -> None:
    run = imported(csv("Company,Website", "Helio,helio.example"), kind="companies", name="firms.csv", actor=mona)
    assert "1 company that only this import brought is deleted" in page(mona, f"/imports/{run.pk}/undo")
    page(mona, f"/imports/{run.pk}/undo", post=True)
    assert "0 of 1 company" in page(mona, f"/imports/{run.pk}")
    actions.work(run.pk)
    assert "Companies deleted 1" in page(mona, f"/imports/{run.pk}")
    imported(FILE, actor=mona)
    mapping = {"E-mail": "email", "When": "happened_at", "Note": "body"}
    note = csv("E-mail,When,Note", "p1@x.example,2026-05-01,Called")
    run = imported(note, kind="activities", name="notes.csv", actor=mona, mapping=mapping)
    assert "on the timelines of 1 lead is taken off again" in page(mona, f"/imports/{run.pk}/undo")
    page(mona, f"/imports/{run.pk}/undo", post=True)
    actions.work(run.pk)
    assert "notes.csv was taken back" in page(mona, f"/imports/{run.pk}")


WITH_FIELDS = csv("E-mail,Name,Shoe size,Region", "p0@x.example,Person 0,41,North", "p1@x.example,Person 1,43,South")


def test_fields_of_ones_own_that_only_it_made_go_with_it(mona: User, page: Callable[..., str]) -> None:
    run = imported(WITH_FIELDS, actor=mona)
    imported(csv("E-mail,Region", "q@x.example,East"), actor=mona)
    assert set(CustomField.objects.values_list("label", flat=True)) == {"Shoe size", "Region"}
    plan = page(mona, f"/imports/{run.pk}/undo")
    assert "go, too, unless something else uses them by then: Region, Shoe size." in plan
    page(mona, f"/imports/{run.pk}/undo", post=True)
    actions.work(run.pk)
    result = page(mona, f"/imports/{run.pk}")
    assert "A field of your own that it had made, and nothing else uses, went with it: Shoe size." in result
    assert list(CustomField.objects.values_list("label", flat=True)) == ["Region"], "another file's lead has it"


def test_a_field_that_somebody_else_made_while_it_ran_stays(mona: User, page: Callable[..., str]) -> None:
    rows = [f"p{n}@x.example,Person {n},{41 if n > 3 else ''}" for n in range(6)]
    run = begun(csv("E-mail,Name,Shoe size", *rows), actor=mona)
    made = iter([lambda: custom_fields({"shoe_size": ("Shoe size", "number")})])
    actions.work(run.pk, size=2, watch=lambda _: next(made, lambda: None)())
    page(mona, f"/imports/{run.pk}/undo", post=True)
    actions.work(run.pk)
    assert "shoe_size" in CustomField.objects.values_list("key", flat=True)
    assert "went with it" not in page(mona, f"/imports/{run.pk}")


def test_whether_a_field_is_used_is_read_up_to_the_first_lead_that_has_it(mona: User) -> None:
    imported(WITH_FIELDS, actor=mona)
    with CaptureQueriesContext(connection) as asked:
        assert fields_in_use(["region", "shoe_size"]) == {"region", "shoe_size"}
    assert [each["sql"] for each in asked if "FROM lead" in each["sql"]] == [
        "SELECT ARRAY(SELECT jsonb_object_keys(custom)) FROM lead WHERE custom ?| '{region,shoe_size}'::text[] LIMIT 1"
    ]


@pytest.mark.parametrize("use", ["view", "model", "older"])
def test_a_field_that_something_else_uses_stays(mona: User, page: Callable[..., str], use: str) -> None:
    if use == "older":
        custom_fields({"shoe_size": ("Shoe size", "number")})
    run = imported(WITH_FIELDS, actor=mona)
    if use == "view":
        SavedView.objects.create(user=mona, name="Big feet", query="f.shoe_size~from=43")
    if use == "model":
        set_learnt_from("shoe_size", is_learnt_from=True)
    page(mona, f"/imports/{run.pk}/undo", post=True)
    actions.work(run.pk)
    assert "shoe_size" in CustomField.objects.values_list("key", flat=True)
    assert "went with it: Region" in page(mona, f"/imports/{run.pk}")
