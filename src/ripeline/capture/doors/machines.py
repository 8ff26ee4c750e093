"""Doors for programs: leads sent as JSON by a key of ours, or by a tool of others' whose words are mapped to ours."""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from ripeline.base import clock
from ripeline.base.settled import Settled
from ripeline.capture.arriving import asking, languages, places, saying, typed_phones
from ripeline.capture.arriving.keeping import FROM_ONE_PROGRAM, RefusedError, keep
from ripeline.capture.arriving.saying import Said
from ripeline.capture.cells import codes, values
from ripeline.capture.cells.dates import FIRST_YEAR
from ripeline.capture.cells.headings import HEADINGS
from ripeline.capture.cells.text import BadValueError, clean, clean_lines
from ripeline.capture.cells.text import key as key_of
from ripeline.capture.doors import doors, submissions
from ripeline.capture.doors.doors import DoorError
from ripeline.capture.models import Door, DoorKind, Submission, SubmissionState
from ripeline.catalog import actions as catalog
from ripeline.catalog import queries as catalog_queries
from ripeline.catalog import standard
from ripeline.catalog.models import AnswerType, SourceType
from ripeline.catalog.rules import guess_source_type
from ripeline.people import actions as people_actions
from ripeline.people import working_time
from ripeline.people.models import ApiKey, User
from ripeline.people.rules import require_keeps_catalog

PERSON = ("name", "first_name", "last_name", "email", "phone", "company", "title", "website", "country", "language",
          "external_id")  # fmt: skip
FIELDS = (*PERSON, "message", "source", "campaign", "place", "landing_page")  # as an import calls them
TRAIL = ("referrer", *submissions.TRAIL, "visitor")  # how they came; whose browser, as the tracking script names it
ASKED = "q-"  # before the key of a question, in a mapping
CLOCKS_DIFFER = timedelta(minutes=10)
SAME = timedelta(minutes=1)  # in which what a program sends without a key of its own is the same (at most twice that)
LONGEST_ID = 254
_SPACE = UUID("7d1f1c52-52a5-4c0e-9d0c-5a3a1a9b7c11")  # of the ids that senders' own keys are made into
UNMAPPED = "Nobody has said yet where the name and the address stand in it."
DEEP, WIDE = 8, 200  # how far into what a tool sends is looked
LONGEST_PLACE = 300  # characters of a path in it


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
        door=_door_of(key), state=SubmissionState.TAKEN, content=content | {"digest": _digest(content)},
        trail={name: clean(text) for name, text in entry.trail.items()}, address=str(key.pk), received_at=clock.now(),
    )  # fmt: skip
    if idempotency_key:
        submission.pk = uuid5(_SPACE, f"{key.pk}:{idempotency_key}")
    else:
        submission.pk, submission.before = _number(submission, 0), _number(submission, 1)
    return submission


