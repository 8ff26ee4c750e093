"""What one's leads will become: a quiet line over Today, so that green leads are not taken for bad ones.

It is reckoned in the night, for a day does not change it; sooner for whoever has many more leads than then, or fewer.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Avg, Count, Exists, OuterRef, Q

from ripeline.base import clock
from ripeline.base.reading import read
from ripeline.leads.models import IS_OPEN, Lead, Opportunity, OpportunityState, State
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import User
from ripeline.ripeness import queries as ripeness
from ripeline.ripeness import yields
from ripeline.routing import worth
from ripeline.worklist.models import Belief

ENOUGH = 10  # of fewer leads an expectation says nothing
RENEWED = timedelta(hours=26)  # an older one is of no use in the morning: no worker has run in the night
MUCH = 0.2  # a share of the leads by which others have come or gone since


def of(user: User) -> Belief | None:
    """What was reckoned of somebody's leads last; None where there are too few to speak of."""
    found = read(Belief, "WHERE user_id = %s AND n >= %s", [user.pk, ENOUGH])
    return found[0] if found else None


def current(user: User) -> Belief | None:
    """The same, before a day is planned: reckoned now where the night did not."""
    found = Belief.objects.filter(user=user).first()
    if found is None or found.made_at <= clock.now() - RENEWED:
        renew([user])
        return of(user)
    return found if found.n >= ENOUGH else None


def renew(users: Iterable[User] | None = None) -> int:
    """Reckon it anew for these people, or for everybody who follows up leads; how many."""
    chosen = _sellers() if users is None else list(users)
    in_hand = _in_hand(chosen)
    made = [_reckoned(user, in_hand.get(user.pk, 0)) for user in chosen]
    Belief.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=[field.name for field in Belief._meta.fields if not field.primary_key],
    )
    return len(made)


def renew_changed() -> int:
    """The same for those alone whose leads are a fifth more or fewer than then, or of whom nothing is known yet."""
    sellers = _sellers()
    in_hand, then = _in_hand(sellers), dict(Belief.objects.values_list("user_id", "open"))
    return renew([user for user in sellers if _has_changed(then.get(user.pk), in_hand.get(user.pk, 0))])


_IN_HAND = f"SELECT lead.owner_id, count(*) FROM lead WHERE {worth.OPEN} AND lead.owner_id = ANY(%s) GROUP BY 1"  # noqa: S608


def _in_hand(users: Collection[User]) -> dict[UUID, int]:
    """How many open leads each has; what was kept of it is held against the same count later."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_HAND, [[user.pk for user in users]])
        return dict(cursor.fetchall())


def _has_changed(then: int | None, now: int) -> bool:
    return then is None or abs(now - then) > MUCH * max(then, ENOUGH)


def _sellers() -> list[User]:
    return list(people.people().filter(is_active=True, role__in=people.SELLERS))


def _reckoned(user: User, in_hand: int) -> Belief:
    now, calendar = clock.now(), working_time.calendar_of(user)
    since = _since(calendar.day(now))
    begin = calendar.at(since, time(0))
    had = Lead.objects.filter(Q(owner=user), IS_OPEN | Q(closed_at__gte=begin), won_before_captured=False)
    found = ripeness.expected(had)
    so_far = had.filter(merged_into__isnull=True).aggregate(
        touches=Avg("touches"),
        won=Count("pk", filter=_won_since(begin)),
    )
    contacts, _ = yields.effort()
    return Belief(
        user=user,
        made_at=now,
        open=in_hand,
        since=since,
        n=found.n,
        buyers=round(found.buyers[-1]),
        buyers_low=int(found.buyers_low[-1]),
        buyers_high=int(found.buyers_high[-1]),
        ours=round(found.ours[-1]),
        ours_low=int(found.ours_low[-1]),
        ours_high=int(found.ours_high[-1]),
        won=so_far["won"],
        soon=round(found.buyers[0]),
        quarter=round(found.buyers[1]),
        contacts=round(contacts, 1),
        contacts_so_far=round(so_far["touches"] or 0.0, 2),
    )


def _won_since(begin: datetime) -> Q:
    """Won, also where the customer has come again since and the record is open once more."""
    deals = Opportunity.objects.filter(lead=OuterRef("pk"), state=OpportunityState.WON, closed_at__gte=begin)
    return Q(state=State.WON) | Q(Exists(deals))


def _since(today: date) -> date:
    """The beginning of the year, or of the half-year before where this one is young."""
    return date(today.year, 1, 1) if today.month > 3 else date(today.year - 1, 7, 1)
