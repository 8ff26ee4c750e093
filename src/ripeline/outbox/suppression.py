"""Who gets no mail: noted by the hash of the address, lifted only with a reason."""

from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.outbox.actions import OutboxError
from ripeline.outbox.addresses import address_hash
from ripeline.outbox.models import Scope, Suppression, SuppressionReason
from ripeline.people import actions as people
from ripeline.people import rules as people_rules
from ripeline.people.models import User

# A click that stops everything leaves the answers to what they ask for; the others mean no mail at all.
SCOPES = {SuppressionReason.UNSUBSCRIBED: Scope.PURPOSES}


def suppress(
    *, address: str = "", known_as: str = "", reason: SuppressionReason, note: str = "", actor: User | None = None
) -> bool:
    """Send no more mail to an address (or to the one whose hash is `known_as`); False if it was so already."""
    hashed = known_as or address_hash(address)
    if not hashed:
        raise OutboxError(f"{address or 'An empty text'} is not an e-mail address.", "address")
    with transaction.atomic():
        _, is_new = Suppression.objects.get_or_create(
            address_hash=hashed,
            scope=SCOPES.get(reason, Scope.EVERYTHING),
            lifted_at=None,
            defaults={"reason": reason, "note": note[:300], "actor": actor, "at": clock.now()},
        )
        if is_new and actor:
            people.audit(actor=actor, verb="mail.suppress", target=hashed, reason=reason)
    return is_new


def suppress_by_hand(*, actor: User, address: str, note: str) -> bool:
    """What somebody enters on the page, who says why."""
    people_rules.require_administers(actor)
    if not note.strip():
        raise OutboxError("Please say why.", "note")
    return suppress(address=address, reason=SuppressionReason.BY_HAND, note=note.strip(), actor=actor)


def lift(*, actor: User, suppression_id: UUID, why: str) -> bool:
    """Let mail go to the address again; False if it was lifted already."""
    people_rules.require_administers(actor)
    why = why.strip()[:300]
    if not why:
        raise OutboxError("Please say why mail may go there again.", "why")
    with transaction.atomic():
        still = Suppression.objects.filter(pk=suppression_id, lifted_at__isnull=True)
        hashed = still.values_list("address_hash", flat=True).first()
        if hashed is None or not still.update(lifted_at=clock.now(), lifted_by=actor, lifted_why=why):
            return False
        people.audit(actor=actor, verb="mail.lift", target=hashed, why=why)
    return True
