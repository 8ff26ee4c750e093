"""``ripeline import``: a file of leads or of outcomes, in the foreground, without a worker."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ripeline.cli.opening import opened
from ripeline.cli.output import emit, json_option, say

if TYPE_CHECKING:
    from ripeline.capture.imports.trial import Trial
    from ripeline.cli.importing import Done

CANCELLED = 130  # exit status, as of what Ctrl-C ends
_NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


def _pairs(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> list[tuple[str, str]]:
    """HEADING=FIELD, split at the last sign of equality: headings may have one, fields have none."""
    for one in given:
        if not all(part.strip() for part in one.rpartition("=")):
            raise click.BadParameter(f"“{one}” is not like heading=field, for example Mail=email.")
    return [(heading.strip(), field.strip()) for heading, _, field in (one.rpartition("=") for one in given)]


def _country(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    """Its code."""
    from ripeline.capture.cells import codes
    from ripeline.capture.cells.text import BadValueError

    try:
        return codes.country(given) if given else None
    except BadValueError as problem:
        raise click.BadParameter(f"{problem}.") from problem


@click.command("import")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, metavar="FILE...")
@click.option("--outcomes", is_flag=True, help="The file has won and lost deals, joined to leads by id or e-mail.")
@click.option(
    "--map", "pairs", multiple=True, metavar="HEADING=FIELD", callback=_pairs,
    help="Which column is which field; once for each. Columns not named become custom fields (of outcomes: are left "
    "out). Without any the columns are guessed, or as last time. FIELD may be custom:Label or ignore.",
)  # fmt: skip
@click.option("--source", default="", metavar="NAME", help="Where the people come from whose rows do not say.")
@click.option(
    "--conflicts", type=click.Choice(["file", "empty", "newest", "always"]),
    help="Whose word stays where the file says something else than the record: the file's but not over what somebody "
    "corrected by hand (otherwise so), the record's, the newer one by the row's date, or the file's always.",
)  # fmt: skip
@click.option(
    "--ids-of", "system", metavar="SYSTEM",
    help="The system that gave the ids in the file (hubspot, salesforce …), where its headings do not tell: an id is "
    "the same person's only within one. Without it they are your own system's.",
)  # fmt: skip
@click.option(
    "--phones-of", "country", metavar="COUNTRY", callback=_country,
    help="The country (DE, or its name) of telephone numbers without a country code; otherwise guessed, and said.",
)  # fmt: skip
@click.option(
    "--close/--keep-open", "closes", default=None,
    help="Whether leads that are open here and won or lost in the file are closed so, though never over what was "
    "decided here later; otherwise they are.",
)  # fmt: skip
@click.option(
    "--came", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
    help="The day on which all came whose row does not say, such as a fair's; otherwise they count from today.",
)  # fmt: skip
@click.option(
    "--all-people/--first-only", "others", default=None,
    help="Whether the further people of a row (Contact 2) who can be reached become leads of their own; otherwise they "
    "do, unless such a file went in without.",
)  # fmt: skip
@click.option("--sheet", metavar="NAME", help="Of a workbook, the sheet to read; otherwise the one with the most rows.")
@click.option("--encoding", help="The file's encoding (utf-8, cp1252 …); otherwise found out.")
@click.option("--delimiter", help="What separates cells: one character, or tab; otherwise found out.")
@click.option("--day-first/--month-first", default=None, help="How dates like 03/04/2024 are meant.")
@click.option("--decimal-comma/--decimal-point", default=None, help="How numbers like 1.234 are meant.")
@click.option(
    "--dry-run", "is_trial", is_flag=True,
    help="Say exactly what would change, of the first 20,000 rows at most, and change nothing.",
)  # fmt: skip
@click.option("--rejects", type=click.Path(path_type=Path), metavar="FILE", help="Where to write the refused rows.")
@click.option("--undo", "undone", metavar="RUN", help="Take an import back, by the id that --json and its page show.")
@click.option("--yes", "is_sure", is_flag=True, help="With --undo: do not ask.")
@click.option(
    "--schedule", metavar="WHEN", help="Have a file imported by itself: “hourly :15”, “daily 06:30” or “monday "
    "06:30”, by the company's clock. With --from.",
)  # fmt: skip
@click.option(
    "--from", "place", metavar="PLACE", help="With --schedule: its address, or its name in the inbox of the home "
    "(a * stands for anything, and the newest is taken).",
)  # fmt: skip
@json_option
def command(
    files: tuple[Path, ...], outcomes: bool, pairs: list[tuple[str, str]], source: str, conflicts: str | None,
    system: str | None, country: str | None, closes: bool | None, others: bool | None,
    came: datetime | None, sheet: str | None,
    encoding: str | None, delimiter: str | None,
    day_first: bool | None, decimal_comma: bool | None,
    is_trial: bool, rejects: Path | None, undone: str | None, is_sure: bool, schedule: str | None, place: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Import a file of leads, or of outcomes: CSV, Excel or LibreOffice.

    Exports of HubSpot, Salesforce, Pipedrive and LinkedIn are known by their headings; several files of one go in
    together, companies before people before deals before notes.

    Every row is accounted for: created, updated, unchanged or rejected. The rejected ones come back as a file with
    their reasons, to be corrected and imported again. Importing the same file twice changes nothing. One that was
    broken off goes on where it stopped when the same command is given again. Exit status: 0 done (also where rows
    were rejected), 1 refused or failed, 130 cancelled by Ctrl-C.
    """
    if undone is not None:
        _take_back(undone, is_sure=is_sure, as_json=as_json)
        return
    if schedule is not None or place is not None:
        if schedule is None or place is None or files:
            raise click.UsageError(
                "--schedule and --from go together, without a FILE: --schedule 'daily 6:30' --from …"
            )
        kind = "outcomes" if outcomes else ""
        _schedule(schedule, place, kind=kind, policy=conflicts or "", closes=closes, as_json=as_json)
        return
    if not files:
        raise click.UsageError("Name a file, for example: ripeline import leads.csv")
    if len(files) > 1 and (pairs or outcomes or sheet or rejects):
        raise click.UsageError("--map, --outcomes, --sheet and --rejects go with one file. Import that one by itself.")
    if is_trial and rejects:
        raise click.UsageError("--dry-run writes no file: leave --rejects out.")
    with opened() as house:
        from ripeline.cli.importing import Wishes, bring_all, try_out
        from ripeline.leads.words.systems import named

        wishes = Wishes(
            kind="outcomes" if outcomes else "leads" if pairs else None, pairs=pairs, source=" ".join(source.split()),
            policy=conflicts or "", sheet=sheet, encoding=encoding, delimiter=_NAMED.get(delimiter or "", delimiter),
            day_first=day_first, decimal_comma=decimal_comma, system=None if system is None else named(system),
            country=country, closes=closes, others=others,
            came=None if came is None else came.date().isoformat(),
        )  # fmt: skip
        if is_trial:
            _tell_trial(try_out(files, wishes), as_json=as_json)
            return
        brought = bring_all(files, wishes, rejects=rejects, kept_in=house.home / "rejected")
    _tell(brought, as_json=as_json)


