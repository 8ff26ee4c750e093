"""Doors for programs: leads sent as JSON by a key of ours."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from ripeline.base import clock
from ripeline.base.settled import Settled
from ripeline.capture.arriving import asking, languages, places, saying, typed_phones
from ripeline.capture.arriving.keeping import FROM_ONE_PROGRAM, RefusedError, keep
from ripeline.capture.arriving.saying import Said
from ripeline.capture.cells import codes, values
from ripeline.capture.cells.dates import FIRST_YEAR
from ripeline.capture.cells.text import BadValueError, clean, clean_lines
from ripeline.capture.doors import doors
from ripeline.capture.models import Door, DoorKind, Submission, SubmissionState
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as catalog_queries
from ripeline.catalog import standard
from ripeline.catalog.models import AnswerType
from ripeline.catalog.rules import guess_source_type
from ripeline.people import working_time
from ripeline.people.models import ApiKey

PERSON = ("name", "first_name", "last_name", "email", "phone", "company", "title", "website", "country", "language",
          "external_id")  # fmt: skip
FIELDS = (*PERSON, "message", "source", "campaign", "place", "landing_page")  # as an import calls them
CLOCKS_DIFFER = timedelta(minutes=10)
SAME = timedelta(minutes=1)  # in which what a program sends without a key of its own is the same (at most twice that)
LONGEST_ID = 254
SPACE = UUID("7d1f1c52-52a5-4c0e-9d0c-5a3a1a9b7c11")  # of the ids that senders' own keys are made into


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A lead as a program says it."""

    fields: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    trail: Mapping[str, str] = field(default_factory=dict)
    captured_at: datetime | None = None
    consents: Sequence[Said] = ()


def take(*, key: ApiKey, entry: Entry, idempotency_key: str = "") -> tuple[Submission, bool]:
    """Take a lead in for a program: durable, resolved, routed and scored when this returns; and whether it was new.

    Raises RefusedError by field, ConflictError, and TooOftenError.
    """
    try:
        return keep(submission_of(key=key, entry=entry, idempotency_key=idempotency_key), most=FROM_ONE_PROGRAM)
    except RefusedError:
        note_refused(key)
        raise


def note_refused(key: ApiKey) -> None:
    """Count one on the door of a program that sent what cannot be taken."""
    doors.note(_door_of(key), "refused")


def submission_of(*, key: ApiKey, entry: Entry, idempotency_key: str = "") -> Submission:
    """A lead as a program sent it, not yet kept. Raises RefusedError by field."""
    content = read(entry)
    submission = Submission(
        door=_door_of(key), state=SubmissionState.TAKEN, content=content | {"digest": digest(content)},
        trail={name: clean(text) for name, text in entry.trail.items()}, address=str(key.pk), received_at=clock.now(),
    )  # fmt: skip
    if idempotency_key:
        submission.pk = uuid5(SPACE, f"{key.pk}:{idempotency_key}")
    else:
        submission.pk, submission.before = _number(submission, 0), _number(submission, 1)
    return submission


