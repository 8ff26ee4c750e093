"""What a minute of each person is worth: from all their open leads and the minutes they have, in one set-based pass.

The theory is `science.price`. Leads are counted by sorts (how likely, which curve, what their conversations end with),
so that a night's renewal is one GROUP BY and a little algebra, however many leads there are. What Keep in touch looks
after for somebody comes back to them, and so counts as theirs; newcomers have a share of the minutes of their own.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from uuid import UUID

import numpy as np
from django.db import connection

from ripeline.base import clock
from ripeline.leads.models import Lead, State
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Absence, Responsible, ResponsibleKind, User
from ripeline.people.working_time import Calendar
from ripeline.ripeness.models import Curve
from ripeline.routing import stakes
from ripeline.routing.models import Price
from ripeline.routing.worth import AVERAGE_P_30, OPEN
from ripeline.science.gate import FloatArray
from ripeline.science.price import Sorts
from ripeline.science.recheck import next_contact
from ripeline.science.recheck_rules import DEFAULT_RULES

RENEWED = timedelta(hours=20)  # an older price is made anew before a day is planned
AHEAD = 91  # days over which work days, holidays and absences are averaged
NEWCOMERS = 28  # days over which those who came are counted
NEWCOMER_MINUTES = 8.0  # of a first contact
LEAST_SHARE = 0.25  # of the minutes that newcomers leave at least for everybody else

_CHANCES: FloatArray = np.geomspace(0.001, 0.9, 25)  # ends of the sorts by P(ripe within 30 days)
_CURVES = tuple(Curve.values)
_ENDINGS = ("reached", "green_later", "meeting_set")

_COUNTS = f"""
SELECT CASE WHEN held.kind = 'rep' THEN held.id ELSE COALESCE(own.id, held.id) END AS holder,
       width_bucket(ln(GREATEST(COALESCE(score.p_30, %(average)s), 1e-6)), ln(%(low)s), ln(%(high)s), %(sorts)s) AS p,
       COALESCE(score.curve, 'even') AS curve,
       CASE lead.state WHEN '{State.OPPORTUNITY}' THEN 'meeting_set' WHEN '{State.NURTURE}' THEN 'green_later'
            ELSE 'reached' END AS ending,
       count(*), count(*) FILTER (WHERE lead.episode_at >= %(since)s)
