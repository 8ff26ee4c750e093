"""One mail as it leaves: headers that cannot be injected into, a text and an HTML part. Knows no Django."""

# Written by hand from few and known pieces: the standard library's EmailMessage takes some thirty times as long, more
# than all else that sending costs. The tests read what arrives with the standard library's parser.

import quopri
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from uuid import uuid4

LONGEST_SUBJECT = 200


def plain(text: str) -> str:
    """One line without control characters: what may stand in a header."""
    kept = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    return " ".join(kept.split())


def ascii_domain(address: str) -> str:
    """The address as servers know it, its domain in ASCII."""
    local, _, domain = address.strip().rpartition("@")
    if domain.isascii():
        return f"{local}@{domain}"
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return f"{local}@{domain}"


@dataclass(frozen=True)
class Party:
    """Somebody with an address."""

    address: str
    name: str = ""

    @classmethod
    @lru_cache(maxsize=16)  # those in the settings
    def parse(cls, text: str) -> "Party":
        """From `Name <address>` or `address`."""
        name, address = parseaddr(text)
        return cls(address, name)

    @property
    def domain(self) -> str:
        return ascii_domain(self.address).rpartition("@")[2]

    def shown(self) -> str:
        """`"Name" <address>` as a program reads it. Raises ValueError for what is no address."""
        return self._with(_quoted(plain(self.name)))

    def header(self) -> str:
        """The same in ASCII, as a header has it; an address in foreign letters stays as it is (SMTPUTF8)."""
        return self._with(_word(plain(self.name), _quoted))

    def _with(self, name: str) -> str:
        address = ascii_domain(self.address)
        if not address.isprintable() or set(' <>,;"') & set(address) or address.count("@") != 1:
            raise ValueError(f"{address!r} is no address")
        return f"{name} <{address}>" if name else address


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if text else ""


def _word(text: str, as_ascii: Callable[[str], str] = str) -> str:
    """Text as it may stand in a header: encoded words where ASCII does not do, or would be taken for such."""
    if text.isascii() and "=?" not in text:
        return as_ascii(text)
    return Header(text, "utf-8").encode(linesep="\r\n")


@dataclass(frozen=True)
class Mail:
    """What is handed over. `message_id` is ours, with its angle brackets."""

    sender: Party
    to: Party
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    reply_to: Party | None = None
    returns_to: str = ""  # where it comes back to; else to the sender
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def envelope_sender(self) -> str:
        return ascii_domain(self.returns_to or self.sender.address)

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server that speaks SMTPUTF8 can take it."""
        return not (ascii_domain(self.to.address) + self.envelope_sender + ascii_domain(self.sender.address)).isascii()

    def as_bytes(self) -> bytes:
        """The message with CRLF line ends. Raises ValueError for an address that cannot stand in a header."""
        boundary = uuid4().hex
        lines = [
            f"From: {self.sender.header()}",
            f"To: {self.to.header()}",
            *([f"Reply-To: {self.reply_to.header()}"] if self.reply_to else []),
            f"Subject: {_word(plain(self.subject)[:LONGEST_SUBJECT])}",
            f"Date: {format_datetime(self.date)}",
            f"Message-ID: {self.message_id}",
            *(f"{name}: {plain(value)}" for name, value in self.headers.items()),
            "MIME-Version: 1.0",
            f'Content-Type: multipart/alternative; boundary="{boundary}"',
        ]
        return b"\r\n".join(
            (
                "\r\n".join(lines).encode(),
                b"",
                *_part(boundary, "plain", self.text),
                *_part(boundary, "html", self.html),
                f"--{boundary}--\r\n".encode(),
            )
        )


def _part(boundary: str, kind: str, text: str) -> tuple[bytes, ...]:
    """One of the alternatives, quoted-printable: short lines of ASCII, whatever is written."""
    content = quopri.encodestring(text.replace("\r\n", "\n").encode("utf-8", "replace"))
    return (
        f"--{boundary}".encode(),
        f"Content-Type: text/{kind}; charset=utf-8".encode(),
        b"Content-Transfer-Encoding: quoted-printable",
        b"",
        content.replace(b"\n", b"\r\n"),
    )
