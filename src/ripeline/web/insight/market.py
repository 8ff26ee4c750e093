"""Insight, "What would it bring us?": ways of following up in a simulated market with the company's own figures."""

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from ripeline.capture.cells.text import safe_cell
from ripeline.people import actions as people
from ripeline.people.models import User
from ripeline.science.simulation import own
from ripeline.simulation import actions, held, queries, rules, words
from ripeline.simulation.actions import FigureError
from ripeline.simulation.models import SimulationRun, SimulationState
from ripeline.simulation.queries import Filled
from ripeline.simulation.rules import BOUNDS, Figures
from ripeline.web.frame import charts
from ripeline.web.frame.amounts import rounded
from ripeline.web.frame.forms import MIX, MarketForm, posted
from ripeline.web.frame.shell import say, viewer
from ripeline.web.insight import market_charts
from ripeline.web.templatetags.words import money

_MOVING = (SimulationState.QUEUED, SimulationState.RUNNING)
HEADINGS = (
    "Way of following up", "Wins a year", "Low", "High", "Wins of 100 leads", "Money a year", "Currency",
    "Share of the clairvoyant's", "Followed up %", "First response in hours", "Minutes a win",
    "Ripeline wins more", "Low", "High",
)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def market(request: HttpRequest) -> HttpResponse:
    """The last answer, or the one asked for, above the figures; sent, they are a question."""
    actor = viewer(request)
    rules.require_reader(actor)
    own_figures = queries.filled()
    run = _chosen(request, actor)
    form = MarketForm(posted(request), initial=_initial(run, own_figures))
    if request.method == "POST" and form.is_valid():
        try:
            asked = _ask(actor, form.cleaned_data, own_figures)
        except FigureError as error:
            form.refuse(str(error), error.field)
        else:
            return redirect(f"{reverse('market')}?run={asked.pk}")
    answer = {"page": "market", "sees_model": True, "form": form, **_fields(form, own_figures), **_shown(actor, run)}
    return render(request, "insight/market.html", answer, status=422 if form.errors else 200)


def _chosen(request: HttpRequest, actor: User) -> SimulationRun | None:
    """The question that the address names, else the one asked last; none where the own figures are asked for."""
    number = request.GET.get("run", "")
    if number.isascii() and number.isdecimal() and len(number) < 9:
        return _run(actor, int(number))
    return None if "own" in request.GET else queries.latest(actor)


def _run(actor: User, run_id: int) -> SimulationRun:
    run = queries.run(actor, run_id)
    if run is None:
        raise Http404
    return run


def _initial(run: SimulationRun | None, filled: Filled) -> dict[str, Any]:
    """What the form begins with: the figures of the answer that is shown, else the company's own."""
    figures = Figures.from_json(run.figures) if run else filled.figures
    worth, currency = (run.worth, run.currency) if run else (filled.worth, filled.currency)
    plain = {name: _tidy(getattr(figures, name)) for name in BOUNDS if name != "worth"}
    shares = {MIX + kind: _tidy(share) for kind, share in figures.mix.items()}
    return {**plain, **shares, "worth": _tidy(float(worth)), "currency": currency}


def _tidy(value: float) -> float | int:
    """Without a point where nothing stands after it."""
    return int(value) if float(value).is_integer() else round(float(value), 2)


def _ask(actor: User, given: Mapping[str, Any], filled: Filled) -> SimulationRun:
    figures = Figures(
        leads_per_month=given["leads_per_month"], reps=given["reps"], minutes_per_day=given["minutes_per_day"],
        buys_of_100=given["buys_of_100"], closing_of_100=given["closing_of_100"],
        mix={kind: given[MIX + kind] or 0.0 for kind in rules.KINDS},
    )  # fmt: skip
    checked = figures.checked()
    origins = {
        name: origin if getattr(checked, name, None) == getattr(filled.figures, name, 0) else "set by hand"
        for name, origin in filled.origins.items()
    }
    origins["worth"] = filled.origins["worth"] if Decimal(str(given["worth"])) == filled.worth else "set by hand"
    return actions.ask(
        actor=actor, figures=checked, worth=Decimal(str(given["worth"])), currency=given["currency"], origins=origins
    )


