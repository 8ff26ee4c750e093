"""Leads that may be one person: found by the worker where they share a block, decided about by people.

Joins nobody by itself. A pair that somebody has said are two stays so, whatever is found later.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from psycopg.types.json import Jsonb

from ripeline.base import clock, reading
from ripeline.base.ids import new_id
from ripeline.leads import rules
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.doubles import likeness
from ripeline.leads.doubles.likeness import Known, Likeness
from ripeline.leads.finding.lists import Row
from ripeline.leads.models import Block, Lead, PossibleDuplicate
from ripeline.leads.rules import Verb
from ripeline.people.models import Role, User

BATCH = 1000
A_RUN = 5  # batches that one run of `catch_up` looks at, so that the schedule waits for seconds
NOTHING = 0  # the block of who has nothing that could be shared: they have been looked at
CROWD = 30  # leads in a block; where more share something, it says too little to compare them all

_SET_BLOCKS = """
WITH given AS (SELECT DISTINCT lead_id, key FROM unnest(%(leads)s::uuid[], %(keys)s::bigint[]) AS g(lead_id, key)),
gone AS (
    DELETE FROM lead_block AS b WHERE b.lead_id = ANY(%(ids)s::uuid[])
    AND NOT EXISTS (SELECT FROM given WHERE given.lead_id = b.lead_id AND given.key = b.key)
)
INSERT INTO lead_block (lead_id, key) SELECT lead_id, key FROM given ORDER BY key, lead_id ON CONFLICT DO NOTHING
"""

# Who shares a block with each of these leads: at most CROWD and one more, by which a crowd is seen. Who was merged away
# is the person that they were merged into, and counts once.
_SHARING = f"""
SELECT mine.key, other.lead_id
FROM (SELECT DISTINCT key FROM lead_block WHERE lead_id = ANY(%(ids)s::uuid[]) AND key <> {NOTHING}) AS mine
CROSS JOIN LATERAL (
    SELECT b.lead_id FROM lead_block AS b JOIN lead ON lead.id = b.lead_id AND lead.merged_into_id IS NULL
    WHERE b.key = mine.key LIMIT {CROWD + 1}
) AS other
"""  # noqa: S608 - our own constant

_KEEP = """
INSERT INTO possible_duplicate (id, lead_id, other_id, points, evidence, found_at)
SELECT * FROM unnest(%(ids)s::uuid[], %(leads)s::uuid[], %(others)s::uuid[], %(points)s::int[], %(evidence)s::jsonb[])
    AS found(id, lead_id, other_id, points, evidence), (SELECT %(now)s::timestamptz) AS at
ORDER BY lead_id, other_id
ON CONFLICT (lead_id, other_id) DO UPDATE SET points = excluded.points, evidence = excluded.evidence
WHERE possible_duplicate.dismissed_at IS NULL
  AND (possible_duplicate.points, possible_duplicate.evidence) IS DISTINCT FROM (excluded.points, excluded.evidence)
"""

_Pair = tuple[UUID, UUID]


def find(lead_ids: Collection[UUID]) -> int:
    """Look once more whom these leads may be the same as; how many pairs there are. Idempotent."""
    ordered, found = sorted(lead_ids), 0
    for start in range(0, len(ordered), BATCH):
        with transaction.atomic():
            found += _find(ordered[start : start + BATCH])
    return found


def _find(ids: Sequence[UUID]) -> int:
    with connection.cursor() as cursor:  # one looks at a time: of two, neither would see the other's blocks
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ripeline possible duplicates'))")
    ours = _known(ids)
    _set_blocks(ids, ours.values())
    sharing = _sharing(ids)
    candidates = set(_pairs(ours.keys(), sharing))
    people = ours | _known({pk for pair in candidates for pk in pair} - ours.keys())
    alike: dict[_Pair, Likeness] = {}
    for one, other in candidates:
        if one in people and other in people:
            block = likeness.phone_block(people[one])
            with_phone = len(sharing.get(block, ())) if block else 0
            if found := likeness.compare(people[one], people[other], sharing=with_phone):
                alike[one, other] = found
    _keep(ids, alike)
    return len(alike)


def _known(ids: Collection[UUID]) -> dict[UUID, Known]:
    """What is compared of these leads, of those not merged away."""
    found = Lead.objects.filter(pk__in=ids, merged_into__isnull=True)
    rows = found.values_list("pk", "name", "email", "phone", "company", "account_id", "account__key")
    return {row[0]: Known(*row[:-1], row[-1] or "") for row in rows}


def _set_blocks(ids: Sequence[UUID], people: Iterable[Known]) -> None:
    rows = [(who.lead_id, key) for who in people for key in likeness.blocks(who) or {NOTHING}]
    with connection.cursor() as cursor:
        cursor.execute(
            _SET_BLOCKS, {"ids": list(ids), "leads": [lead for lead, _ in rows], "keys": [key for _, key in rows]}
        )


def _sharing(ids: Sequence[UUID]) -> dict[int, list[UUID]]:
    """The leads of each block that one of these is in."""
    found: dict[int, list[UUID]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_SHARING, {"ids": list(ids)})
        for key, lead_id in cursor.fetchall():
            found[key].append(lead_id)
    return found


def _pairs(ids: Collection[UUID], sharing: Mapping[int, Sequence[UUID]]) -> Iterator[_Pair]:
    """Each pair that shares a block which is no crowd, with at least one of these leads in it."""
    for members in sharing.values():
        if len(members) > CROWD:
            continue
        for mine in (pk for pk in members if pk in ids):
            yield from ((min(mine, pk), max(mine, pk)) for pk in members if pk != mine)


def _keep(ids: Sequence[UUID], alike: Mapping[_Pair, Likeness]) -> None:
    """Write down the pairs; those of these leads that are alike no more are forgotten, unless somebody decided."""
    of_these = Q(lead_id__in=ids) | Q(other_id__in=ids)
    known = PossibleDuplicate.objects.filter(of_these, dismissed_at__isnull=True)
    gone = [pk for pk, one, other in known.values_list("pk", "lead_id", "other_id") if (one, other) not in alike]
    merged = set(Lead.objects.filter(merged_into__isnull=False, pk__in=ids).values_list("pk", flat=True))
    if merged:  # merged away for now: what was found stays for when it is taken back
        gone = [pk for pk, one, other in known.filter(pk__in=gone).values_list("pk", "lead_id", "other_id")
                if one not in merged and other not in merged]  # fmt: skip
    PossibleDuplicate.objects.filter(pk__in=gone).delete()
    if not alike:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            {
                "ids": [new_id() for _ in alike], "leads": [one for one, _ in alike], "others": [b for _, b in alike],
                "points": [each.points for each in alike.values()],
                "evidence": [Jsonb(each.evidence) for each in alike.values()], "now": clock.now(),
            },
        )  # fmt: skip


def catch_up() -> int:
    """Look at leads that nobody has looked at yet, of before there was anything to look with: some in each run; how
    many."""
    unseen = Lead.objects.filter(merged_into__isnull=True).order_by("pk")
    unseen = unseen.filter(~Exists(Block.objects.filter(lead_id=OuterRef("pk"))))
    ids = list(unseen.values_list("pk", flat=True)[: A_RUN * BATCH])
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
    if after:
        found = found.filter(Q(points__lt=after[0]) | Q(points=after[0], pk__gt=after[1]))
    return _as_pairs(list(found.order_by("-points", "pk")[:limit]), viewer)


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
        if dismissed:
            pair.filter(dismissed_at__isnull=True).update(dismissed_at=clock.now(), dismissed_by=actor)
        else:
            pair.update(dismissed_at=None, dismissed_by=None)
