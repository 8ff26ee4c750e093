"""Other telephones of somebody: by which they are known and found, beside the one that is called."""

from typing import Any
from uuid import UUID

from ripeline.leads import queries, rules
from ripeline.leads.decisions.deciding import By, Changes, Decision, LeadError, decide, once_more
from ripeline.leads.knowing import identity
from ripeline.leads.models import Lead
from ripeline.leads.words.numbers import are_known
from ripeline.leads.words.searching import SEARCHED, search_tokens


@once_more
def put_on(lead_id: UUID, by: By, *, number: str) -> Decision:
    """They are reached by one more telephone, and with their name known and found by it."""
    data: dict[str, Any] = {"added": number}

    def change(lead: Lead) -> Changes:
        key = identity.phone(number, lead.name, lead.company)
        if key is None or not identity.claim({key: lead.pk}):
            raise LeadError(f"By {number} and this name, nobody is known here, or somebody else.")
        data["keys"] = [key.key]
        said = {name: getattr(lead, name) for name in SEARCHED}
        return {"search": rules.searched_anew(lead, said, [number])}

    return decide(lead_id, by, kind="edited", change=change, data=data)


@once_more
def take_off(lead_id: UUID, by: By, *, number: str) -> Decision:
    """One of somebody's other telephones is not theirs: they are neither known nor found by it."""
    data: dict[str, Any] = {"number": number}

    def change(lead: Lead) -> Changes:
        ids = queries.family(lead)
        if number not in queries.reached(lead, ids).numbers:
            raise LeadError(f"{number} is not among the other telephones of this record.")
        data["keys"] = identity.part_with_phone(number, ids)
        rest = queries.reached(lead, ids).numbers
        theirs = search_tokens(**{name: getattr(lead, name) for name in SEARCHED}, other_phones=rest)
        gone = set(search_tokens(other_phones=[number]).split()) - set(theirs.split())
        custom = {key: said for key, said in lead.custom.items() if not are_known(said, [number])}
        return {"search": " ".join(word for word in lead.search.split() if word not in gone), "custom": custom}

    return decide(lead_id, by, kind="edited", change=change, data=data)
