"""The first rows of a file as they would go in, on the mapping page."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format

from ripeline.capture.cells.fields import ANSWER, CUSTOM, FIELDS, SUBJECT
from ripeline.capture.columns import looking, own_labels
from ripeline.capture.columns.looking import Looked
from ripeline.capture.columns.mapping import FieldMap
from ripeline.capture.columns.row import Row
from ripeline.capture.models import ImportRun
from ripeline.catalog import standard
from ripeline.web.imports.columns import cut

ROWS = 6


def of(run: ImportRun, looked: Looked) -> dict[str, Any]:
    """The first rows as they would go in, and those that would not, with the reason."""
    found = looking.preview(run, looked, ROWS)
    columns = _columns(looked.mapping)
    zone = ZoneInfo(looked.dialect.zone)
    rows = [(row.row, [(label, _shown(row, name, zone)) for name, label in columns], row.remarks) for row in found.rows]
    return {"columns": [label for _, label in columns], "rows": rows, "refused": found.rejects}


def _columns(mapping: FieldMap) -> list[tuple[str, str]]:
    known, mapped = FIELDS[mapping.kind], mapping.fields()
    if mapping.kind == "leads" and SUBJECT in mapped:  # stands above what they said
        mapped = (mapped - {SUBJECT}) | {"message"}
    fields = [(name, field.label) for name, field in known.items() if name in mapped]
    if mapping.kind == "outcomes":  # whatever the columns, a row says how it ended, and when
        fields = [("outcome", "Outcome"), ("closed_at", "On")] + [
            each for each in fields if each[0] not in ("outcome", "won_at", "lost_at", "closed_at")
        ]
    asked = [(target, label) for label, target in mapping.targets if target.startswith(ANSWER)]
    return (
        fields
        + asked
        + [(t, own_labels.apart(t.removeprefix(CUSTOM))) for _, t in mapping.targets if t.startswith(CUSTOM)]
    )


def _shown(row: Row, name: str, zone: ZoneInfo) -> str:
    if name.startswith(ANSWER):
        return cut(standard.words(row.answers.get(name.removeprefix(ANSWER), "")))
    value = row.custom.get(name.removeprefix(CUSTOM), "") if name.startswith(CUSTOM) else row.values.get(name, "")
    if isinstance(value, datetime):
        local = timezone.localtime(value, zone)
        return date_format(local, "j M Y") if name in row.days else date_format(local, "j M Y, H:i")
    if isinstance(value, Decimal):
        return f"{value:,.2f} {row.text('currency')}".strip()
    return cut(value)
