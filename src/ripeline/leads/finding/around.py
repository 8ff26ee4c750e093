"""What stands around a lead, for its context card: what they took from us last, and what others at their company did.

Only what the viewer may see: names where they can be found, what somebody did where their timeline may be read (I8).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from ripeline.base import clock
from ripeline.base.reading import read
from ripeline.leads import queries, rules
from ripeline.leads.finding import rows
from ripeline.leads.finding.rows import Row
from ripeline.leads.models import Lead
from ripeline.leads.rules import Verb
from ripeline.people.models import User
from ripeline.timeline.models import Activity

LATELY = timedelta(days=90)
_TELLING = ("enquired", "downloaded", "visited", "captured")  # the most telling first


_LAST = """
WHERE id IN (
    SELECT DISTINCT ON (lead_id, kind) id FROM activity
    WHERE lead_id = ANY(%s) AND kind = ANY(%s) AND occurred_at >= %s ORDER BY lead_id, kind, occurred_at DESC
)
"""


@dataclass(frozen=True)
class Colleague:
    """Somebody else at the company, and the most telling thing they did lately; None where nobody may say."""

    row: Row
    act: Activity | None


@dataclass(frozen=True)
class Around:
    """What a context card says beside the enquiry."""

    taken: Activity | None  # the last thing that they downloaded; None where the viewer may not read the timeline
    colleagues: Sequence[Colleague]


def around(lead: Lead, viewer: User, *, ids: Sequence[UUID] = (), others: Sequence[Row] | None = None) -> Around:
    """For whoever may see how the lead came; `ids` and `others` where they have been read already. One query more."""
    family = list(ids) or queries.family(lead) if rules.may(viewer, Verb.SEE_TIMELINE, lead) else []
    if others is None:
        others = rows.colleagues(lead, viewer)
    open_to = [row.id for row in others if Verb.SEE_TIMELINE in row.verbs]
    given = [[*family, *open_to], list(_TELLING), clock.now() - LATELY]
    last = read(Activity, _LAST, given) if given[0] else []
    last.sort(key=lambda act: (_TELLING.index(act.kind), -act.occurred_at.timestamp()))
    did: dict[UUID, Activity] = {}
    for act in last:
        did.setdefault(act.lead_id, act)
    taken = next((act for act in last if act.lead_id in family and act.kind == "downloaded"), None)
    return Around(taken, [Colleague(row, did.get(row.id)) for row in others])
