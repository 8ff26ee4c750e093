"""The columns of a file that answer questions of the standard: which they are, and what each row answers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date
from functools import partial

from ripeline.base import clock
from ripeline.capture.arriving.asking import Day, answerable, by_heading, fitting
from ripeline.capture.cells import dates
from ripeline.capture.cells.fields import ANSWER, CUSTOM, Kind
from ripeline.capture.cells.text import BadValueError, key
from ripeline.capture.columns.mapping import FieldMap, Guess
from ripeline.capture.columns.row import Row
from ripeline.capture.files.dialect import Column, Dialect
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import AnswerType


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


def dated(mapping: FieldMap) -> set[str]:
    """The targets of columns that answer with a date."""
    targets = {target for _, target in mapping.targets if target.startswith(ANSWER)}
    asked = catalog.questions(retired=True) if targets else ()
    return {f"{ANSWER}{each.key}" for each in asked if each.answer_type == AnswerType.DATE} & targets


def _by_column(text: str, *, column: Column, is_1904: bool) -> date:
    """A day as the cells of a column have it, be it a workbook's bare count."""
    if dates.is_date(text):
        return dates.day(text, now=clock.now(), day_first=column.day_first)
    found = dates.moment(text, zone=UTC, now=clock.now(), is_1904=is_1904)
    if found is None:
        raise BadValueError(f"“{text}” is not a date: write it like 2018-02-13")
    return found.at.date()


class Answers:
    """Reads what the rows of one file answer, dates as each column has them. Questions are looked up once, and only if
    a column is one.
    """

    def __init__(self, mapping: Mapping[str, str], dialect: Dialect) -> None:
        self._labels = {
            target.removeprefix(ANSWER): label for label, target in mapping.items() if target.startswith(ANSWER)
        }
        self._asked = {each.key: each for each in answerable(retired=True)} if self._labels else {}
        columns = {column.label: column for column in dialect.columns}
        self._days: dict[str, Day] = {
            name: partial(_by_column, column=columns[label], is_1904=dialect.is_1904)
            for name, label in self._labels.items()
            if label in columns
        }

    def read(self, rows: Iterable[Row]) -> None:
        """Their answers as they are kept; what does not fit stays in its words, with a remark. Twice is once."""
        for row in rows:
            given, row.asked = row.asked, {}
            answers, unfit = fitting(given, self._asked.values(), days=self._days)
            row.answers |= answers
            for name, text in unfit.items():
                label = self._labels[name]
                row.custom[label] = text
                row.remarks.append(
                    f"{label}: “{text[:40]}” does not fit “{self._asked[name].label}” and was kept as it is"
                )
