"""How every decision about a lead is made (lock, ask, change, record: one transaction, I2) and taken back.

Leads are locked in the order of their ids, everywhere; nobody waits for one while holding a later one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from secrets import randbelow
from time import sleep
from typing import Any, ParamSpec, TypeAlias, TypeVar
from uuid import UUID, uuid4

from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from psycopg.errors import DeadlockDetected, SerializationFailure

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.leads import rules
from ripeline.leads.knowing import identity
from ripeline.leads.models import FARTHEST_NEXT, Account, IdentityKind, Lead, NextKind, Opportunity, State
from ripeline.leads.rules import Verb
from ripeline.people.models import ResponsibleKind, User
from ripeline.timeline import actions as timeline
from ripeline.timeline.models import Activity

Changes: TypeAlias = dict[str, Any]  # attribute of Lead → its new value

P = ParamSpec("P")
T = TypeVar("T")

CROSSED = "Somebody else was changing the same leads in that moment, so nothing was changed. Please try again."
WITH = ("owner", "responsible__user", "close_reason", "account")  # what the rules read beside a lead
_APART = 50  # milliseconds within which two that crossed begin anew
SLACK = timedelta(minutes=5)  # clocks of people's machines and a form left open


class LeadError(ValueError):
    """A decision that cannot be, in words for whoever made it."""


class NotUndoable(LeadError):
    """The lead has been changed since, or there is nothing to take back."""


@dataclass(frozen=True)
class By:
    """Who decides and whence. `key` names the request: the same key again changes nothing."""

    actor: User
    origin: str = "web"
    key: str = field(default_factory=lambda: uuid4().hex)
    import_run_id: UUID | None = None  # the import that it comes from


@dataclass(frozen=True)
class Next:
    """A next moment: when, why, and whether a person chose it (then the planner leaves it alone)."""

    at: datetime
    kind: str = NextKind.FOLLOW_UP
    note: str = ""
    committed: bool = False

    def changes(self) -> Changes:
        """As attributes of the lead, or LeadError for a moment that I1 or sense refuses."""
        moment = clock.now()
        if self.at < moment - SLACK:
            raise LeadError("The next date lies in the past; choose one from now on.")
        if self.at > moment + FARTHEST_NEXT:
            raise LeadError("The next date is more than 400 days away; choose a nearer one.")
        return {
            "next_at": max(self.at, moment),
            "next_set_at": moment,
            "next_kind": self.kind,
            "next_note": self.note[:300],
            "next_committed": self.committed,
        }


@dataclass(frozen=True)
class Decision:
    """What came of it. `repeated`: this very request had been carried out before."""

    lead: Lead
    activity_id: UUID
    repeated: bool = False


def in_state(state: State) -> Changes:
    """A lead's state, from now on."""
    return {"state": state, "state_at": clock.now()}


def require_open(lead: Lead) -> None:
    """Raise LeadError for a closed lead."""
    if not rules.is_open(lead):
        raise LeadError(f"This lead is closed ({lead.get_state_display().lower()}); re-open it first.")


def lock(lead_id: UUID) -> Lead:
    """The lead, locked, with what the rules read; a lead merged away leads to the one it was merged into.

    Only that one is locked: had the lead itself stayed locked, whoever takes the merge back would wait for it in a
    circle. Once it is locked, nobody can merge or unmerge it, so where the lead leads to is asked again then.
    """
    wanted = lead_id
    while True:
        mark = transaction.savepoint()
        found = _locked(wanted)
        leads_to = found.merged_into_id or (lead_id if found.pk == lead_id else _leads_to(lead_id))
        if leads_to == found.pk:
            transaction.savepoint_commit(mark)
            return found
        transaction.savepoint_rollback(mark)
        wanted = leads_to


def _leads_to(lead_id: UUID) -> UUID:
    """Where a lead leads to at this moment (merges are one step deep); itself if it is not merged away."""
    return Lead.objects.values_list("merged_into_id", flat=True).get(pk=lead_id) or lead_id


