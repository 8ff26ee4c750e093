"""The demo company, made once in a home of its own: in one transaction, so that there is never half of it."""

from collections.abc import Callable

from django.db import connection, transaction

from ripeline.demo import chronicle, company
from ripeline.people import actions as people
from ripeline.people import queries, working_time

SEED = 45
LEADS = 1800  # who came by themselves; an old spreadsheet brings more
Progress = Callable[[str], None]
_LOCK = 0x44454D4F  # two commands at once do not both build


class NotADemoError(Exception):
    """There is a company here that is not the demo."""


def ensure_demo(*, progress: Progress = lambda _: None, leads: int = LEADS) -> bool:
    """Make the demo company unless it is there; whether it was made now.

    A build that was broken off has left nothing, so it is simply made again. Raises NotADemoError where somebody's own
    company is.
    """
    if working_time.company().is_demo:
        return False
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if working_time.company().is_demo:
            return False
        if queries.has_users():
            raise NotADemoError("There is a company here that is not the demo; the demo needs a home of its own.")
        build(progress=progress, leads=leads)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return True


def build(*, progress: Progress = lambda _: None, leads: int = LEADS, seed: int = SEED) -> None:
    """Make the company, fourteen months of its history up to now, and the day that lies ahead. In a transaction.

    The same seed on the same day makes the same company.
    """
    progress("Making the demo company: its people …")
    chronicle.write(leads=leads, seed=seed, progress=progress)
    people.set_company(actor=queries.system(), is_demo=True)
    progress("Making the demo company: done.")


def sign_in_hint() -> str:
    """How to sign in, for whoever has just started the demo."""
    found = {user.role: user for user in reversed(list(queries.people().filter(is_active=True)))}
    people_here = [
        f"{user.email}  {company.WHAT.get(role, user.get_role_display())}"
        for role in company.WHAT
        if (user := found.get(role))
    ]
    return "\n  ".join([f"Sign in with the password {company.PASSWORD} as", *people_here])
