"""What is sent through a form: read, kept as it was sent, and admitted like any arrival, all in one transaction.

Whatever looks like a machine's work is held back, not thrown away: somebody looks, and lets it in or discards it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from ripeline.base import clock
from ripeline.capture import doors, giving, profiling, saying, values
from ripeline.capture.admission import Arrival, admit
from ripeline.capture.models import Door, Submission, SubmissionState
from ripeline.capture.proof import Proof
from ripeline.capture.text import BadValueError, clean, clean_lines
from ripeline.catalog import queries as catalog
from ripeline.catalog import standard
from ripeline.catalog.models import AnswerType, Meaning, Question
from ripeline.leads import identity
from ripeline.leads.birth import Context, Person
from ripeline.leads.deciding import By, once_more
from ripeline.leads.identity import Key
from ripeline.leads.models import IdentityKind, Lead
from ripeline.leads.recognising import identify
from ripeline.outbox import actions as outbox_actions
from ripeline.outbox import consent
from ripeline.outbox import queries as outbox
from ripeline.people import queries as people
from ripeline.people import working_time
from ripeline.people.models import Role, User
from ripeline.people.rules import require_keeps_catalog
from ripeline.ripeness import actions as ripeness
from ripeline.ripeness import queries as scores

OWN = frozenset({Role.REP})  # whom they meet is theirs
WINDOW = timedelta(minutes=10)
FROM_ONE_ADDRESS = 20  # in the window: an office behind one address may be many people, a machine is more
FROM_ONE_PROGRAM = 6_000  # ten a second: more than that is an import
TOO_FAST = timedelta(seconds=1)
LINKS = 3  # in what somebody wrote: more than people put in
_LINK = re.compile(r"https?://|\bwww\.|\[url", re.IGNORECASE)

TRAIL = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


class RefusedError(ValueError):
    """What was sent is not complete, or not right; `errors` by field, for whoever sent it."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


class TooOftenError(ValueError):
    """So much has come from there lately that it must wait."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What came, as it came."""

    proof: Proof
    fields: Mapping[str, Sequence[str]]
    address: str  # a keyed hash of where it came from
    bait: str = ""  # the field that people do not see
    page: str = ""  # where the form stood
    trail: Mapping[str, Any] = field(default_factory=dict)
    base_url: str = ""  # where we are reached, for links in mail


@dataclass(frozen=True)
class Received:
    """What somebody said, read."""

    person: dict[str, str]
    answers: dict[str, Any]
    message: str

    def kept(self) -> dict[str, Any]:
        return {"person": self.person, "answers": self.answers, "message": self.message}


@once_more
def take(*, door: Door, sent: Sent) -> Submission:
    """Take a submission in: durable, resolved, routed and scored when this returns. The same again is the same.

    Raises RefusedError beside the fields at fault, and TooOftenError; nothing is kept of either.
    """
    if before := Submission.objects.filter(pk=sent.proof.id).first():
        return before
    received = read(door, sent.fields, visitor=str(sent.trail.get("visitor", "")))
    limit(sent.address, FROM_ONE_ADDRESS)
    why = _suspicion(sent, received)
    submission = Submission(
        pk=sent.proof.id, door=door, trail=dict(sent.trail),
        content=received.kept() | {"page": sent.page[:500], "base_url": sent.base_url},
        address=sent.address, why=why, received_at=clock.now(),
        state=SubmissionState.HELD if why else SubmissionState.TAKEN,
    )  # fmt: skip
    with transaction.atomic():
        try:
            with transaction.atomic():
                submission.save(force_insert=True)
        except IntegrityError:
            return Submission.objects.get(pk=sent.proof.id)  # it was pressed twice, and the other press was first
        if not why:
            admit_one(submission, base_url=sent.base_url)
    return submission


@dataclass(frozen=True)
class Rehearsal:
    """What would have become of a submission."""

    held: str = ""  # why it would wait for a look
    is_new: bool = False
    lead: str = ""
    responsible: str = ""
    p_30: float | None = None


