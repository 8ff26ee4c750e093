"""Whose the leads of a file are there, where they are somebody else's here: said, listed, and handed over if wanted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from ripeline.capture.imports.tallying import ORIGIN
from ripeline.capture.models import ImportRemark, ImportRun, Remark
from ripeline.leads import rules
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.bulk import Gift
from ripeline.leads.decisions.deciding import By, Changes
from ripeline.leads.many import batches
from ripeline.leads.models import IS_OPEN, Batch, BatchVerb, Lead
from ripeline.leads.rules import Verb
from ripeline.people import queries as people
from ripeline.people.models import ResponsibleKind, User


class Differs(NamedTuple):
    """A lead that is open here, and another's there."""

    lead_id: UUID
    there: User
    here: str  # whose it is

    @property
    def text(self) -> str:
        """As its remark keeps it."""
        return f"{self.lead_id} {self.there.pk} {self.there.name}: {self.here}"


def differing(named: Mapping[UUID, User], run: ImportRun) -> list[Differs]:
    """Of leads and whose they are in the file: those that are somebody else's, or nobody's, here."""
    if not named:
        return []
    here = Lead.objects.filter(IS_OPEN, pk__in=named).exclude(import_run_id=run.pk).order_by("pk")
    found = here.values_list("pk", "owner", "owner__name", "responsible__name")
    return [
        Differs(pk, named[pk], owner or desk) for pk, owner_id, owner, desk in found if owner_id != named[pk].pk
    ]  # fmt: skip


def hand_over(differ: Sequence[Differs], run: ImportRun) -> set[UUID]:
    """Give leads to whose they are there, as far as whoever imports may; which. Who is kept in touch with stays so."""
    to = {each.lead_id: each for each in differ}
    desks = {each.there.pk: people.responsible_of(each.there) for each in differ}

    def change(lead: Lead) -> Changes | None:
        there = to[lead.pk].there
        if lead.responsible.kind == ResponsibleKind.PROGRAMME:
            return {"owner_id": there.pk}
        return bulk.gift(lead, Gift(desks[there.pk], {}))

    def facts(lead: Lead) -> dict[str, Any]:
        return {"fields": ["owner"], "owners": [to[lead.pk].here, to[lead.pk].there.name]}

    by = By(run.started_by, ORIGIN, f"owner:{run.pk}", import_run_id=run.pk)
    made = bulk.decide_many(
        to.keys(), by, kind="imported", change=change, facts=facts, verb=Verb.REASSIGN, refused={}
    )  # fmt: skip
    return {decision.lead.pk for decision in made}


class Named(NamedTuple):
    """A row whose lead is another's here."""

    row: int
    lead_id: UUID
    there_id: UUID
    there: str
    here: str


def named(run: ImportRun) -> list[Named]:
    """Those rows, by their place in the file; of a lead in several files' rows each."""
    found = ImportRemark.objects.filter(run=run, about=Remark.OWNS).order_by("row", "id").values_list("row", "text")
    return [Named(row, *split(text)) for row, text in found]


def split(text: str) -> tuple[UUID, UUID, str, str]:
    """Of a remark: the lead, who has it there, and the names of who has it there and here."""
    lead_id, there_id, names = text.split(" ", 2)
    there, _, here = names.partition(": ")
    return UUID(lead_id), UUID(there_id), there, here


@dataclass(frozen=True)
class Wanted:
    """What handing over would do now: which leads go to whom."""

    each: Mapping[UUID, UUID]  # lead → the desk of who gets it
    names: Sequence[tuple[str, int]]  # who gets how many
    left: int  # that are so by now, closed, merged or not theirs to change

    @property
    def lead_ids(self) -> list[UUID]:
        return list(self.each)


def wanted(run: ImportRun, actor: User) -> Wanted:
    """What can be handed over by `actor`: who is open, still another's, and goes to somebody who takes leads."""
    rows = {each.lead_id: each for each in reversed(named(run))}
    people_of = {desk.user_id: desk for desk in people.assignable() if desk.user_id}
    here = Lead.objects.filter(IS_OPEN, pk__in=rows).select_related("owner", "responsible__user")
    each: dict[UUID, UUID] = {}
    counts: Counter[str] = Counter()
    for lead in here.order_by("pk")[: batches.TICKED_AT_MOST]:
        there_id = rows[lead.pk].there_id
        desk = people_of.get(there_id)
        if desk and lead.owner_id != there_id and rules.may(actor, Verb.REASSIGN, lead):
            each[lead.pk] = desk.pk
            counts[desk.name] += 1
    return Wanted(each, counts.most_common(), len(rows) - len(each))


def may_hand_over(actor: User) -> bool:
    """Whether somebody may give many leads at once."""
    return BatchVerb.GIVE in batches.verbs_of(actor)


def ask(run: ImportRun, actor: User, *, key: str) -> Batch | None:
    """Hand all of them over as one decision; None where none can be. The same key again is the same."""
    found = wanted(run, actor)
    if not found.each:
        return None
    terms = {"each": {str(pk): str(desk) for pk, desk in found.each.items()}, "name": "whom their file names"}
    return batches.ask(
        actor=actor, verb=BatchVerb.GIVE, terms=terms, key=sha256(f"{run.pk} {key}".encode()).hexdigest(),
        lead_ids=found.lead_ids,
    )  # fmt: skip
