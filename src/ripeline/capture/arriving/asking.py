"""The questions of the standard as doors put them, and how an answer is read from whatever was written."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from ripeline.base import clock
from ripeline.capture.cells import dates
from ripeline.capture.cells.text import BadValueError, clean, clean_lines, key
from ripeline.catalog import queries as catalog
from ripeline.catalog import standard
from ripeline.catalog.models import AnswerType, Meaning, Question
from ripeline.people import working_time

Day = Callable[[str], date]  # reads a date as somebody wrote it; raises BadValueError
_BETWEEN = (r"[;|\n]", ",")  # several answers in one cell


def answerable(*, retired: bool = False) -> list[Question]:
    """The questions that others may answer for somebody: all but consents, of which no word of theirs is a yes."""
    return [each for each in catalog.questions(retired=retired) if each.answer_type != AnswerType.CONSENT]


def by_heading(prefix: str) -> dict[str, str]:
    """The target, with its prefix, of each question by what a column of it may be called."""
    return {key(said): f"{prefix}{each.key}" for each in answerable() for said in (each.label, each.key)}


def noted() -> list[Question]:
    """The questions that one of us asks for somebody; what they need stands in what they said, as it does at a form."""
    asked = answerable()
    need = next((q for q in asked if q.meaning == Meaning.NEED and q.answer_type == AnswerType.LONG_TEXT), None)
    return [each for each in asked if each is not need]


def _by_our_order(text: str) -> date:
    """A day, the day or the month first as people of our country write it; where only one can be meant, that one."""
    with suppress(BadValueError):
        return dates.day(text, now=clock.now())
    day_first = working_time.is_day_first(working_time.company().country)
    return dates.day(text, now=clock.now(), day_first=day_first)


def taken(question: Question, texts: Sequence[str], *, required: bool = False, day: Day = _by_our_order) -> Any:
    """An answer as it is kept, a date in whatever way it was written. Raises standard.AnswerError."""
    if question.answer_type == AnswerType.DATE:
        texts = [_iso(text, day) for text in map(clean, texts) if text]
    return standard.read(question, texts, required=required)


def taken_all(given: Mapping[str, Sequence[str]], asked: Iterable[Question]) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers as they are kept, and what is wrong with the others, by key; what is left empty is no answer."""
    answers: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for question in asked:
        try:
            answer = taken(question, [clean_lines(text) for text in given.get(question.key, ())])
        except standard.AnswerError as problem:
            wrong[question.key] = str(problem)
        else:
            answers |= {} if answer is None else {question.key: answer}
    return answers, wrong


def _iso(text: str, day: Day) -> str:
    with suppress(ValueError):
        return date.fromisoformat(text).isoformat()
    try:
        return day(text).isoformat()
    except BadValueError as problem:
        raise standard.AnswerError(f"{problem}.", "date") from problem


def read(question: Question, text: str, *, day: Day = _by_our_order) -> Any:
    """An answer in somebody's own spelling, as it is kept. Raises standard.AnswerError."""
    known = {option.casefold(): option for option in question.options}
    whole = known.get(clean(text).casefold())
    if question.answer_type == AnswerType.CHOICES and not whole:
        for between in _BETWEEN:
            parts = [clean(part).casefold() for part in re.split(between, text) if part.strip()]
            if parts and all(part in known for part in parts):
                return standard.read(question, [known[part] for part in parts])
    return taken(question, [whole or clean_lines(text)], day=day)


def fitting(
    given: Mapping[str, str], asked: Iterable[Question], *, days: Mapping[str, Day] | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers that fit their questions, as they are kept, and the words of those that do not, by key."""
    known = {question.key: question for question in asked}
    answers: dict[str, Any] = {}
    unfit: dict[str, str] = {}
    for name, text in given.items():
        try:
            answer = read(known[name], text, day=(days or {}).get(name, _by_our_order)) if name in known else None
        except standard.AnswerError:
            unfit[name] = text
        else:
            answers |= {} if answer is None else {name: answer}
    return answers, unfit
