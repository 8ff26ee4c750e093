"""``ripeline user``: people, from the command line."""

import sys

import click

from ripeline.cli import instance
from ripeline.cli.opening import Opened, opened
from ripeline.cli.output import Failed, emit, json_option, say

ROLES = (
    "admin",
    "leader",
    "marketer",
    "sdr",
    "rep",
)  # people.models.Role, which would bring Django along; a test holds them equal


@click.group("user")
def command() -> None:
    """Add people."""


@command.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What they may see and do.")
@click.option("--name", default="", help="Their name; otherwise made from the address.")
@click.option("--team", default="", help="Their team, made if it is not there yet.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input; otherwise a link is printed."
)
@json_option
def add(email: str, role: str, name: str, team: str, password_stdin: bool, as_json: bool) -> None:
    """Add a person who can sign in as EMAIL.

    Without a password the invitation is printed: a link with which they choose their own.
    """
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with opened() as house:
        from django.db import transaction

        from ripeline.people import actions, links, queries

        actor = queries.system()
        try:
            with transaction.atomic():
                group = actions.add_team(actor=actor, name=team) if team else None
                user = actions.add_user(actor=actor, email=email, name=name, role=role, team=group, password=password)
        except actions.PeopleError as error:
            raise Failed(str(error)) from error
        link = "" if password else f"{_base_url(house)}{links.path(user)}"
        is_run = queries.has_administrator()
    if as_json:
        emit({"id": user.pk, "email": user.email, "name": user.name, "role": role, "team": team, "invitation": link})
    else:
        click.echo(f"{user.name} ({user.email}) can sign in." if password else link)
        if link:
            say(f"{user.name} was added. Send them this link; it works once, for three days.")
    if not is_run:
        say("Nobody administers this Ripeline yet, and no page will ask for somebody: add one with --role admin.")


def _base_url(house: Opened) -> str:
    """Where people open Ripeline: as set, or where it is served now."""
    given = house.environment
    return given.base_url_given or instance.address(house.home) or given.base_url
