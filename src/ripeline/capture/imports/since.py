"""What people, other doors and other imports did to a lead since an import brought or changed it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from ripeline.capture.imports import concerned
from ripeline.capture.models import ImportState, WhyKept
from ripeline.timeline.kinds import KINDS, Family
from ripeline.timeline.models import Activity

_THEIRS = sorted(code for code, kind in KINDS.items() if kind.family is Family.THEIRS)
_OURS = sorted(code for code, kind in KINDS.items() if kind.family is Family.OURS)  # also a mail that a programme sent

# What a person did, what passed between them and us, what another import changed; what Ripeline decides by itself
# (plans, hand-overs, the undo of another import) is nobody's work, nor is what is left of an import taken back.
_FOREIGN = """
a.import_run_id IS DISTINCT FROM %(run)s AND a.kind <> 'import_undone'
AND NOT EXISTS (
    SELECT FROM import_run AS gone WHERE gone.id = a.import_run_id AND (gone.state = %(undone)s OR gone.id = %(but)s)
)
AND (a.import_run_id IS NOT NULL OR a.kind = ANY(%(between_us)s)
     OR a.actor_id <> (SELECT id FROM "user" WHERE is_system))
"""

# What was taken back since, and its taking back, cancel out: the lead is as if neither had been.
_STANDS = """
NOT (a.import_run_id IS NULL AND EXISTS (
    SELECT FROM activity AS back WHERE back.lead_id = a.lead_id AND back.kind = 'undone'
    AND back.data->>'of' = a.id::text))
AND NOT (a.kind = 'undone' AND EXISTS (
    SELECT FROM activity AS deed WHERE deed.lead_id = a.lead_id AND deed.id::text = a.data->>'of'
    AND deed.import_run_id IS NULL
    AND (lead.import_run_id = %(run)s OR (deed.recorded_at, deed.id) > (began.at, began.id))))
"""

_SINCE = f"""
SELECT DISTINCT ON (a.lead_id) a.lead_id, a.kind, a.actor_id, a.recorded_at, a.import_run_id IS NOT NULL
FROM activity AS a JOIN lead ON lead.id = a.lead_id JOIN LATERAL (
    SELECT m.recorded_at AS at, m.id FROM activity AS m WHERE m.import_run_id = %(run)s AND m.lead_id = a.lead_id
    ORDER BY m.recorded_at, m.id LIMIT 1
) AS began ON lead.import_run_id = %(run)s OR (a.recorded_at, a.id) > (began.at, began.id)
WHERE {{of}} AND {_FOREIGN} AND {_STANDS}
ORDER BY a.lead_id, a.recorded_at, a.id
"""  # noqa: S608
_OF_THESE = _SINCE.format(of="a.lead_id = ANY(%(leads)s)")
_OF_ALL = _SINCE.format(of="a.lead_id IN (SELECT lead_id FROM activity WHERE import_run_id = %(run)s)")
_OF_LEFT = _SINCE.format(  # by it, and changed by the other
    of=f"lead.import_run_id = %(run)s AND a.lead_id IN ({concerned.LEADS.replace('%(run)s', '%(but)s')})"
)

# The leads of an import that one taken back had brought, and which.
_LEFT = """
SELECT lead.id, born.id FROM lead JOIN import_run AS born ON born.id = lead.import_run_id AND born.state = %(undone)s
WHERE lead.merged_into_id IS NULL AND born.id <> %(run)s AND {of}
"""
_ALL_LEFT = _LEFT.format(of=f"lead.id IN ({concerned.LEADS})")
_LEFT_OF_THESE = _LEFT.format(of="lead.id = ANY(%(leads)s::uuid[])")


class Foreign(NamedTuple):
    """The first thing that happened since, and whose doing it was."""

    lead_id: UUID
    why: str
    kind: str = ""
    who: UUID | None = None
    at: datetime | None = None


def first_since(run_id: UUID, lead_ids: Collection[UUID] | None = None) -> dict[UUID, Foreign]:
    """For each of these leads (None: all of the import) to which something happened since: the first thing."""
    return _first(_OF_ALL if lead_ids is None else _OF_THESE, run_id, lead_ids or ())


def _first(
    statement: str, run_id: UUID, lead_ids: Collection[UUID] = (), *, but: UUID | None = None
) -> dict[UUID, Foreign]:
    """`but`: other than by this import."""
    between_us = [*_THEIRS, *_OURS, "merged", "unmerged"]
    rows = _rows(statement, run=run_id, but=but, leads=list(lead_ids), between_us=between_us)
    return {lead: Foreign(lead, _why(kind, by_import), kind, who, at) for lead, kind, who, at, by_import in rows}


def _rows(statement: str, **given: Any) -> Sequence[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**given, "undone": ImportState.UNDONE.value})
        return list(cursor.fetchall())


def left_alone(run_id: UUID, lead_ids: Collection[UUID] | None = None) -> set[UUID]:
    """Of these leads of an import (None: of all) those that one taken back had brought, and that nobody but this one
    knows by now.
    """
    theirs: dict[UUID, set[UUID]] = {}
    statement = _ALL_LEFT if lead_ids is None else _LEFT_OF_THESE
    for lead, born in _rows(statement, run=run_id, leads=list(lead_ids or ())):
        theirs.setdefault(born, set()).add(lead)
    found: set[UUID] = set()
    for born, ids in theirs.items():
        since = _first(_OF_LEFT, born, but=run_id) if lead_ids is None else _first(_OF_THESE, born, ids, but=run_id)
        found |= ids - since.keys()
    return found


def _why(kind: str, by_import: bool) -> str:
    if by_import:
        return WhyKept.IMPORTED
    if kind in _THEIRS:
        return WhyKept.CAME
    return WhyKept.MERGED if kind in ("merged", "unmerged") else WhyKept.WORKED


def entries(run_id: UUID, lead_ids: Collection[UUID]) -> tuple[Sequence[Activity], Sequence[Activity]]:
    """What the import wrote on the timelines of these leads, and what was written since by anybody else, in order.

    Without what was taken back since: what the undo of another import put back is known to what stands (`chained`).
    """
    mine = list(Activity.objects.filter(import_run_id=run_id, lead_id__in=lead_ids).order_by("recorded_at", "id"))
    if not mine:
        return [], []
    began = {entry.lead_id: (entry.recorded_at, entry.pk) for entry in reversed(mine)}
    later = Activity.objects.filter(lead_id__in=began, recorded_at__gte=min(began.values())[0])
    others = later.exclude(pk__in=[entry.pk for entry in mine]).exclude(kind="import_undone")
    others = others.order_by("recorded_at", "id")
    return mine, _standing([entry for entry in others if (entry.recorded_at, entry.pk) > began[entry.lead_id]])


def _standing(entries: Sequence[Activity]) -> Sequence[Activity]:
    """Those that were not taken back; a taking back of one of them is none, either."""
    deeds = {str(entry.pk) for entry in entries if entry.import_run_id is None}
    taken = {entry.data.get("of") for entry in entries if entry.kind == "undone"} & deeds
    return [entry for entry in entries if str(entry.pk) not in taken and entry.data.get("of") not in taken]
