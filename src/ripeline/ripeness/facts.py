"""What is known of a lead when it comes to us: what the model may learn from, and score by.

Nothing that was written after an episode began may count when learning. Source, campaign, landing page, message,
answers and capturer are read from the enquiry that began it, which nobody edits: answers that are mended later stand
beside those that were given, and only an open lead is scored by them. Title, address, telephone, company,
country and custom fields live on the lead and may be changed: each is read back to what it was before the first change
that was recorded after the episode began (every change keeps what was there before). Where the data do not allow it:
of leads that were written down more than a day after they came (a file of old ones), title, telephone and company count
as not known, for those are what gets filled in of somebody who becomes a customer; the rest of the file is taken for
what was known; and a merge leaves the survivor's fields as they are, whichever of the two had them first.

An open lead is scored by what its record says now: somebody who corrects a title wants the score to follow.

Custom fields count only where an administrator says that they are known when somebody comes to us; by default none
does, for most files have columns that were filled in later, because of what became of the lead ("last activity",
"status"): such a column would predict wonderfully, and falsely.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ripeline.catalog import queries as catalog
from ripeline.catalog.models import CustomField, FieldType
from ripeline.people import working_time
from ripeline.ripeness import rules
from ripeline.ripeness.episodes import SOURCE_TYPES, Episodes, moment

FACTS = (Path(__file__).parent / "facts.sql").read_text("utf-8")
BLOCK = 20_000  # leads read at a time
LABELS = {
    "campaign": "Campaign", "landing_page": "Landing page", "country": "Country", "product": "Interested in",
    "heat": "How they seemed when met",
    "capturer": "", "weekday": "",  # who captured it is adjusted for, and never said: it would judge a colleague
}  # fmt: skip
SAYINGS = {
    "campaign": "came through {}", "landing_page": "came by the page {}", "country": "is in {}",
    "product": "interested in {}", "heat": "seemed {} when met",
}  # fmt: skip
FIELD, ANSWER = "field.", "answer."  # how the columns of custom fields and of answers begin
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LATE = timedelta(days=1)  # written down so much after they came
_FILLED_IN = ("title", "phone", "company")  # what gets filled in because somebody becomes a customer
_EDITABLE = ("email", "title", "phone", "company", "country", "custom")

# What was changed on these leads, the first change first, with what was there before.
_EDITS = """
SELECT lead_id, recorded_at, data->'before' FROM activity
WHERE lead_id = ANY(%s) AND kind IN ('edited', 'imported') AND data ? 'before' AND data->'before' ?| %s
ORDER BY lead_id, recorded_at, id
"""


@dataclass(frozen=True, eq=False, kw_only=True)
class Captured:
    """What is known of n leads, as `science.model.Record` wants it; every array has shape (n,)."""

    source_type: NDArray[np.str_]
    signals: Mapping[str, NDArray[np.integer[Any]]]
    table: Mapping[str, NDArray[Any]]
    labels: Mapping[str, str]


def chosen_fields() -> list[CustomField]:
    """The custom fields that an administrator lets the model learn from."""
    return [field for field in catalog.custom_fields() if field.is_learnt_from]


def at_capture(found: Episodes) -> Captured:
    """What was known of each of these episodes when it began."""
    ids, starts = found.lead.list(), [moment(day) for day in found.start.tolist()]
    old = found.number > 1
    fields = chosen_fields()
    zone = working_time.calendar_of(None).zone
    signals: dict[str, list[int]] = {key: [] for key in rules.SIGNALS}
    columns = _Columns(len(ids))
    for first in range(0, len(ids), BLOCK):
        block = slice(first, first + BLOCK)
        leads = [one for one in ids[block] if one is not None]
        for place, known in enumerate(_known(leads, starts[block], back=True), start=first):
            said = rules.signals(known.as_signals(is_old=bool(old[place])))
            for key, value in said.items():
                signals[key].append(value)
            columns.put(place, known.columns(starts[place].astimezone(zone), fields))
    return Captured(
        source_type=np.array(SOURCE_TYPES)[found.source_type] if len(ids) else np.array([], dtype=np.str_),
        signals={key: np.array(values, dtype=np.int64) for key, values in signals.items()},
        table=columns.arrays({f"{FIELD}{field.key}" for field in fields if field.field_type == FieldType.NUMBER}),
        labels=_labels(columns.names, fields),
    )


def of_open(leads: Sequence[UUID], starts: Sequence[datetime], numbers: Mapping[str, bool]) -> dict[str, NDArray[Any]]:
    """The columns of a model's own features for leads as their records stand; `numbers`: which columns, and whether
    each holds numbers."""
    fields = [field for field in catalog.custom_fields() if f"{FIELD}{field.key}" in numbers]
    zone = working_time.calendar_of(None).zone
    columns = _Columns(len(leads))
    for first in range(0, len(leads), BLOCK):
        block = slice(first, first + BLOCK)
        for place, known in enumerate(_known(leads[block], starts[block], back=False), start=first):
            columns.put(place, known.columns(starts[place].astimezone(zone), fields))
    found = columns.arrays({name for name, is_number in numbers.items() if is_number})
    return {name: values for name, values in found.items() if name in numbers}


@dataclass(frozen=True, slots=True)
class _Row:
    """What stands in the database about one lead, or stood there when it came."""

    email: str
    title: str
    has_phone: bool
    has_company: bool
    country: str
    custom: Mapping[str, Any]
    has_message: bool
    landing_page: str
    answers: Mapping[str, Any]
    campaign: str
    capturer: str
    heat: str

    def as_signals(self, *, is_old: bool) -> rules.Known:
        return rules.Known(self.email, self.title, self.has_phone, self.has_company, self.has_message, is_old)

    def columns(self, came: datetime, fields: Sequence[CustomField]) -> dict[str, Any]:
        answers = {f"{ANSWER}{key}": _plain(value) for key, value in self.answers.items() if key != "product"}
        return {
            "campaign": self.campaign,
            "landing_page": page(self.landing_page),
            "country": self.country,
            "product": _plain(self.answers.get("product")),
            "capturer": self.capturer,
            "heat": self.heat,
            "weekday": _WEEKDAYS[came.weekday()],
            **answers,
            **{f"{FIELD}{field.key}": _plain(self.custom.get(field.key)) for field in fields},
        }


def _known(leads: Sequence[UUID], starts: Sequence[datetime], *, back: bool) -> list[_Row]:
    """The facts of leads in their order; `back`: as they were when the episode that starts then began."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS, {"ids": list(leads), "moments": list(starts)})
        rows = cursor.fetchall()
        edits: dict[UUID, list[tuple[datetime, Mapping[str, Any]]]] = {}
        if back:
            cursor.execute(_EDITS, [list(set(leads)), list(_EDITABLE)])
            for lead_id, recorded_at, before in cursor.fetchall():
                edits.setdefault(lead_id, []).append((recorded_at, _json(before)))
    found = []
    for row, start in zip(rows, starts, strict=True):
        lead_id, created_at, email, title, phone, company, country, custom, message, url, *asked = row
        answers, campaign, by, since, heat = asked
        said = _json(answers)
        if not back:
            said = {**said, **{key: each["answer"] for key, each in _json(since).items()}}
        was = _before(edits.get(lead_id, ()), max(start, created_at))
        if back and created_at - start > _LATE:
            title = phone = company = ""  # nobody can say what was known when they came
            was = {name: value for name, value in was.items() if name not in _FILLED_IN}
        found.append(
            _Row(
                email=was.get("email", email) or "", title=was.get("title", title) or "",
                has_phone=bool(was.get("phone", phone)), has_company=bool(was.get("company", company)),
                country=was.get("country", country) or "", custom=was.get("custom", _json(custom)) or {},
                has_message=message, landing_page=url, answers=said, campaign=campaign, capturer=by,
                heat=heat,
            )
        )  # fmt: skip
    return found


