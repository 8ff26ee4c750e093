"""Every setting that comes from the environment, declared once, read in one place, refused loudly when wrong.

``load()`` returns a frozen ``Environment`` with typed attributes or raises one ``SettingsError`` that names everything
that is wrong, misspelt names included. Pure Python: commands use it before (and without) Django. The reference page
docs/reference/settings.md is held to ``declared()`` by a test.
"""
# ruff: noqa: RUF009 - _setting() is dataclasses.field() with our words beside it

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ripeline
from ripeline.config import parsing

PACKAGE = Path(ripeline.__file__).parent  # where templates and assets lie

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, never bound by default
# Names that begin like ours and are not settings of the product.
TEST_NAMES = {
    "RIPELINE_REAL_DATA": "The directory with the real data sets that the tests marked real_data read.",
    "RIPELINE_TEST_HOME": "The home of the database that one test run shares among its processes.",
}
# Names that were settings once, and what is so instead: whoever has them still set is told to take them out.
FORMER_NAMES = {"RIPELINE_DB_POOL": "each thread keeps its own connection to PostgreSQL"}


class SettingsError(Exception):
    """Some settings are wrong. ``problems`` has one sentence for each; the message has them all."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        count = "A setting is wrong" if len(problems) == 1 else f"{len(problems)} settings are wrong"
        super().__init__(
            "\n".join([f"{count}:", *(f"- {p}" for p in problems), "docs/reference/settings.md has them all."])
        )


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How one setting is named, read and documented."""

    name: str
    attribute: str
    parse: Callable[[str], object]
    default: object
    documentation: str
    secret: bool


