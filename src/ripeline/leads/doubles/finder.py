"""How two records of one person, and two rows of one company, are found: by the blocks that they share.

`duplicates` and `same_company` say what is compared, and who decides about a pair. Nothing here joins anybody.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from psycopg.types.json import Jsonb

from ripeline.base import clock
from ripeline.base.ids import new_id
from ripeline.leads.doubles.likeness import Likeness
from ripeline.leads.models import Account, Double, Lead, Shared
from ripeline.people.models import User

BATCH = 1000
A_RUN = 5  # batches that one run of `catch_up` looks at, so that the schedule waits for seconds
NOTHING = 0  # the block of what has nothing that could be shared: it has been looked at

_SET_BLOCKS = """
WITH given AS (SELECT DISTINCT id, key FROM unnest(%(of)s::uuid[], %(keys)s::bigint[]) AS g(id, key)),
gone AS (
    DELETE FROM {blocks} AS b WHERE b.{of} = ANY(%(ids)s::uuid[])
    AND NOT EXISTS (SELECT FROM given WHERE given.id = b.{of} AND given.key = b.key)
)
INSERT INTO {blocks} ({of}, key) SELECT id, key FROM given ORDER BY key, id ON CONFLICT DO NOTHING
"""

# Who shares a block with each of these: at most a crowd and one more, by which it is seen. Who was merged away is the
# one that they were merged into, and counts once.
_SHARING = """
SELECT mine.key, other.id
FROM (SELECT DISTINCT key FROM {blocks} WHERE {of} = ANY(%(ids)s::uuid[]) AND key <> {nothing}) AS mine
CROSS JOIN LATERAL (
    SELECT r.id FROM {blocks} AS b JOIN {rows} AS r ON r.id = b.{of} AND r.merged_into_id IS NULL
    WHERE b.key = mine.key LIMIT {crowd} + 1
) AS other
"""

_KEEP = """
INSERT INTO {pairs} (id, {of}, other_id, points, evidence, found_at)
SELECT * FROM unnest(%(ids)s::uuid[], %(ones)s::uuid[], %(others)s::uuid[], %(points)s::int[], %(evidence)s::jsonb[])
    AS found(id, {of}, other_id, points, evidence), (SELECT %(now)s::timestamptz) AS at
ORDER BY {of}, other_id
ON CONFLICT ({of}, other_id) DO UPDATE SET points = excluded.points, evidence = excluded.evidence
WHERE {pairs}.dismissed_at IS NULL
  AND ({pairs}.points, {pairs}.evidence) IS DISTINCT FROM (excluded.points, excluded.evidence)
"""

Pair = tuple[UUID, UUID]  # the smaller id first
_Of = TypeVar("_Of", bound=Double)


@dataclass(frozen=True)
class Finder:
    """What is found of one kind of row, and where it is kept."""

    rows: type[Lead | Account]
    blocks: type[Shared]
    pairs: type[Double]
    of: str  # what a block, and a pair of its first, calls the row's id
    crowd: int  # rows in a block; where more share something, it says too little to compare them all

    def in_batches(self, ids: Collection[UUID], look: Callable[[Sequence[UUID]], int]) -> int:
        """Look at these in the order of their ids, each batch in a transaction; how many pairs there are."""
        ordered, found = sorted(ids), 0
        for start in range(0, len(ordered), BATCH):
            with transaction.atomic():
                found += look(ordered[start : start + BATCH])
        return found

    def alone(self) -> None:
        """One looks at a time, until its transaction ends: of two, neither would see the other's blocks."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"ripeline {self.pairs._meta.db_table}"])

    def sharing(self, shared: Mapping[UUID, Collection[int]], ids: Sequence[UUID]) -> dict[int, list[UUID]]:
        """Who is in each block that one of these is in, once they are in those that they share with others now."""
        rows = [(pk, key) for pk, keys in shared.items() for key in keys or {NOTHING}]
        found: dict[int, list[UUID]] = defaultdict(list)
        with connection.cursor() as cursor:
            given: dict[str, Any] = {"ids": list(ids), "of": [pk for pk, _ in rows], "keys": [key for _, key in rows]}
            cursor.execute(self.spelt(_SET_BLOCKS), given)
            cursor.execute(self.spelt(_SHARING), {"ids": list(ids)})
            for key, pk in cursor.fetchall():
                found[key].append(pk)
        return found

    def candidates(self, ids: Collection[UUID], sharing: Mapping[int, Sequence[UUID]]) -> set[Pair]:
        """Each two that share a block which is no crowd, with at least one of these among them."""
        return set(self._candidates(set(ids), sharing))

    def _candidates(self, ids: Collection[UUID], sharing: Mapping[int, Sequence[UUID]]) -> Iterator[Pair]:
        for members in sharing.values():
            if len(members) > self.crowd:
                continue
            for mine in (pk for pk in members if pk in ids):
                yield from ((min(mine, pk), max(mine, pk)) for pk in members if pk != mine)

    def keep(self, ids: Collection[UUID], alike: Mapping[Pair, Likeness]) -> None:
        """Write down the pairs; those of these that are alike no more are forgotten, unless somebody decided, or
        merged one for now: what was found stays for when that is taken back."""
        known = self.pairs._default_manager.filter(Q(**{f"{self.of}__in": ids}) | Q(other_id__in=ids))
        rows = known.filter(dismissed_at__isnull=True).values_list("pk", self.of, "other_id")
        gone = {pk: pair for pk, *pair in rows if tuple(pair) not in alike}
        away = self.rows._default_manager.filter(
            merged_into__isnull=False, pk__in={pk for two in gone.values() for pk in two}
        )
        merged = set(away.values_list("pk", flat=True)) if gone else set()
        self.pairs._default_manager.filter(pk__in=[pk for pk, two in gone.items() if merged.isdisjoint(two)]).delete()
        if not alike:
            return
        given: dict[str, Any] = {
            "ids": [new_id() for _ in alike], "ones": [one for one, _ in alike], "others": [b for _, b in alike],
            "points": [each.points for each in alike.values()],
            "evidence": [Jsonb(each.evidence) for each in alike.values()], "now": clock.now(),
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(self.spelt(_KEEP), given)

    def spelt(self, statement: str) -> str:
        """A statement about this kind of row."""
        return statement.format(
            rows=self.rows._meta.db_table, blocks=self.blocks._meta.db_table, pairs=self.pairs._meta.db_table,
            of=self.of, crowd=self.crowd, nothing=NOTHING,
        )  # fmt: skip

    def unseen(self) -> list[UUID]:
        """Some that nobody has looked at yet, of before there was anything to look with."""
        seen = self.blocks._default_manager.filter(**{self.of: OuterRef("pk")})
        found = self.rows._default_manager.filter(~Exists(seen), merged_into__isnull=True).order_by("pk")
        return list(found.values_list("pk", flat=True)[: A_RUN * BATCH])


def likeliest(found: QuerySet[_Of], after: tuple[int, UUID] | None) -> QuerySet[_Of]:
    """These pairs in the order in which they are shown. `after`: (points, id) of the last one shown."""
    if after:
        found = found.filter(Q(points__lt=after[0]) | Q(points=after[0], pk__gt=after[1]))
    return found.order_by("-points", "pk")


def say(pair: QuerySet[_Of], actor: User, *, are_two: bool) -> None:
    """Write down that somebody says they are two, so that it is not asked again; or take that back."""
    if are_two:
        pair.filter(dismissed_at__isnull=True).update(dismissed_at=clock.now(), dismissed_by=actor)
    else:
        pair.update(dismissed_at=None, dismissed_by=None)
