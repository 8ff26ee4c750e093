"""A real IMAP server on this machine (pymap, in memory), and the mailbox that the settings name."""

import imaplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from tests.mail_server import free_port


@dataclass
class Box:
    """The mailbox, as another program sees it."""

    port: int

    @property
    def url(self) -> str:
        return f"imap://bounces:secret@127.0.0.1:{self.port}/INBOX"

    def _in(self) -> imaplib.IMAP4:
        imap = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        imap.login("bounces", "secret")
        imap.select("INBOX")
        return imap

    def put(self, mail: bytes) -> None:
        imap = self._in()
        assert imap.append("INBOX", None, None, mail)[0] == "OK"  # type: ignore[arg-type]
        imap.logout()

    def seen(self) -> int:
        """How many are marked as read."""
        imap = self._in()
        (found,) = imap.uid("SEARCH", "SEEN")[1]
        imap.logout()
        return len(found.split())


@pytest.fixture
def box(settings: Settings) -> Iterator[Box]:
    """An empty mailbox, named by the settings."""
    port = free_port()
    program = Path(sys.executable).with_name("pymap")
    signs_in = ["dict", "--demo-user", "bounces", "--demo-password", "secret"]
    where = ["--host", "127.0.0.1", "--port", str(port), "--no-tls"]
    server = subprocess.Popen([program, *where, *signs_in], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        found = Box(port)
        settings.BOUNCES_URL = found.url
        yield found
    finally:
        server.terminate()
        server.wait(10)