def _setting(name: str, parse: Callable[[str], Any], default: Any, documentation: str, *, secret: bool = False) -> Any:
    return field(
        default=default, metadata={"name": name, "parse": parse, "documentation": documentation, "secret": secret}
    )


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The settings of one process. The string after each is what the reference page says."""

    home: Path | None = _setting(
        "RIPELINE_HOME",
        parsing.path,
        None,
        "The directory where Ripeline keeps its database, keys and logs. As root /var/lib/ripeline, for other users "
        "~/.local/share/ripeline (or below XDG_DATA_HOME); the demo company uses the same path with -demo at its end.",
    )
    database_url: str | None = _setting(
        "DATABASE_URL",
        parsing.database_url,
        None,
        "The PostgreSQL server (15 or newer) to use instead of the embedded one: postgresql://user:password@host/name. "
        "A pooler between them must keep prepared statements (PgBouncer 1.21 or newer with `max_prepared_statements`).",
        secret=True,
    )
    pg_bin: Path | None = _setting(
        "RIPELINE_PG_BIN",
        parsing.directory,
        None,
        "The directory of the PostgreSQL programs (postgres, initdb) that the embedded database shall use.",
    )
    run_as: str | None = _setting(
        "RIPELINE_RUN_AS",
        parsing.user,
        None,
        "The user the embedded database runs as when root starts Ripeline (PostgreSQL refuses to run as root): "
        "postgres if that user exists, else nobody.",
    )
    secret_key: str | None = _setting(
        "RIPELINE_SECRET_KEY",
        parsing.secret_key,
        None,
        "Signs sessions and links, 50 characters or more. Made once and kept in the home's file secret_key.",
        secret=True,
    )
    allowed_hosts_given: tuple[str, ...] = _setting(
        "RIPELINE_ALLOWED_HOSTS",
        parsing.hosts,
        (),
        "Further host names under which Ripeline may be reached, separated by commas. This machine's loopback names, "
        "RIPELINE_BIND and the host of RIPELINE_BASE_URL are always allowed.",
    )
    base_url_given: str | None = _setting(
        "RIPELINE_BASE_URL",
        parsing.base_url,
        None,
        "The address people open, used in links in mail: https://leads.example.com. Without it http://, or https:// "
        "with a certificate, and RIPELINE_BIND and RIPELINE_PORT.",
    )
    bind: str = _setting(
        "RIPELINE_BIND",
        parsing.address,
        "127.0.0.1",
        "The address the web server listens on; 0.0.0.0 means every network this machine is in.",
    )
    port: int = _setting("RIPELINE_PORT", parsing.whole(1, 65535), 8000, "The port the web server listens on.")
    web_processes: int = _setting(
        "RIPELINE_WEB_PROCESSES", parsing.whole(1, 64), 1, "How many web processes serve pages."
    )
    web_threads: int = _setting(
        "RIPELINE_WEB_THREADS", parsing.whole(1, 64), 4, "How many pages each web process makes at the same time."
    )
    smtp_url: str | None = _setting(
        "RIPELINE_SMTP_URL",
        parsing.smtp_url,
        None,
        "The mail server: smtps://user:password@host:465, smtp+tls://user:password@host:587 (STARTTLS) or "
        "smtp://localhost:25. Without it nothing is mailed: invitations and resets are links to copy.",
        secret=True,
    )
    mail_from: str | None = _setting(
        "RIPELINE_MAIL_FROM",
        parsing.mail_address,
        None,
        "The sender of every mail: leads@example.com or Example Ltd <leads@example.com>. Needed with RIPELINE_SMTP_URL "
        "or RIPELINE_MAIL_ESP.",
    )
    mail_reply_to: str | None = _setting(
        "RIPELINE_MAIL_REPLY_TO",
        parsing.mail_address,
        None,
        "Where answers to mail go; without it, to the sender.",
    )
    mail_esp: str | None = _setting(
        "RIPELINE_MAIL_ESP",
        parsing.mail_provider,
        None,
        "Send through the API of an e-mail service provider instead of RIPELINE_SMTP_URL: brevo, mailersend, mailgun, "
        "postmark, resend, sendgrid or sparkpost.",
    )
    mail_esp_key: str | None = _setting(
        "RIPELINE_MAIL_ESP_KEY",
        str,
        None,
        "The API key of RIPELINE_MAIL_ESP (at Postmark: the server token).",
        secret=True,
    )
    mail_esp_url: str | None = _setting(
        "RIPELINE_MAIL_ESP_URL",
        parsing.web_url,
        None,
        "Another address of that API, such as https://api.eu.mailgun.net/v3 for Mailgun in Europe.",
    )
    mail_return_path: str | None = _setting(
        "RIPELINE_MAIL_RETURN_PATH",
        parsing.mail_address,
        None,
        "Where mail that cannot be delivered comes back to (the envelope's sender); without it, to the sender.",
    )
    bounces_url: str | None = _setting(
        "RIPELINE_BOUNCES_URL",
        parsing.imap_url,
        None,
        "The mailbox to which mail comes back, read by IMAP: imaps://user:password@host:993/INBOX, or imap+tls:// "
        "(STARTTLS).",
        secret=True,
    )
    tls_cert: Path | None = _setting(
        "RIPELINE_TLS_CERT",
        parsing.readable_file,
        None,
        "The certificate file (PEM) for HTTPS without a proxy; goes with RIPELINE_TLS_KEY.",
    )
    tls_key: Path | None = _setting(
        "RIPELINE_TLS_KEY", parsing.readable_file, None, "The private key file (PEM) of RIPELINE_TLS_CERT."
    )
    trusted_proxy: bool = _setting(
        "RIPELINE_TRUSTED_PROXY",
        parsing.yes_or_no,
        False,
        "yes when a reverse proxy of yours stands in front and sets X-Forwarded-For and X-Forwarded-Proto itself; "
        "without one, anybody could forge them.",
    )
    log_level: str = _setting(
        "RIPELINE_LOG_LEVEL",
        parsing.one_of("debug", "info", "warning", "error"),
        "INFO",
        "How much is logged: debug, info, warning or error.",
    )
    intake_rate: int = _setting(
        "RIPELINE_INTAKE_RATE",
        parsing.whole(0, 999_999_999),
        100,
        "How many tracked events a second one address may send to each web process, ten seconds' worth at once; 0 is "
        "no limit, for servers of yours that send in batches.",
    )
    intake_queue: int = _setting(
        "RIPELINE_INTAKE_QUEUE",
        parsing.whole(500, 10_000_000),
        20_000,
        "How many tracked events each web process lets wait for the database before it answers 503.",
    )

    inbox: Path | None = _setting(
        "RIPELINE_INBOX",
        parsing.path,
        None,
        "The one directory of this machine from which files are imported by themselves; otherwise inbox in the home.",
    )
    private_hosts: tuple[str, ...] = _setting(
        "RIPELINE_PRIVATE_HOSTS",
        parsing.exact_hosts,
        (),
        "Hosts in your own network, or this machine, from which files may be fetched, separated by commas; all others "
        "must be public.",
    )

    @property
    def base_url(self) -> str:
        """The address for links, without a slash at the end."""
        if self.base_url_given:
            return self.base_url_given
        host = "127.0.0.1" if self.bind in EVERYWHERE else _bracketed(self.bind)
        return f"{'https' if self.tls_cert else 'http'}://{host}:{self.port}"

    @property
    def is_https(self) -> bool:
        """True when people reach Ripeline encrypted, by its own certificate or a proxy's."""
        return self.base_url.startswith("https://")

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Every host name a request may carry: the loopback names, the bound address, the base URL's, and the named."""
        named = urlsplit(self.base_url).hostname or ""
        bound = "" if self.bind in EVERYWHERE else self.bind
        everything = (
            "localhost",
            "127.0.0.1",
            "[::1]",
            _bracketed(named),
            _bracketed(bound),
            *self.allowed_hosts_given,
        )
        return tuple(dict.fromkeys(host for host in everything if host))

    @property
    def beyond_loopback(self) -> bool:
        """True when other machines can reach the pages: directly, or through a proxy that these settings tell of."""
        ours = ("localhost", "127.0.0.1", "::1")
        direct = not (self.bind in ours or self.bind.startswith("127."))
        named = urlsplit(self.base_url).hostname not in (*ours, self.bind)
        return direct or named or self.trusted_proxy


