"""What several want at the same moment is done by one of them for all, and nobody suffers for another."""

from collections.abc import Callable, Sequence
from threading import Event

import pytest
from django.db import transaction

from ripeline.base.together import Together
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_waits_is_served_with_the_others_and_each_gets_their_own() -> None:
    groups: list[int] = []
    first, queued = Event(), Event()

    def work(wanted: Sequence[int]) -> list[int]:
        groups.append(len(wanted))
        if len(groups) == 1:
            first.set()
            queued.wait(20)
        return [number * 10 for number in wanted]

    double = Together(work)
    results: dict[int, int] = {}

    def ask(number: int) -> Callable[[], None]:
        def asked() -> None:
            if number:
                first.wait(20)
            results[number] = double(number)

        return asked

    def let_go() -> None:
        first.wait(20)
        while len(double._waiting) < 5:
            pass
        queued.set()

    assert not run_in_threads(*(ask(number) for number in range(6)), let_go)
    assert results == {number: number * 10 for number in range(6)}
    assert groups == [1, 5]


def queued(verb: Together[int, int], numbers: Sequence[int], free: Event) -> tuple[dict[int, int], list[BaseException]]:
    """What each gets who asks while somebody else (0) is at work, which ends once all wait."""
    results: dict[int, int] = {}
    begun = Event()

    def ask(number: int) -> Callable[[], None]:
        def asked() -> None:
            if number:
                begun.wait(20)
            else:
                begun.set()
            results[number] = verb(number)

        return asked

    def let_go() -> None:
        begun.wait(20)
        while len(verb._waiting) < len(numbers):
            pass
        free.set()

    raised = run_in_threads(*(ask(number) for number in (0, *numbers)), let_go)
    return results, raised


def test_one_that_breaks_all_is_found_and_the_others_are_done_whoever_works_for_them() -> None:
    free = Event()
    groups: list[int] = []

    def work(wanted: Sequence[int]) -> list[int]:
        groups.append(len(wanted))
        if 0 in wanted:
            free.wait(20)
        if 3 in wanted:
            raise ValueError("three")
        return list(wanted)

    results, raised = queued(Together(work), [1, 2, 3, 4], free)
    assert [str(problem) for problem in raised] == ["three"]
    assert results == {number: number for number in (0, 1, 2, 4)}
    assert groups == [1, 4, 1, 1, 1, 1]


def test_only_what_is_of_one_kind_is_done_together() -> None:
    free = Event()
    groups: list[list[int]] = []

    def work(wanted: Sequence[int]) -> list[int]:
        groups.append(sorted(wanted))
        if 0 in wanted:
            free.wait(20)
        return list(wanted)

    results, raised = queued(Together(work, kind=lambda number: number % 2), [1, 2, 3, 4, 5], free)
    assert not raised
    assert results == {number: number for number in range(6)}
    assert sorted(groups) == [[0], [1, 3, 5], [2, 4]]


def test_an_answer_that_is_a_fault_is_raised_to_whoever_asked() -> None:
    odd = Together(lambda wanted: [number if number % 2 else ValueError(number) for number in wanted])
    assert odd(1) == 1
    with pytest.raises(ValueError, match="2"):
        odd(2)


def test_within_a_transaction_it_is_done_there() -> None:
    seen: list[Sequence[int]] = []

    def work(wanted: Sequence[int]) -> list[int]:
        seen.append(wanted)
        return list(wanted)

    with transaction.atomic():
        assert Together(work)(7) == 7
    assert seen == [[7]]
