"""Insight, "Are they ripening?": a sentence, the picture, its table, its definition, and the figures as a file."""

import csv
from collections.abc import Iterator
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ripeline.capture.cells.text import safe_cell
from ripeline.insight import queries, rules, words
from ripeline.insight.cohorts import LEVEL, Cohort, Point
from ripeline.insight.queries import Choice, Ripening
from ripeline.insight.rules import Asked, By, Whose
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.web.frame import charts
from ripeline.web.frame.shell import verbs_for, viewer
from ripeline.web.insight import insight_charts

WHOSE = {Whose.MINE: "Your leads", Whose.TEAM: "Your team's leads", Whose.EVERYBODY: "Everybody's leads"}
BY = {By.MONTH: "Month they came", By.TYPE: "Kind of source", By.SOURCE: "Source", By.CAMPAIGN: "Campaign"}
SLOW, KEPT = 1.0, 600  # seconds: what took so long to add up is kept for ten minutes
HEADINGS = (
    "Leads", "Cohort", "Came", "Ripe so far", "Won so far", "Age in days", "Watched so long", "Ripe of 100", "Low",
    "High", "Model", "Rule of 45", "Early rush",
)  # fmt: skip


@require_safe
def insight(request: HttpRequest) -> HttpResponse:
    actor = viewer(request)
    asked = Asked.parse(actor, _plain(request))
    found = _answer(actor, asked)
    came = rules.period_words(asked.came)
    answer = {
        "asked": asked,
        "found": found,
        "sentences": words.headline(found.whole, came),
        "rest": words.rest(found.whole),
        "sure": round(LEVEL * 10),
        "lines": [_line(asked, found, one) for one in found.cohorts],
        "rows": [_row(point) for point in found.points],
        "export_url": f"{reverse('insight-file')}?{asked.query()}",
        "leads_url": _leads_url(asked, found),
        "by_label": BY[asked.by],
        "sees_model": Whose.EVERYBODY in rules.scopes(actor),
        "is_empty": not (found.whole.n or found.whole.before or found.whole.unwatched),
        "is_narrowed": asked.is_narrowed or asked.came != rules.EVER,
        "without_run": f"{reverse('insight')}?{asked.query(run=None)}" if asked.run else "",
        "wider": f"{reverse('insight')}?{urlencode({'whose': asked.whose, 'came': rules.EVER})}",
        "import_url": verbs_for(actor.role).get("imports", ""),
        **_choices(actor, asked, found),
        **_pictures(found, came),
    }
    return render(request, "insight/ripening.html", answer)


@require_safe
def insight_file(request: HttpRequest) -> HttpResponse:
    """The same figures as CSV: the whole by every age, then each cohort by the age it can be judged at."""
    actor = viewer(request)
    asked = Asked.parse(actor, _plain(request))
    found = _answer(actor, asked)
    people.audit(actor=actor, verb="insight.export", target="ripening", query=asked.query())
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="ripening-{timezone.localtime(found.as_of):%Y-%m-%d}.csv"'
    answer.write("\ufeff")
    csv.writer(answer).writerows([safe_cell(cell) for cell in row] for row in _file(asked, found))
    return answer


def _plain(request: HttpRequest) -> dict[str, str]:
    return {name: value for name, value in request.GET.items() if isinstance(value, str)}


def _answer(actor: User, asked: Asked) -> Ripening:
    """The figures; where they took long to add up, those of the last ten minutes (the page says of when they are)."""
    zone = timezone.get_current_timezone()
    whose = actor.pk if asked.whose is Whose.MINE else actor.team_id if asked.whose is Whose.TEAM else ""
    key = f"ripening:{whose}:{zone}:{asked.query()}"
    kept: Ripening | None = cache.get(key)
    if kept is not None:
        return kept
    began = monotonic()
    found = queries.ripening(actor, asked, zone=zone)
    if monotonic() - began > SLOW:
        cache.set(key, found, KEPT)
    return found


