"""Consent for each purpose, with its evidence: asked and confirmed (double opt-in), given, withdrawn."""

import ipaddress
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from hashlib import blake2b
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.outbox import actions, links, suppression
from ripeline.outbox.actions import OutboxError
from ripeline.outbox.addresses import address_hash
from ripeline.outbox.links import Unsubscribing
from ripeline.outbox.models import (
    Consent,
    ConsentEvent,
    ConsentState,
    Purpose,
    Scope,
    Suppression,
    SuppressionReason,
    Wording,
)
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline import actions as timeline

LONGEST_HOW = 120
_NO = (ConsentState.WITHDRAWN, ConsentState.DECLINED)


@dataclass(frozen=True)
class Evidence:
    """How we know: in words, and where a form or a link brings it, the words shown and whence it came."""

    how: str
    wording: Wording | None = None
    ip: str = ""
    user_agent: str = ""
    actor: User | None = None  # who noted it; none where they did it themselves
    said_on: date | None = None  # where it is noted on another day than they said it
    request: str = ""  # names what asked for it: the same again is noted once, whatever has been said since

    @property
    def id(self) -> UUID:
        """Of the event: the request's, where it has a name."""
        if not self.request:
            return new_id()
        return UUID(bytes=blake2b(self.request.encode(), digest_size=16, person=b"consent").digest(), version=4)

    @property
    def told(self) -> str:
        """How we know, as it is kept."""
        when = f", on {self.said_on:%d %B %Y}" if self.said_on else ""
        return f"{' '.join(self.how.split())[: LONGEST_HOW - len(when)]}{when}"


def ask(
    *, to: str, purpose: str, evidence: Evidence, name: str = "", lead_id: UUID | None = None, base_url: str = "",
    language: str = "",
) -> Consent:  # fmt: skip
    """Double opt-in: note that somebody asked for this mail, and send the link by which they confirm it.

    Who has agreed already is asked nothing, unless they stopped all mail since: to begin again they confirm anew. One
    mail a day at most, whoever fills in whatever form how often.
    """
    now = clock.now()
    with transaction.atomic():
        consent = _standing(to, purpose, ConsentState.PENDING, lead_id, now)
        is_given = consent.state == ConsentState.GIVEN
        if is_given and not _stopped(consent.address_hash):
            return consent
        if is_given or consent.state in _NO:
            consent.state, consent.since, consent.said_at = ConsentState.PENDING, now, now
        consent.lead_id = lead_id or consent.lead_id
        consent.language = _spoken(language, evidence.wording) or consent.language
        consent.save()
        _note(consent, ConsentState.PENDING, evidence, now)
        actions.send(
            kind="confirm",
            to=to,
            name=name,
            lead_id=lead_id,
            key=f"{consent.pk.hex}:{now.date()}",
            context={"consent": str(consent.pk), "base_url": base_url, "language": language},
        )
    return consent


def confirm(*, token: str, evidence: Evidence) -> Consent | None:
    """What the link of a double opt-in does when its form is sent. Again changes nothing; None: the link is over.

    Whoever had unsubscribed from everything before gets this mail again: they have just said so.
    """
    found = links.confirming(token)
    if found is None:
        return None
    now = clock.now()
    with transaction.atomic():
        consent = Consent.objects.select_for_update(of=("self",)).select_related("purpose").filter(pk=found[0]).first()
        if consent is None or consent.state in _NO:
            return None
        if consent.state == ConsentState.GIVEN:
            return consent
        if int(consent.since.timestamp()) != found[1]:  # it was withdrawn and asked for anew
            return None
        evidence = replace(evidence, wording=evidence.wording or _asked_in(consent))
        _become(consent, ConsentState.GIVEN, evidence, now)
        _lift(consent.address_hash, f"They confirmed: {consent.purpose.name}", now)
    return consent


def _asked_in(consent: Consent) -> Wording | None:
    """The words in which they were asked last: what they confirm, whatever the words are by now. None where those are
    not known: an earlier asking may have said something else.
    """
    asked = consent.events.filter(state=ConsentState.PENDING).select_related("wording")
    last = asked.order_by("-at", "-id").first()
    return last.wording if last else None


def confirmable(token: str) -> Consent | None:
    """Which consent a link would confirm, or has confirmed; None: the link is over. Changes nothing."""
    found = links.confirming(token)
    consent = Consent.objects.select_related("purpose").filter(pk=found[0]).first() if found else None
    if consent is None or consent.state in _NO:
        return None
    is_same = consent.state == ConsentState.GIVEN or int(consent.since.timestamp()) == (found or (None, 0))[1]
    return consent if is_same else None


