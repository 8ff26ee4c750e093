"""The demo company, made once in a home of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from ripeline.demo import chronicle, clearing, company, idle
from ripeline.people import queries, working_time

SEED = 45
LEADS = 1860  # who came by themselves; an old spreadsheet brings more
Progress = Callable[[str], None]
_LOCK = 0x44454D4F  # two commands at once do not both build


class NotADemoError(Exception):
    """There is a company here that is not the demo."""


def ensure_demo(*, progress: Progress = lambda _: None, leads: int = LEADS) -> bool:
    """Make the demo company, or bring one that lay idle up to today; whether it was made now.

    What a build that was broken off has left is cleared away first. Raises NotADemoError where somebody's own company
    is: that is never touched.
    """
    if working_time.company().is_demo:
        idle.catch_up()
        return False
    with _alone():
        if working_time.company().is_demo:
            return False
        if clearing.is_broken_off():
            clearing.clear()
        if queries.has_users():
            raise NotADemoError("There is a company here that is not the demo; the demo needs a home of its own.")
        clearing.note_begin()
        build(progress=progress, leads=leads)
    return True


def build(*, progress: Progress = lambda _: None, leads: int = LEADS, seed: int = SEED) -> None:
    """Make the company, fourteen months of its history up to now, and the day that lies ahead; in an empty database.

    The same seed on the same day makes the same company. It is marked as the demo when all of it is there.
    """
    progress("Making the demo company: its people …")
    chronicle.write(leads=leads, seed=seed, progress=progress)
    progress("Making the demo company: done.")


def sign_in_hint() -> str:
    """How to sign in, for whoever has just started the demo."""
    here = [f"  {user.email:32} {company.what(user)}" for user in queries.people().filter(is_active=True)]
    return "\n  ".join([f"Sign in with the password {company.PASSWORD} as one of", *here])


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