def _number(submission: Submission, ago: int) -> UUID:
    """By who sent it, what it says and the minute, be it one some minutes `ago`."""
    minute = int(submission.received_at.timestamp() // SAME.total_seconds()) - ago
    said = _digest([submission.content["digest"], submission.trail])
    return uuid5(_SPACE, f"{submission.address}::{said}:{minute}")


def take_hook(*, door: Door, payload: Any, address: str) -> Submission:
    """Take what a tool sends: always kept as it came; in at once where the mapping finds a person in it."""
    raw = payload if isinstance(payload, dict) else {"value": payload}
    content, why = mapped(door, raw)
    submission = Submission(
        pk=uuid5(_SPACE, f"{door.pk}:{_digest(raw)}"), door=door,
        state=SubmissionState.HELD if why else SubmissionState.TAKEN, why=why[:200],
        content=content | {"raw": raw}, trail=trail(door, raw), address=address, received_at=clock.now(),
    )  # fmt: skip
    try:
        return keep(submission, most=FROM_ONE_PROGRAM)[0]
    except RefusedError as wrong:  # its address and its id are of two people here: kept for a look
        submission.state, submission.why, submission.lead_id = SubmissionState.HELD, str(wrong)[:200], None
        return keep(submission, most=FROM_ONE_PROGRAM)[0]


def mapped(door: Door, raw: Mapping[str, Any], *, email: str | None = None) -> tuple[dict[str, Any], str]:
    """What a door's mapping makes of something sent, and why it must wait ("" if it need not).

    `email`: the address as somebody here has mended it; "": to be taken without one.
    """
    found = dict(flat(raw))
    said = {name: found[path] for name, path in door.mapping.items() if found.get(path, "").strip()}
    if not door.mapping:
        return _empty(), UNMAPPED
    if email is not None:
        said["email"] = email
    answers = {name.removeprefix(ASKED): text for name, text in said.items() if name.startswith(ASKED)}
    asked = {question.key: question for question in asking.answerable()} if answers else {}
    answered, unfit = asking.fitting(answers, asked.values())
    words = [f"{asked[key].label} {clean(text)}" for key, text in unfit.items()]
    said["message"] = "\n".join(filter(None, [said.get("message", ""), *words]))
    try:
        return read(Entry(fields=said)) | {"answers": answered}, ""
    except RefusedError as wrong:
        return _empty(), "; ".join(text if n == "email" else f"{n}: {text}" for n, text in wrong.errors.items())


def bad_address(door: Door, raw: Mapping[str, Any]) -> str:
    """What stands in something sent where the address should, and is none; "" where it is one, or nothing is there."""
    text = dict(flat(raw)).get(door.mapping.get("email", ""), "").strip()
    try:
        return "" if not text or values.email(text).value else text
    except BadValueError:
        return text


def trail(door: Door, raw: Mapping[str, Any]) -> dict[str, str]:
    """What a door's mapping finds of how they came in something sent."""
    places = {name: path for name, path in door.mapping.items() if name in TRAIL}
    found = dict(flat(raw)) if places else {}
    return {name: text for name, path in places.items() if (text := clean(found.get(path, ""))[:500])}


def keep_hook(
    *, actor: User, name: str, source_type: str, mapping: Mapping[str, str], door: Door | None = None,
    language: str = "",
) -> Door:  # fmt: skip
    """Set up a web hook or change one; its address, which is its secret, stays. Raises DoorError.

    `language`: of the mail that follows from it; else as it is, or as a new door begins.
    """
    require_keeps_catalog(actor)
    name = " ".join(name.split())[:120]
    if not name:
        raise DoorError("Give it a name.", "name")
    if source_type not in SourceType.values:
        raise DoorError("Choose what kind of source it is.", "source_type")
    with transaction.atomic():
        found = door or Door(
            kind=DoorKind.HOOK, slug=secrets.token_hex(20), created_by=actor, title=name, verb="-", thanks="-"
        )
        known = {*FIELDS, *TRAIL, *(f"{ASKED}{question.key}" for question in asking.answerable())}
        found.name, found.mapping = name, {k: v[:300] for k, v in mapping.items() if k in known and v.strip()}
        found.language = languages.chosen(language, door)
        found.source = catalog.source_for(name, source_type)
        found.save()
        people_actions.audit(actor=actor, verb="door.change" if door else "door.add", target=str(found.pk))
    return found


@dataclass(frozen=True)
class Example:
    """What a mapping is made by: of what a tool has sent of late, that which says most; and what stood in others."""

    sent: Submission
    raw: Mapping[str, Any]
    places: Sequence[tuple[str, str]]
    has_more: bool  # some of the places stood in others


LOOKED_AT = 10  # the last so many: an empty one, or one of another shape, hides no good one before it


def example(door: Door) -> Example | None:
    """None where nothing was sent yet that anything stands in."""
    lately = Submission.objects.filter(door=door).order_by("-received_at")[:LOOKED_AT]
    found = [(each, each.content.get("raw") or {}) for each in lately]
    full = [(each, raw, dict(flat(raw))) for each, raw in found if any(True for _ in flat(raw))]
    if not full:
        return None
    sent, raw, own = max(full, key=lambda each: _read_of(door, each[1], each[2]))  # of equals the newest
    more = {at: text for _, _, stood in reversed(full) for at, text in stood.items() if at not in own}
    return Example(sent, raw, [*own.items(), *more.items()], bool(more))


def _read_of(door: Door, raw: Mapping[str, Any], stood: Mapping[str, str]) -> int:
    """How much of something sent is read, or would be as its places are called."""
    return sum(at in stood for at in (door.mapping or guess_mapping(raw)).values())


_CALLED, _SAID = ("name", "key", "label", "field", "question", "title"), ("value", "values", "answer", "text")


def flat(value: Any, at: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """The texts in something sent, each with where it stands: `contact.email`, `answers.0.text`.

    One of a list that says what it is called stands under that: of [{"name": "email", "values": ["a@x"]}], `email.0`.
    """
    if depth > DEEP or len(at) > LONGEST_PLACE:
        return
    if isinstance(value, Mapping):
        called = next((value[key] for key in _CALLED if isinstance(value.get(key), str)), "")
        said = next((key for key in _SAID if key in value), "")
        if at.rpartition(".")[2].isdigit() and called and said:
            yield from flat(value[said], f"{at.rpartition('.')[0]}.{called[:80]}".lstrip("."), depth + 1)
            return
        for key, each in list(value.items())[:WIDE]:
            yield from flat(each, f"{at}.{key}" if at else str(key), depth + 1)
    elif isinstance(value, list):
        for index, each in enumerate(value[:WIDE]):
            yield from flat(each, f"{at}.{index}" if at else str(index), depth + 1)
    elif value is not None and at:
        yield at, str(value)


# Not the id: what one tool numbers 1 and what another does are two people.
_GUESSED = [name for name in FIELDS if name != "external_id"]
_MEANS = {heading: name for name in reversed(_GUESSED) for heading in HEADINGS.get(name, ())}
_MEANS |= {key_of(name): name for name in TRAIL}


def guess_mapping(raw: Mapping[str, Any]) -> dict[str, str]:
    """Where each field probably stands in something sent, by what its place is called; the address also by itself."""
    found: dict[str, str] = {}
    asked = asking.by_heading(ASKED)
    for path, _ in flat(raw):
        words = [word for word in path.split(".") if not word.isdigit()]
        said = [key_of(" ".join(words[-2:])), *map(key_of, words[-1:])]  # the name of a company is not theirs
        said += [each.removesuffix("s") for each in said[-1:] if each.endswith("s")]  # a list: `phones.0`
        if name := next((means for each in said if (means := _MEANS.get(each) or asked.get(each))), None):
            found.setdefault(name, path)
    if "email" not in found and (address := _like_an_address(raw, set(found.values()))):
        found["email"] = address
    return found


def _like_an_address(raw: Mapping[str, Any], taken: Collection[str]) -> str:
    """Where something stands that is an address, best under a name that says so; "" where nothing is."""
    places = [path for path, text in flat(raw) if path not in taken and _ADDRESS.fullmatch(text.strip())]
    return next((path for path in places if "mail" in path.casefold()), places[0] if places else "")


_ADDRESS = re.compile(r"[^\s@<>,;:]+@[^\s@<>,;:]+\.[^\s@<>,;:.]+")


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


def _empty() -> dict[str, Any]:
    return {"person": {}, "answers": {}, "message": ""}


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


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
