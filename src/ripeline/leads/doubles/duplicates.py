"""Leads that may be one person: found by the worker where they share a block, decided about by people.

Joins nobody by itself. A pair that somebody has said are two stays so, whatever is found later.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from ripeline.base import reading
from ripeline.leads import rules
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.doubles import likeness
from ripeline.leads.doubles.finder import Finder, likeliest, say
from ripeline.leads.doubles.likeness import Known, Likeness
from ripeline.leads.finding.lists import Row
from ripeline.leads.models import Block, Lead, PossibleDuplicate
from ripeline.leads.rules import Verb
from ripeline.people.models import Role, User

FINDER = Finder(rows=Lead, blocks=Block, pairs=PossibleDuplicate, of="lead_id", crowd=30)


def find(lead_ids: Collection[UUID]) -> int:
    """Look once more whom these leads may be the same as; how many pairs there are. Idempotent."""
    return FINDER.in_batches(lead_ids, _find)


def _find(ids: Sequence[UUID]) -> int:
    FINDER.alone()
    ours = _known(ids)
    sharing = FINDER.sharing({pk: likeness.blocks(who) for pk, who in ours.items()}, ids)
    candidates = FINDER.candidates(ours, sharing)
    people = ours | _known({pk for pair in candidates for pk in pair} - ours.keys())
    alike: dict[tuple[UUID, UUID], Likeness] = {}
    for one, other in candidates:
        if one in people and other in people:
            block = likeness.phone_block(people[one])
            with_phone = len(sharing.get(block, ())) if block else 0
            if found := likeness.compare(people[one], people[other], sharing=with_phone):
                alike[one, other] = found
    FINDER.keep(ids, alike)
    return len(alike)


def _known(ids: Collection[UUID]) -> dict[UUID, Known]:
    """What is compared of these leads, of those not merged away."""
    found = Lead.objects.filter(pk__in=ids, merged_into__isnull=True)
    rows = found.values_list("pk", "name", "email", "phone", "company", "account_id", "account__key")
    return {row[0]: Known(*row[:-1], row[-1] or "") for row in rows}


def catch_up() -> int:
    """Look at leads that nobody has looked at yet: some in each run; how many."""
    ids = FINDER.unseen()
    find(ids)
    return len(ids)


def forget(lead_ids: Collection[UUID]) -> None:
    """Leads are being deleted: nobody is the same as they."""
    PossibleDuplicate.objects.filter(Q(lead_id__in=lead_ids) | Q(other_id__in=lead_ids)).delete()
    Block.objects.filter(lead_id__in=lead_ids).delete()


@dataclass(frozen=True)
class Pair:
    """Two leads that may be one person, as their viewer may see them."""

    id: UUID
    first: Row
    second: Row
    points: int
    evidence: Sequence[str]
    may_merge: bool

    @property
    def both(self) -> tuple[Row, Row]:
        return self.first, self.second

    @property
    def merger(self) -> User | None:
        """Whose both of them are, who can merge them."""
        one, other = self._holders
        return one if one and one == other else None

    @property
    def of_nobody(self) -> int:
        """How many of the two nobody has: they are in a queue or a programme, without an owner."""
        return self._holders.count(None)

    @property
    def _holders(self) -> list[User | None]:
        return [row.lead.owner or row.lead.responsible.user for row in self.both]

    @property
    def sure(self) -> str:
        return likeness.sure(self.points)


def open_pairs(viewer: User, *, limit: int = 50, after: tuple[int, UUID] | None = None) -> list[Pair]:
    """The pairs to decide about, the likeliest first: those whose both leads the viewer may merge; a marketer sees
    all, and merges none. `after`: (points, id) of the last one shown."""
    theirs = rules.findable(viewer) if viewer.role == Role.MARKETER else rules.mergeable(viewer)
    leads = Lead.objects.filter(theirs, merged_into__isnull=True)
    found = PossibleDuplicate.objects.filter(dismissed_at__isnull=True)
    found = found.filter(Exists(leads.filter(pk=OuterRef("lead_id"))), Exists(leads.filter(pk=OuterRef("other_id"))))
    return _as_pairs(list(likeliest(found, after)[:limit]), viewer)


_OF_LEAD = """
WHERE (lead_id = %(lead)s OR other_id = %(lead)s) AND dismissed_at IS NULL ORDER BY points DESC, id LIMIT %(limit)s
"""


def of_lead(lead: Lead, viewer: User, *, limit: int = 3) -> list[Pair]:
    """Whom a lead may be the same as, of those whom the viewer may find; the lead itself is the first of each pair."""
    pairs = _as_pairs(reading.read(PossibleDuplicate, _OF_LEAD, {"lead": lead.pk, "limit": limit * 3}), viewer)
    turned = (
        pair if pair.first.id == lead.pk else Pair(pair.id, pair.second, pair.first, pair.points, pair.evidence,
                                                   pair.may_merge)
        for pair in pairs
    )  # fmt: skip
    return list(turned)[:limit]


def between(one: UUID, other: UUID) -> PossibleDuplicate | None:
    """What is known of these two being one person."""
    return PossibleDuplicate.objects.filter(lead_id=min(one, other), other_id=max(one, other)).first()


def _as_pairs(found: Sequence[PossibleDuplicate], viewer: User) -> list[Pair]:
    if not found:
        return []
    ids = {pk for each in found for pk in (each.lead_id, each.other_id)}
    leads = Lead.objects.filter(rules.findable(viewer), pk__in=ids, merged_into__isnull=True)
    rows = {
        lead.pk: Row(lead, rules.verbs(viewer, lead), viewer)
        for lead in leads.select_related("owner", "responsible__user", "account", "source")
    }
    return [
        Pair(each.pk, rows[each.lead_id], rows[each.other_id], each.points, each.evidence,
             all(Verb.MERGE in rows[pk].verbs for pk in (each.lead_id, each.other_id)))
        for each in found if each.lead_id in rows and each.other_id in rows
    ]  # fmt: skip


def dismiss(*, one_id: UUID, other_id: UUID, actor: User) -> None:
    """Somebody who may change both says that they are two people: it is not asked again. Again it is the same."""
    _decide(one_id, other_id, actor, dismissed=True)


def ask_again(*, one_id: UUID, other_id: UUID, actor: User) -> None:
    """Take that back."""
    _decide(one_id, other_id, actor, dismissed=False)


def _decide(one_id: UUID, other_id: UUID, actor: User, *, dismissed: bool) -> None:
    with transaction.atomic():
        leads = Lead.objects.filter(pk__in=(one_id, other_id)).select_related("owner", "responsible__user")
        for lead in leads:
            rules.require(actor, Verb.MERGE, lead)
        pair = PossibleDuplicate.objects.filter(lead_id=min(one_id, other_id), other_id=max(one_id, other_id))
        if len(leads) < 2 or not pair.exists():
            raise LeadError("These two are not taken for one person.")
        say(pair, actor, are_two=dismissed)
