"""How somebody first came: what their browser did first on the site, once they say who they are by any door."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from ripeline.leads.knowing import identity
from ripeline.leads.knowing.identity import Key
from ripeline.timeline import queries as timeline


def of(visitor: str, keys: Collection[Key]) -> dict[str, Any]:
    """When, on which page and from where a visitor who bears these keys first came; {} where nobody knows.

    What somebody else did who had said before that they sit at this browser is not theirs.
    """
    try:
        visitor_id = UUID(visitor)
    except ValueError:
        return {}
    said = timeline.said_by(visitor_id)
    known = identity.keys_of({lead_id for lead_id, _ in said}) if said else {}
    others = [since for lead_id, since in said if not known[lead_id] & set(keys)]
    hit = timeline.first_visit(visitor_id, after=max(others, default=None))
    if hit is None:
        return {}
    told = {"referrer": hit.data.get("referrer"), **{f"utm_{k}": v for k, v in hit.data.get("campaign", {}).items()}}
    return {
        "at": hit.occurred_at.isoformat(), "page": f"{hit.host}{hit.path}",
        **{name: text for name, text in told.items() if text},
    }  # fmt: skip
