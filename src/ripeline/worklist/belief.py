"""What one's leads will become: a quiet line over Today, so that green leads are not taken for bad ones."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Avg, Count, Exists, OuterRef, Q

from ripeline.leads.models import IS_OPEN, Lead, Opportunity, OpportunityState, State
from ripeline.people.models import User
from ripeline.people.working_time import Calendar
from ripeline.ripeness import queries as ripeness
from ripeline.ripeness import yields

ENOUGH = 10  # of fewer leads an expectation says nothing


@dataclass(frozen=True)
class Belief:
    """Of `n` leads had since a day: how many buy from someone within a year, how many from us, how many have."""

    n: int
    since: str
    buyers: int
    buyers_low: int
    buyers_high: int
    ours: int
    ours_low: int
    ours_high: int
    won: int
    soon: int = 0  # buyers within a month, and within three
    quarter: int = 0
    contacts: float = 0.0  # that a lead takes; measured, or as planned
    contacts_so_far: float = 0.0

    @property
    def words(self) -> str:
        """The line itself."""
        return (
            f"Of the {self.n} leads you have had since {self.since}, about {self.buyers} will buy from someone"
            f" and {self.ours} should be yours{self.already}. Most are still green, and that is normal."
        )

    @property
    def already(self) -> str:
        """The end of "19 should be yours": ", of which you have won 5 already"; "" before the first."""
        return f", of which you have won {self.won} already" if self.won else ""

    @property
    def uncertainty(self) -> str:
        """How sure that is, for who wants to know."""
        return (
            f"Within a year: between {self.buyers_low} and {self.buyers_high} buyers,"
            f" {self.ours_low} to {self.ours_high} of them yours (four times in five).{self.effort}"
        )

    @property
    def effort(self) -> str:
        """When, and for how much work; "" in plans made before that was known."""
        if not self.contacts:
            return ""
        return (
            f" About {self.soon} within a month and {self.quarter} within three. It takes about {self.contacts:.0f}"
            f" contacts a lead; so far each has had {self.contacts_so_far:.1f}."
        )


def of(user: User, now: datetime, calendar: Calendar) -> dict[str, Any]:
    """The figures for somebody's leads as a plan keeps them; {} where there are too few to speak of."""
    since = _since(calendar.day(now))
    had = Lead.objects.filter(Q(owner=user), IS_OPEN | Q(closed_at__gte=calendar.at(since, time(0))))
    had = had.filter(won_before_captured=False)
    found = ripeness.expected(had)
    if found.n < ENOUGH:
        return {}
    contacts, _ = yields.effort()
    so_far = had.filter(merged_into__isnull=True).aggregate(
        touches=Avg("touches"), won=Count("pk", filter=_won_since(calendar.at(since, time(0))))
    )
    believed = Belief(
        n=found.n,
        since=f"{since:%B}",
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
    return asdict(believed)


def _won_since(begin: datetime) -> Q:
    """Won, also where the customer has come again since and the record is open once more."""
    deals = Opportunity.objects.filter(lead=OuterRef("pk"), state=OpportunityState.WON, closed_at__gte=begin)
    return Q(state=State.WON) | Q(Exists(deals))


def _since(today: date) -> date:
    """The beginning of the year, or of the half-year before where this one is young."""
    return date(today.year, 1, 1) if today.month > 3 else date(today.year - 1, 7, 1)
