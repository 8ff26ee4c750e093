"""Mail that comes back to a mailbox: read from a real IMAP server, counted once, and nobody else's mail is touched."""

from collections.abc import Callable
from datetime import timedelta
from email.message import Message as Mail
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from uuid import uuid4

import pytest
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from ripeline.base import clock
from ripeline.outbox import coming_back, queries, reports, returning, suppression
from ripeline.outbox.coming_back import Reader
from ripeline.outbox.imap import Mailbox
from ripeline.outbox.models import BounceBox, Message, Suppression
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.cast import MakeLead
from tests.imap_server import Box
from tests.mail_server import Post
from tests.outbox.conftest import PRIYA, thank

SendAll = Callable[[], None]
NO_USER = ("5.1.1", "smtp; 550 5.1.1 <priya@northgate.example>: User unknown")
FULL = ("5.2.2", "smtp; 552 5.2.2 Mailbox full")
POLICY = ("5.7.1", "smtp; 550 5.7.1 blocked by policy")
EXPIRED = ("4.4.7", "smtp; 451 4.4.7 Delivery time expired")


def report(name: str, status: str = "", code: str = "", *, action: str = "failed", headers_only: bool = False) -> bytes:
    """A delivery report as mail servers write it (RFC 3464) about the message of this Message-ID."""
    mail = MIMEMultipart("report", **{"report-type": "delivery-status"})
    mail["From"], mail["To"] = "MAILER-DAEMON@mx.example", "bounces@northwind.example"
    mail["Subject"], mail["Date"] = "Undelivered Mail Returned to Sender", format_datetime(clock.now())
    mail.attach(MIMEText("This is the mail system. I could not deliver your message."))
    status_part = Mail()
    status_part["Content-Type"] = "message/delivery-status"
    of_mail, of_recipient = Mail(), Mail()
    of_mail["Reporting-MTA"] = "dns; mx.example"
    of_recipient["Final-Recipient"], of_recipient["Action"] = f"rfc822; {PRIYA}", action
    of_recipient["Status"], of_recipient["Diagnostic-Code"] = status, code
    status_part.set_payload([of_mail, of_recipient])
    mail.attach(status_part)
    original = Mail()
    original["Message-ID"], original["To"] = name, PRIYA
    original.set_payload("Thank you.")
    headers = MIMEText(f"Message-ID: {name}\nTo: {PRIYA}\n", "rfc822-headers")
    mail.attach(headers if headers_only else MIMEMessage(original))
    return mail.as_bytes()


def complaint(name: str, kind: str = "abuse") -> bytes:
    """What a mailbox provider sends where somebody pressed "spam" (RFC 5965)."""
    mail = MIMEMultipart("report", **{"report-type": "feedback-report"})
    told = Mail()
    told["Content-Type"] = "message/feedback-report"
    about = Mail()
    about["Feedback-Type"], about["Version"] = kind, "1"
    told.set_payload([about])
    mail.attach(MIMEText("A complaint."))
    mail.attach(told)
    original = Mail()
    original["Message-ID"] = name
    mail.attach(MIMEMessage(original))
    return mail.as_bytes()


def kind(raw: bytes) -> tuple[str, bool] | None:
    found = reports.read(raw)
    return (found.action, found.is_no_address) if found else None


HEAD = (
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: message/delivery-status\r\n\r\n"
)
NAME = f"<{uuid4().hex}@northwind.example>"


@pytest.mark.parametrize(
    ("status", "code", "is_none"),
    [
        (*NO_USER, True), (*FULL, False), (*POLICY, False), (*EXPIRED, False),
        ("5.0.0", "smtp; 550 no such user here", True), ("5.0.0", "x-unix; user unknown", False),
        ("5.0.0", "smtp; 554 5.7.9 no", False), ("5.1.10", "", True), ("", "", False), ("5.2.1", "closed", True),
    ],
)  # fmt: skip
def test_only_a_report_that_says_so_says_that_the_address_is_none(status: str, code: str, is_none: bool) -> None:
    assert kind(report(NAME, status, code)) == ("failed", is_none)
    assert kind(report(NAME, status, code, headers_only=True)) == ("failed", is_none)


def test_what_is_no_failure_and_no_report_says_nothing() -> None:
    assert kind(report(NAME, *EXPIRED, action="delayed")) == ("delayed", False)
    assert kind(report(NAME, "2.0.0", action="delivered")) is None
    assert kind(complaint(NAME)) == ("complained", False)
    assert kind(complaint(NAME, "not-spam")) is None
    assert kind(report("<somebody.elses@mail.example>", *NO_USER)) is None
    assert kind(b"Subject: hello\r\n\r\nHow are you?") is None


@given(st.binary(max_size=400), st.integers(0, 2000), st.integers(0, 60))
def test_whatever_is_written_in_it_reading_never_fails(noise: bytes, at: int, cut: int) -> None:
    whole = report(NAME, *NO_USER)
    at = at % len(whole)
    for raw in (noise, whole[:at] + noise + whole[at + cut :], whole[:at], HEAD + noise):
        reports.read(raw)


# --- with a real mailbox ----------------------------------------------------------------------------------------------


@pytest.fixture
def sent(db: None, post: Post, send_all: SendAll, alice: User, make_lead: MakeLead) -> Message:
    """A mail to Priya that the server took."""
    message = thank(lead_id=make_lead(alice, email=PRIYA).pk)
    send_all()
    message.refresh_from_db()
    assert message.state == "sent"
    return message


