"""What e-mail providers say of mail that they took, each in its own words: read by django-anymail.

Its own views are not used: they know who may send by another secret for each provider, and answer by signals that
nobody can grep. It is loaded where a provider says something: every start would pay for it.
"""

import warnings
from datetime import UTC
from functools import lru_cache
from typing import Any

from anymail.exceptions import AnymailError, AnymailNotSupportedWarning
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.module_loading import import_string

from ripeline.outbox.returning import Fate, Returned

_READERS = {
    "brevo": "Brevo", "mailersend": "MailerSend", "mailgun": "Mailgun", "postmark": "Postmark", "resend": "Resend",
    "sendgrid": "SendGrid", "sparkpost": "SparkPost",
}  # fmt: skip
# What anymail's readers must be given to be made; who sends is known by the address.
_UNUSED = {"webhook_secret": "un:used"}
_UNUSED_OF = {"mailersend": {"signing_secret": "unused"}, "mailgun": {"webhook_signing_key": "unused"}}

# How each provider says that a bounce is not about the address.
_SPARKPOSTS = ("20", "21", "22", "23", "40", "70")
_SOFT = frozenset(["SoftBounce", "soft_bounce", "soft_bounced", "Transient", "Undetermined", "blocked", *_SPARKPOSTS])
_NOT_ABOUT_THE_ADDRESS = (RejectReason.BLOCKED, RejectReason.SPAM, RejectReason.OTHER, RejectReason.TIMED_OUT)


class UnreadableError(ValueError):
    """This is not what that provider sends; says why."""


def read(provider: str, request: HttpRequest) -> list[Returned]:
    """Everything of a request that says something about an address. Raises UnreadableError."""
    try:
        return [each for event in _reader(provider).parse_events(request) if (each := _told(event))]
    except (AnymailError, ImproperlyConfigured) as wrong:  # the latter: mail that comes in, sent to this address
        raise UnreadableError(str(wrong)) from wrong
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError) as wrong:
        raise UnreadableError(f"This is not what {provider} sends.") from wrong


@lru_cache
def _reader(name: str) -> Any:
    """anymail's reader of this provider's events."""
    view = import_string(f"anymail.webhooks.{name}.{_READERS[name]}TrackingWebhookView")
    with warnings.catch_warnings():  # that SendGrid is no longer tested against is for whoever chooses it to know
        warnings.simplefilter("ignore", AnymailNotSupportedWarning)
        return view(**_UNUSED, **_UNUSED_OF.get(name, {}))


def _told(event: AnymailTrackingEvent) -> Returned | None:
    """What an event says of an address; None where that is nothing."""
    fate = _fate(event)
    if fate is None:
        return None
    words = event.mta_response or event.description or event.reject_reason or event.event_type
    address, named, at = event.recipient or "", event.message_id or "", event.timestamp
    at = at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
    return Returned(fate, _text(address), provider_id=_text(named), words=_text(words), at=at)


def _text(said: Any) -> str:
    """What can be kept of it: JSON may hold half a character."""
    return str(said).encode("utf-8", "replace").decode()


def _fate(event: AnymailTrackingEvent) -> Fate | None:
    kind, reason = event.event_type, event.reject_reason
    if kind == EventType.COMPLAINED:
        return Fate.COMPLAINED
    if kind == EventType.UNSUBSCRIBED:
        return Fate.UNSUBSCRIBED
    if kind == EventType.DEFERRED:
        return Fate.PUT_OFF
    if kind == EventType.BOUNCED:
        return Fate.NOT_NOW if reason in _NOT_ABOUT_THE_ADDRESS or _is_soft(event.esp_event) else Fate.NO_ADDRESS
    if kind == EventType.REJECTED:  # by the provider itself, which has a list of its own
        if reason == RejectReason.UNSUBSCRIBED:
            return Fate.UNSUBSCRIBED
        return Fate.NO_ADDRESS if reason in (RejectReason.BOUNCED, RejectReason.INVALID) else Fate.NOT_SENT
    return Fate.NOT_SENT if kind == EventType.FAILED else None


def _is_soft(raw: Any) -> bool:
    """Whether any of the places in which a provider says so says so."""
    data: dict[str, Any] = raw["data"] if isinstance(raw.get("data"), dict) else {}
    bounce: dict[str, Any] = data["bounce"] if isinstance(data.get("bounce"), dict) else {}
    msys = next((each for each in raw.get("msys", {}).values() if isinstance(each, dict)), {})
    said = (raw.get("Type"), raw.get("event"), raw.get("type"), data.get("type"), bounce.get("type"))
    return any(str(each) in _SOFT for each in (*said, msys.get("bounce_class")))
