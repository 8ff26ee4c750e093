"""What a form gives: a link made for one person and one thing, signed, good for a month. Looking shows, posting gives.

Opening the link alone says nothing of anybody: mail gateways open links. Who presses the button on its page has it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core import signing
from django.db import transaction

from ripeline.base import clock
from ripeline.base.statements import prepared_rows
from ripeline.capture.models import SubmissionState
from ripeline.catalog import assets
from ripeline.catalog.models import Asset
from ripeline.catalog.rules import HAND_RAISERS
from ripeline.leads import queries
from ripeline.leads.models import Lead
from ripeline.people import queries as people
from ripeline.people.working_time import company
from ripeline.timeline import actions as timeline

_SALT = "ripeline.give"
LASTS = timedelta(days=30)  # to the end of that day where the company is: a day is what its reader is told


@dataclass(frozen=True)
class Gift:
    asset: Asset
    lead_id: UUID
    until: date  # the last day on which the link works


def path(asset: Asset, lead_id: UUID) -> str:
    """The path of the link, from `/` on."""
    return _path(asset.pk.hex, lead_id.hex)


def _path(asset_id: str, lead_id: str) -> str:
    over = datetime.combine(until() + timedelta(days=1), time(), tzinfo=_zone())
    return f"/get/{signing.dumps([asset_id, lead_id, int(over.timestamp())], salt=_SALT)}"


def until() -> date:
    """The last day of a link that is made now."""
    return (clock.now() + LASTS).astimezone(_zone()).date()


def anew(context: Mapping[str, Any]) -> dict[str, Any]:
    """What a mail that was held back says of its link, as if that were made now; unchanged where it is not ours."""
    try:
        asset_id, lead_id, _ = signing.loads(str(context.get("path", "")).removeprefix("/get/"), salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return dict(context)
    return {**context, "path": _path(asset_id, lead_id), "until": until().isoformat()}


def _zone() -> ZoneInfo:
    return ZoneInfo(company().time_zone)


def read(token: str) -> Gift | None:
    """What a link gives, and to whom; None if it is not ours or too old."""
    try:
        asset_id, lead_id, over = signing.loads(token[:400], salt=_SALT)
        asset = assets.find(UUID(asset_id)) if over > clock.now().timestamp() else None
        last = datetime.fromtimestamp(over - 1, _zone()).date()
        return Gift(asset, UUID(lead_id), last) if asset else None
    except (signing.BadSignature, ValueError, TypeError):
        return None


def is_whole(token: str) -> bool:
    """Whether we made it, be it too old by now; one that a mail program cut short is not."""
    try:
        signing.loads(token[:400], salt=_SALT)
    except (signing.BadSignature, ValueError):
        return False
    return True


@dataclass(frozen=True)
class Promised:
    """What somebody asked for by a form, and when."""

    asset: Asset
    at: datetime
    is_asked: bool  # it is what the form is for; else it came with something else that they asked for


_PROMISED = f"""
SELECT door.gives_id, submission.received_at, source.source_type
FROM submission JOIN door ON door.id = submission.door_id JOIN source ON source.id = door.source_id
WHERE submission.lead_id = ANY(%s) AND submission.state = '{SubmissionState.TAKEN}' AND door.gives_id IS NOT NULL
ORDER BY submission.received_at DESC LIMIT 1
"""  # noqa: S608


def promised(lead_ids: Collection[UUID]) -> Promised | None:
    """What a person asked for last, known by these records."""
    for asset_id, at, kind in prepared_rows(_PROMISED, [list(lead_ids)]):
        if asset := assets.find(asset_id):
            return Promised(asset, at, kind not in HAND_RAISERS)
    return None


def note(gift: Gift) -> None:
    """They have it: on their timeline, once a day."""
    with transaction.atomic():
        try:
            lead = queries.get(gift.lead_id)
        except Lead.DoesNotExist:  # erased since
            return
        now = clock.now()
        timeline.record(
            timeline.Entry(
                lead_id=lead.pk, kind="downloaded", actor_id=people.system().pk, origin="asset",
                event_key=f"{gift.asset.pk.hex}:{now.date().isoformat()}", occurred_at=now,
                data={"title": gift.asset.title, "asset": str(gift.asset.pk)},
            )
        )  # fmt: skip