def used(token: str) -> Consent | None:
    """Of what a link was once the confirmation, where it was given and may have been taken back since; else None."""
    found = links.confirming(token)
    said = (ConsentState.GIVEN, ConsentState.WITHDRAWN)
    rows = Consent.objects.select_related("purpose").filter(state__in=said)
    return rows.filter(pk=found[0]).first() if found else None


def give(
    *, to: str, purpose: str, evidence: Evidence, lead_id: UUID | None = None, language: str = ""
) -> bool:  # fmt: skip
    """Note a consent that needs no confirming (signed on paper, another system's own double opt-in).

    What they said since counts for more: a consent of before a withdrawal is refused, and so is one of somebody who
    has stopped all mail, which only they themselves take back. False where they had agreed already, and nothing
    changes. Raises OutboxError beside the field at fault.
    """
    _require_how(evidence)
    now = clock.now()
    with transaction.atomic():
        consent = _standing(to, purpose, ConsentState.PENDING, lead_id, now)
        last, said_on = timezone.localdate(consent.said_at or consent.since), evidence.said_on
        if consent.state == ConsentState.WITHDRAWN and said_on and said_on < last:
            raise OutboxError(f"That they want it no more was noted on {last:%d %B %Y}. Ask them again.", "said_on")
        if stopped := _stopped(consent.address_hash):
            raise OutboxError(f"They stopped all mail on {timezone.localdate(stopped.at):%d %B %Y}. {_START_AGAIN}", "")
        if consent.state == ConsentState.GIVEN:
            return False
        consent.lead_id = lead_id or consent.lead_id
        consent.language = _spoken(language, evidence.wording) or consent.language
        _become(consent, ConsentState.GIVEN, evidence, now)
    return True


def _spoken(language: str, wording: Wording | None) -> str:
    """In which they agreed: as whoever asked them knows it, else that of the words that they were shown."""
    return language or (wording.language if wording else "")


_START_AGAIN = (
    "They can start it again by the link at the end of any mail of ours, or an administrator under Suppressed."
)


def was_noted(evidence: Evidence) -> bool:
    """Whether this very request was carried out before."""
    return bool(evidence.request) and ConsentEvent.objects.filter(pk=evidence.id).exists()


def _require_how(evidence: Evidence) -> None:
    if not evidence.how.strip():
        raise OutboxError("Say how you know.", "how")
    if evidence.said_on and evidence.said_on > timezone.localdate(clock.now()):
        raise OutboxError("This day is still to come.", "said_on")


def _stopped(hashed: str) -> Suppression | None:
    """That they themselves have stopped all mail that answers nothing."""
    return Suppression.objects.filter(address_hash=hashed, scope=Scope.PURPOSES, lifted_at__isnull=True).first()


def _lift(hashed: str, why: str, now: datetime) -> None:
    """Who agrees to something by themselves takes back that they had stopped everything."""
    stopped = Suppression.objects.filter(address_hash=hashed, scope=Scope.PURPOSES, lifted_at__isnull=True)
    stopped.update(lifted_at=now, lifted_why=why[:300])


def withdraw(*, to: str, purpose: str, evidence: Evidence, lead_id: UUID | None = None) -> bool:
    """Send no more of this. Again changes nothing, and is False."""
    _require_how(evidence)
    return _withdraw(_hash(to), purpose, evidence, lead_id)


def decline(*, to: str, purpose: str, evidence: Evidence, lead_id: UUID | None = None) -> bool:
    """Note that they were asked and did not agree, which is no consent and takes none back. Where they have said
    something of this mail before, that stands; False then.
    """
    _require_how(evidence)
    now = clock.now()
    with transaction.atomic():
        consent = _standing(to, purpose, ConsentState.DECLINED, lead_id, now)
        if consent.state != ConsentState.DECLINED:
            return False
        consent.lead_id = lead_id or consent.lead_id
        _become(consent, ConsentState.DECLINED, evidence, now)
    return True


def unsubscribe(*, what: Unsubscribing, everything: bool, evidence: Evidence) -> None:
    """What the link in a mail does when it is posted: stop its purpose, or everything. Again changes nothing."""
    with transaction.atomic():
        if what.purpose:
            _withdraw(what.address_hash, what.purpose, evidence, what.lead_id)
        if everything or not what.purpose:
            _stop_all(what, evidence)


def _stop_all(what: Unsubscribing, evidence: Evidence) -> None:
    """Send nothing that answers nothing; it stands on the lead's timeline, too."""
    reason = SuppressionReason.UNSUBSCRIBED
    if suppression.suppress(known_as=what.address_hash, reason=reason, note=evidence.how) and what.lead_id:
        now = clock.now()
        timeline.record(
            timeline.Entry(
                lead_id=what.lead_id, kind="unsubscribed", actor_id=people.system().pk, origin="outbox",
                event_key=f"all:{what.address_hash[:40]}:{now.isoformat()}", occurred_at=now,
                data={"purpose": "everything they did not ask for"},
            )
        )  # fmt: skip


