"""Mail through a provider's API: the same claim and the same care, over real HTTP to a server on this machine."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from ripeline.outbox import queries
from ripeline.outbox.delivery import Sender
from ripeline.outbox.models import Message, Suppression
from tests.mail_server import free_port
from tests.outbox.conftest import PRIYA, agree, news, thank

pytestmark = pytest.mark.django_db
TAKEN = {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a", "SubmittedAt": "2026-06-01T10:00:00Z", "To": PRIYA}
INACTIVE = {
    "ErrorCode": 406,
    "Message": "You tried to send to a recipient that has been marked as inactive.\n"
    f"Found inactive addresses: {PRIYA}.\nInactive recipients are ones that have generated a hard bounce.",
}


@dataclass
class Provider:
    """What it was sent, and how it answers the next calls: (status, body); 0 hangs up."""

    posted: list[dict[str, Any]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    """A server that speaks Postmark's API, named by the settings."""
    told = Provider()

    class Api(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            status, body = told.answers.pop(0) if told.answers else (200, TAKEN)
            sent = json.loads(self.rfile.read(length))
            if status in (0, 200):
                told.posted.append(sent)
            if status == 0:
                self.close_connection = True
                return
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.MAIL_ESP = "postmark"
    settings.MAIL_FROM = "Northwind Dental <leads@northwind.example>"
    settings.BASE_URL = "https://leads.northwind.example"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "token",
        "POSTMARK_API_URL": f"http://127.0.0.1:{server.server_port}/",
    }
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def state(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


def test_a_mail_goes_through_the_api_with_text_html_and_our_headers(provider: Provider, sender: Sender) -> None:
    agree()
    message = news(name="Žofie Nováková")
    assert sender.work()
    [posted] = provider.posted
    assert posted["To"].endswith(f"<{PRIYA}>")
    assert "A new planner." in posted["TextBody"]
    assert "A new planner." in posted["HtmlBody"]
    headers = {each["Name"]: each["Value"] for each in posted["Headers"]}
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert state(message) == ("sent", "")


def test_an_address_that_the_provider_refuses_bounces(provider: Provider, sender: Sender) -> None:
    provider.answers = [(422, INACTIVE)]
    message = thank()
    sender.work()
    assert state(message) == ("bounced", "address")
    assert Suppression.objects.exists()


def test_a_call_too_many_waits_and_a_wrong_key_keeps_everything_waiting(provider: Provider, sender: Sender) -> None:
    provider.answers = [(429, {"Message": "slow down"}), (401, {"ErrorCode": 10, "Message": "Bad token"})]
    slow, other = thank(), thank("p2@northgate.example")
    assert not sender.work()
    assert state(slow) == state(other) == ("waiting", "")
    assert "does not let us in" in queries.server().error
    assert provider.posted == []


def test_a_call_that_broke_off_is_in_doubt(provider: Provider, sender: Sender) -> None:
    provider.answers = [(0, {})]
    message = thank()
    sender.work()
    assert state(message) == ("doubt", "")
    sender.work()
    assert len(provider.posted) == 1


def test_a_provider_that_cannot_be_reached_harms_nothing(
    provider: Provider, sender: Sender, settings: Settings
) -> None:
    settings.ANYMAIL = settings.ANYMAIL | {"POSTMARK_API_URL": f"http://127.0.0.1:{free_port()}/"}
    message = thank()
    assert not sender.work()
    assert state(message) == ("waiting", "")
    assert "does not answer" in queries.server().error
