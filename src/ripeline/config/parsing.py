"""How the text of a setting becomes a value. Each function raises ValueError with a sentence that says what to give."""

import ipaddress
import pwd
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

_HOST = re.compile(
    r"(?=.{1,253}$)\.?[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*"
)
_MAIL = re.compile(r"(?:[^<>@\r\n]*<)?[^<>@\s]+@[^<>@\s]+>?")


def whole(least: int, most: int) -> Callable[[str], int]:
    """A whole number between two bounds, both allowed."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"give a whole number from {least} to {most}.")
        return int(text)

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    """One of some words, in upper or lower case; the value is in upper case."""

    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"give {', '.join(words[:-1])} or {words[-1]}.")
        return text.upper()

    return parse


def yes_or_no(text: str) -> bool:
    """Whether something is switched on."""
    if text.lower() in ("yes", "true", "on", "1"):
        return True
    if text.lower() in ("no", "false", "off", "0"):
        return False
    raise ValueError("give yes or no.")


def path(text: str) -> Path:
    """A path made absolute; ~ is the user's own directory. It need not exist."""
    return Path(text).expanduser().absolute()


def directory(text: str) -> Path:
    """A directory that exists."""
    if not path(text).is_dir():
        raise ValueError("there is no such directory.")
    return path(text)


def readable_file(text: str) -> Path:
    """A file that can be read now, so that the web server does not find out later."""
    try:
        with path(text).open("rb"):
            return path(text)
    except OSError as error:
        raise ValueError(f"the file cannot be read ({error.strerror}).") from error


def user(text: str) -> str:
    """The name of a user of this machine."""
    try:
        return pwd.getpwnam(text).pw_name
    except KeyError as error:
        raise ValueError("there is no such user on this machine.") from error


def address(text: str) -> str:
    """An IP address, or localhost."""
    try:
        return "localhost" if text == "localhost" else str(ipaddress.ip_address(text.strip("[]")))
    except ValueError as error:
        raise ValueError("give an IP address such as 127.0.0.1 or 0.0.0.0, or localhost.") from error


def hosts(text: str) -> tuple[str, ...]:
    """Host names separated by commas; .example.com means every name under it, * any name at all."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name != "*" and not _HOST.fullmatch(name) and not _is_ip(name.strip("[]")):
            raise ValueError(f"{name!r} is not a host name; give names without http:// and port, separated by commas.")
    return names


def exact_hosts(text: str) -> tuple[str, ...]:
    """Host names separated by commas, each one host."""
    names = tuple(name.strip("[]").lower() for name in hosts(text))
    if any(name == "*" or name.startswith(".") for name in names):
        raise ValueError("name each host by itself: neither * nor .example.com stands for many here.")
    return names


def base_url(text: str) -> str:
    """An http or https address without a path."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("give an address such as https://leads.example.com, without a path.")
    if parts.username or parts.password or parts.fragment or _port(text) == 0:
        raise ValueError("give an address such as https://leads.example.com, without user, password or #.")
    return text.rstrip("/")


def database_url(text: str) -> str:
    """A PostgreSQL address; what libpq itself understands after the scheme is left to libpq."""
    if urlsplit(text).scheme not in ("postgresql", "postgres"):
        raise ValueError("Ripeline needs PostgreSQL; give an address that begins with postgresql://.")
    return text


def secret_key(text: str) -> str:
    """Long enough not to be guessed."""
    if len(text) < 50 or len(set(text)) < 5:
        raise ValueError('give 50 random characters or more, for instance from "openssl rand -base64 48".')
    return text


def mail_address(text: str) -> str:
    """An address, or Name <address>."""
    if not _MAIL.fullmatch(text) or ("<" in text) != text.endswith(">"):
        raise ValueError("give a mail address such as ripeline@example.com or Ripeline <ripeline@example.com>.")
    return text


def smtp_url(text: str) -> str:
    """smtps:// (encrypted from the first byte), smtp+tls:// (STARTTLS) or smtp://, the last never with a password."""
    parts = urlsplit(text)
    if parts.scheme not in ("smtp", "smtp+tls", "smtps") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("give smtps://user:password@host:465 or smtp+tls://user:password@host:587.")
    _port(text)
    if parts.scheme == "smtp" and parts.password and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("the password would travel unencrypted; use smtps:// or smtp+tls://.")
    return text


def imap_url(text: str) -> str:
    """imaps://, imap+tls:// (STARTTLS), or imap:// on this machine, with user and password, and a folder at the end."""
    parts = urlsplit(text)
    if parts.scheme not in ("imap", "imap+tls", "imaps") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("give imaps://user:password@host:993/INBOX.")
    _port(text)
    if not parts.username or not parts.password:
        raise ValueError("say who reads the mailbox: imaps://user:password@host:993/INBOX.")
    if parts.scheme == "imap" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("the password would travel unencrypted; use imaps:// or imap+tls://.")
    return text


MAIL_PROVIDERS = ("brevo", "mailersend", "mailgun", "postmark", "resend", "sendgrid", "sparkpost")


def mail_provider(text: str) -> str:
    """A provider whose API takes nothing but a key."""
    if text.lower() not in MAIL_PROVIDERS:
        raise ValueError(f"give {', '.join(MAIL_PROVIDERS[:-1])} or {MAIL_PROVIDERS[-1]}.")
    return text.lower()


def web_url(text: str) -> str:
    """An http or https address, with a path if need be."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("give an address such as https://api.eu.mailgun.net/v3.")
    return text


def _port(text: str) -> int | None:
    try:
        return urlsplit(text).port
    except ValueError as error:
        raise ValueError("the port must be a whole number from 1 to 65535.") from error


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