def choose(
    *,
    what: Unsubscribing,
    shown: Mapping[str, Wording],
    wanted: Collection[str],
    evidence: Evidence,
    language: str = "",
) -> None:
    """What somebody chose on the page of their mail's link: of the purposes `shown` (in these words) those `wanted`.

    A link that came to a mailbox says that whoever follows it reads that mailbox: nothing is left to be confirmed.
    Whoever had stopped everything and wants something again gets that and nothing else; what they had agreed to before
    is noted anew, so that the last that is known of them is not that they stopped it.
    """
    now = clock.now()
    with transaction.atomic():
        had_stopped = _stopped(what.address_hash)
        for purpose in sorted(shown):
            if purpose not in wanted:
                held = Consent.objects.filter(address_hash=what.address_hash, purpose=purpose)
                if held.exclude(state=ConsentState.DECLINED).exists():  # who never agreed stops nothing
                    _withdraw(what.address_hash, purpose, evidence, what.lead_id)
                continue
            consent = _of(what.address_hash, purpose, ConsentState.PENDING, what.lead_id, now)
            _lift(what.address_hash, f"They chose it: {consent.purpose.name}", now)
            if had_stopped or consent.state != ConsentState.GIVEN:
                consent.lead_id = what.lead_id or consent.lead_id
                consent.language = _spoken(language, shown[purpose]) or consent.language
                _become(consent, ConsentState.GIVEN, replace(evidence, wording=shown[purpose]), now)


def _withdraw(hashed: str, purpose: str, evidence: Evidence, lead_id: UUID | None) -> bool:
    now = clock.now()
    with transaction.atomic():
        consent = _of(hashed, purpose, ConsentState.WITHDRAWN, lead_id, now)
        is_noted = consent.state != ConsentState.WITHDRAWN or not consent.events.exists()
        if is_noted:
            consent.lead_id = lead_id or consent.lead_id
            _become(consent, ConsentState.WITHDRAWN, evidence, now)
    return is_noted


def _hash(address: str) -> str:
    hashed = address_hash(address)
    if not hashed:
        raise OutboxError(f"{address or 'An empty text'} is not an e-mail address.", "to")
    return hashed


def _standing(to: str, purpose: str, first: ConsentState, lead_id: UUID | None, now: datetime) -> Consent:
    return _of(_hash(to), purpose, first, lead_id, now)


def _of(hashed: str, purpose: str, first: ConsentState, lead_id: UUID | None, now: datetime) -> Consent:
    """The row of this address and purpose, made if it is not there yet, locked."""
    if not Purpose.objects.filter(pk=purpose).exists():
        raise OutboxError(f"There is no purpose {purpose!r}.", "purpose")
    Consent.objects.bulk_create(
        [Consent(address_hash=hashed, purpose_id=purpose, state=first, since=now, said_at=now, lead_id=lead_id)],
        ignore_conflicts=True,
    )
    rows = Consent.objects.select_for_update(of=("self",)).select_related("purpose")
    return rows.get(address_hash=hashed, purpose=purpose)


def _become(consent: Consent, state: ConsentState, evidence: Evidence, now: datetime) -> None:
    consent.state, consent.since, consent.said_at = state, now, _said_at(state, evidence, now)
    consent.save()
    _note(consent, state, evidence, now)


def _said_at(state: ConsentState, evidence: Evidence, now: datetime) -> datetime:
    """When they said it. A yes that is noted later counts from its day; a no from when it was noted, to be safe."""
    if state != ConsentState.GIVEN or not evidence.said_on:
        return now
    return min(timezone.make_aware(datetime.combine(evidence.said_on, time())), now)


def _address(ip: str) -> str | None:
    """An IP address as it can be kept; none where what came is none."""
    with suppress(ValueError):
        return str(ipaddress.ip_address(ip))
    return None


def _note(consent: Consent, state: ConsentState, evidence: Evidence, now: datetime) -> None:
    """The evidence, and on the lead's timeline what they agreed to or stopped."""
    event = ConsentEvent.objects.create(
        id=evidence.id,
        consent=consent,
        state=state,
        at=now,
        said_at=consent.said_at,
        how=evidence.told,
        wording=evidence.wording,
        ip=_address(evidence.ip),
        user_agent=evidence.user_agent[:300],
        actor=evidence.actor,
    )
    kind = {ConsentState.GIVEN: "agreed", ConsentState.WITHDRAWN: "unsubscribed"}.get(state)
    if kind and consent.lead_id:
        timeline.record(
            timeline.Entry(
                lead_id=consent.lead_id,
                kind=kind,
                actor_id=(evidence.actor or people.system()).pk,
                origin="outbox",
                event_key=event.pk.hex,
                occurred_at=now,
                data={"purpose": consent.purpose.name},
            )
        )