def rehearse(*, actor: User, door: Door, sent: Sent) -> Rehearsal:
    """Do all that a submission does, say what came of it, and leave no trace. Raises what `take` raises."""
    require_keeps_catalog(actor)
    with transaction.atomic():
        began = clock.now()
        submission = take(door=door, sent=sent)
        found = Rehearsal(held=submission.why)
        if submission.lead_id:
            lead = Lead.objects.select_related("responsible").get(pk=submission.lead_id)
            score = scores.of([lead.pk]).get(lead.pk)
            found = Rehearsal(
                is_new=lead.created_at >= began, lead=str(lead), responsible=lead.responsible.name,
                p_30=score.p_30 if score else None,
            )  # fmt: skip
        transaction.set_rollback(True)
    return found


def latest(door: Door, count: int = 10) -> list[Submission]:
    """What came through a door last."""
    found = Submission.objects.filter(door=door, state=SubmissionState.TAKEN).order_by("-received_at")
    return list(found[:count])


def read(door: Door, fields: Mapping[str, Sequence[str]], *, visitor: str = "") -> Received:
    """Read every field, so that all faults are said at once. Raises RefusedError.

    Of what a `visitor` who gives their own address was not asked, nothing has to be there.
    """
    known = profiling.of_visitor(door, visitor)
    if known and not known.is_of((fields.get("email") or [""])[0]):
        known = None
    unasked = dict.fromkeys(door.fields, "optional")
    person, errors = _person({"email": "required", **unasked, **profiling.fields(door, known)}, fields)
    answers, message, more = _answers(_asked(door, known, fields), fields)
    if errors | more:
        raise RefusedError(errors | more)
    return Received(person, answers, message)


def _asked(
    door: Door, known: profiling.Known | None, fields: Mapping[str, Sequence[str]]
) -> list[tuple[Question, bool]]:
    """The questions of the page, and those that it left out: they may be answered all the same."""
    asked = profiling.questions(door, known)
    keys = {question.key for question, _ in asked}
    asked += [(question, False) for question, _ in doors.asks(door) if question.key not in keys]
    return asked + [(question, False) for question in profiling.answered_besides(door, asked, answered(fields))]


def answered(fields: Mapping[str, Sequence[str]]) -> set[str]:
    """The keys of the questions to which something was sent."""
    return {
        name.removeprefix("q-")
        for name, texts in fields.items()
        if name.startswith("q-") and any(map(str.strip, texts))
    }


def _person(asked: Mapping[str, str], fields: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], dict[str, str]]:
    """Who they say they are, and what is wrong with it by field."""
    country = working_time.company().country
    parsers: dict[str, Callable[[str], str]] = {
        "email": lambda text: values.email(text).value,
        "phone": lambda text: values.phone(text, country=country).value,
    }
    person, errors = {}, {}
    for name, how in asked.items():
        text = clean((fields.get(name) or [""])[0])[:300]
        person[name] = ""
        if not text and how == "required":
            errors[name] = "Please fill this in."
        elif text:
            try:
                person[name] = parsers[name](text) if name in parsers else text[:200]
            except BadValueError as wrong:
                errors[name] = f"{str(wrong)[:1].upper()}{str(wrong)[1:]}."
    return person, errors


def _answers(
    asked: Sequence[tuple[Question, bool]], fields: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], str, dict[str, str]]:
    """What they answered, what they need in their own words, and what is wrong by field."""
    answers: dict[str, Any] = {}
    message, errors = "", {}
    for question, required in asked:
        name = f"q-{question.key}"
        try:
            value = standard.read(question, [clean_lines(text) for text in fields.get(name, ())], required=required)
        except standard.AnswerError as wrong:
            errors[name] = str(wrong)
            continue
        if question.meaning == Meaning.NEED and question.answer_type == AnswerType.LONG_TEXT and not message:
            message = value or ""
        elif value is not None:
            answers[question.key] = value
    return answers, message, errors


def _suspicion(sent: Sent, received: Received) -> str:
    """Why this looks like a machine's work; "" if it does not."""
    if sent.bait.strip():
        return "It filled in a field that people do not see."
    if sent.proof.age < TOO_FAST:
        return "It was sent within a second of the page being opened."
    written = " ".join([received.message, *(str(value) for value in received.answers.values())])
    if (count := len(_LINK.findall(written))) >= LINKS:
        return f"What is written has {count} links."
    return ""


def limit(address: str, most: int) -> None:
    """Raise TooOftenError where so much has come from there within the window."""
    if Submission.objects.filter(address=address, received_at__gte=clock.now() - WINDOW).count() >= most:
        raise TooOftenError


