"""Settings come from the environment, are read once, and a mistake in any of them is said at once."""

from pathlib import Path

import pytest

from ripeline.config.environment import SettingsError, declared, load

LONG_KEY = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghij"


def test_everything_has_a_default():
    environment = load({})
    assert (environment.bind, environment.port, environment.home) == ("127.0.0.1", 8000, None)
    assert environment.base_url == "http://127.0.0.1:8000"
    assert not environment.is_https
    assert not environment.beyond_loopback


def test_an_empty_value_counts_as_absent():
    assert load({"RIPELINE_PORT": "", "DATABASE_URL": "  "}) == load({})


def test_all_mistakes_are_named_in_one_message():
    with pytest.raises(SettingsError) as caught:
        load({"RIPELINE_PORT": "eighty", "RIPELINE_BIND": "everywhere", "DATABASE_URL": "mysql://root@db/x"})
    assert len(caught.value.problems) == 3
    assert "RIPELINE_PORT is 'eighty': give a whole number from 1 to 65535." in str(caught.value)


def test_a_misspelt_setting_is_refused_with_the_likely_name():
    with pytest.raises(SettingsError, match="RIPELINE_PROT is not a setting of Ripeline; did you mean RIPELINE_PORT"):
        load({"RIPELINE_PROT": "8001"})


def test_a_name_that_was_a_setting_once_is_said_to_be_none_any_more():
    with pytest.raises(SettingsError) as caught:
        load({"RIPELINE_DB_POOL": "8"})
    (said,) = caught.value.problems
    assert said == (
        "RIPELINE_DB_POOL is no longer a setting (each thread keeps its own connection to PostgreSQL): take it out."
    )


def test_other_programs_settings_are_left_alone():
    load({"PGHOST": "db", "PATH": "/bin", "RIPELINE_REAL_DATA": "/data"})


def test_a_secret_never_appears_in_a_message():
    with pytest.raises(SettingsError) as caught:
        load({"DATABASE_URL": "mysql://root:hunter2@db/x", "RIPELINE_SMTP_URL": "smtp://me:hunter2@mail:99999"})
    assert "hunter2" not in str(caught.value)


def test_a_secret_may_lie_in_a_file(tmp_path: Path):
    (tmp_path / "key").write_text(LONG_KEY + "\n")
    assert load({"RIPELINE_SECRET_KEY_FILE": str(tmp_path / "key")}).secret_key == LONG_KEY
    with pytest.raises(SettingsError, match="cannot be read"):
        load({"RIPELINE_SECRET_KEY_FILE": str(tmp_path / "absent")})
    with pytest.raises(SettingsError, match="not both"):
        load({"RIPELINE_SECRET_KEY_FILE": str(tmp_path / "key"), "RIPELINE_SECRET_KEY": LONG_KEY})


def test_only_a_secret_has_a_file_variant():
    with pytest.raises(SettingsError, match="RIPELINE_PORT_FILE"):
        load({"RIPELINE_PORT_FILE": "/run/port"})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"RIPELINE_SECRET_KEY": "short"}, "50 random characters"),
        ({"RIPELINE_SECRET_KEY": "a" * 60}, "50 random characters"),
        ({"RIPELINE_TLS_CERT": __file__}, "without RIPELINE_TLS_KEY"),
        ({"RIPELINE_SMTP_URL": "smtp://localhost"}, "RIPELINE_MAIL_FROM"),
        ({"RIPELINE_BOUNCES_URL": "imap://me:hunter2@mail.example/INBOX"}, "unencrypted"),
        ({"RIPELINE_BOUNCES_URL": "imaps://mail.example"}, "who reads the mailbox"),
        ({"RIPELINE_BOUNCES_URL": "https://me:hunter2@mail.example"}, "imaps://user:password@host:993/INBOX"),
        ({"RIPELINE_SMTP_URL": "smtp://me:pw@mail.example", "RIPELINE_MAIL_FROM": "a@b.example"}, "unencrypted"),
        ({"RIPELINE_MAIL_FROM": "nobody"}, "mail address"),
        ({"RIPELINE_MAIL_ESP": "pigeon"}, "mailgun"),
        ({"RIPELINE_MAIL_ESP": "postmark", "RIPELINE_MAIL_FROM": "a@b.example"}, "RIPELINE_MAIL_ESP_KEY"),
        ({"RIPELINE_MAIL_ESP": "postmark", "RIPELINE_MAIL_ESP_KEY": "k", "RIPELINE_SMTP_URL": "smtp://x"}, "one way"),
        ({"RIPELINE_BASE_URL": "leads.example.com"}, "an address such as"),
        ({"RIPELINE_BASE_URL": "https://leads.example.com/app"}, "without a path"),
        ({"RIPELINE_ALLOWED_HOSTS": "https://leads.example.com"}, "not a host name"),
        ({"RIPELINE_TRUSTED_PROXY": "maybe"}, "give yes or no"),
        ({"RIPELINE_LOG_LEVEL": "loud"}, "debug, info, warning or error"),
        ({"RIPELINE_PG_BIN": "/nowhere/bin"}, "no such directory"),
        ({"RIPELINE_RUN_AS": "nobody-of-that-name"}, "no such user"),
        ({"RIPELINE_PORT": "0"}, "1 to 65535"),
        ({"RIPELINE_PORT": "²"}, "1 to 65535"),
    ],
)
def test_a_wrong_setting_says_what_to_give(given: dict[str, str], words: str):
    with pytest.raises(SettingsError) as caught:
        load(given)
    assert words in str(caught.value)


def test_the_base_url_allows_its_host_and_says_whether_pages_are_encrypted():
    environment = load(
        {"RIPELINE_BASE_URL": "https://leads.example.com/", "RIPELINE_ALLOWED_HOSTS": "a.example, .b.example"}
    )
    assert environment.base_url == "https://leads.example.com"
    assert environment.is_https
    assert set(environment.allowed_hosts) >= {"localhost", "leads.example.com", "a.example", ".b.example"}


@pytest.mark.parametrize(
    ("given", "beyond"),
    [
        ({}, False),
        ({"RIPELINE_BIND": "::1"}, False),
        ({"RIPELINE_BASE_URL": "http://localhost:9000"}, False),
        ({"RIPELINE_BIND": "0.0.0.0"}, True),
        ({"RIPELINE_BIND": "10.0.0.7"}, True),
        ({"RIPELINE_BASE_URL": "https://leads.example.com"}, True),
        ({"RIPELINE_TRUSTED_PROXY": "yes"}, True),
    ],
)
def test_it_is_known_whether_other_machines_can_reach_the_pages(given: dict[str, str], beyond: bool):
    assert load(given).beyond_loopback is beyond


def test_an_ipv6_address_is_bracketed_in_links_and_hosts():
    environment = load({"RIPELINE_BIND": "fd00::7"})
    assert environment.base_url == "http://[fd00::7]:8000"
    assert "[fd00::7]" in environment.allowed_hosts


def test_every_setting_is_explained_in_a_sentence():
    for setting in declared():
        assert setting.documentation.endswith("."), setting.name
        assert len(setting.documentation) > 20, setting.name
