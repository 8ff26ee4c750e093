"""Reading the outbox: how the way out is, what waits, what became of each message, where an address stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Min, Prefetch, Q

from ripeline.base import clock
from ripeline.base.reading import read, rows, whole
from ripeline.base.settled import Settled
from ripeline.base.statements import prepared_rows
from ripeline.outbox.addresses import address_hash, key_check
from ripeline.outbox.models import (
    BounceBox,
    Consent,
    ConsentEvent,
    ConsentState,
    MailServer,
    Message,
    MessageState,
    Purpose,
    Scope,
    Suppression,
    Wording,
)

AWAITED = ("confirm", "asset")  # kinds that somebody expects, be it late
HELD_FOR = timedelta(days=30)  # as long as the link to what a form gives is good
RECENTLY = timedelta(days=1)
LEFT_OVER = (MessageState.WAITING, MessageState.SENDING, MessageState.DOUBT)  # not decided yet


def can_send() -> bool:
    """Whether there is a way out: a mail server or a provider is set."""
    return bool(settings.SMTP_URL or settings.MAIL_ESP)


def server() -> MailServer:
    """How the way out was the last time."""
    return next(iter(read(MailServer, "WHERE id = 1")), MailServer(key_check=key_check()))


def bounce_box() -> BounceBox | None:
    """How far the mailbox is read to which mail comes back; None where none was read yet."""
    return BounceBox.objects.filter(id=1).first()


def has_hashes() -> bool:
    """Whether any address is noted by its hash, for or against mail."""
    return Suppression.objects.exists() or Consent.objects.exists()


def is_key_changed(state: MailServer | None = None) -> bool:
    """Whether consent and suppression were noted under another secret key, so that none would be found."""
    return (state or server()).key_check != key_check() and has_hashes()


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


# Of several to one address about the same the last, and none that has been asked for, and answered, again since.
_HELD = """
SELECT DISTINCT ON (address_hash, kind, what) id FROM (
    SELECT id, address_hash, kind, created_at, coalesce(context->>'consent', context->>'title') AS what FROM message
    WHERE state = 'stopped' AND created_at >= %(since)s AND reason = 'no_server' AND kind = ANY(%(kinds)s)
      AND context <> '{}'
      AND (kind <> 'confirm' OR EXISTS (
        SELECT FROM consent WHERE consent.id = (message.context->>'consent')::uuid AND consent.state = 'pending'))
      AND NOT EXISTS (
        SELECT FROM message AS later
        WHERE later.address_hash = message.address_hash AND later.created_at > message.created_at
          AND later.kind = message.kind AND later.state <> 'stopped'
          AND (later.kind <> 'confirm' OR split_part(later.key, ':', 1) = split_part(message.key, ':', 1)))
) AS held
ORDER BY address_hash, kind, what, created_at DESC
"""


def held_for_a_server() -> Sequence[UUID]:
    """What people wait for that was held back of late because no mail server was set, and would still make sense."""
    since = clock.now() - HELD_FOR
    return [pk for (pk,) in rows(_HELD, {"since": since, "kinds": list(AWAITED)})]


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
    consents = list(found.prefetch_related("events__wording", "events__actor").order_by("purpose"))
    _see_unasked(consents)
    return consents


# Everything by which they were to be asked was held back for want of a mail server.
_UNASKED = """
SELECT split_part(key, ':', 1) FROM message
WHERE address_hash = ANY(%(hashes)s) AND kind = 'confirm' GROUP BY 1
HAVING bool_and(state = 'stopped' AND reason = 'no_server')
"""


def _see_unasked(consents: Sequence[Consent]) -> None:
    """Mark those to be confirmed of which nobody has been asked."""
    pending = [each for each in consents if each.state == ConsentState.PENDING]
    if pending:
        unasked = {key for (key,) in rows(_UNASKED, {"hashes": [each.address_hash for each in pending]})}
        for each in pending:
            each.is_unasked = each.pk.hex in unasked


@dataclass(frozen=True)
class Standing:
    """What an address may get, and how we know."""

    address: str
    suppressions: Sequence[Suppression]  # those in force
    consents: Sequence[Consent]  # by purpose; the evidence in `events`, newest first


_IS_KNOWN = """
SELECT FROM consent WHERE address_hash = ANY(%(hashes)s)
UNION ALL SELECT FROM suppression WHERE address_hash = ANY(%(hashes)s) AND lifted_at IS NULL LIMIT 1
"""


def standings(addresses: Sequence[str]) -> Sequence[Standing]:
    """Where each of somebody's addresses stands."""
    hashes = {hashed: address for address in addresses if (hashed := address_hash(address))}
    if not rows(_IS_KNOWN, {"hashes": list(hashes)}):
        return [Standing(address, (), ()) for address in hashes.values()]
    evidence = ConsentEvent.objects.select_related("wording", "actor").order_by("-at", "-id")
    given = Consent.objects.filter(address_hash__in=hashes).select_related("purpose").order_by("purpose__name")
    consents = list(given.prefetch_related(Prefetch("events", evidence)))
    _see_unasked(consents)
    stopped = list(Suppression.objects.filter(address_hash__in=hashes, lifted_at__isnull=True).order_by("at"))
    return [
        Standing(
            address,
            [each for each in stopped if each.address_hash == hashed],
            [each for each in consents if each.address_hash == hashed],
        )
        for hashed, address in hashes.items()
    ]


