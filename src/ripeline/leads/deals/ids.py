"""Deals by the ids that other systems gave them: an id is one deal, whatever a file calls it or says of it by then.

Where a deal stands and what it is worth is a file's to say, but only as far as it says something else than it did
before: what was decided here in between stays until then.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection

from ripeline.leads import queries
from ripeline.leads.decisions import deciding
from ripeline.leads.models import DealId, Lead, Opportunity
from ripeline.leads.words import systems

_TURN = "ripeline deals of {}"
_KEY_ROOM = 100


def take_turns(system: str) -> None:
    """Until the transaction ends, nobody else brings in deals of this system: of two files each sees what the other
    made. Before any lead is locked.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_TURN.format(system)])


def known(references: Collection[str]) -> dict[str, DealId]:
    """What is here by these ids, each with its opportunity."""
    wanted = [each for each in references if each]
    found = DealId.objects.filter(key__in=wanted).select_related("opportunity") if wanted else ()
    return {one.key: one for one in found}


class Ids:
    """The ids that some deals came with, and whose they are here."""

    def __init__(self, references: Iterable[str]) -> None:
        self._references = set(references) - {""}
        self._known: dict[str, DealId] = {}
        self._now: dict[UUID, UUID] = {}
        self._systems: dict[UUID, set[str]] = {}  # that have an id for an opportunity
        self._told: set[str] = set()  # what is to be written
        self.look()

    def look(self) -> None:
        """Read them; again under the locks of their leads."""
        self._known = known(self._references)
        leads = {one.holder_id for one in self._known.values()}
        people = {UUID(pk) for one in self._known.values() for pk in one.said.get("people", ())}
        self._now = queries.survivors(leads | people)

    def watch(self, here: Collection[Opportunity]) -> None:
        """Which of these opportunities have ids already, and of which systems."""
        if self._references:
            found = DealId.objects.filter(opportunity__in=[one.pk for one in here])
            for pk, system in found.values_list("opportunity", "system"):
                if pk:
                    self._systems.setdefault(pk, set()).add(system)

    def get(self, reference: str) -> DealId | None:
        """The deal that has this id."""
        return self._known.get(reference) if reference else None

    def lead_of(self, one: DealId) -> UUID:
        """Who has a deal."""
        return self._now.get(one.holder_id, one.holder_id)

    def leads(self) -> set[UUID]:
        """Who has the deals that are known."""
        return {self.lead_of(one) for one in self._known.values()}

    def goes_to(self, reference: str, lead_id: UUID, named: Sequence[UUID], *, is_first: bool) -> UUID:
        """The lead that has the deal, or gets it: whom the file names now, and did not before.

        A deal of several people stands in several rows of some exports: only the first moves it.
        """
        one = self.get(reference)
        if one is None:
            return lead_id
        here = self.lead_of(one)
        told = {self._now.get(UUID(pk)) for pk in one.said.get("people", ())}
        return here if here in named or told & set(named) or not (is_first and named) else named[0]

    def may_be(self, reference: str, found: Opportunity) -> bool:
        """Whether a deal with this id, which nobody has yet, can be one that is here: that has none of that system."""
        return not reference or systems.of(reference) not in self._systems.get(found.pk, ())

    def tell(
        self, reference: str, *, lead_id: UUID, found: Opportunity | None, said: Mapping[str, Any], moved: bool = False
    ) -> dict[str, Any]:
        """Keep what a file says of the deal with this id; what undoing that needs to know, {} for one without an id."""
        if not reference:
            return {}
        one = self.get(reference)
        before = None
        if one is None:
            one = self._known[reference] = DealId(key=reference, system=systems.of(reference))
        else:
            opportunity = str(one.opportunity_id) if one.opportunity_id else None
            before = {"lead": str(one.lead_id), "opportunity": opportunity, "said": one.said}
        people = [] if moved else one.said.get("people", [])
        one.said = {**one.said, **said, "people": list(dict.fromkeys([*people, *said.get("people", ())]))}
        one.lead_id, one.opportunity = lead_id, found
        self._now.setdefault(lead_id, lead_id)
        self._now |= {UUID(pk): self._now.get(UUID(pk), UUID(pk)) for pk in one.said["people"]}
        if found:
            self._systems.setdefault(found.pk, set()).add(one.system)
        self._told.add(reference)
        return {"deal": {"key": reference, "before": before}}

    def write(self) -> None:
        """Keep what was told, after the opportunities are there."""
        told = [self._known[reference] for reference in sorted(self._told)]
        DealId.objects.bulk_create([one for one in told if one.pk is None])
        if older := [one for one in told if one.pk is not None]:
            DealId.objects.bulk_update(older, ["lead", "opportunity", "said"])
        self._told.clear()


def put_back(image: Mapping[str, Any]) -> None:
    """What an import told of a deal's id, taken back: the deal is with whom it was before."""
    one = DealId.objects.filter(key=image["key"]).first()
    was = image["before"]
    if one is None:
        return
    if was is None:
        one.delete()
        return
    lead_id = queries.survivors([UUID(was["lead"])])[UUID(was["lead"])]
    if not Lead.objects.filter(pk=lead_id).exists():  # it went with the import that brought it
        lead_id = one.lead_id
    kept = Opportunity.objects.filter(pk=was["opportunity"]).first() if was["opportunity"] else None
    if kept and kept.lead_id != lead_id:
        kept.lead_id, kept.key = lead_id, free_key(kept.key, one.key, keys_of(lead_id))
        kept.save(update_fields=["lead", "key"])
    one.lead_id, one.opportunity, one.said = lead_id, kept, was["said"]
    one.save(update_fields=["lead", "opportunity", "said"])


def image(found: Opportunity) -> dict[str, Any]:
    """How a deal is, for whoever takes back what becomes of it."""
    names = (*deciding._DEAL, "key", "opened_at")
    return {name: None if getattr(found, name) is None else str(getattr(found, name)) for name in names}


def keys_of(lead_id: UUID) -> set[str]:
    """The keys of a lead's deals."""
    return set(Opportunity.objects.filter(lead=lead_id).values_list("key", flat=True))


def free_key(key: str, reference: str, taken: Collection[str]) -> str:
    """A deal's key on its lead, or, where another deal there is called so, the same with its id."""
    return key if key not in taken else f"{key[:_KEY_ROOM]}#{sha256(reference.encode()).hexdigest()[:16]}"


def plain(amount: Decimal | None) -> str | None:
    """An amount as it is kept among what a file said."""
    return None if amount is None else f"{amount:.2f}"
