"""What is sent to us, kept as it was sent and admitted: all of it in one transaction, with all else that comes at the
same moment by the same process.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from ripeline.base import clock
from ripeline.base.copying import insert_new
from ripeline.base.settled import look
from ripeline.base.statements import prepared_rows
from ripeline.base.together import Together
from ripeline.capture.arriving.admission import PATIENT, TRIES, BusyError, CrossedError, Manner, Result, admit
from ripeline.capture.arriving.submitted import Brought, arrival_of, settle
from ripeline.capture.models import Submission, SubmissionState
from ripeline.leads.decisions.deciding import CROSSED, LeadError, once_more
from ripeline.people import queries as people
from ripeline.routing import actions as routing

WINDOW = timedelta(minutes=10)
FROM_ONE_PROGRAM = 6_000  # in the window, ten a second: more than that is an import
TOGETHER, APART = 0.8, 3.0  # seconds that several wait for what somebody else holds, and that one does by itself


class RefusedError(ValueError):
    """What was sent is not complete, or not right; `errors` by field, for whoever sent it."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


class TooOftenError(ValueError):
    """So much has come from there lately that it must wait."""


class ConflictError(ValueError):
    """The same idempotency key, with something else in it."""


class HeldError(LeadError):
    """Somebody else holds this very lead, or its company, for so long that it must be sent again."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody else is at work on what this needs just now. Nothing was kept; please send it again."
        )


def limit(address: str, most: int) -> None:
    """Raise TooOftenError where so much has come from there within the window."""
    lately, _ = _look_back([address], [])
    if lately[address] >= most:
        raise TooOftenError


_LOOK_BACK = """
SELECT address, count(*), NULL::uuid FROM submission
WHERE address = ANY(%s::text[]) AND received_at >= %s::timestamptz GROUP BY 1
UNION ALL
SELECT NULL, NULL, id FROM submission WHERE id = ANY(%s::uuid[])
"""


def _look_back(addresses: Collection[str], numbers: Collection[UUID]) -> tuple[Counter[str], set[UUID]]:
    """How much has come from these addresses within the window, and which of these numbers are here already."""
    lately, here = Counter[str](), set[UUID]()
    for address, count, number in prepared_rows(_LOOK_BACK, [list(addresses), clock.now() - WINDOW, list(numbers)]):
        if number:
            here.add(number)
        else:
            lately[address] = count
    return lately, here


def keep(submission: Submission, *, most: int) -> tuple[Submission, bool]:
    """Keep what was sent, and admit it if it is taken: durable, resolved, routed and scored when this returns; and
    whether it is new: the same again is the same.

    Raises RefusedError, TooOftenError (`most` from one address within the window) and HeldError, of which nothing is
    kept, and ConflictError where its number bears something else (by the `digest` in its content).
    """
    try:
        return _keep((submission, most))
    except HeldError:  # apart from the others, who need not wait for it
        (kept,) = _look_and_keep([(submission, most)], alone=True)
    if isinstance(kept, Exception):
        raise kept
    return kept


@once_more
def keep_all(
    wanted: Sequence[tuple[Submission, int]], *, alone: bool = False
) -> Sequence[tuple[Submission, bool] | Exception]:
    """`keep` for submissions, each with its `most`, in one transaction: a result or what it would raise, for each.

    Where somebody else is at work on a lead, the others do not wait: what is about it is left out, with a HeldError.
    One that comes `alone` waits a while. Where leads are handed out for long, new ones go past those who get them.
    Raises what fails as a whole; then nothing has changed.
    """
    within = connection.in_atomic_block  # of somebody who may wait as long as they like
    manner = Manner(waits=within or alone, begins_anew=False)
    held: set[UUID] = set()
    crossed = 0
    while crossed < TRIES:
        free = [each for each in wanted if each[0].pk not in held]
        try:
            with transaction.atomic():
                if not within:
                    prepared_rows(_BEGUN, [f"{APART if alone else TOGETHER}s"])
                told = iter(_kept(free, manner))
        except CrossedError:
            crossed += 1
        except routing.BusyError:  # such as while somebody leaves, and thousands of leads are handed on
            if manner.passes_busy:
                raise
            manner = replace(manner, passes_busy=True)
        except _BusyError as busy:
            held |= busy.numbers
        except OperationalError as problem:
            if within or len(free) > 1 or not isinstance(problem.__cause__, LockNotAvailable):
                raise
            held.add(free[0][0].pk)
        else:
            return [HeldError() if submission.pk in held else next(told) for submission, _ in wanted]
    raise LeadError(CROSSED)


# Until the transaction ends: how long it waits; and that no statement of it, each about a few rows that an index finds,
# is planned anew every time, which took PostgreSQL longer than to carry them out.
_BEGUN = """
SELECT set_config('lock_timeout', %s::text, true), set_config('plan_cache_mode', 'force_generic_plan', true)
"""


class _BusyError(Exception):
    """Somebody else is at work on the leads of the submissions with these numbers."""

    def __init__(self, numbers: Collection[UUID]) -> None:
        super().__init__(numbers)
        self.numbers = set(numbers)


def _kept(wanted: Sequence[tuple[Submission, int]], manner: Manner) -> Sequence[tuple[Submission, bool] | Exception]:
    """Within a transaction, which is to be undone where it raises."""
    numbers = {number for submission, _ in wanted for number in (submission.pk, submission.before) if number}
    lately, here = _look_back({submission.address for submission, _ in wanted}, numbers)
    ours: dict[UUID, Submission] = {}
    for submission, most in wanted:
        if submission.before in here:
            submission.pk = submission.before
        if lately[submission.address] < most and submission.pk not in ours and submission.pk not in here:
            ours[submission.pk] = submission
            lately[submission.address] += 1
    taken = [Brought(submission) for submission in ours.values() if submission.state == SubmissionState.TAKEN]
    problems, came = _admitted(taken, manner)
    new = [_row(ours[number]) for number in sorted(ours) if number not in problems]
    if len(insert_new(Submission, new)) < len(new):
        raise CrossedError  # somebody has just sent the same
    settle(came)
    kept = (Submission.objects.in_bulk(here) if here else {}) | ours
    return [problems.get(each.pk) or _told(each, kept.get(each.pk)) for each, _ in wanted]


def _look_and_keep(
    wanted: Sequence[tuple[Submission, int]], *, alone: bool = False
) -> Sequence[tuple[Submission, bool] | Exception]:
    with look():
        return keep_all(wanted, alone=alone)


# In one transaction only what is admitted at once: leads are held before the rotation, everywhere.
_keep = Together(_look_and_keep, kind=lambda wanted: (wanted[0].captured_by_id, wanted[0].door.kind))


def _row(submission: Submission) -> dict[str, Any]:
    return {field.attname: getattr(submission, field.attname) for field in Submission._meta.concrete_fields}


def _told(submission: Submission, kept: Submission | None) -> tuple[Submission, bool] | Exception:
    """What whoever sent this is told; `kept` is what is here under its number."""
    if kept is None:
        return TooOftenError()
    digest = submission.content.get("digest")
    if digest and kept.content.get("digest") != digest:
        return ConflictError()
    return kept, kept is submission


def admit_one(brought: Brought) -> None:
    """Make a lead of what is kept already, or bring one up to date; within a transaction. Raises RefusedError."""
    submission = brought.submission
    with look():
        problems, came = _admitted([brought])
        if problems:
            raise problems[submission.pk]
        Submission.objects.filter(pk=submission.pk).update(lead_id=submission.lead_id)
        settle(came)


def _admitted(
    brought: Sequence[Brought], manner: Manner = PATIENT
) -> tuple[dict[UUID, RefusedError], list[tuple[Brought, Result]]]:
    """What was submitted made leads of, set by set: what is refused, by its number, and what came in, and how."""
    doors: dict[tuple[UUID | None, str], list[Brought]] = defaultdict(list)
    for each in brought:
        doors[each.submission.captured_by_id, each.submission.door.kind].append(each)
    problems: dict[UUID, RefusedError] = {}
    came: list[tuple[Brought, Result]] = []
    for (_, kind), some in doors.items():
        actor = some[0].submission.captured_by or people.system()
        arrivals = [arrival_of(b) for b in some]
        try:
            admitted = admit(arrivals, actor=actor, origin=kind, manner=manner)
        except BusyError as busy:
            raise _BusyError([some[place].submission.pk for place in busy.places]) from busy
        for each, found in zip(some, admitted, strict=True):
            each.submission.lead_id = found.lead_id
            if found.lead_id is None:
                problems[each.submission.pk] = RefusedError({"external_id": found.reason})
            else:
                came.append((each, found.result))
    return problems, came
