"""Reading the outbox: how the way out is, what waits, what became of each message, where an address stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Min, Q

from ripeline.base import clock
from ripeline.outbox.addresses import address_hash, key_check
from ripeline.outbox.models import (
    Consent,
    ConsentState,
    MailServer,
    Message,
    MessageState,
    Purpose,
    Suppression,
    Wording,
)

RECENTLY = timedelta(days=1)
LEFT_OVER = (MessageState.WAITING, MessageState.SENDING, MessageState.DOUBT)  # not decided yet


def can_send() -> bool:
    """Whether there is a way out: a mail server or a provider is set."""
    return bool(settings.SMTP_URL or settings.MAIL_ESP)


def server() -> MailServer:
    """How the way out was the last time."""
    return MailServer.objects.filter(id=1).first() or MailServer(key_check=key_check())


def has_hashes() -> bool:
    """Whether any address is noted by its hash, for or against mail."""
    return Suppression.objects.exists() or Consent.objects.exists()


def is_key_changed() -> bool:
    """Whether consent and suppression were noted under another secret key, so that none would be found."""
    return server().key_check != key_check() and has_hashes()


@dataclass(frozen=True)
class Backlog:
    """What is left to do. `lag` is by how much the oldest waiting message is late, in seconds."""

    waiting: int
    doubt: int
    lag: float


def backlog() -> Backlog:
    """What waits and what is in doubt."""
    now = clock.now()
    found = Message.objects.filter(state__in=LEFT_OVER).aggregate(
        waiting=Count("id", filter=~Q(state=MessageState.DOUBT)),
        doubt=Count("id", filter=Q(state=MessageState.DOUBT)),
        oldest=Min("wanted_at", filter=Q(state=MessageState.WAITING, wanted_at__lte=now)),
    )
    lag = (now - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    return Backlog(found["waiting"], found["doubt"], max(lag, 0.0))


def lately() -> dict[str, int]:
    """How many messages of the last 24 hours are in each state."""
    recent = Message.objects.filter(created_at__gte=clock.now() - RECENTLY)
    return dict(recent.order_by().values_list("state").annotate(n=Count("id")))


def messages(
    *, state: str = "", address: str = "", before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> Sequence[Message]:
    """One page of messages, newest first; of one state, or to one address."""
    found = Message.objects.select_related("actor")
    if state:
        found = found.filter(state=state)
    if address:
        found = found.filter(address_hash=address_hash(address))
    if before:
        found = found.filter(Q(created_at__lt=before[0]) | Q(created_at=before[0], id__lt=before[1]))
    return list(found.order_by("-created_at", "-id")[:limit])


def latest(kinds: Sequence[str], address: str) -> Message | None:
    """The last message of these kinds to an address."""
    found = Message.objects.filter(address_hash=address_hash(address), kind__in=kinds)
    return found.order_by("-created_at", "-id").first()


def is_suppressed(address: str, *, for_purpose: bool) -> bool:
    """Whether an address gets no such mail."""
    return any(each.scope == "everything" or for_purpose for each in suppressions(address) if not each.lifted_at)


def suppressions(address: str) -> Sequence[Suppression]:
    """Every suppression of an address, lifted ones too, newest first."""
    found = Suppression.objects.filter(address_hash=address_hash(address)).exclude(address_hash="")
    return list(found.select_related("actor", "lifted_by").order_by("-at", "-id"))


def suppressed(*, before: tuple[datetime, UUID] | None = None, limit: int = 50) -> Sequence[Suppression]:
    """What is suppressed now, newest first."""
    found = Suppression.objects.filter(lifted_at__isnull=True).select_related("actor")
    if before:
        found = found.filter(Q(at__lt=before[0]) | Q(at=before[0], id__lt=before[1]))
    return list(found.order_by("-at", "-id")[:limit])


def consents(address: str) -> Sequence[Consent]:
    """Where an address stands with each purpose, with the evidence in `events`."""
    found = Consent.objects.filter(address_hash=address_hash(address)).select_related("purpose")
    return list(found.prefetch_related("events__wording", "events__actor").order_by("purpose"))


def has_consent(address: str, purpose: str) -> bool:
    """Whether an address agreed to a purpose, and confirmed it."""
    return Consent.objects.filter(
        address_hash=address_hash(address), purpose=purpose, state=ConsentState.GIVEN
    ).exists()


def purposes() -> Sequence[Purpose]:
    """What people can agree to, by name."""
    return list(Purpose.objects.order_by("name"))


def purpose_name(code: str) -> str:
    """A purpose as people know it."""
    return Purpose.objects.filter(pk=code).values_list("name", flat=True).first() or code


def wording(purpose: str) -> Wording:
    """The words of a purpose as they stand now: what a form shows, and hands back with the consent."""
    return Wording.objects.filter(purpose=purpose).order_by("-version").select_related("purpose")[:1].get()
