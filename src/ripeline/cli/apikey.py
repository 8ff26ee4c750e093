"""``ripeline apikey``: keys of programs, from the command line."""

import click

from ripeline.cli.opening import opened
from ripeline.cli.output import Failed, emit, json_option, say


@click.group("apikey")
def command() -> None:
    """Keys by which programs use the API."""


@command.command("add")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="What it may do: capture. May be given again.")
@json_option
def add(name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a key for the program NAME and print it, this once."""
    with opened():
        from ripeline.people import actions, keys, queries

        try:
            key, secret = keys.issue(actor=queries.system(), name=name, scopes=scopes)
        except actions.PeopleError as error:
            raise Failed(str(error)) from error
    if as_json:
        emit({"id": key.pk, "name": key.name, "scopes": key.scopes, "key": secret})
    else:
        click.echo(secret)
        say("Keep it well: it is not shown again.")


@command.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """The keys there are."""
    with opened():
        from ripeline.people import keys

        found = list(keys.all_keys())
    if as_json:
        emit({"keys": [_told(key) for key in found]})
    for key in [] if as_json else found:
        click.echo(f"{key.start}…  {key.name}  {', '.join(key.scopes)}{'  revoked' if key.revoked_at else ''}")


@command.command("revoke")
@click.argument("start")
@json_option
def revoke(start: str, as_json: bool) -> None:
    """End the key that begins with START."""
    with opened():
        from ripeline.people import keys, queries

        found = [key for key in keys.all_keys() if key.start.startswith(start[:9]) and len(start) >= 6]
        if len(found) != 1:
            raise Failed("No key, or more than one, begins so; `ripeline apikey list` shows them.")
        keys.revoke(actor=queries.system(), key_id=found[0].pk)
    if as_json:
        emit(_told(found[0]) | {"revoked": True})
    else:
        click.echo(f"The key of {found[0].name} is revoked.")


_TOLD = ("id", "name", "start", "scopes", "created_at", "used_at", "revoked_at")


def _told(key: object) -> dict[str, object]:
    return {name: getattr(key, name) for name in _TOLD}
