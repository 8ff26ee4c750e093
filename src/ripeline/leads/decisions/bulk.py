"""The same decisions for many leads at once: set-based, one entry each, each as easily taken back as a single one.

`decide_many` is `deciding.decide` for a batch: it locks in the order of the ids, asks who may, keeps before images (so
that `undo` takes any one of them back) and writes with one statement for the timeline and one for the leads. A request
carried out before (the same origin and key) changes nothing, lead by lead.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from ripeline.base import clock
from ripeline.leads import rules
from ripeline.leads.decisions import deciding
from ripeline.leads.decisions.closing import reopening
from ripeline.leads.decisions.deciding import By, Changes, Decision, LeadError, Next, in_state, once_more
from ripeline.leads.models import Account, Lead, NextKind, State
from ripeline.leads.rules import Verb
from ripeline.people.models import Responsible, ResponsibleKind, User
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity

BATCH = 500  # leads locked and held in memory at a time; all batches of a call are one transaction

Change = Callable[[Lead], Changes | None]  # what becomes of a locked lead; None leaves it as it is
Facts = Callable[[Lead], dict[str, Any]]  # what the entry keeps, asked before the change
Words = Callable[[Lead], str]  # what somebody wrote


class Refused(LeadError):
    """One lead of many is left as it is; `why` is the reason, for counting."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Gift:
    """Who is to look after a lead, and why.

    `keeps_owner`: the credit stays with whoever has it. `held_by`: only while this responsible still has the lead.
    """

    to: Responsible
    why: Mapping[str, Any]
    next: Next | None = None
    keeps_owner: bool = False
    held_by: UUID | None = None


@once_more
def decide_many(
    lead_ids: Collection[UUID],
    by: By,
    *,
    kind: str,
    change: Change,
    facts: Facts,
    body: Words | None = None,
    verb: Verb = Verb.WORK,
    skips_busy: bool = False,
    refused: dict[UUID, str] | None = None,
) -> list[Decision]:
    """Make one decision for each of many leads, all or none; those merged away or already decided so are left out.

    `skips_busy`: also those that somebody else is deciding about this moment, rather than to wait for them. Raises
    NotAllowed if `by.actor` may not for one of them, LeadError if one cannot be decided so; with `refused` that one is
    left as it is, and why is put there.
    """
    made: list[Decision] = []
    with transaction.atomic():
        for ids in _batches(sorted(lead_ids)):
            leads = _locked(ids, skips_busy)
            made += _decide_batch(
                leads, by, kind=kind, change=change, facts=facts, body=body, verb=verb, refused=refused
            )
    return made


def _decide_batch(
    leads: Sequence[Lead], by: By, *, kind: str, change: Change, facts: Facts, body: Words | None, verb: Verb,
    refused: dict[UUID, str] | None,
) -> list[Decision]:  # fmt: skip
    entries: dict[UUID, timeline.Entry] = {}
    changed: dict[UUID, tuple[Lead, Changes]] = {}
    for lead in leads:
        try:
            rules.require(by.actor, verb, lead)
            data = facts(lead)
            changes = change(lead)
        except (LeadError, rules.NotAllowed) as problem:
            if refused is None:
                raise
            refused[lead.pk] = _why(problem)
            continue
        if changes is None:
            continue
        entry = timeline.Entry(
            lead_id=lead.pk, kind=kind, actor_id=by.actor.pk, origin=by.origin, event_key=by.key,
            occurred_at=clock.now(), body=body(lead) if body else "", data=data, import_run_id=by.import_run_id,
        )  # fmt: skip
        changes = changes | {"decision_id": entry.id}
        data["before"] = {name: deciding._plain(lead, name) for name in changes}
        for name, value in changes.items():
            setattr(lead, name, value)
        data["after"] = {name: deciding._plain(lead, name) for name in changes}
        entries[lead.pk], changed[lead.pk] = entry, (lead, changes)
    new = timeline.record_all(list(entries.values()))
    changed = {pk: found for pk, found in changed.items() if entries[pk].id in new}
    _write([lead for lead, _ in changed.values()], {name for _, changes in changed.values() for name in changes})
    return [Decision(lead, entries[pk].id) for pk, (lead, _) in changed.items()]


def _why(problem: Exception) -> str:
    if isinstance(problem, Refused):
        return problem.why
    return "not_yours" if isinstance(problem, rules.NotAllowed) else "refused"


