"""What people answered, mended or added to since they came.

What was said when they came stays as it was (`Enquiry.answers`): from that the model learns, and nothing written later
may count there. What holds since stands beside it (`Enquiry.amended`), each answer with who or which import said so;
`Enquiry.said` is the two together, which is what people read and open leads are scored by.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from ripeline.base import clock
from ripeline.catalog import queries as catalog
from ripeline.leads import queries, rules
from ripeline.leads.decisions.deciding import By, LeadError, lock, once_more
from ripeline.leads.models import Enquiry, Lead
from ripeline.leads.rules import Verb
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity

GONE = "This enquiry is not there any more."
CHANGED = "Somebody changed these answers since you opened them. Look at them once more; what you typed is still here."


@once_more
def correct(
    *, lead_id: UUID, enquiry_id: UUID, by: By, answers: Mapping[str, Any], seen: Mapping[str, Any] | None = None
) -> bool:
    """Say what they really answered to these questions (None: nothing); False where it stood so already.

    `seen`: the answers that were looked at. Raises NotAllowed, and LeadError where there is no such enquiry, or where
    its answers are others than those by now.
    """
    with transaction.atomic():
        lead = lock(lead_id)
        rules.require(by.actor, Verb.WORK, lead)
        theirs = Enquiry.objects.select_for_update().filter(lead__in=queries.family(lead))
        enquiry = theirs.filter(pk=enquiry_id).first()
        if enquiry is None:
            raise LeadError(GONE)
        if seen is not None and enquiry.said != seen:
            raise LeadError(CHANGED)
        changed = {key: (enquiry.said.get(key), answer) for key, answer in answers.items()}
        changed = {key: (was, now) for key, (was, now) in changed.items() if was != now}
        if not changed or not timeline.record(_entry(lead.pk, enquiry, changed, by, catalog.asked(changed))):
            return False
        _amend(enquiry, changed, {"by": str(by.actor.pk)})
        enquiry.save(update_fields=["amended"])
    return True


def say_otherwise(
    *, lead_id: UUID, event_key: str, by: By, changed: Mapping[str, tuple[Any, Any]]
) -> dict[str, tuple[Any, Any]]:
    """What whoever took an enquiry down has mended in their notes of it since: for each question what these said, and
    what they say. It holds where what they said did; what does not, since somebody corrected it here, is returned.

    `event_key`: of the entry of the enquiry, whose origin is that of `by`. Within a transaction.
    """
    lead = lock(lead_id)
    enquiry = _noted(queries.family(lead), by.origin, event_key)
    if enquiry is None:
        return dict(changed)
    holds = {key: both for key, both in changed.items() if enquiry.said.get(key) == both[0]}
    if holds and timeline.record(_entry(lead.pk, enquiry, holds, by, catalog.asked(holds))):
        _amend(enquiry, holds, {"by": str(by.actor.pk)})
        enquiry.save(update_fields=["amended"])
    return {key: both for key, both in changed.items() if key not in holds and enquiry.said.get(key) != both[1]}


def _noted(family: Collection[UUID], origin: str, event_key: str) -> Enquiry | None:
    """The enquiry that an entry tells of, locked: whoever amends it at the same time waits and sees what was said."""
    entry = Activity.objects.filter(lead_id__in=family, origin=origin, event_key=event_key).first()
    if entry is None:
        return None
    theirs = Enquiry.objects.select_for_update().filter(lead=entry.lead_id, door=origin)
    before = theirs.filter(captured_at=entry.occurred_at, captured_by=entry.actor_id)  # they had numbers of their own
    return theirs.filter(pk=entry.pk).first() or before.first()


@dataclass(frozen=True, kw_only=True)
class Again:
    """The answers of an enquiry that is here already, as a file says them once more."""

    lead_id: UUID
    event_key: str  # of its entry
    source_id: UUID | None
    campaign_id: UUID | None
    landing_page: str
    answers: Mapping[str, Any]
    replaces: bool  # an answer that is another
    over_hand: bool  # also one that somebody corrected here


@dataclass
class Added:
    """What came of it: whether anything changed, and the questions whose answers stay as somebody corrected them."""

    is_changed: bool = False
    kept: list[str] = field(default_factory=list)


def say_again(came: Sequence[Again], by: By) -> list[Added]:
    """Add what a file answers newly to enquiries that came by it before; what came of each. Locked by the caller."""
    here = _enquiries(came, by.origin) if came else {}
    found = []
    changed: dict[UUID, dict[str, tuple[Any, Any]]] = {}
    whose: dict[UUID, UUID] = {}
    for each in came:
        added = Added()
        found.append(added)
        enquiry = here.get((each.lead_id, each.event_key, each.source_id, each.campaign_id, each.landing_page[:500]))
        for key, answer in each.answers.items() if enquiry else ():
            was, is_by_hand = enquiry.said.get(key), bool(enquiry.amended.get(key, {}).get("by"))  # type: ignore[union-attr]
            if was == answer:
                continue
            if is_by_hand and not each.over_hand:
                added.kept += [key] * each.replaces
            elif was is None or each.replaces:
                assert enquiry
                _amend(enquiry, {key: (was, answer)}, {"run": str(by.import_run_id or "")})
                first = changed.setdefault(enquiry.pk, {}).get(key, (was, None))
                changed[enquiry.pk][key] = (first[0], answer)
                whose[enquiry.pk] = each.lead_id
                added.is_changed = True
    enquiries = {each.pk: each for each in here.values() if each.pk in changed}
    Enquiry.objects.bulk_update(enquiries.values(), ["amended"])
    asked = catalog.asked(key for both in changed.values() for key in both) if changed else {}
    timeline.record_all([_entry(whose[pk], each, changed[pk], by, asked) for pk, each in enquiries.items()])
    return found


def take_back(lead_ids: Collection[UUID], *, import_run_id: UUID) -> None:
    """What an import said of answers, and nobody has mended since, is as it was. Within the caller's locks."""
    theirs = [*lead_ids, *Lead.objects.filter(merged_into__in=lead_ids).values_list("pk", flat=True)]
    amended = list(Enquiry.objects.filter(lead__in=theirs).exclude(amended={}))
    for enquiry in amended:
        left = {key: _without(said, str(import_run_id)) for key, said in enquiry.amended.items()}
        enquiry.amended = {key: said for key, said in left.items() if said}
    Enquiry.objects.bulk_update(amended, ["amended"])


