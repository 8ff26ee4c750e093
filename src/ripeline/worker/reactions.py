"""What happens because something happened: one table to read, and the claim of what waits.

A reaction is a function of the leads it concerns and is idempotent: run twice it changes nothing more. A row is deleted
in the transaction that did its work, so the effect and its record cannot part. A row that fails is set aside with its
error and tried again later and later; it stalls nobody.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import Q

from ripeline.base import clock
from ripeline.leads import duplicates
from ripeline.leads import queries as leads
from ripeline.ripeness import actions as ripeness
from ripeline.timeline import visits
from ripeline.timeline.models import Reaction
from ripeline.worklist import actions as worklist

log = logging.getLogger(__name__)

React = Callable[[Collection[UUID]], object]

# kind of activity → what is done about it, in this order. Every kind of `timeline.kinds.REACTING` is here (a test).
REACTIONS: dict[str, Sequence[React]] = {
    "captured": (ripeness.rescore, duplicates.find),
    "enquired": (ripeness.rescore, worklist.bring_forward, duplicates.find),
    "opportunity": (ripeness.rescore,),
    "won": (ripeness.rescore,),
    "lost": (ripeness.rescore,),
    "disqualified": (ripeness.rescore,),
    "reopened": (ripeness.rescore,),
    "edited": (ripeness.rescore, worklist.bring_forward, duplicates.find),
    "answered": (ripeness.rescore,),
    "imported": (ripeness.rescore, worklist.bring_forward, duplicates.find),
    "import_undone": (ripeness.rescore, duplicates.find),
    "merged": (ripeness.rescore, worklist.bring_forward, duplicates.find),
    "unmerged": (ripeness.rescore, duplicates.find),
    "undone": (ripeness.rescore, duplicates.find),
    "visited": (ripeness.hear, worklist.bring_forward_ripe),
    "downloaded": (ripeness.hear, worklist.bring_forward_ripe),
    "used": (ripeness.hear, worklist.bring_forward_ripe),
    "clicked": (ripeness.hear, worklist.bring_forward_ripe),
    "recognised": (visits.settle_leads,),  # what that visitor did before is on the lead's timeline
}

BATCH = 1000
# What holds rows that the intake waits for: few at a time, in a transaction that does nothing else.
APART, FEW = ("recognised",), 100
GIVE_UP = 12  # attempts; the last of them comes about a week after the first


def work(reactions: dict[str, Sequence[React]] = REACTIONS) -> int:
    """Claim what is due and do it, a batch of each sort in one transaction; how many rows were claimed."""
    apart = Q(kind__in=APART)
    return _batch(reactions, apart, FEW) + _batch(reactions, ~apart, BATCH)


def _batch(reactions: dict[str, Sequence[React]], which: Q, at_most: int) -> int:
    with transaction.atomic():
        rows = list(
            Reaction.objects.filter(which, due_at__lte=clock.now(), attempts__lt=GIVE_UP)
            .order_by("due_at", "id")
            .select_for_update(skip_locked=True)[:at_most]
        )
        waiting: dict[React, list[Reaction]] = defaultdict(list)
        for row in rows:
            for react in reactions.get(row.kind, ()):
                waiting[react].append(row)
        failed: dict[int, Exception] = {}
        for react, concerned in waiting.items():
            failed |= _run(react, concerned)
        Reaction.objects.filter(pk__in=[row.pk for row in rows if row.pk not in failed]).delete()
        for row in rows:
            if row.pk in failed:
                _set_aside(row, failed[row.pk])
    return len(rows)


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
