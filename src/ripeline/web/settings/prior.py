"""Settings, Ripening: what is assumed about leads before one's own outcomes are known, each figure with its source."""

import math
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from ripeline.people import rules
from ripeline.people.actions import PeopleError
from ripeline.ripeness import actions, queries
from ripeline.science.prior import DEFAULT_CURVES, DEFAULT_PRIOR
from ripeline.science.terms import UNKNOWN, YES, Term, contributions, encode
from ripeline.web.frame.forms import TermForm, posted
from ripeline.web.frame.shell import say, tabs, viewer
from ripeline.web.settings import model

NINE_IN_TEN = 1.6449  # standard deviations on either side


@dataclass(frozen=True)
class Line:
    """A term in the words of odds."""

    term: Term
    times: float
    low: float
    high: float
    of_100: int  # buyers among 100 leads of which only this is known


def _lines() -> list[Line]:
    terms = queries.prior_terms()
    only = encode(
        terms,
        source_type=[term.key if term.kind == "source_type" else "" for term in terms],
        signals={t.key: [YES if t is each else UNKNOWN for each in terms] for t in terms if t.kind == "signal"},
        curves=DEFAULT_CURVES,
    )
    log_odds = DEFAULT_PRIOR.log_odds + contributions(only.design, terms).sum(axis=1)
    return [
        Line(
            term,
            times=math.exp(term.mean),
            low=math.exp(term.mean - NINE_IN_TEN * term.sd),
            high=math.exp(term.mean + NINE_IN_TEN * term.sd),
            of_100=round(100 * _chance(one)),
        )
        for term, one in zip(terms, log_odds.tolist(), strict=True)
    ]


def _chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


@require_safe
def prior(request: HttpRequest) -> HttpResponse:
    rules.require_administers(viewer(request))
    lines = _lines()
    answer = {
        "tabs": tabs(request),
        "average": round(100 * _chance(DEFAULT_PRIOR.log_odds)),
        "groups": [
            ("How they came to you", [line for line in lines if line.term.kind == "source_type"]),
            ("What else is known", [line for line in lines if line.term.kind == "signal"]),
        ],
        **model.parts(),
    }
    return render(request, "people/prior.html", answer)


@require_http_methods(["GET", "HEAD", "POST"])
def term(request: HttpRequest, key: str) -> HttpResponse:
    actor = viewer(request)
    rules.require_administers(actor)
    line = next((line for line in _lines() if line.term.key == key), None)
    if line is None:
        raise Http404
    found = line.term
    initial = {
        "times": float(f"{math.exp(found.mean):.3g}"),
        "factor": float(f"{math.exp(NINE_IN_TEN * found.sd):.3g}"),
        "basis": found.basis,
    }
    form = TermForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        # What was not touched keeps its exact figure: the form shows it rounded.
        mean = math.log(given["times"]) if "times" in form.changed_data else found.mean
        sd = math.log(given["factor"]) / NINE_IN_TEN if "factor" in form.changed_data else found.sd
        try:
            scored = actions.set_term(actor=actor, key=key, mean=mean, sd=sd, basis=given["basis"])
        except PeopleError as error:
            form.show(error, mean="times")
        else:
            say(
                request,
                f"Kept; {scored} open leads have a new score." if scored != 1 else "Kept; 1 open lead has a new score.",
            )
            return redirect("prior")
    answer = {"tabs": tabs(request), "form": form, "line": line}
    return render(request, "people/term.html", answer, status=422 if form.errors else 200)


urlpatterns = [
    path("settings/ripening", prior, name="prior"),
    path("settings/ripening/<slug:key>", term, name="prior-term"),
]
