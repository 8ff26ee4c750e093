"""What the open ones of a set of leads should yield, when, for what effort; and what all have yielded so far."""

from dataclasses import dataclass

from django.db.models import Avg, Count, Q, QuerySet

from ripeline.leads.models import IS_OPEN, Lead, State
from ripeline.ripeness import queries
from ripeline.science.recheck import next_contact
from ripeline.science.recheck_rules import DEFAULT_RULES

FEWEST_DECIDED = 20  # leads, from which on the contacts that a lead takes are measured, not planned
LATELY = 2_000  # … and of so many that ended last
_MONTH, _QUARTER, _YEAR = range(3)  # of the horizons of an expectation


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """Up to so many days from now: buyers from anyone, and those from us, with intervals (four times in five)."""

    days: int
    buyers: int
    buyers_low: int
    buyers_high: int
    ours: int
    ours_low: int
    ours_high: int


@dataclass(frozen=True, kw_only=True)
class Yield:
    """What the `n` open ones of `total` leads should yield by three horizons, and what all of them have.

    `buying`: have an opportunity open; `contacts`: that a lead takes, measured or as planned; `contacts_so_far`: that
    each of these has had.
    """

    n: int
    total: int
    soon: Horizon
    quarter: Horizon
    year: Horizon
    won: int
    elsewhere: int
    buying: int
    contacts: float
    is_measured: bool
    contacts_so_far: float

    @property
    def words(self) -> str:
        """What to expect, in a sentence."""
        ended = self.total - self.n
        are = "is" if ended == 1 else "are"
        whom = f"Of these {self.n:,} leads"
        if ended:
            still = "the one that is open" if self.n == 1 else f"the {self.n:,} open ones"
            whom = f"Of these {self.total:,} leads {ended:,} {are} decided already. Of {still}"
        return (
            f"{whom} {_about(self.year.buyers)} will buy from someone within a year (between"
            f" {self.year.buyers_low:,} and {self.year.buyers_high:,}), and {self.year.ours:,} should be yours (between"
            f" {self.year.ours_low:,} and {self.year.ours_high:,})."
        )

    @property
    def when(self) -> str:
        """By when."""
        return (
            f"{_about(self.soon.buyers).capitalize()} of the buyers within a month ({self.soon.buyers_low:,} to"
            f" {self.soon.buyers_high:,}) and {self.quarter.buyers:,} within three ({self.quarter.buyers_low:,} to"
            f" {self.quarter.buyers_high:,}); most are still green, and that is normal."
        )

    @property
    def effort(self) -> str:
        """For how much work."""
        how = "as your decided leads have taken" if self.is_measured else "as planned, until more of yours are decided"
        had = f"{self.contacts_so_far:.1f}"
        so_far = "so far none has had one" if had == "0.0" else f"so far each has had {had}"
        return f"It takes about {self.contacts:.0f} contacts a lead, {how}; {so_far}."

    @property
    def actual(self) -> str:
        """What has come of them."""
        return (
            f"So far {self.won:,} won, {self.elsewhere:,} bought elsewhere, {self.buying:,}"
            f" {'has' if self.buying == 1 else 'have'} an opportunity open."
        )


def _about(buyers: int) -> str:
    return f"about {buyers:,}" if buyers else "hardly one"


def of(leads: QuerySet[Lead]) -> Yield:
    """What these leads should yield and have yielded."""
    whole = leads.filter(merged_into__isnull=True).order_by()
    found = queries.expected(whole.filter(IS_OPEN))  # what is decided is no expectation
    counts = whole.aggregate(
        total=Count("pk"),
        won=Count("pk", filter=Q(state=State.WON)),
        elsewhere=Count("pk", filter=Q(state=State.LOST, close_reason__code="bought_elsewhere")),
        buying=Count("pk", filter=Q(state=State.OPPORTUNITY)),
        touched=Avg("touches"),
    )
    contacts, is_measured = effort()
    soon, quarter, year = (
        Horizon(
            days=int(found.days[at]),
            buyers=round(found.buyers[at]),
            buyers_low=int(found.buyers_low[at]), buyers_high=int(found.buyers_high[at]),
            ours=round(found.ours[at]), ours_low=int(found.ours_low[at]), ours_high=int(found.ours_high[at]),
        )
        for at in (_MONTH, _QUARTER, _YEAR)
    )  # fmt: skip
    return Yield(
        n=found.n, total=counts["total"], soon=soon, quarter=quarter, year=year,
        won=counts["won"], elsewhere=counts["elsewhere"], buying=counts["buying"],
        contacts=contacts, is_measured=is_measured, contacts_so_far=counts["touched"] or 0.0,
    )  # fmt: skip


def effort() -> tuple[float, bool]:
    """(contacts that a lead takes, whether that is measured): of those that were worked to an end, else as planned."""
    ended = Lead.objects.filter(merged_into__isnull=True, touches__gt=0, state__in=(State.WON, State.LOST))
    found = ended.order_by("-closed_at")[:LATELY].aggregate(n=Count("pk"), mean=Avg("touches"))
    if found["n"] >= FEWEST_DECIDED:
        return float(found["mean"]), True
    return planned(), False


def planned() -> float:
    """How often the average lead is looked at in its year, as the planner has it."""
    between = next_contact([0.04], disposition="reached", kind="even", rules=DEFAULT_RULES).days[0]
    return 365.0 / float(between)
