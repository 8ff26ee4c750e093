"""Imports for tests: a file's text in, the run that ended out."""

import io
from typing import Any

from ripeline.capture.cells.fields import Kind
from ripeline.capture.imports import actions, queries
from ripeline.capture.models import ImportRun
from ripeline.people import queries as people
from ripeline.people.models import User


def csv(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def begun(
    content: bytes, *, actor: User | None = None, kind: Kind | None = "leads", name: str = "leads.csv", **prepared: Any
) -> ImportRun:
    """A run that waits to be worked, with the guessed mapping or the one given."""
    who = actor or people.system()
    run = actions.begin(actor=who, kind=kind, filename=name, file=io.BytesIO(content))
    if prepared:
        actions.prepare(actor=who, run_id=run.pk, **prepared)
    return actions.confirm(actor=who, run_id=run.pk)


def imported(content: bytes, *, size: int = 1000, **how: Any) -> ImportRun:
    """The same, brought to its end."""
    run = begun(content, **how)
    actions.work(run.pk, size=size)
    return again(run)


def outcomes(content: bytes, **how: Any) -> ImportRun:
    return imported(content, kind="outcomes", name="deals.csv", **how)


def again(run: ImportRun) -> ImportRun:
    """As the database has it."""
    return ImportRun.objects.select_related("started_by").get(pk=run.pk)


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    """(created, updated, unchanged, rejected)."""
    return run.created, run.updated, run.unchanged, run.rejected


def rejected(run: ImportRun) -> list[tuple[int, str]]:
    """The rows that it gave back, and why."""
    return [(reject.row, reject.reason) for reject in queries.rejects(run)]
