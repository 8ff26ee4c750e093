"""The fields of a form's page, with what was typed in them and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from ripeline.capture.doors import drafts, profiling, submissions
from ripeline.capture.models import Door
from ripeline.catalog import phrases
from ripeline.catalog.models import AnswerType, Question

FILLS = {"name": "name", "company": "organization", "phone": "tel", "title": "organization-title"}


@dataclass(frozen=True)
class Line:
    """A field of the page."""

    name: str
    label: str
    kind: str  # of the control
    value: str = ""
    values: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()  # as it is kept, as it is shown
    help: str = ""
    mark: str = ""  # of a consent: of the words that stand there
    fills: str = ""
    required: bool = False
    error: str = ""


def of(door: Door, typed: QueryDict, known: profiling.Known | None, errors: Mapping[str, str]) -> list[Line]:
    """Who they are, then the questions that the form asks of whoever looks."""
    words = phrases.of(door.language)
    fields = profiling.fields(door, known)
    lines = [
        Line("email", words.email, "email", value=typed.get("email", ""), fills="email", required=True,
             error=errors.get("email", ""))
    ]  # fmt: skip
    person = [
        Line(name, getattr(words, name), "tel" if name == "phone" else "text", value=typed.get(name, ""),
             fills=FILLS[name], required=fields[name] == "required", error=errors.get(name, ""))
        for name in drafts.PERSON if name in fields
    ]  # fmt: skip
    lines = person[:1] + lines + person[1:] if "name" in fields else lines + person
    asked = profiling.questions(door, known)
    given = submissions.answered({name: typed.getlist(name) for name in typed})
    asked += [(question, False) for question in profiling.answered_besides(door, asked, given)]
    return lines + [_line(typed.getlist(f"q-{q.key}"), q, must, errors) for q, must in asked]


def _line(given: list[str], question: Question, required: bool, errors: Mapping[str, str]) -> Line:
    name, is_consent = f"q-{question.key}", question.answer_type == AnswerType.CONSENT
    if is_consent and name in errors:  # of words that they have not seen yet nothing is ticked
        given = []
    return Line(
        name, question.label, str(question.answer_type), value=given[0] if given else "", values=tuple(given),
        options=question.choices, help=question.help, required=required, error=errors.get(name, ""),
        mark=submissions.mark(question) if is_consent else "",
    )  # fmt: skip


def last_consent(lines: Sequence[Line]) -> str:
    """Beside which question the privacy notice stands; "" above the button."""
    return next((line.name for line in reversed(lines) if line.kind == AnswerType.CONSENT), "")
