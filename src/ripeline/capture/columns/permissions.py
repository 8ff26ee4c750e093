"""What a file says of who may be written to: noted with file and row as evidence, beside the lead that it names.

A cell that says nothing, or nothing that is understood, is no word: it is remarked on, and nothing is noted.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from ripeline.base import clock
from ripeline.capture.cells.fields import FIELDS
from ripeline.capture.cells.text import key
from ripeline.capture.columns.mapping import FieldMap
from ripeline.capture.columns.row import Row
from ripeline.capture.models import ImportRun
from ripeline.outbox import actions as outbox_actions
from ripeline.outbox import hearing, queries
from ripeline.outbox.hearing import Heard, Word
from ripeline.outbox.models import Purpose

DAY = timedelta(days=1)
LONGEST_FILE = 40  # characters of its name that stand in the evidence
_SAYS = ("consent", "opt_out")
_WHY = {
    Heard.OVERRULED: "is not noted: they have said otherwise since, or it does not say when they said so",
    Heard.STOPPED: "is not noted: they have stopped all mail, which only they themselves start again",
}


class Remarked(NamedTuple):
    """Why something of a row was not noted."""

    row: int
    text: str


def problems(mapping: FieldMap) -> list[str]:
    """What must be changed before consents can be read, in sentences."""
    mapped = mapping.fields()
    if not mapped & set(_SAYS):
        return []
    found = []
    if "email" not in mapped:
        found.append("Who agreed to mail is known by the address: map a column to email.")
    if "consent" in mapped and "consent_purpose" not in mapped and len(queries.purposes()) > 1:
        found.append(
            "The file does not say to what mail they agreed, and there are several: map a column to consent_purpose."
        )
    return found


class Permissions:
    """Notes what the rows of one run say. Purposes are looked up once."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run
        self._purposes = list(queries.purposes())
        self._by_name = {key(text): each for each in self._purposes for text in (each.name, each.code)}

    def note(self, taken: Iterable[tuple[Row, UUID | None]]) -> list[Remarked]:
        """Note what rows that went in say, in a few statements for all; and what was not noted, and why."""
        words: list[tuple[int, str, Word]] = []
        remarks: list[Remarked] = []
        for row, lead_id in taken:
            if any(row.text(name) for name in _SAYS):
                for label, word in self._said(row, lead_id, remarks):
                    words.append((row.row, label, word))
        for (number, label, _), heard in zip(words, hearing.hear([word for *_, word in words]), strict=True):
            if heard in _WHY:
                remarks.append(Remarked(number, f"{label}: {_WHY[heard]}"))
        return remarks

    def _said(self, row: Row, lead_id: UUID | None, remarks: list[Remarked]) -> list[tuple[str, Word]]:
        name, agreed = _answer(row)
        if not name:
            return []
        label, address = FIELDS["leads"][name].label, row.text("email")
        if not outbox_actions.is_address(address):
            remarks.append(Remarked(row.row, f"{label}: is not noted, because there is no e-mail address"))
            return []
        how = f"File {self._run.filename[-LONGEST_FILE:]}, row {row.row}"
        if told := row.text("consent_how"):
            how += f": {told}"
        at = row.moment("consent_at")
        if at and not agreed and "consent_at" in row.days:  # at whatever hour: to be safe, at the day's end
            at = min(at + DAY, clock.now())
        return [
            (
                label,
                Word(
                    address=address, purpose=purpose.code, agreed=agreed, how=how, at=at,
                    lead_id=lead_id, import_run_id=self._run.pk, actor=self._run.started_by,
                ),
            )
            for purpose in self._meant(row, agreed, label, remarks)
        ]  # fmt: skip

    def _meant(self, row: Row, agreed: bool, label: str, remarks: list[Remarked]) -> Sequence[Purpose]:
        """To what they agreed; a no without a word is to everything, a yes only where there is one thing."""
        said = row.text("consent_purpose")
        if not said:
            if not agreed or len(self._purposes) == 1:
                return self._purposes
            remarks.append(Remarked(row.row, f"{label}: is not noted, because it does not say to what they agreed"))
            return []
        parts = [said] if key(said) in self._by_name else re.split(r"[;,|]", said)
        meant: dict[str, Purpose] = {}
        for part in filter(None, map(str.strip, parts)):
            if purpose := self._by_name.get(key(part)):
                meant[purpose.code] = purpose
            else:
                remarks.append(Remarked(row.row, f"{label}: there is no mail “{part[:60]}”, nothing is noted for it"))
        return list(meant.values())


def _answer(row: Row) -> tuple[str, bool]:
    """By which field a row says yes or no. That somebody did not opt out is no consent; a no outweighs a yes."""
    if row.text("opt_out") == "yes":
        return "opt_out", False
    if row.text("consent"):
        return "consent", row.text("consent") == "yes"
    return "", False
