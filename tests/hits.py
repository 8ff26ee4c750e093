"""People looking at pages, as the intake stores it."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import uuid_utils.compat
from django.db import connection, transaction

from ripeline.base import clock
from ripeline.timeline import storing
from ripeline.timeline.hits import Hit


def hit(lead_id: UUID, at: datetime, page: str = "pricing", **more: Any) -> Hit:
    """Somebody whom a link was made for looks at a page."""
    moment = int(at.timestamp() * 1_000_000)
    given = {
        "visitor_id": uuid4(), "event_id": uuid_utils.compat.uuid7(), "site_id": 1, "kind": "view", "page_kind": page,
        "who": "human", "has_consent": True, "occurred": moment, "received": moment, "lead_id": lead_id,
        "host": "www.casaverde.example", "path": f"/{page}", "network": "203.0.113.0/24", "agent": "Firefox",
        "marks": "", "data": {"title": page.title()},
    }  # fmt: skip
    return Hit(**{**given, **more})


def store(*hits: Hit) -> None:
    """As the intake does."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(storing.STORE, {"hits": storing.as_json(hits), "now": clock.now()})
