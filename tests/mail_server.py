# ruff: noqa: ARG002 - aiosmtpd asks for these arguments
"""A real mail server on this machine (aiosmtpd) that can be told to refuse, to put off and to hang up.

`post` is one whose address the settings name; `post.received` has what it took, in order.
"""

import logging
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pytest_django.fixtures import Settings

if TYPE_CHECKING:
    from ripeline.outbox.delivery import Sender

logging.getLogger("mail.log").setLevel(logging.WARNING)

HANG_UP = "hang up"
LOSE_ANSWER = "take it, then hang up without a word"


@dataclass
class Received:
    """A mail that the server took."""

    sender: str
    to: str
    mail: EmailMessage
    raw: bytes

    def body(self, kind: str) -> str:
        part = self.mail.get_body((kind,))
        assert part
        return str(part.get_content()).replace("\r\n", "\n")

    @property
    def text(self) -> str:
        return self.body("plain")

    @property
    def html(self) -> str:
        return self.body("html")


@dataclass
class Post:
    """The server's behaviour, and what it saw. An answer is an SMTP reply, HANG_UP or LOSE_ANSWER."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    rcpt: dict[str, str] = field(default_factory=dict)  # answer to RCPT by address
    content: list[str] = field(default_factory=list)  # answers to the next mails' content
    sender: str = ""  # answer to MAIL FROM
    asked: list[str] = field(default_factory=list)  # every recipient that was named

    # --- aiosmtpd's hooks -------------------------------------------------------------------------------------------

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sender:
            return self.sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked.append(address)
        answer = self.rcpt.get(address, "250 OK")
        if answer == HANG_UP:
            server.transport.abort()
        elif answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.content.pop(0) if self.content else "250 2.0.0 taken"
        if answer == HANG_UP:
            server.transport.abort()
        elif answer == LOSE_ANSWER or answer.startswith("250"):
            self._take(envelope)
            if answer == LOSE_ANSWER:
                server.transport.abort()
        return answer

    def _take(self, envelope: Envelope) -> None:
        raw = envelope.original_content or b""
        parsed = message_from_bytes(raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        self.received.extend(Received(str(envelope.mail_from), to, parsed, raw) for to in envelope.rcpt_tos)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class _Here(Controller):
    """Ready as soon as it listens, without a connection of its own."""

    def _trigger_server(self) -> None:
        socket.create_connection(("127.0.0.1", self.port), timeout=5).close()


StartPost = Callable[..., Post]


@pytest.fixture
def start_post() -> Iterator[StartPost]:
    """Start a server: `start_post()`, `start_post(tls=…)`, `start_post(starttls=…, login=("user", "password"))`."""
    controllers: list[Controller] = []

    def start(
        *,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        port: int = 0,
        smtputf8: bool = True,
    ) -> Post:
        post = Post(port=port or free_port())

        def sign_in(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
            given = (data.login.decode(), data.password.decode())
            return AuthResult(success=given == login, handled=False)

        controller = _Here(
            post,
            hostname="127.0.0.1",
            port=post.port,
            ssl_context=tls,
            tls_context=starttls,
            require_starttls=bool(starttls),
            authenticator=sign_in if login else None,
            auth_required=bool(login),
            auth_require_tls=bool(starttls),
            enable_SMTPUTF8=smtputf8,
        )
        controllers.append(controller)
        controller.start()
        return post

    yield start
    for controller in controllers:
        controller.stop()


@pytest.fixture
def post(start_post: StartPost, settings: Settings) -> Post:
    """A plain server on this machine that takes everything, named by the settings."""
    server = start_post()
    settings.SMTP_URL = f"smtp://127.0.0.1:{server.port}"
    settings.MAIL_FROM = "Northwind Dental <leads@northwind.example>"
    settings.BASE_URL = "https://leads.northwind.example"
    return server


def nobody_answered(_: Mapping[UUID, datetime]) -> set[UUID]:
    return set()


@pytest.fixture
def sender() -> Iterator["Sender"]:
    """What the worker sends with."""
    from ripeline.outbox.delivery import Sender

    made = Sender(answered=nobody_answered)
    yield made
    made.close()


@pytest.fixture
def send_all(sender: "Sender") -> Callable[[], None]:
    """Let the sender work until nothing is due."""

    def run() -> None:
        while sender.work():
            pass

    return run


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that signs itself, with its key in the same file."""
    place = tmp_path_factory.mktemp("certificate")
    key, cert, both = place / "key.pem", place / "cert.pem", place / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    return both


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """What the server shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
