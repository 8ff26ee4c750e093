"""Who somebody is by a card that was here already and says otherwise now.

What changed on the card is put on the record; what did not change there is not said again, since somebody may have
changed it on the record meanwhile. Each change stands on the timeline, with what was there before.
"""

from collections.abc import Mapping, Sequence

from ripeline.capture.models import Submission
from ripeline.capture.typed_phones import OTHERS
from ripeline.leads import actions as leads
from ripeline.leads import identity
from ripeline.leads.deciding import By, lock
from ripeline.leads.models import Lead
from ripeline.leads.numbers import written
from ripeline.leads.rules import Verb, may
from ripeline.people import queries as people

FIELDS = {"name": "name", "title": "title", "company": "company", "phone": "telephone", "country": "country"}
_FOUND_BY = ("name", "phone", "email", "reference")  # one of which a record needs


def correct(submission: Submission, was: Mapping[str, str], by: By) -> Sequence[str]:
    """Put on the record what the card says otherwise than it `was`; in words what could not be put there.

    Who may not work on the lead, since it has gone to somebody else, corrects what is still as their card had it.
    Within a transaction.
    """
    now = submission.content["person"]
    changed = {name: now.get(name, "") for name in FIELDS if now.get(name, "") != was.get(name, "")}
    added = set(now.get(OTHERS, "").split()) - set(was.get(OTHERS, "").split())
    if submission.lead_id is None or not (changed or added):
        return []
    lead = lock(submission.lead_id)
    wanted = {name: value for name, value in changed.items() if getattr(lead, name) != value}
    is_theirs = may(by.actor, Verb.WORK, lead)
    fits = {name for name in wanted if is_theirs or getattr(lead, name) == was.get(name, "")}
    fields = {name: value for name, value in wanted.items() if name in fits}
    if not any(fields.get(name, getattr(lead, name)) for name in _FOUND_BY):
        fields = {name: value for name, value in fields.items() if value}
    if fields:
        lead = leads.edit(lead.pk, by if is_theirs else By(people.system(), by.origin, by.key), fields=fields).lead
    left = {name: value for name, value in wanted.items() if name not in fields}
    return [*(f"{FIELDS[name]} {written(value) or 'none'}" for name, value in left.items()), *_reached_by(added, lead)]


def _reached_by(numbers: set[str], lead: Lead) -> Sequence[str]:
    """They are known by these numbers, too; those by which they cannot be are said in words."""
    keys = {number: identity.phone(number, lead.name, lead.company) for number in numbers}
    identity.claim({key: lead.pk for key in keys.values() if key})
    return [f"telephone {written(number)}" for number, key in sorted(keys.items()) if key is None]
