"""A row of a file as it goes in: its values by field, and what is to be said of it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ripeline.capture.columns.evidence import Seen

Value = str | Decimal | datetime


@dataclass(slots=True)
class Row:
    """A row that goes in. `days` are the fields whose moment is a whole day; `remarks` are for a person to look at.

    `asked` is what a question's column says, by key, until it is read into `answers`.
    `words` are those in which the file says where it stands, by field.
    `seen` is since when they may stand so, where nothing says since when who ended there did.
    `contact` is when they were last in contact there.
    `cells` are as the file had them, for a row that is refused later on. `system` gave the ids that it has.
    """

    row: int
    values: dict[str, Value] = field(default_factory=dict)
    custom: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    days: set[str] = field(default_factory=set)
    words: dict[str, str] = field(default_factory=dict)
    seen: Seen | None = None
    contact: Seen | None = None
    cells: list[str] = field(default_factory=list, compare=False, repr=False)
    system: str = ""
    further: list["Row"] = field(default_factory=list, compare=False)  # people who stand in it, too, as rows

    def text(self, name: str) -> str:
        """A field's text; empty if it is not given."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""

    def moment(self, name: str) -> datetime | None:
        """A field's moment (aware, UTC)."""
        value = self.values.get(name)
        return value if isinstance(value, datetime) else None

    def number(self, name: str) -> Decimal | None:
        """A field's number."""
        value = self.values.get(name)
        return value if isinstance(value, Decimal) else None
