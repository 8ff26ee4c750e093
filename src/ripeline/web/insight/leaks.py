"""Insight, "What is leaking?": whom nobody really follows up, what may be in them, and one button to take them up."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from ripeline.base.moments import one_moment
from ripeline.capture.cells.text import safe_cell
from ripeline.catalog.models import SourceType
from ripeline.insight import leak_words as words
from ripeline.insight import leakage, recovering, rules
from ripeline.insight.leakage import Asked, By, Figure, Group, Leakage
from ripeline.insight.models import Recovery, RecoveryState
from ripeline.insight.queries import Choice
from ripeline.insight.recovering import RecoveryError
from ripeline.insight.rules import Whose
from ripeline.leads.finding import filters, leaks
from ripeline.leads.finding.leaks import Leak
from ripeline.leads.rules import Verb
from ripeline.people import actions as people
from ripeline.people.models import Role, User
from ripeline.web.acting.screens import go
from ripeline.web.frame import charts
from ripeline.web.frame.amounts import rounded
from ripeline.web.frame.shell import say, verbs_for, viewer
from ripeline.web.insight import leak_charts

WHOSE = {Whose.MINE: "Your leads", Whose.TEAM: "Your team's leads", Whose.EVERYBODY: "Everybody's leads"}
BY = {By.TYPE: "Kind of source", By.TEAM: "Team"}
SLOW, KEPT = 1.0, 300  # seconds: what took so long to add up is kept for five minutes
HEADINGS = ("What", "Which", "Leads", "Leaking", "Wins still in them", "Low", "High", "Money", "Currency")
_MOVING = (RecoveryState.QUEUED, RecoveryState.RUNNING, RecoveryState.UNDOING)
_USUAL_PACE = 5


@require_safe
def leaking(request: HttpRequest) -> HttpResponse:
    actor = viewer(request)
    asked = Asked.parse(actor, request.GET.dict())
    if asked.run and not request.GET.get("whose"):
        asked = leakage.where_all_are(actor, asked)
    return _page(request, actor, asked)


def _page(
    request: HttpRequest, actor: User, asked: Asked, *, error: RecoveryError | None = None, status: int = 200
) -> HttpResponse:
    with one_moment():  # a worker may be putting leads back while this is read
        found = _answer(actor, asked)
        recovery = _latest(actor, asked)
        offer = _offer(request, actor, asked, found) if leakage.may_recover(actor) else {}
    answer = {
        "page": "leaks",
        "sees_model": Whose.EVERYBODY in rules.scopes(actor),
        "asked": asked,
        "found": found,
        "sentences": words.headline(found, asked, lambda wins: rounded(wins * float(found.deal), found.currency)),
        "by_file": words.lost_by_file(found),
        "by_file_url": _url(actor, asked, leaks.BY_FILE),
        "by_file_n": found.lost_by_file,
        "is_empty": not (found.open or found.whole.n),
        "rows": [_row(actor, asked, found, leak, figure) for leak, figure in found.figures.items()],
        "total": _figures(found, found.whole),
        "groups": [_group(actor, asked, group) for group in found.groups],
        "leaks": [(leak, leaks.LABELS[leak]) for leak in Leak],
        "rules": [(leaks.LABELS[leak], leaks.RULES[leak]) for leak in Leak],
        "export_url": f"{reverse('leaks-file')}?{asked.query()}",
        "by_label": BY[asked.by],
        "groupings": [Choice(value=one, label=label) for one, label in BY.items()] if _may_part(asked) else [],
        "scopes": [Choice(value=one, label=WHOSE[one]) for one in rules.scopes(actor)],
        "types": [Choice(value=value, label=label) for value, label in SourceType.choices],
        "without_run": f"{reverse('leaks')}?{asked.query(run=None)}" if asked.run else "",
        "deal": rounded(float(found.deal), found.currency),
        "import_url": verbs_for(actor.role).get("imports", ""),
        "recovery": recovery,
        "is_moving": bool(recovery and recovery.state in _MOVING),
        "wrong": error,
        **_pictures(found),
        **offer,
    }
    return render(request, "insight/leaks.html", answer, status=status)


def _latest(actor: User, asked: Asked) -> Recovery | None:
    """The last time that the viewer put leads back to work, where it moves or was about the leads that are shown."""
    found = recovering.latest(actor)
    if found is None or found.state in _MOVING:
        return found
    theirs = Asked.parse(actor, QueryDict(found.asked).dict())
    return found if replace(theirs, by=asked.by) == asked else None


def _may_part(asked: Asked) -> bool:
    return asked.whose is Whose.EVERYBODY


def _answer(actor: User, asked: Asked) -> Leakage:
    """The figures; where they took long to add up, those of the last minutes, until the viewer puts leads back."""
    whose = actor.pk if asked.whose is Whose.MINE else actor.team_id if asked.whose is Whose.TEAM else ""
    recovery = recovering.latest(actor)
    changed = (recovery.pk, recovery.state, recovery.looked_at) if recovery else ()
    key = f"leaks:{whose}:{asked.query()}:{changed}".replace(" ", "")
    kept: Leakage | None = cache.get(key)
    if kept is not None:
        return kept
    began = monotonic()
    found = leakage.leakage(actor, asked)
    if monotonic() - began > SLOW:
        cache.set(key, found, KEPT)
    return found


def _figures(found: Leakage, figure: Figure) -> dict[str, Any]:
    return {
        "n": figure.n,
        "wins": words.count(figure.wins) if figure.wins >= 0.05 or not figure.wins else "under 0.1",
        "range": f"{figure.low:,} to {figure.high:,}" if figure.n else "",
        "money": rounded(figure.wins * float(found.deal), found.currency) if figure.n else "",
        "share": figure.n / found.open if found.open and figure.n <= found.open else None,
    }


def _row(actor: User, asked: Asked, found: Leakage, leak: Leak, figure: Figure) -> dict[str, Any]:
    return {
        "label": leaks.LABELS[leak], "rule": leaks.RULES[leak], "url": _url(actor, asked, leak),
        **_figures(found, figure),
    }  # fmt: skip


def _group(actor: User, asked: Asked, group: Group) -> dict[str, Any]:
    """A row of the table of groups, each figure with its leads behind it."""
    key = group.key or (filters.NO_SOURCE if asked.by is By.TYPE else "")
    narrowed: dict[str, object] = {asked.by.value: key} if key else {}
    cells = [(n, _url(actor, asked, leak, **narrowed) if key and n else "") for leak, n in group.by_leak.items()]
    return {"group": group, "cells": cells}


def _url(actor: User, asked: Asked, leak: str, **narrowed: object) -> str:
    """The leads behind a figure in the list; "" where the list does not show the viewer what the figure counts."""
    if actor.role == Role.MARKETER and leaks.needs(leak) == Verb.SEE_NEXT:
        return ""
    view = {Whose.MINE: "mine", Whose.TEAM: "team", Whose.EVERYBODY: "all"}[asked.whose]
    team = narrowed.get("team")
    if team and actor.role == Role.LEADER and str(actor.team_id) != team:
        return ""  # another team's leads are hers to see in sums alone
    if view not in filters.views_of(actor):
        return ""
    given = {"view": view, "leak": str(leak), "type": asked.type, "run": asked.run} | narrowed
    return f"{reverse('leads')}?{urlencode({name: str(value) for name, value in given.items() if value})}"


def _offer(request: HttpRequest, actor: User, asked: Asked, found: Leakage) -> dict[str, Any]:
    """What the form to put them back to work begins with."""
    ticked = request.POST.getlist("leak") if request.method == "POST" else [leak.value for leak in Leak]
    chosen = [leak for leak in Leak if leak.value in ticked]
    ends = recovering.ends(actor, asked, chosen or list(Leak))
    return {
        "may_recover": True,
        "mine": ends[0][1] if ends else 0,
        "is_part": bool(ends) and ends[0][1] < found.whole.n,
        "paces": [(pace, last, pace == _USUAL_PACE) for pace, _, last in ends],
        "ticked": ticked,
        "typed": request.POST.get("per_day", "") if request.method == "POST" else str(_USUAL_PACE),
        "key": request.POST.get("key") or uuid4().hex,
    }


def _pictures(found: Leakage) -> dict[str, Any]:
    if not found.whole.n:
        return {"wide": "", "narrow": ""}
    said = f"{found.whole.n:,} leads are leaking, about {words.count(found.whole.wins)} wins may still be in them."
    return charts.both(
        leak_charts.wins, lambda is_narrow: leak_charts.plain(found, is_narrow=is_narrow),
        title="Leads that leak, and the wins that may still be in them", words=said, name="leaks",
    )  # fmt: skip


@require_POST
def recover(request: HttpRequest) -> HttpResponse:
    """Put those that leak in the chosen ways back to work."""
    actor = viewer(request)
    asked = Asked.parse(actor, request.GET.dict())
    ways = [leak for leak in Leak if leak.value in request.POST.getlist("leak")]
    text = request.POST.get("per_day", "").strip()
    try:
        if not (text.isascii() and text.isdecimal() and len(text) < 4):
            raise RecoveryError("A whole number, please.", "per_day")
        key = request.POST.get("key") or uuid4().hex
        recovering.ask(actor=actor, key=key[:32], asked=asked, ways=ways, per_day=int(text))
    except RecoveryError as error:
        return _page(request, actor, asked, error=error, status=422)
    return redirect(f"{reverse('leaks')}?{asked.query()}")


@require_safe
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The part of the page that moves, until it is done."""
    recovery = _own(request, run_id)
    if recovery.state in _MOVING:
        return render(request, "insight/leaks_moving.html", {"recovery": recovery})
    return HttpResponseClientRefresh()


