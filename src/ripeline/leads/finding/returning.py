"""People whom somebody let go as no lead and who came to us again since: whoever let them go is asked to look.

Nothing about them is open, so no date brings them up; they are found by their enquiry, until a person has done
something about it: re-opened the record, or written down why it stays closed.
"""

from collections.abc import Sequence
from typing import Any

from ripeline.base.statements import prepared_rows
from ripeline.leads import rules
from ripeline.leads.finding import rows
from ripeline.leads.models import Lead, State
from ripeline.people import queries as people
from ripeline.people.models import ResponsibleKind, Role, User

_THEIR_ACTS = ["captured", "enquired"]
_WORK_QUEUES = (Role.SDR, Role.ADMIN)

# Their own, those of whom they cover, and for who works queues what lies there; the last let go first. Plain SQL, for
# it stands on a page that is opened all day and mostly finds nobody.
CAME_AGAIN = f"""
SELECT lead.id FROM lead
WHERE lead.state = '{State.DISQUALIFIED}' AND lead.merged_into_id IS NULL
  AND (lead.owner_id = {{mine}} {{or_queue}})
  AND EXISTS (
    SELECT 1 FROM activity AS asking
    WHERE asking.lead_id = lead.id AND asking.kind = 'enquired' AND asking.occurred_at > lead.closed_at
      AND NOT EXISTS (
        SELECT 1 FROM activity AS answer JOIN "user" AS who ON who.id = answer.actor_id AND NOT who.is_system
        WHERE answer.lead_id = lead.id AND answer.recorded_at > asking.recorded_at
          AND answer.kind <> ALL(%(their_acts)s)
      )
  )
ORDER BY lead.closed_at DESC, lead.id DESC LIMIT %(limit)s
"""  # noqa: S608
OR_QUEUE = f"""OR (lead.owner_id IS NULL AND EXISTS (
    SELECT 1 FROM responsible AS held WHERE held.id = lead.responsible_id AND held.kind = '{ResponsibleKind.QUEUE}'))
"""  # noqa: S608


def came_again(user: User, limit: int = 3) -> Sequence[Lead]:
    """Those whom `user` is asked to look at; whose rep has left are with the fallback (`capture.arriving.meeting`)."""
    if user.role not in people.SELLERS:
        return []
    mine = [user.pk, *rules.covering(user)]
    given: dict[str, Any] = {"mine": mine, "their_acts": _THEIR_ACTS, "limit": limit}
    if is_one := len(mine) == 1:  # of one alone it is planned once for all, of an array each time anew
        given["mine"] = user.pk
    statement = CAME_AGAIN.format(
        mine="%(mine)s" if is_one else "ANY(%(mine)s)", or_queue=OR_QUEUE if user.role in _WORK_QUEUES else ""
    )
    ids = [pk for (pk,) in prepared_rows(statement, given)]
    found = rows.whole(ids)
    return [found[pk] for pk in ids if pk in found]
