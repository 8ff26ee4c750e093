"""One mail as it leaves: headers that cannot be injected into, a text and an HTML part. Knows no Django."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

_POLICIES = {False: SMTP.clone(max_line_length=200), True: SMTPUTF8.clone(max_line_length=200)}
LONGEST_SUBJECT = 200


def plain(text: str) -> str:
    """One line without control characters: what may stand in a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def ascii_domain(address: str) -> str:
    """The address as servers know it, its domain in ASCII."""
    local, _, domain = address.strip().rpartition("@")
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
    def parse(cls, text: str) -> "Party":
        """From `Name <address>` or `address`."""
        name, address = parseaddr(text)
        return cls(address, name)

    @property
    def domain(self) -> str:
        return ascii_domain(self.address).rpartition("@")[2]

    def header(self) -> Address:
        address = ascii_domain(self.address)
        if address.isascii():
            return Address(display_name=plain(self.name), addr_spec=address)
        local, _, domain = address.rpartition("@")
        return Address(display_name=plain(self.name), username=plain(local), domain=domain)


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
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server that speaks SMTPUTF8 can take it."""
        return not (ascii_domain(self.to.address) + ascii_domain(self.sender.address)).isascii()

    def as_bytes(self) -> bytes:
        """The message with CRLF line ends. Raises ValueError for an address that cannot stand in a header."""
        message = EmailMessage(policy=_POLICIES[self.needs_utf8])
        message["From"] = self.sender.header()
        message["To"] = self.to.header()
        if self.reply_to:
            message["Reply-To"] = self.reply_to.header()
        message["Subject"] = plain(self.subject)[:LONGEST_SUBJECT]
        message["Date"] = format_datetime(self.date)
        message["Message-ID"] = self.message_id
        for name, value in self.headers.items():
            message[name] = value
        message.set_content(self.text)
        message.add_alternative(self.html, subtype="html")
        return message.as_bytes()
