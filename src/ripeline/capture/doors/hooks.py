"""Web hooks: leads sent by a tool of others, whose words are mapped to ours; always kept as they came."""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid5

from django.db import transaction

from ripeline.base import clock
from ripeline.base.addresses import IN_TEXT
from ripeline.capture.arriving import asking, languages
from ripeline.capture.arriving.keeping import FROM_ONE_PROGRAM, RefusedError, keep
from ripeline.capture.cells import values
from ripeline.capture.cells.headings import HEADINGS
from ripeline.capture.cells.text import BadValueError, clean
from ripeline.capture.cells.text import key as key_of
from ripeline.capture.doors import submissions
from ripeline.capture.doors.drafts import DoorError
from ripeline.capture.doors.machines import FIELDS, SPACE, Entry, digest, read
from ripeline.capture.models import Door, DoorKind, Submission, SubmissionState
from ripeline.catalog import actions as catalog
from ripeline.catalog.models import SourceType
from ripeline.people import actions as people_actions
from ripeline.people.models import User
from ripeline.people.rules import require_keeps_catalog

TRAIL = ("referrer", *submissions.TRAIL, "visitor")  # how they came; whose browser, as the tracking script names it
ASKED = "q-"  # before the key of a question, in a mapping
UNMAPPED = "Nobody has said yet where the name and the address stand in it."
DEEP, WIDE = 8, 200  # how far into what a tool sends is looked
LONGEST_PLACE = 300  # characters of a path in it


def take_hook(*, door: Door, payload: Any, address: str) -> Submission:
    """Take what a tool sends: always kept as it came; in at once where the mapping finds a person in it."""
    raw = payload if isinstance(payload, dict) else {"value": payload}
    content, why = mapped(door, raw)
    submission = Submission(
        pk=uuid5(SPACE, f"{door.pk}:{digest(raw)}"), door=door,
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
        return _nothing(), UNMAPPED
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
        return _nothing(), "; ".join(text if n == "email" else f"{n}: {text}" for n, text in wrong.errors.items())


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
    places = [path for path, text in flat(raw) if path not in taken and IN_TEXT.fullmatch(text.strip())]
    return next((path for path in places if "mail" in path.casefold()), places[0] if places else "")


def _nothing() -> dict[str, Any]:
    return {"person": {}, "answers": {}, "message": ""}