def _batches(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _locked(ids: Sequence[UUID], skips_busy: bool = False) -> list[Lead]:
    found = Lead.objects.filter(pk__in=ids, merged_into__isnull=True)
    return deciding.locked(found, *deciding.WITH, skips_busy=skips_busy)


def hold(lead_ids: Collection[UUID], *, skips_busy: bool = False) -> set[UUID]:
    """Lock leads ahead of a lock that others take after theirs, so that nobody waits in a circle; those locked."""
    if not lead_ids:
        return set()
    rows = Lead.objects.filter(pk__in=lead_ids).order_by("pk").select_for_update(skip_locked=skips_busy)
    return set(rows.values_list("pk", flat=True))


def _write(leads: Sequence[Lead], names: Collection[str]) -> None:
    """One UPDATE of the named attributes of leads that are locked (so what did not change is written as it was)."""
    if not leads:
        return
    columns = {name: deciding._column(name) for name in sorted(names)}
    rows = [{"id": str(lead.pk)} | {f.column: deciding._plain(lead, n) for n, f in columns.items()} for lead in leads]
    sets = ", ".join(f"{f.column} = v.{f.column}" for f in columns.values())
    types = ", ".join(f"{f.column} {f.db_type(connection)}" for f in columns.values())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE lead SET {sets} FROM jsonb_to_recordset(%s::jsonb) AS v(id uuid, {types}) WHERE lead.id = v.id",  # noqa: S608
            [json.dumps(rows)],
        )


def gift(lead: Lead, given: Gift) -> Changes:
    """What being given makes of an open lead."""
    changes: Changes = {"responsible_id": given.to.pk}
    if given.to.user_id and not (given.keeps_owner and lead.owner_id):
        changes["owner_id"] = given.to.user_id
    if given.to.user_id and lead.state == State.NURTURE:
        changes |= in_state(State.WORKING)
    return changes | (given.next.changes() if given.next else {})


def give_many(gifts: Mapping[UUID, Gift], by: By, *, kind: str = "handed", skips_busy: bool = False) -> list[Decision]:
    """Make somebody responsible for each of many open leads; a person becomes its owner, unless the credit stays."""

    def change(lead: Lead) -> Changes | None:
        given = gifts[lead.pk]
        if not rules.is_open(lead) or not given.to.is_active or given.held_by not in (None, lead.responsible_id):
            return None
        return gift(lead, given)

    def facts(lead: Lead) -> dict[str, Any]:
        return {"to": gifts[lead.pk].to.name, "why": dict(gifts[lead.pk].why)}

    return decide_many(
        gifts.keys(), by, kind=kind, verb=Verb.REASSIGN, change=change, facts=facts, skips_busy=skips_busy
    )


def change_owner_many(owners: Mapping[UUID, User | None], by: By, *, why: Mapping[str, Any]) -> list[Decision]:
    """Credit somebody else with leads that a queue or a programme goes on looking after."""

    def change(lead: Lead) -> Changes | None:
        user = owners[lead.pk]
        return {"owner_id": user.pk if user else None} if rules.is_open(lead) else None

    def facts(lead: Lead) -> dict[str, Any]:
        user = owners[lead.pk]
        return {"to": user.name if user else "", "why": dict(why)}

    return decide_many(owners.keys(), by, kind="handed", verb=Verb.REASSIGN, change=change, facts=facts)


_KEPT_ON_RETURN = (NextKind.PROMISE, NextKind.MEETING, NextKind.REOPENED)


def return_many(gifts: Mapping[UUID, Gift], request: By, *, by: datetime) -> list[Decision]:
    """Keep in touch hands back leads whose moment comes before `by`, with the reason: to an owner or to a queue."""

    def change(lead: Lead) -> Changes | None:
        gift = gifts[lead.pk]
        if not rules.is_open(lead) or lead.responsible.kind != ResponsibleKind.PROGRAMME:
            return None
        if lead.next_at is None or lead.next_at >= by:
            return None
        kind = lead.next_kind if lead.next_kind in _KEPT_ON_RETURN else NextKind.KEEP_IN_TOUCH
        when = Next(max(lead.next_at, clock.now()), kind, lead.next_note, lead.next_committed)
        changes: Changes = {"responsible_id": gift.to.pk} | when.changes()
        if gift.to.user_id:
            changes["owner_id"] = gift.to.user_id
        return changes | in_state(State.WORKING if gift.to.user_id else State.NEW)

    def facts(lead: Lead) -> dict[str, Any]:
        return {"to": gifts[lead.pk].to.name, "why": dict(gifts[lead.pk].why)}

    return decide_many(gifts.keys(), request, kind="returned", verb=Verb.REASSIGN, change=change, facts=facts)


