"""The database is found, made and refused for reasons a person can understand."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from ripeline.postgres import DatabaseError, ensure
from ripeline.postgres.account import choose
from ripeline.postgres.layout import Layout
from ripeline.postgres.programs import find
from tests.home_plugin import Command, rows, server, until

Start = Callable[..., Command]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand the database to another user")
SYSTEM = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
with_system = pytest.mark.skipif(not SYSTEM, reason="no PostgreSQL is installed on this machine")


def refused(home: Path, **how: object) -> DatabaseError:
    with pytest.raises(DatabaseError) as caught, ensure(home, durable=False, **how):  # type: ignore[arg-type]
        pass
    return caught.value


def kind(error: DatabaseError) -> str:
    return type(error).__name__


def test_the_wheels_programs_come_before_the_systems(empty_home: Path):
    found = find(Layout(empty_home), None, choose(Layout(empty_home).data, None))
    assert (found.origin, found.major) == ("wheel", 18)


def test_a_named_server_is_used_and_nothing_is_started(empty_home: Path):
    with ensure(empty_home, database_url="postgresql://leads@db.example/leads") as url:
        assert url == "postgresql://leads@db.example/leads"
    assert not list(empty_home.iterdir())


@with_system
def test_data_made_by_another_version_is_opened_with_that_version(empty_home: Path, command: Start):
    first = command(empty_home, str(SYSTEM[-1]))
    with psycopg.connect(first.said) as connection:
        version = connection.info.server_version // 10000
    assert version == int(SYSTEM[-1].parent.name)
    first.end()
    until(lambda: Layout(empty_home).read_state()["phase"] == "stopped")
    with psycopg.connect(command(empty_home).said) as connection:
        assert connection.info.server_version // 10000 == version


def test_data_of_a_version_that_is_not_here_is_refused(home: Path):
    (home / "database" / "PG_VERSION").write_text("12\n")
    error = refused(home)
    assert kind(error) == "VersionMismatch"
    assert "made by PostgreSQL 12" in error.what
    assert "Install PostgreSQL 12" in error.do


def test_a_named_directory_without_postgresql_is_refused(empty_home: Path, tmp_path: Path):
    error = refused(empty_home, pg_bin=tmp_path)
    assert kind(error) == "NoPrograms"
    assert str(tmp_path) in error.what


def test_text_is_utf8_whatever_the_machine_speaks(empty_home: Path, command: Start):
    with psycopg.connect(command(empty_home, LC_ALL="C", LANG="C").said) as connection:
        assert connection.execute("SELECT lower('ÄÖ'), current_setting('server_encoding')").fetchone() == ("äö", "UTF8")
        assert connection.execute("SELECT current_database(), current_user").fetchone() == ("ripeline", "ripeline")


def test_libpqs_own_environment_does_not_lead_astray(home: Path, command: Start, monkeypatch: pytest.MonkeyPatch):
    url = command(home, PGDATA="/nowhere", PGPORT="1", PGHOST="db.example", PGUSER="root").said
    monkeypatch.setenv("PGPORT", "1")
    assert rows(url) == 1000


def test_a_home_with_a_path_too_long_for_a_socket_works(command: Start):
    with tempfile.TemporaryDirectory(prefix="ripeline-home-") as short:
        os.chmod(short, 0o711)
        home = Path(short, "x" * 120)
        with psycopg.connect(command(home).said) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert Layout(home).sockets.stat().st_mode & 0o777 == 0o700
        assert not Layout(home).sockets.is_relative_to(home)
        shutil.rmtree(Layout(home).sockets)


@as_root
def test_data_that_belongs_to_somebody_else_is_refused(home: Path):
    subprocess.run(["chown", "-R", "root", home / "database"], check=True)
    error = refused(home)
    assert kind(error) == "WrongPermissions"
    assert "belongs to the user root" in error.what
    assert "chown -R" in error.do


def test_data_that_others_can_read_is_refused_with_what_to_do(home: Path):
    (home / "database").chmod(0o777)
    error = refused(home)
    assert kind(error) == "WrongPermissions"
    assert "mode 700" in error.do


@as_root
def test_data_keeps_its_owner_when_a_better_user_appears(home: Path):
    subprocess.run(["chown", "-R", "nobody", home / "database"], check=True)
    with ensure(home, durable=False) as url:
        assert rows(url) == 1000
        assert Path(f"/proc/{server(home)}").owner() == "nobody"


@as_root
def test_a_home_that_the_databases_user_cannot_enter_is_refused_with_the_way_out():
    with tempfile.TemporaryDirectory(prefix="ripeline-home-") as closed:  # 0700, root's
        error = refused(Path(closed, "home"))
    assert kind(error) == "CannotReach"
    assert closed in error.what
    assert f"chmod o+x {closed}" in error.do


@as_root
def test_programs_that_the_databases_user_cannot_reach_are_copied_once(empty_home: Path, command: Start):
    with tempfile.TemporaryDirectory(prefix="ripeline-venv-") as closed:
        wheel = Path(find(Layout(empty_home), None, choose(empty_home / "database", None)).bin).parents[1]
        subprocess.run(["mkdir", f"{closed}/{wheel.name}"], check=True)
        subprocess.run(["cp", "-a", wheel / "__init__.py", wheel / "pginstall18", f"{closed}/{wheel.name}"], check=True)
        subprocess.run(["cp", "-a", wheel.parent / f"{wheel.name}.libs", closed], check=True)
        url = command(empty_home, PYTHONPATH=closed).said
        with psycopg.connect(url) as connection:
            assert connection.info.server_version // 10000 == 18
        program = Path(f"/proc/{server(empty_home)}/exe").resolve()
    assert program.is_relative_to(empty_home)
    assert not list(empty_home.glob("*.making"))


@as_root
def test_a_full_disk_is_said_in_plain_words():
    with small_disk(mb=120) as home:
        error = refused(home)
    assert kind(error) == "DiskFull"
    assert "MB left" in error.what


@as_root
def test_a_disk_that_fills_up_under_the_database_is_said_in_plain_words(home: Path):
    with small_disk(mb=80) as disk:
        subprocess.run(["cp", "-a", home / "database", disk], check=True)
        (disk / "ballast").write_bytes(b"x" * (os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - 8192))
        error = refused(disk)
        assert kind(error) == "DiskFull"
        assert "Make room" in error.do
        (disk / "ballast").unlink()
        with ensure(disk, durable=False) as url:
            assert rows(url) == 1000


class small_disk:  # noqa: N801 - used like contextlib's
    """A home on a file system of its own, of so many megabytes."""

    def __init__(self, *, mb: int) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="ripeline-home-"))
        self.mb = mb

    def __enter__(self) -> Path:
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={self.mb}m,mode=711", "tmpfs", self.home], check=False
        )
        if made.returncode:
            self.home.rmdir()
            pytest.skip("this machine lets nobody mount a file system")
        return self.home

    def __exit__(self, *_: object) -> None:
        until(lambda: subprocess.run(["umount", self.home], check=False, capture_output=True).returncode == 0)
        self.home.rmdir()


@pytest.fixture
def foreign(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server on the home's data that a person started by hand."""
    account = choose(home / "database", None)
    programs = find(Layout(home), None, account)
    with tempfile.TemporaryDirectory() as sockets:
        os.chmod(sockets, 0o777)
        process = subprocess.Popen(
            [programs.bin / "postgres", "-D", home / "database", "-c", "listen_addresses=", "-k", sockets],
            stderr=subprocess.DEVNULL,
            **account.popen,
        )
        try:
            until(lambda: (Path(sockets) / ".s.PGSQL.5432").exists())
            yield process
        finally:
            process.terminate()
            process.wait()


def test_a_server_that_somebody_else_started_on_the_data_is_left_alone(home: Path, foreign: "subprocess.Popen[bytes]"):
    error = refused(home)
    assert kind(error) == "AnotherInstance"
    assert f"process {foreign.pid}" in error.what
    assert foreign.poll() is None


def test_a_file_in_the_place_of_the_home_is_refused(tmp_path: Path):
    (tmp_path / "home").write_text("")
    assert kind(refused(tmp_path / "home")) == "WrongPermissions"
