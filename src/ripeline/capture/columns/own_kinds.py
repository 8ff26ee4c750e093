"""What a field of the company's own holds that a file brings: numbers or days, where every cell read is one, else text.

So that it can be asked for more or less. What is a name though it has only digits (an id, a post code) stays text, and
so does what could be read in two ways. Where a later cell does not fit the field, its words are kept as they are.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from ripeline.capture.cells import dates, values
from ripeline.capture.cells.text import BadValueError, clean, given, key, words
from ripeline.capture.files.dialect import Column

NUMBER, DATE = "number", "date"  # as `catalog.models.FieldType` has them
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # which century two digits mean does not matter to whether it is a day
FEWEST = 3  # cells; of one or two nothing is concluded
_NAMES = words(
    "id ids no nr num number numbers nummer nummern numero code codes plz zip postcode postal postleitzahl cap cp "
    "phone telephone tel telefon fax mobile mobil handy iban bic vat ust ustid tax account konto key ref "
    "reference sku ean"
)
_ENDINGS = ("nummer", "nummern", "nr", "code")  # of German words, which are written as one: Kundennummer
_COUNTS = re.compile(r"\b(?:number|no|nr|num|numero) (?:of|de|di)\b")
_LONG = 8  # digits; where all cells have so many, they are names: 20260017


def kind_of_cells(column: Column, cells: Sequence[str]) -> str:
    """What all of a column's cells are, should it become a field: "number", "date" or "" for text."""
    told = [text for cell in cells if (text := given(clean(cell)))]
    if len(told) < FEWEST:
        return ""
    if all(_is_day(text, column) for text in told):
        return DATE
    if _is_called_a_name(column.label) or all(text.isdecimal() and len(text) >= _LONG for text in told):
        return ""
    return NUMBER if all(_is_number(text, column) for text in told) else ""


def kept(text: str, kind: str, column: Column, *, now: datetime) -> str | int | float:
    """A cell as a field of this kind keeps it; BadValueError if it does not fit."""
    if kind == NUMBER:
        found = values.number(text, decimal_comma=column.decimal_comma)
        return int(found) if found == found.to_integral_value() else float(found)
    return dates.day(text, now=now, day_first=column.day_first).isoformat() if kind == DATE else text


def _is_called_a_name(label: str) -> bool:
    said = _COUNTS.sub("", key(label)).split()
    return any(word in _NAMES or word.endswith(_ENDINGS) for word in said)


def _is_number(text: str, column: Column) -> bool:
    is_padded = len(text) > 1 and text.startswith("0") and text[1].isdecimal()
    return not is_padded and _fits(text, NUMBER, column)


def _is_day(text: str, column: Column) -> bool:
    """Whether it is a day without a time; of days that could be either way round, in one of the two."""
    if not dates.is_date(text) or dates.has_time(text):
        return False
    orders = (True, False) if column.unclear else (column.day_first,)
    return any(_fits(text, DATE, Column(column.label, day_first=order)) for order in orders)


def _fits(text: str, kind: str, column: Column) -> bool:
    try:
        kept(text, kind, column, now=_ANY_TIME)
    except BadValueError:
        return False
    return True
