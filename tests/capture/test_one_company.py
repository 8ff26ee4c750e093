"""One company, however its name is written and however it came to be known by its domain."""

import threading

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from ripeline.capture.in_person import cards
from ripeline.capture.models import Door
from ripeline.leads.decisions import birth
from ripeline.leads.decisions.birth import Person
from ripeline.leads.knowing import same_name
from ripeline.leads.knowing.same_name import Word
from ripeline.leads.models import Account
from ripeline.people.models import User
from tests.capture.importing import counts, csv, imported
from tests.capture.test_cards import booth, card

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_monday")]
__all__ = ["booth"]


def _met(actor: User, door: Door, key: str, **fields: str) -> None:
    cards.take(actor=actor, door=door, card=card(key, fields=fields))


def test_a_company_that_is_known_by_its_domain_by_now_is_still_found_by_its_name_however_written(
    alice: User, booth: Door
) -> None:
    _met(alice, booth, "a", name="A One", company="Northgate Dental")
    _met(alice, booth, "b", name="B Two", company="Northgate Dental", email="b@northgate.example")
    _met(alice, booth, "c", name="C Three", company="northgate  DENTAL")
    assert list(Account.objects.values_list("key", "name")) == [("d:northgate.example", "Northgate Dental")]


def test_a_file_of_companies_that_comes_again_makes_none_that_is_known_by_its_domain_meanwhile(
    alice: User, booth: Door
) -> None:
    companies = csv(
        "Company name,Industry,Number of employees", "Northgate Dental,Health,30", "NORTHGATE dental,Health,"
    )
    imported(companies, kind="companies", name="companies.csv")
    _met(alice, booth, "b", name="B Two", company="Northgate Dental", email="b@northgate.example")
    run = imported(companies, kind="companies", name="companies.csv")
    assert counts(run)[0] == 0
    assert list(Account.objects.values_list("key", "name")) == [("d:northgate.example", "Northgate Dental")]


def test_a_legal_form_or_a_common_word_does_not_say_whose_a_domain_is(alice: User, booth: Door) -> None:
    _met(alice, booth, "a", name="A One", company="Weber GmbH")
    _met(alice, booth, "b", name="B Two", company="Weber GmbH", email="b@schmidt-gmbh.example")
    assert sorted(Account.objects.values_list("key", flat=True)) == ["d:schmidt-gmbh.example", "n:weber gmbh"]


def test_a_stranger_who_says_so_in_a_form_is_at_the_company_and_gives_it_no_domain() -> None:
    theirs = birth.accounts([Person(company="Northgate Dental")], Word.CLAIMS)["n:northgate dental"]
    stranger = Person(company="Northgate Dental", email="m@northgate-offers.example")
    joined = birth.accounts([stranger], same_name.word("form", by_file=False))
    assert joined["d:northgate-offers.example"].pk == theirs.pk
    assert list(Account.objects.values_list("key", "domain")) == [("n:northgate dental", "")]
    met = Person(company="Northgate Dental", email="b@northgate.example")
    assert birth.accounts([met], same_name.word("booth", by_file=False))["d:northgate.example"].pk == theirs.pk
    assert list(Account.objects.values_list("key", "domain")) == [("d:northgate.example", "northgate.example")]


def test_companies_are_found_by_name_and_claimed_in_a_few_statements_however_many_they_are() -> None:
    firms = [f"Firma{n}x Works" for n in range(60)]
    birth.accounts([Person(company=name) for name in firms], Word.CLAIMS)
    people = [Person(company=name, email=f"p@firma{n}x.example") for n, name in enumerate(firms)]
    with CaptureQueriesContext(connection) as seen:
        claimed = birth.accounts(people, Word.CLAIMS)
        again = birth.accounts([Person(company=name.upper()) for name in firms], Word.APART)
    assert len(seen) < 12
    assert {firm.pk for firm in claimed.values()} == {firm.pk for firm in again.values()}
    assert Account.objects.count() == 60


def test_of_companies_claimed_together_one_whose_domain_somebody_has_just_taken_is_theirs() -> None:
    firms = birth.accounts([Person(company="Anton Works"), Person(company="Berta Works")], Word.CLAIMS)
    berta = firms["n:berta works"]
    near = same_name._near({"d:anton.example": "Anton Works", "d:berta.example": "Berta Works"})
    birth.accounts([Person(company="Anton", email="a@anton.example")], Word.CLAIMS)
    assert same_name._claimed(near) == ({"d:berta.example": (berta.pk, None, "Berta Works")}, {"d:anton.example"})


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_an_import_that_is_at_work_on_the_same_company() -> None:
    birth.accounts([Person(company="Northgate Dental")], Word.CLAIMS)
    held, done = threading.Event(), threading.Event()

    def chunk() -> None:
        try:
            with transaction.atomic():
                birth.accounts([Person(company="Northgate Dental")], Word.APART)
                held.set()
                done.wait(30)
        finally:
            connections.close_all()

    at_work = threading.Thread(target=chunk)
    at_work.start()
    try:
        assert held.wait(30)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            found = birth.accounts([Person(company="Northgate Dental", email="b@northgate.example")], Word.CLAIMS)
    finally:
        done.set()
        at_work.join()
    assert [(found["d:northgate.example"].pk, "n:northgate dental")] == list(Account.objects.values_list("pk", "key"))