def _own(request: HttpRequest, run_id: int) -> Recovery:
    found = recovering.of(viewer(request), run_id)
    if found is None:
        raise Http404
    return found


@require_POST
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    recovery = _own(request, run_id)
    recovering.cancel(actor=viewer(request), run_id=recovery.pk)
    return redirect(f"{reverse('leaks')}?{recovery.asked}")


@require_POST
def undo(request: HttpRequest, run_id: int) -> HttpResponse:
    recovery = _own(request, run_id)
    recovering.undo(actor=viewer(request), run_id=recovery.pk)
    say(request, "They go back to where they were; whoever was worked on since stays.")
    return go(request, f"{reverse('leaks')}?{recovery.asked}")


@require_safe
def leaks_file(request: HttpRequest) -> HttpResponse:
    """The figures as CSV: the whole, each kind, then each group."""
    actor = viewer(request)
    asked = Asked.parse(actor, request.GET.dict())
    with one_moment():
        found = _answer(actor, asked)
    people.audit(actor=actor, verb="insight.export", target="leaks", query=asked.query())
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="leaks-{timezone.localdate():%Y-%m-%d}.csv"'
    answer.write("\ufeff")
    csv.writer(answer).writerows([safe_cell(cell) for cell in row] for row in _file(found))
    return answer


def _file(found: Leakage) -> Iterator[list[str]]:
    yield list(HEADINGS)
    whole = ("Leaking in any way", found.whole)
    for label, figure in (whole, *((leaks.LABELS[leak], figure) for leak, figure in found.figures.items())):
        yield [
            "All", label, str(found.open), str(figure.n), f"{figure.wins:.1f}", str(figure.low), str(figure.high),
            f"{figure.wins * float(found.deal):.0f}", found.currency,
        ]  # fmt: skip
    for group in found.groups:
        ways = (("Leaking in any way", group.leaking), *((leaks.LABELS[leak], n) for leak, n in group.by_leak.items()))
        for label, n in ways:
            yield [group.label, label, str(group.n), str(n), "", "", "", "", ""]


urlpatterns = [
    path("insight/leaks", leaking, name="leaks"),
    path("insight/leaks.csv", leaks_file, name="leaks-file"),
    path("insight/leaks/recover", recover, name="leaks-recover"),
    path("insight/leaks/recover/<int:run_id>/progress", progress, name="leaks-progress"),
    path("insight/leaks/recover/<int:run_id>/cancel", cancel, name="leaks-cancel"),
    path("insight/leaks/recover/<int:run_id>/undo", undo, name="leaks-undo"),
]
