"""Teams come and go while people join and leave them."""

from collections.abc import Callable
from threading import Event

import pytest
from django.db import transaction

from ripeline.people import actions
from ripeline.people.actions import PeopleError
from ripeline.people.models import Role, Team, User
from tests.threads import in_threads, until_somebody_waits

__all__ = ["in_threads"]

InThreads = Callable[..., list[BaseException]]


def test_a_team_that_somebody_is_on_stays(ada: User, alice: User, north: Team) -> None:
    with pytest.raises(PeopleError, match="put them on another team first"):
        actions.remove_team(actor=ada, team=north)


def test_a_team_that_is_gone_already_is_removed_again_without_a_word(ada: User, north: Team) -> None:
    for _ in range(2):
        actions.remove_team(actor=ada, team=north)


def test_nobody_joins_a_team_that_was_just_removed(ada: User, alice: User, south: Team) -> None:
    actions.remove_team(actor=ada, team=Team.objects.get(pk=south.pk))
    with pytest.raises(PeopleError, match="just been removed"):
        actions.change_user(actor=ada, user=alice, team=south)
    with pytest.raises(PeopleError, match="just been removed"):
        actions.add_user(actor=ada, email="eve@example.com", role=Role.REP, team=south)


@pytest.mark.django_db(transaction=True)
def test_a_team_that_somebody_joins_in_that_moment_stays_and_says_why(
    ada: User, alice: User, south: Team, in_threads: InThreads
) -> None:
    has_joined = Event()

    def join() -> None:
        with transaction.atomic():
            actions.change_user(actor=ada, user=alice, team=south)
            has_joined.set()
            until_somebody_waits()

    def remove() -> None:
        has_joined.wait()
        actions.remove_team(actor=ada, team=Team.objects.get(pk=south.pk))

    (refused,) = in_threads(join, remove)
    assert isinstance(refused, PeopleError)
    assert "put them on another team first" in str(refused)
    assert User.objects.get(pk=alice.pk).team == south
