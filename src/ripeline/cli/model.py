"""``ripeline model``: the ripening model."""

import click

from ripeline.cli import evaluating


@click.group("model")
def command() -> None:
    """The ripening model."""


command.add_command(evaluating.command)
