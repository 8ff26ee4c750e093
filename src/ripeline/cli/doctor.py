"""``ripeline doctor``: what is wrong, and what to do about it."""

import click

from ripeline.cli.output import emit, finish, json_option, say


@click.command("doctor")
@json_option
def command(as_json: bool) -> None:
    """Say what is wrong with this installation and what to do; exit status 1 when something is.

    Looks at settings, Python, home, permissions, disk, clock, other instances, port, the mail server (signs in, sends
    nothing), database, schema, worker and outbox, and goes on when one of them is broken. Changes nothing.
    """
    from ripeline.cli import checks

    findings = checks.examine(progress=say)
    wrong = [finding for finding in findings if not finding.ok]
    if as_json:
        emit({"ok": not wrong, "findings": [finding.as_dict() for finding in findings]})
    else:
        for finding in findings:
            mark = click.style("✓", fg="green") if finding.ok else click.style("✗", fg="red", bold=True)
            click.echo(f"{mark} {finding.check:12} {finding.what}")
            if not finding.ok:
                click.echo(f"  {'':12} → {finding.do}")
        say(f"{len(wrong)} of {len(findings)} checks found something." if wrong else "Everything is well.")
    finish(ok=not wrong)
