"""Possible duplicates: pairs that may be one person, the two side by side, and merging them field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ripeline.capture.columns import own_labels
from ripeline.catalog import queries as catalog
from ripeline.leads import queries, rules
from ripeline.leads.decisions import bulk
from ripeline.leads.decisions.deciding import By, LeadError, once_more
from ripeline.leads.doubles import duplicates, joining, merging
from ripeline.leads.models import Lead
from ripeline.leads.rules import Verb
from ripeline.leads.words.numbers import written
from ripeline.people.models import Role, User
from ripeline.web.acting import screens
from ripeline.web.acting.deeds import find
from ripeline.web.frame import countries
from ripeline.web.frame.shell import say, viewer
from ripeline.web.templatetags.words import money

PAGE = 30
CHANGED = "One of the two has been changed since you opened this. Here they are as they stand now; nothing was merged."
LABELS = {
    "name": "Name", "title": "Title", "email": "E-mail", "phone": "Telephone", "company": "Company",
    "country": "Country", "language": "Language", "reference": "Id elsewhere", "amount": "Value",
    "owner": "Owner",
}  # fmt: skip


@require_safe
def pairs(request: HttpRequest) -> HttpResponse:
    """The pairs that the viewer may decide about, the likeliest first."""
    actor = viewer(request)
    found = duplicates.open_pairs(actor, limit=PAGE + 1, after=after(request.GET.get("after", "")))
    shown = found[:PAGE]
    more = f"{reverse('duplicates')}?after={shown[-1].points}_{shown[-1].id}" if len(found) > PAGE else ""
    page = {
        "page": "people",
        "pairs": shown,
        "more": more,
        "key": uuid4().hex,
        "looks_only": actor.role == Role.MARKETER,
    }
    return render(request, "leads/duplicates.html", page)


def after(text: str) -> tuple[int, UUID] | None:
    """The last pair that was shown, as an address names it."""
    points, _, pk = text.partition("_")
    try:
        return int(points), UUID(pk)
    except ValueError:
        return None


@dataclass(frozen=True)
class Choice:
    """A field in which the two differ: what each says, and whose word stays unless somebody chooses."""

    field: str
    label: str
    ours: str
    theirs: str
    takes: bool  # the other's


@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest, lead_id: UUID, other_id: UUID) -> HttpResponse:
    """The two side by side; sent, they are one."""
    actor = viewer(request)
    one, other = find(actor, lead_id), find(actor, other_id)
    if one.pk == other.pk:
        return redirect("lead", one.pk)
    for lead in (one, other):
        rules.require(actor, Verb.MERGE, lead)
    survivor, duplicate = joining.order(one, other)
    problem = ""
    if request.method == "POST":
        try:
            _merge(survivor, duplicate, actor, request.POST)
        except LeadError as error:
            problem = str(error)
            survivor, duplicate = joining.order(find(actor, lead_id), find(actor, other_id))
        else:
            words = f"{duplicate} and {survivor} are one record now."
            say(request, words, undo=reverse("lead-unmerge", args=[duplicate.pk]))
            return redirect("lead", survivor.pk)
    page = _page(survivor, duplicate) | {"problem": problem, "key": uuid4().hex}
    return render(request, "leads/compare.html", page, status=422 if problem else 200)


@once_more
def _merge(survivor: Lead, duplicate: Lead, actor: User, posted: Mapping[str, str]) -> None:
    """Merge them as it was chosen, unless one of them has been changed since it was shown."""
    by = By(actor, "web", f"{posted.get('key', '')[:60] or uuid4().hex}:merge")
    with transaction.atomic():
        bulk.hold([survivor.pk, duplicate.pk])
        now = dict(Lead.objects.filter(pk__in=[survivor.pk, duplicate.pk]).values_list("pk", "decision_id"))
        seen = {survivor.pk: posted.get("seen", ""), duplicate.pk: posted.get("seen_other", "")}
        if any(said != str(now[pk] or "none") for pk, said in seen.items()):
            raise LeadError(CHANGED)
        differ = joining.differing(survivor, duplicate)
        takes = {field for field in differ if posted.get(f"take:{field}") == "theirs"}
        merging.merge(survivor_id=survivor.pk, duplicate_id=duplicate.pk, by=by, takes=takes)


def _page(survivor: Lead, duplicate: Lead) -> dict[str, Any]:
    usual, differ = joining.usual(survivor, duplicate), joining.differing(survivor, duplicate)
    own = {field.key: own_labels.apart(field.label) for field in catalog.custom_fields()}
    choices = [
        Choice(
            field, _label(field, own), _said(survivor, field), _said(duplicate, field), takes=field in usual
        )
        for field in differ
    ]  # fmt: skip
    same = [(_label(field, own), _said(survivor, field)) for field in joining.CHOSEN if field not in differ]
    known = duplicates.between(survivor.pk, duplicate.pk)
    return {
        "survivor": survivor, "duplicate": duplicate, "choices": choices,
        "same": [(label, said) for label, said in same if said],
        "evidence": known.evidence if known else [],
        "both": [(lead, queries.holding(lead)) for lead in (survivor, duplicate)],
    }  # fmt: skip


def _label(field: str, own: Mapping[str, str]) -> str:
    key = field.removeprefix(joining.CUSTOM)
    return LABELS.get(field) or own.get(key, key)


def _said(lead: Lead, field: str) -> str:
    value: Any = joining.value(lead, field)
    if field == "amount" and value is not None:
        return str(money(value, lead.currency))
    if field == "owner":
        return str(lead.owner or f"nobody's ({lead.responsible.name})")
    if field == "phone":
        return written(str(value or ""))
    if field == "country":
        return dict(countries.countries()).get(str(value), str(value))
    return "" if value is None else str(value)


@require_POST
def apart(request: HttpRequest, lead_id: UUID, other_id: UUID) -> HttpResponse:
    """They are two people."""
    undo = f"{reverse('lead-ask-again', args=[lead_id, other_id])}?back={request.POST.get('back', '')[:10]}"
    return _decided(
        request, lead_id, other_id, asks=False, words="Two people, then. You are not asked again.", undo=undo
    )


@require_POST
def ask_again(request: HttpRequest, lead_id: UUID, other_id: UUID) -> HttpResponse:
    """Take that back."""
    return _decided(request, lead_id, other_id, asks=True, words="They are a possible duplicate again.")


def _decided(
    request: HttpRequest, lead_id: UUID, other_id: UUID, *, asks: bool, words: str, undo: str = ""
) -> HttpResponse:
    actor = viewer(request)
    one, other = find(actor, lead_id), find(actor, other_id)
    decide = duplicates.ask_again if asks else duplicates.dismiss
    try:
        decide(one_id=one.pk, other_id=other.pk, actor=actor)
    except LeadError as error:
        say(request, str(error), is_error=True)
    else:
        say(request, words, undo=undo)
    back = request.POST.get("back") or request.GET.get("back")
    return screens.go(request, reverse("duplicates") if back == "pairs" else reverse("lead", args=[one.pk]))


urlpatterns = [
    path("leads/duplicates", pairs, name="duplicates"),
    path("leads/<uuid:lead_id>/compare/<uuid:other_id>", compare, name="lead-compare"),
    path("leads/<uuid:lead_id>/apart/<uuid:other_id>", apart, name="lead-apart"),
    path("leads/<uuid:lead_id>/ask-again/<uuid:other_id>", ask_again, name="lead-ask-again"),
]
