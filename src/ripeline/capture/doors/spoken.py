"""What of a form has no words in its language, and what whoever opens it reads instead."""

from dataclasses import dataclass

from ripeline.capture.doors import doors
from ripeline.capture.models import Door
from ripeline.catalog.models import Question
from ripeline.catalog.phrases import Language
from ripeline.outbox import queries as outbox

_PARTS = {"label": "the question", "help": "the word of help below it", "options": "its answers"}


@dataclass(frozen=True)
class Lacking:
    """What a question has no words for, and what is read there meanwhile."""

    question: Question
    what: str
    shown: str
    of_purpose: bool = False  # what is agreed to: its words are those of the mail (Settings, Mail, Purposes)


def lacking(door: Door) -> list[Lacking]:
    """Of each question that a form asks, what is not in its language."""
    if door.language == Language.ENGLISH:
        return []
    worded = {each.purpose_id for each in outbox.wordings(language=door.language) if each.language == door.language}
    found: list[Lacking] = []
    for question, _ in doors.asks(door):
        if question.purpose and question.purpose not in worded:
            found.append(Lacking(question, "what they agree to", question.label, of_purpose=True))
        if parts := question.lacks(door.language):
            found.append(Lacking(question, " and ".join(_PARTS[part] for part in parts), _shown(question, parts)))
    return found


def _shown(question: Question, parts: list[str]) -> str:
    """As it is put where there are no words for it."""
    unsaid = [shown for option, shown in question.choices if option == shown]
    said = {"label": [question.label], "help": [question.help], "options": unsaid}
    return " · ".join(text for part in parts for text in said[part])
