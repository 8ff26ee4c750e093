"""Insight, "Is the model right?": sentences, what was said beside what came, the last weeks, and the model's runs."""

import csv
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from ripeline.capture.cells.text import safe_cell
from ripeline.catalog.models import SourceType
from ripeline.insight import rightness as insight
from ripeline.insight.rightness import Band, Day, Rightness
from ripeline.people import actions as people
from ripeline.web.frame import charts
from ripeline.web.frame.shell import viewer
from ripeline.web.insight import rightness_charts

BAND_HEADINGS = ("Said from %", "Said up to %", "Times said", "Came", "Said on average %", "Came %", "Low %", "High %")
DAY_HEADINGS = ("Four weeks up to", "Expected", "Ripened", "Low", "High", "Outside")


@require_safe
def rightness(request: HttpRequest) -> HttpResponse:
    found = insight.rightness(viewer(request))
    answer = {
        "found": found,
        "sentences": insight.headline(found),
        "bands": [_band_row(band) for band in found.bands],
        "kinds": [(dict(SourceType.choices).get(kind, "No source"), day) for kind, day in found.kinds],
        "weeks": found.days[::-7][:8],
        "is_empty": not (found.bands or found.days),
        "file": "insight-model-file",
        **_pictures(found),
    }
    return render(request, "insight/model.html", answer)


@require_safe
def rightness_file(request: HttpRequest) -> HttpResponse:
    """The figures of both pictures as CSV, one below the other."""
    actor = viewer(request)
    found = insight.rightness(actor)
    people.audit(actor=actor, verb="insight.export", target="model")
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="model-{timezone.localdate():%Y-%m-%d}.csv"'
    answer.write("\ufeff")
    csv.writer(answer).writerows([safe_cell(cell) for cell in row] for row in _file(found))
    return answer


def _file(found: Rightness) -> Iterator[list[str]]:
    yield list(BAND_HEADINGS)
    for band in found.bands:
        shares = (band.said, band.happened, band.happened_low, band.happened_high)
        yield [
            f"{100 * band.low:g}", f"{100 * band.high:g}", str(band.n), str(band.did),
            *(f"{100 * share:.1f}" for share in shares),
        ]  # fmt: skip
    yield []
    yield list(DAY_HEADINGS)
    for day in found.days:
        figures = (f"{number:.1f}" for number in (day.low, day.high))
        yield [day.day.isoformat(), f"{day.expected:.1f}", str(day.actual), *figures, "yes" if day.alarm else "no"]


def _band_row(band: Band) -> dict[str, Any]:
    return {
        "band": band,
        "words": f"{100 * band.low:g} to {100 * band.high:g} %",
        "said": f"{100 * band.said:.1f} %",
        "came": f"{100 * band.happened:.1f} %",
        "range": f"{100 * band.happened_low:.1f} to {100 * band.happened_high:.1f} %",
        "verdict": "Right" if band.is_right else "Too much said" if band.said > band.happened else "Too little said",
    }


def _pictures(found: Rightness) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    try:
        for shape in ("wide", "narrow"):
            narrow = shape == "narrow"
            if found.bands:
                answer[f"bands_{shape}"] = charts.picture(
                    rightness_charts.calibration, rightness_charts.plain_bands(found.bands, is_narrow=narrow),
                    title="What was said beside what came", words=insight.headline(found)[0], name=f"bands-{shape}",
                )  # fmt: skip
            if found.days:
                answer[f"days_{shape}"] = charts.picture(
                    rightness_charts.drift, rightness_charts.plain_days(found.days, is_narrow=narrow),
                    title="Expected and ripened, over four weeks", words=_world_words(found.days),
                    name=f"days-{shape}",
                )  # fmt: skip
    except charts.NotDrawnError:
        return {"is_broken": True}
    return answer


def _world_words(days: Any) -> str:
    newest: Day = days[-1]
    return f"In the newest four weeks {newest.actual} leads ripened, and {newest.expected:.0f} were expected."


urlpatterns = [
    path("insight/model", rightness, name="insight-model"),
    path("insight/model.csv", rightness_file, name="insight-model-file"),
]
