"""Who can be given leads, and how much room they have."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from ripeline.base.settled import Settled
from ripeline.base.statements import prepared_rows
from ripeline.leads.models import IS_OPEN, OPEN_STATES, Lead
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Absence, Experience, Responsible, ResponsibleKind, User
from ripeline.people.working_time import Calendar
from ripeline.routing import worth
from ripeline.routing.rules import LONG_AWAY, Place, Seller, Wish


def sellers() -> Mapping[UUID, Seller]:
    """Everybody active who may be responsible for leads, by user id, with their absences."""
    return _sellers.now()


def _read_sellers() -> dict[UUID, Seller]:
    firm = working_time.company()
    active = Responsible.objects.filter(
        is_active=True, user__is_active=True, user__is_system=False, user__role__in=people.SELLERS
    ).select_related("user")
    away = defaultdict(list)
    for absence in Absence.objects.select_related("cover").order_by("first_day"):
        cover = absence.cover.name if absence.cover and absence.cover.is_active else ""
        away[absence.user_id].append((absence.first_day, absence.last_day, cover))
    found: dict[UUID, Seller] = {}
    for responsible in active:
        user = responsible.user
        assert user is not None
        found[user.pk] = Seller(
            user.pk,
            responsible.pk,
            user.name,
            user.role,
            user.weight,
            user.minutes_per_day,
            intake=people.intake_cap(user),
            is_choosy=user.experience == Experience.VETERAN,
            time_zone=user.time_zone or firm.time_zone,
            away=tuple(away.get(user.pk, ())),
        )
    return found


_sellers = Settled(_read_sellers, "user", "responsible", "absence", "company")


def under_cap(*, counted: str = "u.lead_cap") -> str:
    """SQL: how many more open leads fit under the cap of a user `u`, who is the responsible `r`.

    Those in hand are `counted` up to so many only, and along an index of the open ones alone.
    """
    in_hand = f"SELECT 1 FROM lead WHERE lead.responsible_id = r.id AND {worth.OPEN} LIMIT {counted}"  # noqa: S608
    return f"u.lead_cap - (SELECT count(*) FROM ({in_hand}) AS in_hand)"  # noqa: S608


_ROOM = f"""
SELECT u.id, CASE WHEN u.id = ANY(%(users)s::uuid[]) THEN {under_cap()} ELSE 0 END
FROM responsible AS r JOIN "user" AS u ON u.id = r.user_id
WHERE u.id = ANY(%(present)s::uuid[]) AND u.is_active AND r.is_active
"""  # noqa: S608


def room(users: Collection[UUID], *, present: Collection[UUID] | None = None) -> dict[UUID, int]:
    """How many more open leads fit under the cap of each of these people who is still active, in one query.

    Of those `present` besides, it is asked alone whether they are; they have no room.
    """
    return dict(prepared_rows(_ROOM, {"users": list(users), "present": list(present or users)}))


# The same for what is due by a moment: what somebody's day holds already.
_DUE = """
SELECT r.user_id, (
    SELECT count(*) FROM (
        SELECT 1 FROM lead
        WHERE lead.responsible_id = r.id AND lead.merged_into_id IS NULL AND lead.state = ANY(%(open)s)
          AND lead.next_at < %(by)s
        LIMIT 100
    ) AS due
) FROM responsible AS r WHERE r.user_id = ANY(%(users)s)
"""


def due_counts(users: Collection[UUID], *, by: datetime) -> dict[UUID, int]:
    """How many of each person's open leads are due before `by` (counted up to 100), in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"open": [s.value for s in OPEN_STATES], "users": list(users), "by": by})
        return dict(cursor.fetchall())


_LEAST = f"""
SELECT r.user_id, {worth.COLUMNS}, lead.next_committed OR lead.next_kind IN ('promise', 'meeting')
FROM responsible AS r CROSS JOIN LATERAL (
    SELECT * FROM lead WHERE lead.responsible_id = r.id AND {worth.OPEN} AND lead.next_at < %(by)s
    ORDER BY lead.next_at, lead.id LIMIT 200
) AS lead {worth.JOINS}
WHERE r.user_id = ANY(%(users)s)
"""  # noqa: S608


