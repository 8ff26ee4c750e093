"""Threads with a connection each."""

from collections.abc import Callable
from threading import Thread
from time import monotonic

import pytest
from django.db import connection

LONGEST = 60.0  # seconds until somebody must wait


def run_in_threads(*jobs: Callable[[], object]) -> list[BaseException]:
    """Run the jobs at the same time, each on its own connection; whatever they raised."""
    raised: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def until_somebody_waits() -> None:
    """For a lock that the caller's transaction holds. Where nobody comes to wait for it, that is said."""
    end = monotonic() + LONGEST
    with connection.cursor() as cursor:
        waits = False
        while not waits:
            assert monotonic() < end, "nobody waits for the lock"
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            (waits,) = cursor.fetchone()


@pytest.fixture
def in_threads() -> Callable[..., list[BaseException]]:
    return run_in_threads
