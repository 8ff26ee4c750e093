"""What is sent to us, kept as it was sent and admitted: all of it in one transaction, with all else that comes at the
same moment by the same process.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from ripeline.base import clock
from ripeline.base.copying import insert_new
from ripeline.base.settled import look
from ripeline.base.statements import prepared_rows
from ripeline.base.together import Together
from ripeline.capture.arriving import first_visit, giving, languages, places, saying
from ripeline.capture.arriving.admission import PATIENT, TRIES, Arrival, BusyError, CrossedError, Manner, Result, admit
from ripeline.capture.arriving.typed_phones import BESIDE, OTHERS
from ripeline.capture.models import DoorKind, Submission, SubmissionState
from ripeline.catalog import queries as catalog
from ripeline.leads import identity
from ripeline.leads.birth import Context, Person
from ripeline.leads.deciding import CROSSED, By, LeadError, once_more
from ripeline.leads.identity import Key
from ripeline.leads.models import IdentityKind
from ripeline.leads.recognising import identify
from ripeline.outbox import actions as outbox_actions
from ripeline.outbox import consent
from ripeline.outbox import queries as outbox
from ripeline.people import queries as people
from ripeline.people.models import Role
from ripeline.ripeness import actions as ripeness
from ripeline.routing import actions as routing

_NAMED = frozenset({DoorKind.FORM, DoorKind.BOOTH, DoorKind.HOOK, DoorKind.API})  # of which there are several
OWN = frozenset({Role.REP})  # whom they meet is theirs
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


@dataclass(frozen=True)
class Brought:
    """A submission on its way in.

    `due`, `note`, `agreed`: when to be in touch, where whoever met them said so; `known`: the lead it is, likewise.
    `amends`: who they were by an earlier version of it: only an address that is new is added then, since what changed
    is corrected by itself (`amending`), and the rest may have been changed on the record since.
    """

    submission: Submission
    base_url: str = ""  # where we are reached, for links in mail
    due: datetime | None = None
    note: str = ""
    agreed: bool = False
    known: UUID | None = None
    amends: Mapping[str, str] | None = None


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
    _settle(came)
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
        _settle(came)


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
        arrivals = [_arrival(b) for b in some]
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


def _settle(came: Sequence[tuple[Brought, Result]]) -> None:
    """What follows from having come in: whose browser it was, a score, and what the form promised."""
    recognised = {each.submission.lead_id for each, _ in came if _recognise(each.submission)}
    leads = Counter(each.submission.lead_id for each, _ in came if each.submission.lead_id)
    made = {each.submission.lead_id for each, result in came if result is Result.CREATED}
    born = {lead_id for lead_id, times in leads.items() if times == 1 and lead_id in made - recognised}
    ripeness.rescore(leads, born=born)
    for each, _ in came:
        base_url = each.base_url or each.submission.content.get("base_url", "")
        _ask_to_confirm(each.submission, base_url)
        saying.note(each.submission, captured_at=_captured_at(each.submission), base_url=base_url)
        _give(each.submission, base_url)


def _captured_at(submission: Submission) -> datetime:
    said = submission.content.get("captured_at")
    return datetime.fromisoformat(said) if said else submission.received_at


def _arrival(brought: Brought) -> Arrival:
    submission = brought.submission
    door, content, capturer = submission.door, submission.content, submission.captured_by
    person = dict(content["person"])
    reference, others = person.pop("external_id", ""), person.pop(OTHERS, "").split()
    was = brought.amends if submission.lead_id else None
    keys = [identity.email(person.get("email", "")), identity.external(reference)]
    if capturer or not any(keys):  # what one of us has noted can be amended, an address added too
        keys.append(Key(IdentityKind.NATURAL, f"submission:{submission.pk}"))
    if known := brought.known:  # by whichever key says most
        keys += sorted(key for key in identity.keys_of({known}).get(known, ()) if not key.is_hint)[:1]
    trail = {name: said for name, said in submission.trail.items() if name not in ("visitor", "place")}
    if beside := "; ".join(filter(None, [str(trail.get(BESIDE, "")), content.get(BESIDE, "")])):
        trail[BESIDE] = beside
    if first := first_visit.of(str(submission.trail.get("visitor", "")), [key for key in keys if key]):
        trail["first"] = first
    named = content.get("campaign") or str(submission.trail.get("utm_campaign", ""))[:160]
    return Arrival(
        keys=tuple(key for key in keys if key),
        person=Person(reference=reference, other_phones=others, **person) if was is None
        else Person(
            email=person.get("email", "") if person.get("email") != was.get("email") else "",
        ),
        source=content.get("source") or door.source.name,
        campaign=door.campaign.name if door.campaign else named,
        context=Context(
            door=door.kind,
            door_name=door.name if door.kind in _NAMED else "",
            captured_at=_captured_at(submission),
            message=content["message"], answers=content["answers"], landing_page=content.get("page", ""),
            trail=trail, place=places.of(submission),
            captured_by_id=capturer.pk if capturer else None, event_key=f"submission:{submission.pk}",
        ),
        owner_id=capturer.pk if capturer and capturer.role in OWN else None,
        due=brought.due, note=brought.note, agreed=brought.agreed, corrects=False,
    )  # fmt: skip


def _give(submission: Submission, base_url: str) -> None:
    """What the form promised, by a link of their own in a mail."""
    asset, to = submission.door.gives, submission.content["person"].get("email", "")
    if not (asset and submission.lead_id and outbox_actions.is_address(to)):
        return
    outbox_actions.send(
        kind="asset", to=to, name=submission.content["person"].get("name", ""), lead_id=submission.lead_id,
        key=f"form {submission.pk}",
        context={"title": asset.title, "path": giving.path(asset, submission.lead_id), "base_url": base_url,
                 "language": languages.of(submission), "until": giving.until().isoformat()},
    )  # fmt: skip


def _ask_to_confirm(submission: Submission, base_url: str) -> None:
    """Who agreed to mail is asked to confirm it: anybody can write anybody's address into a form. Who was asked and
    did not agree is noted so.
    """
    content = submission.content
    agreed = {
        key: said["wording"] for key, said in content["answers"].items() if isinstance(said, dict) and said.get("given")
    }
    shown = agreed | content.get("declined", {})
    address, door = content["person"].get("email", ""), submission.door
    where = f"{door.get_kind_display().lower()}: {door.name}"
    for question in catalog.questions(retired=True) if shown and outbox_actions.is_address(address) else []:
        if question.key not in shown or not question.purpose:
            continue
        wording = outbox.wording_shown(question.purpose, shown[question.key])
        if question.key in agreed:
            evidence = consent.Evidence(how=f"Agreed by {where}", wording=wording)
            consent.ask(
                to=address, purpose=question.purpose, evidence=evidence, name=content["person"].get("name", ""),
                lead_id=submission.lead_id, base_url=base_url, language=languages.of(submission, wording),
            )  # fmt: skip
        else:
            evidence = consent.Evidence(how=f"Not ticked on {where}", wording=wording)
            consent.decline(to=address, purpose=question.purpose, evidence=evidence, lead_id=submission.lead_id)


def _recognise(submission: Submission) -> bool:
    """Who sent it has said who they are: what their browser did on the site, before and after, is theirs. Whether it
    was named."""
    try:
        visitor = UUID(str(submission.trail.get("visitor", "")))
    except ValueError:
        return False
    lead_id = submission.lead_id
    assert lead_id is not None
    by = By(people.system(), submission.door.kind, f"visitor:{submission.pk}")
    identify(visitor_id=visitor, lead_id=lead_id, by=by, how="form", since=submission.received_at)
    return True