def _number(submission: Submission, ago: int) -> UUID:
    """By who sent it, what it says and the minute, be it one some minutes `ago`."""
    minute = int(submission.received_at.timestamp() // SAME.total_seconds()) - ago
    said = digest([submission.content["digest"], submission.trail])
    return uuid5(SPACE, f"{submission.address}::{said}:{minute}")


def read(entry: Entry) -> dict[str, Any]:
    """An entry as it is kept, every fault said at once by field. Raises RefusedError."""
    person, errors = _person(entry.fields)
    if not errors and not any(person[name] for name in ("name", "email", "phone", "external_id")):
        errors["email"] = "Give at least a name, an e-mail address, a telephone number or an id."
    at = entry.captured_at
    if at and at.tzinfo and at.year < FIRST_YEAR:
        errors["captured_at"] = f"It lies before {FIRST_YEAR}."
    elif at and (at.tzinfo is None or at > clock.now() + CLOCKS_DIFFER):
        errors["captured_at"] = "It lies in the future." if at.tzinfo else "Say the time zone, such as …Z or …+01:00."
    answers, more = _answers(entry.answers)
    address, latest = person.get("email", ""), clock.now() + CLOCKS_DIFFER
    consents, wrong = saying.read(entry.consents, address=address, latest=latest)
    if errors := wrong | errors | more:
        raise RefusedError(errors)
    telephone = typed_phones.keep(
        person, _typed(entry.fields, "phone"), country=_country(entry.fields.get("country", "")),
        home=working_time.country(),
    )  # fmt: skip
    rest = {name: clean_lines(str(entry.fields.get(name, "")))[:20_000] for name in FIELDS if name not in PERSON}
    return {
        "person": person, "answers": answers, "message": rest["message"], "page": rest["landing_page"][:500],
        "source": rest["source"][:160], "campaign": rest["campaign"][:160],
        "captured_at": at.isoformat() if at else "", **({"consents": consents} if consents else {}),
        **({typed_phones.BESIDE: telephone} if telephone else {}),
        **({"place": clean(rest["place"])[: places.LONGEST]} if rest["place"] else {}),
    }  # fmt: skip


def _person(fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Who they are, and what is wrong with it by field."""
    country, home = _country(fields.get("country", "")), working_time.country()
    parsers: dict[str, Callable[[str], values.Parsed[str]]] = {
        "email": values.email, "website": values.domain, "external_id": values.external_id, "name": values.person_name,
        "phone": lambda text: values.phone(text, country=country, home=home),
        "country": lambda text: values.Parsed(codes.country(text)),
        "language": lambda text: values.Parsed(codes.language(text)),
    }  # fmt: skip
    person, errors = {}, {}
    for name in PERSON:
        text = _typed(fields, name)
        try:
            person[name] = str(parsers[name](text).value) if text and name in parsers else text[:200]
        except BadValueError as wrong:
            errors[name] = f"{str(wrong)[:1].upper()}{str(wrong)[1:]}."
    parts = [person.pop("first_name"), person.pop("last_name")]
    person["name"] = (person["name"] or " ".join(filter(None, parts)))[:200]
    if len(person["external_id"]) > LONGEST_ID:
        errors["external_id"] = f"It has more than {LONGEST_ID} characters."
    return person, errors


def _typed(fields: Mapping[str, str], name: str) -> str:
    return clean(str(given))[:300] if (given := fields.get(name)) else ""


def _country(text: str) -> str:
    """The country that was said; "" where it is none, which is said beside its own field."""
    with suppress(BadValueError):
        return codes.country(clean(str(text))) if text else ""
    return ""


def _answers(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    known = {question.key: question for question in catalog_queries.questions()} if given else {}
    open_to_all = [key for key, question in known.items() if question.answer_type != AnswerType.CONSENT]
    answers: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for key, value in given.items():
        if key not in known:
            errors[f"answers.{key[:40]}"] = f"There is no such question; there are: {', '.join(open_to_all) or 'none'}."
            continue
        texts = [str(each) for each in (value if isinstance(value, list) else [value]) if each is not None]
        try:
            answer = asking.taken(known[key], [clean_lines(text) for text in texts])
        except standard.AnswerError as wrong:
            errors[f"answers.{key}"] = str(wrong)
        else:
            answers |= {} if answer is None else {key: answer}
    return answers, errors


def _read_doors() -> dict[str, Door]:
    return {door.slug: door for door in Door.objects.filter(kind=DoorKind.API).select_related("source", "campaign")}


_doors = Settled(_read_doors, "door", "source", "campaign")


def _door_of(key: ApiKey) -> Door:
    """The door by which what a key brings is counted, made with its first lead."""
    slug = f"api-{key.pk}"
    if found := _doors.now().get(slug):
        return found
    source = catalog.source_of(f"API: {key.name}", guess_source_type(key.name))
    Door.objects.bulk_create(
        [
            Door(kind=DoorKind.API, name=key.name, slug=slug, source=source, title=key.name, verb="-", thanks="-",
                 language=languages.default(), created_by=key.created_by)
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return Door.objects.select_related("source", "campaign").get(slug=slug)


def digest(content: Any) -> str:
    """The same for the same content."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