@dataclass(frozen=True)
class Choice:
    """A purpose as its reader chooses it: in which words, and whether they get it now."""

    wording: Wording
    is_on: bool


def choices(hashed: str, language: str = "") -> Sequence[Choice]:
    """Everything that the owner of an address can choose to get, known by its hash alone."""
    is_stopped = Suppression.objects.filter(address_hash=hashed, lifted_at__isnull=True).exists()
    given = Consent.objects.filter(address_hash=hashed, state=ConsentState.GIVEN).values_list("purpose", flat=True)
    on = set() if is_stopped else set(given)
    return [Choice(each, each.purpose_id in on) for each in wordings(language=language)]


def gets_nothing(hashed: str) -> bool:
    """Whether no mail at all goes there, be it an answer."""
    return Suppression.objects.filter(address_hash=hashed, scope=Scope.EVERYTHING, lifted_at__isnull=True).exists()


def stopped_all(hashed: str) -> bool:
    """Whether its owner has stopped all mail that answers nothing."""
    return Suppression.objects.filter(address_hash=hashed, scope=Scope.PURPOSES, lifted_at__isnull=True).exists()


def has_consent(address: str, purpose: str) -> bool:
    """Whether an address agreed to a purpose, and confirmed it."""
    return Consent.objects.filter(
        address_hash=address_hash(address), purpose=purpose, state=ConsentState.GIVEN
    ).exists()


_AGREED_IN = "SELECT language FROM consent WHERE address_hash = %s::text AND purpose_id = %s::text"


def agreed_in(hashed: str, purpose: str) -> str:
    """The language in which an address agreed to a purpose; "" where that is not known."""
    return next((language for (language,) in prepared_rows(_AGREED_IN, [hashed, purpose])), "")


def is_asked(address: str) -> bool:
    """Whether they have been asked to confirm that they agreed to something, and have not yet."""
    return Consent.objects.filter(address_hash=address_hash(address), state=ConsentState.PENDING).exists()


def purposes() -> Sequence[Purpose]:
    """What people can agree to, by name."""
    return list(Purpose.objects.order_by("name"))


_names = Settled(lambda: dict(rows("SELECT code, name FROM purpose")), "purpose")


def purpose_name(code: str) -> str:
    """A purpose as people know it."""
    return _names.now().get(code) or code


_LATEST = """WHERE version = (
    SELECT max(version) FROM purpose_wording AS its
    WHERE its.purpose_id = purpose.code AND its.language = purpose_wording.language
)"""
_wordings = Settled(
    lambda: whole(Wording, f"{_LATEST} ORDER BY purpose.name, purpose.code, language", beside=("purpose",)),
    "purpose_wording", "purpose",
)  # fmt: skip


def wordings(purpose: str = "", *, language: str = "") -> Sequence[Wording]:
    """The words of every purpose, or of one, as they stand now, by the purposes' names; in a language those that it
    has of its own.
    """
    found: dict[str, Wording] = {}
    for each in _wordings.now():  # those for every language come first
        if purpose in ("", each.purpose_id) and each.language in ("", language):
            found[each.purpose_id] = each
    return list(found.values())


def every_wording() -> Sequence[Wording]:
    """The words of every purpose as they stand now, in every language that has its own."""
    return _wordings.now()


def called(purpose: str, language: str) -> str:
    """A purpose as people know it who are written to in a language."""
    return next((each.called for each in wordings(purpose, language=language)), purpose_name(purpose))


def words_shown(keys: Sequence[str]) -> Sequence[Wording]:
    """The words by their keys, as a page hands them back."""
    numbers = [int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) < 10]
    return list(Wording.objects.filter(pk__in=numbers).order_by("version").select_related("purpose"))


def wording(purpose: str) -> Wording:
    """The words of a purpose as they stand now: what a form shows, and hands back with the consent."""
    found = Wording.objects.filter(purpose=purpose, language="")
    return found.order_by("-version").select_related("purpose")[:1].get()


def wording_shown(purpose: str, text: str) -> Wording | None:
    """The words of a purpose that somebody was shown, in whatever language: those of now, or of a version before."""
    now = next((each for each in _wordings.now() if each.purpose_id == purpose and each.text == text), None)
    before = Wording.objects.filter(purpose=purpose, text=text).select_related("purpose").order_by("-created_at")
    return now or before.first()