def _without(said: Mapping[str, Any] | None, run: str) -> Mapping[str, Any] | None:
    """What is said of an answer, and was before, without the word of an import."""
    if said is None:
        return None
    before = _without(said.get("before"), run)
    if said.get("run") == run:
        return before
    rest = {name: value for name, value in said.items() if name != "before"}
    return {**rest, "before": before} if before else rest


def _enquiries(came: Sequence[Again], origin: str) -> dict[tuple[Any, ...], Enquiry]:
    """The enquiries by the entries that say when they came, be it to a record that was merged into this one since: two
    of one moment differ in what they are credited to.
    """
    leads, keys = {each.lead_id for each in came}, {each.event_key for each in came}
    merged = Lead.objects.filter(merged_into__in=leads).values_list("pk", "merged_into_id")
    whose = {lead_id: into or lead_id for lead_id, into in merged} | {lead_id: lead_id for lead_id in leads}
    entries = Activity.objects.filter(lead_id__in=whose, origin=origin, event_key__in=keys)
    at: dict[tuple[UUID, datetime], list[str]] = {}
    for lead_id, event_key, occurred_at in entries.values_list("lead_id", "event_key", "occurred_at"):
        at.setdefault((lead_id, occurred_at), []).append(event_key)
    rows = Enquiry.objects.filter(lead__in=whose, captured_at__in={moment for _, moment in at}, door=origin)
    return {
        (whose[each.lead_id], key, each.source_id, each.campaign_id, each.landing_page): each
        for each in rows
        for key in at.get((each.lead_id, each.captured_at), ())
    }


def _amend(enquiry: Enquiry, changed: Mapping[str, tuple[Any, Any]], who: Mapping[str, str]) -> None:
    """`before`: what another import or person had said, so that this one can be taken back."""
    for key, (_, answer) in changed.items():
        said: dict[str, Any] = {"answer": answer, **who}
        former = enquiry.amended.get(key)
        if former and former.get("run") == who.get("run", ""):
            former = former.get("before")
        enquiry.amended[key] = said | ({"before": former} if former and "run" in who else {})


def _entry(
    lead_id: UUID, enquiry: Enquiry, changed: Mapping[str, tuple[Any, Any]], by: By, asked: Mapping[str, str]
) -> timeline.Entry:
    key = by.key
    if by.import_run_id:  # of one file several chunks may say something of the same enquiry
        whole = json.dumps([str(enquiry.pk), {name: now for name, (_, now) in changed.items()}], sort_keys=True)
        key = f"answers:{by.import_run_id.hex}:{hashlib.sha256(whole.encode()).hexdigest()[:32]}"
    return timeline.Entry(
        lead_id=lead_id, kind="answered", actor_id=by.actor.pk, origin=by.origin, event_key=key,
        occurred_at=clock.now(), import_run_id=by.import_run_id,
        data={
            "enquiry": str(enquiry.pk), "answers": {name: list(both) for name, both in changed.items()},
            "asked": {name: asked.get(name, name) for name in changed},
        },
    )  # fmt: skip