@dataclass(frozen=True)
class Recycled:
    """A lead that was let go and is worth another look: who looks after it, from when, and why."""

    to: Responsible
    next: Next
    why: str
    data: Mapping[str, Any] = field(default_factory=dict)


def reopen_many(again: Mapping[UUID, Recycled], by: By, *, verb: Verb = Verb.WORK) -> list[Decision]:
    """Take lost leads up again: a new episode each, with its own clock."""

    def change(lead: Lead) -> Changes | None:
        plan = again[lead.pk]
        if rules.is_open(lead) or lead.state != State.LOST or not plan.to.is_active:
            return None
        return reopening(lead, plan.to, plan.next)

    def facts(lead: Lead) -> dict[str, Any]:
        return {"why": again[lead.pk].why, "to": again[lead.pk].to.name, **again[lead.pk].data}

    return decide_many(again.keys(), by, kind="reopened", change=change, facts=facts, verb=verb)


def replan_many(
    nexts: Mapping[UUID, Next],
    by: By,
    *,
    verb: Verb = Verb.WORK,
    passed_too: bool = False,
    whys: Mapping[UUID, Mapping[str, Any]] | None = None,
    skips_busy: bool = False,
) -> list[Decision]:
    """The planner moves leads whose date no person chose, and says why; those a person has committed to meanwhile stay
    put.

    `passed_too`: also those whose committed date is over, where a person asked for it.
    """

    def change(lead: Lead) -> Changes | None:
        is_over = passed_too and lead.next_at is not None and lead.next_at < clock.now()
        if not rules.is_open(lead) or (lead.next_committed and not is_over):
            return None
        return nexts[lead.pk].changes()

    def facts(lead: Lead) -> dict[str, Any]:
        why = (whys or {}).get(lead.pk)
        return {"note": nexts[lead.pk].note} | ({"why": dict(why)} if why else {})

    return decide_many(nexts.keys(), by, kind="replanned", change=change, facts=facts, verb=verb, skips_busy=skips_busy)


@once_more
def undo_many(activity_ids: Collection[UUID], by: By) -> set[UUID]:
    """Take back decisions of the actor's own that are still their lead's last; which were, all in one transaction.

    As with `deciding.undo`, what would leave a lead with somebody who takes none stays as it is.
    """
    back: set[UUID] = set()
    with transaction.atomic():
        entries = {entry.lead_id: entry for entry in Activity.objects.filter(pk__in=activity_ids, actor_id=by.actor.pk)}
        for ids in _batches(sorted(entries)):
            back |= _undo_batch(_locked(ids), entries, by)
    return back


def _undo_batch(leads: Sequence[Lead], entries: Mapping[UUID, Activity], by: By) -> set[UUID]:
    last = [lead for lead in leads if lead.decision_id == entries[lead.pk].pk and "before" in entries[lead.pk].data]
    desks = Responsible.objects.select_related("user").in_bulk(
        {entries[lead.pk].data["before"].get("responsible_id", lead.responsible_id) for lead in last}
    )
    restored: dict[UUID, Lead] = {}
    names: set[str] = set()
    for lead in last:
        before = entries[lead.pk].data["before"]
        for name, value in before.items():
            setattr(lead, name, deciding._column(name).to_python(value))
        held = desks[lead.responsible_id]
        if rules.is_open(lead) and held.kind == ResponsibleKind.REP and not held.is_active:
            continue
        restored[lead.pk] = lead
        names |= before.keys()
    undone = [
        timeline.Entry(
            lead_id=pk, kind="undone", actor_id=by.actor.pk, origin=by.origin, event_key=by.key,
            occurred_at=clock.now(), data={"of": str(entries[pk].pk), "kind": entries[pk].kind},
        )
        for pk in restored
    ]  # fmt: skip
    new = timeline.record_all(undone)
    written = [restored[entry.lead_id] for entry in undone if entry.id in new]
    _write(written, names)
    return {entries[lead.pk].pk for lead in written}


def move_accounts(*, of: User, to: User | None) -> int:
    """Give the companies that `of` looks after to `to`, or to nobody; how many."""
    return Account.objects.filter(owner=of).update(owner=to)
