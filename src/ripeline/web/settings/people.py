"""Settings, People: who works here, as what, and who is on which team. Leaders see their own team."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ripeline.base import clock
from ripeline.leads.decisions.deciding import LeadError
from ripeline.people import actions, queries, rules
from ripeline.people.actions import PeopleError
from ripeline.people.models import Responsible, Role, User
from ripeline.routing import actions as routing
from ripeline.routing import leaving
from ripeline.routing import queries as places
from ripeline.web.frame import letters
from ripeline.web.frame.forms import Invitation, Leaving, Person, posted
from ripeline.web.frame.shell import say, tabs, viewer
from ripeline.web.settings.absences import sheet

PAGE = 50
SET_BY_FORM = (
    "name", "role", "team", "minutes_per_day", "weight", "lead_cap", "experience", "intake_cap", "tracking",
)  # fmt: skip

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def visible_to(actor: User) -> QuerySet[User]:
    """Everybody for an administrator, the own team for a leader; others are refused."""
    if rules.administers(actor):
        return queries.people()
    if actor.role == Role.LEADER:
        return queries.people().filter(Q(pk=actor.pk) | Q(team__isnull=False, team=actor.team_id))
    raise rules.NotAllowed("Who works here is for administrators and, for their own team, for leaders to see.")


def find(actor: User, person_id: UUID) -> User:
    """Somebody whom `actor` may see; refused, or not there at all."""
    found = queries.people().filter(pk=person_id).first()
    if found is None:
        raise Http404
    if not visible_to(actor).filter(pk=person_id).exists():
        raise rules.NotAllowed(f"{found.name} is not on your team.")
    return found


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    actor = viewer(request)
    everybody = visible_to(actor)
    text, gone = request.GET.get("q", "").replace("\0", "").strip(), "gone" in request.GET
    found = everybody if gone else everybody.filter(is_active=True)
    for word in text.split()[:5]:
        found = found.filter(Q(name__icontains=word) | Q(email__icontains=word) | Q(team__name__icontains=word))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rooms = places.room([person.pk for person in page])
    for person in page:
        person.in_hand = person.lead_cap - rooms.get(person.pk, person.lead_cap)  # type: ignore[attr-defined]
    answer = {
        "tabs": tabs(request),
        "page": page,
        "q": text,
        "gone": gone,
        "is_filtered": bool(text),
        "gone_count": everybody.filter(is_active=False).count(),
        "may_invite": rules.administers(actor),
        "away": queries.away_on([person.pk for person in page], timezone.localdate(clock.now())),
    }
    return render(request, "people/people.html", answer)


@get_or_post
def invite(request: HttpRequest) -> HttpResponse:
    actor = viewer(request)
    rules.require_administers(actor)
    form = Invitation(posted(request))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            with transaction.atomic():
                user = actions.add_user(
                    actor=actor, email=given["email"], name=given["name"], role=given["role"], team=given["team"]
                )
                rest = [name for name in SET_BY_FORM if name not in ("name", "role", "team")]
                actions.change_user(actor=actor, user=user, **{name: given[name] for name in rest})
                letter = letters.send(request, user, actor=actor) if letters.can_send() else None
        except PeopleError as error:
            form.show(error)
        else:
            way = f"an invitation is on its way to {user.email}" if letter else "hand over the link below"
            say(request, f"{user.name} was added; {way}.")
            return redirect("person", user.pk)
    status = 422 if form.errors else 200
    return render(request, "people/invite.html", {"tabs": tabs(request), "form": form}, status=status)


@never_cache
@get_or_post
def person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    actor = viewer(request)
    user = find(actor, person_id)
    may = rules.changeable(actor, user)
    initial = {name: getattr(user, name) for name in SET_BY_FORM}
    form = Person(posted(request), initial=initial, only=may)
    if request.method == "POST" and form.is_valid():
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        try:
            if changed:
                actions.change_user(actor=actor, user=user, **changed)
        except PeopleError as error:
            form.show(error)
        else:
            if "role" in changed:
                routing.rescue()  # now rather than in some minutes: their leads, if the new role follows up none
            say(request, f"Kept what is changed about {user.name}." if changed else "Nothing was changed.")
            return redirect("person", user.pk)
    return _person_page(request, user, form=form, status=422 if form.errors else 200)


def _person_page(request: HttpRequest, user: User, *, status: int = 200, **more: Any) -> HttpResponse:
    actor = viewer(request)
    may = rules.changeable(actor, user)
    is_invited = user.is_active and not user.has_usable_password()
    answer = {
        "tabs": tabs(request),
        "person": user,
        "may": may,
        "is_invited": is_invited,
        "can_send": letters.can_send(),
        "absences": sheet(actor, user),
        "is_self": actor.pk == user.pk,
        "letter": letters.last(user) if "link" in may else None,
    }
    if is_invited and "link" in may and not letters.can_send():
        answer["link"] = letters.link(request, user)
    return render(request, "people/person.html", answer | more, status=status)


@never_cache
@require_POST
def link(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """A new link to set a password: sent, or shown to be handed over."""
    actor = viewer(request)
    user = find(actor, person_id)
    rules.require(actor, user, "link")
    if not user.is_active:
        say(request, f"{user.name} does not work here now; let them back in first.", is_error=True)
        return redirect("person", user.pk)
    actions.audit(actor=actor, verb="user.link", target=user.email)
    if request.POST.get("how") == "mail" and letters.can_send():
        letters.send(request, user, actor=actor)
        say(request, f"A link is on its way to {user.email}.")
        return redirect("person", user.pk)
    address = letters.link(request, user)
    initial = {name: getattr(user, name) for name in SET_BY_FORM}
    return _person_page(request, user, link=address, form=Person(initial=initial, only=rules.changeable(actor, user)))


@get_or_post
def deactivate(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Looking shows what would become of their leads; sending does it."""
    actor = viewer(request)
    user = find(actor, person_id)
    rules.require(actor, user, "is_active")
    if not user.is_active:
        return redirect("person", user.pk)
    takers = [each for each in queries.assignable() if each.user_id != user.pk]
    form = Leaving(posted(request), takers=takers)
    if request.method == "POST" and form.is_valid():
        to = next((taker for taker in takers if str(taker.pk) == form.cleaned_data["to"]), None)
        try:
            moved = routing.deactivate(actor=actor, user=user, to=to)
        except (PeopleError, LeadError) as error:
            form.add_error(None, str(error))
        else:
            say(request, _farewell(user, moved, to))
            return redirect("people")
    would_take = leaving.would_take_over(user)
    answer = {
        "tabs": tabs(request),
        "form": form,
        "person": user,
        "would_take": would_take,
        "open_leads": sum(count for _, count in would_take),
        "kept_in_touch": len(places.credited_to(user)),
    }
    return render(request, "people/deactivate.html", answer, status=422 if form.errors else 200)


def _farewell(user: User, moved: int, to: Responsible | None) -> str:
    if not moved:
        return f"{user.name} can no longer sign in; there were no open leads to hand over."
    leads = "1 open lead was" if moved == 1 else f"{moved} open leads were"
    return f"{user.name} can no longer sign in; {leads} handed over{f' to {to.name}' if to else ''}."


@require_POST
def reactivate(request: HttpRequest, person_id: UUID) -> HttpResponse:
    actor = viewer(request)
    user = find(actor, person_id)
    actions.set_active(actor=actor, user=user, active=True)
    say(request, f"{user.name} can sign in again.")
    return redirect("person", user.pk)


urlpatterns = [
    path("settings/people", people, name="people"),
    path("settings/people/invite", invite, name="invite"),
    path("settings/people/<uuid:person_id>", person, name="person"),
    path("settings/people/<uuid:person_id>/link", link, name="person-link"),
    path("settings/people/<uuid:person_id>/deactivate", deactivate, name="deactivate"),
    path("settings/people/<uuid:person_id>/reactivate", reactivate, name="reactivate"),
]
