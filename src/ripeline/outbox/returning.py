"""What became of a mail after it was handed over, as is said later: it came back, or somebody complained."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from ripeline.base import clock
from ripeline.outbox import rules, suppression
from ripeline.outbox.addresses import address_hash
from ripeline.outbox.kinds import label
from ripeline.outbox.models import Message, MessageState, Suppression, SuppressionReason
from ripeline.timeline import actions as timeline

log = logging.getLogger(__name__)

IN_A_ROW = 3  # mails to an address that could not be delivered, until it gets no more
APART = timedelta(days=1)  # at least, the first of them and the last: one form sends three mails at once
LATELY = timedelta(days=90)  # what was sent before says nothing of the mailbox of today


class Fate(Enum):
    NO_ADDRESS = auto()  # it came back: the address is none
    NOT_NOW = auto()  # it came back: a full mailbox, a server away, a policy; not about the address
    NOT_SENT = auto()  # the provider itself would not, by its own rules or for our account
    PUT_OFF = auto()  # the provider goes on trying
    COMPLAINED = auto()
    UNSUBSCRIBED = auto()  # at the provider


@dataclass(frozen=True)
class Returned:
    """One thing that is said. `provider_id`: what a provider called the message when it took it; `message`: its id."""

    fate: Fate
    address: str
    provider_id: str = ""
    message: UUID | None = None
    words: str = ""
    at: datetime | None = None


_SUPPRESSED = {
    Fate.NO_ADDRESS: SuppressionReason.BOUNCED,
    Fate.COMPLAINED: SuppressionReason.COMPLAINED,
    Fate.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
}
_ENDS = {
    Fate.NO_ADDRESS: (MessageState.BOUNCED, "address"),
    Fate.NOT_NOW: (MessageState.FAILED, "came_back"),
    Fate.NOT_SENT: (MessageState.FAILED, "refused"),
}


def secret() -> str:
    """The end of the address at which the provider tells; the same as long as the installation's key is."""
    return salted_hmac("ripeline.mail.events", settings.MAIL_ESP or "", algorithm="sha256").hexdigest()[:40]


def note(told: Returned) -> None:
    """Keep what came of it, on the message and the lead's timeline, and send no more where that follows from it.

    The same again changes nothing; nor does what was said before somebody lifted the suppression with a reason.
    """
    words = rules.one_line(told.words)
    with transaction.atomic():
        message = _message(told)
        hashed = message.address_hash if message else address_hash(told.address)
        if not hashed:
            log.warning("A provider says that a mail came back, and to whom it does not say.")
            return
        if told.fate is Fate.PUT_OFF:
            if message and message.state == MessageState.SENT:
                Message.objects.filter(pk=message.pk).update(reply=words)
            return
        is_new = _end(message, told.fate, words) if message else True
        reason = _SUPPRESSED.get(told.fate)
        if told.fate is Fate.NOT_NOW and _never_arrives(hashed):
            reason, words = SuppressionReason.BOUNCED, f"{IN_A_ROW} mails in a row came back; the last: {words}"
        if reason and is_new and not _was_lifted_since(hashed, told.at):
            suppression.suppress(known_as=hashed, reason=reason, note=words)


def _message(told: Returned) -> Message | None:
    """The message by its id, or its name at the provider; else the one whose hand-over has not been recorded yet."""
    if told.message:
        return Message.objects.select_for_update(of=("self",)).filter(pk=told.message).first()
    under_way = Q(provider_id="", state=MessageState.SENDING, address_hash=address_hash(told.address) or "-")
    named = Q(provider_id=told.provider_id[:200]) if told.provider_id else Q(pk=None)
    found = Message.objects.select_for_update(of=("self",)).filter(named | under_way)
    return found.order_by("-provider_id", "-handed_at").first()


def _end(message: Message, fate: Fate, words: str) -> bool:
    """Record the fate of a message; whether it is news."""
    if fate in (Fate.COMPLAINED, Fate.UNSUBSCRIBED):  # it arrived, all the same
        how = "they marked a mail as spam" if fate is Fate.COMPLAINED else "at the mail provider"
        _tell(message, "unsubscribed", f"{message.pk.hex}:{fate.name.lower()}", {"purpose": how})
        return True
    state, reason = _ENDS[fate]
    if message.state in (MessageState.BOUNCED, state):
        return False
    changes = {"state": state, "reason": reason, "reply": words, "ended_at": clock.now(), "context": {}}
    Message.objects.filter(pk=message.pk).update(**changes)
    _tell(message, "bounced", f"{message.pk.hex}:{reason}", {"mail": label(message.kind), "message": str(message.pk)})
    return True


def _never_arrives(hashed: str) -> bool:
    """Whether the last mails to an address all came back, and not in one bad hour of its mailbox."""
    handed = Message.objects.filter(address_hash=hashed, handed_at__gte=clock.now() - LATELY)
    last = list(handed.order_by("-created_at", "-id").values_list("state", "reason", "handed_at")[:IN_A_ROW])
    if len(last) < IN_A_ROW or {(state, reason) for state, reason, _ in last} != {_ENDS[Fate.NOT_NOW]}:
        return False
    moments = [at for _, _, at in last if at]
    return max(moments) - min(moments) >= APART


def _was_lifted_since(hashed: str, at: datetime | None) -> bool:
    return at is not None and Suppression.objects.filter(address_hash=hashed, lifted_at__gte=at).exists()


def _tell(message: Message, kind: str, key: str, data: dict[str, str]) -> None:
    if message.lead_id:
        timeline.record(
            timeline.Entry(
                lead_id=message.lead_id, kind=kind, actor_id=message.actor_id, origin="outbox", event_key=key,
                occurred_at=clock.now(), data=data,
            )
        )  # fmt: skip
