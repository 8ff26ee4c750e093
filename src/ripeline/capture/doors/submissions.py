"""What is sent through a form: read, kept as it was sent, and admitted like any arrival.

Whatever looks like a machine's work is held back, not thrown away: somebody looks, and lets it in or discards it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction

from ripeline.base import clock
from ripeline.base.reading import read
from ripeline.capture.arriving import asking, keeping, typed_phones
from ripeline.capture.arriving.keeping import ConflictError, RefusedError
from ripeline.capture.cells import values
from ripeline.capture.cells.text import BadValueError, clean, clean_lines
from ripeline.capture.doors import doors, drafts, profiling
from ripeline.capture.doors.proof import Proof
from ripeline.capture.models import Door, Submission, SubmissionState
from ripeline.catalog import phrases, standard
from ripeline.catalog.models import AnswerType, Meaning, Question
from ripeline.catalog.phrases import Phrases
from ripeline.leads.decisions.deciding import once_more
from ripeline.leads.models import Lead
from ripeline.people import working_time
from ripeline.people.models import User
from ripeline.people.rules import require_keeps_catalog
from ripeline.ripeness import queries as scores

FROM_ONE_ADDRESS = 20  # in the window: an office behind one address may be many people, a machine is more
TOO_FAST = timedelta(seconds=1)
LINKS = 3  # in what somebody wrote: more than people put in
_LINK = re.compile(r"https?://|\bwww\.|\[url", re.IGNORECASE)

SHOWN = "shown"  # names the consents whose box was on the page: one that is not ticked sends nothing
WORDS = "words"  # of each consent on the page: its key, and a mark of the words that stood beside its box
WRITTEN = ("email", *drafts.PERSON)
TRAIL = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


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
    declined: dict[str, str]  # consents that were asked for and not given: the words shown, by question
    beside: str = ""  # what the form has to add of its own

    def kept(self) -> dict[str, Any]:
        said = {"person": self.person, "answers": self.answers, "message": self.message}
        beside = {typed_phones.BESIDE: self.beside} if self.beside else {}
        return said | beside | ({"declined": self.declined} if self.declined else {})


@once_more
def take(*, door: Door, sent: Sent) -> Submission:
    """Take a submission in: durable, resolved, routed and scored when this returns. The same again is the same.

    Raises RefusedError beside the fields at fault, TooOftenError, and ConflictError where a page is sent again with
    other words; nothing is kept of any.
    """
    digest = _digest(sent.fields)
    for before in read(Submission, "WHERE id = %s::uuid", [sent.proof.id]):
        if before.content.get("digest") != digest:
            raise ConflictError
        return before
    received = heard(door, sent.fields, visitor=str(sent.trail.get("visitor", "")))
    why = _suspicion(sent, received)
    if why and (said := _said_before(door, sent.address, digest)):
        return said
    submission = Submission(
        pk=sent.proof.id, door=door, trail=dict(sent.trail),
        content=received.kept() | {"page": sent.page[:500], "base_url": sent.base_url, "digest": digest,
                                    "language": door.language},
        address=sent.address, why=why, received_at=clock.now(),
        state=SubmissionState.HELD if why else SubmissionState.TAKEN,
    )  # fmt: skip
    return keeping.keep(submission, most=FROM_ONE_ADDRESS)[0]


def _said_before(door: Door, address: str, digest: str) -> Submission | None:
    """The same words, taken from there a moment ago: who goes back and sends the page again in haste has said nothing
    new, and is answered as before.
    """
    lately = Submission.objects.filter(address=address, received_at__gte=clock.now() - keeping.WINDOW, door=door)
    return lately.filter(state=SubmissionState.TAKEN, content__digest=digest).order_by("-received_at").first()


def _digest(fields: Mapping[str, Sequence[str]]) -> str:
    """Of what somebody wrote: the same page sent twice says the same."""
    written = {name: list(texts) for name, texts in fields.items() if name in WRITTEN or name.startswith("q-")}
    return hashlib.blake2b(json.dumps(written, sort_keys=True).encode(), digest_size=16).hexdigest()


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


def heard(door: Door, fields: Mapping[str, Sequence[str]], *, visitor: str = "") -> Received:
    """Read every field, so that all faults are said at once. Raises RefusedError.

    Of what a `visitor` who gives their own address was not asked, nothing has to be there.
    """
    known = profiling.of_visitor(door, visitor)
    if known and not known.is_of((fields.get("email") or [""])[0]):
        known = None
    words, unasked = phrases.of(door.language), dict.fromkeys(door.fields, "optional")
    person, errors = _person({"email": "required", **unasked, **profiling.fields(door, known)}, fields, words)
    asked = _asked(door, known, fields)
    answers, message, more = _answers(asked, fields, words)
    reworded = _reworded(asked, fields)
    more |= {f"q-{key}": words.reworded for key in reworded if key in answers}
    if errors | more:
        raise RefusedError(errors | more)
    telephone = typed_phones.keep(person, _typed(fields, "phone"), home=working_time.company().country)
    declined = {key: said for key, said in _declined(asked, answers, fields).items() if key not in reworded}
    return Received(person, answers, message, declined, telephone)


def mark(question: Question) -> str:
    """Of the words in which a consent is asked for: a page hands it back, so that nobody agrees to what they never
    saw.
    """
    return f"{question.key} {hashlib.blake2b(question.label.encode(), digest_size=8).hexdigest()}"


def _reworded(asked: Sequence[tuple[Question, bool]], fields: Mapping[str, Sequence[str]]) -> set[str]:
    """The consents that stood in other words on the page that was sent: they, or its language, have changed since."""
    seen = dict(each.split(" ", 1) for each in fields.get(WORDS, ()) if " " in each)
    return {
        question.key for question, _ in asked
        if question.answer_type == AnswerType.CONSENT and question.key in seen
        and mark(question) != f"{question.key} {seen[question.key]}"
    }  # fmt: skip


def _declined(
    asked: Sequence[tuple[Question, bool]], answers: Mapping[str, Any], fields: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """The consents whose box was on the page that they sent, and not ticked."""
    shown = fields.get(SHOWN, ())
    return {
        question.key: question.label
        for question, _ in asked
        if question.answer_type == AnswerType.CONSENT and question.key in shown and question.key not in answers
    }


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


def _typed(fields: Mapping[str, Sequence[str]], name: str) -> str:
    return clean((fields.get(name) or [""])[0])[:300]


def _person(
    asked: Mapping[str, str], fields: Mapping[str, Sequence[str]], words: Phrases
) -> tuple[dict[str, str], dict[str, str]]:
    """Who they say they are, and what is wrong with it by field."""
    home = working_time.company().country
    parsers: dict[str, Callable[[str], str]] = {
        "email": lambda text: values.email(text).value,
        "phone": lambda text: values.phone(text, home=home).value,
    }
    person, errors = {}, {}
    for name, how in asked.items():
        text = _typed(fields, name)
        person[name] = ""
        if not text and how == "required":
            errors[name] = words.fill_in
        elif text:
            try:
                person[name] = parsers[name](text) if name in parsers else text[:200]
            except BadValueError:
                errors[name] = words.no_email if name == "email" else words.no_phone
    return person, errors


def _answers(
    asked: Sequence[tuple[Question, bool]], fields: Mapping[str, Sequence[str]], words: Phrases
) -> tuple[dict[str, Any], str, dict[str, str]]:
    """What they answered, what they need in their own words, and what is wrong by field."""
    answers: dict[str, Any] = {}
    message, errors = "", {}
    for question, required in asked:
        name = f"q-{question.key}"
        try:
            value = asking.taken(question, [clean_lines(text) for text in fields.get(name, ())], required=required)
        except standard.AnswerError as wrong:
            errors[name] = wrong.said(words)
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
