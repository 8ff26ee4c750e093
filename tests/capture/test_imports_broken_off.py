"""An import that is broken off anywhere ends as the undisturbed one (I7), and two of them at once make nobody twice."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from ripeline.base import clock
from ripeline.capture.columns.detection import Told
from ripeline.capture.imports import actions
from ripeline.capture.imports.actions import Said
from ripeline.capture.models import ImportReject, ImportRemark, ImportRun
from ripeline.leads.models import Enquiry, Identity, Lead
from ripeline.timeline.models import Activity
from tests.capture.importing import again, begun, counts, csv, imported
from tests.cast import MONDAY

MANY = csv("E-mail,Id,Created", *(f"p{n}@x.example,{n},2025-0{n % 9 + 1}-01" for n in range(40)))

PEOPLE = st.sampled_from(["", "a@x.example", "b@x.example", "c@x.example", "not an address"])
CELLS = st.tuples(
    PEOPLE,
    st.sampled_from(["", "1", "2", "3"]),
    st.sampled_from(["", "Ann", "Bo"]),
    st.sampled_from(["", "2023-05-01", "2026-05-30", "2026-02-31"]),
    st.sampled_from(["", "Webinar", '"half a quote']),
)
SAID = Said(Told(delimiter=",", quote='"', header=True, skip=0))  # however odd the rows are


class KilledError(BaseException):
    """What kill -9 is to a process: nothing after it happens."""


def outcome(run: ImportRun) -> dict[str, Any]:
    """Everything that an import leaves, without the names that are made anew each time."""
    return {
        "run": (run.state, run.rows, counts(run), run.reopened),
        "leads": sorted(Lead.objects.values_list("name", "email", "state", "episode", "next_kind", "captured_at")),
        "keys": sorted(Identity.objects.values_list("kind", "key")),
        "enquiries": Enquiry.objects.count(),
        "timeline": sorted(Activity.objects.values_list("kind", "occurred_at")),
        "rejects": list(ImportReject.objects.order_by("row").values_list("row", "cells", "column", "reason")),
        "remarks": list(ImportRemark.objects.order_by("row", "id").values_list("row", "about", "text")),
    }


# The id of row 9, then of row 11, is somebody else's and left out: no row after it is known by it, nor when it goes on.
LEFT_OUT_IDS = [
    ("b@x.example", "3", "Bo", "2023-05-01", ""), ("a@x.example", "2", "", "2026-05-30", "Webinar"),
    ("", "", "Bo", "2026-05-30", "Webinar"), ("b@x.example", "2", "Ann", "2026-05-30", ""),
    ("", "", "Bo", "2026-05-30", "Webinar"), ("c@x.example", "2", "", "2026-05-30", ""),
    ("", "", "Bo", "2026-05-30", "Webinar"), ("c@x.example", "", "Ann", "2026-05-30", "Webinar"),
]  # fmt: skip


class BrokenOffAnywhere(TestCase):
    @example(rows=LEFT_OUT_IDS, size=1, kills={7})
    @example(rows=LEFT_OUT_IDS, size=1, kills={8})
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(CELLS, min_size=1, max_size=14), st.integers(1, 5), st.sets(st.integers(0, 14), max_size=4))
    def test_an_import_killed_between_any_chunks_ends_as_the_undisturbed_one(
        self, rows: list[tuple[str, ...]], size: int, kills: set[int]
    ) -> None:
        file = csv("E-mail,Id,Name,Created,Source", "z@x.example,9,Zoe,2026-05-29,Webinar", *map(",".join, rows))
        mapping = {"E-mail": "email", "Id": "external_id", "Name": "name", "Created": "captured_at", "Source": "source"}
        with clock.at(MONDAY):
            place = transaction.savepoint()
            undisturbed = outcome(imported(file, mapping=mapping, said=SAID, size=size))
            transaction.savepoint_rollback(place)
            run = begun(file, mapping=mapping, said=SAID)
            for _ in range(len(kills)):
                self._work_until_killed(run, size, kills)
            actions.work(run.pk, size=size)
        assert outcome(again(run)) == undisturbed

    def _work_until_killed(self, run: ImportRun, size: int, kills: set[int]) -> None:
        def watch(now: ImportRun) -> None:
            if now.position // size in kills and now.state == "running":
                kills.remove(now.position // size)
                raise KilledError

        with contextlib.suppress(KilledError):
            actions.work(run.pk, size=size, watch=watch)


@pytest.fixture
def other_hand(transactional_db: None) -> Iterator["psycopg.Connection[Any]"]:
    """A connection of somebody who can end those of others."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as hand:
        yield hand
    if not connection.is_usable():
        connection.close()  # so that what failed here fails here alone


