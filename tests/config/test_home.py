"""A home is one directory for one company; what it keeps secret is made once and readable by its owner alone."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ripeline.config import home
from ripeline.config.environment import load
from ripeline.config.home import HomeError


def test_each_user_has_a_home_and_the_demo_another(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert home.default() == Path("/var/lib/ripeline")
    assert home.default(demo=True) == Path("/var/lib/ripeline-demo")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/home/alice/data")
    assert home.default() == Path("/home/alice/data/ripeline")
    assert home.default(demo=True) == Path("/home/alice/data/ripeline-demo")


def test_a_named_empty_home_takes_either_company_and_keeps_it(tmp_path: Path):
    environment = load({"RIPELINE_HOME": str(tmp_path)})
    assert home.locate(environment, demo=True) == tmp_path
    home.prepare(tmp_path, demo=True)
    assert home.is_demo(tmp_path)
    home.prepare(tmp_path, demo=False)
    assert home.is_demo(tmp_path)
    assert home.locate(environment, demo=True) == tmp_path
    assert home.locate(environment) == tmp_path
    with pytest.raises(HomeError, match=r"holds the demo company.*start it with --demo"):
        home.locate(environment, demo=False)


def test_the_demo_never_lands_among_other_files(tmp_path: Path):
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(HomeError, match="not empty"):
        home.locate(load({"RIPELINE_HOME": str(tmp_path)}), demo=True)


def test_what_a_file_system_puts_there_by_itself_does_not_count(tmp_path: Path):
    (tmp_path / "lost+found").mkdir()
    assert home.is_empty(tmp_path)
    assert home.is_empty(tmp_path / "not-there")


def test_the_key_is_made_once_even_by_many_at_the_same_time(tmp_path: Path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: home.secret_key(tmp_path), range(32)))
    assert len(keys) == 1
    assert keys == {home.secret_key(tmp_path)}
    assert len(keys.pop()) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]


def test_the_first_administrators_token_is_kept_privately(tmp_path: Path):
    assert home.setup_token(tmp_path) == home.setup_token(tmp_path) != home.secret_key(tmp_path)
    assert (tmp_path / "setup_token").stat().st_mode & 0o777 == 0o600


def test_without_a_home_nothing_is_written(tmp_path: Path):
    assert home.secret_key(tmp_path / "not-there")
    assert not (tmp_path / "not-there").exists()


def test_a_home_under_a_file_is_refused_in_words(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="RIPELINE_HOME"):
        home.prepare(tmp_path / "file" / "home")


def test_a_mark_that_nobody_knows_is_refused(tmp_path: Path):
    (tmp_path / "kind").write_text("spaceship")
    with pytest.raises(HomeError, match="spaceship"):
        home.kind(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the database to another user")
def test_as_root_others_may_pass_through_an_empty_home_but_not_list_it(tmp_path: Path):
    tmp_path.chmod(0o700)
    home.prepare(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o711


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the database to another user")
def test_the_mode_of_a_directory_with_other_things_in_it_is_left_alone(tmp_path: Path):
    tmp_path.chmod(0o700)
    (tmp_path / "letters.txt").write_text("mine")
    home.prepare(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700