def _before(edits: Sequence[tuple[datetime, Mapping[str, Any]]], known_at: datetime) -> dict[str, Any]:
    """What stood there before the first change of each field after a moment."""
    was: dict[str, Any] = {}
    for recorded_at, before in edits:
        if recorded_at > known_at:
            was = {name: before[name] for name in _EDITABLE if name in before} | was
    return was


class _Columns:
    """Columns of text that come to light row by row."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._found: dict[str, list[str]] = {}

    @property
    def names(self) -> list[str]:
        return sorted(self._found)

    def put(self, place: int, row: Mapping[str, Any]) -> None:
        for name, value in row.items():
            if value == "":
                continue
            column = self._found.get(name)
            if column is None:
                column = self._found[name] = [""] * self._n
            column[place] = value

    def arrays(self, numbers: set[str]) -> dict[str, NDArray[Any]]:
        """As numpy columns, by name; those of numbers as floats, NaN where there is none."""
        return {
            name: np.array([_number(value) for value in self._found[name]])
            if name in numbers
            else np.array(self._found[name], dtype=np.str_)
            for name in self.names
        }


def page(url: str) -> str:
    """A landing page without what differs from visit to visit: no host, no query."""
    if not url:
        return ""
    try:
        return urlsplit(url).path.rstrip("/")[:120] or "/"
    except ValueError:
        return url[:120]


def _plain(value: Any) -> str:
    """A value of JSON as a category."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(value).split())[:80]


def _number(text: str) -> float:
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        return float("nan")
    return found if np.isfinite(found) else float("nan")


def _json(value: Any) -> dict[str, Any]:
    """A jsonb column; Django leaves those of raw SQL as text."""
    if isinstance(value, str):
        value = json.loads(value)
    return dict(value or {})


def _labels(names: Sequence[str], fields: Sequence[CustomField]) -> dict[str, str]:
    own = {f"{FIELD}{field.key}": field.label for field in fields}
    return {name: own.get(name) or LABELS.get(name, name.removeprefix(ANSWER).capitalize()) for name in names}
