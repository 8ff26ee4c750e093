"""What seldom changes is kept in the process, and yet is never old: a change is seen as soon as it is committed."""

import pytest
from django.db import connection, transaction

from ripeline.base.settled import Settled, look
from ripeline.people import actions, working_time
from ripeline.people.models import Company, User
from ripeline.routing import queries as routing
from tests.threads import run_in_threads


def names() -> list[str]:
    return list(Company.objects.values_list("name", flat=True))


@pytest.mark.django_db
def test_it_is_read_once_and_again_when_a_row_is_another() -> None:
    read: list[int] = []

    def reading() -> list[str]:
        read.append(1)
        return names()

    kept = Settled(reading, "company")
    before = kept.now()
    assert kept.now() is before
    Company.objects.update(name="Another name")
    assert kept.now() == ["Another name"]
    assert len(read) == 2


@pytest.mark.django_db
def test_a_change_that_is_taken_back_was_never_there() -> None:
    kept = Settled(names, "company")
    before = kept.now()
    with transaction.atomic():
        Company.objects.update(name="For a moment")
        assert kept.now() == ["For a moment"]
        transaction.set_rollback(True)
    assert kept.now() == before


@pytest.mark.django_db
def test_what_was_read_of_a_change_during_a_look_is_forgotten_with_it() -> None:
    kept = Settled(names, "company")
    before = names()
    with transaction.atomic(), look():
        Company.objects.update(name="For a moment")
        assert kept.now(anew=True) == kept.now() == ["For a moment"]
        transaction.set_rollback(True)
    assert kept.now() == before


@pytest.mark.django_db
def test_rows_that_come_and_go_are_seen(ada: User, alice: User, bob: User) -> None:
    assert {alice.pk, bob.pk} <= routing.sellers().keys()
    actions.set_active(actor=ada, user=bob, active=False)
    assert bob.pk not in routing.sellers()


@pytest.mark.django_db
def test_within_a_look_all_is_as_it_was_at_its_beginning_unless_asked_anew() -> None:
    kept = Settled(names, "company")
    with look():
        before = kept.now()
        Company.objects.update(name="Meanwhile")
        assert kept.now() == before
        assert kept.now(anew=True) == ["Meanwhile"]
    assert kept.now() == ["Meanwhile"]


@pytest.mark.django_db(transaction=True)
def test_what_somebody_else_has_not_committed_is_not_seen_and_then_it_is() -> None:
    kept = Settled(names, "company")
    before = kept.now()
    seen: list[object] = []

    def look_meanwhile() -> None:
        seen.append(kept.now())

    with transaction.atomic():
        Company.objects.update(name="Committed later")
        assert kept.now() == ["Committed later"]
        assert not run_in_threads(look_meanwhile)
    assert not run_in_threads(look_meanwhile)
    assert seen == [before, ["Committed later"]]


@pytest.mark.django_db
def test_the_company_is_one_s_own_to_change() -> None:
    mine = working_time.company()
    mine.name = "Changed here alone"
    assert working_time.company().name != mine.name
    assert connection.in_atomic_block
