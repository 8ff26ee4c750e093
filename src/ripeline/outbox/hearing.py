"""What people said of mail elsewhere: to another system, or as a file has it. Of two words the later one counts.

Of two at the same moment the no counts. A yes of nobody knows when is older than every no; a no of nobody knows when is
of now. What was not said is no word: no consent comes of silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.outbox.addresses import address_hash
from ripeline.outbox.consent import Evidence
from ripeline.outbox.models import Consent, ConsentEvent, ConsentState, Purpose, Scope, Suppression
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity

_KINDS = {ConsentState.GIVEN: "agreed", ConsentState.WITHDRAWN: "unsubscribed"}


class Heard(Enum):
    NOTED = auto()
    KNOWN = auto()  # it stands so already, or a later word agrees
    OVERRULED = auto()  # they have said otherwise since
    STOPPED = auto()  # they have stopped all mail, which only they themselves take back


@dataclass(frozen=True, kw_only=True)
class Word:
    """One thing that somebody said. `how`: how that is known; `at`: when they said it, where that is known."""

    address: str
    purpose: str
    agreed: bool
    how: str
    at: datetime | None = None
    lead_id: UUID | None = None
    import_run_id: UUID | None = None
    actor: User | None = None
    language: str = ""  # in which they said it, where that is known

    @property
    def key(self) -> tuple[str, str]:
        return address_hash(self.address), self.purpose


def counts(*, agreed: bool, at: datetime | None, state: str, said_at: datetime | None) -> bool:
    """Whether a word changes what is known of a consent that stands so since `said_at`. Pure."""
    is_later = at is not None and (said_at is None or at > said_at)
    if agreed:
        return is_later or state == ConsentState.PENDING
    is_over_a_yes = state in (ConsentState.GIVEN, ConsentState.PENDING) and at == said_at
    return is_later or is_over_a_yes


def hear(words: Sequence[Word]) -> list[Heard]:
    """Take over what was said elsewhere, in a few statements for all; what came of each, in their order.

    Every address must be one, and every purpose be there.
    """
    now = clock.now()
    with transaction.atomic():
        stopped = _stopped(words)
        wanted = [word for word in words if not (word.agreed and word.key[0] in stopped)]
        standing, fresh = _standing(wanted, now)
        events: list[ConsentEvent] = []
        entries: list[timeline.Entry] = []
        changed: dict[UUID, Consent] = {}
        heard = []
        for word in words:
            if word.agreed and word.key[0] in stopped:
                heard.append(Heard.STOPPED)
                continue
            consent = standing[word.key]
            state = ConsentState.GIVEN if word.agreed else ConsentState.WITHDRAWN
            at = word.at if word.agreed or word.at else now
            is_first = consent.pk in fresh
            if not (is_first or counts(agreed=word.agreed, at=at, state=consent.state, said_at=consent.said_at)):
                heard.append(Heard.KNOWN if consent.state == state else Heard.OVERRULED)
                continue
            event = _event(consent, state, word, at, now)
            events.append(event)
            if word.lead_id and (is_first or consent.state != state):
                entries.append(_entry(event, word, consent.purpose.name, now))
            if is_first or consent.state != state:
                consent.since = now
            consent.state, consent.said_at, consent.lead_id = state, at, word.lead_id or consent.lead_id
            if word.agreed:
                consent.language = word.language or consent.language
            changed[consent.pk] = consent
            fresh.discard(consent.pk)
            heard.append(Heard.NOTED)
        _keep(list(changed.values()))
        ConsentEvent.objects.bulk_create(events)
        timeline.record_all(entries)
    return heard


def would(word: Word) -> Heard:
    """What a yes is that they have yet to confirm: who stopped all mail may be asked, who said no since is not."""
    known = Consent.objects.filter(address_hash=word.key[0], purpose=word.purpose).first()
    if known is None or known.state == ConsentState.PENDING:
        return Heard.NOTED
    if known.state == ConsentState.GIVEN:
        return Heard.KNOWN
    is_later = counts(agreed=True, at=word.at, state=known.state, said_at=known.said_at)
    return Heard.NOTED if is_later else Heard.OVERRULED


def _stopped(words: Sequence[Word]) -> set[str]:
    """The addresses whose owners have stopped all mail that answers nothing."""
    hashes = {word.key[0] for word in words if word.agreed}
    found = Suppression.objects.filter(address_hash__in=hashes, scope=Scope.PURPOSES, lifted_at__isnull=True)
    return set(found.values_list("address_hash", flat=True))


def _standing(words: Sequence[Word], now: datetime) -> tuple[dict[tuple[str, str], Consent], set[UUID]]:
    """The row of each address and purpose, locked, and which of them were made for these words."""
    keys = {word.key for word in words}
    purposes = Purpose.objects.in_bulk({purpose for _, purpose in keys})
    made = [
        Consent(address_hash=hashed, purpose_id=purpose, state=ConsentState.PENDING, since=now)
        for hashed, purpose in sorted(keys)
    ]
    Consent.objects.bulk_create(made, ignore_conflicts=True)
    rows = Consent.objects.select_for_update(of=("self",)).filter(address_hash__in={hashed for hashed, _ in keys})
    found = {(each.address_hash, each.purpose_id): each for each in rows.order_by("pk")}
    for key in keys:
        found[key].purpose = purposes[key[1]]
    return found, {each.pk for each in made} & {each.pk for each in found.values()}


def _keep(changed: Sequence[Consent]) -> None:
    Consent.objects.bulk_update(changed, ["state", "since", "said_at", "lead_id", "language"])


def _event(consent: Consent, state: ConsentState, word: Word, at: datetime | None, now: datetime) -> ConsentEvent:
    evidence = Evidence(how=word.how, said_on=timezone.localdate(at) if word.at and at else None)
    return ConsentEvent(
        id=new_id(), consent=consent, state=state, at=now, said_at=at, how=evidence.told, actor=word.actor,
        import_run_id=word.import_run_id,
    )  # fmt: skip


def _entry(event: ConsentEvent, word: Word, purpose: str, now: datetime) -> timeline.Entry:
    assert word.lead_id
    return timeline.Entry(
        lead_id=word.lead_id, kind=_KINDS[ConsentState(event.state)], actor_id=(word.actor or people.system()).pk,
        origin="outbox", event_key=event.pk.hex, occurred_at=min(event.said_at or now, now),
        data={"purpose": purpose}, import_run_id=word.import_run_id,
    )  # fmt: skip


def unhear(import_run_id: UUID) -> int:
    """Take back what was noted because of an import: who had nothing else noted stands as before it; how many."""
    with transaction.atomic():
        mine = ConsentEvent.objects.filter(import_run_id=import_run_id)
        ids = set(mine.values_list("consent_id", flat=True))
        rows = list(Consent.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
        keys = [pk.hex for pk in mine.values_list("pk", flat=True)]
        told = Activity.objects.filter(import_run_id=import_run_id, origin="outbox", event_key__in=keys)
        timeline.retract(list(told.values_list("pk", flat=True)))
        mine.delete()
        last = {
            each.consent_id: each
            for each in ConsentEvent.objects.filter(consent__in=ids).order_by("consent_id", "at", "pk")
        }
        for consent in rows:
            if event := last.get(consent.pk):
                consent.state, consent.since, consent.said_at = event.state, event.at, event.said_at
        _keep([consent for consent in rows if consent.pk in last])
        Consent.objects.filter(pk__in=ids - last.keys()).delete()
    return len(rows)
