"""``ripeline worker``: reactions, the schedule and long work, without the web pages."""

import click

from ripeline.cli.opening import opened


@click.command("worker")
def command() -> None:
    """Run the background work alone: what events cause, what is due, imports and scores.

    Any number of workers may run on the same database, on any machine.
    """
    with opened():
        from ripeline.worker import main

        main.run()
