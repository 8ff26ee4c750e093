"""The record: who, where from, how ripe and why, what comes next, and everything that happened."""

from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from ripeline.catalog import queries as catalog
from ripeline.catalog.models import CloseState
from ripeline.leads import record, rules
from ripeline.leads.decisions import actions
from ripeline.leads.finding.around import around
from ripeline.leads.models import Lead
from ripeline.leads.record import Record
from ripeline.leads.words.numbers import written
from ripeline.people import working_time
from ripeline.people.models import User
from ripeline.ripeness import queries as ripeness
from ripeline.timeline import uncounted
from ripeline.timeline.kinds import Family
from ripeline.web.frame import selects
from ripeline.web.record import cards, context, entries, standing
from ripeline.worklist import actions as worklist
from ripeline.worklist.suggesting import ATTEMPTS

FAMILIES = {
    "": "Everything",
    Family.THEIRS: "Their acts",
    Family.OURS: "Ours",
    Family.VISITS: "Visits",
    Family.RECORD: "The record",
}


@require_safe
def lead(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    assert isinstance(request.user, User)
    family = request.GET.get("show", "")
    found = read(request.user, lead_id, family)
    if found.lead.pk != lead_id:
        return redirect("lead", found.lead.pk)
    target = request.headers.get("HX-Target")
    if target == "timeline":
        return render(request, "lead/timeline.html", timeline(found, family) | {"may": found.may})
    if target == "who" and found.may["work"]:
        return render(request, "lead/edit.html", page(found, is_editing=True))
    if found.row.sees_context:
        actions.note_view(found.lead, request.user)
    return render(request, "lead/lead.html", page(found, family, is_editing=bool(request.GET.get("edit"))))


def read(viewer: User, lead_id: UUID, family: str = "") -> Record:
    """The record, or 404, which does not tell what is not there from what may not be found."""
    try:
        return record.read(lead_id, viewer, family=family)
    except Lead.DoesNotExist as missing:
        raise Http404("There is no such lead.") from missing


def page(found: Record, family: str = "", *, is_editing: bool = False) -> dict[str, Any]:
    """What the record's templates need; the verbs' choices only where the viewer may use them."""
    lead = found.lead
    score = ripeness.of([lead.pk]).get(lead.pk) if found.row.sees_context and found.row.is_open else None
    agreed = standing.of(found)
    came_by = cards.came(found.enquiries, stated=standing.words(agreed))
    ripe = cards.ripe(score, lead.state, came_by)
    seen = around(lead, found.row.viewer, ids=found.ids, others=found.colleagues) if found.row.sees_context else None
    return {
        "record": found,
        "lead": lead,
        "row": found.row,
        "may": found.may,
        "ripe": ripe,
        "came_by": came_by,
        "context": context.lines(
            came_by, seen, ripe, calendar=working_time.calendar_of(found.row.viewer), company=lead.company
        )
        if seen
        else [],
        "agreed": agreed,
        "agreed_fields": standing.FIELDS,
        "key": uuid4().hex,
        "editing": is_editing and found.may["work"],
        **(_choices(found) if found.may["work"] else {}),
        **timeline(found, family),
    }


def _choices(found: Record) -> dict[str, Any]:
    lead = found.lead
    reasons = [reason for reason in catalog.reasons() if reason.state != CloseState.WON]
    groups = [
        (state.label, [r for r in reasons if r.state == state]) for state in (CloseState.LOST, CloseState.DISQUALIFIED)
    ]
    offer = ""
    if found.row.is_open and lead.unanswered + 1 >= ATTEMPTS:
        offer = worklist.suggest_next(lead, "no_answer", user=found.row.viewer).offer_words
    return {
        "outcomes": cards.OUTCOMES,
        "offer": offer,
        "close_reasons": groups,
        "takers": selects.takers(but=lead.responsible_id) if found.may["reassign"] else "",
        "fields": [
            ("name", "Name", lead.name),
            ("title", "Title", lead.title),
            ("phone", "Telephone", written(lead.phone)),
            ("company", "Company", lead.company),
            ("amount", "Value", "" if lead.amount is None else f"{lead.amount:.2f}".removesuffix(".00")),
        ],
    }


def timeline(found: Record, family: str = "") -> dict[str, Any]:
    sees_visits = found.may[rules.Verb.SEE_TIMELINE] and family in ("", Family.VISITS)
    return {
        "lead": found.lead,
        "told": entries.tell(found.entries, sees_next=found.may["see_next"]),
        "more": found.more,
        "family": family,
        "uncounted": entries.uncounted(uncounted.of(found.ids)) if sees_visits else "",
        "families": [
            (label, reverse("lead", args=[found.lead.pk]) + (f"?show={value}" if value else ""), value == family)
            for value, label in FAMILIES.items()
        ],
    }


@require_safe
def more(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """The entries after those already shown."""
    assert isinstance(request.user, User)
    try:
        found = record.find(lead_id, request.user)
    except Lead.DoesNotExist as missing:
        raise Http404 from missing
    family, after = request.GET.get("show", ""), request.GET.get("after", "")
    shown, rest = record.entries(found, request.user, family=family, after=after)
    told = entries.tell(shown, sees_next=rules.may(request.user, rules.Verb.SEE_NEXT, found), is_further=bool(after))
    return render(request, "lead/entries.html", {"told": told, "more": rest, "family": family, "lead": found})


urlpatterns = [
    path("leads/<uuid:lead_id>", lead, name="lead"),
    path("leads/<uuid:lead_id>/timeline", more, name="lead-timeline"),
]