_END = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "


def end_others(hand: "psycopg.Connection[Any]", where: str = "true") -> int:
    found = hand.execute(f"{_END} pg_backend_pid() AND backend_type = 'client backend' AND {where}").fetchone()
    return int(found[0]) if found else 0


def test_an_import_whose_connections_are_cut_goes_on_by_itself(other_hand: "psycopg.Connection[Any]") -> None:
    run = begun(MANY)
    cut: list[int] = []

    def watch(now: ImportRun) -> None:
        if now.position in (10, 20) and now.position not in cut:
            cut.append(now.position)
            assert end_others(other_hand) >= 2, "its own, and the one of its claim (and any that a test has left)"

    assert actions.work(run.pk, size=10, watch=watch)
    assert cut == [10, 20]
    assert (again(run).state, counts(again(run)), Lead.objects.count()) == ("done", (40, 0, 0, 0), 40)


def test_an_import_whose_claim_was_lost_is_left_to_whoever_took_it_over(
    other_hand: "psycopg.Connection[Any]",
) -> None:
    run = begun(MANY)
    ended: list[bool] = []

    def watch(now: ImportRun) -> None:
        if now.position == 10:
            holders = "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
            assert end_others(other_hand, holders) == 1
            thread = threading.Thread(target=another)
            thread.start()
            thread.join()

    def another() -> None:
        ended.append(actions.work(run.pk, size=10))
        connection.close()

    assert not actions.work(run.pk, size=10, watch=watch)
    assert ended == [True]
    assert (again(run).state, counts(again(run)), Lead.objects.count()) == ("done", (40, 0, 0, 0), 40)


def test_a_run_is_in_one_hand_at_a_time(other_hand: "psycopg.Connection[Any]") -> None:
    run = begun(MANY)
    refused: list[bool] = []

    def another() -> None:
        refused.append(not actions.work(run.pk))
        connection.close()

    def watch(_: ImportRun) -> None:
        thread = threading.Thread(target=another)
        thread.start()
        thread.join()

    assert actions.work(run.pk, size=20, watch=watch)
    assert set(refused) == {True}
    assert counts(again(run)) == (40, 0, 0, 0)


def test_files_that_overlap_imported_at_the_same_moment_make_nobody_twice(transactional_db: None) -> None:
    def file(start: int) -> bytes:
        people = range(start, start + 60)
        return csv(
            "E-mail,Id,Created,Company",
            *(f"p{n}@x.example,{n},2026-01-01,Firm {n // 3}" for n in (people if start % 40 else reversed(people))),
        )

    runs = [begun(file(start), name=f"{start}.csv") for start in (0, 20, 40)]
    barrier = threading.Barrier(len(runs))

    def work(run: ImportRun) -> None:
        barrier.wait()
        actions.work(run.pk, size=7)
        connection.close()

    threads = [threading.Thread(target=work, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [again(run) for run in runs]
    assert [run.state for run in found] == ["done"] * 3
    assert sum(run.created for run in found) == Lead.objects.count() == 100
    assert sum(run.unchanged for run in found) == 80
    assert Identity.objects.count() == 200
    assert Enquiry.objects.count() == 100


@pytest.mark.django_db
def test_an_import_is_counted_right_at_every_moment() -> None:
    seen: list[tuple[int, int]] = []
    run = begun(MANY)
    actions.work(run.pk, size=15, watch=lambda now: seen.append((now.position, Lead.objects.count())))
    assert seen == [(0, 0), (15, 15), (30, 30), (40, 40), (40, 40)]