def told(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


def test_an_address_that_is_none_is_noted_once_and_other_mail_is_left_alone(sent: Message, box: Box) -> None:
    box.put(b"From: bo@x.example\r\nSubject: A question\r\n\r\nWhen do you open?")
    box.put(report(sent.message_id, *NO_USER))
    box.put(report("<somebody.elses@mail.example>", *NO_USER))
    assert coming_back.look() == 1
    assert told(sent) == ("bounced", "address")
    assert "User unknown" in sent.reply
    assert queries.is_suppressed(PRIYA, for_purpose=False)
    assert Activity.objects.filter(lead_id=sent.lead_id, kind="bounced").count() == 1
    assert box.seen() == 1, "a person reads the rest"
    assert coming_back.look() == 0
    box.put(report(sent.message_id, *NO_USER))
    assert coming_back.look() == 1
    assert Activity.objects.filter(lead_id=sent.lead_id, kind="bounced").count() == 1
    assert Suppression.objects.count() == 1


def test_a_mailbox_that_is_full_is_no_reason_to_stop_and_a_complaint_is(sent: Message, box: Box) -> None:
    box.put(report(sent.message_id, *EXPIRED, action="delayed"))
    coming_back.look()
    assert told(sent) == ("sent", "")
    assert "expired" in sent.reply
    box.put(report(sent.message_id, *FULL))
    coming_back.look()
    assert told(sent) == ("failed", "came_back")
    assert not queries.is_suppressed(PRIYA, for_purpose=False)
    box.put(complaint(sent.message_id))
    coming_back.look()
    assert Suppression.objects.get().reason == "complained"


def test_a_report_of_before_somebody_lifted_it_is_passed_over(sent: Message, box: Box, ada: User) -> None:
    old = report(sent.message_id, *NO_USER)
    box.put(old)
    coming_back.look()
    with clock.at(clock.now() + timedelta(hours=1)):
        suppression.lift(actor=ada, suppression_id=Suppression.objects.get().pk, why="The server was wrong")
        BounceBox.objects.update(validity=1)  # the mailbox was numbered anew: all of it is read again
        assert coming_back.look() == 1
    assert not queries.is_suppressed(PRIYA, for_purpose=False)


def test_nothing_is_marked_as_read_before_it_is_kept(sent: Message, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.put(report(sent.message_id, *NO_USER))

    def away(_: object) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as broken:
        broken.setattr(returning, "note", away)
        with pytest.raises(OperationalError):
            coming_back.look()
    assert (box.seen(), told(sent)[0]) == (0, "sent")
    assert coming_back.look() == 1
    assert (box.seen(), told(sent)[0]) == (1, "bounced")


def test_what_cannot_be_noted_or_read_does_not_keep_the_next_waiting(
    sent: Message, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"
    box.put(head + b"--x\r\nContent-Type: message/delivery-status\r\n\r\n\xff\x00Action: failed\r\n" * 300)
    box.put(head + b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 3000)
    box.put(complaint(sent.message_id))
    box.put(report(sent.message_id, *NO_USER))
    really, calls = returning.note, []

    def stumble(said: returning.Returned) -> None:
        calls.append(said)
        if len(calls) == 1:
            raise KeyError("nobody foresaw this")
        really(said)

    monkeypatch.setattr(returning, "note", stumble)
    assert coming_back.look() == 1
    assert told(sent)[0] == "bounced"
    assert coming_back.look() == 0


def test_a_mailbox_that_cannot_be_read_is_said_and_read_again_when_it_can(
    db: None, box: Box, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, reader = settings.BOUNCES_URL, Reader()
    for wrong, words in (
        (good.replace("secret", "wrong"), "does not let bounces in"),
        (good.replace("INBOX", "Nowhere"), "There is no folder Nowhere"),
        (good.replace(str(box.port), "1"), "cannot be read"),
    ):
        settings.BOUNCES_URL = wrong
        reader._rests_until = 0.0
        assert not reader.work()
        kept = BounceBox.objects.get()
        assert words in kept.error
        assert "secret" not in kept.error
        assert kept.failing_since
    settings.BOUNCES_URL = good
    assert not reader.work(), "it rests"
    reader._rests_until = 0.0
    reader.work()
    kept = BounceBox.objects.get()
    assert (kept.error, kept.failing_since) == ("", None)
    assert kept.looked_at


def test_many_messages_are_looked_through_in_portions(sent: Message, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ripeline.outbox.imap.AT_ONCE", 2)
    for _ in range(5):
        box.put(b"Subject: hello\r\n\r\nx")
    box.put(report(sent.message_id, *NO_USER))
    mailbox = Mailbox(box.url)
    mailbox.open()
    assert [len(heads) for _, heads in mailbox.heads(mailbox.next - 7)] == [2, 2, 2]
    mailbox.close()
    assert coming_back.look() == 1


def test_mail_comes_back_to_where_the_settings_say(db: None, post: Post, send_all: SendAll, settings: Settings) -> None:
    settings.MAIL_RETURN_PATH = "bounces@northwind.example"
    thank()
    send_all()
    (received,) = post.received
    assert received.sender == "bounces@northwind.example"
    assert received.mail["From"] == "Northwind Dental <leads@northwind.example>"
