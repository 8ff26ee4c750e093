"""The questions that a door reads from words not put there by our own page: of a file, a tool, or one of us."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ripeline.capture.fields import ANSWER, CUSTOM, Kind
from ripeline.capture.mapping import FieldMap, Guess
from ripeline.capture.rows import Row
from ripeline.capture.text import clean, clean_lines, key
from ripeline.catalog import queries as catalog
from ripeline.catalog import standard
from ripeline.catalog.models import AnswerType, Question

_BETWEEN = (r"[;|\n]", ",")  # several answers in one cell


def answerable(*, retired: bool = False) -> list[Question]:
    """The questions that others may answer for somebody: all but consents, of which no word of theirs is a yes."""
    return [each for each in catalog.questions(retired=retired) if each.answer_type != AnswerType.CONSENT]


def by_heading(prefix: str) -> dict[str, str]:
    """The target, with its prefix, of each question by what a column of it may be called."""
    return {key(said): f"{prefix}{each.key}" for each in answerable() for said in (each.label, each.key)}


def read(question: Question, text: str) -> Any:
    """An answer in somebody's own spelling, as it is kept. Raises standard.AnswerError."""
    known = {option.casefold(): option for option in question.options}
    whole = known.get(clean(text).casefold())
    if question.answer_type == AnswerType.CHOICES and not whole:
        for between in _BETWEEN:
            parts = [clean(part).casefold() for part in re.split(between, text) if part.strip()]
            if parts and all(part in known for part in parts):
                return standard.read(question, [known[part] for part in parts])
    return standard.read(question, [whole or clean_lines(text)])


def fitting(given: Mapping[str, str], asked: Iterable[Question]) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers that fit their questions, as they are kept, and the words of those that do not, by key."""
    known = {question.key: question for question in asked}
    answers: dict[str, Any] = {}
    unfit: dict[str, str] = {}
    for name, text in given.items():
        try:
            answer = read(known[name], text) if name in known else None
        except standard.AnswerError:
            unfit[name] = text
        else:
            answers |= {} if answer is None else {name: answer}
    return answers, unfit


def guessed(kind: Kind, headings: Sequence[str], guesses: Sequence[Guess]) -> list[Guess]:
    """`guesses`, where what no field has is an answer if its heading is a question of ours."""
    asked = by_heading(ANSWER) if kind == "leads" else {}
    found: list[Guess] = []
    for label, each in zip(headings, guesses, strict=True):
        target = asked.get(key(label)) if each.target.startswith(CUSTOM) else None
        if target and all(other.target != target for other in found):
            each = Guess(target, "the heading is a question of ours")
        found.append(each)
    return found


def labels() -> dict[str, str]:
    """What a column of a question holds, by its target."""
    return {f"{ANSWER}{each.key}": f"the answer to “{each.label}”" for each in catalog.questions(retired=True)}


def problems(mapping: FieldMap) -> list[str]:
    """What must be changed before answers can be read, in sentences."""
    targets = [(label, target) for label, target in mapping.targets if target.startswith(ANSWER)]
    known = {each.key: each for each in catalog.questions(retired=True)} if targets else {}
    there = ", ".join(f"{ANSWER}{each.key}" for each in answerable()) if targets else ""
    found = []
    for label, target in targets:
        question = known.get(target.removeprefix(ANSWER))
        if question is None:
            found.append(
                f"“{label}” is mapped to “{target}”, but there is no such question: choose {there or 'another'}."
            )
        elif question.answer_type == AnswerType.CONSENT:
            found.append(f"“{label}” is mapped to a consent, which a file gives by its column consent: choose that.")
    return found


class Answers:
    """Reads what the rows of one file answer. Questions are looked up once, and only if a column is one."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._labels = {
            target.removeprefix(ANSWER): label for label, target in mapping.items() if target.startswith(ANSWER)
        }
        self._asked = {each.key: each for each in answerable(retired=True)} if self._labels else {}

    def read(self, rows: Iterable[Row]) -> None:
        """Their answers as they are kept; what does not fit stays in its words, with a remark. Twice is once."""
        for row in rows:
            given, row.asked = row.asked, {}
            answers, unfit = fitting(given, self._asked.values())
            row.answers |= answers
            for name, text in unfit.items():
                label = self._labels[name]
                row.custom[label] = text
                row.remarks.append(
                    f"{label}: “{text[:40]}” does not fit “{self._asked[name].label}” and was kept as it is"
                )
