"""An import taken back from the command line: what will happen is said first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import click

from ripeline.capture.imports import actions, undoing
from ripeline.capture.models import ImportKind, ImportRun, ImportState
from ripeline.cli.importing import Foreground
from ripeline.cli.output import Failed, say
from ripeline.people import queries as people


@dataclass(frozen=True)
class TakenBack:
    """What became of it, or (`is_plan`) would."""

    run: ImportRun
    deleted: int
    kept: int
    put_back: int
    partly: int
    fields: Sequence[str] = ()  # of the company's own that go, too
    is_plan: bool = False

    @property
    def is_whole(self) -> bool:
        return self.is_plan or self.run.state == ImportState.UNDONE

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        counts = {name: getattr(self, name) for name in ("deleted", "kept", "put_back", "partly")}
        found = {"run": self.run.pk, **counts, "state": self.run.state}
        return found if self.is_whole else {**found, "error": self.run.undo.problem}

    def sentences(self) -> Iterator[str]:
        """For a person."""
        would = "would be " if self.is_plan else ""
        one, many = ("company", "companies") if self.run.kind == ImportKind.COMPANIES else ("lead", "leads")
        noun = one if self.deleted == 1 else many
        yield (
            f"{self.run.filename}: {self.deleted:,} {noun} {would}deleted, {self.kept:,} kept because something "
            f"happened since, {self.put_back:,} put back as they were, {self.partly:,} in part."
        )
        if self.fields and self.is_plan:
            yield f"Fields that it made go, too, unless something else uses them by then: {', '.join(self.fields)}."
        elif self.fields:
            yield f"Fields that it had made, and nothing else uses, went with it: {', '.join(self.fields)}."


def plan(name: str) -> TakenBack:
    """What taking an import back would do."""
    run = _run(name)
    if run.state not in undoing.ENDED:
        raise Failed(
            f"{run.filename} is {run.get_state_display().lower()}; only an import that has ended is taken back."
        )
    if problem := undoing.why_not(run):
        raise Failed(problem)
    found = undoing.expect(run, 0)
    return TakenBack(run, found.deleted, found.kept, found.put_back, found.partly, found.fields, is_plan=True)


def take_back(name: str, *, is_sure: bool) -> TakenBack:
    """Take an import back and wait for its end."""
    run, actor = _run(name), people.system()
    if run.state in undoing.ENDED and not is_sure:
        for sentence in plan(name).sentences():
            say(sentence)
        click.confirm(
            "Take it back? Leads that are deleted come back only by importing the file again.", abort=True, err=True
        )
    try:
        actions.undo(actor=actor, run_id=run.pk)
    except actions.UndoError as problem:
        raise Failed(str(problem)) from problem
    run = Foreground(actor, run.pk, cancel=actions.stop_undo).finish()
    undo = run.undo
    return TakenBack(run, undo.deleted, undo.kept, undo.put_back, undo.partly, undo.made.get("fields_gone", ()))


def _run(name: str) -> ImportRun:
    try:
        return ImportRun.objects.select_related("started_by").get(pk=UUID(name))
    except (ValueError, ImportRun.DoesNotExist) as problem:
        raise Failed(
            f"There is no import {name!r}. Its id is in the address of its page and in what --json printed."
        ) from problem
