"""Who somebody is by a card that was here already and says otherwise now.

What changed on the card is put on the record; what did not change there is not said again, since somebody may have
changed it on the record meanwhile. Each change stands on the timeline, with what was there before.
"""

from collections.abc import Callable, Mapping, Sequence

from ripeline.capture.arriving.typed_phones import OTHERS
from ripeline.capture.models import Submission
from ripeline.leads import queries
from ripeline.leads.decisions import actions as leads
from ripeline.leads.decisions.deciding import By, Decision, LeadError, lock
from ripeline.leads.models import Lead
from ripeline.leads.rules import Verb, may
from ripeline.leads.words.numbers import written
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
    ours, theirs = (set(said.get(OTHERS, "").split()) for said in (now, was))
    is_unaddressed = bool(was.get("email")) and not now.get("email")
    if submission.lead_id is None or not (changed or ours != theirs or is_unaddressed):
        return []
    lead = lock(submission.lead_id)
    wanted = {name: value for name, value in changed.items() if getattr(lead, name) != value}
    may_work = may(by.actor, Verb.WORK, lead)
    fits = {name for name in wanted if may_work or getattr(lead, name) == was.get(name, "")}
    fields = {name: value for name, value in wanted.items() if name in fits}
    if not any(fields.get(name, getattr(lead, name)) for name in _FOUND_BY):
        fields = {name: value for name, value in fields.items() if value}
    if fields:
        lead = leads.edit(lead.pk, by if may_work else By(people.system(), by.origin, by.key), fields=fields).lead
    left = {name: value for name, value in wanted.items() if name not in fields}
    said = [f"{FIELDS[name]} {written(value) or 'none'}" for name, value in left.items()]
    if is_unaddressed and lead.email:  # by which they are known: no correction of a card takes that from them
        said.append("e-mail none")
    return [*said, *_reached_by(ours - theirs, theirs - ours - {now.get("phone", "")}, lead, by if may_work else None)]


def _reached_by(added: set[str], gone: set[str], lead: Lead, by: By | None) -> Sequence[str]:
    """They are reached by these numbers, too, and by those no more; in words what is not so, or not for us to say."""
    known = set(queries.reached(lead, queries.family(lead)).numbers)
    said = []
    for number in sorted(added - known - {lead.phone}):
        if not (by and _is_done(leads.put_on, lead, number, by)):
            said.append(f"telephone {written(number)}")
    for number in sorted(gone & known):
        if not (by and _is_done(leads.take_off, lead, number, by)):
            said.append(f"telephone {written(number)} no more")
    return said


def _is_done(verb: Callable[..., Decision], lead: Lead, number: str, by: By) -> bool:
    try:
        verb(lead.pk, By(by.actor, by.origin, f"{by.key}:{number}"), number=number)
    except LeadError:
        return False
    return True