def _choices(actor: User, asked: Asked, found: Ripening) -> dict[str, Any]:
    """What the form offers."""
    periods = [rules.YEARS, *found.quarters, rules.EVER]
    if asked.came not in periods:
        periods.insert(1, asked.came)
    return {
        "scopes": [Choice(value=one, label=WHOSE[one]) for one in rules.scopes(actor)],
        "periods": [Choice(value=one, label=rules.period_label(one)) for one in periods],
        "groupings": [Choice(value=one, label=label) for one, label in BY.items()],
        "source_here": str(asked.source or ""),
        "campaign_here": str(asked.campaign or ""),
    }


def _pictures(found: Ripening, came: str) -> dict[str, Any]:
    """The picture twice, for wide and for narrow windows; nothing where there is nobody."""
    if not found.whole.n:
        return {"wide": "", "narrow": ""}
    title, said = f"Of 100 leads that came {came}, how many have ripened", words.said(found.whole, came)
    return charts.both(
        insight_charts.ripening, lambda is_narrow: insight_charts.plain(found.curve, is_narrow=is_narrow),
        title=title, words=said, name="ripening",
    )  # fmt: skip


def _row(point: Point) -> dict[str, Any]:
    """A row of the table under the picture."""
    return {
        "age": words.AGES[point.age],
        "watched": point.watched,
        "seen": "" if point.share is None else words.of_100(point.share),
        "between": words.between(point) if point.share is not None else "",
        "model": words.of_100(point.model),
        "rule": words.of_100(point.rule),
        "rush": words.of_100(point.rush),
    }


def _line(asked: Asked, found: Ripening, one: Cohort) -> dict[str, Any]:
    """A row of the table of cohorts."""
    row = _row(one.at) if one.at else None
    narrower = ""
    if asked.by is not By.MONTH and one.key:
        narrower = f"?{asked.query(**{asked.by.value: one.key, 'by': By.MONTH})}"
    return {
        "cohort": one, "row": row, "verdict": words.verdict(one), "narrower": narrower,
        "leads_url": _leads_url(asked, found, asked.by, one.key),
    }  # fmt: skip


def _leads_url(asked: Asked, found: Ripening, by: By | None = None, key: str = "") -> str:
    """The leads behind a cohort in the list, those the viewer may find; "" where the list cannot be asked for it."""
    view = {Whose.MINE: "mine", Whose.TEAM: "team", Whose.EVERYBODY: "all"}[asked.whose]
    given: dict[str, object] = {"view": view, "since": found.first, "until": found.last}
    given |= {"type": asked.type, "source": asked.source, "campaign": asked.campaign, "run": asked.run}
    if by is By.MONTH:
        first, last = rules.month(key)
        given |= {"since": max(first, found.first or first), "until": last}
    elif by is not None:
        if not key:
            return ""
        given[by.value] = key
    return f"{reverse('leads')}?{urlencode({name: str(value) for name, value in given.items() if value})}"


def _file(asked: Asked, found: Ripening) -> Iterator[list[str]]:
    came = rules.period_label(asked.came)
    yield list(HEADINGS)
    for point in found.points:
        yield _cells(found.whole, "All", came, point)
    for one in found.cohorts:
        yield _cells(one, one.label, came, one.at)


def _cells(one: Cohort, label: str, came: str, point: Point | None) -> list[str]:
    head = [str(one.n), label, came, str(one.ripe), str(one.won)]
    if point is None:
        return head + [""] * 8
    seen = [point.share, point.low, point.high]
    told = [point.model, point.rule, point.rush]
    return [
        *head,
        str(point.age),
        str(point.watched),
        *("" if one is None else f"{100 * one:.1f}" for one in [*seen, *told]),
    ]


urlpatterns = [
    path("insight", insight, name="insight"),
    path("insight/ripening.csv", insight_file, name="insight-file"),
]
