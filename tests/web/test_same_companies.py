"""Companies that may be one, as pages: who is asked, side by side, one of two, and two again."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from ripeline.leads.doubles import same_company
from ripeline.leads.models import Account, AccountMerge, Lead
from ripeline.people.models import User
from tests.cast import MakeLead

MakePair = Callable[[User], tuple[Account, Account]]


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


def text(response: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


@pytest.fixture
def two(make_lead: MakeLead) -> MakePair:
    def make(owner: User) -> tuple[Account, Account]:
        one = make_lead(owner, name="Ann", email="ann@acme.example", company="Acme", amount=5000, currency="EUR")
        make_lead(owner, name="Bea", email="bea@acme.example", company="Acme")
        other = make_lead(owner, name="Cem", email="cem@acme.test", company="Acme GmbH")
        same_company.catch_up()
        assert one.account
        assert other.account
        return one.account, other.account

    return make


def test_two_companies_become_one_under_the_name_chosen_and_two_again(alice: User, two: MakePair) -> None:
    one, other = two(alice)
    hers = client(alice)
    assert 'href="/leads/duplicates/companies"' in hers.get("/leads/duplicates").text
    page = text(hers.get("/leads/duplicates/companies"))
    assert "Acme acme.example 2 people, 2 open, €5,000" in page
    assert "Acme GmbH acme.test 1 person, 1 open" in page
    assert "Very likely one company: the same name but for the legal form, acme.example and acme.test are of" in page
    cem = Lead.objects.get(name="Cem")
    record = text(hers.get(f"/leads/{cem.pk}"))
    assert "Acme GmbH may be the same company as Acme: the same name but for the legal form" in record
    path = f"/companies/{other.pk}/compare/{one.pk}"
    shown = hers.get(path)
    assert "Are these one company?" in text(shown)
    given = {"key": uuid4().hex, "survivor": one.pk, "take:name": "theirs"}
    answer = hers.post(path, given, follow=True)
    assert "Acme and Acme GmbH are one company now, called Acme GmbH." in text(answer)
    assert "Acme into Acme GmbH" in text(answer)
    assert set(Lead.objects.values_list("account__name", flat=True)) == {"Acme GmbH"}
    assert "Companies Acme GmbH and Acme made one, called Acme GmbH" in text(hers.get(f"/leads/{cem.pk}"))
    assert "They are one already" in text(hers.get(path))
    made = AccountMerge.objects.get()
    back = hers.post(f"/companies/merges/{made.pk}/undo", {"key": uuid4().hex}, follow=True)
    assert "They are two companies again." in text(back)
    assert Lead.objects.get(pk=cem.pk).account == other
    assert Account.objects.get(pk=one.pk).name == "Acme"


def test_what_has_changed_since_it_was_shown_is_shown_again(alice: User, two: MakePair) -> None:
    one, other = two(alice)
    answer = client(alice).post(f"/companies/{one.pk}/compare/{other.pk}", {"survivor": other.pk})
    assert answer.status_code == 422
    assert "has changed since you opened this" in text(answer)
    assert AccountMerge.objects.count() == 0


def test_not_the_same_is_not_asked_again_unless_it_is_taken_back(alice: User, two: MakePair) -> None:
    one, other = two(alice)
    hers = client(alice)
    said = text(hers.post(f"/companies/{one.pk}/apart/{other.pk}", follow=True))
    assert "Two companies, then." in said
    assert "No two companies look like one" in said
    assert "Acme GmbH" in text(hers.post(f"/companies/{one.pk}/ask-again/{other.pk}", follow=True))


def test_mallory_neither_sees_nor_merges_nor_parts_them_and_mona_looks(
    alice: User, mallory: User, mona: User, two: MakePair
) -> None:
    one, other = two(alice)
    client(alice).post(f"/companies/{one.pk}/compare/{other.pk}", {"survivor": one.pk, "key": "k"})
    made = AccountMerge.objects.get()
    for user in (mallory, mona):
        assert client(user).post(f"/companies/merges/{made.pk}/undo").status_code == 403
        assert "Merged lately" not in client(user).get("/leads/duplicates/companies").text
    client(alice).post(f"/companies/merges/{made.pk}/undo")
    cem = Lead.objects.get(name="Cem")
    for user in (mallory, mona):
        theirs = client(user)
        assert "may be the same company" not in theirs.get(f"/leads/{cem.pk}").text
        for path in ("compare", "apart", "ask-again"):
            assert theirs.post(f"/companies/{one.pk}/{path}/{other.pk}", {"survivor": one.pk}).status_code == 403
        assert theirs.get(f"/companies/{one.pk}/compare/{other.pk}").status_code == 403
    assert "No two companies" in text(client(mallory).get("/leads/duplicates/companies"))
    looked = client(mona).get("/leads/duplicates/companies")
    assert "Acme GmbH" in looked.text
    assert "/compare/" not in looked.text
    assert Client().get("/leads/duplicates/companies").headers["Location"].startswith("/sign-in")


def test_the_page_costs_the_same_queries_however_many_pairs_there_are(
    alice: User, two: MakePair, make_lead: MakeLead, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    two(alice)
    hers = client(alice)
    hers.get("/leads/duplicates/companies")
    with django_assert_max_num_queries(9) as few:
        hers.get("/leads/duplicates/companies")
    for n in range(8):
        make_lead(alice, email=f"a@firm{n}x.example", company=f"Zenith{n} Works")
        make_lead(alice, email=f"b@firm{n}y.example", company=f"Zenith{n} Works GmbH")
        make_lead(alice, email="", company=f"Boreal{n}")
        make_lead(alice, email="", company=f"Boreal{n} GmbH")
    same_company.catch_up()
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert hers.get("/leads/duplicates/companies").text.count("one company:") >= 9
