"""Settings, Reasons: in which words it is said why leads are won, lost or let go."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods

from ripeline.catalog import queries as catalog
from ripeline.catalog import reasons as wording
from ripeline.catalog.models import CloseState
from ripeline.people.rules import NotAllowed
from ripeline.web.frame.shell import say, tabs, viewer
from ripeline.web.templatetags.words import plural


@require_http_methods(["GET", "HEAD", "POST"])
def reasons(request: HttpRequest) -> HttpResponse:
    """The reasons by what they end a lead in, each with its words."""
    actor = viewer(request)
    if not wording.may_reword(actor):
        raise NotAllowed("The words of reasons are kept by administrators and marketing.")
    typed: dict[str, str] = {}
    wrong: dict[str, str] = {}
    if request.method == "POST":
        given = {one.code: request.POST.get(f"reason-{one.code}") for one in catalog.reasons()}
        typed = {code: text for code, text in given.items() if text is not None}
        try:
            count = wording.reword(actor=actor, labels=typed)
        except wording.WordsError as error:
            wrong = dict(error.wrong)
        else:
            say(
                request, f"{plural(count, 'reason is,reasons are')} called otherwise now." if count else "As they were."
            )
            return redirect("reasons")
    groups: list[tuple[str, Any]] = [
        (
            label,
            [(one, typed.get(one.code, one.label), wrong.get(one.code, "")) for one in catalog.reasons(state)],
        )
        for state, label in CloseState.choices
    ]
    answer = {"tabs": tabs(request), "groups": groups, "longest": wording.LONGEST}
    return render(request, "people/reasons.html", answer, status=422 if wrong else 200)


urlpatterns = [path("settings/reasons", reasons, name="reasons")]