def _tell_trial(found: "Sequence[tuple[Path, Trial]]", *, as_json: bool) -> None:
    from ripeline.cli.importing import as_tried, in_words

    if as_json:
        emit(as_tried(found))
        return
    for sentence in in_words(found):
        click.echo(sentence)


def _tell(brought: "Sequence[tuple[Path, Done]]", *, as_json: bool) -> None:
    """What became of the files; leaves with the exit status of the last, the only one that can have ended early."""
    from ripeline.cli.importing import together

    is_one, done = len(brought) == 1, brought[-1][1]
    if as_json:
        emit(done.as_dict() if is_one else together(brought))
    else:
        for file, one in brought:
            if not is_one:
                click.echo(file.name)
            for sentence in one.sentences():
                click.echo(sentence)
    if not done.is_whole:
        say(done.stopped)
        raise click.exceptions.Exit(CANCELLED if done.is_cancelled else 1)


def _take_back(name: str, *, is_sure: bool, as_json: bool) -> None:
    with opened():
        from ripeline.cli import undoing

        found = undoing.take_back(name, is_sure=is_sure or as_json)
    if as_json:
        emit(found.as_dict())
    else:
        for sentence in found.sentences():
            click.echo(sentence)
    if not found.is_whole:
        say(f"{found.run.undo.problem} Give the same command again to go on.")
        raise click.exceptions.Exit(CANCELLED if found.run.undo.problem == "Stopped." else 1)


def _schedule(when: str, place: str, *, kind: str, policy: str, closes: bool | None, as_json: bool) -> None:
    with opened():
        from ripeline.cli import scheduling

        made = scheduling.set_up(when, place, kind=kind, policy=policy, closes=closes)
    emit(made) if as_json else click.echo(f"{made['place']} is imported by itself, next at {made['next_at']}.")
