"""What providers tell later about mail they took, in the shapes in which each of them really sends it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from ripeline.base import clock
from ripeline.leads.models import Lead
from ripeline.outbox import queries, returning, suppression
from ripeline.outbox.models import Message, MessageState, Suppression
from ripeline.people.models import User
from ripeline.timeline.models import Activity
from tests.outbox.conftest import PRIYA, thank

pytestmark = pytest.mark.django_db
NAMED = "883953f4-6105-42a2-a16a-77a8eac79483"


def postmark(kind: str = "HardBounce", *, record: str = "Bounce", **more: Any) -> dict[str, Any]:
    """As Postmark documents its bounce web hook."""
    return {
        "RecordType": record, "MessageStream": "outbound", "ID": 4323372036854775807, "Type": kind, "TypeCode": 1,
        "Name": "Hard bounce", "Tag": "", "MessageID": NAMED, "Metadata": {}, "ServerID": 23,
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.", "Email": PRIYA,
        "From": "leads@northwind.example", "BouncedAt": clock.now().isoformat(), "DumpAvailable": True,
        "Inactive": True, "CanActivate": True, "Subject": "Thank you",
    } | more  # fmt: skip


OF_EACH: dict[str, tuple[Any, Any]] = {  # (the address is none, not now)
    "postmark": (postmark(), postmark("SoftBounce")),
    "brevo": (
        {"event": "hard_bounce", "email": PRIYA, "id": 26224, "message-id": NAMED, "ts_epoch": 1764190000000,
         "reason": "550 5.1.1 unknown user", "tags": ["x"]},
        {"event": "soft_bounce", "email": PRIYA, "id": 26224, "message-id": NAMED, "ts_epoch": 1764190000000,
         "reason": "452 4.2.2 mailbox full"},
    ),
    "mailersend": (
        {"type": "activity.hard_bounced", "data": {
            "object": "activity", "id": "62f114f8165fe0d8db0288e3", "type": "hard_bounced",
            "created_at": "2026-11-26T10:00:00.000000Z",
            "email": {"object": "email", "id": "6", "message": {"object": "message", "id": NAMED},
                      "recipient": {"object": "recipient", "email": PRIYA}, "status": "rejected"},
            "morph": {"object": "recipient_bounce", "reason": "Host or domain name not found"}}},
        {"type": "activity.soft_bounced", "data": {
            "object": "activity", "id": "62f114f8165fe0d8db0288e4", "type": "soft_bounced",
            "created_at": "2026-11-26T10:00:00.000000Z",
            "email": {"object": "email", "id": "6", "message": {"object": "message", "id": NAMED},
                      "recipient": {"object": "recipient", "email": PRIYA}, "status": "rejected"},
            "morph": {"object": "recipient_bounce", "reason": "Mailbox full"}}},
    ),
    "mailgun": (
        {"signature": {"timestamp": "1529006854", "token": "a8ce0edb2dd8301d", "signature": "d2271d12"},
         "event-data": {
            "event": "failed", "severity": "permanent", "reason": "bounce", "recipient": PRIYA,
            "timestamp": 1521233195.375624, "id": "G9Bn5sl1TC6nu79C8C0bwg",
            "message": {"headers": {"to": PRIYA, "message-id": NAMED, "from": "x@y.example"}},
            "delivery-status": {"code": 550, "message": "5.1.1 user unknown", "description": ""}}},
        {"signature": {"timestamp": "1529006854", "token": "a8ce0edb2dd8301e", "signature": "d2271d12"},
         "event-data": {
            "event": "failed", "severity": "permanent", "reason": "generic", "recipient": PRIYA,
            "timestamp": 1521233195.375624, "id": "G9Bn5sl1TC6nu79C8C0bwh",
            "message": {"headers": {"to": PRIYA, "message-id": NAMED, "from": "x@y.example"}},
            "delivery-status": {"code": 554, "message": "5.7.1 blocked", "description": ""}}},
    ),
    "resend": (
        {"type": "email.bounced", "created_at": "2026-11-26T10:00:00.000Z", "data": {
            "email_id": NAMED, "from": "x@y.example", "to": [PRIYA], "subject": "Thank you",
            "created_at": "2026-11-26T09:59:00.000Z",
            "bounce": {"message": "The recipient's email provider sent a hard bounce message.",
                       "subType": "General", "type": "Permanent"}}},
        {"type": "email.bounced", "created_at": "2026-11-26T10:00:00.000Z", "data": {
            "email_id": NAMED, "from": "x@y.example", "to": [PRIYA], "subject": "Thank you",
            "created_at": "2026-11-26T09:59:00.000Z",
            "bounce": {"message": "The recipient's email provider sent a bounce message because the inbox was full.",
                       "subType": "MailboxFull", "type": "Transient"}}},
    ),
    "sendgrid": (
        [{"email": PRIYA, "timestamp": 1513299569, "smtp-id": "<x@y>", "event": "bounce", "sg_event_id": "6g4ZI7SA",
          "anymail_id": NAMED, "reason": "550 5.1.1 unknown user", "status": "5.1.1", "type": "bounce"}],
        [{"email": PRIYA, "timestamp": 1513299569, "smtp-id": "<x@y>", "event": "bounce", "sg_event_id": "6g4ZI7SB",
          "anymail_id": NAMED, "reason": "550 5.7.1 blocked by a list", "status": "5.7.1", "type": "blocked"}],
    ),
    "sparkpost": (
        [{"msys": {"message_event": {"type": "bounce", "bounce_class": "10", "raw_rcpt_to": PRIYA, "event_id": "9",
                                     "transmission_id": NAMED, "raw_reason": "550 5.1.1 user unknown",
                                     "timestamp": "1454442600"}}}, {"msys": {}}],
        [{"msys": {"message_event": {"type": "bounce", "bounce_class": "22", "raw_rcpt_to": PRIYA, "event_id": "8",
                                     "transmission_id": NAMED, "raw_reason": "452 4.2.2 full",
                                     "timestamp": "1454442600"}}}],
    ),
}  # fmt: skip


@pytest.fixture
def told(settings: Settings) -> None:
    settings.MAIL_ESP = "postmark"


def tell(payload: Any, token: str = "") -> Any:
    where = f"/h/mail/{token or returning.secret()}"
    return Client(enforce_csrf_checks=True).post(where, json.dumps(payload), content_type="application/json")


def sent(lead: Lead | None = None, **more: Any) -> Message:
    """A message that a provider took."""
    message = thank(**({"lead_id": lead.pk} if lead else {}))
    given = {"state": MessageState.SENT, "handed_at": clock.now(), "message_id": f"<{message.pk}@x>", "reason": ""}
    Message.objects.filter(pk=message.pk).update(**(given | {"provider_id": NAMED} | more))
    message.refresh_from_db()
    return message


def fate(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


@pytest.mark.parametrize("provider", sorted(OF_EACH))
def test_an_address_that_is_none_gets_no_more_mail_whoever_says_so(
    provider: str, settings: Settings, lead: Lead
) -> None:
    settings.MAIL_ESP = provider
    hard, _ = OF_EACH[provider]
    message = sent(lead, provider_id=f"<{NAMED}>" if provider == "mailgun" else NAMED)
    for _ in range(2):  # providers send again whenever they are not sure
        answer = tell(hard)
        assert (answer.status_code, answer.json()) == (200, {"kept": 1})
    assert fate(message) == ("bounced", "address")
    [stopped] = queries.suppressions(PRIYA)
    assert (stopped.reason, stopped.scope) == ("bounced", "everything")
    assert Activity.objects.filter(lead_id=lead.pk, kind="bounced").count() == 1


@pytest.mark.parametrize("provider", sorted(OF_EACH))
def test_a_full_mailbox_stops_nothing_but_this_mail(provider: str, settings: Settings) -> None:
    settings.MAIL_ESP = provider
    message = sent(provider_id=f"<{NAMED}>" if provider == "mailgun" else NAMED)
    assert tell(OF_EACH[provider][1]).status_code == 200
    assert fate(message) == ("failed", "came_back")
    assert not Suppression.objects.exists()


def test_three_mails_in_a_row_that_come_back_are_enough(told: None) -> None:
    for place in range(3):
        assert not Suppression.objects.exists()
        sent(provider_id=f"m{place}", handed_at=clock.now() - timedelta(days=2 - place))
        tell(postmark("SoftBounce", MessageID=f"m{place}"))
    assert "3 mails in a row came back" in Suppression.objects.get().note


def test_the_three_mails_of_one_form_that_come_back_in_an_hour_are_not_enough(told: None) -> None:
    for place in range(3):
        sent(provider_id=f"m{place}")
        tell(postmark("SoftBounce", MessageID=f"m{place}"))
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("provider", "event"),
    [
        ("brevo", {"event": "error", "email": PRIYA, "reason": "account suspended"}),
        ("brevo", {"event": "blocked", "email": PRIYA, "reason": "blocked"}),
        ("sparkpost", [{"msys": {"message_event": {"type": "policy_rejection", "raw_rcpt_to": PRIYA,
                                                   "raw_reason": "550 5.7.1 not allowed for this account"}}}]),
    ],
)  # fmt: skip
def test_a_provider_that_will_not_send_for_us_says_nothing_of_the_address(
    provider: str, event: Any, settings: Settings
) -> None:
    settings.MAIL_ESP = provider
    for place in range(4):  # of one form come three mails at once
        message = sent(provider_id=f"m{place}")
        if provider == "brevo":
            tell(event | {"message-id": f"m{place}"})
        else:
            event[0]["msys"]["message_event"]["transmission_id"] = f"m{place}"
            tell(event)
        assert fate(message) == ("failed", "refused")
    assert not Suppression.objects.exists()


def test_one_that_arrived_in_between_begins_the_count_anew(told: None) -> None:
    for place, comes_back in enumerate((True, True, False, True)):
        sent(provider_id=f"m{place}", handed_at=clock.now() - timedelta(days=4 - place))
        if comes_back:
            tell(postmark("SoftBounce", MessageID=f"m{place}"))
    assert not Suppression.objects.exists()


def test_who_complains_gets_no_mail_at_all_and_it_stands_on_the_record(told: None, lead: Lead) -> None:
    message = sent(lead)
    for _ in range(2):
        tell(postmark("SpamComplaint", record="SpamComplaint"))
    assert fate(message) == ("sent", ""), "it arrived, all the same"
    assert Suppression.objects.get().reason == "complained"
    assert queries.is_suppressed(PRIYA, for_purpose=False)
    entry = Activity.objects.get(lead_id=lead.pk, kind="unsubscribed")
    assert entry.data["purpose"] == "they marked a mail as spam"


def test_who_unsubscribes_at_the_provider_still_gets_answers(told: None) -> None:
    change = {
        "RecordType": "SubscriptionChange", "MessageID": NAMED, "ServerID": 23, "MessageStream": "outbound",
        "ChangedAt": clock.now().isoformat(), "Recipient": PRIYA, "Origin": "Recipient", "SuppressSending": True,
        "SuppressionReason": "ManualSuppression", "Tag": "", "Metadata": {},
    }  # fmt: skip
    assert tell(change).json() == {"kept": 1}
    assert queries.is_suppressed(PRIYA, for_purpose=True)
    assert not queries.is_suppressed(PRIYA, for_purpose=False)


def test_what_is_tried_again_is_only_noted(told: None) -> None:
    message = sent()
    tell(postmark("Transient", Details="451 4.7.1 greylisted"))
    assert fate(message) == ("sent", "")
    assert message.reply == "451 4.7.1 greylisted"


def test_a_bounce_that_is_quicker_than_our_own_record_is_not_lost(told: None, lead: Lead) -> None:
    message = sent(lead, state=MessageState.SENDING, provider_id="")
    tell(postmark())
    assert fate(message) == ("bounced", "address")


def test_a_bounce_of_a_mail_that_is_not_ours_any_more_stops_the_address_all_the_same(told: None) -> None:
    tell(postmark())
    assert queries.is_suppressed(PRIYA, for_purpose=False)


def test_what_was_said_before_somebody_lifted_it_counts_no_more(told: None, ada: User) -> None:
    before = postmark(BouncedAt=(clock.now() - timedelta(minutes=5)).isoformat())
    tell(before)
    suppression.lift(actor=ada, suppression_id=Suppression.objects.get().pk, why="they have a new mailbox")
    tell(before)
    assert not queries.is_suppressed(PRIYA, for_purpose=False)
    tell(postmark(BouncedAt=(clock.now() + timedelta(minutes=5)).isoformat()))
    assert queries.is_suppressed(PRIYA, for_purpose=False)


@pytest.mark.parametrize("record", ["Delivery", "Open", "Click"])
def test_good_news_changes_nothing(told: None, record: str) -> None:
    message = sent()
    assert tell(postmark(record=record)).json() == {"kept": 0}
    assert fate(message) == ("sent", "")


def test_nobody_else_tells_us_anything(told: None, settings: Settings) -> None:
    sent()
    for token in ("x", returning.secret()[:-1], returning.secret() + "x"):
        assert tell(postmark(), token).status_code == 404
    assert Client().get(f"/h/mail/{returning.secret()}").status_code == 405
    assert Client().head(f"/h/mail/{returning.secret()}").status_code == 200
    token = returning.secret()
    settings.MAIL_ESP = None
    assert tell(postmark(), token).status_code == 404, "without a provider nobody tells anything"
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("provider", sorted(OF_EACH))
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"[1]", b"null", b'"x"', b"\xff", b'{"type": "inbound"}'])
def test_what_a_provider_never_sends_is_refused_in_words(provider: str, body: bytes, settings: Settings) -> None:
    settings.MAIL_ESP = provider
    answer = Client().post(f"/h/mail/{returning.secret()}", body, content_type="application/json")
    assert answer.status_code in (200, 400), answer.text
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("provider", "body"),
    [
        ("postmark", {"FromFull": {"Email": PRIYA}, "MessageID": NAMED}),
        ("brevo", {"items": [{"Uuid": ["x"]}]}),
        ("brevo", {"event": "hard_bounce", "email": PRIYA, "ts_epoch": 1e300}),
    ],
)
def test_mail_that_came_in_and_days_that_never_come_are_refused_in_words(
    provider: str, body: dict[str, Any], settings: Settings
) -> None:
    settings.MAIL_ESP = provider
    answer = tell(body)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


@pytest.mark.parametrize(
    "change", [{"BouncedAt": "2026-11-26T10:00:00"}, {"MessageID": "\ud800"}, {"Details": "5.1.1 \ud800"}]
)
def test_a_bounce_counts_however_oddly_it_is_written(told: None, change: dict[str, Any]) -> None:
    assert tell(postmark(**change)).json() == {"kept": 1}
    assert queries.is_suppressed(PRIYA, for_purpose=False)


_values = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just(PRIYA) | st.just("HardBounce")
_json = st.recursive(
    _values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@given(change=st.dictionaries(st.sampled_from(sorted(postmark())), _json, max_size=5))
@tried(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_is_answered(told: None, change: dict[str, Any]) -> None:
    assert tell(postmark() | change).status_code in (200, 400)
