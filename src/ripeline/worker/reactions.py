"""What happens because something happened: one table to read, and the claim of what waits.

A reaction is a function of the leads it concerns and is idempotent: run twice it changes nothing more. A row is deleted
in the transaction that did its work, so the effect and its record cannot part. A row that fails is set aside with its
error and tried again later and later; it stalls nobody.

Rows are claimed in lanes, each by a thread of its own: what people do on our pages is in their scores within a second,
whatever an import, a merge or the search for a place on somebody's day takes.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Q

from ripeline.base import clock
from ripeline.leads import queries as leads
from ripeline.leads.doubles import duplicates, same_company
from ripeline.ripeness import actions as ripeness
from ripeline.timeline import visits
from ripeline.timeline.actions import NEWS, wake_worker
from ripeline.timeline.kinds import SEEN
from ripeline.timeline.models import RIPE, Reaction
from ripeline.worklist import actions as worklist

log = logging.getLogger(__name__)

React = Callable[[Collection[UUID]], object]

# kind of activity → what is done about it. Every kind of `timeline.kinds.REACTING` is here (a test), and
# `RIPE`: a place is looked for on their owner's day.
REACTIONS: dict[str, Sequence[React]] = {
    "captured": (duplicates.find, same_company.of_leads, ripeness.rescore),
    "enquired": (duplicates.find, same_company.of_leads, ripeness.rescore),
    "opportunity": (ripeness.rescore,),
    "won": (ripeness.rescore,),
    "lost": (ripeness.rescore,),
    "disqualified": (ripeness.rescore,),
    "reopened": (ripeness.rescore,),
    "edited": (duplicates.find, same_company.of_leads, ripeness.rescore),
    "answered": (ripeness.rescore,),
    "imported": (duplicates.find, same_company.of_leads, ripeness.rescore),
    "import_undone": (duplicates.find, same_company.of_leads, ripeness.rescore),
    "merged": (duplicates.find, ripeness.rescore),
    "unmerged": (duplicates.find, ripeness.rescore),
    "company_merged": (duplicates.find, same_company.of_leads),
    "company_unmerged": (duplicates.find, same_company.of_leads),
    "undone": (duplicates.find, same_company.of_leads, ripeness.rescore),
    "visited": (ripeness.hear,),
    "downloaded": (ripeness.hear,),
    "used": (ripeness.hear,),
    "clicked": (ripeness.hear,),
    RIPE: (worklist.bring_forward,),
    "recognised": (visits.settle_leads,),  # what that visitor did before is on the lead's timeline
}
# After these a place is looked for as well, whoever is concerned: what is known of them has changed.
CHANGED = frozenset({"enquired", "edited", "imported", "merged"})

BATCH = 1000
GIVE_UP = 12  # attempts; the last of them comes about a week after the first


@dataclass(frozen=True)
class Lane:
    """Rows that are claimed together, so many at a time in one transaction."""

    which: Q
    at_most: int = BATCH


VISITS = Lane(Q(kind__in=SEEN))
# For whoever is likely ready by now a place on their owner's day: their turns are locked meanwhile.
PLACES = Lane(Q(kind=RIPE))
# "recognised" holds rows that the intake waits for: few at a time, in a transaction that does nothing else.
OTHERS = (Lane(Q(kind="recognised"), 100), Lane(~Q(kind__in=(*SEEN, RIPE, "recognised"))))


def work(
    reactions: Mapping[str, Sequence[React]] = REACTIONS, lanes: Sequence[Lane] = (VISITS, *OTHERS, PLACES)
) -> int:
    """Claim what is due and do it, a batch of each lane in one transaction; how many rows were claimed."""
    return sum(_batch(reactions, lane) for lane in lanes)


def _batch(reactions: Mapping[str, Sequence[React]], lane: Lane) -> int:
    with transaction.atomic():
        rows = list(
            Reaction.objects.filter(lane.which, due_at__lte=clock.now(), attempts__lt=GIVE_UP)
            .order_by("due_at", "id")
            .select_for_update(skip_locked=True)[: lane.at_most]
        )
        waiting: dict[React, list[Reaction]] = defaultdict(list)
        for row in rows:
            for react in reactions.get(row.kind, ()):
                waiting[react].append(row)
        failed: dict[int, Exception] = {}
        for react in sorted(waiting, key=_SCORES.__contains__):
            failed |= _run(react, waiting[react])
        done = [row for row in rows if row.pk not in failed]
        ripe = _hand_on(done)
        Reaction.objects.filter(pk__in=[row.pk for row in done if row.pk not in ripe]).delete()
        for row in rows:
            if row.pk in failed:
                _set_aside(row, failed[row.pk])
    return len(rows)


# Last: whose score was written is held from the visits until the batch ends.
_SCORES: frozenset[React] = frozenset({ripeness.rescore, ripeness.hear})


def _hand_on(done: Sequence[Reaction]) -> set[int]:
    """Let a place be found for whom more is known of, and who was seen and is likely ready by now: rows that stay."""
    seen = {row.lead_id: row.pk for row in done if row.kind in SEEN}
    ripe = {seen[lead_id] for lead_id in worklist.likely_ready(seen)} if seen else set()
    ripe |= set({row.lead_id: row.pk for row in done if row.kind in CHANGED}.values())
    if ripe:
        Reaction.objects.filter(pk__in=ripe).update(kind=RIPE, attempts=0, error="")
        wake_worker(NEWS)
    return ripe


def _run(react: React, rows: Sequence[Reaction]) -> dict[int, Exception]:
    """React for all rows at once, or where that fails one by one, so that one poisoned row fails alone."""
    try:
        with transaction.atomic():
            react(leads.with_survivors({row.lead_id for row in rows}))
    except OperationalError:
        raise  # the database is gone or busy: the batch is claimed again later
    except Exception as problem:
        if len(rows) == 1:
            return {rows[0].pk: problem}
        failed: dict[int, Exception] = {}
        for row in rows:
            failed |= _run(react, [row])
        return failed
    return {}


def _set_aside(row: Reaction, problem: Exception) -> None:
    wait = timedelta(seconds=min(30 * 4**row.attempts, 86_400))
    log.warning("Reaction to %s of lead %s failed (%s); again in %s.", row.kind, row.lead_id, problem, wait)
    Reaction.objects.filter(pk=row.pk).update(
        attempts=row.attempts + 1, due_at=clock.now() + wait, error=f"{type(problem).__name__}: {problem}"[:2000]
    )
