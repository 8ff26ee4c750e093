"""Rows of a list that was exported here: whose records they are, by our own ids."""

from collections.abc import Collection, Sequence
from uuid import UUID

from ripeline.capture.columns.row import Row
from ripeline.leads.finding.rows import amounts
from ripeline.leads.knowing import identity
from ripeline.leads.knowing.identity import Key
from ripeline.leads.models import Lead
from ripeline.leads.words import systems


class Ours:
    """By which key the record of each row of a chunk is known, where the row has our own id of it."""

    def __init__(self) -> None:
        self._keys: dict[UUID, Key] = {}
        self.others: dict[int, str] = {}  # of rows that say another amount than their lead's deals: which, in words

    def look(self, rows: Sequence[Row]) -> None:
        """Find the records of these rows; one that has no key of its own yet is known by its id from then on."""
        wanted = {found for row in rows if (found := _our_id(row))}
        self._keys = _keys(wanted) if wanted else {}
        self._leave_amounts(rows, wanted)

    def _leave_amounts(self, rows: Sequence[Row], wanted: Collection[UUID]) -> None:
        """What somebody's deals are worth was written as their amount: it is that of the deals, not of the record."""
        here = {lead.pk: lead for lead in Lead.objects.filter(pk__in=wanted).only("merged_into_id", "amount")}
        worth = amounts([lead.merged_into_id or pk for pk, lead in here.items()])
        for row in rows:
            lead = here.get(_our_id(row) or UUID(int=0))
            deals = worth.get(lead.merged_into_id or lead.pk) if lead else None
            if lead is None or deals is None:
                continue
            said = row.values.pop("amount", None)
            row.values.pop("currency", None)
            if said not in (None, deals[0], lead.amount):
                self.others[row.row] = f"their deals here are worth {deals[0]}, the row says {said}: change it on them"

    def key(self, row: Row) -> Key | None:
        """The key of a row's record here; None if its id is none of ours."""
        found = _our_id(row)
        return self._keys.get(found) if found else None


def _our_id(row: Row) -> UUID | None:
    text = row.text("external_id").removeprefix(f"{systems.OURS}:")
    if len(text) != 36:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


def _keys(ids: Collection[UUID]) -> dict[UUID, Key]:
    here = dict(Lead.objects.filter(pk__in=ids).values_list("pk", "merged_into_id"))
    records = {pk: merged or pk for pk, merged in here.items()}
    known = identity.keys_of(set(records.values()))
    found = {record: min((key for key in keys if not key.is_hint), default=None) for record, keys in known.items()}
    made = {
        key: record for record, key in found.items() if key is None
        for key in [identity.external(str(record), systems.OURS)] if key
    }  # fmt: skip
    identity.claim(made)
    found |= {record: key for key, record in made.items()}
    return {pk: key for pk, record in records.items() if (key := found[record])}
