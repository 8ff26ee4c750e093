"""``ripeline db``: the schema, and whether the data keeps the promises that Ripeline makes."""

import click

from ripeline.cli.opening import opened
from ripeline.cli.output import emit, finish, json_option, say


@click.group("db")
def command() -> None:
    """Bring the schema up to date; check that the data keeps every promise."""


@command.command("migrate")
@json_option
def migrate(as_json: bool) -> None:
    """Bring the schema up to date.

    Every command does this by itself; run it alone before starting many machines on a new version.
    """
    with opened(make_schema=False):
        from ripeline.cli.opening import prepare_schema
        from ripeline.config import schema

        behind = schema.is_behind()
        prepare_schema()
    if as_json:
        emit({"migrated": behind})
    else:
        say("The schema was brought up to date." if behind else "The schema is up to date.")


@command.command("check")
@json_option
def check(as_json: bool) -> None:
    """Check by SQL that the data keeps every promise; exit status 1 when one is broken.

    Each promise is counted over all leads, so that no cache and no code of the product is trusted.
    """
    with opened():
        from ripeline.cli import invariants

        findings = invariants.check()
    broken = [finding for finding in findings if finding.rows]
    if as_json:
        emit({"ok": not broken, "checks": [finding.as_dict() for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{'✗' if finding.rows else '✓'} {finding.promise}{finding.detail}")
        say(
            f"{len(broken)} of {len(findings)} promises are broken."
            if broken
            else f"All {len(findings)} promises are kept."
        )
    finish(ok=not broken)
