"""Who can be given leads, and how much room they have."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from ripeline.leads.models import OPEN_STATES, Account
from ripeline.people import queries as people
from ripeline.people.models import Absence, Company, Responsible
from ripeline.routing.rules import Place, Seller


def sellers(firm: Company, *, since: date) -> dict[UUID, Seller]:
    """Everybody active who may be responsible for leads, by user id, with their absences from `since` on."""
    active = Responsible.objects.filter(
        is_active=True, user__is_active=True, user__is_system=False, user__role__in=people.SELLERS
    ).select_related("user")
    away = defaultdict(list)
    for absence in Absence.objects.filter(last_day__gte=since).select_related("cover").order_by("first_day"):
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
            time_zone=user.time_zone or firm.time_zone,
            away=tuple(away.get(user.pk, ())),
        )
    return found


# How many open leads each seller has in hand, counted up to their cap only.
_ROOM = """
SELECT u.id, u.lead_cap - (
    SELECT count(*) FROM (
        SELECT 1 FROM lead
        WHERE lead.responsible_id = r.id AND lead.merged_into_id IS NULL AND lead.state = ANY(%(open)s)
        LIMIT u.lead_cap
    ) AS in_hand
) FROM responsible AS r JOIN "user" AS u ON u.id = r.user_id WHERE u.id = ANY(%(users)s)
"""


def room(users: Collection[UUID]) -> dict[UUID, int]:
    """How many more open leads fit under each person's cap, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_ROOM, {"open": [s.value for s in OPEN_STATES], "users": list(users)})
        return dict(cursor.fetchall())


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


def account_owners(account_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, str]]:
    """account → (its owner, its name), where it has one."""
    owned = Account.objects.filter(pk__in=account_ids, owner__isnull=False)
    return {pk: (owner, name) for pk, owner, name in owned.values_list("pk", "owner", "name") if owner}


def places(firm: Company) -> tuple[Place, Place]:
    """(the fallback, the Qualify queue); the queue stands in for a fallback that no longer takes leads."""
    queue = people.built_in(people.QUALIFY)
    chosen = firm.fallback or queue
    if not chosen.is_active or (chosen.user is not None and not chosen.user.is_active):
        chosen = queue
    return _place(chosen), _place(queue)


def _place(responsible: Responsible) -> Place:
    return Place(responsible.pk, responsible.user_id, responsible.name)
