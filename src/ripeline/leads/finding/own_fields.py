"""What may be asked of a company's own field: `size` is exactly that, `size~from` at least, `size~has` holds the text.

"Is exactly" is served by an index. The other questions look at leads one by one, so a list puts them only to so many.
"""

import contextlib
import json
import math
from datetime import date
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BooleanField, F, Func, JSONField, Q, TextField, Value

_MARK = "~"


class How(StrEnum):
    """How a value is compared with what somebody asks for."""

    IS = ""
    HAS = "has"
    FROM = "from"
    TO = "to"
    BEFORE = "before"
    AFTER = "after"
    EMPTY = "empty"


_SIGNS = {How.FROM: " >= ", How.TO: " <= ", How.BEFORE: " < ", How.AFTER: " > "}


def split(name: str) -> tuple[str, How]:
    """A question as the field's key and how it is compared; an unknown comparison is part of the key."""
    key, mark, how = name.rpartition(_MARK)
    return (key, How(how)) if mark and how in set(How) else (name, How.IS)


def joined(key: str, how: str) -> str:
    """The name of a question; `split` reads it back."""
    return f"{key}{_MARK}{how}" if how else key


def is_slow(name: str) -> bool:
    """Whether no index answers this question."""
    return split(name)[1] is not How.IS


def is_readable(name: str, value: str) -> bool:
    """Whether the value is one that can be compared so: "from", "to" and the like take a number or a date."""
    return split(name)[1] not in _SIGNS or _number(value) is not None or _day(value) is not None


def condition(name: str, value: str, *, is_few: bool = False) -> Q:
    """The leads of which the field holds what is asked; none where the question cannot be read.

    `is_few`: in words that no index knows, so that each of a few leads is asked.
    """
    key, how = split(name)
    match how:
        case How.IS:
            return _is(key, value, is_few=is_few)
        case How.HAS:
            return Q(_truth(" ILIKE ", _text(key), Value(f"%{_escaped(value)}%")))
        case How.EMPTY:
            return Q(_truth(" = ", Func(_text(key), Value(""), function="COALESCE"), Value("")))
    return _compared(key, _SIGNS[how], value)


def _is(key: str, value: str, *, is_few: bool) -> Q:
    """The field holds this, be it kept as text, a number or a truth."""
    readings: list[object] = [value]
    with contextlib.suppress(ValueError):
        reading = json.loads(value)
        if isinstance(reading, int | float | bool) and not (isinstance(reading, float) and not math.isfinite(reading)):
            readings.append(reading)
    if value.casefold() in ("yes", "no"):
        readings.append(value.casefold() == "yes")
    if is_few:
        return reduce(or_, (Q(_truth(" = ", _json(key), _as_json(json.dumps(reading)))) for reading in readings))
    return reduce(or_, (Q(custom__contains={key: reading}) for reading in readings))


def _compared(key: str, sign: str, value: str) -> Q:
    """Numbers with numbers, days with days: no cast, which a stray value of another kind would break."""
    kind = Func(_json(key), function="jsonb_typeof", output_field=TextField())
    if (number := _number(value)) is not None:
        return Q(_truth(" = ", kind, Value("number"))) & Q(_truth(sign, _json(key), _as_json(number)))
    if (day := _day(value)) is not None:
        # a moment within the last day is still "until" it, and not "after" it
        last = day.isoformat() + ("~" if sign in (" <= ", " > ") else "")
        is_day = Q(_truth(" = ", kind, Value("string"))) & Q(_truth(" ~ ", _text(key), Value(_BEGINS_WITH_DAY)))
        return is_day & Q(_truth(sign, _bytewise(_text(key)), Value(last)))
    return Q(pk__in=[])


_BEGINS_WITH_DAY = r"^\d{4}-\d\d-\d\d"  # as days are kept; what was not read as one stays in its words


def _number(text: str) -> str | None:
    """A number as JSON writes it."""
    try:
        number = float(text.replace(" ", ""))
    except ValueError:
        return None
    return json.dumps(int(number) if number.is_integer() else number) if math.isfinite(number) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _json(key: str) -> Func:
    return Func(F("custom"), Value(key), arg_joiner=" -> ", template="(%(expressions)s)", output_field=JSONField())


def _as_json(text: str) -> Func:
    return Func(Value(text), template="%(expressions)s::jsonb", output_field=JSONField())


def _text(key: str) -> Func:
    return Func(F("custom"), Value(key), arg_joiner=" ->> ", template="(%(expressions)s)", output_field=TextField())


def _bytewise(text: Func) -> Func:
    return Func(text, template='(%(expressions)s COLLATE "C")', output_field=TextField())


def _truth(sign: str, *sides: Any) -> Func:
    return Func(*sides, arg_joiner=sign, template="(%(expressions)s)", output_field=BooleanField())
