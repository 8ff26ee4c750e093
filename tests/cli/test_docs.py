"""The reference pages hold what the code holds: every setting, command, option and exit status, and nothing else."""

import importlib
import re
from pathlib import Path

import click
import pytest

from ripeline.cli import opening
from ripeline.cli.main import COMMANDS, cli
from ripeline.config.environment import TEST_NAMES, declared

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
SETTINGS = (REFERENCE / "settings.md").read_text(encoding="utf-8")
PAGE = (REFERENCE / "commands.md").read_text(encoding="utf-8")
# What every group or command has, and is said once at the top of the page.
EVERYWHERE = {"--help", "--json", "--version"}


def leaves(name: str, command: click.Command) -> dict[str, click.Command]:
    """The commands that do something: "user add", not "user"."""
    if not isinstance(command, click.Group):
        return {name: command}
    found: dict[str, click.Command] = {}
    for child, each in command.commands.items():
        found |= leaves(f"{name} {child}", each)
    return found


def everything() -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name, (module, _) in COMMANDS.items():
        found |= leaves(name, importlib.import_module(module).command)
    return found


def section(command: str) -> str:
    found = re.search(rf"^## ripeline {command}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/reference/commands.md says nothing of ripeline {command}"
    return found[1]


@pytest.mark.parametrize("setting", declared(), ids=lambda s: s.name)
def test_every_setting_is_documented_with_its_own_words(setting):
    row = next((line for line in SETTINGS.splitlines() if line.startswith(f"| `{setting.name}`")), None)
    assert row, f"{setting.name} is missing from docs/reference/settings.md"
    assert f"| {setting.documentation} |" in row
    assert ("*secret*" in row) == setting.secret
    default = row.split("|")[2].strip()
    assert default == (
        "–" if setting.default in (None, ()) else {False: "no"}.get(setting.default, str(setting.default).lower())
    )


def test_no_setting_is_documented_that_is_not_there():
    named = set(re.findall(r"\b(RIPELINE_[A-Z_]+|DATABASE_URL(?:_FILE)?)\b", SETTINGS + PAGE))
    known = {s.name for s in declared()} | {f"{s.name}_FILE" for s in declared() if s.secret}
    assert named <= known
    assert not named & set(TEST_NAMES)


@pytest.mark.parametrize("name", everything())
def test_every_command_and_each_of_its_options_is_documented(name: str):
    command = everything()[name]
    options = {o for p in command.params if isinstance(p, click.Option) and not p.hidden for o in p.opts} - EVERYWHERE
    documented = set(re.findall(r"`(--[a-z-]+)", section(name)))
    assert {o for o in options if o.startswith("--")} == documented - EVERYWHERE
    assert command.help, f"ripeline {name} --help says nothing"


def test_no_command_is_documented_that_is_not_there():
    assert set(re.findall(r"^## ripeline (.+)$", PAGE, re.MULTILINE)) == set(everything())


def test_every_exit_status_is_documented():
    documented = {int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert documented == {0, 1, opening.MISUSE, opening.NO_DATABASE, opening.TAKEN, 130}
    assert cli.epilog
    for status in (opening.MISUSE, opening.NO_DATABASE, opening.TAKEN):
        assert f"{status} " in cli.epilog


def test_the_list_of_commands_says_what_each_commands_help_begins_with():
    for name, (module, summary) in COMMANDS.items():
        assert importlib.import_module(module).command.name == name
        assert summary.endswith(".")


def test_the_roles_of_the_command_are_the_roles_of_people():
    from ripeline.cli.user import ROLES
    from ripeline.people.models import Role

    assert set(ROLES) == set(Role.values)


def test_a_server_of_ones_own_is_advised_to_plan_as_the_embedded_one():
    from ripeline.postgres.cluster import PLANNING

    for name, value in PLANNING.items():
        assert f"`{name} = {value}`" in SETTINGS