def least_worths(users: Collection[UUID], *, by: datetime, now: datetime) -> dict[UUID, list[float]]:
    """What a minute with each of those brings who fill these people's days by worth, the least first.

    Dates that somebody chose give way to nothing, and are not among them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEAST, {"users": list(users), "by": by})
        rows = cursor.fetchall()
    worths = worth.worth([worth.standing(row[1:]) for row in rows], now=now)
    minutes = dict(User.objects.filter(pk__in=users).values_list("pk", "minutes_per_day"))
    found: dict[UUID, list[float]] = {user: [] for user in users}
    dated: Counter[UUID] = Counter()
    for row, value in zip(rows, worths.tolist(), strict=True):
        if row[-1]:
            dated[row[0]] += 1
        else:
            found[row[0]].append(value)
    fits = {user: max(int(minutes[user] // worth.MINUTES) - dated[user], 0) for user in users}
    return {user: sorted(sorted(values, reverse=True)[: fits[user]]) for user, values in found.items()}


def account_owners(account_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, str]]:
    """account → (its owner, its name), where it has one."""
    owned = "SELECT id, owner_id, name FROM account WHERE id = ANY(%s::uuid[]) AND owner_id IS NOT NULL"
    return {pk: (owner, name) for pk, owner, name in prepared_rows(owned, [list(account_ids)])} if account_ids else {}


def places() -> tuple[Place, Place]:
    """(the fallback, the Qualify queue); the queue stands in for a fallback that no longer takes leads."""
    return _places.now()


def _read_places() -> tuple[Place, Place]:
    queue = people.built_in(people.QUALIFY)
    chosen = working_time.company().fallback or queue
    user = chosen.user
    if not chosen.is_active or (user and not (user.is_active and user.role in people.SELLERS)):
        chosen = queue
    return _place(chosen), _place(queue)


_places = Settled(_read_places, "company", "responsible", "user")


def _place(responsible: Responsible) -> Place:
    return Place(responsible.pk, responsible.user_id, responsible.name)


@dataclass(frozen=True)
class Held:
    """A lead that somebody is responsible for, as far as passing it on goes."""

    lead_id: UUID
    user_id: UUID
    responsible_id: UUID
    account_id: UUID | None
    due: date
    value: float


_HELD = f"""
SELECT lead.id, r.user_id, r.id, lead.account_id, lead.next_at, COALESCE(score.p_30, 0)
FROM lead JOIN responsible AS r ON r.id = lead.responsible_id LEFT JOIN score ON score.lead_id = lead.id
WHERE r.user_id = ANY(%(users)s) AND {worth.OPEN}
  AND (%(before)s::timestamptz IS NULL OR (lead.next_committed AND lead.next_at < %(before)s))
ORDER BY lead.id
"""  # noqa: S608


def held_by(users: Collection[UUID], *, committed_before: datetime | None = None) -> list[Held]:
    """The open leads of these people; or only those with a committed date before a moment."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"users": list(users), "before": committed_before})
        rows = cursor.fetchall()
    return [
        Held(lead, user, responsible, account, next_at.date(), p_30)
        for lead, user, responsible, account, next_at, p_30 in rows
    ]


def wishes(held: Sequence[Held], *, left: Mapping[UUID, str] | None = None) -> list[Wish]:
    """The same leads as wishes for somebody else; `left`: the names of those who no longer take leads."""
    owners = account_owners({h.account_id for h in held if h.account_id})
    found = []
    for h in held:
        owner, account = owners.get(h.account_id, (None, "")) if h.account_id else (None, "")
        gone = (left or {}).get(h.user_id, "")
        found.append(Wish(account_owner=owner, account=account, due=h.due, value=h.value, left=gone))
    return found


def credited_to(user: User) -> list[UUID]:
    """Open leads of which somebody is the owner while a queue or a programme looks after them."""
    credited = Lead.objects.filter(IS_OPEN, owner=user).exclude(responsible__kind=ResponsibleKind.REP)
    return list(credited.order_by("pk").values_list("pk", flat=True))


def gone() -> dict[UUID, str]:
    """Name of each person who no longer takes leads, and still has an open one or is credited with it.

    They left, or their role does not follow up leads.
    """
    cannot = Q(is_active=False) | Q(user__is_active=False) | ~Q(user__role__in=people.SELLERS)
    left = Responsible.objects.filter(cannot, kind=ResponsibleKind.REP)
    has = Lead.objects.filter(IS_OPEN, responsible=OuterRef("pk"))
    is_credited = Lead.objects.filter(IS_OPEN, owner=OuterRef("user_id"))
    holding = left.filter(Exists(has) | Exists(is_credited))
    return {r.user_id: r.name for r in holding if r.user_id}


def long_away(calendar: Calendar, today: date) -> dict[UUID, tuple[str, date]]:
    """(name, last day) of each person who is away today, for long, and covered by nobody who is here."""
    absences = Absence.objects.filter(first_day__lte=today, last_day__gte=today).select_related("user")
    found: dict[UUID, tuple[str, date]] = {}
    for absence in absences.exclude(cover__is_active=True):
        if calendar.after(absence.first_day, LONG_AWAY) <= absence.last_day:
            found[absence.user_id] = (absence.user.name, absence.last_day)
    return found