def _fields(form: MarketForm, filled: Filled) -> dict[str, Any]:
    """The fields, each beside where its figure came from; where another one is asked, what one's own would be."""

    def beside(name: str) -> str:
        mine: Any = filled.worth if name == "worth" else getattr(filled.figures, name)
        try:
            is_own = abs(float(form[name].value() or 0) - float(mine)) < 0.005
        except (TypeError, ValueError):
            is_own = False
        origin = filled.origins[name]
        if is_own:
            return origin[0].upper() + origin[1:]
        figure = money(filled.worth, filled.currency) if name == "worth" else f"{_tidy(mine):,}"
        return f"Set by hand; without that {figure}, {origin}"

    names = ("leads_per_month", "reps", "minutes_per_day", "buys_of_100", "closing_of_100", "worth")
    return {
        "asks": [(form[name], beside(name)) for name in names],
        "mix": [form[MIX + kind] for kind in rules.KINDS],
        "mix_origin": filled.origins["mix"],
        "mix_wrong": form.mix_error,
    }


def _shown(actor: User, run: SimulationRun | None) -> dict[str, Any]:
    """The answer, or how far it is."""
    others = [one for one in queries.runs(actor) if not run or one.pk != run.pk]
    shown: dict[str, Any] = {"run": run, "others": [(one, _named(one)) for one in others]}
    if run is None:
        return shown
    if run.state in _MOVING:
        return shown | _progress(run)
    return shown | (_answer(run) if run.answer else {})


def _named(run: SimulationRun) -> str:
    figures = Figures.from_json(run.figures)
    return (
        f"{words.count(figures.leads_per_month)} leads a month, {figures.reps:,} × {figures.minutes_per_day} minutes,"
        f" {words.count(figures.buys_of_100)} of 100 buy, {words.count(figures.closing_of_100)} of those from you"
    )


def _progress(run: SimulationRun) -> dict[str, Any]:
    return {"is_moving": True, "pace": words.pace(run)}


def _answer(run: SimulationRun) -> dict[str, Any]:
    found, record, zone = words.lines(run), queries.record(), timezone.get_current_timezone()

    def worth(wins: float) -> str:
        return rounded(wins * float(run.worth), run.currency)

    return {
        "sentences": words.headline(run, found, lambda amount: rounded(amount, run.currency)),
        "scatter": words.scatter(found),
        "rows": [_row(line, worth) for line in found],
        "figures": Figures.from_json(run.figures),
        "size": _size(run),
        "markets": rules.MARKETS,
        "truth": held.sentences(run, found, record, zone),
        "beside": held.rows(run, found, record, zone),
        **_pictures(found),
    }


def _size(run: SimulationRun) -> str:
    size = Figures.from_json(run.figures).size
    return f"{12 * size.leads_per_month:,.0f} leads and {size.reps} {'person' if size.reps == 1 else 'people'}"


def _row(line: words.Line, worth: Any) -> dict[str, Any]:
    more = None
    if line.more is not None and line.policy != "oracle":
        which = "more" if line.more > 0 else "fewer"
        more = "the same, as far as one can tell" if line.is_tie else f"{words.count(abs(line.more))} {which}"
    return {
        "line": line,
        "wins": words.count(line.wins),
        "range": words.between(line.low, line.high).removeprefix("between ").replace(" and ", " to "),
        "money": worth(line.wins),
        "more": more or "",
        "more_range": f"{words.signed(line.more_low)} to {words.signed(line.more_high)}"
        if more and line.more_low is not None and line.more_high is not None
        else "",
        "first": _hours(line.first_hours),
    }


def _hours(hours: float | None) -> str:
    if hours is None:
        return "–"
    if hours < 1:
        return f"{max(round(60 * hours), 1)} minutes"
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"


