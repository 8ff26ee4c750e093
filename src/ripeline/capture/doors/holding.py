"""What was held back: looked at by a person, and let in, discarded, or tried again with a better mapping."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from ripeline.capture.arriving.keeping import RefusedError, admit_one
from ripeline.capture.arriving.submitted import Brought
from ripeline.capture.arriving.typed_phones import BESIDE
from ripeline.capture.cells.text import clean
from ripeline.capture.doors import hooks
from ripeline.capture.models import Door, DoorKind, Submission, SubmissionState
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.people.rules import require_keeps_catalog

SHOWN = 200


class StillHeldError(ValueError):
    """Nobody can be found in it yet; says what is missing."""


@dataclass(frozen=True)
class Address:
    """What stands where an address should and is none, and whether somebody can be found without it."""

    text: str
    can_do_without: bool


def held(door: Door | None = None) -> list[Submission]:
    """What waits for a look, the newest first."""
    found = Submission.objects.filter(state=SubmissionState.HELD).select_related("door").order_by("-received_at")
    return list((found.filter(door=door) if door else found)[:SHOWN])


def why(sent: Submission) -> str:
    """Why it waits, as it is by now: its hook may have been mapped since it came."""
    if sent.why != hooks.UNMAPPED or not sent.door.mapping:
        return sent.why
    return hooks.mapped(sent.door, sent.content["raw"])[1] or "Somebody is found in it by now: let it in."


def waits(sent: Submission) -> Address | None:
    """What is wrong with the address of what a tool sent; None where that is not what it waits for."""
    if sent.door.kind != DoorKind.HOOK:
        return None
    bad = hooks.bad_address(sent.door, sent.content["raw"])
    return Address(bad, not hooks.mapped(sent.door, sent.content["raw"], email="")[1]) if bad else None


def release(*, actor: User, submission_id: UUID, email: str | None = None) -> Submission:
    """Let in what was held back: it counts from when it was sent. Raises StillHeldError.

    `email`: of what a tool sent, the address as it should be; "": let it in without one.
    """
    require_keeps_catalog(actor)
    try:
        return _release(actor, submission_id, email)
    except StillHeldError as still:
        if email is None:  # else it is of the address that was typed here
            held_now = Submission.objects.filter(pk=submission_id, state=SubmissionState.HELD)
            held_now.update(why=str(still)[:200])
        raise


def _release(actor: User, submission_id: UUID, email: str | None) -> Submission:
    with transaction.atomic():
        found = Submission.objects.select_for_update(of=("self",)).select_related("door__source", "door__campaign")
        submission = found.get(pk=submission_id)
        if submission.state == SubmissionState.HELD:
            _let_in(submission, email)
            people.audit(actor=actor, verb="submission.release", target=str(submission.pk))
    return submission


def retry(*, actor: User, door: Door) -> int:
    """Let in whatever a changed mapping now finds somebody in; how many."""
    require_keeps_catalog(actor)
    count = 0
    for submission in held(door):
        try:
            count += release(actor=actor, submission_id=submission.pk).state == SubmissionState.TAKEN
        except StillHeldError:
            continue
    return count


def discard(*, actor: User, submission_id: UUID) -> Submission:
    """Put aside what was held back; this can be taken back."""
    require_keeps_catalog(actor)
    waits = Submission.objects.filter(pk=submission_id, state=SubmissionState.HELD)
    if waits.update(state=SubmissionState.DISCARDED):
        people.audit(actor=actor, verb="submission.discard", target=str(submission_id))
    return Submission.objects.select_related("door").get(pk=submission_id)


def hold_again(*, actor: User, submission_id: UUID) -> None:
    """Take a discarding back."""
    require_keeps_catalog(actor)
    Submission.objects.filter(pk=submission_id, state=SubmissionState.DISCARDED).update(state=SubmissionState.HELD)


def _let_in(submission: Submission, email: str | None) -> None:
    if submission.door.kind == DoorKind.HOOK:
        raw = submission.content["raw"]
        content, why = hooks.mapped(submission.door, raw, email=email)
        if why:
            raise StillHeldError(why)
        submission.content, submission.trail = content | {"raw": raw}, hooks.trail(submission.door, raw)
        if email is not None and (bad := hooks.bad_address(submission.door, raw)):
            submission.trail[BESIDE] = f"sent with the address “{clean(bad)[:200]}”"
    submission.state = SubmissionState.TAKEN
    try:
        with transaction.atomic():
            admit_one(Brought(submission))
    except RefusedError as wrong:
        raise StillHeldError(str(wrong)) from wrong
    submission.save(update_fields=["state", "content", "trail", "lead_id"])