def declared() -> tuple[Setting, ...]:
    """Every setting, in the order of the reference page."""
    return tuple(
        Setting(attribute=f.name, default=f.default, **f.metadata)  # metadata is written by _setting alone
        for f in fields(Environment)
    )


def load(environ: Mapping[str, str] | None = None) -> Environment:
    """Read the settings; an empty value counts as absent. Raises SettingsError naming everything that is wrong."""
    given = os.environ if environ is None else environ
    problems = _unknown(given)
    values: dict[str, Any] = {}
    for setting in declared():
        try:
            text = _text(setting, given)
            if text:
                values[setting.attribute] = setting.parse(text)
        except ValueError as error:
            shown = "" if setting.secret else f" is {given.get(setting.name, '')!r}"
            problems.append(f"{setting.name}{shown}: {error}")
    problems += _disagreements(values)
    if problems:
        raise SettingsError(problems)
    return Environment(**values)


def _text(setting: Setting, given: Mapping[str, str]) -> str:
    """The value as written; a secret may lie in the file that NAME_FILE names. Raises ValueError."""
    value = given.get(setting.name, "").strip()
    file = given.get(f"{setting.name}_FILE", "").strip() if setting.secret else ""
    if not file:
        return value
    if value:
        raise ValueError(f"set either {setting.name} or {setting.name}_FILE, not both.")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the file {file} that {setting.name}_FILE names cannot be read ({error}).") from error


def _unknown(given: Mapping[str, str]) -> list[str]:
    """A misspelt setting would otherwise be ignored in silence."""
    known = {s.name for s in declared()} | {f"{s.name}_FILE" for s in declared() if s.secret} | set(TEST_NAMES)
    problems = []
    for name in sorted(n for n in given if n.startswith("RIPELINE_") and n not in known):
        if name in FORMER_NAMES:
            problems.append(f"{name} is no longer a setting ({FORMER_NAMES[name]}): take it out.")
            continue
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        problems.append(f"{name} is not a setting of Ripeline" + (f"; did you mean {close[0]}?" if close else "."))
    return problems


def _disagreements(values: Mapping[str, Any]) -> list[str]:
    """What is wrong only together with another setting."""
    problems = []
    for one, other in (("tls_cert", "tls_key"), ("tls_key", "tls_cert")):
        if one in values and other not in values:
            problems.append(f"RIPELINE_{one.upper()} is set without RIPELINE_{other.upper()}: HTTPS needs both.")
    problems += _mail_disagreements(values)
    return problems


def _mail_disagreements(values: Mapping[str, Any]) -> list[str]:
    problems = []
    for name in ("smtp_url", "mail_esp"):
        if name in values and "mail_from" not in values:
            problems.append(f"RIPELINE_{name.upper()} is set without RIPELINE_MAIL_FROM: mail needs a sender.")
    if "smtp_url" in values and "mail_esp" in values:
        problems.append("RIPELINE_SMTP_URL and RIPELINE_MAIL_ESP are both set: mail goes one way; unset one of them.")
    if "mail_esp" in values and "mail_esp_key" not in values:
        problems.append("RIPELINE_MAIL_ESP is set without RIPELINE_MAIL_ESP_KEY.")
    return problems


def _bracketed(host: str) -> str:
    """An IPv6 address as it stands in a URL and in a Host header."""
    return f"[{host}]" if ":" in host else host
