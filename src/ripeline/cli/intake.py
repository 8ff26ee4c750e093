"""``ripeline intake``: tracked visits, pixels and links, without the pages."""

import click

from ripeline.cli import ports
from ripeline.cli.opening import TAKEN, opened, settings
from ripeline.cli.output import Failed
from ripeline.cli.web import serve


@click.command("intake")
def command() -> None:
    """Take tracked visits alone, on RIPELINE_BIND and RIPELINE_PORT, where they are many.

    Any number may run on the same database, behind a proxy that sends them what begins with /i/; give them the
    RIPELINE_SECRET_KEY of the web pages, which signs tracked links.
    """
    given = settings()
    taken = ports.taken(given.bind, given.port)
    if taken:
        raise Failed(taken, status=TAKEN)
    with opened():
        from django.db import connections

        connections.close_all()  # hits are taken in processes of their own
        serve("ripeline.config.intake:application", given)
