"""Giving many chosen leads to somebody in one go, and taking that back in one go."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from ripeline.leads import bulk
from ripeline.leads.deciding import By, LeadError, NotUndoable, once_more, undo
from ripeline.leads.lists import Row
from ripeline.people import actions as people_actions
from ripeline.people.models import AuditEntry, Responsible, Role
from ripeline.timeline.models import Activity

AT_MOST = 1_000  # in one request; the rest is asked for again

_VERB = "leads.give"


@dataclass(frozen=True)
class Given:
    """How many went over, how many could not (closed, or not the giver's to give), and the receipt for undo."""

    count: int
    left: int
    receipt: UUID | None


@once_more
def give(rows: Sequence[Row], by: By, *, to: Responsible) -> Given:
    """Give those of `rows` that are open and the actor's to give. The same request again gives nothing more."""
    if to.user and to.user.role == Role.MARKETER:
        raise LeadError(f"{to.name} works in marketing and does not follow up leads.")
    if not to.is_active:
        raise LeadError(f"{to.name} is not taking leads at the moment.")
    chosen = [row.id for row in rows if row.may_give and row.lead.responsible_id != to.pk][:AT_MOST]
    why = {"rule": "by_hand", "by": by.actor.name}
    with transaction.atomic():
        made = bulk.give_many({pk: bulk.Gift(to, why) for pk in chosen}, by)
        if not made:
            return Given(0, len(rows), None)
        people_actions.audit(
            actor=by.actor, verb=_VERB, target=to.name, key=by.key, leads=[str(done.lead.pk) for done in made]
        )
        receipt = AuditEntry.objects.filter(actor=by.actor, verb=_VERB, data__key=by.key).latest("at")
    return Given(len(made), len(rows) - len(made), receipt.pk)


def take_back(receipt: UUID, by: By) -> tuple[int, int]:
    """Undo one's own giving: (taken back, changed since and left alone)."""
    entry = AuditEntry.objects.filter(pk=receipt, actor=by.actor, verb=_VERB).first()
    if entry is None:
        raise NotUndoable("There is nothing to take back.")
    done = left = 0
    for activity_id in _decisions(entry.data["leads"], entry.data["key"], by.origin):
        try:
            undo(activity_id, by)
            done += 1
        except NotUndoable:
            left += 1
    return done, left


def _decisions(lead_ids: Collection[str], key: str, origin: str) -> list[UUID]:
    found = Activity.objects.filter(lead_id__in=lead_ids, origin=origin, event_key=key)
    return list(found.order_by("lead_id").values_list("pk", flat=True))
