"""kill -9 of anything loses nothing and is mended by itself; commands share the database, the last one out stops it."""

import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from ripeline.postgres.layout import Layout
from tests.home_plugin import Command, is_alive, keeper, kill, rows, server, stopped, until

Start = Callable[..., Command]
pytestmark = pytest.mark.faults
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand the database to another user")


def test_two_commands_share_the_database_and_the_last_one_out_stops_it(home: Path, command: Start):
    first, second = command(home), command(home)
    assert rows(first.said) == rows(second.said) == 1000
    running = server(home)
    first.end()
    assert is_alive(running)
    second.end()
    until(lambda: not is_alive(running))


def test_many_commands_at_the_same_moment_make_one_database(empty_home: Path, command: Start):
    commands = [command(empty_home) for _ in range(5)]
    assert len({each.said for each in commands}) == 1
    assert Layout(empty_home).keeper_log.read_text().count("is ready") == 1


def test_a_command_that_comes_while_the_database_stops_waits_and_gets_a_new_one(home: Path, command: Start):
    for _ in range(5):
        each = command(home)
        assert rows(each.said) == 1000
        each.kill()


def test_a_killed_command_does_not_keep_the_database_running(home: Path, command: Start):
    only = command(home)
    assert rows(only.said) == 1000
    running = server(home)
    only.kill()
    until(lambda: not is_alive(running))


def test_a_killed_database_is_started_again_with_every_row(home: Path, command: Start):
    url = command(home).said
    before = server(home)
    kill(before)
    assert rows(url) == 1000
    assert server(home) != before
    assert "ended unexpectedly" in Layout(home).keeper_log.read_text()
    assert "SIGKILL" in Layout(home).keeper_log.read_text()


def test_a_killed_backend_is_mended_by_the_database_itself(home: Path, command: Start):
    url = command(home).said
    running = server(home)
    with psycopg.connect(url) as victim:
        kill(victim.info.backend_pid)
        assert rows(url) == 1000
    assert server(home) == running


def test_a_killed_keeper_is_replaced_by_a_command_that_still_needs_it(home: Path, command: Start):
    first, second = command(home), command(home)
    url = first.said
    assert second.said == url
    old_keeper, old_server = keeper(home), server(home)
    kill(old_keeper)
    until(lambda: not is_alive(old_server))
    assert rows(url) == 1000
    until(lambda: Layout(home).read_state().get("phase") == "ready")
    assert keeper(home) != old_keeper
    first.kill()
    assert rows(url) == 1000
    running = server(home)
    second.end()
    until(lambda: not is_alive(running))


def test_everything_killed_at_once_is_recovered_by_the_next_command(home: Path, command: Start):
    first = command(home)
    url = first.said
    assert rows(url) == 1000
    victims = [keeper(home), server(home)]
    for victim in victims:
        kill(victim)
    first.kill()
    assert rows(command(home).said) == 1000


def test_a_database_half_made_when_the_power_went_is_made_anew(empty_home: Path, command: Start):
    first = command(empty_home)
    until(lambda: (empty_home / "database.making" / "PG_VERSION").exists())
    kill(keeper(empty_home) if "keeper" in Layout(empty_home).read_state() else _keeper_of(first))
    first.kill()
    assert not (empty_home / "database").exists()
    assert command(empty_home).said.startswith("postgresql://")


def _keeper_of(parent: Command) -> int:
    children = Path(f"/proc/{parent.process.pid}/task/{parent.process.pid}/children").read_text().split()
    return int(children[0])


@pytest.mark.parametrize("living", [True, False], ids=["another process", "a zombie"])
def test_a_process_number_left_behind_is_not_taken_for_a_server(home: Path, command: Start, living: bool):
    child = os.fork()
    if child == 0:
        os._exit(0)
    number = os.getpid() if living else child
    (home / "database" / "postmaster.pid").write_text(f"{number}\n{home / 'database'}\n1\n5432\n/tmp\n\n\nready   \n")
    try:
        assert rows(command(home).said) == 1000
    finally:
        os.waitpid(child, 0)


def test_who_reads_a_commands_output_to_its_end_does_not_wait_for_the_database(home: Path, command: Start):
    script = "import sys; from pathlib import Path; from ripeline.postgres import ensure\n"
    script += "with ensure(Path(sys.argv[1]), durable=False): print('here', flush=True); sys.stdin.readline()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    starter = subprocess.Popen([sys.executable, "-c", script, home], **pipes)
    assert starter.stdout
    assert starter.stdout.readline() == "here\n"
    url = command(home).said
    starter.communicate("\n", timeout=20)
    assert rows(url) == 1000


@as_root
def test_root_hands_the_database_to_an_unprivileged_user(home: Path, command: Start):
    url = command(home).said
    owner = Path(f"/proc/{server(home)}").stat().st_uid
    assert owner != 0
    assert pwd.getpwuid(owner).pw_name in ("postgres", "nobody")
    for private in (home / "database", Layout(home).sockets):
        assert private.stat().st_uid == owner
        assert private.stat().st_mode & 0o777 == 0o700
    assert rows(url) == 1000


def test_the_database_listens_on_no_network(home: Path, command: Start):
    with psycopg.connect(command(home).said) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_the_keeper_leaves_when_nobody_came_to_stay(home: Path, command: Start):
    command(home).end()
    stopped(home)
    assert Layout(home).read_state()["phase"] == "stopped"
    assert not (home / "database" / "postmaster.pid").exists()
