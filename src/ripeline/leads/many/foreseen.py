"""What a verb for many will make of leads, before it is done: whom it can change at all, and why not the rest."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from ripeline.leads import rules
from ripeline.leads.finding.filters import Filters, View, is_of_closed, is_of_open
from ripeline.leads.finding.rows import Row
from ripeline.leads.finding.sight import visible
from ripeline.leads.many import batches, verdicts
from ripeline.leads.models import CLOSED_STATES, IS_OPEN, BatchVerb, Lead, Opportunity, OpportunityState
from ripeline.leads.rules import Verb
from ripeline.people.models import User


def needs(verb: BatchVerb) -> Verb:
    """What one must be allowed to do with a lead so that `verb` changes it."""
    return Verb.REASSIGN if verb == BatchVerb.GIVE else Verb.WORK


def offered(actor: User, filters: Filters, rows: Sequence[Row], *, is_whole: bool) -> frozenset[BatchVerb]:
    """The verbs that can change something on a list for `actor`. `is_whole`: these rows are all that it finds.

    Of a list that goes on nobody knows what comes; there the page that asks how says of how many it is true.
    """
    doable = batches.verbs_of(actor)
    if is_of_closed(filters.state):
        doable &= {BatchVerb.REOPEN}
    elif _is_of_open(filters):
        doable -= {BatchVerb.REOPEN}
    if not is_whole:
        return doable
    return frozenset(verb for verb in doable if any(_changes(verb, row) for row in rows))


def _is_of_open(filters: Filters) -> bool:
    return is_of_open(filters.state) or bool(filters.due or filters.ripe) or filters.view == View.QUEUE


def _changes(verb: BatchVerb, row: Row) -> bool:
    return needs(verb) in row.verbs and row.is_open != (verb == BatchVerb.REOPEN)


def of_ticked(
    actor: User, verb: BatchVerb, lead_ids: Collection[UUID], *, to: UUID | None = None
) -> Counter[str]:  # fmt: skip
    """How many of these leads have which fate (`verdicts.WORDS`; DONE: it is changed). `to`: who is to be given them,
    where that is known.
    """
    ids = set(lead_ids)
    fates = of_found(actor, verb, Lead.objects.filter(pk__in=ids, merged_into__isnull=True), most=len(ids), to=to)
    gone = len(ids) - fates.total()
    return fates + Counter({verdicts.GONE: gone})


def of_found(
    actor: User, verb: BatchVerb, found: QuerySet[Lead], *, most: int, to: UUID | None = None
) -> Counter[str]:  # fmt: skip
    """The same of what a list finds, of which no more than `most` are looked at."""
    may = rules.findable(actor) & visible(actor, needs(verb))
    deals = Opportunity.objects.filter(lead=OuterRef("pk"), state=OpportunityState.OPEN)
    whens: list[tuple[Any, str]]
    if verb == BatchVerb.REOPEN:
        whens = [(may & Q(state__in=CLOSED_STATES), verdicts.DONE), (may, verdicts.OPEN)]
    else:
        why = {BatchVerb.CLOSE: verdicts.DEAL, BatchVerb.NURTURE: verdicts.IN_DEAL}.get(verb)
        whens = [(may & IS_OPEN & Exists(deals), why)] if why else []
        whens += [(may & IS_OPEN & Q(responsible=to), verdicts.THERE)] if to else []
        whens += [(may & IS_OPEN, verdicts.DONE), (may, verdicts.CLOSED)]
    default = verdicts.NOT_YOURS
    if not may:  # everybody's are theirs to change: a condition that asks nothing is none
        default = whens.pop()[1]
    fate = Case(*(When(when, then=Value(fate)) for when, fate in whens), default=Value(default))
    return Counter(found.order_by().annotate(fate=fate).values_list("fate", flat=True)[:most])