def admit_one(
    submission: Submission, *, base_url: str = "", due: datetime | None = None, note: str = "", agreed: bool = False,
    known: UUID | None = None,
) -> None:  # fmt: skip
    """Make a lead of what was submitted, or bring one up to date; within a transaction.

    `due`, `note`, `agreed`: when to be in touch, where whoever met them said so; `known`: the lead it is, likewise.
    """
    door, content, capturer = submission.door, submission.content, submission.captured_by
    person = dict(content["person"])
    reference = person.pop("external_id", "")
    keys = [identity.email(person.get("email", "")), identity.external(reference)]
    if capturer or not any(keys):  # what one of us has noted can be amended, an address added too
        keys.append(Key(IdentityKind.NATURAL, f"submission:{submission.pk}"))
    if known:  # by whichever key says most
        keys += sorted(key for key in identity.keys_of({known}).get(known, ()) if not key.is_hint)[:1]
    named = content.get("campaign") or str(submission.trail.get("utm_campaign", ""))[:160]
    arrival = Arrival(
        keys=tuple(key for key in keys if key),
        person=Person(reference=reference, **person),
        source=content.get("source") or door.source.name,
        campaign=door.campaign.name if door.campaign else named,
        context=Context(
            door=door.kind,
            captured_at=datetime.fromisoformat(content["captured_at"])
            if content.get("captured_at")
            else submission.received_at,
            message=content["message"], answers=content["answers"], landing_page=content.get("page", ""),
            trail={name: said for name, said in submission.trail.items() if name != "visitor"},
            captured_by_id=capturer.pk if capturer else None, event_key=f"submission:{submission.pk}",
        ),
        owner_id=capturer.pk if capturer and capturer.role in OWN else None,
        due=due, note=note, agreed=agreed, corrects=False,
    )  # fmt: skip
    (found,) = admit([arrival], actor=capturer or people.system(), origin=door.kind)
    if found.lead_id is None:
        raise RefusedError({"external_id": found.reason})
    submission.lead_id = found.lead_id
    Submission.objects.filter(pk=submission.pk).update(lead_id=found.lead_id)
    _recognise(submission, found.lead_id)
    ripeness.rescore([found.lead_id])
    base_url = base_url or content.get("base_url", "")
    _ask_to_confirm(submission, base_url)
    saying.note(submission, captured_at=arrival.context.captured_at, base_url=base_url)
    _give(submission, base_url)


def _give(submission: Submission, base_url: str) -> None:
    """What the form promised, by a link of their own in a mail."""
    asset, to = submission.door.gives, submission.content["person"].get("email", "")
    if not (asset and submission.lead_id and outbox_actions.is_address(to)):
        return
    outbox_actions.send(
        kind="asset", to=to, name=submission.content["person"].get("name", ""), lead_id=submission.lead_id,
        key=f"form {submission.pk}",
        context={"title": asset.title, "path": giving.path(asset, submission.lead_id), "base_url": base_url},
    )  # fmt: skip


def _ask_to_confirm(submission: Submission, base_url: str) -> None:
    """Who agreed to mail is asked to confirm it: anybody can write anybody's address into a form."""
    content = submission.content
    agreed = [key for key, said in content["answers"].items() if isinstance(said, dict) and said.get("given")]
    address = content["person"].get("email", "")
    for question in catalog.questions(retired=True) if agreed and outbox_actions.is_address(address) else []:
        if question.key in agreed and question.purpose:
            words = outbox.wording(question.purpose)
            was_shown = words.text == content["answers"][question.key]["wording"]
            evidence = consent.Evidence(
                how=f"Agreed by {submission.door.get_kind_display().lower()}: {submission.door.name}",
                wording=words if was_shown else None,
            )
            consent.ask(
                to=address, purpose=question.purpose, evidence=evidence, name=content["person"].get("name", ""),
                lead_id=submission.lead_id, base_url=base_url,
            )  # fmt: skip


def _recognise(submission: Submission, lead_id: UUID) -> None:
    """Who sent it has said who they are: what their browser did on the site, before and after, is theirs."""
    try:
        visitor = UUID(str(submission.trail.get("visitor", "")))
    except ValueError:
        return
    by = By(people.system(), submission.door.kind, f"visitor:{submission.pk}")
    identify(visitor_id=visitor, lead_id=lead_id, by=by, how="form", since=submission.received_at)
