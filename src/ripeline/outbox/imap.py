"""A mailbox read by IMAP: what came since, seen without being marked, and marked when told. Knows no Django."""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ripeline.outbox.rules import one_line
from ripeline.outbox.transport import UnreachableError

PORTS = {"imaps": 993, "imap+tls": 143, "imap": 143}
TIMEOUT = 20.0  # seconds for each step
AT_ONCE = 200  # messages whose heads are asked for in one command
LARGEST = 1024 * 1024  # bytes of a message that are read: what a report says stands before what it returns
_GONE = (imaplib.IMAP4.error, OSError, EOFError)
_UID = re.compile(rb"\bUID (\d+)")


class NotGivenError(UnreachableError):
    """The server answers, and says no."""


@dataclass(frozen=True)
class Head:
    """A message as far as its list says: its number, and its header Content-Type."""

    uid: int
    content_type: str


class Mailbox:
    """A mailbox by its URL: imaps://user:password@host/folder, imap+tls:// (STARTTLS), imap://."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        parts = urlsplit(url)
        self._scheme, self._host = parts.scheme, parts.hostname or "localhost"
        self._port = parts.port or PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self.folder = unquote(parts.path.strip("/")) or "INBOX"
        self._timeout = timeout
        self._imap: imaplib.IMAP4 | None = None
        self.validity = self.next = 0
        self.name = f"{self._user} at {self._host}"

    def open(self) -> None:
        """Sign in and look into the folder; `validity` and `next` say by which numbers. Raises UnreachableError."""
        try:
            self._imap = imap = self._connect()
            self._sign_in(imap)
            self._select(imap)
        except _GONE as problem:
            self.close()
            raise UnreachableError(
                f"The mailbox {self.name} cannot be read: {one_line(str(problem))}",
                "Check RIPELINE_BOUNCES_URL, and that the server runs.",
            ) from problem
        except UnreachableError:
            self.close()
            raise

    def heads(self, after: int) -> Iterator[tuple[int, list[Head]]]:
        """What has a higher number than `after`, by number, some at a time, each with the number up to which."""
        for first in range(after + 1, self.next, AT_ONCE):
            last = min(first + AT_ONCE, self.next) - 1
            found = self._fetch(f"{first}:{last}", "BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE)]")
            heads = [Head(uid, one_line(text.decode("ascii", "replace"), 1000)) for uid, text in found]
            yield last, sorted((head for head in heads if first <= head.uid <= last), key=lambda head: head.uid)

    def read(self, uid: int) -> bytes:
        """A message, or as much of it as is read; nothing where it is gone, or not given out. It is not marked."""
        try:
            parts = self._fetch(str(uid), f"BODY.PEEK[]<0.{LARGEST}>")
        except NotGivenError:
            return b""
        return next((text for found, text in parts if found == uid), b"")

    def mark_seen(self, uid: int) -> None:
        self._asked("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        imap, self._imap = self._imap, None
        if imap:
            with suppress(*_GONE):
                imap.logout()

    def _connect(self) -> imaplib.IMAP4:
        if self._scheme == "imaps":
            context = ssl.create_default_context()
            return imaplib.IMAP4_SSL(self._host, self._port, ssl_context=context, timeout=self._timeout)
        imap = imaplib.IMAP4(self._host, self._port, timeout=self._timeout)
        if self._scheme == "imap+tls":
            imap.starttls(ssl.create_default_context())
        return imap

    def _sign_in(self, imap: imaplib.IMAP4) -> None:
        try:
            imap.login(self._user, self._password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as refused:
            raise UnreachableError(
                f"The mail server {self._host} does not let {self._user} in: {one_line(str(refused))}",
                "Check user and password in RIPELINE_BOUNCES_URL.",
            ) from refused

    def _select(self, imap: imaplib.IMAP4) -> None:
        escaped = self.folder.replace("\\", "\\\\").replace('"', '\\"')
        answer, said = imap.select(f'"{escaped}"')
        if answer != "OK":
            words = one_line(b" ".join(part for part in said if isinstance(part, bytes)).decode("utf-8", "replace"))
            raise UnreachableError(
                f"There is no folder {self.folder} in the mailbox {self.name}: {words}",
                "Name the folder at the end of RIPELINE_BOUNCES_URL, such as …/INBOX.",
            )
        self.validity, self.next = self._number(imap, "UIDVALIDITY"), self._number(imap, "UIDNEXT")

    def _number(self, imap: imaplib.IMAP4, what: str) -> int:
        _, said = imap.response(what)
        if said and isinstance(said[0], bytes) and said[0].isdigit():
            return int(said[0])
        raise UnreachableError(f"The mailbox {self.name} does not say its {what}.", "Use another mail server for it.")

    def _fetch(self, which: str, what: str) -> list[tuple[int, bytes]]:
        """(number, text) of each message; the number stands before or after the text."""
        answered = self._asked("FETCH", which, f"(UID {what})")
        found = []
        for place, part in enumerate(answered):
            if isinstance(part, tuple):
                after = answered[place + 1] if place + 1 < len(answered) else b""
                around = bytes(part[0]) + b" " + (after if isinstance(after, bytes) else b"")
                if uid := _UID.search(around):
                    found.append((int(uid[1]), bytes(part[1])))
        return found

    def _asked(self, command: str, *arguments: str) -> list[object]:
        """What the server answers. Raises UnreachableError."""
        try:
            if self._imap is None:
                raise OSError("it is not open")
            answer, said = self._imap.uid(command, *arguments)
        except _GONE as problem:
            self.close()
            raise UnreachableError(
                f"The mailbox {self.name} broke off: {one_line(str(problem))}", "It is read again by itself."
            ) from problem
        if answer != "OK":
            raise NotGivenError(f"The mailbox {self.name} refuses {command}.", "It is read again by itself.")
        return list(said)
