"""``ripeline worker``: reactions, the schedule and long work, without the web pages."""

import click

from ripeline.cli.opening import opened, prepared_option


@click.command("worker")
@prepared_option
def command(prepared: bool) -> None:
    """Run the background work alone: what events cause, what is due, imports and scores.

    Any number of workers may run on the same database, on any machine.
    """
    with opened(make_schema=not prepared):
        from ripeline.worker import main

        main.run()
