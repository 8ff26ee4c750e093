"""Rows of a list that was exported here: whose records they are, by our own ids."""

from collections.abc import Collection, Sequence
from uuid import UUID

from ripeline.capture.columns.rows import Row
from ripeline.leads.knowing import identity
from ripeline.leads.knowing.identity import Key
from ripeline.leads.models import Lead
from ripeline.leads.words import systems


class Ours:
    """By which key the record of each row of a chunk is known, where the row has our own id of it."""

    def __init__(self) -> None:
        self._keys: dict[UUID, Key] = {}

    def look(self, rows: Sequence[Row]) -> None:
        """Find the records of these rows; one that has no key of its own yet is known by its id from then on."""
        wanted = {found for row in rows if (found := _our_id(row))}
        self._keys = _keys(wanted) if wanted else {}

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
