"""The columns of the mapping page: what each holds, where it goes, and what there is to choose."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ripeline.capture.arriving import asking
from ripeline.capture.cells.fields import ANSWER, CUSTOM, FIELDS, IGNORE
from ripeline.capture.columns import own_labels, standing
from ripeline.capture.columns.looking import Looked
from ripeline.capture.files.dialect import Column
from ripeline.capture.imports.keys_of_fields import field_keys
from ripeline.catalog import queries as catalog
from ripeline.catalog.models import FieldType

MANY = 30  # columns, more of which are not read through
_SAMPLES = 3
_WIDEST = 60  # characters shown of a cell
_HELD: Mapping[str, str] = {FieldType.NUMBER: "numbers", FieldType.DATE: "days"}


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class Line:
    """A column of the file, and what becomes of it."""

    number: int
    label: str
    samples: Sequence[str]
    because: str
    fields: Sequence[Option]
    own: Sequence[Option]  # as a custom field, or left out
    questions: Sequence[Option] = ()
    orders: Sequence[Option] = ()  # of day and month; none where there are no dates
    order_why: str = ""
    marks: Sequence[Option] = ()
    marks_why: str = ""
    error: str = ""
    hint: str = ""  # what else it may be


def lines(looked: Looked, asked: Iterable[str]) -> list[Line]:
    """Column by column; `asked`: what is still to be decided, in words."""
    mapping, known = looked.mapping, FIELDS[looked.mapping.kind]
    otherwise = "as last time" if looked.is_remembered else "you said so"
    asks = asking.answerable(retired=True) if mapping.kind == "leads" else []
    found, is_told = [], mapping.kind != "leads" or bool(mapping.fields() & {"state", "stage"})
    for number, (column, (label, target)) in enumerate(zip(looked.dialect.columns, mapping.targets, strict=True)):
        guess = looked.guesses[number]
        because = guess.because if guess.target == target else otherwise
        fields = [Option(name, field.label, name == target) for name, field in known.items()]
        questions = [
            Option(f"{ANSWER}{each.key}", each.label, target == f"{ANSWER}{each.key}")
            for each in asks if each.is_active or target == f"{ANSWER}{each.key}"
        ]  # fmt: skip
        own = [Option(IGNORE, "Leave it out", target == IGNORE)]
        if mapping.kind == "leads":
            custom = target if target.startswith(CUSTOM) else CUSTOM + label
            own.insert(0, Option(custom, _kept_as(custom.removeprefix(CUSTOM)), target == custom))
        found.append(
            Line(
                number, label, _samples(looked.detected.samples[number]),
                f"{because}{_holding(column, target)}", fields, own, questions,
                _orders(column), column.date_why, _marks(column), column.number_why,
                next((words for words in asked if f"“{label}”" in words), ""),
                "" if is_told or target in known else standing.hint(label, looked.detected.samples[number]),
            )
        )  # fmt: skip
    return _in_sight_first(found, looked) if len(found) > MANY else found


def _in_sight_first(lines: Sequence[Line], looked: Looked) -> list[Line]:
    """Of many columns first what is to be decided, then what was found to be a field, then what is kept, then the rest.

    By what was found and not by what is chosen: a line that one has just changed stays where it is.
    """
    known = FIELDS[looked.mapping.kind]

    def place(line: Line) -> int:
        target = looked.guesses[line.number].target
        return 0 if line.error else 1 if target in known or target.startswith(ANSWER) else 3 if target == IGNORE else 2

    return sorted(lines, key=place)


def _samples(cells: Sequence[str]) -> list[str]:
    different = list(dict.fromkeys(" ".join(cell.split()) for cell in cells if cell.strip()))[:_SAMPLES]
    return [cut(cell) for cell in different]


def cut(text: str) -> str:
    """A cell as far as it is shown."""
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"


def _orders(column: Column) -> list[Option]:
    if column.day_first is None and not column.unclear:
        return []
    asked = [Option("", "Choose: which comes first?", True)] if column.day_first is None else []
    return [
        *asked,
        Option("day", "Day first: 31/12/2026", column.day_first is True),
        Option("month", "Month first: 12/31/2026", column.day_first is False),
    ]


def _marks(column: Column) -> list[Option]:
    if column.decimal_comma is None:
        return []
    return [
        Option("comma", "Decimal comma: 1.234,56", column.decimal_comma),
        Option("point", "Decimal point: 1,234.56", not column.decimal_comma),
    ]


def _kept_as(label: str) -> str:
    """Where a column goes that is no field of ours: the company's field with its key may be called otherwise."""
    key, called = field_keys([label])[label], own_labels.apart(label)
    here = next((field.label for field in catalog.custom_fields() if field.key == key), called)
    return f"Keep it as “{called}”" if here == called else f"Keep it in your field “{here}”"


def _holding(column: Column, target: str) -> str:
    """What the field that a column goes to holds, where that is not just any text."""
    if not target.startswith(CUSTOM):
        return ""
    key = field_keys([target.removeprefix(CUSTOM)]).popitem()[1]
    here = next((field.field_type for field in catalog.custom_fields() if field.key == key), "")
    held = _HELD.get(here or column.kind)
    if not held:
        return ""
    return f"; your field holds {held}" if here else f"; all are {held}, so it becomes a field of {held}"
