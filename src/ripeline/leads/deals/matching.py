"""A deal of a file, and whether it is here already: entered by hand, or brought by another file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from ripeline.base import clock
from ripeline.catalog.models import CloseReason, CloseState
from ripeline.leads.models import Lead, Opportunity, OpportunityState, State
from ripeline.timeline.models import Activity

_STATED = "*"  # instead of a product, in the key of a deal
_ABOUT = timedelta(days=31)  # between a deal and the day from which somebody counts as a customer by their stage
_DAY = timedelta(days=1) - timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Deal:
    """How it ended with a lead, and when: at a moment, or on a whole day, whose first instant `at` is then."""

    lead_id: UUID
    at: datetime
    is_day: bool
    day: date  # the same, by the calendar of whoever wrote it down: names the deal
    reason: CloseReason  # its state is the outcome
    said: str = ""  # the reason in the words of the file, where it is none of ours
    amount: Decimal | None = None
    currency: str = ""
    product: str = ""
    opened_at: datetime | None = None
    undated: bool = False  # nobody said when: `at` is the day they came, or today
    is_dated: bool = True  # False: `at` is the best day there is, nobody said since when
    is_stated: bool = False  # only that they bought is said, not by which deal: any deal won may be this one
    reference: str = ""  # the id that its system gave it, with the system (`leads.deals.ids`)
    named: tuple[UUID, ...] = ()  # whom the file names, of those here; none: it is placed by its company, or by its id
    is_first: bool = True  # row of the file with this id

    @property
    def outcome(self) -> str:
        return self.reason.state

    @property
    def end(self) -> datetime:
        """The last moment it may have happened: nothing that came earlier can have come after it."""
        return min(self.at + _DAY, max(clock.now(), self.at)) if self.is_day else self.at

    @property
    def key(self) -> str:
        product = _STATED if self.is_stated and self.outcome == CloseState.WON else key_of(self.product)
        return f"{self.outcome}:{self.day}:{product}"[:100]


def is_called_so(deal: Deal, found: Opportunity) -> bool:
    """Whether a deal here may be this one by its name; one without a name may be any."""
    names = {key_of(found.name), key_of(found.product)} - {""}
    return not deal.product or not names or key_of(deal.product) in names


def may_be(deal: Deal, found: Opportunity) -> bool:
    """Whether an open deal here may be this one that ended: called so, and not opened after it had ended, where the row
    says that it was opened itself before.
    """
    is_later = deal.opened_at is not None and found.opened_at > deal.end
    return is_called_so(deal, found) and not is_later


def key_of(product: str) -> str:
    """A product as the key of its deal has it."""
    return " ".join(product.casefold().split())


def is_stated(found: Opportunity) -> bool:
    """Whether only that they bought is said of a deal here."""
    return found.key.endswith(f":{_STATED}")


def undated(here: Iterable[Opportunity], family: Mapping[UUID, UUID], origin: str) -> dict[UUID, datetime]:
    """Of deals here of which only is said that they bought, those of which not even the day is; and when that was said.

    `family`: the leads, and what was merged into them, with the lead that each is now.
    """
    keys = {found.key for found in here if is_stated(found)}
    if not keys:
        return {}
    said = Activity.objects.filter(lead_id__in=list(family), origin=origin, event_key__in=keys, data__has_key="undated")
    return {UUID(data["opportunity"]["id"]): at for at, data in said.values_list("recorded_at", "data")}


def stated(
    deal: Deal, lead: Lead, here: Sequence[Opportunity], undated: Mapping[UUID, datetime]
) -> Opportunity | None:  # fmt: skip
    """The deal here of which only is said that they bought, if it may be this one: won before that was said, or about
    the day that was said, and not after somebody took them up again.
    """
    is_earlier = deal.end < lead.episode_at
    if deal.outcome != CloseState.WON or not (is_earlier or lead.state == State.WON):
        return None
    for found in here:
        if not is_stated(found) or found.closed_at is None:
            continue
        is_later_episode = found.closed_at < lead.episode_at and not is_earlier
        said_at = undated.get(found.pk) or (lead.created_at if found.closed_at == lead.captured_at else None)
        fits = deal.at <= said_at if said_at else abs(deal.at - found.closed_at) <= _ABOUT
        if fits and not is_later_episode:
            return found
    return None


def is_here(deal: Deal, lead: Lead, here: Sequence[Opportunity], *, by_lead: bool = True) -> bool:
    """Whether somebody has entered this very deal by hand, or another file has brought it. Not `by_lead`: another deal
    is known to have ended the lead.
    """
    if by_lead and deal.outcome != CloseState.WON and lead.state == deal.outcome and _is_near(deal, lead.closed_at):
        return True
    if deal.is_stated and deal.outcome == CloseState.WON:
        return any(_may_be_what_is_stated(deal, lead, found) for found in here)
    return same(deal, here) is not None


def _may_be_what_is_stated(deal: Deal, lead: Lead, found: Opportunity) -> bool:
    """Whether a deal here may be what made somebody the customer that another system calls them: any that was won since
    they were last taken up, or was won by then.
    """
    if found.state != OpportunityState.WON or found.closed_at is None:
        return False
    return found.closed_at >= lead.episode_at or deal.at <= found.closed_at + _DAY


def same(deal: Deal, here: Sequence[Opportunity]) -> Opportunity | None:
    """The opportunity that is this deal: of that day, and of no other product."""
    for found in here:
        alike = not deal.product or not found.product or deal.product.casefold() == found.product.casefold()
        from_file = found.key.startswith(f"{deal.outcome}:")
        when = found.key.startswith(f"{deal.outcome}:{deal.day}:") if from_file else _is_near(deal, found.closed_at)
        if found.state == as_opportunity(deal) and when and alike:
            return found
    return None


def _is_near(deal: Deal, at: datetime | None) -> bool:
    """By hand a deal is entered when somebody gets round to it."""
    return at is not None and abs((at.date() - deal.day).days) <= 1


def as_opportunity(deal: Deal) -> str:
    """The state of the opportunity that this deal is."""
    return OpportunityState.WON if deal.outcome == CloseState.WON else OpportunityState.LOST
