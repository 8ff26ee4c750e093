"""``ripeline export``: every lead as CSV, streamed."""

import contextlib
import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import click

from ripeline.cli.opening import MISUSE, opened
from ripeline.cli.output import Failed, emit, json_option, say


@click.command("export")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to; otherwise standard output.")
@json_option
def command(out: Path | None, as_json: bool) -> None:
    """Write all leads to a CSV file, with their custom fields.

    No cell of it runs as a formula in a spreadsheet. Moments are in UTC. The file has personal data: it is made
    readable for you alone.
    """
    if as_json and out is None:
        raise Failed("With --json, say where to write the leads: --out FILE.", status=MISUSE)
    with opened(), _written(out) as file:
        count = _export(file)
    if as_json:
        emit({"leads": count, "file": str(out.absolute()) if out else None})
    else:
        say(f"{count:,} leads were written" + (f" to {out}." if out else "."))


@contextlib.contextmanager
def _written(out: Path | None) -> Iterator[TextIO]:
    """The file, which appears under its name once it is whole; or standard output."""
    if out is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr] # it is a text file
        yield sys.stdout
        sys.stdout.flush()
        return
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8-sig", newline="") as file:
            yield file
        partial.replace(out)
    except OSError as problem:
        raise Failed(f"{out} cannot be written ({problem.strerror}).") from problem
    finally:
        partial.unlink(missing_ok=True)


def _export(file: TextIO) -> int:
    from ripeline.capture.exporting import export
    from ripeline.people import queries as people

    count = -1  # the heading
    writer = csv.writer(file)
    for cells in export(actor=people.system()):
        writer.writerow(cells)
        count += 1
    return count
