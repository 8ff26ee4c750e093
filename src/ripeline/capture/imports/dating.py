"""When the people of a file came, where its first import did not say: said later, it dates the enquiry that is here.

An import of the same headings that has a day dates what one without a day brought, instead of making a second enquiry.
So does a Salesforce lead that was converted: the contact that it became, if that came in first, is the same enquiry.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from ripeline.capture.arriving.arrivals import Arrival
from ripeline.capture.cells.text import key
from ripeline.capture.columns.presets import recognised
from ripeline.capture.columns.row import Row
from ripeline.capture.imports.tallying import ORIGIN
from ripeline.capture.models import ImportKind, ImportRun, ImportState
from ripeline.leads.decisions import dated
from ripeline.leads.decisions.dated import Came
from ripeline.leads.decisions.deciding import By
from ripeline.leads.knowing import identity
from ripeline.leads.models import Enquiry
from ripeline.people import queries as people


def is_undated(run: ImportRun) -> bool:
    """Whether nothing said when the people of a file came."""
    return "captured_at" not in run.mapping.values() and not run.dialect.get("came")


_SAYS = frozenset({"converted", "is converted", "lead status", "status", "converted contact id", "converted date"})
_CONVERTED = re.compile(r"1|true|yes|ja|x|(?:closed )?converted|003\w{12,15}|\d[\d ]{5,}")  # so, their contact, a day


@dataclass
class Found:
    """Of some rows: whose enquiry is here already, and those of them that are to be dated by it."""

    here: set[int] = field(default_factory=set)
    came: dict[int, Came] = field(default_factory=dict)


class Dating:
    """Dates what earlier imports of the same file brought without a day."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run
        same = ImportRun.objects.filter(signature=run.signature, kind=ImportKind.LEADS).exclude(pk=run.pk)
        before = same.exclude(state__in=(ImportState.UPLOADED, ImportState.UNDONE)) if not is_undated(run) else ()
        self._since = {each.pk: each.created_at for each in before if is_undated(each)}
        labels = [column["label"] for column in run.dialect["columns"]]
        preset = recognised(labels)
        self._converted = _converted_columns(labels) if preset and preset.code == "salesforce_leads" else []
        self._contacts = _contacts() if self._converted else set()

    @property
    def is_possible(self) -> bool:
        """Whether there was such an import."""
        return bool(self._since)

    def _is_converted(self, row: Row) -> bool:
        return any(_CONVERTED.fullmatch(key(row.cells[at])) for at in self._converted if at < len(row.cells))

    def of(self, rows: Sequence[Row], arrivals: Sequence[Arrival]) -> Found:
        """Which rows say when somebody came who is here from such an import."""
        found = Found()
        if not (self._since or self._contacts):
            return found
        pairs = [each for each in zip(rows, arrivals, strict=True) if each[1].dated]
        leads = identity.resolve(key for _, arrival in pairs for key in arrival.keys)
        known = _by_lead(
            Enquiry.objects.filter(lead__in=set(leads.values()), import_run_id__in={*self._since, *self._contacts})
        )
        for row, arrival in pairs:
            lead_id = next((leads[key] for key in arrival.keys if key in leads), None)
            at, theirs = arrival.context.captured_at, known.get(lead_id, []) if lead_id else []
            if any(each.captured_at == at for each in theirs):
                found.here.add(row.row)
                continue
            waiting = [each for each in theirs if self._waits(each, row)]
            if lead_id and waiting:
                found.here.add(row.row)
                found.came[row.row] = Came(lead_id, waiting[0].pk, waiting[0].captured_at, at)
                waiting[0].captured_at = at
        return found

    def _waits(self, enquiry: Enquiry, row: Row) -> bool:
        run_id = enquiry.import_run_id
        if run_id in self._contacts:
            return self._is_converted(row) and not enquiry.message
        return run_id is not None and enquiry.captured_at >= self._since[run_id]

    def date(self, came: Collection[Came]) -> None:
        """Date them, within the transaction of their chunk."""
        if came:
            dated.date(list(came), By(people.system(), ORIGIN, import_run_id=self._run.pk))


def _converted_columns(labels: Sequence[str]) -> list[int]:
    return [at for at, label in enumerate(labels) if key(label) in _SAYS]


def _contacts() -> set[UUID]:
    """The imports of Salesforce's contacts."""
    runs = ImportRun.objects.filter(kind=ImportKind.LEADS, dialect__system="salesforce")
    gone = (ImportState.UPLOADED, ImportState.UNDONE)
    labels = {run.pk: [column["label"] for column in run.dialect["columns"]] for run in runs.exclude(state__in=gone)}
    found = {pk: recognised(each) for pk, each in labels.items()}
    return {pk for pk, preset in found.items() if preset and preset.code == "salesforce_contacts"}


def _by_lead(enquiries: Iterable[Enquiry]) -> dict[UUID, list[Enquiry]]:
    found: dict[UUID, list[Enquiry]] = {}
    for each in enquiries:
        found.setdefault(each.lead_id, []).append(each)
    return found
