"""Companies that may be one: found by the worker where they share a block, decided about by people.

As `duplicates` is of people. Joins nobody by itself; a pair that somebody has said are two stays so.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from ripeline.base.statements import prepared_rows
from ripeline.leads import rules
from ripeline.leads.decisions.deciding import LeadError
from ripeline.leads.doubles import company_likeness, likeness
from ripeline.leads.doubles.company_likeness import Known
from ripeline.leads.doubles.finder import NOTHING, Finder, likeliest, say
from ripeline.leads.models import IS_OPEN, Account, AccountBlock, Lead, SameCompany
from ripeline.leads.rules import NotAllowed
from ripeline.people.models import Role, User

FINDER = Finder(rows=Account, blocks=AccountBlock, pairs=SameCompany, of="account_id", crowd=20)

# Who was put back, by an undo that knew the company of before, where that has been merged since.
_SETTLE = """
UPDATE lead SET account_id = account.merged_into_id FROM account
WHERE account.merged_into_id IS NOT NULL AND lead.account_id = account.id
"""

_OTHERS = "Others work people at these companies: whoever leads them all, or an administrator, can merge them."


def of_leads(lead_ids: Collection[UUID]) -> int:
    """Look at the companies of these leads that nobody has looked at yet, or that are called otherwise since."""
    at = Lead.objects.filter(pk__in=lead_ids, account__isnull=False).values_list("account", flat=True)
    return find([pk for pk in set(at) if pk])


def find(account_ids: Collection[UUID]) -> int:
    """Look what these companies may be the same as; how many pairs there are. Those that are as they were when they
    were looked at are left. Idempotent."""
    return FINDER.in_batches(account_ids, _find)


def _find(ids: Sequence[UUID]) -> int:
    ours = _known(ids)
    shared = {pk: company_likeness.blocks(who) or {NOTHING} for pk, who in ours.items()}
    kept: dict[UUID, set[int]] = defaultdict(set)
    for pk, key in AccountBlock.objects.filter(account_id__in=ids).values_list("account_id", "key"):
        kept[pk].add(key)
    changed = [pk for pk in ids if shared.get(pk, set()) != kept[pk]]
    if not changed:
        return 0
    FINDER.alone()
    sharing = FINDER.sharing({pk: shared[pk] for pk in changed if pk in shared}, changed)
    candidates = FINDER.candidates(changed, sharing)
    known = ours | _known({pk for pair in candidates for pk in pair} - ours.keys())
    alike = {
        (one, other): found
        for one, other in candidates
        if one in known and other in known and (found := company_likeness.compare(known[one], known[other]))
    }
    FINDER.keep(changed, alike)
    return len(alike)


def _known(ids: Collection[UUID]) -> dict[UUID, Known]:
    """What is compared of these companies, of those not merged away."""
    found = Account.objects.filter(pk__in=ids, merged_into__isnull=True)
    return {row[0]: Known(*row) for row in found.values_list("pk", "name", "domain")}


def catch_up() -> int:
    """Look at companies that nobody has looked at yet: some in each run; how many. And settle who is at a company that
    was merged meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE)
    ids = FINDER.unseen()
    find(ids)
    return len(ids)


@dataclass(frozen=True)
class Has:
    """A company with what it has."""

    account: Account
    people: int = 0
    open: int = 0
    amounts: Mapping[str, Decimal] = field(default_factory=dict)  # of open leads, by currency


@dataclass(frozen=True)
class Pair:
    """Two companies that may be one."""

    id: UUID
    first: Has
    second: Has
    points: int
    evidence: Sequence[str]

    @property
    def both(self) -> tuple[Has, Has]:
        return self.first, self.second

    @property
    def sure(self) -> str:
        return likeness.sure(self.points)


def open_pairs(viewer: User, *, limit: int = 50, after: tuple[int, UUID] | None = None) -> list[Pair]:
    """The pairs to decide about, the likeliest first: those that the viewer may merge; a marketer sees all, and merges
    none. `after`: (points, id) of the last one shown."""
    found = SameCompany.objects.filter(dismissed_at__isnull=True, account__merged_into=None, other__merged_into=None)
    if viewer.role != Role.MARKETER:
        found = found.filter(_mergeable(viewer))
    shown = list(likeliest(found, after).select_related("account__owner", "other__owner")[:limit])
    has = having([account for each in shown for account in (each.account, each.other)])
    return [
        Pair(each.pk, has[each.account_id], has[each.other_id], each.points, each.evidence) for each in shown
    ]  # fmt: skip


