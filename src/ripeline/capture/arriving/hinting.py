"""People known by telephone and name, where neither their address nor their id is known: which lead they are."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from ripeline.capture.arriving.arrivals import Case
from ripeline.leads.knowing import identity
from ripeline.leads.knowing.identity import Key


class Hints:
    """The leads that hints lead to: those here already, and those about to be born in this batch."""

    def __init__(self, known: Mapping[Key, UUID]) -> None:
        self._leads = {key: lead_id for key, lead_id in known.items() if key.is_hint}
        self._here = set(self._leads)
        self._keys = identity.keys_of(set(self._leads.values())) if self._leads else {}

    def whose(self, group: Sequence[Case]) -> UUID | None:
        """The lead that arrivals of one person are by a hint, unless something says that they are two."""
        keys = {key for case in group for key in case.arrival.keys}
        for hint in (hint for case in group for hint in case.hints):
            found = self._leads.get(hint)
            if found and not identity.contradict(keys, self._keys.get(found, set())):
                return found
        return None

    def belong(self, group: Sequence[Case], lead_id: UUID) -> dict[Key, UUID]:
        """These arrivals are that lead: their hints that lead nowhere yet, to be claimed for it."""
        for case in group:
            self._keys.setdefault(lead_id, set()).update(case.arrival.keys)
            for hint in case.hints:
                self._leads.setdefault(hint, lead_id)
        mine = {hint for case in group for hint in case.hints} - self._here
        return {hint: lead_id for hint in mine if self._leads[hint] == lead_id}
