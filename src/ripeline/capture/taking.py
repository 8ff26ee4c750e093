"""A file's rows of leads taken in: rows become arrivals, arrivals are admitted, and every row has its outcome."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from ripeline.base import clock
from ripeline.capture.admission import Arrival, Result, admit, natural_key
from ripeline.capture.fields import CUSTOM, FIELDS
from ripeline.capture.models import ImportRun, Remark
from ripeline.capture.rejects import Reject
from ripeline.capture.rows import Row
from ripeline.capture.text import key
from ripeline.catalog import actions as catalog
from ripeline.catalog.models import FieldType
from ripeline.leads import identity
from ripeline.leads.birth import Context, Person
from ripeline.people.models import User
from ripeline.people.queries import SELLERS

ORIGIN = "import"
_OF_PERSON = frozenset(each.name for each in fields(Person)) & FIELDS["leads"].keys()


@dataclass
class Tally:
    """What became of some rows: how many of each result, the rows refused, and what is to be looked at."""

    results: Counter[Result] = field(default_factory=Counter)
    reopened: int = 0
    rejects: list[Reject] = field(default_factory=list)
    remarks: list[tuple[int, Remark, str]] = field(default_factory=list)  # row, what about, text

    def reject(self, row: Row, reason: str, column: str = "") -> None:
        """Refuse a row after all."""
        self.results[Result.REJECTED] += 1
        self.rejects.append(Reject(row.row, row.cells, reason.rstrip("."), column))

    def remark(self, row: Row) -> None:
        """Keep what was found when the row's cells were read."""
        self.remarks += [(row.row, Remark.CELL, text) for text in row.remarks]

    def add(self, other: "Tally") -> None:
        """Count other rows too."""
        self.results.update(other.results)
        self.reopened += other.reopened
        self.rejects += other.rejects
        self.remarks += other.remarks


class LeadTaker:
    """Takes rows of leads in, as one run says. Owners are looked up once."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run
        self._owners = _owners()
        labels = [column["label"] for column in run.dialect["columns"]]
        named = [run.mapping[label] for label in labels if run.mapping.get(label, "").startswith(CUSTOM)]
        self._keys = field_keys([*(target.removeprefix(CUSTOM) for target in named), *labels])

    def take(self, rows: Sequence[Row]) -> Tally:
        """Admit rows, within the transaction of their chunk."""
        tally = Tally()
        self._register(rows)
        arrivals = [self._arrival(row, tally) for row in rows]
        for row, found in zip(rows, admit(arrivals, actor=self._run.started_by, origin=ORIGIN), strict=True):
            if found.result is Result.REJECTED:
                tally.reject(row, found.reason)
                continue
            tally.results[found.result] += 1
            tally.reopened += found.reopened
            tally.remark(row)
        refused = {reject.row for reject in tally.rejects}
        tally.remarks = [remark for remark in tally.remarks if remark[0] not in refused]
        return tally

    def _register(self, rows: Sequence[Row]) -> None:
        """Make the custom fields that these rows have: those mapped so, and those kept because a cell was not read."""
        if labels := sorted({label for row in rows for label in row.custom}):
            catalog.custom_fields({self._keys[label]: (label, FieldType.TEXT) for label in labels})

    def _arrival(self, row: Row, tally: Tally) -> Arrival:
        when = row.moment("captured_at")
        given: dict[str, Any] = {name: value for name, value in row.values.items() if name in _OF_PERSON}
        custom = {self._keys[label]: text for label, text in row.custom.items()}
        person = Person(**given, reference=row.text("external_id"), custom=custom)
        context = Context(
            door="import", captured_at=when or clock.now(), landing_page=row.text("landing_page"),
            message=row.text("message"), import_run_id=self._run.pk,
        )  # fmt: skip
        keys = keys_of(row) or (natural_key(self._run.signature, person, when),)
        return Arrival(
            keys=keys, person=person, context=context, source=row.text("source") or self._run.source,
            campaign=row.text("campaign"), dated=when is not None, owner_id=self._owner(row, tally),
        )  # fmt: skip

    def _owner(self, row: Row, tally: Tally) -> UUID | None:
        address = row.text("owner")
        if not address:
            return None
        owner = self._owners.get(address.casefold())
        if owner is None:
            tally.remarks.append((row.row, Remark.OWNER, address))
        return owner


def _owners() -> dict[str, UUID]:
    """The id of everybody who can be given leads, by e-mail address."""
    sellers = User.objects.filter(is_active=True, is_system=False, role__in=SELLERS)
    return dict(sellers.values_list("email", "pk"))


def keys_of(row: Row) -> tuple[identity.Key, ...]:
    """By what a row's person is known: e-mail address and id."""
    found = (identity.email(row.text("email")), identity.external(row.text("external_id")))
    return tuple(one for one in found if one)


def field_keys(labels: Iterable[str]) -> dict[str, str]:
    """A custom field's key for each label: its words; labels that differ only in case or marks get a number."""
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for label in dict.fromkeys(labels):
        word = key(label).replace(" ", "_")[:60] or "field"
        found, again = word, 2
        while found in taken:
            found, again = f"{word[:56]}_{again}", again + 1
        keys[label] = found
        taken.add(found)
    return keys
