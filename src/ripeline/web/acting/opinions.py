"""What whoever works a lead thinks of its ripeness: good, fair or poor by one key, in which buying stage it is in
fact, or why they see it differently; and the list of the latter, which is how marketing hears of it."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from ripeline.leads.decisions.deciding import By, LeadError
from ripeline.leads.models import Lead
from ripeline.people.models import User
from ripeline.ripeness import actions, queries
from ripeline.ripeness.models import Direction, Dispute
from ripeline.ripeness.rules import Tag, percent, tag
from ripeline.web.acting import screens
from ripeline.web.acting.deeds import Request, deed

PAGE = 50


@deed("perceived")
def perceived(asked: Request) -> screens.Said:
    """How good this lead seems; the same again takes it away."""
    wanted = asked.text("quality")
    quality = "" if wanted == queries.perceived(asked.lead.pk) else wanted
    by = By(asked.actor, "web", f"{asked.by.key}:{wanted}"[:120])
    done = actions.perceive(asked.lead.pk, by, quality=quality)
    words = (
        f"Noted: to you {asked.lead} is a {quality} lead." if quality else f"Your view of {asked.lead} is gone again."
    )
    undo = reverse("lead-opinion-undo", args=[asked.lead.pk, done]) if done else ""
    return screens.Said(words, undo_url=undo, stays=True)


@deed("stage")
def stage(asked: Request) -> screens.Said:
    """In fact they are in this buying stage; nothing: as it looks."""
    wanted = asked.text("stage")
    by = By(asked.actor, "web", f"{asked.by.key}:{wanted}"[:120])
    done = actions.say_stage(asked.lead.pk, by, stage=wanted)
    words = (
        f"Noted: {asked.lead} is in the stage of {wanted}."
        if wanted
        else f"The stage of {asked.lead} follows from what they do again."
    )
    undo = reverse("lead-opinion-undo", args=[asked.lead.pk, done]) if done else ""
    return screens.Said(words, undo_url=undo, stays=True)


@deed("dispute", "words")
def dispute(asked: Request) -> screens.Said:
    """I see it differently: riper or greener, and why."""
    actions.dispute(asked.lead.pk, asked.by, direction=asked.text("direction"), words=asked.text("words"))
    return screens.Said("Thank you. It stands on the timeline, and marketing reads it.", stays=True)


@require_POST
def undo_opinion(request: HttpRequest, lead_id: UUID, activity_id: UUID) -> HttpResponse:
    """What was noted before holds again."""
    assert isinstance(request.user, User)
    by = By(request.user, "web", f"{request.POST.get('key') or uuid4().hex}:undo"[:120])
    try:
        actions.take_back(activity_id, by)
    except LeadError as error:
        return screens.refuse(request, lead_id, screens.Wrong("", str(error)))
    return screens.answer(request, lead_id, screens.Said("As it was before.", stays=True, opens=lead_id))


@dataclass(frozen=True)
class Seen:
    """One thing that somebody sees differently, with what was shown to them."""

    dispute: Dispute
    lead: Lead | None
    says: str
    shown: str
    tag: Tag | None


@require_safe
def disputes(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    page = Paginator(queries.disputes(request.user), PAGE).get_page(request.GET.get("page"))
    leads = Lead.objects.in_bulk([each.lead_id for each in page])
    shown = [
        Seen(
            each,
            leads.get(each.lead_id),
            says=Direction(each.direction).label.lower(),
            shown=percent(each.p_30) if each.p_30 is not None else "",
            tag=tag(each.p_30) if each.p_30 is not None else None,
        )
        for each in page
    ]
    return render(request, "people/disputes.html", {"page": page, "seen": shown})


urlpatterns = [
    path("leads/<uuid:lead_id>/perceived", perceived, name="lead-perceived"),
    path("leads/<uuid:lead_id>/perceived/<uuid:activity_id>/undo", undo_opinion, name="lead-opinion-undo"),
    path("leads/<uuid:lead_id>/stage", stage, name="lead-stage"),
    path("leads/<uuid:lead_id>/dispute", dispute, name="lead-dispute"),
    path("seen-differently", disputes, name="disputes"),
]
