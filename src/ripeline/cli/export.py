"""``ripeline export``: every lead, or what a kept view shows, as CSV or Excel, streamed."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click

from ripeline.cli.opening import MISUSE, opened
from ripeline.cli.output import Failed, emit, json_option, say


@click.command("export")
@click.option(
    "--view", "name", metavar="NAME", help="What this kept view shows, with its columns, to whoever keeps it."
)
@click.option("--of", "keeper", metavar="EMAIL", help="With --view: who keeps it, where several views are called so.")
@click.option("--format", "file_format", type=click.Choice(["csv", "xlsx"]), default="csv", help="CSV, or Excel.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to; otherwise standard output.")
@json_option
def command(name: str | None, keeper: str | None, file_format: str, out: Path | None, as_json: bool) -> None:
    """Write all leads to a file with their custom fields, or what a view shows.

    No cell of it runs as a formula in a spreadsheet. Moments are in UTC. The file has personal data: it is made
    readable for you alone.
    """
    if (as_json or file_format == "xlsx") and out is None:
        raise Failed(f"With --{'json' if as_json else 'format xlsx'}, say where to: --out FILE.", status=MISUSE)
    if keeper is not None and name is None:
        raise Failed("--of goes with --view: whose view it is.", status=MISUSE)
    with opened():
        lines = _all() if name is None else _of_view(name, keeper, file_format)
        with _written(out) as file:
            count = _write(lines, file, file_format, is_marked=out is not None)
    if as_json:
        emit({"leads": count, "file": str(out.absolute()) if out else None})
    else:
        say(f"{count:,} leads were written" + (f" to {out}." if out else "."))


@contextlib.contextmanager
def _written(out: Path | None) -> Iterator[IO[bytes]]:
    """The file, which appears under its name once it is whole; or standard output."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:
            yield file
        partial.replace(out)
    except OSError as problem:
        raise Failed(f"{out} cannot be written ({problem.strerror}).") from problem
    finally:
        partial.unlink(missing_ok=True)


def _all() -> Iterator[list[Any]]:
    from ripeline.capture.exports.exporting import export
    from ripeline.people import queries as people

    return export(actor=people.system())


def _of_view(name: str, keeper: str | None, file_format: str) -> Iterator[list[Any]]:
    from datetime import UTC

    from ripeline.capture.exports import exports
    from ripeline.leads.finding import saved

    found = [view for view in saved.called(name) if keeper is None or view.user.email == keeper.strip().lower()]
    if not found:
        raise Failed(f"Nobody keeps a view called “{name}”." if keeper is None else f"{keeper} keeps no view “{name}”.")
    if len(found) > 1:
        keepers = ", ".join(view.user.email for view in found)
        raise Failed(f"Several views are called “{name}”. Say whose: --of EMAIL, of {keepers}.")
    exports.note(actor=found[0].user, query=found[0].query, count=None, file_format=file_format)
    return exports.lines(found[0].user, found[0].query, UTC)


def _write(lines: Iterator[list[Any]], file: IO[bytes], file_format: str, *, is_marked: bool) -> int:
    """Write heading and rows; how many these were. `is_marked`: with the mark by which spreadsheets know UTF-8."""
    from datetime import UTC

    from ripeline.capture.exports import exports
    from ripeline.capture.files import sheets

    count = -1  # the heading

    def counted() -> Iterator[list[Any]]:
        nonlocal count
        for line in lines:
            yield line
            count += 1

    if file_format == "xlsx":
        sheets.write_workbook(file, counted(), UTC)
        return count
    pieces = exports.as_csv(counted(), UTC)
    mark = next(pieces)
    if is_marked:
        file.write(mark.encode())
    file.writelines(piece.encode() for piece in pieces)
    return count
