"""Cards: people whom one of us has met, at a booth, by their card, their signature or on the telephone.

Each becomes a submission with who took it, where, and when to be in touch, and goes the way of every submission. The
same card again is the same, and so is an older version of it that was long on its way; changed meanwhile, it amends
what came of it. What a phone kept for days is never refused because the questions have changed since: an answer that
does not fit any more stands in the words beside it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from ripeline.base import clock
from ripeline.capture.arriving import asking, keeping, languages
from ripeline.capture.arriving.typed_phones import OTHERS
from ripeline.capture.cells.text import clean, clean_lines
from ripeline.capture.doors import machines
from ripeline.capture.in_person import amending
from ripeline.capture.models import Door, DoorKind, Submission, SubmissionState
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as catalog_queries
from ripeline.catalog import standard
from ripeline.catalog.models import AnswerType, Question, SourceType
from ripeline.leads.actions import readdress, set_next
from ripeline.leads.answers import say_otherwise
from ripeline.leads.deciding import By, Next, once_more
from ripeline.leads.models import IS_OPEN, Lead, NextKind
from ripeline.leads.rules import NotAllowed
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import User
from ripeline.timeline import actions as timeline

_SPACE = UUID("0b6f3f7a-5b0e-4b52-9c5b-6f1d6f0f8d27")  # of the ids that the keys of cards are made into
PERSON = ("name", "title", "company", "email", "phone", "website", "country")
LONGEST = 5_000  # characters of a note
ANOTHER = "This address belongs to somebody else here than the card did before. Merge the two, or mend the address."


class Heat(StrEnum):
    """How somebody seemed to whoever met them; it sets when they hear from us."""

    HOT = "hot"
    WARM = "warm"
    LATER = "later"


WARM_DAYS = 2  # working days
LATER_DAYS = 30
HEATS = {
    Heat.HOT: ("Hot", "call at once"),
    Heat.WARM: ("Warm", "in two days"),
    Heat.LATER: ("Later", "in a month"),
}
HOT_WHEN_MET = f"{HEATS[Heat.HOT][0]} when met"  # so begins why somebody is to be called at once


@dataclass(frozen=True, kw_only=True)
class Card:
    """Somebody, as one of us has noted them. `key` names the card: the same again is not a second one."""

    key: str
    fields: Mapping[str, str]
    rev: int = 0  # which version of it this is, where whoever keeps it counts: an older one changes nothing
    answers: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    heat: str = ""
    captured_at: datetime | None = None
    place: str = ""
    source: str = ""
    campaign: str = ""
    known: UUID | None = None  # the lead it is, where whoever took it said so
    due: datetime | None = None  # agreed on; else by its heat


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
    content = _read(card, door)
    keeping.limit(_from(actor), keeping.FROM_ONE_PROGRAM)
    submission = Submission(
        pk=number, door=door, state=SubmissionState.TAKEN, content=content, address=_from(actor), captured_by=actor,
        trail=_trail(card, door), received_at=clock.now(),
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
        if submission.content.get("digest") == _digest(card):
            if card.rev > latest:
                submission.content["rev"] = card.rev
                submission.save(update_fields=["content"])
            return submission, Taken.SAME
        was, was_heat = submission.content, submission.trail.get("heat")
        sent, card = card, _with_what_it_leaves_out(card, was["person"])
        submission.content = _read(card, submission.door, was.get("answers", {})) | {
            "captured_at": was.get("captured_at", ""), "amended": was.get("amended", 0) + 1, "digest": _digest(sent),
        }  # fmt: skip
        submission.trail |= _trail(card, submission.door)
        submission.save(update_fields=["content", "trail"])
        _readdress(submission, was)
        left = _answer_otherwise(submission, was.get("answers", {}))
        _admit(submission, card, was)
        lines = amending.correct(
            submission, was["person"], By(actor, submission.door.kind, f"fields:{_version(submission)}")
        )
        _note_what_changed(submission, was.get("message", ""), [*_in_words(left), *lines])
        if (submission.trail.get("heat"), submission.content["due"]) != (was_heat, was.get("due", "")):
            _date_again(submission, card, was.get("due", ""))
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
    due, note = _moment(submission, card)
    try:
        keeping.admit_one(
            keeping.Brought(
                submission, due=due, note=note, agreed=_is_chosen(submission, card), known=card.known,
                amends=was["person"] if was else None,
            )
        )  # fmt: skip
    except keeping.RefusedError as wrong:
        if "external_id" in wrong.errors:
            raise keeping.RefusedError({"email": ANOTHER}) from wrong
        raise


def _read(card: Card, door: Door, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A card as it is kept; `before`: what it answered in an earlier version. Raises RefusedError by field."""
    if not any(clean(card.fields.get(name, "")) for name in ("name", "email", "phone")):
        raise keeping.RefusedError({"name": "Say at least a name, an e-mail address or a telephone number."})
    fields = {name: card.fields.get(name, "") for name in PERSON}
    if others := clean(card.fields.get(OTHERS, "")):
        fields["phone"] = ", ".join(filter(None, [fields["phone"], others]))
    content = machines.read(machines.Entry(fields=fields))
    answers, declined, unfit = _answers(card.answers, before or {})
    message = "\n".join(filter(None, [clean_lines(card.note)[:LONGEST], content["message"], *unfit]))
    return content | ({"declined": declined} if declined else {}) | {
        "answers": answers, "message": message, "source": clean(card.source)[:160],
        "campaign": clean(card.campaign)[:160], "captured_at": _captured(card, door).isoformat(),
        "due": card.due.isoformat() if card.due else "", "digest": _digest(card),
        "rev": card.rev,
    }  # fmt: skip


