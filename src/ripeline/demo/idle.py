"""A demo company that nobody has opened for some days: what had been agreed for them is agreed anew."""

from datetime import timedelta

from django.db.models import Q

from ripeline.base import clock
from ripeline.demo.telling import ORIGIN
from ripeline.leads.decisions import actions
from ripeline.leads.decisions.deciding import By, Next
from ripeline.leads.models import IS_OPEN, Lead, NextKind
from ripeline.people import working_time

PATIENCE = 2  # working days for which a date that passed is left as it is
WITHIN = 4  # working days over which those that passed are agreed anew


def catch_up() -> int:
    """Move dates that people had committed to, and that nobody kept because nobody was here; how many.

    All others the planner moves by itself, as it does in every company after a rest. Again changes nothing.
    """
    moment, calendar = clock.now(), working_time.calendar_of(None)
    today = calendar.day(moment)
    before = calendar.at(calendar.before(today, PATIENCE))
    agreed = Q(next_committed=True) | Q(next_kind__in=(NextKind.PROMISE, NextKind.MEETING))
    passed = Lead.objects.filter(IS_OPEN, agreed, next_at__lt=before, responsible__user__is_active=True)
    found = list(passed.select_related("responsible__user").order_by("next_at", "pk"))
    for number, lead in enumerate(found):
        user = lead.responsible.user
        assert user is not None
        at = calendar.at(calendar.after(today, number % WITHIN)) + timedelta(hours=1 + number % 7)
        again = Next(max(at, moment), lead.next_kind, lead.next_note, committed=True)
        actions.set_next(lead.pk, By(user, ORIGIN, f"idle:{today}"), next=again)
    return len(found)
