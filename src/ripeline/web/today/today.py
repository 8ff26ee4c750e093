"""Today: the short list of the day, and beside it the one person who is open. An inbox that can be finished."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from ripeline.leads import queries as leads
from ripeline.leads import record, rules
from ripeline.leads.decisions import actions
from ripeline.leads.finding.around import around
from ripeline.leads.finding.returning import came_again
from ripeline.people.models import Role, User
from ripeline.people.working_time import Calendar
from ripeline.ripeness import queries as ripeness
from ripeline.web.frame.shell import say, verbs_for
from ripeline.web.record import cards, context, entries
from ripeline.web.today import rows as today_rows
from ripeline.worklist import actions as worklist
from ripeline.worklist import team
from ripeline.worklist.day import Day, Row
from ripeline.worklist.forward import ripening_early
from ripeline.worklist.preview import week_of
from ripeline.worklist.suggesting import ATTEMPTS

LATELY = 5  # entries of the timeline in the sheet

# What there is to say to somebody of this role who has no lead to follow up.
NONE_OF_OWN = {
    Role.REP: ("No lead is yours yet", "As soon as one is given to you, it comes here on its day, with the reason."),
    Role.SDR: (
        "Nobody waits in the queue",
        "Whoever comes to us and belongs to nobody yet is here, the promising first.",
    ),
    Role.LEADER: (
        "Your team today",
        "Nobody is yours to call, so here is what your team's leads need.",
    ),
    Role.MARKETER: (
        "Today is for whoever calls",
        "Under Leads you see where each came from, how ripe it is, and what became of it.",
    ),
    Role.ADMIN: (
        "Nobody is yours to call today",
        "So here is what everybody's leads need. What nobody looks after comes to you, on its day.",
    ),
}


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    return render(request, "today/today.html", page(request.user))


@require_safe
def opened(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Today with somebody open; for HTMX the sheet alone."""
    assert isinstance(request.user, User)
    found = page(request.user, lead_id)
    if found["row"] is None or found["row"].lead.pk != lead_id:
        return redirect("lead", lead_id)  # not on today's list (any more)
    if request.headers.get("HX-Target") == "sheet":
        return render(request, "today/sheet.html", found)
    return render(request, "today/today.html", found)


@require_safe
def week(request: HttpRequest) -> HttpResponse:
    """The days to come, as they look now."""
    assert isinstance(request.user, User)
    return render(request, "today/week.html", {"days": week_of(request.user)})


@require_POST
def replan(request: HttpRequest) -> HttpResponse:
    """Choose what is left of the day anew."""
    assert isinstance(request.user, User)
    worklist.replan(request.user)
    say(request, "Chosen anew; what you had done stays done.")
    return redirect("today")


def page(user: User, lead_id: UUID | None = None, *, after: UUID | None = None) -> dict[str, Any]:
    """The list, and the sheet of `lead_id`, else of whoever comes after `after`, else of the first who waits."""
    day = worklist.plan_for(user)
    row = _row(day.rows, lead_id, user) or _next(day.rows, after)
    is_opened = row is not None and (lead_id is not None or after is not None)
    return {
        "day": day,
        "row": row,
        "rows": today_rows.rows(day.rows, row),
        "is_opened": is_opened,  # on a phone: the sheet instead of the list
        "url": reverse("today-lead", args=[row.lead.pk]) if row and is_opened else reverse("today"),
        "key": uuid4().hex,
        "came_again": came_again(user),
        "ripening_early": ripening_early(user),
        **(_sheet(user, row, day.calendar) if row else _end(user, day)),
    }


def after(user: User, lead_id: UUID) -> UUID | None:
    """Who comes after this lead on the list; None when the day is done."""
    row = _next(worklist.plan_for(user).rows, lead_id)
    return row.lead.pk if row else None


def _row(rows: Sequence[Row], lead_id: UUID | None, user: User) -> Row | None:
    """The row of this lead, if it is still theirs: what they have done stays on the list when another has it now."""
    row = next((row for row in rows if row.lead.pk == lead_id), None)
    return row if row and rules.may(user, rules.Verb.WORK, row.lead) else None


def _next(rows: Sequence[Row], lead_id: UUID | None) -> Row | None:
    """The first who waits after this lead, or at all."""
    here = next((place for place, row in enumerate(rows) if row.lead.pk == lead_id), -1)
    return next((row for row in [*rows[here + 1 :], *rows] if not row.is_done), None)


def _sheet(user: User, row: Row, calendar: Calendar) -> dict[str, Any]:
    glance = record.glance(row.lead, user, limit=LATELY)
    actions.note_view(row.lead, user)
    tries = row.lead.unanswered + 1
    offer = worklist.suggest_next(row.lead, "no_answer", user=user) if tries >= ATTEMPTS else None
    came = cards.came(glance.enquiries)
    ripe = cards.ripe(ripeness.of([row.lead.pk]).get(row.lead.pk), row.lead.state, came)
    return {
        "lead": row.lead,
        "shown": glance.row,
        "context": context.lines(
            came, around(row.lead, user, ids=glance.ids), ripe, calendar=calendar, company=row.lead.company
        ),
        "told": entries.tell(glance.entries),
        "open_deals": glance.open_deals,
        "ripe": ripe,
        "outcomes": cards.OUTCOMES,
        "offer": offer.offer_words if offer and not row.is_done else "",
    }


def _end(user: User, day: Day) -> dict[str, Any]:
    """What there is to say when nobody waits."""
    verbs = verbs_for(user.role)
    return {
        "is_over": day.is_over,
        "no_leads": not day.rows and leads.is_empty(),
        "none_of_own": NONE_OF_OWN[Role(user.role)],
        "led": team.facts(user) if not day.has_leads else [],
        "import_url": verbs.get("imports", ""),
        "add_url": verbs.get("lead-new", ""),
    }


urlpatterns = [
    path("today", today, name="today"),
    path("today/week", week, name="week"),
    path("today/replan", replan, name="today-replan"),
    path("today/<uuid:lead_id>", opened, name="today-lead"),
]
