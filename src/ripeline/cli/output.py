"""What commands print: words for people on stderr, results on stdout, with ``--json`` one object on one line."""

import json
import sys
from typing import Any, NoReturn

import click


class Failed(click.ClickException):
    """A command could not do it; the message says why, the exit status what kind of reason."""

    def __init__(self, message: str, *, status: int = 1) -> None:
        super().__init__(message)
        self.exit_code = status  # type: ignore[misc] # click's own way; it declares a class variable


def say(text: str) -> None:
    """A sentence on the way: stderr, so that stdout holds results alone."""
    click.echo(text, err=True)


def emit(value: dict[str, Any]) -> None:
    """The one object of ``--json``, on one line."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


def wants_json() -> bool:
    """Known before the arguments are parsed, so that a failure is an object too."""
    return "--json" in sys.argv[1:]


def fail(message: str, *, status: int) -> int:
    """Say why it ended; with ``--json`` as the one object. Gives the exit status back."""
    say(message)
    if wants_json():
        emit({"error": message})
    return status


def finish(*, ok: bool) -> NoReturn:
    """End a command that found out whether something is wrong."""
    raise click.exceptions.Exit(0 if ok else 1)


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on one line.")
