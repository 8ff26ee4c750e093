"""What somebody told one of us about getting mail: noted on their record, with how we know."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from ripeline.capture.arriving import languages
from ripeline.leads import queries, rules
from ripeline.leads.rules import Verb
from ripeline.outbox import consent
from ripeline.outbox import queries as outbox
from ripeline.outbox.actions import OutboxError
from ripeline.outbox.consent import Evidence
from ripeline.people.models import User


class Said(StrEnum):
    """What somebody said of mail for a purpose."""

    YES = "yes"
    NOT_THEN = "not_then"  # they were asked, and did not agree
    NO_MORE = "no"


_SAYING_NO = {Said.NOT_THEN: consent.decline, Said.NO_MORE: consent.withdraw}


def note(
    *, actor: User, lead_id: UUID, address: str, purpose: str, said: Said, how: str,
    said_on: date | None = None, wording_id: int | None = None, key: str = "",
) -> bool:  # fmt: skip
    """They agreed to a purpose, did not when they were asked, or want it no more. `wording_id`: the words that were
    read or shown to them.

    False where it stood so already, and nothing changes; nor does it by the same request (`key`) once more, be it after
    they have said otherwise. Raises NotAllowed, and OutboxError beside the field at fault.
    """
    lead = queries.get(lead_id)
    rules.require(actor, Verb.NOTE_CONSENT, lead)
    if address not in (lead.email, *queries.reached(lead, queries.family(lead)).addresses):
        raise OutboxError("This is not an address of theirs any more.", "address")
    wording = next((each for each in outbox.wordings(purpose) if each.pk == wording_id), None)
    if wording_id and wording is None:
        raise OutboxError("The words have changed since. Look at them once more.", "wording")
    request = f"{actor.pk} {lead.pk} {key}" if key else ""
    evidence = Evidence(how, wording=wording, actor=actor, said_on=said_on, request=request)
    with transaction.atomic():
        if consent.was_noted(evidence):
            return True
        if said is Said.YES:
            language = (wording.language if wording else "") or languages.of_lead(queries.family(lead))
            return consent.give(
                to=address, purpose=purpose, evidence=evidence, lead_id=lead.pk, language=language
            )  # fmt: skip
        return _SAYING_NO[said](to=address, purpose=purpose, evidence=evidence, lead_id=lead.pk)
