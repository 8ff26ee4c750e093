"""Cards: people whom one of us has met, at a booth, by their card, their signature or on the telephone.

Each becomes a submission with who took it, where, and when to be in touch, and goes the way of every submission. The
same card again is the same, and so is an older version of it that was long on its way; changed meanwhile, it amends
what came of it. What a phone kept for days is never refused because the questions have changed since: an answer that
does not fit any more stands in the words beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from ripeline.base import clock
from ripeline.capture.arriving import keeping, languages
from ripeline.capture.arriving.submitted import Brought
from ripeline.capture.in_person import amending
from ripeline.capture.in_person.card import PERSON, Card, digest, read, trail
from ripeline.capture.in_person.when_met import date_again, is_chosen, moment
from ripeline.capture.models import Door, DoorKind, Submission, SubmissionState
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as catalog_queries
from ripeline.catalog import standard
from ripeline.catalog.models import SourceType
from ripeline.leads.decisions.actions import readdress
from ripeline.leads.decisions.answers import say_otherwise
from ripeline.leads.decisions.deciding import By, once_more
from ripeline.leads.rules import NotAllowed
from ripeline.people import queries as people
from ripeline.people.models import User
from ripeline.timeline import actions as timeline

_SPACE = UUID("0b6f3f7a-5b0e-4b52-9c5b-6f1d6f0f8d27")  # of the ids that the keys of cards are made into
ANOTHER = "This address belongs to somebody else here than the card did before. Merge the two, or mend the address."


class Taken(StrEnum):
    """What became of a card."""

    NEW = "new"
    SAME = "same"  # it was here before
    AMENDED = "amended"  # it was here before, and says something else now


@once_more
def take(*, actor: User, door: Door, card: Card) -> tuple[Submission, Taken]:
    """Take a card in: durable, resolved, routed and scored when this returns.

    Raises RefusedError by field, TooOftenError, and NotAllowed for those who are not here any more.
    """
    if not actor.is_active:
        raise NotAllowed("Only people who are here can add leads.")
    number = uuid5(_SPACE, f"{door.pk}:{actor.pk}:{card.key}")
    if before := _before(number, card, actor):
        return before
    content = read(card, door)
    keeping.limit(_from(actor), keeping.FROM_ONE_PROGRAM)
    submission = Submission(
        pk=number, door=door, state=SubmissionState.TAKEN, content=content, address=_from(actor), captured_by=actor,
        trail=trail(card, door), received_at=clock.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            submission.save(force_insert=True)
            _admit(submission, card)
    except IntegrityError:  # sent twice at once, and the other was first
        if before := _before(number, card, actor):
            return before
        raise
    return submission, Taken.NEW


def _before(number: UUID, card: Card, actor: User) -> tuple[Submission, Taken] | None:
    """The card as it is here already, brought up to what it says now."""
    with transaction.atomic():
        rows = Submission.objects.select_for_update(of=("self",)).filter(pk=number)
        submission = rows.select_related("captured_by", "door__source", "door__campaign").first()
        if submission is None:
            return None
        latest = submission.content.get("rev", 0)
        if card.rev < latest:
            return submission, Taken.SAME
        if submission.content.get("digest") == digest(card):
            if card.rev > latest:
                submission.content["rev"] = card.rev
                submission.save(update_fields=["content"])
            return submission, Taken.SAME
        was, was_heat = submission.content, submission.trail.get("heat")
        sent, card = card, _with_what_it_leaves_out(card, was["person"])
        submission.content = read(card, submission.door, was.get("answers", {})) | {
            "captured_at": was.get("captured_at", ""), "amended": was.get("amended", 0) + 1, "digest": digest(sent),
        }  # fmt: skip
        submission.trail |= trail(card, submission.door)
        submission.save(update_fields=["content", "trail"])
        _readdress(submission, was)
        left = _answer_otherwise(submission, was.get("answers", {}))
        _admit(submission, card, was)
        lines = amending.correct(
            submission, was["person"], By(actor, submission.door.kind, f"fields:{_version(submission)}")
        )
        _note_what_changed(submission, was.get("message", ""), [*_in_words(left), *lines])
        if (submission.trail.get("heat"), submission.content["due"]) != (was_heat, was.get("due", "")):
            date_again(submission, card, was.get("due", ""), version=_version(submission))
        return submission, Taken.AMENDED


def _with_what_it_leaves_out(card: Card, was: Mapping[str, str]) -> Card:
    """A field for which its page has no place by now is as it was, and not emptied."""
    left = {name: was[name] for name in PERSON if was.get(name) and name not in card.fields}
    return replace(card, fields={**card.fields, **left}) if left else card


def _readdress(submission: Submission, was: Mapping[str, Any]) -> None:
    """An address that was mended on the card takes the place of the wrong one, where that came by this card alone."""
    old, new = was["person"].get("email", ""), submission.content["person"].get("email", "")
    if old and new and old != new and submission.lead_id:
        by = By(people.system(), submission.door.kind, f"address:{_version(submission)}")
        readdress(submission.lead_id, by, old=old, new=new, event_key=f"submission:{submission.pk}")


def _admit(submission: Submission, card: Card, was: Mapping[str, Any] | None = None) -> None:
    """`was`: what it said before, where it is here already."""
    due, note = moment(submission, card)
    try:
        keeping.admit_one(
            Brought(
                submission, due=due, note=note, agreed=is_chosen(submission, card), known=card.known,
                amends=was["person"] if was else None,
            )
        )  # fmt: skip
    except keeping.RefusedError as wrong:
        if "external_id" in wrong.errors:
            raise keeping.RefusedError({"email": ANOTHER}) from wrong
        raise


def _version(submission: Submission) -> str:
    """Names what a card says since it was amended last."""
    return f"{submission.pk.hex}:{submission.content['amended']}"


def _answer_otherwise(submission: Submission, was: Mapping[str, Any]) -> dict[str, Any]:
    """What is answered otherwise now counts, and what it was is kept; returns what somebody corrected meanwhile."""
    now = submission.content["answers"]
    changed = {key: (was.get(key), now.get(key)) for key in (was | now) if was.get(key) != now.get(key)}
    if not changed or submission.lead_id is None:
        return {}
    by = By(submission.captured_by or people.system(), submission.door.kind, f"answers:{_version(submission)}")
    event = f"submission:{submission.pk}"
    left = say_otherwise(lead_id=submission.lead_id, event_key=event, by=by, changed=changed)
    return {key: answer for key, (_, answer) in left.items() if answer is not None}


def _in_words(left: Mapping[str, Any]) -> list[str]:
    """Answers that somebody had corrected meanwhile, which stay as they were corrected."""
    asked = catalog_queries.asked(left)
    return [f"{asked.get(key, key)} {standard.words(value)}" for key, value in left.items()]


def _note_what_changed(submission: Submission, was: str, left: Sequence[str]) -> None:
    """The words that were said otherwise after the enquiry was written down stand on the timeline, as does what the
    card says and was not put on the record, which is said on the phone, too.
    """
    if left:
        submission.content["left"] = list(left)
        submission.save(update_fields=["content"])
    message = submission.content["message"]
    body = "\n".join(filter(None, [message if message != was else "", *left]))
    if not body or submission.lead_id is None:
        return
    actor = submission.captured_by or people.system()
    timeline.record(
        timeline.Entry(
            lead_id=submission.lead_id, kind="note", actor_id=actor.pk, origin=submission.door.kind,
            event_key=f"amended:{_version(submission)}", occurred_at=clock.now(),
            body=f"Amended: {body}"[:20_000],
        )
    )  # fmt: skip


def _from(actor: User) -> str:
    return f"user:{actor.pk}"


_BUILT_IN = {
    DoorKind.CARD: ("Cards", "Business cards", SourceType.OTHER),
    DoorKind.SIGNATURE: ("Signatures", "E-mail signatures", SourceType.OTHER),
    DoorKind.CALL: ("Telephone", "Inbound calls", SourceType.INBOUND_CALL),
}


def built_in(kind: DoorKind) -> Door:
    """The one door of a kind that nobody has to set up, made with its first card."""
    name, source, source_type = _BUILT_IN[kind]
    slug = f"own-{kind}"
    found = Door.objects.select_related("source", "campaign").filter(slug=slug).first()
    if found:
        return found
    door = Door(
        kind=kind, slug=slug, name=name, source=catalog.source_of(source, source_type), title=name, verb="-",
        thanks="-", language=languages.default(), created_by=people.system(),
    )  # fmt: skip
    Door.objects.bulk_create([door], ignore_conflicts=True)
    return Door.objects.select_related("source", "campaign").get(slug=slug)