def _pictures(found: list[words.Line]) -> dict[str, Any]:
    ours = next(line for line in found if line.policy == "ripeline")
    said = f"Ripeline wins about {words.count(ours.wins)} of a year's leads. The table below has every figure."
    return charts.both(
        market_charts.wins, lambda is_narrow: market_charts.plain(found, is_narrow=is_narrow),
        title="Won of a year's leads, by each way of following up", words=said, name="market",
    )  # fmt: skip


@require_safe
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """The part of the page that moves, until there is an answer to show."""
    run = _run(viewer(request), run_id)
    if run.state not in _MOVING:
        return HttpResponseClientRefresh()
    return render(request, "insight/market_moving.html", {"run": run, **_progress(run)})


@require_POST
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    actor = viewer(request)
    if actions.cancel(actor=actor, run_id=run_id) is None:
        raise Http404
    return redirect(f"{reverse('market')}?run={run_id}")


@require_POST
def go_on(request: HttpRequest, run_id: int) -> HttpResponse:
    """Ask a question that was stopped or broke once more: it goes on where it was."""
    actor = viewer(request)
    run = _run(actor, run_id)
    try:
        actions.ask(
            actor=actor, figures=Figures.from_json(run.figures), worth=run.worth, currency=run.currency,
            origins=run.origins,
        )  # fmt: skip
    except FigureError as error:
        say(request, str(error), is_error=True)
    return redirect(f"{reverse('market')}?run={run_id}")


@require_safe
def market_file(request: HttpRequest, run_id: int) -> HttpResponse:
    """The answer as CSV, and below it the figures it was asked with."""
    actor = viewer(request)
    run = _run(actor, run_id)
    if not run.answer:
        raise Http404
    people.audit(actor=actor, verb="insight.export", target="market", run=run.pk)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="market-{timezone.localdate():%Y-%m-%d}.csv"'
    answer.write("\ufeff")
    csv.writer(answer).writerows([safe_cell(cell) for cell in row] for row in _file(run))
    return answer


def _file(run: SimulationRun) -> Iterator[list[str]]:
    yield list(HEADINGS)
    for line in words.lines(run):
        shares = (line.share, line.followed and 100 * line.followed, line.first_hours, line.minutes_a_win)
        yield [
            line.name, *(f"{value:.1f}" for value in (line.wins, line.low, line.high, line.of_100)),
            f"{line.wins * float(run.worth):.0f}", run.currency,
            *("" if value is None else f"{value:.2f}" for value in shares),
            *("" if value is None else f"{value:.1f}" for value in (line.more, line.more_low, line.more_high)),
        ]  # fmt: skip
    yield []
    yield ["Beside the record", "Leads", "Won", "Won of 100", "Low", "High", "Which leads"]
    for row in held.rows(run, words.lines(run), queries.record(), timezone.get_current_timezone()):
        figures_of = (row.leads, row.won, row.of_100, row.low, row.high)
        yield [row.name, *(f"{figure:.1f}" for figure in figures_of), row.note]
    yield []
    yield ["Asked with", "", "Where it comes from"]
    figures = Figures.from_json(run.figures)
    for name in BOUNDS:
        value = run.worth if name == "worth" else getattr(figures, name)
        yield [str(MarketForm.base_fields[name].label), f"{value}", run.origins.get(name, "")]
    for kind, share in figures.mix.items():
        yield [f"Of 100 leads: {rules.KINDS[kind]}", f"{share}", run.origins.get("mix", "")]
    size = own.Size.of(leads_per_month=figures.leads_per_month, reps=figures.reps)
    yield [
        "Simulated years",
        f"{rules.MARKETS}",
        f"of {12 * size.leads_per_month:.0f} leads and {size.reps} people each",
    ]


urlpatterns = [
    path("insight/market", market, name="market"),
    path("insight/market/<int:run_id>/progress", progress, name="market-progress"),
    path("insight/market/<int:run_id>/cancel", cancel, name="market-cancel"),
    path("insight/market/<int:run_id>/go-on", go_on, name="market-go-on"),
    path("insight/market/<int:run_id>.csv", market_file, name="market-file"),
]