def _locked(lead_id: UUID) -> Lead:
    found = locked(Lead.objects.filter(pk=lead_id), *WITH)
    if not found:
        raise Lead.DoesNotExist
    return found[0]


def locked(found: QuerySet[Lead], *joined: str, skips_busy: bool = False) -> list[Lead]:
    """Leads, locked in the order of their ids, with what they are joined to.

    Locked by themselves first: a statement that waited for a row joins it to what it was joined to before, and leaves
    it out if it was handed over in that moment.
    """
    held = found.order_by("pk").select_for_update(skip_locked=skips_busy).values_list("pk", flat=True)
    return list(Lead.objects.filter(pk__in=list(held)).select_related(*joined).order_by("pk"))


def once_more(verb: Callable[P, T]) -> Callable[P, T]:
    """Should PostgreSQL break a decision off because two waited for each other, it is made once more, then refused.
    After a moment by chance, since the other begins anew as well: else both might meet again just so.

    Within somebody else's transaction nothing can be repeated: then it is theirs to do.
    """

    @wraps(verb)
    def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        if connection.in_atomic_block:
            return verb(*args, **kwargs)
        try:
            return verb(*args, **kwargs)
        except OperationalError as problem:
            if not _has_crossed(problem):
                raise
        sleep(randbelow(_APART) / 1000)
        try:
            return verb(*args, **kwargs)
        except OperationalError as problem:
            if not _has_crossed(problem):
                raise
            raise LeadError(CROSSED) from problem

    return tried


def _has_crossed(problem: OperationalError) -> bool:
    return isinstance(problem.__cause__, DeadlockDetected | SerializationFailure)


@once_more
def decide(
    lead_id: UUID,
    by: By,
    *,
    kind: str,
    change: Callable[[Lead], Changes],
    verb: Verb = Verb.WORK,
    data: dict[str, Any] | None = None,
    body: str = "",
    is_private: bool = False,
    occurred_at: datetime | None = None,
    opportunities: Callable[[Lead], Sequence[Opportunity]] | None = None,
) -> Decision:
    """Make one decision. `change` gets the locked lead and returns what becomes of it, or raises LeadError.

    `opportunities` are saved with it; the entry is about the first. It keeps all old values for `undo`.
    """
    with transaction.atomic():
        lead = lock(lead_id)
        try:
            rules.require(by.actor, verb, lead)
            changes = change(lead)
            deals = opportunities(lead) if opportunities else ()
        except (LeadError, rules.NotAllowed):
            if done := _already(lead, by):
                return done
            raise
        entry_id = new_id()
        changes["decision_id"] = entry_id
        before = {name: _plain(lead, name) for name in changes}
        entry = timeline.Entry(
            id=entry_id,
            lead_id=lead.pk,
            kind=kind,
            actor_id=by.actor.pk,
            origin=by.origin,
            event_key=by.key,
            occurred_at=occurred_at or clock.now(),
            body=body,
            is_private=is_private,
            data={**(data or {}), "before": before, "after": {}, **_images(deals)},
            import_run_id=by.import_run_id,
        )
        for name, value in changes.items():
            setattr(lead, name, value)
        entry.data["after"] = {name: _plain(lead, name) for name in changes}
        if not timeline.record(entry):
            done = _already(_locked(lead.pk), by)
            assert done is not None
            return done
        lead.save(update_fields=[_column(name).name for name in changes])
        for deal in deals:
            deal.save()
        return Decision(lead, entry_id)


