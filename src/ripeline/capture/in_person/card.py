"""A card as whoever met somebody has noted them, and as it is kept: what does not fit its question stays in words."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from ripeline.base import clock
from ripeline.capture.arriving import asking, keeping
from ripeline.capture.arriving.typed_phones import OTHERS
from ripeline.capture.cells.text import clean, clean_lines
from ripeline.capture.doors import machines
from ripeline.capture.models import Door
from ripeline.catalog import queries as catalog_queries
from ripeline.catalog import standard
from ripeline.catalog.models import AnswerType, Question

PERSON = ("name", "title", "company", "email", "phone", "website", "country")
LONGEST = 5_000  # characters of a note


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


def read(card: Card, door: Door, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
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
        "due": card.due.isoformat() if card.due else "", "digest": digest(card),
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


def trail(card: Card, door: Door) -> dict[str, str]:
    """Where they were met, and how hot they seemed."""
    heat = card.heat if card.heat in list(Heat) else ""
    said = {"place": clean(card.place)[:160] or door.place, "heat": heat}
    return {name: text for name, text in said.items() if text}


def digest(card: Card) -> str:
    """The same for a card that says the same."""
    said = [
        dict(card.fields), dict(card.answers), card.note, card.heat, card.place, card.source, card.campaign, card.due,
        card.known,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