def _answers(given: Mapping[str, Any], before: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """What was answered; the words of the consents whose box stayed empty; and in words what does not fit its question
    any more, of which what fitted `before` stays.
    """
    known = {question.key: question for question in catalog_queries.questions(retired=True)}
    answers: dict[str, Any] = {}
    declined: dict[str, str] = {}
    unfit = []
    for key, value in list(given.items())[:100]:
        texts = _texts(value)
        question = known.get(key)
        if question and question.answer_type == AnswerType.CONSENT:
            answers |= _consent(question, value, given=True)
            declined |= {key: said["wording"] for key, said in _consent(question, value, given=False).items()}
            continue
        try:
            answer = asking.taken(question, texts) if question else None
        except standard.AnswerError:
            question = None
        if question is None and key in before and texts == _texts(before[key]):
            answers[key] = before[key]
        elif question is None:
            unfit += [f"{known[key].label if key in known else key[:60]} {', '.join(texts)}"] if any(texts) else []
        elif answer is not None:
            answers[key] = answer
    return answers, declined, unfit


def _texts(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [clean_lines(str(each))[:LONGEST] for each in found[:100] if each not in (None, "")]


def _consent(question: Question, value: Any, *, given: bool) -> dict[str, Any]:
    """Consent counts in the words that were shown: those of the page, which may be days old."""
    if not isinstance(value, dict) or bool(value.get("given")) is not given:
        return {}
    wording = clean_lines(str(value.get("wording", "")))[:LONGEST]
    return {question.key: {"given": given, "wording": wording}} if wording else {}


def _captured(card: Card, door: Door) -> datetime:
    """When they were met: never in the future, nor before there was such a door, whatever the phone's clock says."""
    moment = clock.now()
    said = card.captured_at
    return min(max(said, door.created_at), moment) if said and said.tzinfo else moment


def _trail(card: Card, door: Door) -> dict[str, str]:
    heat = card.heat if card.heat in list(Heat) else ""
    said = {"place": clean(card.place)[:160] or door.place, "heat": heat}
    return {name: text for name, text in said.items() if text}


def _moment(submission: Submission, card: Card) -> tuple[datetime | None, str]:
    """When to be in touch, and why then: hot ones at once, the others as they said."""
    if card.due:
        return card.due, clean(card.note)[:280]
    heat, place = submission.trail.get("heat"), submission.trail.get("place", "")
    if not heat:
        return None, ""
    met = datetime.fromisoformat(submission.content["captured_at"])
    calendar = working_time.calendar_of(submission.captured_by)
    day = calendar.day(met)
    due = {
        Heat.WARM: calendar.at(calendar.after(day, WARM_DAYS)),
        Heat.LATER: calendar.at(_within_a_month(calendar, day)),
    }.get(Heat(heat))
    where = f" at {place}" if place else ""
    return due, f"{HEATS[Heat(heat)][0]} when met{where}."


def _is_chosen(submission: Submission, card: Card) -> bool:
    """Whether the moment is whoever met them's own choice, which the planner leaves alone: a day, or at once."""
    return card.due is not None or submission.trail.get("heat") == Heat.HOT


def _within_a_month(calendar: working_time.Calendar, met: date) -> date:
    """The last worked day of the month after they were met: "in a month" is no five weeks, be there holidays."""
    month = [met + timedelta(days=ahead) for ahead in range(LATER_DAYS, LATER_DAYS // 2, -1)]
    return next(filter(calendar.works, month), calendar.working_day(month[0]))


def _date_again(submission: Submission, card: Card, agreed: str) -> None:
    """They are hotter, or less so, than was said at first, or another day than the one `agreed` on is theirs.

    What somebody has begun, or a day that somebody has chosen since, stays; unless they were promised an earlier one.
    """
    lead = Lead.objects.filter(IS_OPEN, pk=submission.lead_id).first() if submission.lead_id else None
    if lead is None or lead.next_at is None:
        return
    due, note = _moment(submission, card)
    moment = max(due or clock.now(), clock.now())
    is_ours = bool(agreed) and lead.next_at == datetime.fromisoformat(agreed)
    is_only_hot = lead.next_note.startswith(HOT_WHEN_MET)
    is_free = (not lead.next_committed or is_only_hot) and (card.due is not None or lead.touches == 0)
    if is_ours or is_free or (card.due and moment < lead.next_at):
        kind = NextKind.FOLLOW_UP if lead.touches else NextKind.FIRST_CONTACT
        by = By(people.system(), submission.door.kind, f"dated:{_version(submission)}")
        set_next(lead.pk, by, next=Next(moment, kind, note, _is_chosen(submission, card)))


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


def _digest(card: Card) -> str:
    said = [
        dict(card.fields), dict(card.answers), card.note, card.heat, card.place, card.source, card.campaign, card.due,
        card.known,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


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
