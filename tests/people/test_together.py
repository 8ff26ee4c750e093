"""What several want at the same moment is done by one of them for all, and nobody suffers for another."""

from collections.abc import Callable, Sequence
from threading import Barrier, Event

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


def test_one_that_breaks_all_is_found_and_the_others_are_done() -> None:
    start = Barrier(4)

    def work(wanted: Sequence[int]) -> list[int]:
        if 3 in wanted:
            raise ValueError("three")
        return list(wanted)

    same = Together(work)
    results: list[int] = []

    def ask(number: int) -> Callable[[], None]:
        def asked() -> None:
            start.wait(20)
            results.append(same(number))

        return asked

    (raised,) = run_in_threads(*(ask(number) for number in range(4)))
    assert str(raised) == "three"
    assert sorted(results) == [0, 1, 2]


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