FROM lead JOIN responsible AS held ON held.id = lead.responsible_id
LEFT JOIN responsible AS own ON own.user_id = lead.owner_id AND own.is_active
LEFT JOIN score ON score.lead_id = lead.id
WHERE {OPEN} AND (%(of)s::uuid IS NULL OR lead.owner_id = %(user)s OR lead.responsible_id = %(of)s)
GROUP BY 1, 2, 3, 4
"""  # noqa: S608


@dataclass(frozen=True)
class Known:
    """What a minute is worth, and after how many days at most somebody is looked at again."""

    per_minute: float = DEFAULT_RULES.price
    longest_days: float = DEFAULT_RULES.longest_days


def of(lead: Lead) -> Known:
    """The price by which the dates of this lead are made: that of whoever will contact it next."""
    holder = Responsible.objects.filter(user=lead.owner_id) if lead.owner_id else None
    if lead.responsible.kind == ResponsibleKind.REP or holder is None:
        holder = Responsible.objects.filter(pk=lead.responsible_id)
    found = Price.objects.filter(responsible__in=holder).first()
    return Known(found.per_minute, found.longest_days) if found else Known()


def of_users(users: Collection[UUID]) -> dict[UUID, Known]:
    """The same for people, by user id; who has no price yet has the usual one."""
    found = Price.objects.filter(responsible__user__in=users).select_related("responsible")
    known = {p.responsible.user_id: Known(p.per_minute, p.longest_days) for p in found if p.responsible.user_id}
    return {user: known.get(user, Known()) for user in users}


def current(user: User) -> Price:
    """What a minute of theirs is worth: made anew if it is of yesterday, or if they have other minutes now."""
    theirs = Price.objects.filter(responsible__user=user).select_related("responsible__user")
    found = theirs.first()
    is_fresh = found and found.made_at > clock.now() - RENEWED and found.minutes_per_day == user.minutes_per_day
    if found and is_fresh:
        return found
    renew([user])
    return theirs.get()


def renew(users: Iterable[User] | None = None) -> int:
    """Make the prices of these people anew, or of everybody, of the queues and of the programmes; how many.

    With them what a deal usually brings, by which the worth of a contact is told (`stakes`).
    """
    moment = clock.now()
    stakes.renew(moment, unless_since=moment - RENEWED if users is not None else None)
    if users is not None:
        rows = [people.responsible_of(user) for user in users]
        counted = {pk: found for row in rows for pk, found in _counts(moment, row).items() if pk == row.pk}
        return _keep(rows, counted, moment)
    active = Responsible.objects.filter(is_active=True).select_related("user")
    return _keep([r for r in active if r.user is None or r.user.is_active], _counts(moment), moment)


def _counts(now: datetime, of: Responsible | None = None) -> dict[UUID, tuple[FloatArray, int]]:
    """holder → (leads of each sort, newcomers among them); of one person, or of all."""
    given = {
        "average": AVERAGE_P_30, "low": _CHANCES[0], "high": _CHANCES[-1], "sorts": len(_CHANCES) - 1,
        "since": now - timedelta(days=NEWCOMERS), "of": of.pk if of else None, "user": of.user_id if of else None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, given)
        rows = cursor.fetchall()
    found: dict[UUID, tuple[FloatArray, int]] = {}
    for holder, p, curve, ending, count, new in rows:
        leads, came = found.get(holder, (np.zeros((len(_CURVES), len(_ENDINGS), len(_CHANCES) + 1)), 0))
        leads[_CURVES.index(curve), _ENDINGS.index(ending), p] += count
        found[holder] = leads, came + new
    return found


@cache
def _sorts() -> Sorts:
    """One lead of each sort: the middle of its chances."""
    middle = np.concatenate([[_CHANCES[0]], np.sqrt(_CHANCES[:-1] * _CHANCES[1:]), [_CHANCES[-1]]])
    curves, endings, chances = np.meshgrid(
        np.arange(len(_CURVES)), np.arange(len(_ENDINGS)), np.arange(len(middle)), indexing="ij"
    )
    return Sorts(
        middle[chances.ravel()],
        [_CURVES[i] for i in curves.ravel()],
        [_ENDINGS[i] for i in endings.ravel()],
    )


def _keep(responsibles: Collection[Responsible], counted: dict[UUID, tuple[FloatArray, int]], now: datetime) -> int:
    """Clear everybody's minutes at once, and store what came of it."""
    if not responsibles:
        return 0
    none = np.zeros((len(_CURVES), len(_ENDINGS), len(_CHANCES) + 1))
    everybody = sum((leads for leads, _ in counted.values()), none), sum(new for _, new in counted.values())
    shares = _worked([r.user for r in responsibles if r.user], now)
    of_company = sum(r.user.minutes_per_day * shares[r.user.pk] for r in responsibles if r.user and _sells(r.user))
    rows, minutes = [], []
    for r in responsibles:
        leads, new = counted.get(r.pk, (none, 0)) if r.user else everybody
        has = r.user.minutes_per_day * shares[r.user.pk] if r.user else of_company
        rows.append(leads.ravel())
        minutes.append(max(has - new / NEWCOMERS * NEWCOMER_MINUTES, LEAST_SHARE * has))
    found = _sorts().clear(np.array(rows), minutes=minutes)
    pace = next_contact(
        np.full(len(rows), AVERAGE_P_30), disposition="reached", kind="even", price=found.price,
        longest_days=found.longest_days,
    ).days  # fmt: skip
    Price.objects.bulk_create(
        [
            Price(
                responsible=r, per_minute=found.price[i], longest_days=int(found.longest_days[i]), pace_days=pace[i],
                leads=int(rows[i].sum()), minutes=minutes[i], planned=found.planned[i],
                minutes_per_day=r.user.minutes_per_day if r.user else 0, made_at=now,
            )
            for i, r in enumerate(responsibles)
        ],
        update_conflicts=True,
        unique_fields=["responsible"],
        update_fields=[
            "per_minute", "longest_days", "pace_days", "leads", "minutes", "planned", "minutes_per_day", "made_at"
        ],
    )  # fmt: skip
    return len(responsibles)


def _sells(user: User) -> bool:
    return user.role in people.SELLERS and not user.is_system


def _worked(users: Collection[User], now: datetime) -> dict[UUID, float]:
    """The share of the coming days that each works: weekends, holidays and absences are none of them."""
    firm = working_time.company()
    away: dict[UUID, list[tuple[date, date]]] = {}
    for absence in Absence.objects.filter(user__in=users, last_day__gte=now.date() - timedelta(days=1)):
        away.setdefault(absence.user_id, []).append((absence.first_day, absence.last_day))
    plain = working_time.calendar_of(None, of_company=firm)
    found = {}
    for user in users:
        calendar = Calendar(plain.zone, plain.work_days, plain.country, tuple(away.get(user.pk, ())))
        today = calendar.day(now)
        found[user.pk] = sum(calendar.works(today + timedelta(days=i)) for i in range(AHEAD)) / AHEAD
    return found