@once_more
def undo(activity_id: UUID, by: By) -> Decision:
    """Take back a decision, if it is the lead's last and the actor's own (or theirs to work); itself recorded."""
    with transaction.atomic():
        found = Activity.objects.filter(pk=activity_id).values_list("lead_id", flat=True).first()
        if found is None:
            raise NotUndoable("There is nothing to take back.")
        lead = lock(found)
        if done := _already(lead, by):
            return done
        entry = Activity.objects.get(pk=activity_id)
        if lead.decision_id != entry.pk or "before" not in entry.data:
            raise NotUndoable("This lead has been changed since, so it cannot be taken back.")
        if entry.actor_id != by.actor.pk:
            rules.require(by.actor, Verb.WORK, lead)
        before = dict(entry.data["before"])
        if before.get("account_id"):
            before["account_id"] = _hold_company(before["account_id"])
        for name, value in before.items():
            setattr(lead, name, _column(name).to_python(value))
        held = lead.responsible
        if rules.is_open(lead) and held.kind == ResponsibleKind.REP and not held.is_active:
            raise NotUndoable(f"{held.name} no longer takes leads, so this cannot be taken back.")
        _restore_opportunities(entry.data, lead)
        lead.save(update_fields=[_column(name).name for name in before])
        undone = timeline.Entry(
            lead_id=lead.pk, kind="undone", actor_id=by.actor.pk, origin=by.origin, event_key=by.key,
            occurred_at=clock.now(), data={"of": str(entry.pk), "kind": entry.kind},
        )  # fmt: skip
        timeline.record(undone)
        if entry.kind == "edited":
            identity.keep_phone(lead, entry.data["after"])
            keys = [identity.Key(IdentityKind.PHONE, key) for key in entry.data.get("keys", ())]
            if "added" in entry.data:
                identity.release(keys, lead.pk)
            else:
                identity.claim(dict.fromkeys(keys, lead.pk))
        return Decision(_locked(lead.pk), undone.id)


def _hold_company(account_id: str) -> str:
    """Where whom a decision moved are again: at their company, or at the one that it was merged into since.

    Raises NotUndoable where it is gone.
    """
    held = Account.objects.select_for_update(no_key=True).filter(pk=account_id)
    into = list(held.values_list("merged_into", flat=True))
    if not into:
        raise NotUndoable("The company that they were at is gone by now, so this cannot be taken back.")
    return str(into[0] or account_id)


def _already(lead: Lead, by: By) -> Decision | None:
    """The decision that this very request made before, if it did."""
    found = Activity.objects.filter(lead_id=lead.pk, origin=by.origin, event_key=by.key).values_list("pk", flat=True)
    return Decision(lead, found[0], repeated=True) if found else None


def _column(name: str) -> Any:
    return Lead._meta.get_field(name)


def _plain(lead: Lead, name: str) -> Any:
    """An attribute as JSON can keep it and `to_python` can read it back."""
    value = getattr(lead, name)
    return value if isinstance(value, bool | int | float | dict | None) else str(value)


_DEAL = ("state", "closed_at", "amount", "currency", "product", "stage", "expected_close", "name")


def _images(deals: Sequence[Opportunity]) -> dict[str, Any]:
    """What undo needs to know of opportunities: the first, which the entry is about, and those that end with it."""
    images = [_opportunity_image(deal) for deal in deals]
    return ({"opportunity": images[0]} if images else {}) | ({"ended_too": images[1:]} if images[1:] else {})


def _opportunity_image(deal: Opportunity) -> dict[str, Any]:
    """An opportunity's id, and how it was (None: it is new)."""
    old = Opportunity.objects.filter(pk=deal.pk).first()
    was = None if old is None else {n: None if getattr(old, n) is None else str(getattr(old, n)) for n in _DEAL}
    return {"id": str(deal.pk), "before": was}


def _restore_opportunities(data: Mapping[str, Any], lead: Lead) -> None:
    """Also those that a record merged into this one has kept."""
    for image in filter(None, [data.get("opportunity"), *data.get("ended_too", ())]):
        deals = Opportunity.objects.filter(Q(lead=lead) | Q(lead__merged_into=lead), pk=image["id"])
        if image["before"] is None:
            deals.delete()
            continue
        before = dict(image["before"])
        others = Opportunity.objects.filter(lead=lead).exclude(pk=image["id"])
        if "key" in before and others.filter(key=before["key"]).exists():
            del before["key"]  # another deal there is called so by now
        deals.update(**before)