_OF_ACCOUNT = """
SELECT id FROM same_company WHERE (account_id = %s OR other_id = %s) AND dismissed_at IS NULL
ORDER BY points DESC, id LIMIT 9
"""


def of_account(account_id: UUID, viewer: User) -> list[tuple[Account, str]]:
    """What this company may be the same as, of those that `viewer` may merge it with, and what speaks for it most."""
    ids = [pk for (pk,) in prepared_rows(_OF_ACCOUNT, [account_id, account_id])]
    if not ids:
        return []
    found = SameCompany.objects.filter(
        _mergeable(viewer), pk__in=ids, account__merged_into=None, other__merged_into=None
    )
    return [
        (each.other if each.account_id == account_id else each.account, str(each.evidence[0]))
        for each in found.select_related("account", "other").order_by("-points", "pk")
    ]


def _mergeable(viewer: User) -> Q:
    """The pairs that `viewer` may merge, as a filter; agrees with `may` pair by pair (a test)."""
    if not viewer.is_active:
        return Q(pk__in=[])
    if viewer.is_system or viewer.role == Role.ADMIN:
        return Q()
    near = rules.nearby(viewer)
    mine = {*near.mine.users, *(near.team.users if viewer.role == Role.LEADER else ())}
    at = Q(account=OuterRef("account")) | Q(account=OuterRef("other"))
    there = Lead.objects.filter(at, merged_into__isnull=True)
    owned = [Q(**{f"{side}__owner__isnull": True}) | Q(**{f"{side}__owner__in": mine}) for side in ("account", "other")]
    theirs = Q() if viewer.role == Role.LEADER else Q(Exists(there.filter(rules.mergeable(viewer))))
    return owned[0] & owned[1] & theirs & ~Q(Exists(there.filter(~rules.mergeable(viewer))))


def may(actor: User, one: Account, other: Account) -> bool:
    """Whether `actor` may make these two one, by the rules."""
    there = Lead.objects.filter(account__in=(one, other), merged_into__isnull=True)
    mergeable = there.filter(rules.mergeable(actor))
    return rules.may_merge_companies(
        actor, [one.owner_id, other.owner_id], theirs=mergeable.exists(),
        others=there.exclude(pk__in=mergeable.values("pk")).exists(),
    )  # fmt: skip


def require(actor: User, one: Account, other: Account) -> None:
    """Raise NotAllowed unless `actor` may make these two one."""
    if not may(actor, one, other):
        raise NotAllowed(_OTHERS)


def having(accounts: Collection[Account]) -> dict[UUID, Has]:
    """What each of these companies has, in one query."""
    there: QuerySet[Lead] = Lead.objects.filter(account__in=[each.pk for each in accounts], merged_into__isnull=True)
    rows = there.order_by().values("account", "currency").annotate(
        people=Count("pk"), of_open=Count("pk", filter=IS_OPEN), asked=Sum("amount", filter=IS_OPEN)
    )  # fmt: skip
    people: dict[UUID | None, int] = defaultdict(int)
    are_open: dict[UUID | None, int] = defaultdict(int)
    amounts: dict[UUID | None, dict[str, Decimal]] = defaultdict(dict)
    for row in rows:
        people[row["account"]] += row["people"]
        are_open[row["account"]] += row["of_open"]
        if row["asked"]:
            amounts[row["account"]][row["currency"]] = row["asked"]
    return {each.pk: Has(each, people[each.pk], are_open[each.pk], amounts[each.pk]) for each in accounts}


def decide(*, one_id: UUID, other_id: UUID, actor: User, are_two: bool) -> None:
    """Somebody who may merge them says that they are two companies, and it is not asked again; or takes that back."""
    with transaction.atomic():
        pair = SameCompany.objects.filter(account=min(one_id, other_id), other=max(one_id, other_id))
        found = pair.select_related("account", "other").first()
        if found is None:
            raise LeadError("These two are not taken for one company.")
        require(actor, found.account, found.other)
        say(pair, actor, are_two=are_two)
