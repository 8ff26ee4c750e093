"""People whom somebody let go as no lead and who came to us again since: whoever let them go is asked to look.

Nothing about them is open, so no date brings them up; they are found by their enquiry, until a person has done
something about it: re-opened the record, or written down why it stays closed.
"""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q

from ripeline.leads import rules
from ripeline.leads.models import Lead, State
from ripeline.people import queries as people
from ripeline.people.models import ResponsibleKind, Role, User
from ripeline.timeline.models import Activity

_THEIR_ACTS = ("captured", "enquired")
_WORK_QUEUES = (Role.SDR, Role.ADMIN)


def came_again(user: User, limit: int = 3) -> Sequence[Lead]:
    """Those whom `user` is asked to look at; whose rep has left are with the fallback (`capture.meeting`)."""
    if user.role not in people.SELLERS:
        return []
    answered = Activity.objects.filter(
        lead_id=OuterRef("lead_id"), recorded_at__gt=OuterRef("recorded_at"), actor__is_system=False
    ).exclude(kind__in=_THEIR_ACTS)
    asking = Activity.objects.filter(
        ~Exists(answered), lead_id=OuterRef("pk"), kind="enquired", occurred_at__gt=OuterRef("closed_at")
    )
    found = Lead.objects.filter(_asked(user), Exists(asking), state=State.DISQUALIFIED, merged_into__isnull=True)
    return list(found.select_related("close_reason", "owner").order_by("-closed_at", "-pk")[:limit])


def _asked(user: User) -> Q:
    """Whose leads `user` answers for: their own, those of whom they cover, and for who works queues what lies there."""
    own = Q(owner__in={user.pk} | rules.covering(user))
    if user.role not in _WORK_QUEUES:
        return own
    return own | Q(owner__isnull=True, responsible__kind=ResponsibleKind.QUEUE)
